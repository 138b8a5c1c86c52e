// SPDX-License-Identifier: GPL-2.0
#include "esplaned/nl/route.h"

#include <errno.h>
#include <linux/esplane.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/nl/nltalk.h"

#define ALIAS_PREFIX "esplaned: " /* in front of the tunnel's name, in the interface's alias */
#define LAID_STEP	16u	/* by so many the memory of a tunnel's routes grows */

struct route {
	struct nl_sock *sk;
};

struct laid {
	struct addr dst, source;	/* source: family 0 where none is preferred */
	unsigned int bits;
};

struct route *route_new(void)
{
	struct route *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->sk = nltalk_open(NETLINK_ROUTE);
	if (r->sk)
		return r;
	free(r);
	return NULL;
}

void route_free(struct route *r)
{
	if (!r)
		return;
	nl_socket_free(r->sk);
	free(r);
}

static int link_delete(struct route *r, int ifindex, char why[ROUTE_WHY_MAX])
{
	struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *msg = NULL;

	if (link) {
		rtnl_link_set_ifindex(link, ifindex);
		rtnl_link_build_delete_request(link, &msg);
		rtnl_link_put(link);
	}
	return nltalk(r->sk, msg, NULL, NULL, why);
}

static int link_change(struct route *r, int ifindex, const char *alias, bool up,
		       char why[ROUTE_WHY_MAX])
{
	struct rtnl_link *link = rtnl_link_alloc(), *changes = rtnl_link_alloc();
	struct nl_msg *msg = NULL;

	if (link && changes) {
		rtnl_link_set_ifindex(link, ifindex);
		if (alias)
			rtnl_link_set_ifalias(changes, alias);
		if (up)
			rtnl_link_set_flags(changes, IFF_UP);
		rtnl_link_build_change_request(link, changes, 0, &msg);
	}
	if (link)
		rtnl_link_put(link);
	if (changes)
		rtnl_link_put(changes);
	return nltalk(r->sk, msg, NULL, NULL, why);
}

static struct nl_msg *link_new_msg(const char *name)
{
	struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *msg = NULL;

	if (!link)
		return NULL;
	rtnl_link_set_name(link, name);
	if (!rtnl_link_set_type(link, ESPLANE_LINK_KIND))
		rtnl_link_build_add_request(link, NLM_F_CREATE | NLM_F_EXCL, &msg);
	rtnl_link_put(link);
	return msg;
}

int route_link_add(struct route *r, const char *name, const char *tunnel, int *ifindex,
		   char why[ROUTE_WHY_MAX])
{
	char alias[128];
	int rc;

	rc = nltalk(r->sk, link_new_msg(name), NULL, NULL, why);
	if (rc == -EEXIST)
		snprintf(why, ROUTE_WHY_MAX,
			 "there is an interface %s already, and it is not esplaned's: remove it, "
			 "or give the tunnel another name for its own (option interface)",
			 name);
	else if (rc == -EOPNOTSUPP)
		snprintf(why, ROUTE_WHY_MAX,
			 "the kernel knows no interfaces of kind esplane: try modprobe esplane");
	if (rc)
		return rc;
	*ifindex = (int)if_nametoindex(name);
	if (!*ifindex) {
		snprintf(why, ROUTE_WHY_MAX, "interface %s went away as it was made", name);
		return -ENODEV;
	}
	snprintf(alias, sizeof(alias), ALIAS_PREFIX "%s", tunnel);
	rc = link_change(r, *ifindex, alias, false, why);
	if (rc) {
		char ignored[ROUTE_WHY_MAX];

		link_delete(r, *ifindex, ignored);
		*ifindex = 0;
	}
	return rc;
}

int route_link_up(struct route *r, int ifindex, char why[ROUTE_WHY_MAX])
{
	return link_change(r, ifindex, NULL, true, why);
}

int route_link_del(struct route *r, int ifindex, char why[ROUTE_WHY_MAX])
{
	return link_delete(r, ifindex, why);
}

static void routes_delete_ours(struct route *r)
{
	struct nl_cache *cache;
	struct nl_object *o, *next;
	char why[ROUTE_WHY_MAX];
	struct nl_msg *msg;

	if (rtnl_route_alloc_cache(r->sk, AF_UNSPEC, 0, &cache))
		return;
	for (o = nl_cache_get_first(cache); o; o = next) {
		struct rtnl_route *route = (struct rtnl_route *)o;

		next = nl_cache_get_next(o);
		msg = NULL;
		if (rtnl_route_get_protocol(route) == ROUTE_PROTOCOL &&
		    !rtnl_route_build_del_request(route, 0, &msg))
			nltalk(r->sk, msg, NULL, NULL, why);
	}
	nl_cache_free(cache);
}

