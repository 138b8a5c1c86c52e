/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The routes into one interface and the addresses on it. Several children may need the same one,
 * so they are counted.
 */
#ifndef ESPLANED_LAID_H
#define ESPLANED_LAID_H

#include "esplaned/host/aside.h"
#include "esplaned/host/block.h"

#define LAID_ROUTES_MAX		262144u	/* into one interface */
#define LAID_ROUTES_CHILD_MAX	4096u	/* of one child of them: see carry.c */

struct laid_route {
	struct pick_route to;
	struct addr source;		/* preferred; family 0: none */
	unsigned int refs;
	/* What no rule tells apart is another tunnel's already; when that goes, it is blocked. */
	bool yields;
};

struct laid_addr {
	struct prefix addr;		/* bits: its network's */
	unsigned int refs;
};

struct laid {
	struct nl_sock *sk;
	struct aside *aside;		/* knows of the routes in its tables */
	struct blocks *blocks;		/* lays those that lead nowhere */
	int ifindex;			/* 0: there is no interface, and nothing is laid */
	uint32_t table, metric;
	struct laid_route *routes;
	struct laid_addr *addrs;
	unsigned int route_count, route_room, addr_count;
};

/*
 * @source: family 0, or the preferred source address; of a route that is there already it is
 * changed only where @alone says that nobody but the caller has it. -EEXIST: another's route is in
 * the way, @why (NLTALK_WHY_MAX octets) says whose. An error leaves all as it was.
 */
int laid_route_hold(struct laid *laid, const struct pick_route *to, const struct addr *source,
		    bool alone, char *why);
void laid_route_drop(struct laid *laid, const struct pick_route *to);
unsigned int laid_route_refs(const struct laid *laid, const struct pick_route *to);

/* One that is on the interface already is as good. */
int laid_addr_hold(struct laid *laid, const struct prefix *addr, char *why);
/* True: it was removed, and with it the kernel's routes with that source. */
bool laid_addr_drop(struct laid *laid, const struct prefix *addr);

/* What to do about another's @route that is in the way. @why: NLTALK_WHY_MAX octets. */
void laid_say_whose(struct nl_sock *sk, const struct route *route, char *why);
/* Lays again what the kernel has dropped. False: a route cannot be laid, as its source is gone. */
bool laid_mend(struct laid *laid);
/* All that pick nothing go to another table, each first there and then away from here. */
void laid_move(struct laid *laid, uint32_t table);
/* It went with its interface. */
void laid_forget(struct laid *laid);

#endif
