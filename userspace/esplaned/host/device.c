// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/device.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/host/device_type.h"
#include "esplaned/host/way.h"
#include "esplaned/nl/link.h"
#include "lib/log.h"

#define DEVICE_DNS	53

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
	wants_clear(&all->wants);
	foreign_forget(&all->foreign);
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

static uint32_t device_block_table(const struct device *dev, const struct prefix *dst)
{
	return dev->aside ? aside_block_table(dst) : device_table(dev);
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

struct device_search {
	const struct device *dev;
	const struct device *found;
};

/* One that has a route to it, where @dev would lay its own. */
static bool device_on_equal(void *ctx, const struct want *want)
{
	struct device_search *search = ctx;
	const struct device *dev = search->dev, *other = want->dev;
	const struct pick_route to = { .dst = want->dst };

	if (other == dev || want->picked || device_table(other) != device_table(dev) ||
	    other->opt->metric != dev->opt->metric || !laid_route_refs(&other->carry.laid, &to))
		return false;
	search->found = other;
	return true;
}

/* Is another's route in the way of one of its own? @why says whose, or is empty. */
static bool device_is_hindered(const struct device *dev, char *why)
{
	struct devices *all = dev->all;

	why[0] = '\0';
	for (size_t i = 0; i < dev->wanted.count; i++) {
		struct device_search search = { .dev = dev };
		struct route route = {
			.dst = dev->wanted.list[i], .table = device_table(dev),
			.metric = route_metric(dev->wanted.list[i].addr.family, dev->opt->metric),
		};
		const struct route *theirs = foreign_find(&all->foreign, all->sk, &all->wants,
							  &route);

		if (!theirs && dev->carry.laid.ifindex &&
		    wants_equal(&all->wants, &route.dst, device_on_equal, &search)) {
			route.ifindex = device_ifindex(search.found);
			route.protocol = ROUTE_PROTOCOL;
			theirs = &route;
		}
		if (theirs) {
			laid_say_whose(all->sk, theirs, why);
			return true;
		}
	}
	return false;
}

void devices_look(struct devices *all)
{
	char why[IKE_WHY_MAX];

	for (struct device *dev = all->first; dev; dev = dev->next) {
		if (dev->fresh && !dev->opt->no_routes && device_is_hindered(dev, why))
			log_err("tunnel %s: %s", dev->opt->ike.name, why);
		dev->fresh = false;
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
	rc = way_aside(dev, why);
	if (!aside)
		way_make(dev, why);
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
	way_make(dev, why);
}

/*
 * What it wants, and all know of it; @again: in place of what it has wanted. False: no memory, and
 * they know what they knew.
 */
static bool device_fill(struct device *dev, bool again)
{
	struct wants *wants = &dev->all->wants;

	if (!wanted_fill(&dev->wanted, dev->opt))
		return false;
	if (dev->opt->no_routes) {
		wants_del(wants, dev);
	} else if (again ? !wants_change(wants, dev, &dev->wanted) :
			   !wants_add(wants, dev, &dev->wanted)) {
		wanted_clear(&dev->wanted);
		return false;
	}
	foreign_forget(&dev->all->foreign);
	return true;
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
	if (!device_fill(dev, false)) {
		device_free(dev);
		return NULL;
	}
	if (opt->no_routes)
		return dev;
	block_raise(all->blocks, opt->metric);
	if (wanted_leads_everywhere(&dev->wanted) || wanted_has(&dev->wanted, &opt->ike.remote))
		way_aside(dev, why);
	device_mark(dev, why);
	device_block(dev, why);
	dev->fresh = !why[0];
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
	if (!device_fill(dev, true)) {
		dev->wanted = was.wanted;
		return false;
	}
	if (dev->aside)
		aside_hold(dev->all->aside, dev->opt->ike.mark, dev->wanted.list, dev->wanted.count,
			   why);
	else if (device_is_beside(dev, peers, count))
		way_aside(dev, why);
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
	    device_is_hindered(dev, why))
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
	way_make_agreed(dev, link);
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
	wants_del(&dev->all->wants, dev);
	for (at = &dev->all->first; *at != dev; at = &(*at)->next)
		;
	*at = dev->next;
	devices_narrow(dev->all);
	free(dev);
}

void devices_mend(struct devices *all)
{
	foreign_forget(&all->foreign);
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
	devices_look(all);
}
