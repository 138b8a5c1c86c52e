/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From selectors to routes: which packets to a prefix are to take the route to it. Where that is
 * not all of them, a routing rule picks them by protocol and ports, out of those to prefixes of one
 * length, and leads them to a table of its own.
 *
 * A rule knows ports from 1 to 65534, and of fragments the protocol only, the first one included.
 * So a rule for ports never catches a fragment, and beside each there is one for the rest of the
 * protocol: what has no port that a rule could ask for. It leads nowhere, so that nothing leaves in
 * the clear, or into the tunnel, where a selector wants that. And beside each there is one for
 * ICMP: an error about what came out of the tunnel quotes it.
 */
#ifndef LIB_PICK_H
#define LIB_PICK_H

#include "lib/prefix.h"

#define PICK_PORT_MIN	1u
#define PICK_PORT_MAX	65534u

/* 0: any */
struct pick_ports {
	uint16_t start, end;
};

struct pick {
	uint8_t proto;			/* 0: any: all of the packets, and all below is 0 */
	bool rest;			/* those without a port that a rule can ask for */
	struct pick_ports sport, dport;
};

struct pick_route {
	struct prefix dst;
	struct pick pick;
	bool refused;			/* it leads nowhere */
};

/* How much of the selectors is in the rules. Less of it catches more packets, never fewer. */
enum pick_depth {
	PICK_PORTS,
	PICK_PROTOCOLS,
	PICK_NOTHING,			/* plain routes */
};

/* Different rules that one child can have, before they get wider. */
#define PICK_KINDS_MAX	64U

struct pick_routes {
	struct pick_route *list;	/* free() it */
	unsigned int count;
	enum pick_depth depth;
	bool widened;			/* there would be too many kinds */
};

/* The selectors of a child. NULL: all */
struct pick_child {
	const struct ts_list *local, *remote;
};

struct pick_query {
	enum pick_depth depth;		/* at most */
	/* What is configured says which protocols and ports, what is agreed which addresses. */
	struct pick_child conf, agreed;
	const struct pick_child *tunnel;	/* as configured: what the same interface carries */
	unsigned int tunnel_count;
	unsigned int max;		/* routes */
};

/* What the one selector sends to the other. @local may be NULL. */
struct pick pick_of(const struct ts *local, const struct ts *remote);
bool pick_equal(const struct pick *a, const struct pick *b);
bool pick_has_ports(const struct pick *pick);
/* 0 for one pair of ports to 16 for all: the narrower one goes first. */
unsigned int pick_width(const struct pick *pick);
/* Each route once. 0, -ENOMEM, -ENOSPC: there are more than @max. */
int pick_routes(const struct pick_query *query, struct pick_routes *routes);

#endif
