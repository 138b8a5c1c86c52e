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
#include "esplaned/nl/link.h"
#include "lib/log.h"

#define DEVICE_DNS	53

struct devices {
	struct nl_sock *sk;
	struct blocks *blocks;
	struct aside *aside;
	struct device *first;
	bool settled;
};

struct device_pick {
	struct pick_route to;
	bool covered;			/* it wants all to these addresses */
	bool blocked;			/* held */
};

struct device {
	struct device *next;
	struct devices *all;
	const struct tunnel_options *opt;
	struct carry carry;
	struct prefix *wanted;		/* what remote-ts covers, none within another */
	bool *blocked;			/* of each: held */
	size_t wanted_count;
	struct device_pick *picked;	/* and what it covers for some packets only */
	size_t picked_count;
	bool aside;			/* its routes are in the table of host/aside.h */
	bool marked;			/* its own packets go past those that are picked */
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

static int device_compare(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;
	int rc = (int)a->addr.family - (int)b->addr.family;

	if (!rc)
		rc = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));
	return rc ? rc : (int)a->bits - (int)b->bits;
}

static bool device_want(struct device *dev, const struct prefix *dst)
{
	struct prefix *more = reallocarray(dev->wanted, dev->wanted_count + 1, sizeof(*more));

	if (!more)
		return false;
	dev->wanted = more;
	more[dev->wanted_count++] = *dst;
	return true;
}

static bool device_want_picked(struct device *dev, const struct pick_route *to)
{
	struct device_pick *more;

	for (size_t i = 0; i < dev->picked_count; i++) {
		if (prefix_equal(&dev->picked[i].to.dst, &to->dst) &&
		    pick_equal(&dev->picked[i].to.pick, &to->pick))
			return true;
	}
	more = reallocarray(dev->picked, dev->picked_count + 1, sizeof(*more));
	if (!more)
		return false;
	dev->picked = more;
	more[dev->picked_count++] = (struct device_pick){ .to = *to };
	return true;
}

