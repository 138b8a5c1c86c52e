// SPDX-License-Identifier: GPL-2.0
#include "event.h"

#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>

#include "policy.h"
#include "sa.h"

enum {
	RETRY_JIFFIES	= HZ / 10,
	BAD_SPI_PERIOD	= HZ,		/* ESPL_BAD_SPIS messages in this time */
};

/* Bits of an SA: one for each limit, soft and hard. The other owners have one kind each. */
#define BIT_EXPIRE(limit, hard)	((limit) << 1 | (hard))
#define BIT_MAPPING		(BIT_EXPIRE(ESPLANE_LIMIT_SEQUENCE, 1) + 1)
#define BIT_ACQUIRE		0
#define BIT_GONE		1

static void event_send_all(struct work_struct *work);

static const struct genl_family *family;
static DEFINE_SPINLOCK(queue_lock);	/* protects the lists and espl_event; IRQ */
static LIST_HEAD(queue);
static LIST_HEAD(net_queue);		/* espl_net.event_node: bad SPIs */
static bool closed;			/* no more bad SPIs: heirs live longer than the worker */
static DECLARE_DELAYED_WORK(worker, event_send_all);

static struct espl_device *event_owner_device(const struct espl_event *ev)
{
	switch (ev->owner) {
	case ESPL_EVENT_SA:
		return container_of(ev, struct espl_sa, event)->policy->dev;
	case ESPL_EVENT_POLICY:
		return container_of(ev, struct espl_policy, event)->dev;
	default:
		return container_of(ev, struct espl_device, event);
	}
}

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
	queue_delayed_work(system_wq, &worker, 0);
}

void espl_event_expire(struct espl_sa *sa, enum esplane_limit limit, bool hard)
{
	event_raise(&sa->event, BIT_EXPIRE(limit, hard));
}

void espl_event_mapping(struct espl_sa *sa)
{
	event_raise(&sa->event, BIT_MAPPING);
}

void espl_event_acquire(struct espl_policy *policy)
{
	event_raise(&policy->event, BIT_ACQUIRE);
}

void espl_event_policy_gone(struct espl_policy *policy)
{
	event_raise(&policy->event, BIT_GONE);
}

void espl_event_device_gone(struct espl_device *dev)
{
	event_raise(&dev->event, BIT_GONE);
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
		queue_delayed_work(system_wq, &worker, 0);
	}
	spin_unlock_irqrestore(&queue_lock, flags);
}

/* One side of a packet as the selector that matches just it. */
static void notify_fill_flow(struct sk_buff *msg, const struct espl_flow *flow, int attr,
			     const union espl_addr *addr, u16 port)
{
	unsigned int len = flow->family == AF_INET ? sizeof(addr->v4) : sizeof(addr->v6);
	struct nlattr *nest = nla_nest_start(msg, attr);

	nla_put(msg, ESPLANE_TS_A_START, len, addr);
	nla_put(msg, ESPLANE_TS_A_END, len, addr);
	nla_put_u8(msg, ESPLANE_TS_A_PROTO, flow->proto);
	if (!flow->opaque) {
		nla_put_u16(msg, ESPLANE_TS_A_PORT_START, port);
		nla_put_u16(msg, ESPLANE_TS_A_PORT_END, port);
	}
	nla_nest_end(msg, nest);
}

/* False: the peer has come back to where the policy says, there is no news. */
static bool notify_fill_mapping(struct sk_buff *msg, struct espl_sa *sa)
{
	__be32 addr;
	__be16 port;

	spin_lock_bh(&sa->lock);
	addr = sa->mapping.addr;
	port = sa->mapping.port;
	spin_unlock_bh(&sa->lock);
	nla_put_in_addr(msg, ESPLANE_A_PEER_ADDR, addr);
	nla_put_u16(msg, ESPLANE_A_PEER_PORT, be16_to_cpu(port));
	return addr;
}

/* Encodes one message, far shorter than NLMSG_GOODSIZE. False: it need not be sent. */
static bool notify_fill_sa(struct sk_buff *msg, struct espl_sa *sa, unsigned int bit)
{
	nla_put_u32(msg, ESPLANE_A_POLICY_ID, sa->policy->id);
	nla_put_u32(msg, ESPLANE_A_SPI, be32_to_cpu(sa->spi));
	if (bit == BIT_MAPPING)
		return notify_fill_mapping(msg, sa);
	nla_put_u8(msg, ESPLANE_A_DIR, sa->dir);
	nla_put_u8(msg, ESPLANE_A_LIMIT, bit >> 1);
	if (bit & 1)
		nla_put_flag(msg, ESPLANE_A_HARD);
	return true;
}

