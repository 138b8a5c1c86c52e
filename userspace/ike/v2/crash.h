/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quick crash detection, RFC 6290: each end gives the other a token of its IKE SA, and shows it
 * when it gets requests for the IKE SA and has it no more. Who holds the token believes it then,
 * and what is left of the IKE SA ends at once.
 *
 * Ours is HMAC-SHA2-256 with a secret that outlives the daemon over both SPIs and our role: it is
 * computed, not kept. An IKE SA that is there has it shown to nobody; nor, with the roles or SPIs
 * exchanged, a value that is of use to anybody.
 */
#ifndef IKE_CRASH_H
#define IKE_CRASH_H

#include "ike/v2/v2.h"

#define CRASH_TOKEN_LEN	32	/* of ours */

/* Puts ours of @sa, whose SPIs are known, into a protected message; nothing where there is none. */
void crash_build(struct builder *b, const struct ike_sa *sa);
/* The one of the peer, if it is in @m: the last one counts, RFC 6290 4.4. */
void crash_take(struct ike_sa *sa, const struct msg *m);
/* Shows the token of the IKE SA that @h is a request for, whose SPIs are both none of ours. */
void crash_show(struct builder *b, const struct ike *ike, const struct msg_header *h);
/* Is the peer's token of @sa in @m? */
bool crash_proved(const struct ike_sa *sa, const struct msg *m);

#endif
