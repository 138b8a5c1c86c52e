// SPDX-License-Identifier: GPL-2.0
#include "encap.h"

#include <linux/netdevice.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "core/device.h"
#include "core/net.h"

const char *espl_encap_lacks(const struct espl_endpoint *ep)
{
	if (ep->local.family == AF_INET6 && !ipv6_mod_enabled())
		return "IPv6 is off on this host (ipv6.disable=1): give IPv4 addresses";
	return NULL;
}

static u8 encap_protocol(const struct espl_endpoint *ep)
{
	return ep->encap == ESPLANE_ENCAP_UDP ? IPPROTO_UDP : IPPROTO_ESP;
}

static struct dst_entry *encap_route_v4(struct net *net, const struct espl_endpoint *ep)
{
	struct flowi4 fl = {
		.flowi4_proto	= encap_protocol(ep),
		.flowi4_mark	= ep->mark,
		.saddr		= ep->local.addr.v4,
		.daddr		= ep->remote.addr.v4,
		.fl4_sport	= ep->local.port,
		.fl4_dport	= ep->remote.port,
	};
	struct rtable *rt = ip_route_output_key(net, &fl);

	return IS_ERR(rt) ? ERR_CAST(rt) : &rt->dst;
}

#if IS_ENABLED(CONFIG_IPV6)
/* IPv4's look-up refuses a source address that is not the host's, IPv6's does not. */
static struct dst_entry *encap_route_v6(struct net *net, const struct espl_endpoint *ep)
{
	struct flowi6 fl = {
		.flowi6_proto	= encap_protocol(ep),
		.flowi6_mark	= ep->mark,
		.saddr		= ep->local.addr.v6,
		.daddr		= ep->remote.addr.v6,
		.fl6_sport	= ep->local.port,
		.fl6_dport	= ep->remote.port,
	};
	struct dst_entry *dst;
	int err;

	if (unlikely(!ipv6_chk_addr(net, &fl.saddr, NULL, 0)))
		return ERR_PTR(-EADDRNOTAVAIL);
	dst = ip6_route_output(net, NULL, &fl);
	err = dst->error;
	if (likely(!err))
		return dst;
	dst_release(dst);
	return ERR_PTR(err);
}

static struct dst_entry *encap_cached_v6(struct espl_endpoint *ep)
{
	struct in6_addr saddr;

	return dst_cache_get_ip6(&ep->route, &saddr);
}

static void encap_cache_v6(struct espl_endpoint *ep, struct dst_entry *dst)
{
	dst_cache_set_ip6(&ep->route, dst, &ep->local.addr.v6);
}

static void encap_path_mtu_v6(struct net *net, const struct espl_endpoint *ep,
			      struct sk_buff *skb, u32 mtu)
{
	ip6_update_pmtu(skb, net, htonl(mtu), 0, ep->mark, sock_net_uid(net, NULL));
}
#else
static struct dst_entry *encap_route_v6(struct net *net, const struct espl_endpoint *ep)
{
	return ERR_PTR(-EAFNOSUPPORT);
}

static struct dst_entry *encap_cached_v6(struct espl_endpoint *ep)
{
	return NULL;
}

static void encap_cache_v6(struct espl_endpoint *ep, struct dst_entry *dst)
{
}

static void encap_path_mtu_v6(struct net *net, const struct espl_endpoint *ep,
			      struct sk_buff *skb, u32 mtu)
{
}
#endif

static struct dst_entry *encap_cached(struct espl_endpoint *ep)
{
	struct rtable *rt;
	__be32 saddr;

	if (unlikely(ep->local.family != AF_INET))
		return encap_cached_v6(ep);
	rt = dst_cache_get_ip4(&ep->route, &saddr);
	return rt ? &rt->dst : NULL;
}

struct dst_entry *espl_encap_route(const struct espl_net *en, const struct espl_device *dev,
				   struct espl_endpoint *ep)
{
	bool v4 = ep->local.family == AF_INET;
	struct dst_entry *dst = encap_cached(ep);

	if (likely(dst))
		return dst;
	dst = v4 ? encap_route_v4(en->net, ep) : encap_route_v6(en->net, ep);
	if (IS_ERR(dst))
		return dst;
	if (unlikely(dst->dev == dev->netdev)) {
		dst_release(dst);
		return ERR_PTR(-ELOOP);
	}
	if (v4)
		dst_cache_set_ip4(&ep->route, dst, ep->local.addr.v4);
	else
		encap_cache_v6(ep, dst);
	return dst;
}

/*
 * The kernel's ipv4_update_pmtu() would look for the route without our mark, and find another one:
 * that into the tunnel, where it leads everywhere. The route's own way reads the packet at the
 * network header and the mark and device beside it.
 */
static void encap_path_mtu_v4(struct net *net, const struct espl_endpoint *ep,
			      struct sk_buff *skb, u32 mtu)
{
	struct dst_entry *dst = encap_route_v4(net, ep);
	int offset = skb_network_offset(skb);
	struct net_device *dev = skb->dev;
	u32 mark = skb->mark;

	if (IS_ERR(dst))
		return;
	skb_reset_network_header(skb);
	skb->dev = dst->dev;
	skb->mark = ep->mark;
	dst->ops->update_pmtu(dst, NULL, skb, mtu, false);
	skb->mark = mark;
	skb->dev = dev;
	skb_set_network_header(skb, offset);
	dst_release(dst);
}

