// SPDX-License-Identifier: GPL-2.0
#include "netlink.h"

#include <linux/build_bug.h>
#include <linux/module.h>

#include <linux/esplane.h>

#include "attrs.h"
#include "core/policy.h"
#include "core/sa.h"
#include "core/satable.h"
#include "core/spd.h"
#include "decode.h"
#include "device.h"
#include "dump.h"
#include "encode.h"
#include "path/socket.h"
#include "path/tx.h"
#include "pure/compat.h"
#include "pure/suite.h"

/* The sentences below say these. */
static_assert(ESPLANE_POLICIES_MAX == 16384 && ESPLANE_SPIS_MAX == 65536 && ESPLANE_IN_MAX == 256);

/*
 * Whoever says where packets go, or takes an SPI, acts in the device's home:
 * the device may live in a container, whose root is nobody there. Under
 * dev->lock, which keeps the home.
 */
static int netlink_check_home(const struct sk_buff *request, const struct espl_device *dev,
			      struct netlink_ext_ack *extack)
{
	struct user_namespace *owner = espl_device_home(dev)->net->user_ns;

	if (netlink_ns_capable(request, owner, CAP_NET_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "Endpoints and SPIs belong to the namespace that the device was created in: CAP_NET_ADMIN is missing there");
	return -EPERM;
}

/* A reservation of this very device, which its lock keeps; NULL: none. */
static struct espl_spi *netlink_find_spi(struct espl_device *dev, __be32 key)
{
	struct espl_spi *spi;

	rcu_read_lock();
	spi = espl_spi_find(espl_device_home(dev), key);
	if (spi && spi->dev != dev)
		spi = NULL;
	rcu_read_unlock();
	return spi;
}

static int netlink_missing(const struct genl_info *info, const char *sentence)
{
	info->extack->_msg = sentence;
	return -EINVAL;
}

/*
 * The device of IFINDEX or DEVICE_ID, locked, alive and at home, with a reference, or an
 * error. Undone by netlink_unlock_device().
 */
static struct espl_device *netlink_lock_device(const struct sk_buff *request,
					       struct genl_info *info)
{
	struct espl_device *dev;
	int err = -ENODEV;

	if (!info->attrs[ESPLANE_A_IFINDEX] == !info->attrs[ESPLANE_A_DEVICE_ID])
		return ERR_PTR(netlink_missing(info,
					       "The request needs one of IFINDEX, DEVICE_ID"));
	dev = espl_device_named(genl_info_net(info), info->attrs);
	if (!dev) {
		if (info->attrs[ESPLANE_A_IFINDEX])
			NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ESPLANE_A_IFINDEX],
					    "IFINDEX is not an esplane device of this namespace");
		else
			NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ESPLANE_A_DEVICE_ID],
					    "No device of this DEVICE_ID was born in this namespace");
		return ERR_PTR(err);
	}
	if (!espl_device_may_change(request, dev)) {
		NL_SET_ERR_MSG(info->extack,
			       "CAP_NET_ADMIN is missing in the namespace that the device lives in");
		err = -EPERM;
		goto err_put;
	}
	mutex_lock(&dev->lock);
	if (dev->dead) {
		NL_SET_ERR_MSG(info->extack, "The device is being removed");
		goto err_unlock;
	}
	if (!espl_device_home(dev)) {
		NL_SET_ERR_MSG(info->extack,
			       "The namespace that the device was created in is gone: make a new device");
		err = -ENONET;
		goto err_unlock;
	}
	return dev;

err_unlock:
	mutex_unlock(&dev->lock);
err_put:
	espl_device_put(dev);
	return ERR_PTR(err);
}

static void netlink_unlock_device(struct espl_device *dev)
{
	mutex_unlock(&dev->lock);
	espl_device_put(dev);
}

static struct espl_policy *netlink_find_policy(struct espl_device *dev,
					       const struct genl_info *info)
{
	struct espl_policy *policy;

	if (!info->attrs[ESPLANE_A_POLICY_ID])
		return ERR_PTR(netlink_missing(info, "The request needs POLICY_ID"));
	policy = espl_spd_find(dev, nla_get_u32(info->attrs[ESPLANE_A_POLICY_ID]));
	if (policy)
		return policy;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ESPLANE_A_POLICY_ID],
			    "The device has no policy of this POLICY_ID: POLICY_SET makes one");
	return ERR_PTR(-ENOENT);
}

