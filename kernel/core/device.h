/* SPDX-License-Identifier: GPL-2.0 */
/* The device as the objects and the packet path see it; ctl/device.c makes and removes it. */
#ifndef _ESPL_CORE_DEVICE_H
#define _ESPL_CORE_DEVICE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/xarray.h>
#include <net/gro_cells.h>

#include "event.h"
#include "pure/selector.h"
#include "pure/stats.h"

struct espl_net;

/* The private part of the netdev. */
struct espl_device {
	/* read by packets */
	struct net_device *netdev;
	struct espl_net __rcu *home;	/* birth namespace; NULL once that is going */
	struct espl_stats __percpu *stats;
	struct gro_cells gro;
	struct espl_selectors selectors;
	unsigned int transports;	/* policies in transport mode; written under @lock */

	/* written under @lock, which no packet takes; nests inside rtnl */
	struct mutex lock;
	struct xarray policies;		/* by id; read by RCU */
	unsigned int policy_count;	/* its limit and the next one's: ctl/netlink.c */
	unsigned int spi_count;
	struct list_head spis;		/* espl_spi.dev_node */
	bool dead;			/* ndo_uninit has begun; ctl/device.c's lock is held too */

	struct list_head home_node;	/* in espl_net.devices */
	u32 id;				/* unique at home, constant */
	struct espl_event event;
	netdevice_tracker event_ref;	/* while @event is queued */
};

/* Under dev->lock. */
static inline struct espl_net *espl_device_home(const struct espl_device *dev)
{
	return rcu_dereference_protected(dev->home, lockdep_is_held(&dev->lock));
}

#endif
