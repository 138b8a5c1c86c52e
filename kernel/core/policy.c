// SPDX-License-Identifier: GPL-2.0
/*
 * Removal. Rekey under load, policy and device deletion, namespace exit and
 * module unload all go this way, and only this way:
 *
 *   1. Unlink, under dev->lock. Nobody new finds the object.
 *      SA:     out of espl_spi.sa or policy->out, and of espl_net.outs
 *      policy: out of dev->policies and dev->selectors, its SAs first
 *   2. Kill. SA: percpu_ref_kill(). Policy: wait.closed, and RCU is asked to put
 *      the device's reference. Device: dead, home is NULL.
 *   3. Wait, without blocking anybody: for an RCU grace period since step 1,
 *      and for the last reference. An SA's count leaves its per-CPU mode
 *      through a grace period, before which it cannot reach zero. The grace
 *      periods of a policy and of its SAs pass side by side.
 *   4. Free. SA: from a work item on espl_wq, because cipher teardown may
 *      sleep. Policy: at once, in any context.
 *
 * References go one way, packet -> SA -> policy -> netdev, and each object puts
 * the next one only in its step 4. So a netdev cannot be freed before its
 * policies, and netdev_run_todo() is what waits for all of this when a device
 * goes; it does so without rtnl.
 *
 * Who may still hold an SA after step 1, and why it ends:
 *   - a reader that found it before, in its RCU section: step 3;
 *   - a packet in an asynchronous cipher: each job completes once, tx_done()
 *     and rx_done() put the reference on every path;
 *   - the event queue: the worker sends or forgets, then puts;
 *   - its own tick: owns no reference; step 4 cancels it before anything else.
 * Who may still hold a policy after step 1:
 *   - a reader, as above, also through ts_set->policy;
 *   - its SAs, until their step 4;
 *   - wait.timeout while it is pending: cancelled in step 2, or it runs and puts;
 *   - the event queue, as above.
 * Who may still hold a device after step 1:
 *   - its policies, until their step 4;
 *   - the event queue; a netlink request, which finds it dead;
 *   - packets in its GRO cells: gro_cells_destroy() in the destructor.
 * Nobody holds the birth namespace: dev->home is cleared in its pre_exit, and
 * whoever read it before is in an RCU section that the namespace waits for.
 */
#include "policy.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/slab.h>
#include <net/icmp.h>

#include "sa.h"

struct workqueue_struct *espl_wq;
atomic_t espl_generation = ATOMIC_INIT(1);
struct espl_audit espl_audit[ESPL_OBJ_COUNT];

void espl_policy_put(struct espl_policy *policy)
{
	if (!refcount_dec_and_test(&policy->refs))
		return;
	espl_endpoint_free(rcu_dereference_protected(policy->endpoint, true));
	espl_ts_set_free(rcu_dereference_protected(policy->ts, true));
	netdev_put(policy->dev->netdev, &policy->dev_ref);
	espl_audit_gone(ESPL_OBJ_POLICY);
	kfree(policy);
}

/* No reader can meet the removed policy any more. */
static void policy_put_removed(struct rcu_head *rcu)
{
	espl_policy_put(container_of(rcu, struct espl_policy, rcu));
}

struct espl_policy *espl_policy_find(struct espl_device *dev, u32 id)
{
	lockdep_assert_held(&dev->lock);
	return xa_load(&dev->policies, id);
}

void espl_unreachable(struct sk_buff *skb, u8 code4, u8 code6)
{
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, code4, 0);
	else if (skb->protocol == htons(ETH_P_IPV6))
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, code6, 0);
}

static void wait_drop_packet(struct espl_policy *policy, struct sk_buff *skb)
{
	espl_stats_drop(policy->dev->stats, NULL, ESPL_DROP_TX_NO_SA, 1);
	kfree_skb(skb);
}

/* No SA came in time. RFC 4301 6.1.1: the peer cannot be reached. */
static void wait_timeout(struct work_struct *work)
{
	struct espl_policy *policy = container_of(to_delayed_work(work), struct espl_policy,
						  wait.timeout);
	struct sk_buff_head list;
	struct sk_buff *skb;

	__skb_queue_head_init(&list);
	spin_lock_bh(&policy->wait.lock);
	skb_queue_splice_init(&policy->wait.queue, &list);
	policy->wait.asked = false;
	spin_unlock_bh(&policy->wait.lock);

	local_bh_disable();
	while ((skb = __skb_dequeue(&list))) {
		espl_unreachable(skb, ICMP_HOST_UNREACH, ICMPV6_ADDR_UNREACH);
		wait_drop_packet(policy, skb);
	}
	local_bh_enable();
	espl_policy_put(policy);
}

