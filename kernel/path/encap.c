// SPDX-License-Identifier: GPL-2.0
#include "encap.h"

#include <linux/icmp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "core/device.h"
#include "core/net.h"
#include "core/sa.h"
#include "core/satable.h"
#include "rx.h"
#include "source.h"

/* Above the in-tree ESP (0) and its interfaces (10): what is not ours goes on to them. */
enum { RAW_PRIORITY = 20 };

/* The in-tree stack lives in the same namespace, and will take the packet after us. */
static bool encap_spi_in_tree(struct net *net, const struct sk_buff *skb, __be32 spi)
{
	const xfrm_address_t *daddr = (const xfrm_address_t *)&ip_hdr(skb)->daddr;
	struct xfrm_state *x = xfrm_state_lookup(net, skb->mark, daddr, spi, IPPROTO_ESP, AF_INET);

	if (x)
		xfrm_state_put(x);
	return x;
}

static int encap_raw_rcv(struct sk_buff *skb)
{
	struct net *net = dev_net(skb->dev);
	struct espl_net *en = espl_net(net);
	struct espl_outer from;
	__be32 spi;

	if (espl_rx(en, skb, false))
		return 0;
	if (!list_empty(&en->devices) &&
	    !skb_copy_bits(skb, offsetof(struct espl_esp_hdr, spi), &spi, sizeof(spi)) &&
	    !encap_spi_in_tree(net, skb, spi)) {
		espl_source_read(skb, false, &from);
		espl_event_bad_spi(&en->bad, spi, &from);
	}
	return -EINVAL;
}

/* ESP that the in-tree stack has taken out of UDP is not for us. */
static int encap_raw_input(struct sk_buff *skb, int nexthdr, __be32 spi, int encap_type)
{
	return -EINVAL;
}

/* Positive: ask the next handler. */
static int encap_raw_cb(struct sk_buff *skb, int err)
{
	return 1;
}

/*
 * An ICMP error about an ESP packet of ours, which it quotes from skb->data
 * on. RFC 4301 8.2.1: a path MTU is believed if the SPI is one that we send
 * to that peer; the kernel's route then keeps it, within its own limits. For
 * ESP in UDP the kernel's UDP does the same by the ports.
 */
static int encap_raw_err(struct sk_buff *skb, u32 info)
{
	const struct iphdr *ip = (const struct iphdr *)skb->data;
	const struct espl_esp_hdr *esp = (const void *)(skb->data + ip->ihl * 4);
	struct net *net = dev_net(skb->dev);
	struct espl_outer peer;

	espl_outer_set_v4(&peer, ip->daddr, 0);
	if (!espl_sa_find_out(espl_net(net), esp->spi, &peer))
		return -ENOENT;
	if (icmp_hdr(skb)->type == ICMP_DEST_UNREACH && icmp_hdr(skb)->code == ICMP_FRAG_NEEDED)
		ipv4_update_pmtu(skb, net, info, 0, IPPROTO_ESP);
	return 0;
}

static struct xfrm4_protocol raw_protocol = {
	.handler	= encap_raw_rcv,
	.input_handler	= encap_raw_input,
	.cb_handler	= encap_raw_cb,
	.err_handler	= encap_raw_err,
	.priority	= RAW_PRIORITY,
};

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

int espl_encap_init(void)
{
	return xfrm4_protocol_register(&raw_protocol, IPPROTO_ESP);
}

void espl_encap_exit(void)
{
	xfrm4_protocol_deregister(&raw_protocol, IPPROTO_ESP);
}