/* Those within another left out. False: no memory. */
static bool device_sort_wanted(struct device *dev)
{
	size_t kept = 0;

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

static void device_mark_covered(struct device *dev)
{
	for (size_t i = 0; i < dev->picked_count; i++) {
		for (size_t w = 0; w < dev->wanted_count; w++)
			dev->picked[i].covered |= prefix_equal(&dev->picked[i].to.dst,
							       &dev->wanted[w]);
	}
}

/* All of it, whatever the protocol, and however much it is. */
static bool device_want_whole(struct device *dev, const struct ts_list *ts)
{
	struct prefix list[PREFIXES_MAX], *more;

	for (unsigned int i = 0; i < ts_list_count(ts); i++) {
		unsigned int n = prefix_list(&ts->ts[i], list);

		more = reallocarray(dev->wanted, dev->wanted_count + n, sizeof(*more));
		if (!more)
			return false;
		dev->wanted = more;
		memcpy(more + dev->wanted_count, list, n * sizeof(*list));
		dev->wanted_count += n;
	}
	return true;
}

static bool device_want_child(struct device *dev, const struct child_conf *conf)
{
	const struct pick_child child = { conf->local_ts, conf->remote_ts };
	struct pick_routes routes;
	char why[IKE_WHY_MAX];
	bool ok = true;
	int rc;

	if (!dev->opt->pass_others)
		return device_want_whole(dev, conf->remote_ts);
	rc = carry_routes(dev->opt, &child, &child, &routes, why);
	/* such a child never comes up */
	if (rc == -ENOSPC)
		return device_want_whole(dev, conf->remote_ts);
	for (unsigned int i = 0; i < routes.count && ok && !rc; i++) {
		const struct pick_route *to = &routes.list[i];

		ok = to->pick.proto ? device_want_picked(dev, to) : device_want(dev, &to->dst);
	}
	free(routes.list);
	return ok && !rc;
}

/* What all children need, as configured. False: no memory. */
static bool device_set_wanted(struct device *dev)
{
	const struct tunnel_conf *conf = &dev->opt->ike;

	for (unsigned int c = 0; c < conf->child_count; c++) {
		if (!device_want_child(dev, &conf->child[c]))
			return false;
	}
	if (!device_sort_wanted(dev))
		return false;
	device_mark_covered(dev);
	return true;
}

static bool device_blocks(const struct device *dev)
{
	return dev->opt->when_down == WHEN_DOWN_BLOCK && !dev->opt->no_routes;
}

static bool device_block_picked(struct device *dev, const struct pick_route *to, char *why)
{
	struct devices *all = dev->all;

	if (aside_pick(all->aside, to, why))
		return false;
	if (!block_hold(all->blocks, aside_pick_table(all->aside, to), &to->dst, why))
		return true;
	aside_unpick(all->aside, to);
	return false;
}

/* Lays what is not there yet. @why: left alone, or what is in the way of the first. */
static void device_block(struct device *dev, char why[IKE_WHY_MAX])
{
	uint32_t table = device_table(dev);
	char reason[NLTALK_WHY_MAX];

	for (size_t i = 0; device_blocks(dev) && i < dev->wanted_count; i++) {
		if (dev->blocked[i])
			continue;
		dev->blocked[i] = !block_hold(dev->all->blocks, table, &dev->wanted[i], reason);
		if (!dev->blocked[i] && !why[0])
			snprintf(why, IKE_WHY_MAX, "%s", reason);
	}
	for (size_t i = 0; device_blocks(dev) && i < dev->picked_count; i++) {
		struct device_pick *picked = &dev->picked[i];

		if (picked->blocked || picked->covered)
			continue;
		picked->blocked = device_block_picked(dev, &picked->to, reason);
		if (!picked->blocked && !why[0])
			snprintf(why, IKE_WHY_MAX, "%s", reason);
	}
}

int device_ifindex(const struct device *dev)
{
	return dev->carry.laid.ifindex;
}

/* Would a route of ours catch what is sent to @addr? */
static bool device_swallows(const struct device *dev, const struct addr *addr)
{
	for (size_t i = 0; i < dev->wanted_count; i++) {
		if (prefix_contains(&dev->wanted[i], addr))
			return true;
	}
	return false;
}

/* All of a family, or a half: peers, and who asks for names, are in there. */
static bool device_leads_everywhere(const struct device *dev)
{
	for (size_t i = 0; i < dev->wanted_count; i++) {
		if (dev->wanted[i].bits <= 1)
			return true;
	}
	return false;
}

/* Its routes go where packets to its peers do not look, those that block too, and stay there. */
static int device_go_aside(struct device *dev, char why[IKE_WHY_MAX])
{
	int rc;

	if (dev->aside || dev->opt->no_routes || device_has_table(dev))
		return 0;
	rc = aside_hold(dev->all->aside, dev->opt->ike.mark, dev->wanted, dev->wanted_count, why);
	dev->aside = true;
	for (size_t i = 0; i < dev->wanted_count; i++) {
		char reason[NLTALK_WHY_MAX];

		if (!dev->blocked[i])
			continue;
		dev->blocked[i] = !block_hold(dev->all->blocks, ASIDE_TABLE, &dev->wanted[i],
					      reason);
		block_drop(dev->all->blocks, ROUTE_TABLE, &dev->wanted[i]);
	}
	laid_move(&dev->carry.laid, ASIDE_TABLE);
	return rc;
}

static bool device_meets(const struct device *dev, const struct device *picker)
{
	for (size_t i = 0; i < dev->wanted_count; i++) {
		for (size_t j = 0; j < picker->picked_count; j++) {
			const struct prefix *dst = &picker->picked[j].to.dst;

			if (prefix_within(dst, &dev->wanted[i]) ||
			    prefix_within(&dev->wanted[i], dst))
				return true;
		}
	}
	return false;
}

/*
 * The rules that pick packets ask the main table for longer prefixes first, where a route that
 * blocks ends the search however short it is: it goes aside.
 */
static void device_make_way(struct devices *all, char why[IKE_WHY_MAX])
{
	for (const struct device *picker = all->first; picker; picker = picker->next) {
		for (struct device *dev = all->first; picker->picked_count && dev;
		     dev = dev->next) {
			if (!dev->aside && device_blocks(dev) && device_meets(dev, picker))
				device_go_aside(dev, why);
		}
	}
}

/* Is there a way to the peer that is not the tunnel itself? */
static int device_way(struct device *dev, const struct addr *remote, char why[IKE_WHY_MAX])
{
	char reason[NLTALK_WHY_MAX], text[ADDR_STRLEN];
	const struct pick any = { 0 };
	struct route route;
	int rc;

	if (!device_swallows(dev, remote) || dev->opt->no_routes)
		return 0;
	rc = device_go_aside(dev, why);
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
	dev->marked = dev->picked_count && !dev->opt->no_routes;
	if (dev->marked)
		aside_hold(dev->all->aside, dev->opt->ike.mark, NULL, 0, why);
	device_make_way(dev->all, why);
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
	if (!device_set_wanted(dev)) {
		device_free(dev);
		return NULL;
	}
	if (opt->no_routes)
		return dev;
	block_raise(all->blocks, opt->metric);
	if (device_leads_everywhere(dev) || device_swallows(dev, &opt->ike.remote))
		device_go_aside(dev, why);
	device_mark(dev, why);
	device_block(dev, why);
	if (!why[0])
		laid_in_way(&dev->carry.laid, dev->wanted, dev->wanted_count, why);
	return dev;
}

/* What @dev has held, as it was; not @dev itself. */
static void device_let_go(struct device *dev, uint32_t table)
{
	for (size_t i = 0; dev->blocked && i < dev->wanted_count; i++) {
		if (dev->blocked[i])
			block_drop(dev->all->blocks, table, &dev->wanted[i]);
	}
	for (size_t i = 0; i < dev->picked_count; i++) {
		const struct pick_route *to = &dev->picked[i].to;

		if (!dev->picked[i].blocked)
			continue;
		block_drop(dev->all->blocks, aside_pick_table(dev->all->aside, to), &to->dst);
		aside_unpick(dev->all->aside, to);
	}
	if (dev->aside)
		aside_drop(dev->all->aside, dev->opt->ike.mark, dev->wanted,
			   dev->wanted_count);
	if (dev->marked)
		aside_drop(dev->all->aside, dev->opt->ike.mark, NULL, 0);
	free(dev->wanted);
	free(dev->blocked);
	free(dev->picked);
}

/* Do its routes lead to its own peers, the configured one or any of @peers? */
static bool device_is_beside(const struct device *dev, const struct addr *peers, unsigned int count)
{
	bool beside = device_leads_everywhere(dev) || device_swallows(dev, &dev->opt->ike.remote);

	for (unsigned int i = 0; i < count && !beside; i++)
		beside = device_swallows(dev, &peers[i]);
	return beside;
}

bool device_changed(struct device *dev, const struct addr *peers, unsigned int count,
		    char why[IKE_WHY_MAX])
{
	struct device was = *dev;
	uint32_t table = device_table(dev);

	why[0] = '\0';
	dev->wanted = NULL;
	dev->blocked = NULL;
	dev->picked = NULL;
	dev->wanted_count = 0;
	dev->picked_count = 0;
	if (!device_set_wanted(dev)) {
		free(dev->wanted);
		free(dev->picked);
		*dev = was;
		return false;
	}
	if (dev->aside)
		aside_hold(dev->all->aside, dev->opt->ike.mark, dev->wanted, dev->wanted_count,
			   why);
	else if (device_is_beside(dev, peers, count))
		device_go_aside(dev, why);
	device_mark(dev, why);
	device_block(dev, why);
	device_let_go(&was, table);
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
	    laid_in_way(&dev->carry.laid, dev->wanted, dev->wanted_count, why))
		rc = -EEXIST;
	return rc ? rc : device_way(dev, remote, why);
}

