// SPDX-License-Identifier: GPL-2.0
#include "raw.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/xfrm.h>

#include "core/device.h"
#include "core/net.h"
#include "core/policy.h"
#include "core/sa.h"
#include "core/satable.h"
#include "encap.h"
#include "pure/wire.h"
#include "rx.h"
#include "source.h"

/* Above the in-tree ESP (0) and its interfaces (10): what is not ours goes on to them. */
enum { RAW_PRIORITY = 20 };

/* The in-tree stack lives in the same namespace, and will take the packet after us. */
static bool raw_spi_in_tree(struct net *net, const struct sk_buff *skb, __be32 spi)
{
	bool v6 = skb->protocol == htons(ETH_P_IPV6);
	const xfrm_address_t *daddr = v6 ? (const xfrm_address_t *)&ipv6_hdr(skb)->daddr
					 : (const xfrm_address_t *)&ip_hdr(skb)->daddr;
	struct xfrm_state *x = xfrm_state_lookup(net, skb->mark, daddr, spi, IPPROTO_ESP,
						 v6 ? AF_INET6 : AF_INET);

	if (x)
		xfrm_state_put(x);
	return x;
}

/* Of both families. */
static int raw_rcv(struct sk_buff *skb)
{
	struct net *net = dev_net(skb->dev);
	struct espl_net *en = espl_net(net);
	struct espl_outer from;
	__be32 spi;

	if (espl_rx(en, skb, false))
		return 0;
	if (!list_empty(&en->devices) &&
	    !skb_copy_bits(skb, offsetof(struct espl_esp_hdr, spi), &spi, sizeof(spi)) &&
	    !raw_spi_in_tree(net, skb, spi)) {
		espl_source_read(skb, false, &from);
		espl_event_bad_spi(&en->bad, spi, &from);
	}
	return -EINVAL;
}

/* ESP that the in-tree stack has taken out of UDP is not for us. */
static int raw_input(struct sk_buff *skb, int nexthdr, __be32 spi, int encap_type)
{
	return -EINVAL;
}

/* Positive: ask the next handler. */
static int raw_cb(struct sk_buff *skb, int err)
{
	return 1;
}

/*
 * ICMP errors about an ESP packet of ours, which they quote from skb->data on.
 * RFC 4301 8.2.1: a path MTU is believed if the SPI is one that we send to that
 * peer; the kernel's route then keeps it, within its own limits. For ESP in UDP
 * socket.c looks.
 */
static int raw_err(struct sk_buff *skb, __be32 spi, const struct espl_outer *peer, bool too_big,
		   u32 mtu)
{
	struct net *net = dev_net(skb->dev);
	const struct espl_sa *sa = espl_sa_find_out(espl_net(net), spi, peer);

	if (!sa)
		return -ENOENT;
	if (too_big)
		espl_encap_path_mtu(net, rcu_dereference(sa->policy->endpoint), skb, mtu);
	return 0;
}

static int raw_err_v4(struct sk_buff *skb, u32 info)
{
	const struct iphdr *ip = (const struct iphdr *)skb->data;
	const struct espl_esp_hdr *esp = (const void *)(skb->data + ip->ihl * 4);
	const struct icmphdr *icmp = icmp_hdr(skb);
	struct espl_outer peer;

	espl_outer_set_v4(&peer, ip->daddr, 0);
	return raw_err(skb, esp->spi, &peer,
		       icmp->type == ICMP_DEST_UNREACH && icmp->code == ICMP_FRAG_NEEDED, info);
}

static struct xfrm4_protocol raw_protocol_v4 = {
	.handler	= raw_rcv,
	.input_handler	= raw_input,
	.cb_handler	= raw_cb,
	.err_handler	= raw_err_v4,
	.priority	= RAW_PRIORITY,
};

#if IS_ENABLED(CONFIG_IPV6)
/* @offset: of the ESP header, behind what headers the quoted packet has. */
static int raw_err_v6(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type, u8 code,
		      int offset, __be32 info)
{
	const struct ipv6hdr *ip = (const struct ipv6hdr *)skb->data;
	const struct espl_esp_hdr *esp = (const void *)(skb->data + offset);
	struct espl_outer peer;

	espl_outer_set_v6(&peer, &ip->daddr, 0);
	return raw_err(skb, esp->spi, &peer, type == ICMPV6_PKT_TOOBIG, ntohl(info));
}

static struct xfrm6_protocol raw_protocol_v6 = {
	.handler	= raw_rcv,
	.input_handler	= raw_input,
	.cb_handler	= raw_cb,
	.err_handler	= raw_err_v6,
	.priority	= RAW_PRIORITY,
};

static int raw_init_v6(void)
{
	return xfrm6_protocol_register(&raw_protocol_v6, IPPROTO_ESP);
}

static void raw_exit_v6(void)
{
	xfrm6_protocol_deregister(&raw_protocol_v6, IPPROTO_ESP);
}
#else
static int raw_init_v6(void)
{
	return 0;
}

static void raw_exit_v6(void)
{
}
#endif

int espl_raw_init(void)
{
	int err = xfrm4_protocol_register(&raw_protocol_v4, IPPROTO_ESP);

	if (err)
		return err;
	err = raw_init_v6();
	if (err)
		xfrm4_protocol_deregister(&raw_protocol_v4, IPPROTO_ESP);
	return err;
}

void espl_raw_exit(void)
{
	raw_exit_v6();
	xfrm4_protocol_deregister(&raw_protocol_v4, IPPROTO_ESP);
}
