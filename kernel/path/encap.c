// SPDX-License-Identifier: GPL-2.0
#include "encap.h"

#include <linux/udp.h>
#include <net/ip.h>
#include <net/route.h>

#include "core/device.h"
#include "core/net.h"

const char *espl_encap_lacks(const struct espl_endpoint *ep)
{
	if (ep->local.family != AF_INET)
		return "IPv6 outside is not supported yet: give IPv4 addresses";
	if (ep->mode != ESPLANE_MODE_TUNNEL)
		return "Transport mode is not supported yet: give MODE tunnel";
	return NULL;
}

struct dst_entry *espl_encap_route(const struct espl_net *en, const struct espl_device *dev,
				   struct espl_endpoint *ep)
{
	bool udp = ep->encap == ESPLANE_ENCAP_UDP;
	struct flowi4 fl = {
		.flowi4_proto	= udp ? IPPROTO_UDP : IPPROTO_ESP,
		.flowi4_mark	= ep->mark,
		.saddr		= ep->local.addr.v4,
		.daddr		= ep->remote.addr.v4,
		.fl4_sport	= ep->local.port,
		.fl4_dport	= ep->remote.port,
	};
	struct rtable *rt;
	__be32 saddr;

	rt = dst_cache_get_ip4(&ep->route, &saddr);
	if (likely(rt))
		return &rt->dst;

	rt = ip_route_output_key(en->net, &fl);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (unlikely(rt->dst.dev == dev->netdev)) {
		ip_rt_put(rt);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip4(&ep->route, &rt->dst, fl.saddr);
	return &rt->dst;
}

void espl_encap_push(struct sk_buff *skb, const struct espl_endpoint *ep, struct dst_entry *dst,
		     unsigned int esp_len, u8 ds, __be16 df)
{
	struct iphdr *ip;

	if (ep->encap == ESPLANE_ENCAP_UDP) {
		struct udphdr *uh = skb_push(skb, sizeof(*uh));

		uh->source = ep->local.port;
		uh->dest = ep->remote.port;
		uh->len = htons(sizeof(*uh) + esp_len);
		uh->check = 0;		/* RFC 3948 2.1 */
	}
	skb_reset_transport_header(skb);

	ip = skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	ip->version = IPVERSION;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = ds;
	ip->frag_off = df;
	ip->ttl = ip4_dst_hoplimit(dst);
	ip->protocol = ep->encap == ESPLANE_ENCAP_UDP ? IPPROTO_UDP : IPPROTO_ESP;
	ip->saddr = ep->local.addr.v4;
	ip->daddr = ep->remote.addr.v4;
	if (df)
		ip->id = 0;		/* RFC 6864 4.1: atomic */
	else
		__ip_select_ident(dev_net(dst->dev), ip, 1);
	skb_dst_set(skb, dst);
	if (ep->mark)
		skb->mark = ep->mark;
}

void espl_encap_send(struct sk_buff *skb)
{
	struct net *net = dev_net(skb_dst(skb)->dev);

	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	ip_local_out(net, NULL, skb);
}
