/* SPDX-License-Identifier: GPL-2.0 */
/* The payloads that negotiate a CHILD_SA, alike in IKE_AUTH and CREATE_CHILD_SA. */
#ifndef IKE_OFFER_H
#define IKE_OFFER_H

#include "ike/object/child.h"
#include "ike/object/mode.h"
#include "wire/v2/build.h"

/*
 * Which of our proposals a rekey offers, RFC 7296 1.3: with a group's KE payload those that have
 * groups, without one (KE_NONE) those that need none.
 */
struct proposals offer_with_group(const struct proposals *ours, uint16_t group);
/*
 * Our proposals with our inbound SPI; @groups: with their groups (never in IKE_AUTH, RFC 7296
 * 1.2).
 */
void offer_build(struct builder *b, const struct proposals *ours, bool groups, uint32_t spi);
void offer_answer(struct builder *b, const struct proposal *suite, uint8_t number, uint32_t spi);
/* The responder's choice, and what it answers. False too if that one's SPI is not one. */
bool offer_select(const struct proposals *ours, const struct msg_sa *theirs, bool ignore_ke,
		  struct proposal *suite, struct msg_offer *offer);
/*
 * Is the answer one proposal, each transform of which one of @ours; with the SPI of an IKE SA or,
 * in IKE_SA_INIT, none?
 */
bool offer_ike_chosen(const struct proposals *ours, const struct msg_sa *answer,
		      struct proposal *suite, struct msg_offer *offer);
/* Is the responder's answer a choice from what we offered, with the group that we sent, or none? */
bool offer_chosen(const struct proposals *ours, const struct msg_sa *answer, uint16_t group,
		     struct proposal *suite);
uint16_t offer_group(const struct proposal *suite);	/* or KE_NONE */
uint32_t offer_spi(const struct msg_sa *answer);	/* of its first; 0: there is none */
/* As text, for people: as many as fit. */
const char *offer_text(const struct msg_sa *sa, char *buf, size_t len);
/*
 * TSi and TSr of an answer to us (or of a request, the other way round): lists of the caller's,
 * to be given up with ts_pair_clear(). False: what we cannot hold, or no memory.
 */
bool offer_ts(struct ts_pair *ts, const struct msg_ts *local, const struct msg_ts *remote);
/*
 * TSi and TSr of a request of ours for a new child: @local, which may be less than is configured,
 * and what the child's peer protects. Where a packet has asked for it, that one is the first of
 * both, RFC 7296 2.9; else, where it is up with a part, what it has, so that it gets that again.
 */
void offer_build_ts(struct builder *b, const struct child *child, const struct ts_list *local);
/* As text, for people. */
const char *offer_ts_text(const struct msg_ts *ts, char *buf, size_t len);
/* Is the nonce at least half as long as the PRF's key, RFC 7296 2.10? */
bool offer_nonce_ok(struct cursor nonce, uint16_t prf);
struct chunk offer_chunk(struct cursor c);

/* The part of a peer's request for a CHILD_SA that we accept. */
struct offer_taken {
	struct child *child;
	struct proposal suite;
	struct msg_offer offer;		/* the peer's proposal */
	struct ts_pair ts;		/* to be given up with ts_pair_clear() */
	struct mode_names names;	/* as the peer calls the ends of it */
	bool more;			/* another child takes more of the offer */
};

/*
 * Chooses child, suite and selectors for a request on @sa, which is the peer's: the child whose
 * selectors are nearest to the offer's, of the mode that is asked for before one of tunnel mode,
 * one that is not up before one that is. @ignore_ke: as in IKE_AUTH. 0, or the notify that refuses
 * it; @cause is set where it says more than the notify.
 */
uint16_t offer_take(struct peer *peer, const struct ike_sa *sa, const struct msg *m,
		    bool ignore_ke, struct offer_taken *taken, struct cause *cause);
/* USE_TRANSPORT_MODE, RFC 7296 1.3.1, of a request or answer for a child in transport mode. */
void offer_build_mode(struct builder *b, const struct child *child);
/* Is the peer's request or answer in the mode of the child? False: @cause. */
bool offer_mode_is_right(const struct child *child, const struct msg *m, struct cause *cause);
/* The selectors of the peer's request (@asked) or answer, as they are here. As offer_ts(). */
bool offer_ts_here(const struct ike_sa *sa, const struct child *child, const struct msg *m,
		   bool asked, struct ts_pair *ts, struct mode_names *names);
/*
 * The answer to a request of ours for a new child: mode and selectors, which are the caller's.
 * False: it is not what we have asked for: @cause.
 */
bool offer_ts_answered(const struct ike_sa *sa, const struct child *child, const struct msg *m,
		       struct ts_pair *ts, struct cause *cause);
/* Mode, TSi and TSr of our answer, which say too whether there is more to be had. */
void offer_answer_ts(struct builder *b, const struct offer_taken *taken);
/*
 * Where the child is up on the IKE SA before, with the same selectors, and the peer has begun the
 * one that follows: the pair that carries it, whose traffic a new one takes over. Else NULL.
 */
struct child_sa *offer_first(const struct offer_taken *taken);
/*
 * May the peer have @ts, of a child that we have asked for? With duplicate-ts = replace others lose
 * them. False: one of the tunnel's other peers has them: @cause.
 */
bool offer_claim(const struct peer *peer, const struct ts_pair *ts, struct cause *cause);
/*
 * An inbound SPI for the pair that follows from it, reserved; 0: there are too many, or the kernel
 * refuses: @cause.
 */
uint32_t offer_reserve(struct child *child, struct cause *cause);
/*
 * The pair that follows from it, with keys; not in the kernel yet. @spi: reserved for it, or 0: it
 * takes one. NULL: @cause, and @spi is given back.
 */
struct child_sa *offer_pair(const struct offer_taken *taken, uint32_t spi, struct ike_sa *sa,
			    const struct msg *m, struct ke_secret secret, struct chunk ni,
			    struct chunk nr, struct cause *cause);

/* child_install() of what @m answers to us; the rest is wanted too, where it says so. */
bool offer_install(struct child *child, struct child_sa *pair, const struct ts_pair *ts,
		   const struct msg *m, struct cause *cause);

/* What TS_UNACCEPTABLE and SINGLE_PAIR_REQUIRED to an offer of ours mean (RFC 7296 2.9). */
void offer_ts_refused(struct cause *cause, const struct child *child, uint16_t notify);

/*
 * We do not take the peer's @answer, but it has made a CHILD_SA of it: we tell it to delete that
 * again. @spi_in: what we have reserved for it; 0 afterwards.
 */
void offer_reject(struct child *child, struct ike_sa *sa, const struct msg_sa *answer,
		  uint32_t *spi_in, const char *why);

#endif
