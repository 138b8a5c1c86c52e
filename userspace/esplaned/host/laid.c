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

static void laid_say_whose(struct nl_sock *sk, const struct route *route, char *why)
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

bool laid_in_way(const struct laid *laid, const struct prefix *list, unsigned int count, char *why)
{
	struct laid_search search = { .laid = laid, .list = list, .count = count };

	if (count)
		route_dump(laid->sk, 0, laid->table, laid_compare, &search, why);
	why[0] = '\0';
	if (search.any)
		laid_say_whose(laid->sk, &search.found, why);
	return search.any;
}

static struct laid_route *laid_route_find(const struct laid *laid, const struct prefix *dst)
{
	for (unsigned int i = 0; i < laid->route_count; i++) {
		if (prefix_equal(&laid->routes[i].dst, dst))
			return &laid->routes[i];
	}
	return NULL;
}

unsigned int laid_route_refs(const struct laid *laid, const struct prefix *dst)
{
	const struct laid_route *own = laid_route_find(laid, dst);

	return own ? own->refs : 0;
}

static struct route laid_route_of(const struct laid *laid, const struct prefix *dst,
				  const struct addr *source)
{
	return (struct route){
		.dst = *dst, .table = laid->table, .ifindex = laid->ifindex,
		.metric = route_metric(dst->addr.family, laid->metric), .source = *source,
	};
}

static int laid_route_add(const struct laid *laid, const struct prefix *dst,
			  const struct addr *source, bool replace, char *why)
{
	struct route route = laid_route_of(laid, dst, source);
	int rc = route_add(laid->sk, &route, replace, why);
	char text[PREFIX_STRLEN], reason[NLTALK_WHY_MAX];

	if (rc == -EEXIST) {
		if (!laid_in_way(laid, dst, 1, why))
			snprintf(why, NLTALK_WHY_MAX, "there is a route to %s already",
				 prefix_str(dst, text));
	} else if (rc) {
		snprintf(reason, sizeof(reason), "%s", why);
		snprintf(why, NLTALK_WHY_MAX, "%.180s (route to %s)", reason,
			 prefix_str(dst, text));
	}
	return rc;
}

/* The rules for the table follow what is in it. */
static void laid_table_hold(const struct laid *laid, const struct prefix *dst)
{
	char why[NLTALK_WHY_MAX];

	if (laid->table == ASIDE_TABLE && aside_hold(laid->aside, 0, dst, 1, why))
		log_warn("%s", why);
}

static void laid_table_drop(const struct laid *laid, const struct prefix *dst)
{
	if (laid->table == ASIDE_TABLE)
		aside_drop(laid->aside, 0, dst, 1);
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

int laid_route_hold(struct laid *laid, const struct prefix *dst, const struct addr *source,
		    bool alone, char *why)
{
	struct laid_route *own = laid_route_find(laid, dst);
	int rc = 0;

	if (own) {
		if (alone && !addr_equal(&own->source, source)) {
			rc = laid_route_add(laid, dst, source, true, why);
			if (!rc)
				own->source = *source;
		}
		own->refs += !rc;
		return rc;
	}
	if (!laid_route_room(laid, why))
		return -ENOSPC;
	rc = laid_route_add(laid, dst, source, false, why);
	if (rc)
		return rc;
	laid_table_hold(laid, dst);
	laid->routes[laid->route_count++] =
		(struct laid_route){ .dst = *dst, .source = *source, .refs = 1 };
	return 0;
}

void laid_route_drop(struct laid *laid, const struct prefix *dst)
{
	struct laid_route *own = laid_route_find(laid, dst);
	const struct addr any = { 0 };
	char why[NLTALK_WHY_MAX];
	struct route route;

	if (!own || --own->refs)
		return;
	route = laid_route_of(laid, dst, &any);
	route_del(laid->sk, &route, why);
	laid_table_drop(laid, dst);
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
		struct route route = laid_route_of(laid, &own->dst, &own->source);
		int rc = route_add(laid->sk, &route, false, why);

		if (!rc)
			log_info("the route to %s is laid again", prefix_str(&own->dst, text));
		else if (rc != -EEXIST)
			log_debug("route to %s: %s", prefix_str(&own->dst, text), why);
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
		struct route route = laid_route_of(&old, &own->dst, &(struct addr){ 0 });

		laid_table_hold(laid, &own->dst);
		if (laid_route_add(laid, &own->dst, &own->source, false, why))
			log_warn("%s: %s", prefix_str(&own->dst, text), why);
		laid_table_drop(&old, &own->dst);
		route_del(laid->sk, &route, why);
	}
}

void laid_forget(struct laid *laid)
{
	for (unsigned int i = 0; i < laid->route_count; i++)
		laid_table_drop(laid, &laid->routes[i].dst);
	free(laid->routes);
	free(laid->addrs);
	laid->routes = NULL;
	laid->addrs = NULL;
	laid->route_count = 0;
	laid->route_room = 0;
	laid->addr_count = 0;
	laid->ifindex = 0;
}
