/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policy, an entry of the SPD (RFC 4301 4.4.1), which outlives every rekey,
 * and the device as the objects and the packet path see it. The removal
 * protocol is at the top of policy.c.
 */
#ifndef _ESPL_POLICY_H
#define _ESPL_POLICY_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/gro_cells.h>

#include <linux/esplane.h>

#include "endpoint.h"
#include "event.h"
#include "pure/selector.h"
#include "pure/stats.h"
#include "satable.h"

struct espl_sa;

enum {
	ESPL_WAIT_MAX		= 16,	/* packets that wait for an outbound SA */
	ESPL_WAIT_SECONDS	= 5,
};

/* The private part of the netdev. */
struct espl_device {
	/* read by packets */
	struct net_device *netdev;
	struct espl_net __rcu *home;	/* birth namespace; NULL once that is going */
	struct espl_stats __percpu *stats;
	struct gro_cells gro;
	struct espl_selectors selectors;

	/* written under @lock, which no packet takes; nests inside rtnl */
	struct mutex lock;
	struct xarray policies;		/* by id; read by RCU */
	unsigned int policy_count;	/* its limit and the next one's: ctl/netlink.c */
	unsigned int spi_count;
	struct list_head spis;		/* espl_spi.dev_node */
	bool dead;			/* ndo_uninit has begun; device.c's lock is held too */

	struct list_head home_node;	/* in espl_net.devices */
	u32 id;				/* unique at home, constant */
	struct espl_event event;
	netdevice_tracker event_ref;	/* while @event is queued */
};

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

	struct {
		spinlock_t lock;	/* protects the rest; BH */
		struct sk_buff_head queue;
		struct espl_flow flow;	/* of the packet that asked */
		bool asked;		/* an ACQUIRE is out */
		bool closed;		/* the policy is dead */
		struct delayed_work timeout;	/* holds a policy reference while it is pending */
	} wait;

	struct espl_event event;
	netdevice_tracker dev_ref;
	struct rcu_head rcu;
};

extern struct workqueue_struct *espl_wq;	/* frees SAs, ends waits, sends events: may sleep */
extern atomic_t espl_generation;	/* of all tables, for dumps */

/* Objects that live, and how many ever did: debugfs and the audit at exit. */
enum espl_object { ESPL_OBJ_DEVICE, ESPL_OBJ_POLICY, ESPL_OBJ_SA, ESPL_OBJ_COUNT };
struct espl_audit {
	atomic_long_t made;
	atomic_long_t gone;
};
extern struct espl_audit espl_audit[ESPL_OBJ_COUNT];

static inline void espl_audit_made(enum espl_object obj)
{
	atomic_long_inc(&espl_audit[obj].made);
}

static inline void espl_audit_gone(enum espl_object obj)
{
	atomic_long_inc(&espl_audit[obj].gone);
}

static inline struct espl_net *espl_home_locked(const struct espl_device *dev)
{
	return rcu_dereference_protected(dev->home, lockdep_is_held(&dev->lock));
}

/* Under dev->lock, and so are all that follow. Borrowed; NULL: no such policy. */
struct espl_policy *espl_policy_find(struct espl_device *dev, u32 id);

/*
 * Makes and publishes a policy, or changes one. Both take @ep and @ts, also
 * when they fail; in a change either may be NULL: kept.
 */
int espl_policy_create(struct espl_device *dev, u32 id, struct espl_endpoint *ep,
		       struct espl_ts_set *ts);
int espl_policy_change(struct espl_policy *policy, struct espl_endpoint *ep,
		       struct espl_ts_set *ts);

/*
 * Publishes SAs, either may be NULL; takes them. @spi is the reservation of
 * @in. Frees the outbound SA that @out replaces. -ENOMEM and the like: nothing
 * has changed, and both are the caller's to kill.
 */
int espl_policy_install(struct espl_policy *policy, struct espl_spi *spi, struct espl_sa *in,
			struct espl_sa *out);
/* An SA out of its policy, and inbound ones out of the table; then it is killed. */
void espl_policy_drop_sa(struct espl_policy *policy, struct espl_sa *sa);

void espl_policy_remove(struct espl_policy *policy);
/* Every policy and reservation of the device. */
void espl_device_flush(struct espl_device *dev);
/* Ends every wait of the device's policies without an answer. */
void espl_device_drop_waiting(struct espl_device *dev);

/* Any context. */
static inline void espl_policy_hold(struct espl_policy *policy)
{
	refcount_inc(&policy->refs);
}

void espl_policy_put(struct espl_policy *policy);

/*
 * Takes a packet that has no outbound SA, under RCU: queues it and asks for
 * one, or drops it. False: an SA has come meanwhile, the packet is still the
 * caller's.
 */
bool espl_policy_wait(struct espl_policy *policy, struct sk_buff *skb,
		      const struct espl_flow *flow);
/* Ends the wait: moves what is queued to @list, the caller's to send. */
void espl_policy_wait_end(struct espl_policy *policy, struct sk_buff_head *list);

/* ICMP or ICMPv6 destination unreachable to the sender of @skb, as IPv4 and IPv6 codes. */
void espl_unreachable(struct sk_buff *skb, u8 code4, u8 code6);

#endif