bool espl_policy_wait(struct espl_policy *policy, struct sk_buff *skb,
		      const struct espl_flow *flow)
{
	struct sk_buff *oldest = NULL;
	bool ask = false;

	spin_lock_bh(&policy->wait.lock);
	if (rcu_access_pointer(policy->out) && !policy->wait.closed) {
		spin_unlock_bh(&policy->wait.lock);
		return false;
	}
	if (policy->wait.closed) {
		spin_unlock_bh(&policy->wait.lock);
		wait_drop_packet(policy, skb);
		return true;
	}
	if (skb_queue_len(&policy->wait.queue) >= ESPL_WAIT_MAX)
		oldest = __skb_dequeue(&policy->wait.queue);
	__skb_queue_tail(&policy->wait.queue, skb);
	if (!policy->wait.asked) {
		policy->wait.asked = ask = true;
		policy->wait.flow = *flow;
		/* Not closed: the device's reference is still there to build on. */
		espl_policy_hold(policy);
		if (!queue_delayed_work(espl_wq, &policy->wait.timeout, ESPL_WAIT_SECONDS * HZ))
			espl_policy_put(policy);
	}
	spin_unlock_bh(&policy->wait.lock);

	if (oldest)
		wait_drop_packet(policy, oldest);
	if (ask)
		espl_event_acquire(policy);
	return true;
}

static void wait_take(struct espl_policy *policy, struct sk_buff_head *list, bool close)
{
	spin_lock_bh(&policy->wait.lock);
	skb_queue_splice_tail_init(&policy->wait.queue, list);
	policy->wait.asked = false;
	policy->wait.closed |= close;
	/* Under the lock: it must not cancel the timeout of who asks next. */
	if (cancel_delayed_work(&policy->wait.timeout))
		espl_policy_put(policy);
	spin_unlock_bh(&policy->wait.lock);
}

void espl_policy_wait_end(struct espl_policy *policy, struct sk_buff_head *list)
{
	wait_take(policy, list, false);
}

static void wait_drop(struct espl_policy *policy, bool close)
{
	struct sk_buff_head list;
	struct sk_buff *skb;

	__skb_queue_head_init(&list);
	wait_take(policy, &list, close);
	while ((skb = __skb_dequeue(&list)))
		wait_drop_packet(policy, skb);
}

void espl_device_drop_waiting(struct espl_device *dev)
{
	struct espl_policy *policy;
	unsigned long id;

	lockdep_assert_held(&dev->lock);
	xa_for_each(&dev->policies, id, policy)
		wait_drop(policy, false);
}

int espl_policy_create(struct espl_device *dev, u32 id, struct espl_endpoint *ep,
		       struct espl_ts_set *ts)
{
	struct espl_policy *policy;
	int err;

	lockdep_assert_held(&dev->lock);
	policy = kzalloc(sizeof(*policy), GFP_KERNEL_ACCOUNT);
	if (!policy) {
		espl_endpoint_free(ep);
		espl_ts_set_free(ts);
		return -ENOMEM;
	}

	policy->id = id;
	policy->dev = dev;
	netdev_hold(dev->netdev, &policy->dev_ref, GFP_KERNEL);
	refcount_set(&policy->refs, 1);
	INIT_LIST_HEAD(&policy->in);
	spin_lock_init(&policy->wait.lock);
	__skb_queue_head_init(&policy->wait.queue);
	INIT_DELAYED_WORK(&policy->wait.timeout, wait_timeout);
	espl_event_prepare(&policy->event, ESPL_EVENT_POLICY);
	RCU_INIT_POINTER(policy->endpoint, ep);
	RCU_INIT_POINTER(policy->ts, ts);
	ts->policy = policy;

	if (ep->encap == ESPLANE_ENCAP_UDP)
		atomic_inc(&espl_home_locked(dev)->udp_policies);
	espl_audit_made(ESPL_OBJ_POLICY);
	dev->policy_count++;

