// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/host/answer.h"
#include "esplaned/host/block.h"
#include "esplaned/host/carry.h"
#include "esplaned/host/pin.h"
#include "esplaned/nl/link.h"
#include "lib/log.h"

/*
 * So many addresses of peers that carry no child stay pinned: of attempts that are under way. With
 * remote = any many may come at once.
 */
#define DEVICE_PINS_IDLE	4u
#define DEVICE_PINS_IDLE_ANY	64u

#define DEVICE_SERVERS_MAX	8u

struct devices {
	struct nl_sock *sk;
	struct blocks *blocks;
	struct pins *pins;
	struct answer *answer;
	struct device *first;
	bool settled;
	struct addr servers[DEVICE_SERVERS_MAX];	/* that are reached beside tunnels */
	unsigned int server_count;
};

/* An address that is pinned. */
struct device_peer {
	struct addr addr;
	unsigned int children;		/* that use it */
	bool fixed;			/* configured: who blocks must be able to answer it */
};

struct device {
	struct device *next;
	struct devices *all;
	const struct tunnel_options *opt;
	struct carry carry;
	struct prefix *wanted;		/* what remote-ts covers, none within another */
	bool *blocked;			/* of each: held */
	size_t wanted_count;
	bool answers;			/* it holds the way for answers to unknown peers */
	struct device_peer *peers;	/* the one used last at the end */
	size_t peer_count;
};

struct devices *devices_new(void)
{
	struct devices *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->sk = nltalk_open(NETLINK_ROUTE);
	if (all->sk) {
		all->blocks = block_new(all->sk);
		all->pins = pin_new(all->sk);
		all->answer = answer_new(all->sk);
	}
	if (all->blocks && all->pins && all->answer)
		return all;
	devices_free(all);
	return NULL;
}

void devices_free(struct devices *all)
{
	if (!all)
		return;
	block_free(all->blocks);
	pin_free(all->pins);
	answer_free(all->answer);
	if (all->sk)
		nl_socket_free(all->sk);
	free(all);
}

bool devices_have(const struct devices *all, const char *interface)
{
	for (const struct device *dev = all->first; dev; dev = dev->next) {
		if (dev->carry.laid.ifindex && !strcmp(dev->opt->interface, interface))
			return true;
	}
	return false;
}

/* The table of the routes. */
static uint32_t device_table(const struct tunnel_options *opt)
{
	return opt->table ? opt->table : ROUTE_TABLE;
}

static int device_compare(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;
	int rc = (int)a->addr.family - (int)b->addr.family;

	if (!rc)
		rc = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));
	return rc ? rc : (int)a->bits - (int)b->bits;
}

/* The prefixes of all remote-ts, those within another left out. False: no memory. */
static bool device_set_wanted(struct device *dev)
{
	const struct tunnel_conf *conf = &dev->opt->ike;
	struct prefix list[PREFIXES_MAX], *more;
	size_t kept = 0;

	for (unsigned int c = 0; c < conf->child_count; c++) {
		const struct ts_list *ts = conf->child[c].remote_ts;

		for (unsigned int i = 0; i < ts_list_count(ts); i++) {
			unsigned int n = prefix_list(&ts->ts[i], list);

			more = reallocarray(dev->wanted, dev->wanted_count + n, sizeof(*more));
			if (!more)
				return false;
			dev->wanted = more;
			memcpy(more + dev->wanted_count, list, n * sizeof(*list));
			dev->wanted_count += n;
		}
	}
	if (!dev->wanted_count)
		return true;
	qsort(dev->wanted, dev->wanted_count, sizeof(*dev->wanted), device_compare);
	for (size_t i = 0; i < dev->wanted_count; i++) {
		if (!kept || !prefix_within(&dev->wanted[i], &dev->wanted[kept - 1]))
			dev->wanted[kept++] = dev->wanted[i];
	}
	dev->wanted_count = kept;
	dev->blocked = calloc(kept, sizeof(*dev->blocked));
	return dev->blocked;
}

static bool device_blocks(const struct device *dev)
{
	return dev->opt->when_down == WHEN_DOWN_BLOCK && !dev->opt->no_routes;
}

