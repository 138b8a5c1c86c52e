/* SPDX-License-Identifier: GPL-2.0 */
/* The SAs of a network namespace by SPI: inbound ones and reservations, outbound ones. */
#ifndef _ESPL_SATABLE_H
#define _ESPL_SATABLE_H

#include <linux/list.h>
#include <linux/rhashtable.h>

#include "net.h"
#include "pure/steps.h"

struct espl_device;
struct espl_outer;
struct espl_sa;

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

/* What rhashtable does by itself, but counted. 0: the same. */
static inline int espl_spi_compare(struct rhashtable_compare_arg *arg, const void *obj)
{
	espl_step();
	return ((const struct espl_spi *)obj)->spi != *(const __be32 *)arg->key;
}

static inline int espl_spi_compare_out(struct rhashtable_compare_arg *arg, const void *obj)
{
	espl_step();
	return ((const struct espl_out_spi *)obj)->spi != *(const __be32 *)arg->key;
}

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
	.obj_cmpfn = espl_spi_compare,
	.automatic_shrinking = true,
};

/* Peers pick these: the default hash, which they cannot foresee. */
static const struct rhashtable_params espl_out_params = {
	.key_len = sizeof(__be32),
	.key_offset = offsetof(struct espl_out_spi, spi),
	.head_offset = offsetof(struct espl_out_spi, node),
	.obj_cmpfn = espl_spi_compare_out,
	.automatic_shrinking = true,
};

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
/*
 * Under RCU, borrowed: an outbound SA of this SPI whose policy's peer has this
 * address. Anybody can ask, by an ICMP error, and peers can choose the same SPI
 * for SAs without number: no more than the newest ESPL_OUT_WALK_MAX are seen.
 */
enum { ESPL_OUT_WALK_MAX = 16 };
struct espl_sa *espl_sa_find_out(struct espl_net *en, __be32 spi, const struct espl_outer *peer);

#endif