unsigned int route_leftover_del(struct route *r)
{
	char why[ROUTE_WHY_MAX];
	unsigned int count = 0;
	struct nl_cache *cache;
	struct nl_object *o;

	if (rtnl_link_alloc_cache(r->sk, AF_UNSPEC, &cache))
		return 0;
	for (o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
		struct rtnl_link *link = (struct rtnl_link *)o;
		const char *kind = rtnl_link_get_type(link), *alias = rtnl_link_get_ifalias(link);

		if (!kind || strcmp(kind, ESPLANE_LINK_KIND) || !alias ||
		    strncmp(alias, ALIAS_PREFIX, strlen(ALIAS_PREFIX)))
			continue;
		if (!link_delete(r, rtnl_link_get_ifindex(link), why))
			count++;
	}
	nl_cache_free(cache);
	routes_delete_ours(r);
	return count;
}

bool route_addr_inside(struct route *r, const struct ts *ts, int ifindex, struct addr *found)
{
	struct nl_cache *cache;
	struct nl_object *o;
	bool inside = false;

	if (rtnl_addr_alloc_cache(r->sk, &cache))
		return false;
	for (o = nl_cache_get_first(cache); o && !inside; o = nl_cache_get_next(o)) {
		struct rtnl_addr *entry = (struct rtnl_addr *)o;
		struct nl_addr *local = rtnl_addr_get_local(entry);
		struct addr addr;

		/*
		 * A loopback address is the preferred source of nothing; a tentative one cannot be
		 * used yet.
		 */
		if (!local || rtnl_addr_get_ifindex(entry) == ifindex ||
		    rtnl_addr_get_scope(entry) >= RT_SCOPE_LINK ||
		    (rtnl_addr_get_flags(entry) & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) ||
		    !addr_from_bytes(&addr, nl_addr_get_binary_addr(local), nl_addr_get_len(local)))
			continue;
		inside = ts_contains_addr(ts, &addr);
		if (inside)
			*found = addr;
	}
	nl_cache_free(cache);
	return inside;
}

static struct nl_addr *nl_addr_of(const struct addr *addr, unsigned int bits)
{
	struct nl_addr *a = nl_addr_build(addr->family, addr->b, addr_len(addr));

	if (a)
		nl_addr_set_prefixlen(a, (int)bits);
	return a;
}

int route_addr_add(struct route *r, int ifindex, const struct addr *addr, unsigned int bits,
		   char why[ROUTE_WHY_MAX])
{
	struct nl_addr *local = nl_addr_of(addr, bits);
	struct rtnl_addr *entry = rtnl_addr_alloc();
	struct nl_msg *msg = NULL;

	if (local && entry) {
		rtnl_addr_set_ifindex(entry, ifindex);
		rtnl_addr_set_local(entry, local);
		/*
		 * The local network is not behind the tunnel. Nobody else can have the address
		 * there either.
		 */
		rtnl_addr_set_flags(entry, IFA_F_NOPREFIXROUTE |
						   (addr->family == AF_INET6 ? IFA_F_NODAD : 0));
		rtnl_addr_build_add_request(entry, NLM_F_CREATE | NLM_F_EXCL, &msg);
	}
	nl_addr_put(local);
	rtnl_addr_put(entry);
	return nltalk(r->sk, msg, NULL, NULL, why);
}

/* @gateway may be NULL. */
static struct rtnl_route *route_make(const struct addr *dst, unsigned int bits, int ifindex,
				     struct nl_addr *gateway, const struct addr *source,
				     uint32_t metric)
{
	struct nl_addr *to = nl_addr_of(dst, bits), *from = NULL;
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct rtnl_route *route = rtnl_route_alloc();

	if (!to || !hop || !route) {
		nl_addr_put(to);
		if (hop)
			rtnl_route_nh_free(hop);
		rtnl_route_put(route);
		return NULL;
	}
	rtnl_route_set_family(route, dst->family);
	rtnl_route_set_table(route, RT_TABLE_MAIN);
	rtnl_route_set_protocol(route, ROUTE_PROTOCOL);
	rtnl_route_set_scope(route, gateway || dst->family == AF_INET6 ? RT_SCOPE_UNIVERSE :
									 RT_SCOPE_LINK);
	rtnl_route_set_type(route, RTN_UNICAST);
	rtnl_route_set_dst(route, to);
	nl_addr_put(to);
	if (metric)
		rtnl_route_set_priority(route, metric);
	if (source && source->family == dst->family) {
		from = nl_addr_of(source, (unsigned int)addr_len(source) * 8);
		rtnl_route_set_pref_src(route, from);
		nl_addr_put(from);
	}
	rtnl_route_nh_set_ifindex(hop, ifindex);
	if (gateway)
		rtnl_route_nh_set_gateway(hop, gateway);
	rtnl_route_add_nexthop(route, hop);
	return route;
}

