// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/device.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/host/aside.h"
#include "esplaned/host/block.h"
#include "esplaned/host/carry.h"
#include "esplaned/host/wanted.h"
#include "esplaned/nl/link.h"
#include "lib/log.h"

#define DEVICE_DNS	53

struct devices {
	struct nl_sock *sk;
	struct blocks *blocks;
	struct aside *aside;
	struct device *first;
	unsigned int wide;		/* picks that are blocked with more than they are */
	struct addr servers[ASIDE_SERVERS_MAX];	/* that are being asked */
	unsigned int server_count;
	bool settled;
};

struct device {
	struct device *next;
	struct devices *all;
	const struct tunnel_options *opt;
	struct carry carry;
	struct wanted wanted;
	bool aside;			/* its routes are in the table of host/aside.h */
	bool marked;			/* its own packets go past those that are picked */
	struct device *moved;		/* the next of those that have just gone aside */
};

struct devices *devices_new(void)
{
	struct devices *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->sk = nltalk_open(NETLINK_ROUTE);
	if (all->sk) {
		all->blocks = block_new(all->sk);
		all->aside = aside_new(all->sk);
	}
	if (all->blocks && all->aside)
		return all;
	devices_free(all);
	return NULL;
}

uint32_t devices_port(const struct devices *all)
{
	return nl_socket_get_local_port(all->sk);
}

