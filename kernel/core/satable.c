// SPDX-License-Identifier: GPL-2.0
#include "satable.h"

#include <linux/random.h>
#include <linux/slab.h>

#include <linux/esplane.h>

#include "net.h"
#include "policy.h"
#include "sa.h"

enum { RANDOM_TRIES = 64 };

int espl_satable_init(struct espl_net *en)
{
	int err;

	spin_lock_init(&en->out_lock);
	err = rhashtable_init(&en->outs, &espl_out_params);
	if (err)
		return err;
	err = rhashtable_init(&en->spis, &espl_spi_params);
	if (err)
		rhashtable_destroy(&en->outs);
	return err;
}

/* Every device of the namespace has been flushed: see espl_device_leave(). */
void espl_satable_exit(struct espl_net *en)
{
	WARN_ON(atomic_read(&en->spis.nelems));
	WARN_ON(atomic_read(&en->outs.nelems));
	rhashtable_destroy(&en->spis);
	rhashtable_destroy(&en->outs);
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

int espl_sa_index_out(struct espl_net *en, struct espl_sa *sa)
{
	struct espl_out_spi *entry, *new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);

	if (!new)
		return -ENOMEM;
	new->spi = sa->spi;
	spin_lock(&en->out_lock);
	entry = rhashtable_lookup_get_insert_fast(&en->outs, &new->node, espl_out_params);
	if (!entry) {
		entry = new;
		new = NULL;
	}
	if (!IS_ERR(entry))
		hlist_add_head_rcu(&sa->out_node, &entry->sas);
	spin_unlock(&en->out_lock);
	kfree(new);
	return PTR_ERR_OR_ZERO(entry);
}

void espl_sa_unindex_out(struct espl_net *en, struct espl_sa *sa)
{
	struct espl_out_spi *entry;

	spin_lock(&en->out_lock);
	hlist_del_rcu(&sa->out_node);
	entry = rhashtable_lookup_fast(&en->outs, &sa->spi, espl_out_params);
	if (!WARN_ON(!entry) && hlist_empty(&entry->sas)) {
		rhashtable_remove_fast(&en->outs, &entry->node, espl_out_params);
		kfree_rcu(entry, rcu);
	}
	spin_unlock(&en->out_lock);
}

struct espl_sa *espl_sa_find_out(struct espl_net *en, __be32 spi, const struct espl_outer *peer)
{
	struct espl_out_spi *entry = rhashtable_lookup(&en->outs, &spi, espl_out_params);
	unsigned int left = ESPL_OUT_WALK_MAX;
	const struct espl_endpoint *ep;
	struct espl_sa *sa;

	if (!entry)
		return NULL;
	hlist_for_each_entry_rcu(sa, &entry->sas, out_node) {
		if (!left--)
			break;
		espl_step();
		ep = rcu_dereference(sa->policy->endpoint);
		if (espl_outer_same_addr(&ep->remote, peer))
			return sa;
	}
	return NULL;
}

struct espl_sa *espl_sa_find_own_out(struct espl_net *en, struct espl_device *dev, __be32 spi,
				     u32 policy_id)
{
	struct espl_sa *sa, *found = NULL;
	struct espl_out_spi *entry;
	struct espl_policy *policy;

	lockdep_assert_held(&dev->lock);
	if (policy_id) {
		policy = xa_load(&dev->policies, policy_id);
		sa = policy ? rcu_dereference_protected(policy->out,
							lockdep_is_held(&dev->lock)) : NULL;
		return sa && sa->spi == spi ? sa : NULL;
	}
	rcu_read_lock();
	entry = rhashtable_lookup(&en->outs, &spi, espl_out_params);
	if (entry) {
		hlist_for_each_entry_rcu(sa, &entry->sas, out_node) {
			if (sa->policy->dev == dev) {
				found = sa;
				break;
			}
		}
	}
	rcu_read_unlock();
	return found;
}
