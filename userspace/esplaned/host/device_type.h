/* SPDX-License-Identifier: GPL-2.0 */
/* For the files of this folder: what device.h hides. */
#ifndef ESPLANED_DEVICE_TYPE_H
#define ESPLANED_DEVICE_TYPE_H

#include "esplaned/host/aside.h"
#include "esplaned/host/block.h"
#include "esplaned/host/carry.h"
#include "esplaned/host/foreign.h"
#include "esplaned/host/wants.h"

struct devices {
	struct nl_sock *sk;
	struct blocks *blocks;
	struct aside *aside;
	struct wants wants;		/* of all that lay routes */
	struct foreign foreign;
	struct device *first;
	unsigned int wide;		/* picks that are blocked with more than they are */
	struct addr servers[ASIDE_SERVERS_MAX];	/* that are being asked */
	unsigned int server_count;
	bool narrowed;			/* a child has agreed to less, once */
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
	bool fresh;			/* devices_look() has not looked yet */
	struct device *moved;		/* the next of those that have just gone aside */
};

/* A table of the administrator's, who has rules for it. */
static inline bool device_has_table(const struct device *dev)
{
	return dev->opt->table && dev->opt->table != ROUTE_TABLE;
}

static inline uint32_t device_table(const struct device *dev)
{
	if (device_has_table(dev))
		return dev->opt->table;
	return dev->aside ? ASIDE_TABLE : ROUTE_TABLE;
}

static inline bool device_blocks(const struct device *dev)
{
	return dev->opt->when_down == WHEN_DOWN_BLOCK && !dev->opt->no_routes;
}

#endif
