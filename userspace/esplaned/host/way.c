// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/way.h"

/* Can what it has in the main table go aside? */
static bool way_can_move(const struct device *dev)
{
	return !dev->aside && !dev->opt->no_routes && !device_has_table(dev);
}

int way_aside(struct device *dev, char *why)
{
	int rc;

	if (!way_can_move(dev))
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

/* Who is looked at, and those that have gone aside and are still to be. */
struct way {
	const struct device *dev;
	struct device *moved;
	char *why;
};

/* The main table is asked for longer prefixes first: a block of @dev's would end the search. */
static bool way_ends_search(void *ctx, const struct want *want)
{
	const struct way *way = ctx;

	return device_blocks(way->dev) && (want->picked || want->dev->aside);
}

static bool way_ends_pick(void *ctx, const struct want *want)
{
	const struct way *way = ctx;

	return device_blocks(way->dev) && want->picked;
}

/* What blocks aside goes before the main table's routes to the same prefix. */
static bool way_is_behind(void *ctx, const struct want *want)
{
	return way_ends_search(ctx, want) ||
	       (want->dev->aside && !want->picked && device_blocks(want->dev));
}

/* Is what an agreed child has aside within a block of @dev's? */
static bool way_hides_agreed(const struct device *dev)
{
	const struct device *other = dev->all->narrowed && device_blocks(dev) ?
					     dev->all->first : NULL;

	for (; other; other = other->next) {
		const struct laid *laid = &other->carry.laid;

		for (unsigned int i = 0; other->aside && i < laid->route_count; i++) {
			const struct pick_route *to = &laid->routes[i].to;

			if (!to->pick.proto && wanted_covers(&dev->wanted, &to->dst))
				return true;
		}
	}
	return false;
}

static bool way_is_in_way(const struct device *dev)
{
	const struct wants *wants = &dev->all->wants;
	struct way way = { .dev = dev };

	for (size_t i = 0; i < dev->wanted.count; i++) {
		const struct prefix *dst = &dev->wanted.list[i];

		if (wants_equal(wants, dst, way_is_behind, &way) ||
		    wants_inside(wants, dst, way_ends_search, &way) ||
		    wants_round(wants, dst, way_ends_pick, &way))
			return true;
	}
	return way_hides_agreed(dev);
}

static bool way_move(struct way *way, struct device *dev)
{
	if (way_can_move(dev)) {
		way_aside(dev, way->why);
		dev->moved = way->moved;
		way->moved = dev;
	}
	return false;
}

static bool way_on_block(void *ctx, const struct want *want)
{
	return !want->picked && device_blocks(want->dev) && way_move(ctx, want->dev);
}

static bool way_on_equal(void *ctx, const struct want *want)
{
	const struct way *way = ctx;

	return !want->picked && (device_blocks(want->dev) || device_blocks(way->dev)) &&
	       way_move(ctx, want->dev);
}

static void way_clear_agreed(struct way *way)
{
	const struct wants *wants = &way->dev->all->wants;
	const struct laid *laid = &way->dev->carry.laid;

	for (unsigned int i = 0; i < laid->route_count; i++) {
		const struct pick_route *to = &laid->routes[i].to;

		if (to->pick.proto)
			continue;
		wants_equal(wants, &to->dst, way_on_block, way);
		wants_round(wants, &to->dst, way_on_block, way);
	}
}

/* All that is in the way of @dev goes aside. */
static void way_clear(struct device *dev, struct way *way)
{
	const struct wants *wants = &dev->all->wants;

	way->dev = dev;
	for (size_t i = 0; dev->aside && i < dev->wanted.count; i++) {
		wants_equal(wants, &dev->wanted.list[i], way_on_equal, way);
		wants_round(wants, &dev->wanted.list[i], way_on_block, way);
	}
	for (size_t i = 0; i < dev->wanted.picked_count; i++) {
		const struct prefix *dst = &dev->wanted.picked[i].to.dst;

		wants_equal(wants, dst, way_on_block, way);
		wants_round(wants, dst, way_on_block, way);
		wants_inside(wants, dst, way_on_block, way);
	}
	if (dev->aside)
		way_clear_agreed(way);
}

static void way_clear_moved(struct way *way)
{
	while (way->moved) {
		struct device *dev = way->moved;

		way->moved = dev->moved;
		way_clear(dev, way);
	}
}

void way_make(struct device *dev, char *why)
{
	struct way way = { .why = why };

	if (dev->opt->no_routes)
		return;
	if (way_can_move(dev) && way_is_in_way(dev))
		way_aside(dev, why);
	way_clear(dev, &way);
	way_clear_moved(&way);
}

void way_make_agreed(struct device *dev, const struct ike_child_link *link)
{
	struct prefix list[PREFIXES_MAX];
	char why[IKE_WHY_MAX];
	struct way way = { .dev = dev, .why = why };

	if (ts_list_equal(link->remote_ts, link->conf->remote_ts))
		return;
	dev->all->narrowed = true;
	for (unsigned int i = 0; dev->aside && i < ts_list_count(link->remote_ts); i++) {
		unsigned int count = prefix_list(&link->remote_ts->ts[i], list);

		while (count--) {
			wants_equal(&dev->all->wants, &list[count], way_on_block, &way);
			wants_round(&dev->all->wants, &list[count], way_on_block, &way);
		}
	}
	way_clear_moved(&way);
}