static int route_install(struct route *r, struct rtnl_route *route, int flags,
			 char why[ROUTE_WHY_MAX])
{
	struct nl_msg *msg = NULL;

	if (route) {
		rtnl_route_build_add_request(route, NLM_F_CREATE | flags, &msg);
		rtnl_route_put(route);
	}
	return nltalk(r->sk, msg, NULL, NULL, why);
}

static bool bit(const struct addr *a, unsigned int i)
{
	return a->b[i / 8] >> (7 - i % 8) & 1;
}

static void bits_fill(struct addr *a, unsigned int from, bool one)
{
	for (unsigned int i = from; i < addr_len(a) * 8; i++) {
		uint8_t mask = (uint8_t)(0x80 >> i % 8);

		a->b[i / 8] = one ? a->b[i / 8] | mask : a->b[i / 8] & (uint8_t)~mask;
	}
}

/* Adds 1. False: past the last address. */
static bool increment(struct addr *a)
{
	for (size_t i = addr_len(a); i-- > 0;) {
		if (++a->b[i])
			return true;
	}
	return false;
}

unsigned int route_prefixes(const struct ts *ts, struct addr prefix[256], uint8_t bits[256])
{
	unsigned int count = 0, width = (unsigned int)addr_len(&ts->start) * 8, n;
	struct addr at = ts->start, last;

	while (count < 256) {
		/* The shortest prefix that begins at @at and does not reach beyond the end. */
		for (n = width, last = at; n > 0 && !bit(&at, n - 1); n--) {
			struct addr wider = at;

			bits_fill(&wider, n - 1, true);
			if (addr_cmp(&wider, &ts->end) > 0)
				break;
			last = wider;
		}
		prefix[count] = at;
		bits[count++] = (uint8_t)n;
		at = last;
		if (addr_cmp(&at, &ts->end) >= 0 || !increment(&at))
			break;
	}
	return count;
}

static struct laid *laid_find(const struct routes *routes, const struct addr *dst,
			      unsigned int bits)
{
	for (unsigned int i = 0; i < routes->count; i++) {
		if (routes->laid[i].bits == bits && addr_equal(&routes->laid[i].dst, dst))
			return &routes->laid[i];
	}
	return NULL;
}

/* Where the next one is noted. NULL: there is no room, @why says it. */
static struct laid *laid_next(struct routes *routes, char why[ROUTE_WHY_MAX])
{
	struct laid *more;

	if (routes->count == ROUTES_MAX) {
		snprintf(why, ROUTE_WHY_MAX,
			 "the peer has asked for more than %d routes: take the tunnel down and up, "
			 "which removes those that it does not want any more",
			 ROUTES_MAX);
		return NULL;
	}
	if (routes->count % LAID_STEP == 0) {
		more = reallocarray(routes->laid, routes->count + LAID_STEP, sizeof(*more));
		if (!more) {
			snprintf(why, ROUTE_WHY_MAX, "no memory");
			return NULL;
		}
		routes->laid = more;
	}
	return &routes->laid[routes->count];
}

static int prefix_install(struct route *r, const struct routes *to, const struct laid *want,
			  int flags, char why[ROUTE_WHY_MAX])
{
	return route_install(r,
			     route_make(&want->dst, want->bits, to->ifindex, NULL, &want->source,
					to->metric),
			     flags, why);
}

static int prefix_add(struct route *r, struct routes *to, const struct laid *want,
		      char why[ROUTE_WHY_MAX])
{
	struct laid *own = laid_find(to, &want->dst, want->bits), *at = own;
	char text[ADDR_STRLEN];
	int rc;

	if (!at)
		at = laid_next(to, why);
	if (!at)
		return -ENOSPC;
	rc = prefix_install(r, to, want, NLM_F_EXCL, why);
	if (rc == -EEXIST && own)
		rc = addr_equal(&own->source, &want->source) ?
			     0 : prefix_install(r, to, want, NLM_F_REPLACE, why);
	if (rc == -EEXIST)
		snprintf(why, ROUTE_WHY_MAX,
			 "there is a route to %s/%u already: remove it, or give the tunnel "
			 "another metric (option metric)",
			 addr_str(&want->dst, text), want->bits);
	else if (rc)
		snprintf(why + strlen(why), ROUTE_WHY_MAX - strlen(why), " (route to %s/%u)",
			 addr_str(&want->dst, text), want->bits);
	if (rc)
		return rc;
	*at = *want;
	to->count += !own;
	return 0;
}

