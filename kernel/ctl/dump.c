// SPDX-License-Identifier: GPL-2.0
#include "dump.h"

#include <net/genetlink.h>

#include <linux/esplane.h>

#include "core/policy.h"
#include "core/sa.h"
#include "core/spd.h"
#include "device.h"
#include "encode.h"
#include "pure/compat.h"

/* The cursor, in cb->args. */
enum { AT_DEVICE, AT_POLICY, AT_OUT_DONE, AT_SPI };

/* One message of a dump. -EMSGSIZE: it goes into the next buffer. */
static int dump_msg(struct sk_buff *msg, struct netlink_callback *cb, u8 cmd,
		    const struct espl_policy *policy, struct espl_sa *sa)
{
	void *head = genlmsg_put(msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				 espl_dump_family(cb), NLM_F_MULTI, cmd);

	if (!head)
		return -EMSGSIZE;
	if (sa ? espl_encode_sa_msg(msg, sa) : espl_encode_policy_msg(msg, policy)) {
		genlmsg_cancel(msg, head);
		return -EMSGSIZE;
	}
	genl_dump_check_consistent(cb, head);
	genlmsg_end(msg, head);
	return 0;
}

/* The SAs of one policy from the cursor on: the outbound one, then by SPI. */
static int dump_sas(struct sk_buff *msg, struct netlink_callback *cb,
		    const struct espl_policy *policy)
{
	struct espl_sa *sa = rcu_dereference_protected(policy->out,
						       lockdep_is_held(&policy->dev->lock));

	if (!cb->args[AT_OUT_DONE] && sa &&
	    dump_msg(msg, cb, ESPLANE_CMD_SA_GET, policy, sa))
		return -EMSGSIZE;
	cb->args[AT_OUT_DONE] = 1;
	list_for_each_entry(sa, &policy->in, policy_node) {
		if (be32_to_cpu(sa->spi) <= cb->args[AT_SPI])
			continue;
		if (dump_msg(msg, cb, ESPLANE_CMD_SA_GET, policy, sa))
			return -EMSGSIZE;
		cb->args[AT_SPI] = be32_to_cpu(sa->spi);
	}
	cb->args[AT_OUT_DONE] = 0;
	cb->args[AT_SPI] = 0;
	return 0;
}

static int dump_device(struct sk_buff *msg, struct netlink_callback *cb,
		       struct espl_device *dev, bool sas)
{
	struct espl_policy *policy;
	unsigned long id;
	int err = 0;

	if (!espl_device_may_change(cb->skb, dev))
		return 0;
	mutex_lock(&dev->lock);
	xa_for_each_start(&dev->policies, id, policy, cb->args[AT_POLICY]) {
		/* The cursor inside a policy is of no use once that policy is gone. */
		if (id != cb->args[AT_POLICY])
			cb->args[AT_OUT_DONE] = cb->args[AT_SPI] = 0;
		cb->args[AT_POLICY] = id;
		err = sas ? dump_sas(msg, cb, policy)
			  : dump_msg(msg, cb, ESPLANE_CMD_POLICY_GET, policy, NULL);
		if (err)
			break;
		cb->args[AT_POLICY] = id + 1;
	}
	mutex_unlock(&dev->lock);
	if (!err)
		cb->args[AT_POLICY] = 0;
	return err;
}

static int dump_objects(struct sk_buff *msg, struct netlink_callback *cb, bool sas)
{
	struct nlattr **attrs = espl_dump_attrs(cb);
	struct net *net = sock_net(cb->skb->sk);
	bool all = !attrs[ESPLANE_A_IFINDEX] && !attrs[ESPLANE_A_DEVICE_ID];
	struct espl_device *only = espl_device_named(net, attrs), *dev;
	unsigned long at;
	int err = 0;

	cb->seq = atomic_read(&espl_generation);
	while (!err) {
		/* The cursor: everything before it is done. */
		at = cb->args[AT_DEVICE];
		dev = all || only ? espl_device_next(net, &at) : NULL;
		if (!dev)
			break;
		if (at != (unsigned long)cb->args[AT_DEVICE])
			cb->args[AT_POLICY] = cb->args[AT_OUT_DONE] = cb->args[AT_SPI] = 0;
		cb->args[AT_DEVICE] = at;
		if (all || dev == only)
			err = dump_device(msg, cb, dev, sas);
		espl_device_put(dev);
		if (!err)
			cb->args[AT_DEVICE] = at + 1;
	}
	if (only)
		espl_device_put(only);
	/* Full: what is there goes first. Nothing there: the message fits into no buffer. */
	return err && !msg->len ? err : msg->len;
}

int espl_dump_policies(struct sk_buff *msg, struct netlink_callback *cb)
{
	return dump_objects(msg, cb, false);
}

int espl_dump_sas(struct sk_buff *msg, struct netlink_callback *cb)
{
	return dump_objects(msg, cb, true);
}

int espl_dump_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = espl_dump_attrs(cb);

	if (attrs[ESPLANE_A_POLICY_ID] || attrs[ESPLANE_A_SPI] || attrs[ESPLANE_A_DIR] ||
	    (attrs[ESPLANE_A_IFINDEX] && attrs[ESPLANE_A_DEVICE_ID])) {
		NL_SET_ERR_MSG(cb->extack,
			       "A dump takes IFINDEX or DEVICE_ID only: leave the rest out, or get one");
		return -EINVAL;
	}
	cb->min_dump_alloc = ESPL_MSG_MAX;
	return 0;
}