	err = xa_err(xa_store(&dev->policies, id, policy, GFP_KERNEL_ACCOUNT));
	if (!err)
		err = espl_selectors_insert(&dev->selectors, ts);
	/* Packets may have met a policy that was inserted in part. */
	if (err)
		espl_policy_remove(policy);
	else
		atomic_inc(&espl_generation);
	return err;
}

/* An orphaned socket lives as long as a policy can use it: the worker decides. */
static void policy_udp_gone(struct espl_net *en)
{
	if (atomic_dec_and_test(&en->udp_policies))
		mod_delayed_work(espl_wq, &en->sock_reap, 0);
}

int espl_policy_change(struct espl_policy *policy, struct espl_endpoint *ep,
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
		struct espl_net *en = espl_home_locked(dev);

		if (ep->encap == ESPLANE_ENCAP_UDP)
			atomic_inc(&en->udp_policies);
		ep = rcu_replace_pointer(policy->endpoint, ep, lockdep_is_held(&dev->lock));
		if (ep->encap == ESPLANE_ENCAP_UDP)
			policy_udp_gone(en);
		espl_endpoint_free(ep);
	}
	atomic_inc(&espl_generation);
	return 0;
}

static void policy_add_in(struct espl_policy *policy, struct espl_sa *in)
{
	struct espl_sa *pos;

	list_for_each_entry(pos, &policy->in, policy_node)
		if (be32_to_cpu(pos->spi) > be32_to_cpu(in->spi))
			break;
	list_add_tail(&in->policy_node, &pos->policy_node);
	policy->in_count++;
}

static void policy_drop_out(struct espl_policy *policy, struct espl_sa *sa)
{
	espl_sa_unindex_out(espl_home_locked(policy->dev), sa);
	espl_sa_kill(sa);
}

int espl_policy_install(struct espl_policy *policy, struct espl_spi *spi, struct espl_sa *in,
			struct espl_sa *out)
{
	struct espl_device *dev = policy->dev;
	struct espl_sa *old;
	int err;

	lockdep_assert_held(&dev->lock);
	/* First what can fail. */
	if (out) {
		espl_sa_adopt(out, policy);
		err = espl_sa_index_out(espl_home_locked(dev), out);
		if (err)
			return err;
	}
	if (in) {
		espl_sa_adopt(in, policy);
		in->entry = spi;
		policy_add_in(policy, in);
		rcu_assign_pointer(spi->sa, in);
		espl_sa_start(in);
	}
	if (out) {
		old = rcu_replace_pointer(policy->out, out, lockdep_is_held(&dev->lock));
		espl_sa_start(out);
		if (old)
			policy_drop_out(policy, old);
	}
	atomic_inc(&espl_generation);
	return 0;
}

void espl_policy_drop_sa(struct espl_policy *policy, struct espl_sa *sa)
{
	struct espl_device *dev = policy->dev;

	lockdep_assert_held(&dev->lock);
	atomic_inc(&espl_generation);
	if (sa->dir == ESPLANE_DIR_OUT) {
		RCU_INIT_POINTER(policy->out, NULL);
		policy_drop_out(policy, sa);
		return;
	}
	list_del(&sa->policy_node);
	policy->in_count--;
	RCU_INIT_POINTER(sa->entry->sa, NULL);
	espl_spi_release(espl_home_locked(dev), sa->entry);
	espl_sa_kill(sa);
}

void espl_policy_remove(struct espl_policy *policy)
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
		espl_policy_drop_sa(policy, sa);
	list_for_each_entry_safe(sa, next, &policy->in, policy_node)
		espl_policy_drop_sa(policy, sa);

	wait_drop(policy, true);
	ep = rcu_dereference_protected(policy->endpoint, lockdep_is_held(&dev->lock));
	if (ep->encap == ESPLANE_ENCAP_UDP)
		policy_udp_gone(espl_home_locked(dev));
	atomic_inc(&espl_generation);
	espl_event_policy_gone(policy);
	call_rcu(&policy->rcu, policy_put_removed);
}

void espl_device_flush(struct espl_device *dev)
{
	struct espl_policy *policy;
	struct espl_spi *spi, *next;
	unsigned long id;

	lockdep_assert_held(&dev->lock);
	xa_for_each(&dev->policies, id, policy)
		espl_policy_remove(policy);
	list_for_each_entry_safe(spi, next, &dev->spis, dev_node)
		espl_spi_release(espl_home_locked(dev), spi);
}