int route_add(struct route *r, struct routes *to, const struct ts *ts, const struct addr *source,
	      char why[ROUTE_WHY_MAX])
{
	struct addr prefix[256];
	uint8_t bits[256];
	unsigned int count = route_prefixes(ts, prefix, bits);
	int rc = 0;

	if (count == 1 && !bits[0]) {	/* two halves */
		prefix[1] = prefix[0];
		prefix[1].b[0] = 0x80;
		bits[0] = bits[1] = 1;
		count = 2;
	}
	for (unsigned int i = 0; i < count && !rc; i++) {
		struct laid want = { .dst = prefix[i], .bits = bits[i], .source = *source };

		rc = prefix_add(r, to, &want, why);
	}
	return rc;
}

bool routes_contain(const struct routes *routes, const struct addr *addr)
{
	for (unsigned int i = 0; i < routes->count; i++) {
		const struct laid *laid = &routes->laid[i];
		unsigned int same = 0;

		while (same < laid->bits && bit(&laid->dst, same) == bit(addr, same))
			same++;
		if (laid->dst.family == addr->family && same == laid->bits)
			return true;
	}
	return false;
}

void routes_forget(struct routes *routes)
{
	free(routes->laid);
	routes->laid = NULL;
	routes->count = 0;
}

static int way_out(struct rtnl_route *route)
{
	struct rtnl_nexthop *hop = route ? rtnl_route_nexthop_n(route, 0) : NULL;

	return hop ? rtnl_route_nh_get_ifindex(hop) : 0;
}

/* What the main table would say without its routes into @tunnel. NULL: nothing. */
static struct rtnl_route *way_beside(struct route *r, struct nl_addr *to, int tunnel)
{
	struct rtnl_route *best = NULL;
	struct nl_cache *cache;
	struct nl_object *o;

	if (rtnl_route_alloc_cache(r->sk, nl_addr_get_family(to), 0, &cache))
		return NULL;
	for (o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
		struct rtnl_route *route = (struct rtnl_route *)o;
		struct nl_addr *dst = rtnl_route_get_dst(route);
		int longer = best ? (int)nl_addr_get_prefixlen(dst) -
				    (int)nl_addr_get_prefixlen(rtnl_route_get_dst(best)) : 1;

		if (rtnl_route_get_table(route) != RT_TABLE_MAIN ||
		    rtnl_route_get_type(route) != RTN_UNICAST || !way_out(route) ||
		    way_out(route) == tunnel || nl_addr_cmp_prefix(dst, to))
			continue;
		if (longer > 0 || (!longer && rtnl_route_get_priority(route) <
						      rtnl_route_get_priority(best)))
			best = route;
	}
	if (best)
		nl_object_get((struct nl_object *)best);
	nl_cache_free(cache);
	return best;
}

int route_pin(struct route *r, const struct addr *peer, int tunnel, char why[ROUTE_WHY_MAX])
{
	unsigned int width = (unsigned int)addr_len(peer) * 8;
	struct nl_addr *to = nl_addr_of(peer, width);
	struct rtnl_route *now = NULL, *pin;
	struct rtnl_nexthop *hop = NULL;
	int rc = -ENETUNREACH;

	if (to && !rtnl_route_lookup(r->sk, to, &now) && way_out(now) == tunnel) {
		rtnl_route_put(now);
		now = way_beside(r, to, tunnel);
	}
	if (now)
		hop = rtnl_route_nexthop_n(now, 0);
	if (hop) {
		pin = route_make(peer, width, rtnl_route_nh_get_ifindex(hop),
				 rtnl_route_nh_get_gateway(hop), NULL, 0);
		rc = route_install(r, pin, NLM_F_EXCL, why);
		if (rc == -EEXIST)	/* the user's own host route does as well */
			rc = 0;
	} else {
		snprintf(why, ROUTE_WHY_MAX, "no route leads to the peer");
	}
	nl_addr_put(to);
	rtnl_route_put(now);
	return rc;
}

void route_unpin(struct route *r, const struct addr *peer)
{
	unsigned int width = (unsigned int)addr_len(peer) * 8;
	struct nl_addr *to = nl_addr_of(peer, width);
	struct rtnl_route *route = rtnl_route_alloc();
	struct nl_msg *msg = NULL;
	char why[ROUTE_WHY_MAX];

	if (to && route) {
		rtnl_route_set_family(route, peer->family);
		rtnl_route_set_table(route, RT_TABLE_MAIN);
		rtnl_route_set_protocol(route, ROUTE_PROTOCOL);
		rtnl_route_set_scope(route, RT_SCOPE_NOWHERE);	/* any, in a request to delete */
		rtnl_route_set_dst(route, to);
		rtnl_route_build_del_request(route, 0, &msg);
	}
	nl_addr_put(to);
	rtnl_route_put(route);
	nltalk(r->sk, msg, NULL, NULL, why);
}
