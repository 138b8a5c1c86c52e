/* SPDX-License-Identifier: GPL-2.0 */
/* The netdev kind "esplane" and its namespaces. */
#ifndef _ESPL_DEVICE_H
#define _ESPL_DEVICE_H

#include <linux/types.h>

struct espl_device;
struct net;
struct nlattr;
struct sk_buff;

/*
 * The device of this index that lives in @net, else one that was born there
 * and lives elsewhere. With a netdev reference; NULL: none. Process context.
 */
struct espl_device *espl_device_get(struct net *net, int ifindex);
/* Likewise, the device of this id that was born in @net, wherever it lives. */
struct espl_device *espl_device_get_born(struct net *net, u32 id);
/* What a request names by DEVICE_ID or IFINDEX in @attrs; NULL also if it names nothing. */
struct espl_device *espl_device_named(struct net *net, struct nlattr *const *attrs);
void espl_device_put(struct espl_device *dev);

/*
 * CAP_NET_ADMIN where the device lives: of both who has sent the request and
 * who has opened the socket that it came by.
 */
bool espl_device_may_change(const struct sk_buff *request, const struct espl_device *dev);

/*
 * For dumps: the first device at *@at or behind it, of all that were born or
 * live in @net, with a reference; NULL: none. 0 is before the first one. *@at
 * becomes its place.
 */
struct espl_device *espl_device_next(struct net *net, unsigned long *at);

int espl_nets_init(void);
void espl_nets_exit(void);

int espl_links_init(void);
/* Removes every device, and returns when the last reference to each is gone. */
void espl_links_exit(void);

#endif
