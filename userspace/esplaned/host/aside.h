/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tunnels that lead to their own peers, as those that carry everything do: their routes, and those
 * that block, stand aside in tables of their own, which packets of the daemon's and of the
 * module's do not look into. What the main table says of longer prefixes goes before it.
 *
 * The firewall mark says which packets those are. Where a packet comes in, it has none, and the
 * kernel's filter of sources (rp_filter) looks for the way back: rules by port and protocol answer
 * that, for what this host sends itself and not for what it forwards.
 *
 * So do routes that not all packets to them are to take (lib/pick.h), with a table for each rule.
 */
#ifndef ESPLANED_ASIDE_H
#define ESPLANED_ASIDE_H

#include "esplaned/nl/route.h"
#include "lib/pick.h"

#define ASIDE_TABLE	7373	/* `ip route show table 7373` */
#define ASIDE_PICKS	(ASIDE_TABLE + 1)	/* and so on, a table for each rule */
#define ASIDE_PICKS_MAX	512u
/* Of routes that block, a table for each length: one ends the search, however short it is. */
#define ASIDE_BLOCKS	(ASIDE_PICKS + ASIDE_PICKS_MAX)
#define ASIDE_SERVERS_MAX	8

struct aside;

static inline uint32_t aside_block_table(const struct prefix *dst)
{
	return ASIDE_BLOCKS + dst->bits;
}

struct aside *aside_new(struct nl_sock *sk);
void aside_free(struct aside *aside);	/* the rules stay */

/*
 * Lays the rules for routes in the table to prefixes as long as these, which packets with @mark do
 * not take; 0: none. Counted. 0 or a negative errno and @why (NLTALK_WHY_MAX octets); held in
 * either case, and aside_mend tries again.
 */
int aside_hold(struct aside *aside, uint32_t mark, const struct prefix *list, size_t count,
	       char *why);
/* What aside_hold has got, once. */
void aside_drop(struct aside *aside, uint32_t mark, const struct prefix *list, size_t count);
/*
 * A table and its rule for @route, one of those that pick their packets. Counted. 0 or a negative
 * errno, with @why (NLTALK_WHY_MAX octets), and nothing is held.
 */
int aside_pick(struct aside *aside, const struct pick_route *route, char *why);
void aside_unpick(struct aside *aside, const struct pick_route *route);
/* Of one that is held. */
uint32_t aside_pick_table(const struct aside *aside, const struct pick_route *route);
/*
 * This host's questions to these name servers do not look there either, at most ASIDE_SERVERS_MAX
 * of them.
 */
void aside_serve(struct aside *aside, const struct addr *servers, unsigned int count);
/* Lays again what somebody has removed. */
void aside_mend(struct aside *aside);
/* From now on what is dropped stays in the kernel: the next daemon takes it over. */
void aside_keep(struct aside *aside);
/* Removes the rules of a dead predecessor that are not held. */
void aside_leftover_del(struct aside *aside);

#endif
