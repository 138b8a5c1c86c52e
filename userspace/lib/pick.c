// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include "lib/pick.h"

#define PICK_WIDTH_ALL	16u	/* bits of a port */

/* Of those the kernel's rules read ports. */
static bool pick_proto_has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP || proto == IPPROTO_UDPLITE;
}

bool pick_has_ports(const struct pick *pick)
{
	return pick->sport.start || pick->dport.start;
}

bool pick_equal(const struct pick *a, const struct pick *b)
{
	return a->proto == b->proto && a->rest == b->rest && a->sport.start == b->sport.start &&
	       a->sport.end == b->sport.end && a->dport.start == b->dport.start &&
	       a->dport.end == b->dport.end;
}

/* Does it name ports that no rule can ask for, beside others? */
static bool pick_beyond_rules(const struct ts *ts)
{
	return !ts_any_port(ts) &&
	       (ts->port_start < PICK_PORT_MIN || ts->port_end > PICK_PORT_MAX);
}

struct pick pick_of(const struct ts *local, const struct ts *remote)
{
	struct pick pick = { .proto = remote->proto };

	if (local && !pick.proto)
		pick.proto = local->proto;
	if (!pick_proto_has_ports(pick.proto))
		return pick;
	if (!ts_any_port(remote)) {
		pick.dport.start = remote->port_start < PICK_PORT_MIN ? PICK_PORT_MIN :
				   remote->port_start;
		pick.dport.end = remote->port_end > PICK_PORT_MAX ? PICK_PORT_MAX :
				 remote->port_end;
	}
	/* Where a connection begins, its own port is not known yet: it is never the rest. */
	if (local && !ts_any_port(local) && !pick_beyond_rules(local))
		pick.sport = (struct pick_ports){ local->port_start, local->port_end };
	if (ts_is_opaque(remote) || (local && ts_is_opaque(local)) ||
	    pick.dport.start > pick.dport.end)
		pick = (struct pick){ .proto = pick.proto, .rest = true };
	return pick;
}

static unsigned int pick_ports_width(const struct pick_ports *ports)
{
	unsigned int bits = 0;

	if (!ports->start)
		return PICK_WIDTH_ALL;
	while (ports->end - ports->start + 1u > 1u << bits)
		bits++;
	return bits;
}

unsigned int pick_width(const struct pick *pick)
{
	return (pick_ports_width(&pick->sport) + pick_ports_width(&pick->dport) + 1) / 2;
}

/* Does the one of these routes to one prefix carry what the other does? */
static bool pick_covers(const struct pick *wide, const struct pick *narrow)
{
	if (!wide->proto)
		return narrow->proto;
	return wide->proto == narrow->proto && !wide->rest && !pick_has_ports(wide) &&
	       (narrow->rest || pick_has_ports(narrow));
}

/* Do packets between these two need all of the protocol, or its rest? */
static bool pick_needs(const struct ts *local, const struct ts *remote, uint8_t proto)
{
	struct pick pick = pick_of(local, remote);

	return !pick.proto || (pick.proto == proto &&
			       (!pick_has_ports(&pick) || pick_beyond_rules(remote)));
}

/* Does a selector of the tunnel want the protocol, or its rest, to these addresses? */
static bool pick_is_wanted(const struct pick_child *child, const struct pick_route *route)
{
	unsigned int locals = ts_list_count(child->local);
	const struct addr end = prefix_end(&route->dst);

	for (unsigned int i = 0; i < ts_list_count(child->remote); i++) {
		const struct ts *remote = &child->remote->ts[i];

		if (!ts_contains_addr(remote, &route->dst.addr) ||
		    !ts_contains_addr(remote, &end))
			continue;
		if (!locals && pick_needs(NULL, remote, route->pick.proto))
			return true;
		for (unsigned int j = 0; j < locals; j++) {
			if (ts_can_pair(&child->local->ts[j], remote) &&
			    pick_needs(&child->local->ts[j], remote, route->pick.proto))
				return true;
		}
	}
	return false;
}

