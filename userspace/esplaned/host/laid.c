// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/laid.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/nl/address.h"
#include "esplaned/nl/link.h"
#include "lib/log.h"

#define LAID_ROOM_MIN	16u	/* routes that there is memory for at first */

/* Whose route is in the way: looked up for a message. */
struct laid_owner {
	int ifindex;
	char tunnel[LINK_TUNNEL_MAX];
};

static void laid_on_link(void *ctx, int ifindex, const char *tunnel)
{
	struct laid_owner *owner = ctx;

	if (owner->ifindex == ifindex)
		snprintf(owner->tunnel, sizeof(owner->tunnel), "%s", tunnel);
}

void laid_say_whose(struct nl_sock *sk, const struct route *route, char *why)
{
	struct laid_owner owner = { .ifindex = route->ifindex };
	char dst[PREFIX_STRLEN], via[ADDR_STRLEN], name[IF_NAMESIZE] = "";

	prefix_str(&route->dst, dst);
	if (route->protocol == ROUTE_PROTOCOL && route->ifindex)
		link_dump(sk, laid_on_link, &owner, why);
	if (owner.tunnel[0]) {
		snprintf(why, NLTALK_WHY_MAX,
			 "tunnel \"%s\" has a route to %s already: take it down, or give one of "
			 "the two another remote-ts or another metric (option metric)",
			 owner.tunnel, dst);
		return;
	}
	if (route->ifindex)
		if_indextoname((unsigned int)route->ifindex, name);
	snprintf(why, NLTALK_WHY_MAX,
		 "there is a route to %s already (%s%s%s%s): remove it, or give the tunnel another "
		 "metric (option metric)",
		 dst, route->gateway.family ? "via " : "",
		 route->gateway.family ? addr_str(&route->gateway, via) : "",
		 route->gateway.family ? ", " : "", name[0] ? name : "it leads nowhere");
}

struct laid_search {
	const struct laid *laid;
	const struct prefix *list;
	unsigned int count;
	struct route found;
	bool any;
};

static void laid_compare(void *ctx, const struct route *route)
{
	struct laid_search *search = ctx;
	const struct laid *laid = search->laid;

	/* Before there is an interface of ours, routes with our mark may be a predecessor's. */
	if (search->any ||
	    route->metric != route_metric(route->dst.addr.family, laid->metric) ||
	    (route->protocol == ROUTE_PROTOCOL &&
	     (!laid->ifindex || route->ifindex == laid->ifindex)))
		return;
	for (unsigned int i = 0; i < search->count && !search->any; i++)
		search->any = prefix_equal(&search->list[i], &route->dst);
	if (search->any)
		search->found = *route;
}

static bool laid_in_table(const struct laid *laid, uint32_t table, const struct prefix *list,
			  unsigned int count, char *why)
{
	struct laid_search search = { .laid = laid, .list = list, .count = count };

	if (count)
		route_dump(laid->sk, 0, table, laid_compare, &search, why);
	why[0] = '\0';
	if (search.any)
		laid_say_whose(laid->sk, &search.found, why);
	return search.any;
}

static struct laid_route *laid_route_find(const struct laid *laid, const struct pick_route *to)
{
	for (unsigned int i = 0; i < laid->route_count; i++) {
		struct laid_route *own = &laid->routes[i];

		if (prefix_equal(&own->to.dst, &to->dst) &&
		    pick_equal(&own->to.pick, &to->pick) && own->to.refused == to->refused)
			return own;
	}
	return NULL;
}

unsigned int laid_route_refs(const struct laid *laid, const struct pick_route *to)
{
	const struct laid_route *own = laid_route_find(laid, to);

	return own ? own->refs : 0;
}

/* Of a route that picks its packets: it is held. */
static uint32_t laid_table_of(const struct laid *laid, const struct pick_route *to)
{
	return to->pick.proto ? aside_pick_table(laid->aside, to) : laid->table;
}

static struct route laid_route_of(const struct laid *laid, const struct pick_route *to,
				  const struct addr *source)
{
	return (struct route){
		.dst = to->dst, .table = laid_table_of(laid, to), .ifindex = laid->ifindex,
		.metric = route_metric(to->dst.addr.family, laid->metric), .source = *source,
	};
}