void espl_encap_path_mtu(struct net *net, const struct espl_endpoint *ep, struct sk_buff *skb,
			 u32 mtu)
{
	if (ep->local.family == AF_INET)
		encap_path_mtu_v4(net, ep, skb, mtu);
	else
		encap_path_mtu_v6(net, ep, skb, mtu);
}

static void encap_push_v4(struct sk_buff *skb, const struct espl_endpoint *ep,
			  const struct dst_entry *dst, u8 ds, bool fragment)
{
	struct iphdr *ip = skb_push(skb, sizeof(*ip));

	skb_reset_network_header(skb);
	ip->version = IPVERSION;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = ds;
	ip->frag_off = fragment ? 0 : htons(IP_DF);
	ip->ttl = ip4_dst_hoplimit(dst);
	ip->protocol = encap_protocol(ep);
	ip->saddr = ep->local.addr.v4;
	ip->daddr = ep->remote.addr.v4;
	if (fragment)
		__ip_select_ident(dev_net(dst->dev), ip, 1);
	else
		ip->id = 0;		/* RFC 6864 4.1: atomic */
}

/* The length is written when it leaves. */
static void encap_push_v6(struct sk_buff *skb, const struct espl_endpoint *ep,
			  struct dst_entry *dst, u8 ds, bool fragment)
{
	struct ipv6hdr *ip = skb_push(skb, sizeof(*ip));

	skb_reset_network_header(skb);
	ip6_flow_hdr(ip, ds, 0);
	ip->nexthdr = encap_protocol(ep);
	ip->hop_limit = ip6_dst_hoplimit(dst);
	ip->saddr = ep->local.addr.v6;
	ip->daddr = ep->remote.addr.v6;
	skb->ignore_df = fragment;
}

/*
 * The checksum over IPv4 is 0 (RFC 3948 2.1). Over IPv6 it is not: RFC 8200 8.1 asks for one, and
 * what is between drops packets without. It is summed up when the packet leaves, encrypted by then.
 */
static void encap_push_udp(struct sk_buff *skb, const struct espl_endpoint *ep,
			   unsigned int esp_len)
{
	struct udphdr *uh = skb_push(skb, sizeof(*uh));
	unsigned int len = sizeof(*uh) + esp_len;

	uh->source = ep->local.port;
	uh->dest = ep->remote.port;
	uh->len = htons(len);
	uh->check = 0;
	if (ep->local.family == AF_INET)
		return;
	uh->check = ~csum_ipv6_magic(&ep->local.addr.v6, &ep->remote.addr.v6, len, IPPROTO_UDP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	/* Left by a tunnel inside of ours: devices would look for the sum in there. */
	skb->encapsulation = 0;
	skb->csum_start = (unsigned char *)uh - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
}

static void encap_route(struct sk_buff *skb, const struct espl_endpoint *ep,
			struct dst_entry *dst)
{
	skb_dst_set(skb, dst);
	if (ep->mark)
		skb->mark = ep->mark;
}

void espl_encap_push(struct sk_buff *skb, const struct espl_endpoint *ep, struct dst_entry *dst,
		     const struct espl_fit *fit)
{
	if (ep->encap == ESPLANE_ENCAP_UDP)
		encap_push_udp(skb, ep, skb->len);
	skb_reset_transport_header(skb);
	if (likely(ep->local.family == AF_INET))
		encap_push_v4(skb, ep, dst, fit->ds, fit->fragment);
	else
		encap_push_v6(skb, ep, dst, fit->ds, fit->fragment);
	encap_route(skb, ep, dst);
}

/* TTL, TOS, id and DF are the packet's own; length and checksum are written when it leaves. */
void espl_encap_push_own(struct sk_buff *skb, const struct espl_endpoint *ep,
			 struct dst_entry *dst, const struct espl_fit *fit, const u8 *head)
{
	unsigned int udp = espl_encap_udp_len(ep);
	u8 *to = skb->data - udp - fit->head;

	/* First: it lies where UDP and ESP will. */
	memmove(to, head, fit->head);
	to[fit->field] = encap_protocol(ep);
	if (udp)
		encap_push_udp(skb, ep, skb->len);
	skb_reset_transport_header(skb);
	skb_push(skb, fit->head);
	skb_reset_network_header(skb);
	skb->ignore_df = ep->local.family == AF_INET6 && fit->fragment;
	encap_route(skb, ep, dst);
}

/*
 * The socket of the inner packet stays with it, so that its sender is slowed down. Unless a device
 * is sending, IPv6 takes that for the socket of the outer packet: by IPV6_MTU_DISCOVER and IPV6_MTU
 * of it packets would not be fragmented that have to be. So it is where a cipher answers later, and
 * where the device has a queue.
 */
static void encap_send_v6(struct net *net, struct sk_buff *skb)
{
	bool alone = !dev_recursion_level();

	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	if (alone)
		dev_xmit_recursion_inc();
	ip6_local_out(net, NULL, skb);
	if (alone)
		dev_xmit_recursion_dec();
}

void espl_encap_send(struct sk_buff *skb)
{
	const struct dst_entry *dst = skb_dst(skb);
	struct net *net = dev_net(dst->dev);

	if (likely(dst->ops->family == AF_INET)) {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		ip_local_out(net, NULL, skb);
	} else {
		encap_send_v6(net, skb);
	}
}
