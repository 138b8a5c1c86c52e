/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How this host would treat the packets of a tunnel now, for `ikectl explain`: asked of the kernel
 * each time, changes nothing.
 */
#ifndef ESPLANED_PROBE_H
#define ESPLANED_PROBE_H

#include "esplaned/nl/link.h"
#include "esplaned/nl/route.h"
#include "lib/ts.h"

#define PROBE_ELSEWHERE_MAX	8	/* routes beside the tunnel that are listed */

struct probe;

struct probe *probe_new(void);		/* NULL: no netlink socket, or no memory */
void probe_free(struct probe *p);	/* NULL is fine */

/* Where a packet would go. */
struct probe_way {
	bool there;			/* false: there is no route, @unreachable or none at all */
	bool unreachable;		/* one that refuses */
	struct link_state link;
	int ifindex;
	struct addr source;		/* that this host would use; family 0: unknown */
};

/* Of @as to @to. */
void probe_way(struct probe *p, const struct addr *to, uint32_t mark, const struct pick *as,
	       struct probe_way *way);
/* Does the kernel say it? */
bool probe_can_ask(const struct pick *as);
/*
 * Routes of table @table to parts of @list that do not lead into @ifindex, and win over those that
 * do; @picked: those of a protocol have rules. Returns how many are in @found, at most
 * PROBE_ELSEWHERE_MAX.
 */
unsigned int probe_elsewhere(struct probe *p, const struct ts_list *list, bool picked,
			     uint32_t table, int ifindex, struct route found[PROBE_ELSEWHERE_MAX]);
/* False: it is not there. */
bool probe_link(struct probe *p, int ifindex, struct link_state *state);
/* Does the host forward packets of this family? True too where the kernel does not say. */
bool probe_forwards(uint8_t family);
/* The reverse path filter that holds for an interface, IPv4: 0, 1 strict, 2 loose. */
unsigned int probe_rp_filter(const char *interface);

#endif
