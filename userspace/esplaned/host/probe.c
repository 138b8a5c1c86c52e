// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/probe.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/prefix.h"

struct probe {
	struct nl_sock *sk;
};

struct probe *probe_new(void)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->sk = nltalk_open(NETLINK_ROUTE);
	if (p->sk)
		return p;
	free(p);
	return NULL;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	nl_socket_free(p->sk);
	free(p);
}

bool probe_link(struct probe *p, int ifindex, struct link_state *state)
{
	char why[NLTALK_WHY_MAX];

	return ifindex && !link_get(p->sk, ifindex, state, why);
}

bool probe_can_ask(const struct pick *as)
{
	return !as->rest && (!as->proto || as->proto == IPPROTO_TCP || as->proto == IPPROTO_UDP ||
			     as->proto == IPPROTO_ICMP || as->proto == IPPROTO_ICMPV6);
}

void probe_way(struct probe *p, const struct addr *to, uint32_t mark, const struct pick *as,
	       struct probe_way *way)
{
	char why[NLTALK_WHY_MAX];
	struct route route;

	memset(way, 0, sizeof(*way));
	way->there = !route_get(p->sk, to, mark, as, &route, why);
	way->unreachable = route.unreachable;
	way->ifindex = route.ifindex;
	way->source = route.source;
	if (way->there)
		probe_link(p, route.ifindex, &way->link);
}

struct probe_search {
	const struct ts_list *list;
	bool picked;
	int ifindex;
	struct route *found;
	unsigned int count;
};

/*
 * Is all that it leads to within one of the selectors? One to more is a tunnel's neighbour, and one
 * to as much loses to the rule for a protocol.
 */
static bool probe_is_part(const struct probe_search *search, const struct prefix *dst)
{
	const struct ts_list *list = search->list;
	struct prefix parts[PREFIXES_MAX];
	unsigned int count;

	for (unsigned int i = 0; i < list->count; i++) {
		count = prefix_list(&list->ts[i], parts);
		for (unsigned int j = 0; j < count; j++)
			if (prefix_within(dst, &parts[j]) &&
			    (!search->picked || !list->ts[i].proto || dst->bits > parts[j].bits))
				return true;
	}
	return false;
}

static void probe_on_route(void *ctx, const struct route *route)
{
	struct probe_search *search = ctx;

	if (search->count == PROBE_ELSEWHERE_MAX || !route->usable ||
	    route->ifindex == search->ifindex || !probe_is_part(search, &route->dst))
		return;
	for (unsigned int i = 0; i < search->count; i++)
		if (prefix_equal(&search->found[i].dst, &route->dst))
			return;
	search->found[search->count++] = *route;
}

unsigned int probe_elsewhere(struct probe *p, const struct ts_list *list, bool picked,
			     uint32_t table, int ifindex, struct route found[PROBE_ELSEWHERE_MAX])
{
	struct probe_search search = {
		.list = list, .picked = picked, .ifindex = ifindex, .found = found,
	};
	char why[NLTALK_WHY_MAX];

	route_dump(p->sk, 0, table, probe_on_route, &search, why);
	return search.count;
}

/* A number of one line; @other where there is no such file. */
static unsigned int probe_number(const char *path, unsigned int other)
{
	FILE *f = fopen(path, "re");
	unsigned int number;

	if (!f)
		return other;
	if (fscanf(f, "%u", &number) != 1)
		number = other;
	fclose(f);
	return number;
}

bool probe_forwards(uint8_t family)
{
	return probe_number(family == AF_INET6 ? "/proc/sys/net/ipv6/conf/all/forwarding" :
						 "/proc/sys/net/ipv4/ip_forward", 1);
}

/* Documentation/networking/ip-sysctl of the kernel: the greater of the two holds. */
unsigned int probe_rp_filter(const char *interface)
{
	char path[64 + IFNAMSIZ];
	unsigned int all, own;

	all = probe_number("/proc/sys/net/ipv4/conf/all/rp_filter", 0);
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", interface);
	own = probe_number(path, 0);
	return all > own ? all : own;
}
