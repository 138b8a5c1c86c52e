/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Additional key exchanges of a CREATE_CHILD_SA, RFC 9370 2.2.4: each in an IKE_FOLLOWUP_KE after
 * it. What is made of it is made when the last one is done: until then either end keeps the other's
 * CREATE_CHILD_SA, which is then taken as if it had come now.
 *
 * The responder keeps one an IKE SA, for FOLLOWUP_WAIT_MS after the last message: a later
 * CREATE_CHILD_SA takes its place. That is a message of the peer's, seven secrets, an SPI and,
 * where the IKE SA is rekeyed, its successor.
 */
#ifndef IKE_FOLLOWUP_H
#define IKE_FOLLOWUP_H

#include "ike/v2/v2.h"

#define FOLLOWUP_WAIT_MS	60000	/* beyond the peer's retransmissions */
#define FOLLOWUP_LINK_LEN	8	/* octets of ours */

struct followup {
	uint16_t group[ADDKE_MAX];	/* that follow */
	unsigned int count, at;
	bool failed;			/* a value of the peer's was unsound, or no memory */
	struct octets message;		/* the peer's CREATE_CHILD_SA: its payloads */
	uint8_t first;
	struct octets secrets;		/* SK(1) | SK(2) | ... */
	/* Initiator: of the request under way. */
	struct ke *ke;
	struct octets link;
};

/* ---- both */

void followup_clear(struct followup *f);
/* Are all secrets there that keys of @suite are made of? */
bool followup_complete(const struct followup *f, const struct proposal *suite);
/* SK(0), with what has followed it. */
struct ke_secret followup_secret(const struct followup *f, struct chunk first);
/* Its last key exchange is done: v->m is the CREATE_CHILD_SA. False: it cannot be read again. */
bool followup_restore(const struct followup *f, struct v2_inbound *v);
/* Keeps the message @v, with the suite of its answer, or of ours to it. False: no memory. */
bool followup_keep(struct followup *f, const struct v2_inbound *v, const struct proposal *suite);
/* The secret of the next one. */
bool followup_add(struct followup *f, struct chunk secret);

/* ---- initiator */

/*
 * The answer in @in grants @suite. True: key exchanges follow, of which the first goes out now, and
 * @in is done.
 */
bool followup_begin(struct followup *f, struct inbound *in, const struct proposal *suite);
/* Is the next request to be built an IKE_FOLLOWUP_KE? */
bool followup_goes_on(const struct followup *f);
enum built followup_build(struct exchange *ex, struct followup *f, struct cause *cause);
/* The answer to it. True: another one follows, and @in is done. */
bool followup_take(struct followup *f, struct inbound *in);

#endif
