/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Strangers: IKE SAs whose peer is not authenticated: half open, or refused and only answering
 * retransmissions. Each takes at most 24 KiB, 20 KiB more for fragments of a message (partial.h),
 * and 64 KiB more while a message of it, with its certificates, waits for a job or rounds are under
 * way, in EAP-TLS 32 KiB more for a flight each way: 70 MiB at most between them. A job has copies
 * of its own of what is to be judged. From STRANGERS_COOKIE on a first message must bring a cookie
 * back (RFC 7296 2.6), and one network (a /24, a /64) may have no more than STRANGERS_NET_MAX; at
 * STRANGERS_MAX the oldest gives way.
 */
#ifndef IKE_STRANGER_H
#define IKE_STRANGER_H

#include "ike/object/ike_sa.h"

#define STRANGERS_COOKIE	32
#define STRANGERS_NET_MAX	64
#define STRANGERS_MAX		512
#define STRANGER_MESSAGE_MAX	16384	/* octets of one of its requests after the first */

/* Counts @sa, or ceases to, as its state wants. */
void stranger_count(struct ike_sa *sa);
unsigned int strangers_of_net(const struct ike *ike, const struct addr *addr);
/* The one that has been a stranger for longest, or NULL. */
struct ike_sa *stranger_oldest(const struct ike *ike);
/* The counters of networks: for the end of the engine. */
void strangers_free(struct ike *ike);

#endif
