// SPDX-License-Identifier: GPL-2.0
#include "satable.h"

#include <linux/random.h>
#include <linux/slab.h>

#include <linux/esplane.h>

#include "policy.h"
#include "sa.h"

enum { RANDOM_TRIES = 64 };

unsigned int espl_net_id __read_mostly;

int espl_satable_init(struct espl_net *en)
{
	spin_lock_init(&en->out_lock);
	hash_init(en->outs);
	return rhashtable_init(&en->spis, &espl_spi_params);
}

/* Every device of the namespace has been flushed: see espl_device_leave(). */
void espl_satable_exit(struct espl_net *en)
{
	WARN_ON(atomic_read(&en->spis.nelems));
	WARN_ON(!hash_empty(en->outs));
	rhashtable_destroy(&en->spis);
}

static __be32 satable_random_spi(void)
{
	u32 spi;

	do {
		spi = get_random_u32();
	} while (spi < ESPLANE_SPI_MIN);
	return cpu_to_be32(spi);
}

struct espl_spi *espl_spi_reserve(struct espl_net *en, struct espl_device *dev, __be32 spi)
{
	struct espl_spi *entry;
	int err, tries;

	lockdep_assert_held(&dev->lock);
	entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return ERR_PTR(-ENOMEM);

	entry->dev = dev;
	for (tries = spi ? 1 : RANDOM_TRIES; tries; tries--) {
		entry->spi = spi ?: satable_random_spi();
		err = rhashtable_lookup_insert_fast(&en->spis, &entry->node, espl_spi_params);
		if (!err) {
			list_add_tail(&entry->dev_node, &dev->spis);
			dev->spi_count++;
			return entry;
		}
		if (err != -EEXIST)
			break;
	}
	kfree(entry);
	return ERR_PTR(err == -EEXIST && !spi ? -ENOSPC : err);
}

void espl_spi_release(struct espl_net *en, struct espl_spi *entry)
{
	lockdep_assert_held(&entry->dev->lock);
	rhashtable_remove_fast(&en->spis, &entry->node, espl_spi_params);
	list_del(&entry->dev_node);
	entry->dev->spi_count--;
	kfree_rcu(entry, rcu);
}

void espl_sa_index_out(struct espl_net *en, struct espl_sa *sa)
{
	spin_lock(&en->out_lock);
	hash_add_rcu(en->outs, &sa->out_node, (__force u32)sa->spi);
	spin_unlock(&en->out_lock);
}

void espl_sa_unindex_out(struct espl_net *en, struct espl_sa *sa)
{
	spin_lock(&en->out_lock);
	hash_del_rcu(&sa->out_node);
	spin_unlock(&en->out_lock);
}

struct espl_sa *espl_sa_find_out(struct espl_net *en, __be32 spi, __be32 daddr)
{
	struct espl_sa *sa;

	hash_for_each_possible_rcu(en->outs, sa, out_node, (__force u32)spi) {
		const struct espl_endpoint *ep;

		if (sa->spi != spi)
			continue;
		ep = rcu_dereference(sa->policy->endpoint);
		if (ep->remote == daddr)
			return sa;
	}
	return NULL;
}

struct espl_sa *espl_sa_find_own_out(struct espl_net *en, const struct espl_device *dev,
				     __be32 spi, u32 policy_id)
{
	struct espl_sa *sa, *found = NULL;

	lockdep_assert_held(&dev->lock);
	spin_lock(&en->out_lock);
	hash_for_each_possible(en->outs, sa, out_node, (__force u32)spi) {
		if (sa->spi != spi || sa->policy->dev != dev)
			continue;
		if (!policy_id || sa->policy->id == policy_id)
			found = sa;
	}
	spin_unlock(&en->out_lock);
	return found;
}
