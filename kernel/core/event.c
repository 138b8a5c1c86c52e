// SPDX-License-Identifier: GPL-2.0
#include "event.h"

#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "work.h"

enum {
	RETRY_JIFFIES	= HZ / 10,
	BAD_SPI_PERIOD	= HZ,		/* ESPL_BAD_SPIS messages in this time */
};

static void event_send_all(struct work_struct *work);

static const struct espl_event_sink *sink;
static DEFINE_SPINLOCK(queue_lock);	/* protects the lists and espl_event; IRQ */
static LIST_HEAD(queue);
static LIST_HEAD(bad_queue);		/* espl_bad_spis.node */
static bool closed;			/* no more bad SPIs: heirs live longer than the worker */
static DECLARE_DELAYED_WORK(worker, event_send_all);

void espl_event_raise(struct espl_event *ev, unsigned int bit)
{
	unsigned long flags;

	spin_lock_irqsave(&queue_lock, flags);
	if (list_empty(&ev->node)) {
		if (!ev->ops->tryget(ev)) {
			spin_unlock_irqrestore(&queue_lock, flags);
			return;
		}
		list_add_tail(&ev->node, &queue);
	}
	__set_bit(bit, &ev->bits);
	spin_unlock_irqrestore(&queue_lock, flags);
	queue_delayed_work(espl_wq, &worker, 0);
}

static bool event_bad_period_over(const struct espl_bad_spis *bad)
{
	return time_after(jiffies, READ_ONCE(bad->since) + BAD_SPI_PERIOD);
}

void espl_event_bad_spi(struct espl_bad_spis *bad, __be32 spi, const struct espl_outer *from)
{
	unsigned long flags;

	/* A flood takes the lock of all CPUs no more often than the limit allows. */
	if (READ_ONCE(bad->burst) >= ESPL_BAD_SPIS && !event_bad_period_over(bad))
		return;
	spin_lock_irqsave(&queue_lock, flags);
	if (event_bad_period_over(bad)) {
		WRITE_ONCE(bad->since, jiffies);
		WRITE_ONCE(bad->burst, 0);
	}
	WRITE_ONCE(bad->burst, bad->burst + 1);
	if (!closed && bad->burst <= ESPL_BAD_SPIS && bad->count < ESPL_BAD_SPIS) {
		bad->wait[bad->count++] = (struct espl_bad_spi){ spi, *from };
		if (list_empty(&bad->node))
			list_add_tail(&bad->node, &bad_queue);
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
	ev->ops->put(ev);
}

static struct espl_bad_spis *event_next_bad(struct espl_bad_spi *to, unsigned int *count)
{
	struct espl_bad_spis *bad;

	spin_lock_irq(&queue_lock);
	bad = list_first_entry_or_null(&bad_queue, struct espl_bad_spis, node);
	if (bad) {
		list_del_init(&bad->node);
		*count = bad->count;
		memcpy(to, bad->wait, sizeof(bad->wait));
		bad->count = 0;
	}
	spin_unlock_irq(&queue_lock);
	return bad;
}

static void event_send_all(struct work_struct *work)
{
	struct espl_bad_spi waiting[ESPL_BAD_SPIS];
	unsigned int budget, count, i;
	struct espl_bad_spis *bad;
	struct espl_event *ev;
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

	/* A namespace leaves bad_queue before the grace period that ends it. */
	rcu_read_lock();
	while ((bad = event_next_bad(waiting, &count)))
		for (i = 0; i < count; i++)
			sink->bad_spi(bad, &waiting[i]);
	rcu_read_unlock();
}

void espl_event_bad_init(struct espl_bad_spis *bad)
{
	INIT_LIST_HEAD(&bad->node);
	bad->since = jiffies;
}

void espl_event_bad_leave(struct espl_bad_spis *bad)
{
	spin_lock_irq(&queue_lock);
	list_del_init(&bad->node);
	bad->count = 0;
	/* No more from now on. */
	WRITE_ONCE(bad->burst, ESPL_BAD_SPIS);
	WRITE_ONCE(bad->since, jiffies + MAX_JIFFY_OFFSET / 2);
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