/* Lays what is not there yet. @why: left alone, or what is in the way of the first. */
static void device_block(struct device *dev, char why[IKE_WHY_MAX])
{
	uint32_t table = device_table(dev->opt);
	char reason[NLTALK_WHY_MAX];

	for (size_t i = 0; device_blocks(dev) && i < dev->wanted_count; i++) {
		if (dev->blocked[i])
			continue;
		dev->blocked[i] = !block_hold(dev->all->blocks, table, &dev->wanted[i], reason);
		if (!dev->blocked[i] && !why[0])
			snprintf(why, IKE_WHY_MAX, "%s", reason);
	}
}

int device_ifindex(const struct device *dev)
{
	return dev->carry.laid.ifindex;
}

static struct device_peer *device_peer(struct device *dev, const struct addr *addr)
{
	for (size_t i = 0; i < dev->peer_count; i++) {
		if (addr_equal(&dev->peers[i].addr, addr))
			return &dev->peers[i];
	}
	return NULL;
}

static void device_unpin(struct device *dev, struct device_peer *peer)
{
	size_t behind = dev->peer_count - (size_t)(peer - dev->peers) - 1;

	pin_drop(dev->all->pins, device_table(dev->opt), &peer->addr, &dev->carry.laid.ifindex);
	memmove(peer, peer + 1, behind * sizeof(*peer));
	dev->peer_count--;
}

/* The addresses of attempts that ended stay pinned only until others come. */
static void device_unpin_idle(struct device *dev)
{
	unsigned int most = dev->opt->ike.any ? DEVICE_PINS_IDLE_ANY : DEVICE_PINS_IDLE, idle = 0;

	for (size_t i = dev->peer_count; i-- > 0;) {
		if (!dev->peers[i].children && !dev->peers[i].fixed && ++idle > most)
			device_unpin(dev, &dev->peers[i]);
	}
}

/* Would a route of ours catch what is sent to @addr? */
static bool device_swallows(const struct device *dev, const struct addr *addr)
{
	for (size_t i = 0; !dev->opt->no_routes && i < dev->wanted_count; i++) {
		if (prefix_contains(&dev->wanted[i], addr))
			return true;
	}
	return false;
}

static int device_pin(struct device *dev, const struct addr *addr, char why[IKE_WHY_MAX])
{
	struct device_peer *peer = device_peer(dev, addr), *more, used = { .addr = *addr };

	if (!device_swallows(dev, addr))
		return 0;
	if (peer) {
		used = *peer;
		memmove(peer, peer + 1,
			(dev->peer_count - (size_t)(peer - dev->peers) - 1) * sizeof(*peer));
		dev->peers[dev->peer_count - 1] = used;
	} else {
		more = reallocarray(dev->peers, dev->peer_count + 1, sizeof(*more));
		if (!more) {
			snprintf(why, IKE_WHY_MAX, "no memory");
			return -ENOMEM;
		}
		dev->peers = more;
		dev->peers[dev->peer_count++] = used;
		device_unpin_idle(dev);
	}
	return pin_hold(dev->all->pins, device_table(dev->opt), addr, &dev->carry.laid.ifindex,
			why);
}

/* A peer that begins is answered before the engine has an attempt of it. */
static void device_fix(struct device *dev)
{
	const struct addr *remote = &dev->opt->ike.remote;
	struct device_peer *peer;
	char why[IKE_WHY_MAX];

	if (!device_blocks(dev) || !remote->family)
		return;
	/* A way that is missing just now comes back (devices_mend). */
	if (device_pin(dev, remote, why))
		log_debug("%s: %s", dev->opt->ike.name, why);
	peer = device_peer(dev, remote);
	if (peer)
		peer->fixed = true;
}

/* The whole of a family, or a half, of IPv4: IKE speaks that. */
static bool device_leads_everywhere(const struct device *dev)
{
	for (size_t i = 0; i < dev->wanted_count; i++) {
		if (dev->wanted[i].addr.family == AF_INET && dev->wanted[i].bits <= 1)
			return true;
	}
	return false;
}

/* Who begins, from an address that nobody knows, is answered too. */
static void device_answer(struct device *dev, char why[IKE_WHY_MAX])
{
	const struct tunnel_conf *conf = &dev->opt->ike;

	if (!device_blocks(dev) || (!conf->any && !conf->remote_name[0]) ||
	    !device_leads_everywhere(dev))
		return;
	dev->answers = true;
	answer_hold(dev->all->answer, why);
}