static int netlink_answer(struct genl_info *info, struct sk_buff *msg, void *head)
{
	genlmsg_end(msg, head);
	return genlmsg_reply(msg, info);
}

static int netlink_refuse_full(struct sk_buff *msg)
{
	nlmsg_free(msg);
	return -EMSGSIZE;
}

static int netlink_encode_kernel(struct sk_buff *msg)
{
	const struct espl_cipher *cipher;
	const struct espl_integ *integ;
	struct espl_crypto_asked asked = {};
	unsigned int i;

	if (nla_put_string(msg, ESPLANE_A_VERSION, ESPL_VERSION))
		return -EMSGSIZE;
	for (i = 0; (cipher = espl_suite_cipher_at(i)); i++)
		if (espl_encode_cipher(msg, cipher, &asked))
			return -EMSGSIZE;
	for (i = 0; (integ = espl_suite_integ_at(i)); i++)
		if (espl_encode_integ(msg, integ))
			return -EMSGSIZE;
	return 0;
}

static int netlink_encode_device(struct sk_buff *msg, const struct sk_buff *request,
				 struct genl_info *info)
{
	struct espl_device *dev = netlink_lock_device(request, info);
	int err;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	err = espl_encode_device(msg, dev);
	if (!err)
		err = espl_encode_device_stats(msg, dev);
	netlink_unlock_device(dev);
	return err;
}

static int netlink_do_info(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(ESPL_MSG_MAX, GFP_KERNEL);
	void *head;
	int err;

	if (!msg)
		return -ENOMEM;
	head = genlmsg_put_reply(msg, info, &espl_genl, 0, ESPLANE_CMD_INFO);
	err = netlink_encode_kernel(msg);
	if (!err && (info->attrs[ESPLANE_A_IFINDEX] || info->attrs[ESPLANE_A_DEVICE_ID]))
		err = netlink_encode_device(msg, skb, info);
	if (!err)
		return netlink_answer(info, msg, head);
	nlmsg_free(msg);
	return err;
}

static int netlink_set_policy(const struct sk_buff *request, struct espl_device *dev, u32 id,
			      struct nlattr *const *tb, struct genl_info *info)
{
	struct espl_policy *policy = espl_spd_find(dev, id);
	struct espl_endpoint *ep;
	struct espl_ts_set *ts;
	int err;

	if (!policy && dev->policy_count >= ESPLANE_POLICIES_MAX) {
		NL_SET_ERR_MSG(info->extack,
			       "The device has 16384 policies, the most there can be: make another device");
		return -ENOSPC;
	}
	err = espl_decode_policy(tb, info->attrs[ESPLANE_A_POLICY], policy, &ep, &ts, info->extack);
	if (err)
		return err;
	if (ep)
		err = netlink_check_home(request, dev, info->extack);
	if (err) {
		espl_endpoint_free(ep);
		espl_ts_set_free(ts);
		return err;
	}
	err = policy ? espl_spd_change(policy, ep, ts) : espl_spd_add(dev, id, ep, ts);
	if (err == -EINVAL)
		NL_SET_ERR_MSG(info->extack,
			       "No LOCAL_TS and REMOTE_TS agree in address family and protocol");
	else if (err == -E2BIG)
		NL_SET_ERR_MSG(info->extack,
			       "The traffic selectors make too many pairs of prefixes: use fewer, or aligned ranges");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack,
			       "The selectors of the device's policies make too many prefixes together: make another device");
	return err;
}

static int netlink_do_policy_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[ESPLANE_POLICY_A_MAX + 1];
	struct espl_device *dev;
	int err;

	if (!info->attrs[ESPLANE_A_POLICY])
		return netlink_missing(info, "The request needs POLICY");
	err = nla_parse_nested(tb, ESPLANE_POLICY_A_MAX, info->attrs[ESPLANE_A_POLICY],
			       espl_attrs_nest_policy, info->extack);
	if (err)
		return err;
	if (!tb[ESPLANE_POLICY_A_ID])
		return netlink_missing(info, "POLICY needs an ID");
	dev = netlink_lock_device(skb, info);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	err = netlink_set_policy(skb, dev, nla_get_u32(tb[ESPLANE_POLICY_A_ID]), tb, info);
	netlink_unlock_device(dev);
	return err;
}

