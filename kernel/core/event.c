// SPDX-License-Identifier: GPL-2.0
#include "event.h"

#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "policy.h"
#include "sa.h"

enum {
	RETRY_JIFFIES	= HZ / 10,
	BAD_SPI_PERIOD	= HZ,		/* ESPL_BAD_SPIS messages in this time */
};

static void event_send_all(struct work_struct *work);

static const struct espl_event_sink *sink;
static DEFINE_SPINLOCK(queue_lock);	/* protects the lists and espl_event; IRQ */
static LIST_HEAD(queue);
static LIST_HEAD(net_queue);		/* espl_net.event_node: bad SPIs */
static bool closed;			/* no more bad SPIs: heirs live longer than the worker */
static DECLARE_DELAYED_WORK(worker, event_send_all);

static bool event_owner_tryget(struct espl_event *ev)
{
	struct espl_device *dev;

	switch (ev->owner) {
	case ESPL_EVENT_SA:
		/* Nobody wants to hear of an SA that is being deleted. */
		return percpu_ref_tryget_live(&container_of(ev, struct espl_sa, event)->ref);
	case ESPL_EVENT_POLICY:
		return refcount_inc_not_zero(&container_of(ev, struct espl_policy, event)->refs);
	default:
		dev = container_of(ev, struct espl_device, event);
		netdev_hold(dev->netdev, &dev->event_ref, GFP_ATOMIC);
		return true;
	}
}

static void event_owner_put(struct espl_event *ev)
{
	struct espl_device *dev;

	switch (ev->owner) {
	case ESPL_EVENT_SA:
		espl_sa_put(container_of(ev, struct espl_sa, event));
		break;
	case ESPL_EVENT_POLICY:
		espl_policy_put(container_of(ev, struct espl_policy, event));
		break;
	default:
		dev = container_of(ev, struct espl_device, event);
		netdev_put(dev->netdev, &dev->event_ref);
	}
}

static void event_raise(struct espl_event *ev, unsigned int bit)
{
	unsigned long flags;

	spin_lock_irqsave(&queue_lock, flags);
	if (list_empty(&ev->node)) {
		if (!event_owner_tryget(ev)) {
			spin_unlock_irqrestore(&queue_lock, flags);
			return;
		}
		list_add_tail(&ev->node, &queue);
	}
	__set_bit(bit, &ev->bits);
	spin_unlock_irqrestore(&queue_lock, flags);
	queue_delayed_work(espl_wq, &worker, 0);
}

void espl_event_expire(struct espl_sa *sa, enum esplane_limit limit, bool hard)
{
	event_raise(&sa->event, ESPL_EVENT_EXPIRE(limit, hard));
}

void espl_event_mapping(struct espl_sa *sa)
{
	event_raise(&sa->event, ESPL_EVENT_MAPPING);
}

void espl_event_acquire(struct espl_policy *policy)
{
	event_raise(&policy->event, ESPL_EVENT_ACQUIRE);
}

void espl_event_policy_gone(struct espl_policy *policy)
{
	event_raise(&policy->event, ESPL_EVENT_GONE);
}

void espl_event_device_gone(struct espl_device *dev)
{
	event_raise(&dev->event, ESPL_EVENT_GONE);
}

static bool event_bad_period_over(const struct espl_net *en)
{
	return time_after(jiffies, READ_ONCE(en->bad_since) + BAD_SPI_PERIOD);
}