struct device *device_new(struct devices *all, const struct tunnel_options *opt,
			  char why[IKE_WHY_MAX])
{
	struct device *dev = calloc(1, sizeof(*dev));

	why[0] = '\0';
	if (!dev)
		return NULL;
	dev->all = all;
	dev->opt = opt;
	carry_init(&dev->carry, all->sk, opt);
	dev->next = all->first;
	all->first = dev;
	if (!device_set_wanted(dev)) {
		device_free(dev);
		return NULL;
	}
	if (opt->no_routes)
		return dev;
	block_raise(all->blocks, opt->metric);
	device_block(dev, why);
	device_fix(dev);
	device_answer(dev, why);
	if (!why[0])
		laid_in_way(&dev->carry.laid, dev->wanted, dev->wanted_count, why);
	return dev;
}

static int device_make(struct device *dev, char why[IKE_WHY_MAX])
{
	const struct tunnel_options *opt = dev->opt;

	if (dev->carry.laid.ifindex)
		return 0;
	return link_add(dev->all->sk, opt->interface, opt->ike.name, opt->mtu,
			&dev->carry.laid.ifindex, why);
}

int device_up(struct device *dev, const struct addr *remote, char why[IKE_WHY_MAX])
{
	int rc;

	why[0] = '\0';
	rc = device_make(dev, why);
	/* Said before the peer is bothered. */
	if (!rc && !dev->carry.first && !dev->opt->no_routes &&
	    laid_in_way(&dev->carry.laid, dev->wanted, dev->wanted_count, why))
		rc = -EEXIST;
	return rc ? rc : device_pin(dev, remote, why);
}

int device_child_up(struct device *dev, const struct ike_child_link *link, char note[IKE_WHY_MAX],
		    char why[IKE_WHY_MAX])
{
	const struct addr *old = carry_remote(&dev->carry, link->child);
	struct addr before = old ? *old : (struct addr){ 0 };
	struct device_peer *peer;
	int rc;

	note[0] = '\0';
	why[0] = '\0';
	if (!dev->carry.laid.ifindex) {
		snprintf(why, IKE_WHY_MAX, "the interface is gone");
		return -ENODEV;
	}
	/* A way that is missing just now comes back (devices_mend). */
	if (device_pin(dev, &link->remote.addr, why))
		log_debug("%s: %s", dev->opt->ike.name, why);
	rc = carry_add(&dev->carry, link, note, why);
	if (rc)
		return rc;
	peer = device_peer(dev, &link->remote.addr);
	if (peer)
		peer->children++;
	peer = device_peer(dev, &before);
	if (peer)
		peer->children--;
	device_unpin_idle(dev);
	return 0;
}

void device_child_down(struct device *dev, const struct ike_child_link *link)
{
	const struct addr *remote = carry_remote(&dev->carry, link->child);
	struct device_peer *peer = remote ? device_peer(dev, remote) : NULL;

	if (peer)
		peer->children--;
	carry_del(&dev->carry, link->child);
	device_unpin_idle(dev);
}

struct addr device_source(const struct device *dev, uint32_t child)
{
	return carry_source(&dev->carry, child);
}

void device_gone(struct device *dev)
{
	carry_forget(&dev->carry);
	for (size_t i = 0; i < dev->peer_count; i++)
		dev->peers[i].children = 0;
	device_unpin_idle(dev);
}

void device_down(struct device *dev)
{
	int ifindex = dev->carry.laid.ifindex, rc;
	char why[NLTALK_WHY_MAX];

	device_gone(dev);	/* before the kernel tells us */
	rc = ifindex ? link_del(dev->all->sk, ifindex, why) : 0;
	if (rc && rc != -ENODEV)
		log_warn("%s: interface %s cannot be removed: %s", dev->opt->ike.name,
			 dev->opt->interface, why);
	for (size_t i = dev->peer_count; i-- > 0;) {
		if (!dev->peers[i].fixed)
			device_unpin(dev, &dev->peers[i]);
	}
}

/* Only what a route to everything swallows: a server inside a private network is to stay there. */
static bool device_is_whole_world(const struct device *dev, const struct addr *addr)
{
	for (size_t i = 0; !dev->opt->no_routes && i < dev->wanted_count; i++) {
		if (dev->wanted[i].bits <= 1 && prefix_contains(&dev->wanted[i], addr))
			return true;
	}
	return false;
}