static int netlink_do_policy_del(struct sk_buff *skb, struct genl_info *info)
{
	struct espl_device *dev = netlink_lock_device(skb, info);
	struct espl_policy *policy;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	policy = netlink_find_policy(dev, info);
	if (!IS_ERR(policy))
		espl_spd_remove(policy);
	netlink_unlock_device(dev);
	return PTR_ERR_OR_ZERO(policy);
}

static int netlink_do_policy_get(struct sk_buff *skb, struct genl_info *info)
{
	struct espl_device *dev = netlink_lock_device(skb, info);
	struct espl_policy *policy;
	struct sk_buff *msg;
	void *head;
	int err;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	policy = netlink_find_policy(dev, info);
	err = PTR_ERR_OR_ZERO(policy);
	if (err)
		goto out;
	err = -ENOMEM;
	msg = genlmsg_new(ESPL_MSG_MAX, GFP_KERNEL);
	if (msg) {
		head = genlmsg_put_reply(msg, info, &espl_genl, 0, ESPLANE_CMD_POLICY_GET);
		err = espl_encode_policy_msg(msg, policy) ? netlink_refuse_full(msg) :
							       netlink_answer(info, msg, head);
	}
out:
	netlink_unlock_device(dev);
	return err;
}

static int netlink_do_spi_alloc(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *want = info->attrs[ESPLANE_A_SPI];
	struct espl_device *dev = netlink_lock_device(skb, info);
	struct espl_spi *spi;
	struct sk_buff *msg;
	void *head;
	int err;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	err = netlink_check_home(skb, dev, info->extack);
	if (err)
		goto out;
	err = -ENOSPC;
	if (dev->spi_count >= ESPLANE_SPIS_MAX) {
		NL_SET_ERR_MSG(info->extack,
			       "The device has 65536 SPIs, the most there can be: SA_DEL some, or make another device");
		goto out;
	}
	/* First what can fail: a reservation that nobody hears of would stay for ever. */
	err = -ENOMEM;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		goto out;
	spi = espl_spi_reserve(espl_device_home(dev), dev,
			       want ? cpu_to_be32(nla_get_u32(want)) : 0);
	err = PTR_ERR_OR_ZERO(spi);
	if (err) {
		nlmsg_free(msg);
		if (err == -EEXIST)
			NL_SET_ERR_MSG_ATTR(info->extack, want,
					    "This SPI is taken: choose another, or none");
		goto out;
	}
	head = genlmsg_put_reply(msg, info, &espl_genl, 0, ESPLANE_CMD_SPI_ALLOC);
	nla_put_u32(msg, ESPLANE_A_SPI, be32_to_cpu(spi->spi));
	err = netlink_answer(info, msg, head);
	if (err)
		espl_spi_release(espl_device_home(dev), spi);
out:
	netlink_unlock_device(dev);
	return err;
}

/* NULL if the direction is not in the request. Reads keys, so all of it is wiped later. */
static struct espl_sa *netlink_make_sa(const struct genl_info *info, int attr, u8 dir)
{
	const struct nlattr *nest = info->attrs[attr];
	struct espl_sa_config cfg;
	struct espl_sa *sa;
	int err;

	if (!nest)
		return NULL;
	err = espl_decode_sa(&cfg, nest, dir, info->extack);
	if (err)
		return ERR_PTR(err);
	sa = espl_sa_create(&cfg);
	if (PTR_ERR_OR_ZERO(sa) == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, nest,
				    "This kernel lacks the cipher: load its crypto module, see INFO");
	return sa;
}

/* Published SAs, or an error; @policy gets a reference. */
static int netlink_install(const struct sk_buff *request, struct genl_info *info,
			   struct espl_sa *in, struct espl_sa *out, struct espl_policy **policy)
{
	struct espl_device *dev = netlink_lock_device(request, info);
	struct espl_spi *spi = NULL;
	int err;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	*policy = netlink_find_policy(dev, info);
	err = PTR_ERR_OR_ZERO(*policy);
	if (err)
		goto out;
	if (in) {
		spi = netlink_find_spi(dev, in->spi);
		err = -ENOENT;
		if (!spi) {
			NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ESPLANE_A_SA_IN],
					    "The SPI of SA_IN is not reserved on this device: SPI_ALLOC first");
			goto out;
		}
		err = -EEXIST;
		if (rcu_access_pointer(spi->sa)) {
			NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ESPLANE_A_SA_IN],
					    "There is an SA of this SPI already: SPI_ALLOC a new one");
			goto out;
		}
		err = -ENOSPC;
		if ((*policy)->in_count >= ESPLANE_IN_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ESPLANE_A_SA_IN],
					    "The policy has 256 inbound SAs, the most there can be: SA_DEL old ones");
			goto out;
		}
	}
	err = espl_spd_install(*policy, spi, in, out);
	if (!err)
		espl_policy_hold(*policy);
