/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the host has of a tunnel: its interface, addresses, routes into it, and the routes that
 * block while it is down. Where these lead to its own peers they stand aside (host/aside.h).
 * Executes what the engine asks for (ike/core/env.h) and decides nothing about tunnels.
 *
 * With routes = no none of these routes is made: the administrator lays his own.
 */
#ifndef ESPLANED_DEVICE_H
#define ESPLANED_DEVICE_H

#include "esplaned/conf/config.h"
#include "ike/core/env.h"

struct device;
/* All of the process, and what they share: routes that block are counted over all. */
struct devices;

/* NULL: no memory, or no netlink socket (errno). */
struct devices *devices_new(void);
/* Of the netlink socket that lays all that they have. */
uint32_t devices_port(const struct devices *all);
/* After the last device. */
void devices_free(struct devices *all);
/*
 * Removes what a dead predecessor left: interfaces and routes with our mark that none of @all has.
 * The routes that block stay until devices_settled: the tunnels of the configuration may not be
 * there yet. Returns how many interfaces.
 */
unsigned int devices_leftover_del(struct devices *all);
/*
 * To be called once, when each tunnel of the configuration has its device: routes of a predecessor
 * that block and that none of them wants are removed.
 */
void devices_settled(struct devices *all);
/*
 * Logs what is in the way of the routes of those that are new, devices_settled() too: of many at
 * once, it looks once.
 */
void devices_look(struct devices *all);
/* This daemon ends for the next one to begin: routes that block stay, as if it had been killed. */
void devices_keep_blocks(struct devices *all);
/*
 * A link, address, route or rule of the host has changed (nl/watch.h): what the kernel has dropped
 * is laid again.
 */
void devices_mend(struct devices *all);

/* Is the interface of this name one of theirs? */
bool devices_have(const struct devices *all, const char *interface);

/*
 * The name servers that are being asked for a peer's address (host/resolve.h), or none: where a
 * tunnel that is to carry everything is down, they are reached beside it, until it is up, or until
 * the next call.
 */
void devices_reach(struct devices *all, const struct addr *servers, unsigned int count);

/*
 * @opt is kept, not copied. Lays the blocking routes of when-down = "block" for all its children at
 * once. NULL: no memory. Otherwise @why is empty, or says what is in the way of one, and the device
 * is there all the same. Others of its routes: devices_look().
 */
struct device *device_new(struct devices *all, const struct tunnel_options *opt,
			  char why[IKE_WHY_MAX]);
/*
 * The options that it keeps have other children now, or another when-down: its blocking routes
 * follow, those that stay without a moment in which they are not there. @peers, where its peers
 * are now, stay reachable. False: no memory, and they are as they were. Otherwise @why as
 * device_new says it.
 */
bool device_changed(struct device *dev, const struct addr *peers, unsigned int count,
		    char why[IKE_WHY_MAX]);
/* Removes all of it, blocking routes included. NULL is fine. */
void device_free(struct device *dev);

/*
 * env.device_up, without the look for the module. -EEXIST: somebody else's interface or route is in
 * the way; -ENETUNREACH: no way leads to @remote beside the tunnel.
 */
int device_up(struct device *dev, const struct addr *remote, char why[IKE_WHY_MAX]);
/* env.child_up, child_down, device_down */
int device_child_up(struct device *dev, const struct ike_child_link *link, char note[IKE_WHY_MAX],
		    char why[IKE_WHY_MAX]);
void device_child_down(struct device *dev, const struct ike_child_link *link);
void device_down(struct device *dev);

/* What this host uses inside the tunnel for a child, IPv4 before IPv6. Family 0: nothing. */
struct addr device_source(const struct device *dev, uint32_t child);
int device_ifindex(const struct device *dev);	/* 0: there is no interface */
/* Somebody removed the interface: what hung on it is gone. */
void device_gone(struct device *dev);

#endif
