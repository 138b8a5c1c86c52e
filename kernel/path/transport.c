// SPDX-License-Identifier: GPL-2.0
#include "transport.h"

#include <linux/icmpv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "core/endpoint.h"
#include "fit.h"
#include "pure/selector.h"
#include "pure/stats.h"
#include "pure/wire.h"
#include "tunnel.h"

/* As in pure/flow.c. */
#define EXTENSIONS_MAX	8

/*** where ESP is ***/

/* A place between the headers of a packet, which is at its IP header. */
struct place {
	unsigned int off;	/* of what follows */
	unsigned int field;	/* the octet that says what it is */
	u8 kind;
};

static bool transport_is_v4(const struct sk_buff *skb)
{
	return *skb->data >> 4 == 4;
}

static void transport_behind_ip(const struct sk_buff *skb, struct place *at)
{
	const struct ipv6hdr *ip6 = (const struct ipv6hdr *)skb->data;
	const struct iphdr *ip = (const struct iphdr *)skb->data;

	if (transport_is_v4(skb))
		*at = (struct place) { ip->ihl * 4, offsetof(struct iphdr, protocol),
				       ip->protocol };
	else
		*at = (struct place) { sizeof(*ip6), offsetof(struct ipv6hdr, nexthdr),
				       ip6->nexthdr };
}

static bool transport_is_extension(u8 kind)
{
	return kind == NEXTHDR_HOP || kind == NEXTHDR_ROUTING || kind == NEXTHDR_DEST;
}

/* Past one extension header of IPv6. False: it is cut short. */
static bool transport_step(const struct sk_buff *skb, struct place *at)
{
	const u8 *head;
	u8 buf[2];

	head = skb_header_pointer(skb, at->off, sizeof(buf), buf);
	if (!head)
		return false;
	at->field = at->off;
	at->off += at->kind == NEXTHDR_FRAGMENT ? sizeof(struct frag_hdr) : (head[1] + 1) * 8;
	at->kind = head[0];
	return at->off <= skb->len;
}

/*
 * Out: behind hop-by-hop and routing headers, and destination options if a routing header follows
 * them; in front of other destination options (RFC 4303 3.1.1). False: not a sound packet.
 */
static bool transport_find_place(const struct sk_buff *skb, struct place *esp, bool *fragment)
{
	struct place at;
	int i;

	transport_behind_ip(skb, &at);
	*esp = at;
	if (transport_is_v4(skb)) {
		*fragment = ip_is_fragment((const struct iphdr *)skb->data);
		return true;
	}
	*fragment = false;
	for (i = 0; i < EXTENSIONS_MAX && transport_is_extension(at.kind); i++) {
		bool inside = at.kind == NEXTHDR_DEST;

		if (!transport_step(skb, &at))
			return false;
		if (!inside)
			*esp = at;
	}
	*fragment = at.kind == NEXTHDR_FRAGMENT;
	return !transport_is_extension(at.kind);
}

/* In: the octet that names what is behind @head octets of IP header. -1: there is none. */
static int transport_find_field(const struct sk_buff *skb, unsigned int head)
{
	bool v4 = transport_is_v4(skb);
	struct place at;
	int i;

	transport_behind_ip(skb, &at);
	for (i = 0; i < EXTENSIONS_MAX && !v4 && at.off < head; i++)
		/* a fragment that is the whole datagram keeps its header (RFC 6946) */
		if ((!transport_is_extension(at.kind) && at.kind != NEXTHDR_FRAGMENT) ||
		    !transport_step(skb, &at))
			return -1;
	return at.off == head ? at.field : -1;
}

/*** out ***/

bool espl_transport_is_fragment(const struct sk_buff *skb)
{
	struct place esp;
	bool fragment;

	return transport_find_place(skb, &esp, &fragment) && fragment;
}

static bool transport_is_between(const struct espl_endpoint *ep, const struct espl_flow *flow)
{
	return ep->local.family == flow->family &&
	       !memcmp(&ep->local.addr, &flow->local, sizeof(flow->local)) &&
	       !memcmp(&ep->remote.addr, &flow->remote, sizeof(flow->remote));
}