out:
	netlink_unlock_device(dev);
	return err;
}

static int netlink_add_sas(const struct sk_buff *request, struct genl_info *info)
{
	struct espl_sa *in, *out;
	struct espl_policy *policy;
	int err;

	if (!info->attrs[ESPLANE_A_SA_IN] && !info->attrs[ESPLANE_A_SA_OUT])
		return netlink_missing(info, "The request needs SA_IN or SA_OUT, or both");
	in = netlink_make_sa(info, ESPLANE_A_SA_IN, ESPLANE_DIR_IN);
	if (IS_ERR(in))
		return PTR_ERR(in);
	out = netlink_make_sa(info, ESPLANE_A_SA_OUT, ESPLANE_DIR_OUT);
	err = PTR_ERR_OR_ZERO(out);
	if (err)
		goto err_in;
	err = netlink_install(request, info, in, out, &policy);
	if (err)
		goto err_out;

	if (out)
		espl_tx_waiting(policy);
	espl_policy_put(policy);
	return 0;

err_out:
	if (out)
		espl_sa_kill(out);
err_in:
	if (in)
		espl_sa_kill(in);
	return err;
}

/*
 * Generic netlink refuses nothing of this request but for want of permission:
 * it is checked here, so that each way out ends in the wipe of its keys.
 */
static int netlink_do_sa_add(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[ESPLANE_A_MAX + 1] = {}, **none = info->attrs;
	int err;

	/* new kernels give an operation without a policy no table for its attributes */
	info->attrs = attrs;
	if (info->genlhdr->reserved)
		err = netlink_missing(info, "The reserved octets of the header must be 0");
	else
		err = nlmsg_parse(info->nlhdr, GENL_HDRLEN, attrs, ESPLANE_A_MAX,
				  espl_attrs_sa_add, info->extack);
	if (!err)
		err = netlink_add_sas(skb, info);
	espl_decode_wipe(info);
	info->attrs = none;
	return err;
}

/* What SPI and DIR name: an SA, or a reservation in @spi. */
static struct espl_sa *netlink_find_sa(struct espl_device *dev, const struct genl_info *info,
				       struct espl_spi **spi)
{
	struct nlattr *id = info->attrs[ESPLANE_A_POLICY_ID];
	struct espl_sa *sa = NULL;
	__be32 key;

	*spi = NULL;
	if (!info->attrs[ESPLANE_A_SPI] || !info->attrs[ESPLANE_A_DIR])
		return ERR_PTR(netlink_missing(info, "The request needs SPI and DIR"));
	key = cpu_to_be32(nla_get_u32(info->attrs[ESPLANE_A_SPI]));
	if (nla_get_u8(info->attrs[ESPLANE_A_DIR]) == ESPLANE_DIR_OUT) {
		sa = espl_sa_find_own_out(espl_device_home(dev), dev, key,
					  id ? nla_get_u32(id) : 0);
	} else {
		*spi = netlink_find_spi(dev, key);
		if (*spi)
			sa = rcu_dereference_protected((*spi)->sa, lockdep_is_held(&dev->lock));
	}
	if (sa || *spi)
		return sa;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ESPLANE_A_SPI],
			    "The device has no SA of this SPI and DIR");
	return ERR_PTR(-ENOENT);
}

static int netlink_do_sa_del(struct sk_buff *skb, struct genl_info *info)
{
	struct espl_device *dev = netlink_lock_device(skb, info);
	struct espl_spi *spi;
	struct espl_sa *sa;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	sa = netlink_find_sa(dev, info, &spi);
	if (!sa)
		espl_spi_release(espl_device_home(dev), spi);
	else if (!IS_ERR(sa))
		espl_spd_drop_sa(sa->policy, sa);
	netlink_unlock_device(dev);
	return PTR_ERR_OR_ZERO(sa);
}

