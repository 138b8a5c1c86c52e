/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network namespace owns: the SPIs of the devices born in it, those
 * devices, and the UDP sockets that carry their ESP.
 */
#ifndef _ESPL_NET_H
#define _ESPL_NET_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "event.h"

struct espl_net {
	struct net *net;
	struct list_head devices;	/* espl_device.home_node; under ctl/device.c's lock */
	u32 last_device;		/* id of the newest one; likewise */

	struct rhashtable spis;		/* espl_spi: satable.c, and so are the next two */
	struct rhashtable outs;		/* espl_out_spi, for ICMP errors and requests */
	spinlock_t out_lock;		/* protects writes of @outs, its lists; process context */

	struct mutex sock_lock;		/* protects @socks */
	struct list_head socks;
	atomic_t udp_policies;		/* while not 0, a dead daemon's socket has an heir */
	struct delayed_work sock_reap;	/* at once when the last of them goes */

	struct espl_bad_spis bad;
};

extern unsigned int espl_net_id;

static inline struct espl_net *espl_net(const struct net *net)
{
	return net_generic(net, espl_net_id);
}

#endif
