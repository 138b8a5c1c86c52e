/* SPDX-License-Identifier: GPL-2.0 */
/* The netdev kind "esplane" and its namespaces. */
#ifndef _ESPL_DEVICE_H
#define _ESPL_DEVICE_H

#include <linux/types.h>

struct espl_device;
struct net;
struct sk_buff;

/*
 * The device of this index that lives in @net, else one that was born there
 * and lives elsewhere. With a netdev reference; NULL: none. Process context.
 */
struct espl_device *espl_device_get(struct net *net, int ifindex);
void espl_device_put(struct espl_device *dev);

/*
 * CAP_NET_ADMIN where the device lives: of both who has sent the request and
 * who has opened the socket that it came by.
 */
bool espl_device_may_change(const struct sk_buff *request, const struct espl_device *dev);

/*
 * Likewise, for dumps: the device of the lowest index above @after that
 * espl_device_get() would find.
 */
struct espl_device *espl_device_next(struct net *net, int after);

int espl_nets_init(void);
void espl_nets_exit(void);

int espl_links_init(void);
/* Removes every device, and returns when the last reference to each is gone. */
void espl_links_exit(void);

#endif
