/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all tunnels want (host/wanted.h) in one order: whoever wants some prefix, or more, or less
 * of it, is found without a look at the others.
 */
#ifndef ESPLANED_WANTS_H
#define ESPLANED_WANTS_H

#include "esplaned/host/wanted.h"

struct device;

struct want {
	struct prefix dst;
	struct device *dev;
	bool picked;			/* not all to it */
};

#define WANTS_BITS	129		/* lengths of prefixes */

struct wants {
	struct want *list;		/* in order, those within a prefix behind it */
	size_t count;
	size_t lengths[ADDR_FAMILIES][WANTS_BITS];	/* how many are so long */
};

/* False: no memory, and nothing has changed. */
bool wants_add(struct wants *wants, struct device *dev, const struct wanted *wanted);
/* Likewise, in place of what @dev has wanted so far. */
bool wants_change(struct wants *wants, struct device *dev, const struct wanted *wanted);
void wants_del(struct wants *wants, const struct device *dev);
void wants_clear(struct wants *wants);

/* True: the one that was looked for, and no more of them. */
typedef bool (*wants_fn)(void *ctx, const struct want *want);

/* Those with this prefix; those with a longer one in it; those with a shorter one round it. */
bool wants_equal(const struct wants *wants, const struct prefix *dst, wants_fn fn, void *ctx);
bool wants_inside(const struct wants *wants, const struct prefix *dst, wants_fn fn, void *ctx);
bool wants_round(const struct wants *wants, const struct prefix *dst, wants_fn fn, void *ctx);

#endif