static bool pick_is_in(const struct pick_routes *routes, const struct pick_route *route)
{
	for (unsigned int i = 0; i < routes->count; i++) {
		if (prefix_equal(&routes->list[i].dst, &route->dst) &&
		    pick_equal(&routes->list[i].pick, &route->pick))
			return true;
	}
	return false;
}

static int pick_put(const struct pick_query *query, struct pick_routes *routes,
		    const struct pick_route *route)
{
	struct pick_route *more;

	if (pick_is_in(routes, route))
		return 0;
	if (routes->count == query->max)
		return -ENOSPC;
	/* room for twice as many whenever the count is a power of two */
	if (!(routes->count & (routes->count - 1))) {
		more = reallocarray(routes->list, routes->count ? 2 * routes->count : 1,
				    sizeof(*more));
		if (!more)
			return -ENOMEM;
		routes->list = more;
	}
	routes->list[routes->count++] = *route;
	return 0;
}

/* Routes to the addresses of @ts. */
static int pick_put_range(const struct pick_query *query, struct pick_routes *routes,
			  const struct ts *ts, const struct pick *pick)
{
	struct pick_route route = { .pick = *pick };
	struct prefix list[PREFIXES_MAX];
	unsigned int count = prefix_list(ts, list);
	int rc = 0;

	for (unsigned int i = 0; i < count && !rc; i++) {
		route.dst = list[i];
		rc = pick_put(query, routes, &route);
	}
	return rc;
}

/* Has the peer agreed to a part of it? */
static bool pick_is_agreed(const struct ts_list *agreed, const struct ts *ts)
{
	struct ts common;

	for (unsigned int i = 0; i < ts_list_count(agreed); i++) {
		if (ts_intersect(&agreed->ts[i], ts, &common))
			return true;
	}
	return false;
}

/* Of those that contain it the narrowest: is this one? */
static bool pick_is_of(const struct ts_list *conf, unsigned int at, const struct ts *agreed)
{
	const struct ts *ts = &conf->ts[at];

	if (!ts_contains(ts, agreed))
		return false;
	for (unsigned int i = 0; i < conf->count; i++) {
		const struct ts *other = &conf->ts[i];

		if (ts_contains(other, agreed) && ts_contains(ts, other) &&
		    !ts_contains(other, ts))
			return false;
	}
	return true;
}

/* One that is agreed needs what is configured says. */
static int pick_put_agreed(const struct pick_query *query, struct pick_routes *routes,
			   const struct ts *conf, const struct ts *agreed)
{
	const struct ts_list *local = query->conf.local;
	unsigned int i = 0;
	int rc = 0;

	do {
		const struct ts *from = local ? &local->ts[i] : NULL;
		struct pick pick;

		if (from && (!ts_can_pair(from, conf) ||
			     (query->agreed.local && !pick_is_agreed(query->agreed.local, from))))
			continue;
		pick = pick_of(from, conf);
		if (routes->depth == PICK_PROTOCOLS)
			pick = (struct pick){ .proto = pick.proto };
		rc = pick_put_range(query, routes, agreed, &pick);
	} while (!rc && ++i < ts_list_count(local));
	return rc;
}

/* What asks for no protocol, or is not as configured, gets all. */
static int pick_put_plain(const struct pick_query *query, struct pick_routes *routes)
{
	const struct ts_list *remote = query->agreed.remote;
	const struct pick any = { 0 };
	int rc = 0;

	for (unsigned int i = 0; i < ts_list_count(remote) && !rc; i++) {
		if (routes->depth == PICK_NOTHING ||
		    !ts_list_contains(query->conf.remote, &remote->ts[i]))
			rc = pick_put_range(query, routes, &remote->ts[i], &any);
	}
	return rc;
}

