// SPDX-License-Identifier: GPL-2.0
#include "tunnel.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/dsfield.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "fit.h"
#include "pure/compat.h"
#include "pure/selector.h"
#include "pure/stats.h"
#include "pure/wire.h"

/*
 * A checksum that was left to us lies where whoever made the packet says: a
 * virtual machine, or a raw socket. Before or in the IP header it would be out
 * of bounds, or change the addresses that the selectors have seen.
 */
static bool tunnel_checksum_sound(const struct sk_buff *skb, int ip_len)
{
	int start = skb_checksum_start_offset(skb);

	return start >= ip_len &&
	       start + skb->csum_offset + sizeof(__sum16) <= skb_headlen(skb);
}

bool espl_tunnel_classify(struct sk_buff *skb, struct espl_flow *flow)
{
	int off = skb_network_offset(skb);
	unsigned int ip_len;

	/* AF_XDP sets no network header. */
	if (unlikely(off < 0 || !pskb_may_pull(skb, off + sizeof(struct iphdr))))
		return false;
	__skb_pull(skb, off);
	/* First: pages may be a raw sender's, who can write them after the look-up. */
	ip_len = *skb->data >> 4 == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	if (unlikely(!pskb_may_pull(skb, ip_len) || espl_flow_dissect(flow, skb, 0, true) ||
		     pskb_trim_rcsum(skb, flow->len)))
		return false;
	if (skb->ip_summed == CHECKSUM_PARTIAL && unlikely(!tunnel_checksum_sound(skb, ip_len)))
		return false;
	skb->protocol = flow->family == AF_INET ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	return true;
}

void espl_tunnel_too_big(struct sk_buff *skb, bool v4, unsigned int mtu)
{
	skb_dst_update_pmtu_no_confirm(skb, mtu);
	if (v4)
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
	else
		icmpv6_ndo_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
}

/*
 * Outer DF is the inner one, and set for inner IPv6: RFC 4301 8.1; outer IPv6
 * has it always, and its sender may fragment as it would without. What is too big
 * and may be fragmented leaves whole and is fragmented outside; the rest is
 * answered. An IPv6 packet of the minimum MTU always passes, if need be in
 * outer fragments (RFC 2473 7.1).
 */
bool espl_tunnel_fit(struct espl_fit *fit, struct sk_buff *skb,
		     const struct espl_flow *flow, const struct espl_esp_shape *shape,
		     unsigned int path_mtu, unsigned int outer)
{
	/* a route's MTU is what its administrator says, less than the outer headers too */
	unsigned int room = path_mtu > outer ? path_mtu - outer : 0;
	unsigned int mtu = espl_esp_payload_max(shape, room);
	bool v4 = flow->family == AF_INET;

	/* RFC 6040 4.1, normal mode: both DSCP and ECN are copied. */
	fit->ds = v4 ? ip_hdr(skb)->tos : ipv6_get_dsfield(ipv6_hdr(skb));
	fit->next_header = v4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	fit->fragment = v4 && !(ip_hdr(skb)->frag_off & htons(IP_DF));
	if (skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) : skb->len <= mtu)
		return true;
	if (!v4) {
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
		if (!skb_is_gso(skb) && skb->len <= mtu)
			fit->fragment = true;
	}
	/* Outer fragments, too, are of one packet whose length has 16 bits. */
	if (fit->fragment && likely(skb_is_gso(skb) ||
				    outer + espl_esp_size(shape, skb->len) <= IP_MAX_MTU))
		return true;
	espl_tunnel_too_big(skb, v4, mtu);
	return false;
}

int espl_tunnel_decap(struct sk_buff *skb, u8 next_header, unsigned int len,
		      struct espl_flow *flow)
{
	bool v4;

	if (next_header == IPPROTO_NONE)
		return ESPL_DROP_RX_DUMMY;
	if (espl_flow_dissect(flow, skb, 0, false) || flow->len > len)
		return ESPL_DROP_RX_PROTOCOL;
	v4 = flow->family == AF_INET;
	if (next_header != (v4 ? IPPROTO_IPIP : IPPROTO_IPV6))
		return ESPL_DROP_RX_PROTOCOL;
	if (pskb_trim(skb, flow->len) ||
	    !pskb_may_pull(skb, v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)))
		return ESPL_DROP_RX_NO_MEMORY;
	return -1;
}

bool espl_tunnel_ecn(struct sk_buff *skb, const struct espl_flow *flow)
{
	bool v6 = skb->protocol == htons(ETH_P_IPV6);	/* outside */
	u8 outer = unlikely(v6) ? ipv6_get_dsfield(ipv6_hdr(skb)) : ip_hdr(skb)->tos;
	u8 inner;

	skb_reset_network_header(skb);
	skb->protocol = flow->family == AF_INET ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	inner = flow->family == AF_INET ? ip_hdr(skb)->tos : ipv6_get_dsfield(ipv6_hdr(skb));
	if (likely(!((outer ^ inner) & INET_ECN_MASK)))
		return true;
	return INET_ECN_decapsulate(skb, outer, inner) <= 1;
}