int device_child_up(struct device *dev, const struct ike_child_link *link, char note[IKE_WHY_MAX],
		    char why[IKE_WHY_MAX])
{
	note[0] = '\0';
	why[0] = '\0';
	if (!dev->carry.laid.ifindex) {
		snprintf(why, IKE_WHY_MAX, "the interface is gone");
		return -ENODEV;
	}
	/* A way that is missing just now comes back. */
	if (device_way(dev, &link->remote.addr, why))
		log_debug("%s: %s", dev->opt->ike.name, why);
	return carry_add(&dev->carry, link, note, why);
}

void device_child_down(struct device *dev, const struct ike_child_link *link)
{
	carry_del(&dev->carry, link->child);
}

struct addr device_source(const struct device *dev, uint32_t child)
{
	return carry_source(&dev->carry, child);
}

void device_gone(struct device *dev)
{
	carry_forget(&dev->carry);
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

/* Does it lead this host's questions to name servers into the tunnel, wherever those are? */
static bool device_leads_questions(const struct device *dev)
{
	if (!carry_is_up(&dev->carry))
		return false;
	for (size_t i = 0; i < dev->picked_count; i++) {
		const struct pick *pick = &dev->picked[i].to.pick;

		if (dev->picked[i].to.dst.bits <= 1 && pick->proto == IPPROTO_UDP && !pick->rest &&
		    pick->dport.start <= DEVICE_DNS &&
		    (!pick->dport.start || pick->dport.end >= DEVICE_DNS))
			return true;
	}
	return dev->aside && device_leads_everywhere(dev);
}

void devices_reach(struct devices *all, const struct addr *servers, unsigned int count)
{
	const struct device *dev = all->first;

	/* What is up, and leads there, leads there. */
	while (dev && !device_leads_questions(dev))
		dev = dev->next;
	aside_serve(all->aside, servers, dev ? 0 : count);
}

void device_free(struct device *dev)
{
	struct device **at;

	if (!dev)
		return;
	device_down(dev);
	device_let_go(dev, device_table(dev));
	for (at = &dev->all->first; *at != dev; at = &(*at)->next)
		;
	*at = dev->next;
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