/* Lays or removes the pins of all servers for @dev. A peer may be a server, too. */
static void device_reach(struct device *dev, bool on)
{
	struct devices *all = dev->all;
	char why[NLTALK_WHY_MAX];

	for (unsigned int i = 0; i < all->server_count; i++) {
		const struct addr *server = &all->servers[i];

		if (device_peer(dev, server))
			continue;
		if (!on)
			pin_drop(all->pins, device_table(dev->opt), server,
				 &dev->carry.laid.ifindex);
		else if (!dev->carry.first && device_is_whole_world(dev, server))
			pin_hold(all->pins, device_table(dev->opt), server,
				 &dev->carry.laid.ifindex, why);
	}
}

void devices_reach(struct devices *all, const struct addr *servers, unsigned int count)
{
	for (struct device *dev = all->first; dev; dev = dev->next)
		device_reach(dev, false);
	all->server_count = count < DEVICE_SERVERS_MAX ? count : DEVICE_SERVERS_MAX;
	if (count)
		memcpy(all->servers, servers, all->server_count * sizeof(*servers));
	for (struct device *dev = all->first; dev; dev = dev->next)
		device_reach(dev, true);
}

void device_free(struct device *dev)
{
	struct device **at;

	if (!dev)
		return;
	device_down(dev);
	device_reach(dev, false);
	if (dev->answers)
		answer_drop(dev->all->answer);
	while (dev->peer_count)
		device_unpin(dev, &dev->peers[dev->peer_count - 1]);
	free(dev->peers);
	for (size_t i = 0; dev->blocked && i < dev->wanted_count; i++) {
		if (dev->blocked[i])
			block_drop(dev->all->blocks, device_table(dev->opt), &dev->wanted[i]);
	}
	for (at = &dev->all->first; *at != dev; at = &(*at)->next)
		;
	*at = dev->next;
	free(dev->wanted);
	free(dev->blocked);
	free(dev);
}

void devices_mend(struct devices *all)
{
	block_mend(all->blocks);
	for (struct device *dev = all->first; dev; dev = dev->next) {
		char why[IKE_WHY_MAX] = "";

		device_block(dev, why);
		carry_mend(&dev->carry);
	}
	pin_mend(all->pins);
	answer_mend(all->answer);
}

void devices_keep_blocks(struct devices *all)
{
	block_keep(all->blocks);
}

struct leftover {
	struct devices *all;
	struct route *routes;
	size_t count;
	unsigned int links;
};

static bool device_has_link(const struct devices *all, int ifindex)
{
	const struct device *dev = all->first;

	while (dev && dev->carry.laid.ifindex != ifindex)
		dev = dev->next;
	return dev;
}

static void device_leftover_link(void *ctx, int ifindex, const char *tunnel)
{
	struct leftover *left = ctx;
	char why[NLTALK_WHY_MAX];

	if (!device_has_link(left->all, ifindex) && !link_del(left->all->sk, ifindex, why))
		left->links++;
}

/* Collected first: the kernel is being asked. */
static void device_leftover_route(void *ctx, const struct route *route)
{
	struct leftover *left = ctx;
	const struct devices *all = left->all;
	struct route *more;

	if (route->protocol != ROUTE_PROTOCOL || block_has(all->blocks, route) ||
	    pin_has(all->pins, route) || answer_has(all->answer, route) ||
	    (!all->settled && route->unreachable) ||
	    (!route->unreachable && device_has_link(all, route->ifindex)))
		return;
	more = reallocarray(left->routes, left->count + 1, sizeof(*more));
	if (!more)
		return;
	left->routes = more;
	left->routes[left->count++] = *route;
}

unsigned int devices_leftover_del(struct devices *all)
{
	struct leftover left = { .all = all };
	char why[NLTALK_WHY_MAX];

	link_dump(all->sk, device_leftover_link, &left, why);
	route_dump(all->sk, 0, 0, device_leftover_route, &left, why);
	for (size_t i = 0; i < left.count; i++)
		route_del(all->sk, &left.routes[i], why);
	free(left.routes);
	return left.links;
}

void devices_settled(struct devices *all)
{
	all->settled = true;
	answer_leftover_del(all->answer);
	devices_leftover_del(all);
}