int espl_transport_classify(struct espl_fit *fit, const struct sk_buff *skb,
			    const struct espl_flow *flow, const struct espl_endpoint *ep)
{
	struct place esp;
	bool fragment;

	if (!transport_is_between(ep, flow))
		return ESPL_DROP_TX_ENDPOINT;
	if (!transport_find_place(skb, &esp, &fragment) || esp.off > flow->len)
		return ESPL_DROP_TX_PROTOCOL;
	/* What gather.c could not put together. */
	if (fragment)
		return ESPL_DROP_TX_FRAGMENT;
	fit->head = esp.off;
	fit->field = esp.field;
	fit->next_header = esp.kind;
	return -1;
}

/*
 * DF is the packet's own. IPv6 has it always, but for what its sender wants to arrive whatever
 * happens on the way, as fragments of the whole: most of what is not TCP, see ip6_sk_ignore_df(),
 * and what has been fragments already. As in a tunnel, a packet of the minimum MTU always passes.
 */
bool espl_transport_fit(struct espl_fit *fit, struct sk_buff *skb, const struct espl_flow *flow,
			const struct espl_esp_shape *shape, unsigned int path_mtu,
			unsigned int udp)
{
	unsigned int outer = fit->head + udp;
	unsigned int room = path_mtu > outer ? path_mtu - outer : 0;
	unsigned int mtu = fit->head + espl_esp_payload_max(shape, room);
	bool v4 = flow->family == AF_INET;

	fit->fragment = v4 ? !(ip_hdr(skb)->frag_off & htons(IP_DF)) : skb->ignore_df;
	if (skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) : skb->len <= mtu)
		return true;
	if (!v4) {
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
		if (!skb_is_gso(skb) && skb->len <= mtu)
			fit->fragment = true;
	}
	if (fit->fragment && (skb_is_gso(skb) ||
			      outer + espl_esp_size(shape, skb->len - fit->head) <= IP_MAX_MTU))
		return true;
	espl_tunnel_too_big(skb, v4, mtu);
	return false;
}

/*** in ***/

/* Where the checksum is, in a header of at least that many octets. */
static unsigned int transport_sum_at(u8 proto, bool v4, unsigned int *least)
{
	switch (proto) {
	case IPPROTO_TCP:
		*least = sizeof(struct tcphdr);
		return offsetof(struct tcphdr, check);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		*least = sizeof(struct udphdr);
		return offsetof(struct udphdr, check);
	case IPPROTO_DCCP:		/* RFC 4340 5.1; kernels forget its header */
		*least = 12;
		return 6;
	case IPPROTO_ICMPV6:
		*least = sizeof(struct icmp6hdr);
		return v4 ? 0 : offsetof(struct icmp6hdr, icmp6_cksum);
	case IPPROTO_MH:
		*least = 6;		/* RFC 6275 6.1.1 */
		return v4 ? 0 : 4;
	}
	return 0;
}

/* How much of @len octets the checksum covers; 0: not as long as it says. */
static unsigned int transport_sum_covers(const u8 *head, u8 proto, unsigned int len)
{
	unsigned int covers = 0;

	if (proto == IPPROTO_UDPLITE) {
		covers = ntohs(((const struct udphdr *)head)->len);
		if (covers && covers < sizeof(struct udphdr))
			return 0;
	} else if (proto == IPPROTO_DCCP && head[5] & 0xf) {
		covers = head[4] * 4 + ((head[5] & 0xf) - 1) * 4;
	} else if (proto == IPPROTO_UDP && ntohs(((const struct udphdr *)head)->len) != len) {
		return 0;
	}
	return covers > len ? 0 : covers ?: len;
}

static __sum16 transport_magic(const struct sk_buff *skb, unsigned int len, u8 proto, __wsum sum)
{
	const struct ipv6hdr *ip6 = (const struct ipv6hdr *)skb->data;
	const struct iphdr *ip = (const struct iphdr *)skb->data;

	return transport_is_v4(skb) ?
		csum_tcpudp_magic(ip->saddr, ip->daddr, len, proto, sum) :
		csum_ipv6_magic(&ip6->saddr, &ip6->daddr, len, proto, sum);
}

