/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network namespace owns: the SPIs of the devices born in it, those
 * devices, and the UDP sockets that carry their ESP.
 */
#ifndef _ESPL_SATABLE_H
#define _ESPL_SATABLE_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

struct espl_policy;
struct espl_device;
struct espl_sa;

enum {
	ESPL_BAD_SPIS		= 8,	/* INVALID_SPI events that can wait */
};

/* An inbound SPI of this namespace: reserved while @sa is NULL. Freed by RCU. */
struct espl_spi {
	struct rhash_head node;
	__be32 spi;
	struct espl_device *dev;	/* a name, not a reference: dies before the device */
	struct espl_sa __rcu *sa;	/* written under @dev->lock */
	struct list_head dev_node;	/* in @dev->spis, under @dev->lock */
	struct rcu_head rcu;
};

/*
 * The outbound SAs of one SPI. Peers choose it, so several may have the same:
 * the list takes and gives one at no cost. Freed by RCU.
 */
struct espl_out_spi {
	struct rhash_head node;
	__be32 spi;
	struct hlist_head sas;		/* espl_sa.out_node; RCU */
	struct rcu_head rcu;
};

struct espl_bad_spi {
	__be32 spi;
	__be32 addr;
	__be16 port;			/* 0: raw ESP */
};

struct espl_net {
	struct net *net;
	struct rhashtable spis;
	struct list_head devices;	/* espl_device.home_node; with the next: device.c's lock */
	u32 last_device;		/* id of the newest one */

	struct rhashtable outs;		/* espl_out_spi by SPI, for ICMP errors and requests */
	spinlock_t out_lock;		/* protects writes of @outs and its lists; process context */

	struct mutex sock_lock;		/* protects @socks */
	struct list_head socks;
	atomic_t udp_policies;		/* while not 0, a dead daemon's socket has an heir */
	struct delayed_work sock_reap;	/* at once when the last of them goes */

	struct list_head event_node;	/* this and what follows: under event.c's lock */
	struct espl_bad_spi bad[ESPL_BAD_SPIS];
	unsigned int bad_count;
	unsigned int bad_burst;		/* accepted since @bad_since, in jiffies */
	unsigned long bad_since;
};

extern unsigned int espl_net_id;

/* SPIs are random or chosen by the administrator: no peer picks a bucket. */
static inline u32 espl_spi_hash(const void *key, u32 len, u32 seed)
{
	return (be32_to_cpup(key) ^ seed) * 0x9e3779b1u;
}

static const struct rhashtable_params espl_spi_params = {
	.key_len = sizeof(__be32),
	.key_offset = offsetof(struct espl_spi, spi),
	.head_offset = offsetof(struct espl_spi, node),
	.hashfn = espl_spi_hash,
	.automatic_shrinking = true,
};

/* Peers pick these: the default hash, which they cannot foresee. */
static const struct rhashtable_params espl_out_params = {
	.key_len = sizeof(__be32),
	.key_offset = offsetof(struct espl_out_spi, spi),
	.head_offset = offsetof(struct espl_out_spi, node),
	.automatic_shrinking = true,
};

static inline struct espl_net *espl_net(const struct net *net)
{
	return net_generic(net, espl_net_id);
}

int espl_satable_init(struct espl_net *en);
void espl_satable_exit(struct espl_net *en);

/*
 * Reserves @spi, or a random one if it is 0, for @dev. Process context, under
 * @dev->lock. -EEXIST: taken; -ENOSPC: no random one was free.
 */
struct espl_spi *espl_spi_reserve(struct espl_net *en, struct espl_device *dev, __be32 spi);
void espl_spi_release(struct espl_net *en, struct espl_spi *entry);

/* Under RCU. Both return borrowed pointers. */
static inline struct espl_spi *espl_spi_find(struct espl_net *en, __be32 spi)
{
	return rhashtable_lookup(&en->spis, &spi, espl_spi_params);
}

static inline struct espl_sa *espl_sa_find_in(struct espl_net *en, __be32 spi)
{
	struct espl_spi *entry = espl_spi_find(en, spi);

	return entry ? rcu_dereference(entry->sa) : NULL;
}

/* Process context. The SA has its policy; -ENOMEM and the like: it is not found by its SPI. */
int espl_sa_index_out(struct espl_net *en, struct espl_sa *sa);
void espl_sa_unindex_out(struct espl_net *en, struct espl_sa *sa);
/* Under @dev->lock: an outbound SA of @dev; policy_id 0: of any policy. */
struct espl_sa *espl_sa_find_own_out(struct espl_net *en, struct espl_device *dev, __be32 spi,
				     u32 policy_id);
/* Under RCU, borrowed: an outbound SA of this SPI whose policy's peer is @daddr. */
struct espl_sa *espl_sa_find_out(struct espl_net *en, __be32 spi, __be32 daddr);

#endif