static void notify_fill_policy(struct sk_buff *msg, struct espl_policy *policy, unsigned int bit)
{
	nla_put_u32(msg, ESPLANE_A_POLICY_ID, policy->id);
	if (bit != BIT_ACQUIRE)
		return;
	spin_lock_bh(&policy->wait.lock);
	notify_fill_flow(msg, &policy->wait.flow, ESPLANE_A_TS_LOCAL, &policy->wait.flow.local,
			 policy->wait.flow.local_port);
	notify_fill_flow(msg, &policy->wait.flow, ESPLANE_A_TS_REMOTE, &policy->wait.flow.remote,
			 policy->wait.flow.remote_port);
	spin_unlock_bh(&policy->wait.lock);
}

static u8 notify_command(const struct espl_event *ev, unsigned int bit)
{
	switch (ev->owner) {
	case ESPL_EVENT_SA:
		return bit == BIT_MAPPING ? ESPLANE_CMD_MAPPING : ESPLANE_CMD_EXPIRE;
	case ESPL_EVENT_POLICY:
		return bit == BIT_ACQUIRE ? ESPLANE_CMD_ACQUIRE : ESPLANE_CMD_POLICY_GONE;
	default:
		return ESPLANE_CMD_DEVICE_GONE;
	}
}

static void notify_multicast(const struct espl_net *en, struct sk_buff *msg)
{
	/* -ESRCH: nobody listens. -ENOBUFS: a listener learns it from its own socket. */
	genlmsg_multicast_netns(family, en->net, msg, 0, 0, GFP_ATOMIC);
}

/* -ENOMEM: not sent, try again. A device whose birth namespace is going has no listeners. */
static int notify_event(struct espl_event *ev, unsigned int bit)
{
	struct espl_device *dev = event_owner_device(ev);
	struct espl_net *en;
	struct sk_buff *msg;
	bool news = true;
	void *head;

	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	head = genlmsg_put(msg, 0, 0, family, 0, notify_command(ev, bit));
	nla_put_u32(msg, ESPLANE_A_IFINDEX, dev->netdev->ifindex);
	if (ev->owner == ESPL_EVENT_SA)
		news = notify_fill_sa(msg, container_of(ev, struct espl_sa, event), bit);
	else if (ev->owner == ESPL_EVENT_POLICY)
		notify_fill_policy(msg, container_of(ev, struct espl_policy, event), bit);
	genlmsg_end(msg, head);

	rcu_read_lock();
	en = rcu_dereference(dev->home);
	if (en && news)
		notify_multicast(en, msg);
	else
		nlmsg_free(msg);
	rcu_read_unlock();
	return 0;
}

static void event_send_bits(struct espl_event *ev, unsigned long bits)
{
	unsigned long failed = 0;
	unsigned int bit;

	for_each_set_bit(bit, &bits, BITS_PER_LONG)
		if (notify_event(ev, bit))
			__set_bit(bit, &failed);
	if (failed) {
		spin_lock_irq(&queue_lock);
		ev->bits |= failed;
		if (list_empty(&ev->node)) {
			/* Our reference goes back to the queue. */
			list_add_tail(&ev->node, &queue);
			spin_unlock_irq(&queue_lock);
			queue_delayed_work(system_wq, &worker, RETRY_JIFFIES);
			return;
		}
		spin_unlock_irq(&queue_lock);
	}
	event_owner_put(ev);
}

/* These are the only events that may be lost: the sender of the packet can repeat them at will. */
static void notify_bad_spi(const struct espl_net *en, const struct espl_bad_spi *bad)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_ATOMIC);
	void *head;

	if (!msg)
		return;
	head = genlmsg_put(msg, 0, 0, family, 0, ESPLANE_CMD_INVALID_SPI);
	nla_put_u32(msg, ESPLANE_A_SPI, be32_to_cpu(bad->spi));
	nla_put_in_addr(msg, ESPLANE_A_PEER_ADDR, bad->addr);
	if (bad->port)
		nla_put_u16(msg, ESPLANE_A_PEER_PORT, be16_to_cpu(bad->port));
	genlmsg_end(msg, head);
	notify_multicast(en, msg);
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
			notify_bad_spi(en, &bad[i]);
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

void espl_event_init(const struct genl_family *events)
{
	family = events;
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