/* Without those that another one makes needless. */
static void pick_drop_covered(struct pick_routes *routes)
{
	unsigned int kept = 0, i, j;

	for (i = 0; i < routes->count; i++) {
		for (j = 0; j < routes->count; j++) {
			if (prefix_equal(&routes->list[i].dst, &routes->list[j].dst) &&
			    pick_covers(&routes->list[j].pick, &routes->list[i].pick))
				break;
		}
		routes->list[i].refused = j < routes->count;	/* for now */
	}
	for (i = 0; i < routes->count; i++) {
		if (!routes->list[i].refused)
			routes->list[kept++] = routes->list[i];
	}
	routes->count = kept;
}

/* Beside @route, which picks other packets to the same addresses. */
static int pick_put_beside(const struct pick_query *query, struct pick_routes *routes,
			   const struct pick_route *route, struct pick pick)
{
	struct pick_route beside = { .dst = route->dst, .pick = pick, .refused = true };

	for (unsigned int c = 0; c < query->tunnel_count && beside.refused; c++)
		beside.refused = !pick_is_wanted(&query->tunnel[c], &beside);
	return pick_put(query, routes, &beside);
}

/* The rest of protocols with ports, and ICMP, whose errors quote what came out of the tunnel. */
static int pick_put_rest(const struct pick_query *query, struct pick_routes *routes)
{
	unsigned int count = routes->count;
	int rc = 0;

	for (unsigned int i = 0; i < count && !rc; i++) {
		const struct pick_route route = routes->list[i];
		uint8_t icmp = route.dst.addr.family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

		if (pick_has_ports(&route.pick))
			rc = pick_put_beside(query, routes, &route, (struct pick){
				.proto = route.pick.proto, .rest = true });
		if (!rc && route.pick.proto)
			rc = pick_put_beside(query, routes, &route, (struct pick){ .proto = icmp });
	}
	return rc;
}

/* Are there more kinds than a child may have? */
static bool pick_too_many(const struct pick_routes *routes)
{
	const struct pick_route *kinds[PICK_KINDS_MAX], *route = routes->list;
	unsigned int count = 0, k;

	for (; route < routes->list + routes->count; route++) {
		if (!route->pick.proto)
			continue;
		for (k = 0; k < count; k++) {
			if (kinds[k]->dst.bits == route->dst.bits &&
			    kinds[k]->dst.addr.family == route->dst.addr.family &&
			    pick_equal(&kinds[k]->pick, &route->pick))
				break;
		}
		if (k == PICK_KINDS_MAX)
			return true;
		kinds[k] = route;
		count += k == count;
	}
	return false;
}

static bool pick_asks(const struct ts_list *list)
{
	for (unsigned int i = 0; i < ts_list_count(list); i++) {
		if (list->ts[i].proto)
			return true;
	}
	return false;
}

static int pick_collect(const struct pick_query *query, struct pick_routes *routes)
{
	const struct ts_list *conf = query->conf.remote, *agreed = query->agreed.remote;
	int rc = pick_put_plain(query, routes);

	if (routes->depth == PICK_NOTHING)
		return rc;
	for (unsigned int i = 0; i < ts_list_count(conf); i++) {
		for (unsigned int j = 0; j < ts_list_count(agreed) && !rc; j++) {
			if (pick_is_of(conf, i, &agreed->ts[j]))
				rc = pick_put_agreed(query, routes, &conf->ts[i], &agreed->ts[j]);
		}
	}
	if (rc)
		return rc;
	pick_drop_covered(routes);
	return pick_put_rest(query, routes);
}

int pick_routes(const struct pick_query *query, struct pick_routes *routes)
{
	bool asks = pick_asks(query->conf.local) || pick_asks(query->conf.remote);
	const enum pick_depth first = asks ? query->depth : PICK_NOTHING;
	enum pick_depth depth = first;
	int rc;

	for (;; depth++) {
		*routes = (struct pick_routes){ .depth = depth, .widened = depth != first };
		rc = pick_collect(query, routes);
		if (!rc && !pick_too_many(routes))
			return 0;
		free(routes->list);
		routes->list = NULL;
		routes->count = 0;
		if ((rc && rc != -ENOSPC) || depth == PICK_NOTHING)
			return rc;
	}
}
