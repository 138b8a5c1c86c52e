// SPDX-License-Identifier: GPL-2.0
#include "spd.h"

#include "net.h"
#include "policy.h"
#include "sa.h"
#include "satable.h"
#include "work.h"

atomic_t espl_generation = ATOMIC_INIT(1);

struct espl_policy *espl_spd_find(struct espl_device *dev, u32 id)
{
	lockdep_assert_held(&dev->lock);
	return xa_load(&dev->policies, id);
}

/* An endpoint of @dev comes into use, or goes out of it. */
static void spd_note_mode(struct espl_device *dev, const struct espl_endpoint *ep, int change)
{
	if (ep->mode == ESPLANE_MODE_TRANSPORT)
		WRITE_ONCE(dev->transports, dev->transports + change);
}

int espl_spd_add(struct espl_device *dev, u32 id, struct espl_endpoint *ep,
		 struct espl_ts_set *ts)
{
	struct espl_policy *policy;
	int err;

	lockdep_assert_held(&dev->lock);
	policy = espl_policy_alloc(dev, id, ep, ts);
	if (!policy)
		return -ENOMEM;
	if (ep->encap == ESPLANE_ENCAP_UDP)
		atomic_inc(&espl_device_home(dev)->udp_policies);
	spd_note_mode(dev, ep, 1);
	dev->policy_count++;

	err = xa_err(xa_store(&dev->policies, id, policy, GFP_KERNEL_ACCOUNT));
	if (!err)
		err = espl_selectors_insert(&dev->selectors, ts);
	/* Packets may have met a policy that was inserted in part. */
	if (err)
		espl_spd_remove(policy);
	else
		atomic_inc(&espl_generation);
	return err;
}

/* An orphaned socket lives as long as a policy can use it: the worker decides. */
static void spd_udp_gone(struct espl_net *en)
{
	if (atomic_dec_and_test(&en->udp_policies))
		mod_delayed_work(espl_wq, &en->sock_reap, 0);
}

int espl_spd_change(struct espl_policy *policy, struct espl_endpoint *ep,
		    struct espl_ts_set *ts)
{
	struct espl_device *dev = policy->dev;
	int err;

	lockdep_assert_held(&dev->lock);
	if (ts) {
		ts->policy = policy;
		err = espl_selectors_insert(&dev->selectors, ts);
		if (err) {
			espl_endpoint_free(ep);
			espl_ts_set_free(ts);
			return err;
		}
		ts = rcu_replace_pointer(policy->ts, ts, lockdep_is_held(&dev->lock));
		espl_selectors_remove(&dev->selectors, ts);
		espl_ts_set_free(ts);
	}
	if (ep) {
		struct espl_net *en = espl_device_home(dev);

		if (ep->encap == ESPLANE_ENCAP_UDP)
			atomic_inc(&en->udp_policies);
		spd_note_mode(dev, ep, 1);
		ep = rcu_replace_pointer(policy->endpoint, ep, lockdep_is_held(&dev->lock));
		if (ep->encap == ESPLANE_ENCAP_UDP)
			spd_udp_gone(en);
		spd_note_mode(dev, ep, -1);
		espl_endpoint_free(ep);
	}
	atomic_inc(&espl_generation);
	return 0;
}

static void spd_add_in(struct espl_policy *policy, struct espl_sa *in)
{
	struct espl_sa *pos;

	list_for_each_entry(pos, &policy->in, policy_node)
		if (be32_to_cpu(pos->spi) > be32_to_cpu(in->spi))
			break;
	list_add_tail(&in->policy_node, &pos->policy_node);
	policy->in_count++;
}

static void spd_drop_out(struct espl_policy *policy, struct espl_sa *sa)
{
	espl_sa_unindex_out(espl_device_home(policy->dev), sa);
	espl_sa_kill(sa);
}

int espl_spd_install(struct espl_policy *policy, struct espl_spi *spi, struct espl_sa *in,
		     struct espl_sa *out)
{
	struct espl_device *dev = policy->dev;
	struct espl_sa *old;
	int err;

	lockdep_assert_held(&dev->lock);
	/* First what can fail. */
	if (out) {
		espl_sa_adopt(out, policy);
		err = espl_sa_index_out(espl_device_home(dev), out);
		if (err)
			return err;
	}
	if (in) {
		espl_sa_adopt(in, policy);
		in->entry = spi;
		spd_add_in(policy, in);
		rcu_assign_pointer(spi->sa, in);
		espl_sa_start(in);
	}
	if (out) {
		old = rcu_replace_pointer(policy->out, out, lockdep_is_held(&dev->lock));
		espl_sa_start(out);
		if (old)
			spd_drop_out(policy, old);
	}
	atomic_inc(&espl_generation);
	return 0;
}

void espl_spd_drop_sa(struct espl_policy *policy, struct espl_sa *sa)
{
	struct espl_device *dev = policy->dev;

	lockdep_assert_held(&dev->lock);
	atomic_inc(&espl_generation);
	if (sa->dir == ESPLANE_DIR_OUT) {
		RCU_INIT_POINTER(policy->out, NULL);
		spd_drop_out(policy, sa);
		return;
	}
	list_del(&sa->policy_node);
	policy->in_count--;
	RCU_INIT_POINTER(sa->entry->sa, NULL);
	espl_spi_release(espl_device_home(dev), sa->entry);
	espl_sa_kill(sa);
}

void espl_spd_remove(struct espl_policy *policy)
{
	struct espl_device *dev = policy->dev;
	struct espl_sa *sa, *next;
	struct espl_endpoint *ep;

	lockdep_assert_held(&dev->lock);
	xa_erase(&dev->policies, policy->id);
	dev->policy_count--;
	espl_selectors_remove(&dev->selectors,
			      rcu_dereference_protected(policy->ts, lockdep_is_held(&dev->lock)));
	sa = rcu_dereference_protected(policy->out, lockdep_is_held(&dev->lock));
	if (sa)
		espl_spd_drop_sa(policy, sa);
	list_for_each_entry_safe(sa, next, &policy->in, policy_node)
		espl_spd_drop_sa(policy, sa);

	espl_policy_wait_drop(policy, true);
	ep = rcu_dereference_protected(policy->endpoint, lockdep_is_held(&dev->lock));
	if (ep->encap == ESPLANE_ENCAP_UDP)
		spd_udp_gone(espl_device_home(dev));
	spd_note_mode(dev, ep, -1);
	atomic_inc(&espl_generation);
	espl_event_raise(&policy->event, ESPL_EVENT_GONE);
	espl_policy_put_rcu(policy);
}

void espl_spd_flush(struct espl_device *dev)
{
	struct espl_policy *policy;
	struct espl_spi *spi, *next;
	unsigned long id;

	lockdep_assert_held(&dev->lock);
	xa_for_each(&dev->policies, id, policy)
		espl_spd_remove(policy);
	list_for_each_entry_safe(spi, next, &dev->spis, dev_node)
		espl_spi_release(espl_device_home(dev), spi);
}

void espl_spd_drop_waiting(struct espl_device *dev)
{
	struct espl_policy *policy;
	unsigned long id;

	lockdep_assert_held(&dev->lock);
	xa_for_each(&dev->policies, id, policy)
		espl_policy_wait_drop(policy, false);
}