static int laid_route_add(const struct laid *laid, const struct pick_route *to,
			  const struct addr *source, bool replace, char *why)
{
	struct route route = laid_route_of(laid, to, source);
	char text[PREFIX_STRLEN], reason[NLTALK_WHY_MAX];
	int rc;

	if (to->refused)
		return block_hold(laid->blocks, route.table, &to->dst, why);
	rc = route_add(laid->sk, &route, replace, why);
	if (rc == -EEXIST) {
		if (!laid_in_table(laid, route.table, &to->dst, 1, why))
			snprintf(why, NLTALK_WHY_MAX, "there is a route to %s already",
				 prefix_str(&to->dst, text));
	} else if (rc) {
		snprintf(reason, sizeof(reason), "%s", why);
		snprintf(why, NLTALK_WHY_MAX, "%.180s (route to %s)", reason,
			 prefix_str(&to->dst, text));
	}
	return rc;
}

static bool laid_blocks(const struct laid_route *own)
{
	return own->to.refused || own->yields;
}

static void laid_route_del(const struct laid *laid, const struct laid_route *own)
{
	struct route route = laid_route_of(laid, &own->to, &(struct addr){ 0 });
	char why[NLTALK_WHY_MAX];

	if (laid_blocks(own))
		block_drop(laid->blocks, route.table, &own->to.dst);
	else
		route_del(laid->sk, &route, why);
}

/* The rules for the table follow what is in it. */
static void laid_table_hold(const struct laid *laid, const struct pick_route *to)
{
	char why[NLTALK_WHY_MAX];

	if (!to->pick.proto && laid->table == ASIDE_TABLE &&
	    aside_hold(laid->aside, 0, &to->dst, 1, why))
		log_warn("%s", why);
}

static void laid_table_drop(const struct laid *laid, const struct pick_route *to)
{
	if (to->pick.proto)
		aside_unpick(laid->aside, to);
	else if (laid->table == ASIDE_TABLE)
		aside_drop(laid->aside, 0, &to->dst, 1);
}

/* Room for one more. */
static bool laid_route_room(struct laid *laid, char *why)
{
	unsigned int room = laid->route_room ? 2 * laid->route_room : LAID_ROOM_MIN;
	struct laid_route *more;

	if (laid->route_count == LAID_ROUTES_MAX) {
		snprintf(why, NLTALK_WHY_MAX, "an interface has %u routes at most: fewer peers, or "
			 "fewer selectors", LAID_ROUTES_MAX);
		return false;
	}
	if (laid->route_count < laid->route_room)
		return true;
	more = reallocarray(laid->routes, room, sizeof(*more));
	if (!more) {
		snprintf(why, NLTALK_WHY_MAX, "no memory");
		return false;
	}
	laid->routes = more;
	laid->route_room = room;
	return true;
}

/* One that is not there yet. */
static int laid_route_new(struct laid *laid, const struct pick_route *to, const struct addr *source,
			  char *why)
{
	bool yields;
	int rc;

	if (!laid_route_room(laid, why))
		return -ENOSPC;
	rc = to->pick.proto ? aside_pick(laid->aside, to, why) : 0;
	if (rc)
		return rc;
	rc = laid_route_add(laid, to, source, false, why);
	yields = rc == -EEXIST && to->pick.rest && !to->refused;
	if (yields)
		rc = block_hold(laid->blocks, laid_table_of(laid, to), &to->dst, why);
	if (rc) {
		if (to->pick.proto)
			aside_unpick(laid->aside, to);
		return rc;
	}
	laid_table_hold(laid, to);
	laid->routes[laid->route_count++] =
		(struct laid_route){ .to = *to, .source = *source, .refs = 1, .yields = yields };
	return 0;
}

