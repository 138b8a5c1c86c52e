/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces of kind esplane, their addresses, and the routes into them: the only user of
 * libnl-route.
 */
#ifndef ESPLANED_ROUTE_H
#define ESPLANED_ROUTE_H

#include <stdint.h>
#include "lib/addr.h"

#define ROUTE_WHY_MAX		256
#define ROUTE_PROTOCOL 73 /* marks the routes that are ours: `ip route show proto 73` */
#define ROUTES_MAX		4096	/* into one interface: 16 selectors of 256 prefixes each */

struct route;
struct laid;

/* Routes into one interface. */
struct routes {
	int ifindex;
	uint32_t metric;
	struct laid *laid;	/* what route_add has laid there */
	unsigned int count;
};

struct route *route_new(void);
void route_free(struct route *r);

/*
 * Makes an interface that is down. Another's interface of that name is never touched. 0 or a
 * negative errno.
 */
int route_link_add(struct route *r, const char *name, const char *tunnel, int *ifindex,
		   char why[ROUTE_WHY_MAX]);
int route_link_up(struct route *r, int ifindex, char why[ROUTE_WHY_MAX]);
/* With its addresses and routes. */
int route_link_del(struct route *r, int ifindex, char why[ROUTE_WHY_MAX]);
/*
 * Removes what a dead predecessor left: interfaces and routes with our mark. Returns how many
 * interfaces.
 */
unsigned int route_leftover_del(struct route *r);

/* Is there an address inside @ts on another interface than @ifindex? */
bool route_addr_inside(struct route *r, const struct ts *ts, int ifindex, struct addr *found);
int route_addr_add(struct route *r, int ifindex, const struct addr *addr, unsigned int bits,
		   char why[ROUTE_WHY_MAX]);

/*
 * Adds routes to all of @ts. @source: preferred source address, or family 0. Those that @to has
 * already stay, and get another source if need be; anybody else's is -EEXIST. The default route is
 * laid as two halves, so that it goes before the system's own without replacing it.
 */
int route_add(struct route *r, struct routes *to, const struct ts *ts, const struct addr *source,
	      char why[ROUTE_WHY_MAX]);
bool routes_contain(const struct routes *routes, const struct addr *addr);
/* They went with their interface. */
void routes_forget(struct routes *routes);
/*
 * Pins @peer to the way that leads to it beside the interface @tunnel, so that routes into that
 * cannot swallow the tunnel's own packets.
 */
int route_pin(struct route *r, const struct addr *peer, int tunnel, char why[ROUTE_WHY_MAX]);
void route_unpin(struct route *r, const struct addr *peer);

/* The fewest prefixes that make up the range of @ts, in order. Returns how many; at most 256. */
unsigned int route_prefixes(const struct ts *ts, struct addr prefix[256], uint8_t bits[256]);

#endif
