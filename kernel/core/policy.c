// SPDX-License-Identifier: GPL-2.0
/*
 * Removal. Rekey under load, policy and device deletion, namespace exit and
 * module unload all go this way, and only this way:
 *
 *   1. Unlink, under dev->lock: spd.c. Nobody new finds the object.
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

#include "audit.h"
#include "drop.h"
#include "icmp.h"

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

void espl_policy_put_rcu(struct espl_policy *policy)
{
	call_rcu(&policy->rcu, policy_put_removed);
}

static bool policy_event_tryget(struct espl_event *ev)
{
	return refcount_inc_not_zero(&container_of(ev, struct espl_policy, event)->refs);
}

static void policy_event_put(struct espl_event *ev)
{
	espl_policy_put(container_of(ev, struct espl_policy, event));
}

static const struct espl_event_ops policy_event_ops = {
	.owner	= ESPL_EVENT_POLICY,
	.tryget	= policy_event_tryget,
	.put	= policy_event_put,
};

/* No SA came in time. RFC 4301 6.1.1: the peer cannot be reached. */
static void policy_wait_timeout(struct work_struct *work)
{
	struct espl_policy *policy = container_of(to_delayed_work(work), struct espl_policy,
						  wait.timeout);
	struct sk_buff_head list;
	struct sk_buff *skb;

	__skb_queue_head_init(&list);
	espl_wait_expire(&policy->wait, &list);
	local_bh_disable();
	while ((skb = __skb_dequeue(&list))) {
		espl_icmp_unreachable(skb, ICMP_HOST_UNREACH, ICMPV6_ADDR_UNREACH);
		espl_drop(policy->dev, skb, ESPL_DROP_TX_NO_SA);
	}
	local_bh_enable();
	espl_policy_put(policy);
}

bool espl_policy_wait(struct espl_policy *policy, struct sk_buff *skb,
		      const struct espl_flow *flow)
{
	struct espl_wait *wait = &policy->wait;
	struct sk_buff *dropped = skb;
	bool ask = false;

	spin_lock_bh(&wait->lock);
	if (!wait->closed) {
		if (rcu_access_pointer(policy->out)) {
			spin_unlock_bh(&wait->lock);
			return false;
		}
		dropped = espl_wait_add(wait, skb, flow, &ask);
		if (ask) {
			/* Not closed: the device's reference is still there to build on. */
			espl_policy_hold(policy);
			if (!espl_wait_arm(wait))
				espl_policy_put(policy);
		}
	}
	spin_unlock_bh(&wait->lock);

	if (dropped)
		espl_drop(policy->dev, dropped, ESPL_DROP_TX_NO_SA);
	if (ask)
		espl_event_raise(&policy->event, ESPL_EVENT_ACQUIRE);
	return true;
}

static void policy_wait_take(struct espl_policy *policy, struct sk_buff_head *list, bool close)
{
	if (espl_wait_take(&policy->wait, list, close))
		espl_policy_put(policy);
}

void espl_policy_wait_end(struct espl_policy *policy, struct sk_buff_head *list)
{
	policy_wait_take(policy, list, false);
}

void espl_policy_wait_drop(struct espl_policy *policy, bool close)
{
	struct sk_buff_head list;
	struct sk_buff *skb;

	__skb_queue_head_init(&list);
	policy_wait_take(policy, &list, close);
	while ((skb = __skb_dequeue(&list)))
		espl_drop(policy->dev, skb, ESPL_DROP_TX_NO_SA);
}

struct espl_policy *espl_policy_alloc(struct espl_device *dev, u32 id, struct espl_endpoint *ep,
				      struct espl_ts_set *ts)
{
	struct espl_policy *policy;

	policy = kzalloc(sizeof(*policy), GFP_KERNEL_ACCOUNT);
	if (!policy) {
		espl_endpoint_free(ep);
		espl_ts_set_free(ts);
		return NULL;
	}
	policy->id = id;
	policy->dev = dev;
	netdev_hold(dev->netdev, &policy->dev_ref, GFP_KERNEL);
	refcount_set(&policy->refs, 1);
	INIT_LIST_HEAD(&policy->in);
	espl_wait_init(&policy->wait, policy_wait_timeout);
	espl_event_prepare(&policy->event, &policy_event_ops);
	RCU_INIT_POINTER(policy->endpoint, ep);
	RCU_INIT_POINTER(policy->ts, ts);
	ts->policy = policy;
	espl_audit_made(ESPL_OBJ_POLICY);
	return policy;
}
