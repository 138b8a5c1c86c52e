/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer's first message, IKE_SA_INIT or IKE_SESSION_RESUME: anybody may have sent it, so there is
 * no state before it is worth it, and no refusal is longer than the question.
 */
#ifndef IKE_FIRST_H
#define IKE_FIRST_H

#include "ike/v2/v2.h"

#define CANDIDATES_MAX	64	/* tunnels that are looked at for one message */

/* What arrived, and from where. */
struct first {
	struct ike *ike;
	const struct ike_version *version;
	const struct msg_header *h;
	const uint8_t *raw;
	size_t len;
	const struct endpoint *local, *remote;
	struct msg in;
};

/* The tunnels that it can be for, and what they make of it. */
struct candidates {
	struct tunnel *t[CANDIDATES_MAX];	/* that have a suite in common with the peer */
	unsigned int count;
	struct tunnel *refusing;	/* that has none */
	struct proposal suite;
	bool force_udp;
};

/*
 * It is sound, no copy of one that is answered, and its sender has shown a cookie where that is
 * needed. False: it has got the answer that it deserves.
 */
/* Does the tunnel take peers that come that way? */
bool first_listens(const struct first *f, const struct tunnel *t);
bool first_is_new(struct first *f);
/* Answers with one notify, and SPI 0: nothing is kept. */
void first_refuse(struct first *f, uint16_t notify, const void *data, size_t len);
/* One that has cost us a search: from REFUSALS_MAX a second on each costs the sender a cookie. */
void first_count_refusal(struct ike *ike);
/* The IKE SA, and its first message handed to the machine. */
void first_enter(struct first *f, const struct candidates *c);

#endif
