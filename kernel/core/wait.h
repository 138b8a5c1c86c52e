/* SPDX-License-Identifier: GPL-2.0 */
/* Packets that wait until there is an outbound SA: a few of them, for a few seconds. */
#ifndef _ESPL_WAIT_H
#define _ESPL_WAIT_H

#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "pure/selector.h"

enum {
	ESPL_WAIT_MAX		= 16,	/* packets */
	ESPL_WAIT_SECONDS	= 5,
};

/* Embedded in its policy. While @timeout is pending, the policy's reference goes with it. */
struct espl_wait {
	spinlock_t lock;		/* protects the rest; BH */
	struct sk_buff_head queue;
	struct espl_flow flow;		/* of the packet that asked */
	bool asked;			/* an ACQUIRE is out */
	bool closed;			/* the policy is dead: nothing waits any more */
	struct delayed_work timeout;
};

/* @timeout calls espl_wait_expire(), and gives back the reference that goes with it. */
void espl_wait_init(struct espl_wait *wait, work_func_t timeout);

/*
 * Queues @skb, under wait->lock; the wait is not closed. Returns the oldest
 * packet if there was no room, now the caller's to drop, or NULL. *@ask: it is
 * the first one: an SA has to be asked for, and espl_wait_arm() called.
 */
struct sk_buff *espl_wait_add(struct espl_wait *wait, struct sk_buff *skb,
			      const struct espl_flow *flow, bool *ask);
/* Under wait->lock. False: the timeout is pending already, with a reference of its own. */
bool __must_check espl_wait_arm(struct espl_wait *wait);

/*
 * Ends the wait: moves what is queued to @list. True: the timeout was pending,
 * and its reference is now the caller's. @close: for ever.
 */
bool __must_check espl_wait_take(struct espl_wait *wait, struct sk_buff_head *list, bool close);
/* From the timeout: no SA came in time. Moves what is queued to @list. */
void espl_wait_expire(struct espl_wait *wait, struct sk_buff_head *list);

#endif
