/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RFC 7296's CHILD_SA: a pair of SAs with keys, below a child. The child's policy in the kernel has
 * room for one outbound SA; so of all pairs of a child one owns the outbound slot, and during a
 * rekey several have inbound SAs. The IKE SA that carries it is the one that can rekey and delete
 * it.
 *
 * Who switches when, so that no packet is lost: the initiator of a rekey installs both directions
 * once it has the response, because the responder has its inbound SA by then. The responder
 * installs only the inbound SA (PAIR_INBOUND) and keeps the outbound one aside until the initiator
 * deletes the old pair: then it certainly has its new inbound SA. (One that never does: at the old
 * one's hard limit, PAIR_SWITCH_MS after our answer at least, once the peer has been heard within
 * PAIR_HEARD_MS: where nothing arrives, our answer may not have. It has not while the peer asks for
 * it again: then PAIR_SWITCH_MS begins anew, but the question may be a replay, so it does so for
 * PAIR_ASKED_MS at most.) Likewise where both ends have
 * asked for the same new pair: the second is as a rekey of the first, and is switched to after the
 * same time. Inbound SAs stay for PAIR_LINGER_MS after the DELETE, for the packets under way.
 */
#ifndef IKE_CHILD_SA_H
#define IKE_CHILD_SA_H

#include "ike/core/engine.h"

#define PAIRS_MAX		16	/* of a child, before the peer may make another */
#define PAIR_LINGER_MS		5000
#define PAIR_LEAVE_MS		20000	/* likewise, where the DELETE of its IKE SA may be lost */
#define PAIR_SWITCH_MS		60000	/* beyond the peer's retransmission of its rekey */
#define PAIR_ASKED_MS		300000	/* as long as a peer without a way to us goes on */
#define PAIR_HEARD_MS		16000	/* as long as it waits at most before it sends that again */
#define PAIR_KEY_MAX		(SK_KEY_MAX + SK_INTEG_MAX)
#define PAIR_RETRY_MIN_MS	2000	/* after TEMPORARY_FAILURE and its like */
#define PAIR_RETRY_MAX_MS	5000

enum pair_state {
	PAIR_NEW,
	PAIR_INBOUND,		/* inbound in the kernel, outbound kept aside */
	PAIR_ACTIVE,		/* both; owns the outbound slot */
	PAIR_OLD,		/* replaced, or never wanted: to be deleted by us */
	PAIR_DELETING,		/* our DELETE is under way */
	PAIR_LINGERING,		/* deleted; inbound stays for packets under way */
	PAIR_GONE,
};

struct child_sa {
	TAILQ_ENTRY(child_sa) link;	/* in child->pairs */
	struct child *child;
	struct ike_sa *sa;		/* that carries it; NULL: that left orphans (fsm_row) */
	enum pair_state state;		/* set by pair_set_state() only */
	uint32_t spi_in, spi_out;
	bool reserved;			/* spi_in is only reserved: nothing is in the kernel */
	bool ours;			/* we asked for it: by its answer the peer has it already */
	bool with_auth;			/* made by the peer's IKE_AUTH */
	bool in_kernel;			/* the inbound SA is there; it goes with the policy */
	struct suite suite;
	/* Wiped once the kernel has them, but with conf->export_keys. */
	uint8_t key_in[PAIR_KEY_MAX], key_out[PAIR_KEY_MAX];
	uint64_t soft_s, hard_s, rekey_at_ms, installed_ms;
	uint32_t next_in;		/* message id of the peer's next request, at that time */
	uint32_t successor;		/* inbound SPI of the peer's rekey of this one; 0: none */
	bool want_rekey;
	bool instead;		/* the peer refuses that: another IKE SA is to follow */
	uint16_t group;			/* for its rekey: at first that of its own KE, or KE_NONE */
	bool group_asked;		/* the peer has named it, RFC 7296 1.3 */
	uint64_t succeeded_ms;		/* when it got the successor */
	bool peer_deleted;		/* while our rekey of it is under way */
	/* ACTIVE: next try to rekey, or to switch; OLD: try to delete it; LINGERING: the end */
	struct timer timer;
};