static int netlink_do_sa_get(struct sk_buff *skb, struct genl_info *info)
{
	struct espl_device *dev = netlink_lock_device(skb, info);
	struct espl_spi *spi;
	struct sk_buff *msg;
	struct espl_sa *sa;
	void *head;
	int err;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	sa = netlink_find_sa(dev, info, &spi);
	err = PTR_ERR_OR_ZERO(sa);
	if (err)
		goto out;
	if (!sa) {
		NL_SET_ERR_MSG(info->extack, "The SPI is reserved, but has no SA yet");
		err = -ENOENT;
		goto out;
	}
	err = -ENOMEM;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (msg) {
		head = genlmsg_put_reply(msg, info, &espl_genl, 0, ESPLANE_CMD_SA_GET);
		err = espl_encode_sa_msg(msg, sa) ? netlink_refuse_full(msg) :
						       netlink_answer(info, msg, head);
	}
out:
	netlink_unlock_device(dev);
	return err;
}

static int netlink_do_socket_attach(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *fd = info->attrs[ESPLANE_A_SOCKET_FD];

	if (!fd)
		return netlink_missing(info, "The request needs SOCKET_FD");
	return espl_socket_attach(espl_net(genl_info_net(info)), nla_get_u32(fd), info->extack);
}

static void netlink_flush_device(const struct sk_buff *request, struct espl_device *dev)
{
	mutex_lock(&dev->lock);
	if (!dev->dead && espl_device_home(dev) && espl_device_may_change(request, dev))
		espl_spd_flush(dev);
	mutex_unlock(&dev->lock);
}

static int netlink_do_flush(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct espl_device *dev;
	unsigned long at = 0;

	if (info->attrs[ESPLANE_A_IFINDEX] || info->attrs[ESPLANE_A_DEVICE_ID]) {
		dev = netlink_lock_device(skb, info);
		if (IS_ERR(dev))
			return PTR_ERR(dev);
		espl_spd_flush(dev);
		netlink_unlock_device(dev);
		return 0;
	}
	for (; (dev = espl_device_next(net, &at)); at++) {
		netlink_flush_device(skb, dev);
		espl_device_put(dev);
	}
	espl_sockets_flush(espl_net(net));
	return 0;
}

#define OP(command, table, handler) \
	.cmd = ESPLANE_CMD_##command, .flags = GENL_UNS_ADMIN_PERM, .policy = table, \
	.maxattr = ESPLANE_A_MAX, .doit = handler

static const struct genl_ops ops[] = {
	{ OP(INFO, espl_attrs_info, netlink_do_info) },
	{ OP(POLICY_SET, espl_attrs_policy_set, netlink_do_policy_set) },
	{ OP(POLICY_DEL, espl_attrs_policy_del, netlink_do_policy_del) },
	{ OP(POLICY_GET, espl_attrs_policy_get, netlink_do_policy_get),
	  .start = espl_dump_start, .dumpit = espl_dump_policies },
	{ OP(SPI_ALLOC, espl_attrs_spi_alloc, netlink_do_spi_alloc) },
	/* Not checked by generic netlink, which would keep the keys of what it refuses. */
	{ OP(SA_ADD, NULL, netlink_do_sa_add), .validate = GENL_DONT_VALIDATE_STRICT },
	{ OP(SA_DEL, espl_attrs_sa_del, netlink_do_sa_del) },
	{ OP(SA_GET, espl_attrs_sa_get, netlink_do_sa_get),
	  .start = espl_dump_start, .dumpit = espl_dump_sas },
	{ OP(SOCKET_ATTACH, espl_attrs_socket_attach, netlink_do_socket_attach) },
	{ OP(FLUSH, espl_attrs_flush, netlink_do_flush) },
};

static const struct genl_multicast_group groups[] = {
	/* They tell who speaks to whom: not for everybody in the namespace. */
	{ .name = ESPLANE_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family espl_genl __ro_after_init = {
	.name		= ESPLANE_GENL_NAME,
	.version	= ESPLANE_GENL_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	/* Key set-up may load modules: not under the lock of all families. */
	.parallel_ops	= true,
	/* SA_ADD checks its header itself, and has the lowest number for that. */
	.resv_start_op	= ESPLANE_CMD_SA_ADD + 1,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};