int laid_route_hold(struct laid *laid, const struct pick_route *to, const struct addr *source,
		    bool alone, char *why)
{
	struct laid_route *own = laid_route_find(laid, to);
	int rc = 0;

	if (!own)
		return laid_route_new(laid, to, source, why);
	if (alone && !laid_blocks(own) && !addr_equal(&own->source, source)) {
		rc = laid_route_add(laid, to, source, true, why);
		if (!rc)
			own->source = *source;
	}
	own->refs += !rc;
	return rc;
}

void laid_route_drop(struct laid *laid, const struct pick_route *to)
{
	struct laid_route *own = laid_route_find(laid, to);

	if (!own || --own->refs)
		return;
	laid_route_del(laid, own);
	laid_table_drop(laid, to);
	*own = laid->routes[--laid->route_count];
}

static struct laid_addr *laid_addr_find(const struct laid *laid, const struct prefix *addr)
{
	for (unsigned int i = 0; i < laid->addr_count; i++) {
		if (prefix_equal(&laid->addrs[i].addr, addr))
			return &laid->addrs[i];
	}
	return NULL;
}

int laid_addr_hold(struct laid *laid, const struct prefix *addr, char *why)
{
	struct laid_addr *own = laid_addr_find(laid, addr), *more;
	int rc;

	if (own) {
		own->refs++;
		return 0;
	}
	more = reallocarray(laid->addrs, laid->addr_count + 1, sizeof(*more));
	if (!more) {
		snprintf(why, NLTALK_WHY_MAX, "no memory");
		return -ENOMEM;
	}
	laid->addrs = more;
	rc = address_add(laid->sk, laid->ifindex, addr, why);
	if (rc && rc != -EEXIST)
		return rc;
	laid->addrs[laid->addr_count++] = (struct laid_addr){ .addr = *addr, .refs = 1 };
	return 0;
}

bool laid_addr_drop(struct laid *laid, const struct prefix *addr)
{
	struct laid_addr *own = laid_addr_find(laid, addr);
	char why[NLTALK_WHY_MAX];

	if (!own || --own->refs)
		return false;
	address_del(laid->sk, laid->ifindex, addr, why);
	*own = laid->addrs[--laid->addr_count];
	return true;
}

bool laid_mend(struct laid *laid)
{
	bool whole = true;
	char why[NLTALK_WHY_MAX], text[PREFIX_STRLEN];

	for (unsigned int i = 0; i < laid->addr_count; i++)
		address_add(laid->sk, laid->ifindex, &laid->addrs[i].addr, why);
	for (unsigned int i = 0; i < laid->route_count; i++) {
		const struct laid_route *own = &laid->routes[i];
		struct route route = laid_route_of(laid, &own->to, &own->source);
		int rc = laid_blocks(own) ? -EEXIST : route_add(laid->sk, &route, false, why);

		if (!rc)
			log_info("the route to %s is laid again", prefix_str(&own->to.dst, text));
		else if (rc != -EEXIST)
			log_debug("route to %s: %s", prefix_str(&own->to.dst, text), why);
		whole = whole && (!rc || rc == -EEXIST);
	}
	return whole;
}

void laid_move(struct laid *laid, uint32_t table)
{
	char why[NLTALK_WHY_MAX], text[PREFIX_STRLEN];
	const struct laid old = *laid;

	laid->table = table;
	for (unsigned int i = 0; i < laid->route_count; i++) {
		const struct laid_route *own = &laid->routes[i];

		if (own->to.pick.proto)
			continue;
		laid_table_hold(laid, &own->to);
		if (laid_route_add(laid, &own->to, &own->source, false, why))
			log_warn("%s: %s", prefix_str(&own->to.dst, text), why);
		laid_table_drop(&old, &own->to);
		laid_route_del(&old, own);
	}
}

void laid_forget(struct laid *laid)
{
	for (unsigned int i = 0; i < laid->route_count; i++) {
		const struct laid_route *own = &laid->routes[i];

		if (laid_blocks(own))
			laid_route_del(laid, own);
		laid_table_drop(laid, &own->to);
	}
	free(laid->routes);
	free(laid->addrs);
	laid->routes = NULL;
	laid->addrs = NULL;
	laid->route_count = 0;
	laid->route_room = 0;
	laid->addr_count = 0;
	laid->ifindex = 0;
}