/* Takes over the reservation of @spi_in. NULL: no memory. */
struct child_sa *pair_new(struct child *child, struct ike_sa *sa, const struct proposal *suite,
			  uint32_t spi_in, uint32_t spi_out);
/* Has it so many that the peer has to wait until some are gone? */
bool pairs_are_many(const struct child *child);
/* The pair that carries traffic, or NULL. */
struct child_sa *pair_active(const struct child *child);
struct child_sa *pair_by_in(const struct child *child, uint32_t spi_in);
/* Is a pair of another IKE SA's to follow it? */
bool pair_has_heir(const struct child_sa *pair);
/*
 * May one of @sa's follow it? Not while it is being rekeyed, or another of @sa's does. One of a
 * third IKE SA's that was to follow gives way: the peer has come to @sa since, or never had it.
 */
bool pair_is_free_for(const struct child_sa *pair, const struct ike_sa *sa);
/*
 * @pair has taken the place of @old: the heir that a third IKE SA has is now its. What @old's own
 * had is not: that is behind @pair, or @pair's own.
 */
void pair_inherit(struct child_sa *pair, struct child_sa *old);
/* Those that linger excepted. */
struct child_sa *pair_by_out(const struct child *child, uint32_t spi_out);
/* The one whose successor it is, or NULL. */
struct child_sa *pair_predecessor(const struct child_sa *pair);
/* @pair, INBOUND, is the peer's rekey of @old. */
void pair_succeed(struct child_sa *pair, struct child_sa *old);

/*
 * KEYMAT, RFC 7296 2.17, RFC 9370 2.2.4. @initiator: of the exchange that makes it. @secret: of
 * its KE, or empty.
 */
bool pair_derive(struct child_sa *pair, bool initiator, struct ke_secret secret, struct chunk ni,
		 struct chunk nr);
/*
 * Puts it into the kernel, inbound and, if @out, outbound: then it becomes ACTIVE, else
 * INBOUND. On failure nothing has changed.
 */
bool pair_install(struct child_sa *pair, bool out, const char *reason, char why[IKE_WHY_MAX]);
/* Those that may be exported; @pair is in the kernel. */
bool pair_has_keys(const struct child_sa *pair);
/* As the kernel gets it; its keys are zero once they are wiped. */
struct kern_sa pair_kern_sa(const struct child_sa *pair, bool out);
/*
 * Its child has other limits than @was, CONF_LATER: a shorter one counts at once, a longer one for
 * the pair that follows.
 */
void pair_take_limits(struct child_sa *pair, const struct child_conf *was);
/* Its rekey has failed, and is begun again when its timer fires: that is no limit of time. */
bool pair_tries_again(const struct child_sa *pair);
/* Keys are not to be exported any more: those that were kept for that are wiped. */
void pair_export_no_more(struct child_sa *pair);
/* INBOUND to ACTIVE. */
bool pair_switch(struct child_sa *pair, const char *reason);
/* Out of the kernel alone: until the peer has had our DELETE it is remembered. */
void pair_unload(struct child_sa *pair);
/* The peer knows it is gone: inbound lingers, then is removed. */
void pair_linger(struct child_sa *pair, const char *reason);
/*
 * Its IKE SA ends: it is removed, but where the child lives on with another one it lingers until
 * the peer knows for certain.
 */
void pair_leave(struct child_sa *pair, const char *reason);
/* Out of the kernel, the list and memory. */
void pair_remove(struct child_sa *pair, const char *reason);
/* To be deleted by us: a DELETE follows. */
void pair_retire(struct child_sa *pair, const char *reason);
/* It is to be deleted by the peer, which has made another in its place, but not for ever. */
void pair_switch_later(struct child_sa *pair);
void pair_deleting(struct child_sa *pair);
/* ACTIVE: to rekey it, OLD: to delete it. */
void pair_retry(struct child_sa *pair, uint64_t min_ms, uint64_t max_ms);
/* Out of the list and memory; the kernel hears nothing: for the end of the engine. */
void pair_forget(struct child_sa *pair);

/* Reserves an inbound SPI on the device of the child's tunnel; false: @why. */
bool pair_spi_alloc(struct child *child, uint32_t *spi, char why[IKE_WHY_MAX]);
/* Gives it back unused. 0 is fine. */
void pair_spi_free(struct child *child, uint32_t spi);

#endif