void espl_event_invalid_spi(struct espl_net *en, __be32 spi, __be32 addr, __be16 port)
{
	unsigned long flags;

	/* A flood takes the lock of all CPUs no more often than the limit allows. */
	if (READ_ONCE(en->bad_burst) >= ESPL_BAD_SPIS && !event_bad_period_over(en))
		return;
	spin_lock_irqsave(&queue_lock, flags);
	if (event_bad_period_over(en)) {
		WRITE_ONCE(en->bad_since, jiffies);
		WRITE_ONCE(en->bad_burst, 0);
	}
	WRITE_ONCE(en->bad_burst, en->bad_burst + 1);
	if (!closed && en->bad_burst <= ESPL_BAD_SPIS && en->bad_count < ESPL_BAD_SPIS) {
		en->bad[en->bad_count++] = (struct espl_bad_spi){ spi, addr, port };
		if (list_empty(&en->event_node))
			list_add_tail(&en->event_node, &net_queue);
		queue_delayed_work(espl_wq, &worker, 0);
	}
	spin_unlock_irqrestore(&queue_lock, flags);
}

static void event_send_bits(struct espl_event *ev, unsigned long bits)
{
	unsigned long failed = 0;
	unsigned int bit;

	for_each_set_bit(bit, &bits, BITS_PER_LONG)
		if (sink->send(ev, bit))
			__set_bit(bit, &failed);
	if (failed) {
		spin_lock_irq(&queue_lock);
		ev->bits |= failed;
		if (list_empty(&ev->node)) {
			/* Our reference goes back to the queue. */
			list_add_tail(&ev->node, &queue);
			spin_unlock_irq(&queue_lock);
			queue_delayed_work(espl_wq, &worker, RETRY_JIFFIES);
			return;
		}
		spin_unlock_irq(&queue_lock);
	}
	event_owner_put(ev);
}

static struct espl_net *event_next_net(struct espl_bad_spi *bad, unsigned int *count)
{
	struct espl_net *en;

	spin_lock_irq(&queue_lock);
	en = list_first_entry_or_null(&net_queue, struct espl_net, event_node);
	if (en) {
		list_del_init(&en->event_node);
		*count = en->bad_count;
		memcpy(bad, en->bad, sizeof(en->bad));
		en->bad_count = 0;
	}
	spin_unlock_irq(&queue_lock);
	return en;
}

static void event_send_all(struct work_struct *work)
{
	struct espl_bad_spi bad[ESPL_BAD_SPIS];
	unsigned int budget, count, i;
	struct espl_event *ev;
	struct espl_net *en;
	unsigned long bits;

	/* What fails goes to the tail: the budget is what was there on entry, or more. */
	spin_lock_irq(&queue_lock);
	budget = 0;
	list_for_each_entry(ev, &queue, node)
		budget++;
	while (budget-- && !list_empty(&queue)) {
		ev = list_first_entry(&queue, struct espl_event, node);
		list_del_init(&ev->node);
		bits = ev->bits;
		ev->bits = 0;
		spin_unlock_irq(&queue_lock);
		event_send_bits(ev, bits);
		cond_resched();
		spin_lock_irq(&queue_lock);
	}
	spin_unlock_irq(&queue_lock);

	/* A namespace leaves net_queue before the grace period that ends it. */
	rcu_read_lock();
	while ((en = event_next_net(bad, &count)))
		for (i = 0; i < count; i++)
			sink->bad_spi(en, &bad[i]);
	rcu_read_unlock();
}

void espl_event_net_init(struct espl_net *en)
{
	INIT_LIST_HEAD(&en->event_node);
	en->bad_since = jiffies;
}

void espl_event_net_leave(struct espl_net *en)
{
	spin_lock_irq(&queue_lock);
	list_del_init(&en->event_node);
	en->bad_count = 0;
	/* No more from now on. */
	WRITE_ONCE(en->bad_burst, ESPL_BAD_SPIS);
	WRITE_ONCE(en->bad_since, jiffies + MAX_JIFFY_OFFSET / 2);
	spin_unlock_irq(&queue_lock);
}

void espl_event_init(const struct espl_event_sink *to)
{
	sink = to;
}

void espl_event_exit(void)
{
	while (!list_empty_careful(&queue))
		flush_delayed_work(&worker);
	spin_lock_irq(&queue_lock);
	closed = true;
	spin_unlock_irq(&queue_lock);
	cancel_delayed_work_sync(&worker);
}