/*
 * RFC 3948 3.1.2: between the peer and us a NAT has changed addresses that the checksum is of, and
 * ESP has vouched for the rest. So the sum is left to who needs it, like that of a packet of our
 * own; one of a part of the packet is made here.
 */
static void transport_repair_sum(struct sk_buff *skb, const struct place *upper)
{
	unsigned int least, at, covers, len = skb->len - upper->off;
	u8 *head = skb->data + upper->off;
	__sum16 *sum;

	at = transport_sum_at(upper->kind, transport_is_v4(skb), &least);
	if (!at || len < least)
		return;
	sum = (__sum16 *)(head + at);
	covers = transport_sum_covers(head, upper->kind, len);
	if (!covers || (upper->kind == IPPROTO_UDP && !*sum))
		return;
	if (covers < len) {
		*sum = 0;
		*sum = transport_magic(skb, len, upper->kind, csum_partial(head, covers, 0)) ?:
		       CSUM_MANGLED_0;
		return;
	}
	*sum = ~transport_magic(skb, len, upper->kind, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = head - skb->head;
	skb->csum_offset = at;
}

/* The upper layer, if it can be seen. */
static bool transport_find_upper(const struct sk_buff *skb, struct place *at)
{
	int i;

	for (i = 0; !transport_is_v4(skb) && transport_is_extension(at->kind); i++)
		if (i == EXTENSIONS_MAX || !transport_step(skb, at))
			return false;
	return true;
}

/* RFC 4303 2.7: only UDP says how long it is; the rest is TFC padding. */
static int transport_cut(struct sk_buff *skb, const struct place *upper)
{
	const struct udphdr *uh = (const struct udphdr *)(skb->data + upper->off);
	unsigned int len = skb->len - upper->off;

	if (upper->kind != IPPROTO_UDP || len < sizeof(*uh) || ntohs(uh->len) < sizeof(*uh) ||
	    ntohs(uh->len) >= len)
		return 0;
	return pskb_trim(skb, upper->off + ntohs(uh->len));
}

/* False: longer than a header can say. */
static bool transport_set_length(struct sk_buff *skb)
{
	struct iphdr *ip = (struct iphdr *)skb->data;

	if (!transport_is_v4(skb)) {
		if (skb->len > sizeof(struct ipv6hdr) + IPV6_MAXPLEN)
			return false;
		ipv6_hdr(skb)->payload_len = htons(skb->len - sizeof(struct ipv6hdr));
		return true;
	}
	if (skb->len > IP_MAX_MTU)
		return false;
	ip->tot_len = htons(skb->len);
	ip_send_check(ip);
	return true;
}

int espl_transport_decap(struct sk_buff *skb, u8 next_header, unsigned int len, bool udp,
			 const struct espl_endpoint *ep, struct espl_flow *flow)
{
	unsigned int head = skb_network_header_len(skb);
	struct place upper = { .off = head, .kind = next_header };
	int field;

	if (next_header == IPPROTO_NONE)
		return ESPL_DROP_RX_DUMMY;
	if (pskb_trim(skb, len))
		return ESPL_DROP_RX_NO_MEMORY;
	memmove(skb->data - head, skb_network_header(skb), head);
	__skb_push(skb, head);
	skb_reset_network_header(skb);
	field = transport_find_field(skb, head);
	if (field < 0)
		return ESPL_DROP_RX_PROTOCOL;
	skb->data[field] = next_header;
	if (transport_find_upper(skb, &upper)) {
		if (transport_cut(skb, &upper))
			return ESPL_DROP_RX_NO_MEMORY;
	} else {
		udp = false;
	}
	if (!transport_set_length(skb) || espl_flow_dissect(flow, skb, 0, false))
		return ESPL_DROP_RX_PROTOCOL;
	/* ESP vouches for neither address, and a selector may be wider. */
	if (!transport_is_between(ep, flow))
		return ESPL_DROP_RX_SELECTOR;
	if (udp)
		transport_repair_sum(skb, &upper);
	return -1;
}
