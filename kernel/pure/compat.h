/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the kernels that esplane builds against. Kbuild
 * probes the headers for each and defines ESPL_HAVE_*: version numbers lie.
 */
#ifndef _ESPL_COMPAT_H
#define _ESPL_COMPAT_H

#include <linux/crypto.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>
#include <net/udp_tunnel.h>

/* linux/netdevice.h until 6.5. */
#ifdef ESPL_HAVE_NET_GSO
#include <net/gso.h>
#endif

/* asm/ until 6.12. */
#ifdef ESPL_HAVE_LINUX_UNALIGNED
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/*
 * Defines the crypto API callback name(), which calls fn(data, err). Before
 * 6.3 it was given the request, and the data was in there.
 */
#ifdef ESPL_HAVE_CRYPTO_DONE_DATA
#define ESPL_CRYPTO_DONE(name, fn) \
	static void name(void *data, int err) { fn(data, err); }
#else
#define ESPL_CRYPTO_DONE(name, fn) \
	static void name(struct crypto_async_request *req, int err) { fn(req->data, err); }
#endif

/*
 * Defines name(), the newlink of struct rtnl_link_ops, which calls fn(netdev, net): the device and
 * the namespace that asked for it, or that IFLA_LINK_NETNSID named. Until 6.15 two arguments.
 */
#ifdef ESPL_HAVE_NEWLINK_PARAMS
#define ESPL_NEWLINK(name, fn) \
	static int name(struct net_device *netdev, struct rtnl_newlink_params *params, \
			struct netlink_ext_ack *extack) \
	{ return fn(netdev, rtnl_newlink_link_net(params)); }
#else
#define ESPL_NEWLINK(name, fn) \
	static int name(struct net *net, struct net_device *netdev, struct nlattr *tb[], \
			struct nlattr *data[], struct netlink_ext_ack *extack) \
	{ return fn(netdev, net); }
#endif

/* The flag of a multicast group of generic netlink; until 6.7 that of a command, in its place. */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

/* What udp_tunnel knows a socket by; until 7.1 the struct socket. */
#ifdef ESPL_HAVE_UDP_TUNNEL_SK
#define ESPL_UDP_TUNNEL_SOCK(sock) ((sock)->sk)
#else
#define ESPL_UDP_TUNNEL_SOCK(sock) (sock)
#endif

/* kernel_bind(), whose address is a struct sockaddr or, from 7.0 on, another. */
static inline int espl_bind(struct socket *sock, void *addr, int len)
{
	return kernel_bind(sock, addr, len);
}

/* A feature flag until 6.12. */
static inline void espl_netdev_lockless_tx(struct net_device *netdev)
{
#ifdef ESPL_HAVE_NETDEV_LLTX
	netdev->lltx = true;
#else
	netdev->features |= NETIF_F_LLTX;
#endif
}

/* The kernel has this reason since 6.12. */
#ifndef ESPL_HAVE_DROP_TUNNEL_ECN
#define SKB_DROP_REASON_IP_TUNNEL_ECN	SKB_DROP_REASON_NOT_SPECIFIED
#endif

/* The attributes of a dump request; until 6.7 not in a struct genl_info. */
static inline struct nlattr **espl_dump_attrs(struct netlink_callback *cb)
{
#ifdef ESPL_HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

static inline const struct genl_family *espl_dump_family(struct netlink_callback *cb)
{
#ifdef ESPL_HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->family;
#else
	return genl_dumpit_info(cb)->family;
#endif
}

#endif /* _ESPL_COMPAT_H */
