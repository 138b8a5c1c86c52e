// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/pin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

struct pin {
	struct pin *next;
	struct route route;	/* as it was laid last; usable: it was */
	const int **holders;
	size_t count;
};

struct pins {
	struct nl_sock *sk;
	struct pin *first;
};

struct pins *pin_new(struct nl_sock *sk)
{
	struct pins *pins = calloc(1, sizeof(*pins));

	if (pins)
		pins->sk = sk;
	return pins;
}

static void pin_release(struct pin *pin)
{
	free(pin->holders);
	free(pin);
}

void pin_free(struct pins *pins)
{
	if (!pins)
		return;
	for (struct pin *pin = pins->first, *next; pin; pin = next) {
		next = pin->next;
		pin_release(pin);
	}
	free(pins);
}

static bool pin_into_holder(const struct pin *pin, int ifindex)
{
	for (size_t i = 0; i < pin->count; i++) {
		if (*pin->holders[i] && *pin->holders[i] == ifindex)
			return true;
	}
	return false;
}

static bool pin_same_way(const struct route *a, const struct route *b)
{
	return a->ifindex == b->ifindex && a->onlink == b->onlink &&
	       addr_equal(&a->gateway, &b->gateway) && addr_equal(&a->source, &b->source);
}

struct pin_search {
	const struct pin *pin;
	struct route way;	/* the best one so far, as the main table has it */
	struct route there;	/* the host route that stands where the pin is to be */
	bool any, taken;
};

static bool pin_is_ours(const struct route *route)
{
	return route->protocol == ROUTE_PROTOCOL;
}

/* What the host would do without us: the longest prefix, then the least metric. */
static void pin_compare(void *ctx, const struct route *route)
{
	struct pin_search *search = ctx;
	const struct prefix *dst = &search->pin->route.dst;

	if (!prefix_contains(&route->dst, &dst->addr))
		return;
	if (prefix_equal(&route->dst, dst) && route->metric == search->pin->route.metric &&
	    route->table == search->pin->route.table) {
		search->there = *route;
		search->taken = true;
	}
	if (route->table != ROUTE_TABLE ||
	    (pin_is_ours(route) && (route->unreachable || prefix_equal(&route->dst, dst))) ||
	    pin_into_holder(search->pin, route->ifindex))
		return;
	if (search->any && (route->dst.bits < search->way.dst.bits ||
			    (route->dst.bits == search->way.dst.bits &&
			     route->metric >= search->way.metric)))
		return;
	search->way = *route;
	search->any = true;
}

/* The way beside the tunnels into @way. False: there is none, @why says it. */
static bool pin_find_way(struct pins *pins, struct pin_search *search, char *why)
{
	const struct pin *pin = search->pin;
	const struct addr *peer = &pin->route.dst.addr;
	char text[ADDR_STRLEN];

	route_dump(pins->sk, peer->family, ROUTE_TABLE, pin_compare, search, why);
	if (pin->route.table != ROUTE_TABLE)
		route_dump(pins->sk, peer->family, pin->route.table, pin_compare, search, why);
	if (search->any && search->way.usable)
		return true;
	/* Rules of the host's own may lead to another table. */
	if (!search->any && !search->taken && !route_get(pins->sk, peer, 0, &search->way, why) &&
	    !pin_into_holder(pin, search->way.ifindex))
		return true;
	snprintf(why, NLTALK_WHY_MAX, "no route leads to %s beside the tunnel",
		 addr_str(peer, text));
	return false;
}

static int pin_lay(struct pins *pins, struct pin *pin, char *why)
{
	struct pin_search search = { .pin = pin };
	char text[PREFIX_STRLEN];
	struct route fresh;
	bool ours;
	int rc;

	why[0] = '\0';
	if (!pin_find_way(pins, &search, why)) {
		/* What stands there now came from rules, or is somebody's: it may do. */
		if (search.taken && search.there.usable)
			return 0;
		pin->route.usable = false;
		return -ENETUNREACH;
	}
	ours = search.taken && pin_is_ours(&search.there);
	if (search.taken && (!ours || pin_same_way(&search.there, &search.way))) {
		pin->route.usable = ours;
		if (ours)
			pin->route = search.there;
		return 0;	/* the administrator's own host route does as well */
	}
	fresh = pin->route;
	fresh.ifindex = search.way.ifindex;
	fresh.gateway = search.way.gateway;
	fresh.source = search.way.source;
	fresh.onlink = search.way.onlink;
	rc = route_add(pins->sk, &fresh, ours, why);
	if (rc)
		return rc;
	log_info("%s gets a route beside the tunnel", prefix_str(&fresh.dst, text));
	fresh.usable = true;
	pin->route = fresh;
	return 0;
}

static struct pin *pin_find(const struct pins *pins, uint32_t table, const struct addr *peer)
{
	struct pin *pin = pins->first;

	while (pin && (pin->route.table != table || !addr_equal(&pin->route.dst.addr, peer)))
		pin = pin->next;
	return pin;
}

static struct pin *pin_make(struct pins *pins, uint32_t table, const struct addr *peer)
{
	struct pin *pin = calloc(1, sizeof(*pin));

	if (!pin)
		return NULL;
	pin->route.table = table;
	pin->route.dst.addr = *peer;
	pin->route.dst.bits = (uint8_t)(addr_len(peer) * 8);
	pin->route.metric = route_metric(peer->family, 0);
	pin->next = pins->first;
	pins->first = pin;
	return pin;
}

static void pin_remove(struct pins *pins, struct pin *pin)
{
	struct pin **at = &pins->first;
	char why[NLTALK_WHY_MAX];

	if (pin->route.usable)
		route_del(pins->sk, &pin->route, why);
	while (*at != pin)
		at = &(*at)->next;
	*at = pin->next;
	pin_release(pin);
}

int pin_hold(struct pins *pins, uint32_t table, const struct addr *peer, const int *ifindex,
	     char *why)
{
	struct pin *pin = pin_find(pins, table, peer);
	const int **more;
	size_t i = 0;

	if (!pin)
		pin = pin_make(pins, table, peer);
	while (pin && i < pin->count && pin->holders[i] != ifindex)
		i++;
	more = pin ? reallocarray(pin->holders, pin->count + 1, sizeof(*more)) : NULL;
	if (!more) {
		if (pin && !pin->count)
			pin_remove(pins, pin);
		snprintf(why, NLTALK_WHY_MAX, "no memory");
		return -ENOMEM;
	}
	pin->holders = more;
	pin->holders[i] = ifindex;
	pin->count += i == pin->count;
	return pin_lay(pins, pin, why);
}

void pin_drop(struct pins *pins, uint32_t table, const struct addr *peer, const int *ifindex)
{
	struct pin *pin = pin_find(pins, table, peer);

	for (size_t i = 0; pin && i < pin->count; i++) {
		if (pin->holders[i] != ifindex)
			continue;
		pin->holders[i] = pin->holders[--pin->count];
		if (!pin->count)
			pin_remove(pins, pin);
		return;
	}
}

bool pin_has(const struct pins *pins, const struct route *route)
{
	const struct pin *pin = pin_find(pins, route->table, &route->dst.addr);

	return pin && pin->route.usable && prefix_equal(&pin->route.dst, &route->dst) &&
	       pin->route.ifindex == route->ifindex;
}

void pin_mend(struct pins *pins)
{
	char why[NLTALK_WHY_MAX];

	for (struct pin *pin = pins->first; pin; pin = pin->next) {
		if (pin_lay(pins, pin, why))
			log_debug("%s", why);
	}
}