void devices_free(struct devices *all)
{
	if (!all)
		return;
	block_free(all->blocks);
	aside_free(all->aside);
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

/* A table of the administrator's, who has rules for it. */
static bool device_has_table(const struct device *dev)
{
	return dev->opt->table && dev->opt->table != ROUTE_TABLE;
}

static uint32_t device_table(const struct device *dev)
{
	if (device_has_table(dev))
		return dev->opt->table;
	return dev->aside ? ASIDE_TABLE : ROUTE_TABLE;
}

static uint32_t device_block_table(const struct device *dev, const struct prefix *dst)
{
	return dev->aside ? aside_block_table(dst) : device_table(dev);
}

static bool device_blocks(const struct device *dev)
{
	return dev->opt->when_down == WHEN_DOWN_BLOCK && !dev->opt->no_routes;
}

static bool device_block_wide(struct devices *all, const struct prefix *dst, char *why)
{
	if (!aside_hold(all->aside, 0, dst, 1, why) &&
	    !block_hold(all->blocks, aside_block_table(dst), dst, why)) {
		all->wide++;
		return true;
	}
	aside_drop(all->aside, 0, dst, 1);
	return false;
}

static void device_unblock_wide(struct devices *all, const struct prefix *dst)
{
	block_drop(all->blocks, aside_block_table(dst), dst);
	aside_drop(all->aside, 0, dst, 1);
	all->wide--;
}

/* Or less wide than it is. @why also where it is blocked, and more with it. */
static void device_block_picked(struct devices *all, struct wanted_pick *picked, char *why)
{
	const struct pick_route *to = &picked->to;
	bool wide = picked->blocked && picked->wide;
	int rc = aside_pick(all->aside, to, why);

	if (!rc) {
		rc = block_hold(all->blocks, aside_pick_table(all->aside, to), &to->dst, why);
		if (rc)
			aside_unpick(all->aside, to);
	}
	if (!rc && wide)
		device_unblock_wide(all, &to->dst);
	if (wide && rc)
		return;
	picked->blocked = !rc;
	picked->wide = rc == -ENOSPC;
	if (picked->wide) {
		char reason[NLTALK_WHY_MAX];

		picked->blocked = device_block_wide(all, &to->dst, reason);
	}
}

static void device_unblock_picked(struct devices *all, const struct wanted_pick *picked)
{
	const struct pick_route *to = &picked->to;

	if (picked->wide) {
		device_unblock_wide(all, &to->dst);
		return;
	}
	block_drop(all->blocks, aside_pick_table(all->aside, to), &to->dst);
	aside_unpick(all->aside, to);
}

/* Lays what is not there yet. @why: left alone, or what is in the way of the first. */
static void device_block(struct device *dev, char why[IKE_WHY_MAX])
{
	char reason[NLTALK_WHY_MAX];

	for (size_t i = 0; device_blocks(dev) && i < dev->wanted.count; i++) {
		const struct prefix *dst = &dev->wanted.list[i];

		if (dev->wanted.blocked[i])
			continue;
		dev->wanted.blocked[i] = !block_hold(dev->all->blocks,
						     device_block_table(dev, dst), dst, reason);
		if (!dev->wanted.blocked[i] && !why[0])
			snprintf(why, IKE_WHY_MAX, "%s", reason);
	}
	for (size_t i = 0; device_blocks(dev) && i < dev->wanted.picked_count; i++) {
		struct wanted_pick *picked = &dev->wanted.picked[i];

		if (picked->covered || (picked->blocked && !picked->wide))
			continue;
		device_block_picked(dev->all, picked, reason);
		if ((!picked->blocked || picked->wide) && !why[0])
			snprintf(why, IKE_WHY_MAX, "%s", reason);
	}
}

/* A rule may have become free for what is blocked with more. */
static void devices_narrow(struct devices *all)
{
	char why[IKE_WHY_MAX] = "";

	for (struct device *dev = all->wide ? all->first : NULL; dev; dev = dev->next)
		device_block(dev, why);
}

int device_ifindex(const struct device *dev)
{
	return dev->carry.laid.ifindex;
}

/* Its routes go where packets to its peers do not look, those that block too, and stay there. */
static int device_go_aside(struct device *dev, char why[IKE_WHY_MAX])
{
	int rc;

	if (dev->aside || dev->opt->no_routes || device_has_table(dev))
		return 0;
	rc = aside_hold(dev->all->aside, dev->opt->ike.mark, dev->wanted.list, dev->wanted.count,
			why);
	dev->aside = true;
	for (size_t i = 0; i < dev->wanted.count; i++) {
		const struct prefix *dst = &dev->wanted.list[i];
		char reason[NLTALK_WHY_MAX];

		if (!dev->wanted.blocked[i])
			continue;
		dev->wanted.blocked[i] = !block_hold(dev->all->blocks, aside_block_table(dst), dst,
						     reason);
		block_drop(dev->all->blocks, ROUTE_TABLE, dst);
	}
	laid_move(&dev->carry.laid, ASIDE_TABLE);
	return rc;
}

/* Can what it has in the main table go aside? */
static bool device_can_move(const struct device *dev)
{
	return !dev->aside && !dev->opt->no_routes && !device_has_table(dev);
}

/* As configured, and as agreed, which may be longer prefixes. */
static bool device_hides(const struct device *dev, const struct device *other)
{
	const struct laid *laid = &other->carry.laid;

	if (wanted_hides(&dev->wanted, &other->wanted, other->aside))
		return true;
	for (unsigned int i = 0; other->aside && i < laid->route_count; i++) {
		const struct pick_route *to = &laid->routes[i].to;

		if (!to->pick.proto && wanted_covers(&dev->wanted, &to->dst))
			return true;
	}
	return false;
}

/*
 * Would @dev, with what it has in the main table, block what @other leads to, or be blocked by it?
 * What blocks aside goes before the main table's routes to the same prefix.
 */
static bool device_is_in_way(const struct device *dev, const struct device *other)
{
	return (device_blocks(dev) && device_hides(dev, other)) ||
	       (other->aside && device_blocks(other) &&
		wanted_shares(&dev->wanted, &other->wanted));
}

/* What is in @other's way goes aside, and takes with it what is in its own. */
static void device_clear_way(struct device *other, char why[IKE_WHY_MAX])
{
	struct device *next = NULL;

	for (; other; other = next) {
		next = other->moved;
		other->moved = NULL;
		if (!other->aside && !other->wanted.picked_count)
			continue;
		for (struct device *dev = other->all->first; dev; dev = dev->next) {
			if (!device_can_move(dev) || !device_is_in_way(dev, other))
				continue;
			device_go_aside(dev, why);
			dev->moved = next;
			next = dev;
		}
	}
}

/* It is new, or has other children, or has gone aside. */
static void device_make_way(struct device *dev, char why[IKE_WHY_MAX])
{
	const struct device *other = dev->all->first;

	for (; other && device_can_move(dev); other = other->next) {
		if (device_is_in_way(dev, other))
			device_go_aside(dev, why);
	}
	device_clear_way(dev, why);
}

/* Who blocks @dst with more in the main table goes aside. */
static void device_uncover(struct devices *all, const struct prefix *dst)
{
	char why[IKE_WHY_MAX];

	for (struct device *dev = all->first; dev; dev = dev->next) {
		if (!device_can_move(dev) || !device_blocks(dev) ||
		    !wanted_covers(&dev->wanted, dst))
			continue;
		device_go_aside(dev, why);
		device_clear_way(dev, why);
	}
}

/* Agreed selectors that are less than the configured ones may be in a shorter block of another. */
static void device_clear_agreed(struct device *dev, const struct ike_child_link *link)
{
	struct prefix list[PREFIXES_MAX];

	if (!dev->aside || ts_list_equal(link->remote_ts, link->conf->remote_ts))
		return;
	for (unsigned int i = 0; i < ts_list_count(link->remote_ts); i++) {
		unsigned int count = prefix_list(&link->remote_ts->ts[i], list);

		while (count--)
			device_uncover(dev->all, &list[count]);
	}
}

/* Is there a way to the peer that is not the tunnel itself? */
static int device_way(struct device *dev, const struct addr *remote, char why[IKE_WHY_MAX])
{
	char reason[NLTALK_WHY_MAX], text[ADDR_STRLEN];
	const struct pick any = { 0 };
	bool aside = dev->aside;
	struct route route;
	int rc;

	if (!wanted_has(&dev->wanted, remote) || dev->opt->no_routes)
		return 0;
	rc = device_go_aside(dev, why);
	if (!aside)
		device_make_way(dev, why);
	if (rc)
		return rc;
	if (!route_get(dev->all->sk, remote, dev->opt->ike.mark, &any, &route, reason) &&
	    (!dev->carry.laid.ifindex || route.ifindex != dev->carry.laid.ifindex))
		return 0;
	snprintf(why, IKE_WHY_MAX, "no route leads to %s beside the tunnel",
		 addr_str(remote, text));
	return -ENETUNREACH;
}

/* The rules that pick do not know the tunnel's own packets. */
static void device_mark(struct device *dev, char why[IKE_WHY_MAX])
{
	dev->marked = dev->wanted.picked_count && !dev->opt->no_routes;
	if (dev->marked)
		aside_hold(dev->all->aside, dev->opt->ike.mark, NULL, 0, why);
	device_make_way(dev, why);
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
	carry_init(&dev->carry, all->sk, all->aside, all->blocks, opt);
	dev->next = all->first;
	all->first = dev;
	if (!wanted_fill(&dev->wanted, dev->opt)) {
		device_free(dev);
		return NULL;
	}
	if (opt->no_routes)
		return dev;
	block_raise(all->blocks, opt->metric);
	if (wanted_leads_everywhere(&dev->wanted) || wanted_has(&dev->wanted, &opt->ike.remote))
		device_go_aside(dev, why);
	device_mark(dev, why);
	device_block(dev, why);
	if (!why[0])
		laid_in_way(&dev->carry.laid, dev->wanted.list, dev->wanted.count, why);
	return dev;
}

/* What @dev has held, as it was; not @dev itself. */
static void device_let_go(struct device *dev)
{
	for (size_t i = 0; dev->wanted.blocked && i < dev->wanted.count; i++) {
		const struct prefix *dst = &dev->wanted.list[i];

		if (dev->wanted.blocked[i])
			block_drop(dev->all->blocks, device_block_table(dev, dst), dst);
	}
	for (size_t i = 0; i < dev->wanted.picked_count; i++) {
		if (dev->wanted.picked[i].blocked)
			device_unblock_picked(dev->all, &dev->wanted.picked[i]);
	}
	if (dev->aside)
		aside_drop(dev->all->aside, dev->opt->ike.mark, dev->wanted.list,
			   dev->wanted.count);
	if (dev->marked)
		aside_drop(dev->all->aside, dev->opt->ike.mark, NULL, 0);
	wanted_clear(&dev->wanted);
}

/* Do its routes lead to its own peers, the configured one or any of @peers? */
static bool device_is_beside(const struct device *dev, const struct addr *peers, unsigned int count)
{
	bool beside = wanted_leads_everywhere(&dev->wanted) ||
		      wanted_has(&dev->wanted, &dev->opt->ike.remote);

	for (unsigned int i = 0; i < count && !beside; i++)
		beside = wanted_has(&dev->wanted, &peers[i]);
	return beside;
}

bool device_changed(struct device *dev, const struct addr *peers, unsigned int count,
		    char why[IKE_WHY_MAX])
{
	struct device was = *dev;

	why[0] = '\0';
	if (!wanted_fill(&dev->wanted, dev->opt)) {
		dev->wanted = was.wanted;
		return false;
	}
	if (dev->aside)
		aside_hold(dev->all->aside, dev->opt->ike.mark, dev->wanted.list, dev->wanted.count,
			   why);
	else if (device_is_beside(dev, peers, count))
		device_go_aside(dev, why);
	device_mark(dev, why);
	device_block(dev, why);
	device_let_go(&was);
	devices_narrow(dev->all);
	return true;
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
	if (!rc && !dev->carry.children && !dev->opt->no_routes &&
	    laid_in_way(&dev->carry.laid, dev->wanted.list, dev->wanted.count, why))
		rc = -EEXIST;
	return rc ? rc : device_way(dev, remote, why);
}

/* Does a tunnel that is up get this host's questions to @server? */
static bool devices_lead_question(const struct devices *all, const struct addr *server)
{
	static const struct pick question = {
		.proto = IPPROTO_UDP, .dport = { DEVICE_DNS, DEVICE_DNS },
	};
	const struct device *dev = all->first;
	char why[NLTALK_WHY_MAX];
	struct route route;

	if (route_get(all->sk, server, 0, &question, &route, why))
		return false;
	while (dev && !(carry_is_up(&dev->carry) && dev->carry.laid.ifindex == route.ifindex))
		dev = dev->next;
	return dev;
}

static void devices_choose_servers(struct devices *all)
{
	struct addr beside[ASIDE_SERVERS_MAX];
	unsigned int kept = 0;

	aside_serve(all->aside, NULL, 0);
	for (unsigned int i = 0; i < all->server_count; i++) {
		if (!devices_lead_question(all, &all->servers[i]))
			beside[kept++] = all->servers[i];
	}
	aside_serve(all->aside, beside, kept);
}

void devices_reach(struct devices *all, const struct addr *servers, unsigned int count)
{
	all->server_count = count < ASIDE_SERVERS_MAX ? count : ASIDE_SERVERS_MAX;
	if (count)
		memcpy(all->servers, servers, all->server_count * sizeof(*servers));
	devices_choose_servers(all);
}

/* What @dev leads to is other than it was: does it have the questions that are being asked? */
static void device_reach_again(const struct device *dev)
{
	struct devices *all = dev->all;

	for (unsigned int i = 0; i < all->server_count; i++) {
		if (wanted_concerns(&dev->wanted, &all->servers[i])) {
			devices_choose_servers(all);
			return;
		}
	}
}

int device_child_up(struct device *dev, const struct ike_child_link *link, char note[IKE_WHY_MAX],
		    char why[IKE_WHY_MAX])
{
	int rc;

	note[0] = '\0';
	why[0] = '\0';
	if (!dev->carry.laid.ifindex) {
		snprintf(why, IKE_WHY_MAX, "the interface is gone");
		return -ENODEV;
	}
	/* A way that is missing just now comes back. */
	if (device_way(dev, &link->remote.addr, why))
		log_debug("%s: %s", dev->opt->ike.name, why);
	rc = carry_add(&dev->carry, link, note, why);
	if (rc)
		return rc;
	device_clear_agreed(dev, link);
	device_reach_again(dev);
	return 0;
}

void device_child_down(struct device *dev, const struct ike_child_link *link)
{
	carry_del(&dev->carry, link->child);
	devices_narrow(dev->all);
	device_reach_again(dev);
}

struct addr device_source(const struct device *dev, uint32_t child)
{
	return carry_source(&dev->carry, child);
}

void device_gone(struct device *dev)
{
	carry_forget(&dev->carry);
	device_reach_again(dev);
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
}

void device_free(struct device *dev)
{
	struct device **at;

	if (!dev)
		return;
	device_down(dev);
	device_let_go(dev);
	for (at = &dev->all->first; *at != dev; at = &(*at)->next)
		;
	*at = dev->next;
	devices_narrow(dev->all);
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
	aside_mend(all->aside);
}

void devices_keep_blocks(struct devices *all)
{
	block_keep(all->blocks);
	aside_keep(all->aside);
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
	aside_leftover_del(all->aside);
	devices_leftover_del(all);
}
