// SPDX-License-Identifier: GPL-2.0
#include "notify.h"

#include <net/genetlink.h>

#include <linux/esplane.h>

#include "core/net.h"
#include "core/policy.h"
#include "core/sa.h"
#include "encode.h"
#include "netlink.h"

static struct espl_device *notify_device(const struct espl_event *ev)
{
	switch (ev->ops->owner) {
	case ESPL_EVENT_SA:
		return container_of(ev, struct espl_sa, event)->policy->dev;
	case ESPL_EVENT_POLICY:
		return container_of(ev, struct espl_policy, event)->dev;
	default:
		return container_of(ev, struct espl_device, event);
	}
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
	struct espl_outer peer;

	spin_lock_bh(&sa->lock);
	peer = sa->mapping;
	spin_unlock_bh(&sa->lock);
	espl_encode_peer(msg, &peer);
	return peer.family;
}

/* Encodes one message, far shorter than NLMSG_GOODSIZE. False: it need not be sent. */
static bool notify_fill_sa(struct sk_buff *msg, struct espl_sa *sa, unsigned int bit)
{
	nla_put_u32(msg, ESPLANE_A_POLICY_ID, sa->policy->id);
	nla_put_u32(msg, ESPLANE_A_SPI, be32_to_cpu(sa->spi));
	if (bit == ESPL_EVENT_MAPPING)
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
	if (bit != ESPL_EVENT_ACQUIRE)
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
	switch (ev->ops->owner) {
	case ESPL_EVENT_SA:
		return bit == ESPL_EVENT_MAPPING ? ESPLANE_CMD_MAPPING : ESPLANE_CMD_EXPIRE;
	case ESPL_EVENT_POLICY:
		return bit == ESPL_EVENT_ACQUIRE ? ESPLANE_CMD_ACQUIRE : ESPLANE_CMD_POLICY_GONE;
	default:
		return ESPLANE_CMD_DEVICE_GONE;
	}
}

static void notify_multicast(const struct espl_net *en, struct sk_buff *msg)
{
	/* -ESRCH: nobody listens. -ENOBUFS: a listener learns it from its own socket. */
	genlmsg_multicast_netns(&espl_genl, en->net, msg, 0, 0, GFP_ATOMIC);
}

/* -ENOMEM: not sent, try again. A device whose birth namespace is going has no listeners. */
static int notify_event(struct espl_event *ev, unsigned int bit)
{
	struct espl_device *dev = notify_device(ev);
	struct espl_net *en;
	struct sk_buff *msg;
	bool news = true;
	void *head;

	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	head = genlmsg_put(msg, 0, 0, &espl_genl, 0, notify_command(ev, bit));
	espl_encode_device(msg, dev);
	if (ev->ops->owner == ESPL_EVENT_SA)
		news = notify_fill_sa(msg, container_of(ev, struct espl_sa, event), bit);
	else if (ev->ops->owner == ESPL_EVENT_POLICY)
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

/* These are the only events that may be lost: the sender of the packet can repeat them at will. */
static void notify_bad_spi(const struct espl_bad_spis *from, const struct espl_bad_spi *bad)
{
	const struct espl_net *en = container_of(from, struct espl_net, bad);
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_ATOMIC);
	void *head;

	if (!msg)
		return;
	head = genlmsg_put(msg, 0, 0, &espl_genl, 0, ESPLANE_CMD_INVALID_SPI);
	nla_put_u32(msg, ESPLANE_A_SPI, be32_to_cpu(bad->spi));
	espl_encode_peer(msg, &bad->from);
	genlmsg_end(msg, head);
	notify_multicast(en, msg);
}

const struct espl_event_sink espl_notify = {
	.send		= notify_event,
	.bad_spi	= notify_bad_spi,
};
