/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policy, an entry of the SPD (RFC 4301 4.4.1), which outlives every rekey.
 * spd.c makes, changes and removes it; the removal protocol of all objects is
 * at the top of policy.c.
 */
#ifndef _ESPL_POLICY_H
#define _ESPL_POLICY_H

#include <linux/list.h>
#include <linux/refcount.h>

#include "device.h"
#include "endpoint.h"
#include "event.h"
#include "pure/selector.h"
#include "wait.h"

struct espl_sa;

struct espl_policy {
	/* read by packets */
	struct espl_sa __rcu *out;
	struct espl_endpoint __rcu *endpoint;	/* never NULL */
	struct espl_ts_set __rcu *ts;		/* never NULL */
	struct espl_device *dev;	/* a reference to its netdev */
	u32 id;

	refcount_t refs;		/* the device's, and one for each SA and queued event */
	struct list_head in;		/* inbound SAs by SPI; they and their number: dev->lock */
	unsigned int in_count;

	struct espl_wait wait;
	struct espl_event event;
	netdevice_tracker dev_ref;
	struct rcu_head rcu;
};

/* With the device's reference, unpublished. Takes @ep and @ts, also when it fails: NULL. */
struct espl_policy *espl_policy_alloc(struct espl_device *dev, u32 id, struct espl_endpoint *ep,
				      struct espl_ts_set *ts);

/* Any context, both. */
static inline void espl_policy_hold(struct espl_policy *policy)
{
	refcount_inc(&policy->refs);
}

void espl_policy_put(struct espl_policy *policy);

/* Gives the device's reference back after a grace period, once it is unlinked. */
void espl_policy_put_rcu(struct espl_policy *policy);

/*
 * Takes a packet that has no outbound SA, under RCU: queues it and asks for
 * one, or drops it. False: an SA has come meanwhile, the packet is still the
 * caller's.
 */
bool espl_policy_wait(struct espl_policy *policy, struct sk_buff *skb,
		      const struct espl_flow *flow);
/* Ends the wait: moves what is queued to @list, the caller's to send. */
void espl_policy_wait_end(struct espl_policy *policy, struct sk_buff_head *list);
/* Ends the wait without an answer. @close: for ever. */
void espl_policy_wait_drop(struct espl_policy *policy, bool close);

#endif
