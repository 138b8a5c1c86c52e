/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way for answers to peers whose addresses nobody knows yet, where tunnels lead or block
 * everything: what leaves IKE's ports looks into a table of its own first, which has the host's
 * other routes and none of ours. The kernel's filter of sources (rp_filter) looks there too, so
 * that the peer's packets come in.
 */
#ifndef ESPLANED_ANSWER_H
#define ESPLANED_ANSWER_H

#include <stdbool.h>
#include "esplaned/nl/route.h"

#define ANSWER_TABLE	7373		/* `ip route show table 7373` */
#define ANSWER_PRIORITY	32765		/* just before the main table: `ip rule` */

struct answer;

struct answer *answer_new(struct nl_sock *sk);
void answer_free(struct answer *answer);	/* rules and routes stay */

/* Counted. 0 or a negative errno; @why: NLTALK_WHY_MAX octets. It is held in either case. */
int answer_hold(struct answer *answer, char *why);
void answer_drop(struct answer *answer);
/* Is this a route of its table, and held? */
bool answer_has(const struct answer *answer, const struct route *route);
/* Follows the host's routes; does nothing while nobody holds it. */
void answer_mend(struct answer *answer);
/* Removes the rules of a dead predecessor, unless they are held. Its routes are the caller's. */
void answer_leftover_del(struct answer *answer);

#endif
