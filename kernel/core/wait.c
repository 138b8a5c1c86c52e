// SPDX-License-Identifier: GPL-2.0
#include "wait.h"

#include "work.h"

void espl_wait_init(struct espl_wait *wait, work_func_t timeout)
{
	spin_lock_init(&wait->lock);
	__skb_queue_head_init(&wait->queue);
	INIT_DELAYED_WORK(&wait->timeout, timeout);
}

struct sk_buff *espl_wait_add(struct espl_wait *wait, struct sk_buff *skb,
			      const struct espl_flow *flow, bool *ask)
{
	struct sk_buff *oldest = NULL;

	lockdep_assert_held(&wait->lock);
	if (skb_queue_len(&wait->queue) >= ESPL_WAIT_MAX)
		oldest = __skb_dequeue(&wait->queue);
	__skb_queue_tail(&wait->queue, skb);
	*ask = !wait->asked;
	if (*ask) {
		wait->asked = true;
		wait->flow = *flow;
	}
	return oldest;
}

bool espl_wait_arm(struct espl_wait *wait)
{
	lockdep_assert_held(&wait->lock);
	return queue_delayed_work(espl_wq, &wait->timeout, ESPL_WAIT_SECONDS * HZ);
}

bool espl_wait_take(struct espl_wait *wait, struct sk_buff_head *list, bool close)
{
	bool was_pending;

	spin_lock_bh(&wait->lock);
	skb_queue_splice_tail_init(&wait->queue, list);
	wait->asked = false;
	wait->closed |= close;
	/* Under the lock: it must not cancel the timeout of who asks next. */
	was_pending = cancel_delayed_work(&wait->timeout);
	spin_unlock_bh(&wait->lock);
	return was_pending;
}

void espl_wait_expire(struct espl_wait *wait, struct sk_buff_head *list)
{
	spin_lock_bh(&wait->lock);
	skb_queue_splice_tail_init(&wait->queue, list);
	wait->asked = false;
	spin_unlock_bh(&wait->lock);
}
