/* SPDX-License-Identifier: GPL-2.0 */
/* Routes of the host, through rtnetlink. Ours carry a protocol number of their own. */
#ifndef ESPLANED_ROUTE_H
#define ESPLANED_ROUTE_H

#include "esplaned/nl/nltalk.h"
#include "lib/pick.h"

#define ROUTE_PROTOCOL	73	/* `ip route show table all proto 73` */
#define ROUTE_TABLE	254	/* the main table */

struct route {
	struct prefix dst;
	uint32_t table;
	uint32_t metric;		/* as the kernel has it: see route_metric */
	bool unreachable;		/* leads nowhere: the sender is told */
	bool usable;			/* read only: leads somewhere */
	bool onlink;			/* the gateway is there whatever the addresses say */
	uint8_t protocol;		/* read only */
	int ifindex;			/* 0 with unreachable */
	struct addr gateway, source;	/* family 0: none */
};

/* What the kernel makes of an option metric: 0 is 1024 for IPv6. */
uint32_t route_metric(uint8_t family, uint32_t metric);

/*
 * Adds a route of ours. Destination, table and metric make a route what it is: -EEXIST where there
 * is one, anybody's, unless @replace. 0 or a negative errno, with a sentence in @why.
 */
int route_add(struct nl_sock *sk, const struct route *route, bool replace,
	      char why[NLTALK_WHY_MAX]);
/* Removes one of ours; -ESRCH: there is none. Another's is not touched. */
int route_del(struct nl_sock *sk, const struct route *route, char why[NLTALK_WHY_MAX]);
/*
 * Hands the unicast and unreachable routes of @family (0: both) in @table (0: all) to @fn; of a
 * route with several hops the first. @fn may be given one twice.
 */
int route_dump(struct nl_sock *sk, uint8_t family, uint32_t table,
	       void (*fn)(void *ctx, const struct route *route), void *ctx,
	       char why[NLTALK_WHY_MAX]);
/* The one with the destination, table and metric of @want, whoever made it. */
bool route_find(struct nl_sock *sk, const struct route *want, struct route *found);
/*
 * Where a packet of @as to @to with the firewall mark @mark would go now: the host's rules
 * included. The kernel can be asked for TCP, UDP and ICMP, and for no protocol.
 */
int route_get(struct nl_sock *sk, const struct addr *to, uint32_t mark, const struct pick *as,
	      struct route *route, char why[NLTALK_WHY_MAX]);

#endif
