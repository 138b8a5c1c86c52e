// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "core/endpoint.h"
#include "path/encap.h"
#include "path/fit.h"
#include "path/transport.h"
#include "pure/selector.h"
#include "pure/stats.h"
#include "suites.h"

enum { ESP_HLEN = 16, ROOM = 128, TRAILER = 24 };

/* A packet piece by piece, at its IP header. */
struct packet {
	u8 octets[512];
	unsigned int len;
};

static void put(struct packet *p, const void *from, unsigned int len)
{
	memcpy(p->octets + p->len, from, len);
	p->len += len;
}

static void put_ext(struct packet *p, u8 next, unsigned int len)
{
	u8 head[32] = { next, len / 8 - 1 };

	memset(head + 2, 0x5a, len - 2);
	put(p, head, len);
}

static void put_v4(struct packet *p, u8 proto, unsigned int options, __be16 frag_off)
{
	struct iphdr ip = {
		.version = 4, .ihl = (sizeof(ip) + options) / 4, .tos = 0xb9, .ttl = 33,
		.id = htons(0x1234), .frag_off = frag_off, .protocol = proto,
		.saddr = htonl(0xc0000201), .daddr = htonl(0xc0000202),
	};
	u8 nops[40];

	memset(nops, 1, sizeof(nops));
	put(p, &ip, sizeof(ip));
	put(p, nops, options);
}

static void put_v6(struct packet *p, u8 next)
{
	struct ipv6hdr ip = { .version = 6, .nexthdr = next, .hop_limit = 33 };

	ip.saddr.s6_addr[0] = ip.daddr.s6_addr[0] = 0xfd;
	ip.saddr.s6_addr[15] = 1;
	ip.daddr.s6_addr[15] = 2;
	put(p, &ip, sizeof(ip));
}

/* Lengths, and then the packet with room around it. */
static struct sk_buff *packet_skb(struct kunit *test, struct packet *p)
{
	struct sk_buff *skb = alloc_skb(ROOM + sizeof(p->octets) + TRAILER, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	if (*p->octets >> 4 == 4)
		((struct iphdr *)p->octets)->tot_len = htons(p->len);
	else
		((struct ipv6hdr *)p->octets)->payload_len =
			htons(p->len - sizeof(struct ipv6hdr));
	skb_reserve(skb, ROOM);
	skb_put_data(skb, p->octets, p->len);
	skb_reset_network_header(skb);
	return skb;
}

static void ends(struct espl_endpoint *ep, const struct espl_flow *flow)
{
	memset(ep, 0, sizeof(*ep));
	ep->mode = ESPLANE_MODE_TRANSPORT;
	ep->local = (struct espl_outer) { .addr = flow->local, .family = flow->family };
	ep->remote = (struct espl_outer) { .addr = flow->remote, .family = flow->family };
}

static int classify(struct kunit *test, struct packet *p, struct espl_fit *fit)
{
	struct sk_buff *skb = packet_skb(test, p);
	struct espl_endpoint ep;
	struct espl_flow flow;
	int why;

	KUNIT_EXPECT_EQ(test, espl_flow_dissect(&flow, skb, 0, true), 0);
	ends(&ep, &flow);
	memset(fit, 0, sizeof(*fit));
	why = espl_transport_classify(fit, skb, &flow, &ep);
	ep.remote.addr.b[3] ^= 1;
	KUNIT_EXPECT_EQ(test, espl_transport_classify(fit, skb, &flow, &ep),
			(int)ESPL_DROP_TX_ENDPOINT);
	kfree_skb(skb);
	return why;
}

static void expect_place(struct kunit *test, const struct espl_fit *fit, unsigned int head,
			 unsigned int field, u8 next)
{
	KUNIT_EXPECT_EQ(test, (unsigned int)fit->head, head);
	KUNIT_EXPECT_EQ(test, (unsigned int)fit->field, field);
	KUNIT_EXPECT_EQ(test, (int)fit->next_header, (int)next);
}

static const u8 data[40] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static void place_v4(struct kunit *test)
{
	struct packet p = {};
	struct espl_fit fit;

	put_v4(&p, IPPROTO_UDP, 0, 0);
	put(&p, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, classify(test, &p, &fit), -1);
	expect_place(test, &fit, 20, 9, IPPROTO_UDP);

	p.len = 0;
	put_v4(&p, IPPROTO_GRE, 40, htons(IP_DF));
	put(&p, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, classify(test, &p, &fit), -1);
	expect_place(test, &fit, 60, 9, IPPROTO_GRE);

	p.len = 0;	/* nothing inside */
	put_v4(&p, IPPROTO_ICMP, 4, 0);
	KUNIT_EXPECT_EQ(test, classify(test, &p, &fit), -1);
	expect_place(test, &fit, 24, 9, IPPROTO_ICMP);

	p.len = 0;
	put_v4(&p, IPPROTO_UDP, 0, htons(IP_MF));
	put(&p, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, classify(test, &p, &fit), (int)ESPL_DROP_TX_FRAGMENT);
	p.len = 0;
	put_v4(&p, IPPROTO_UDP, 0, htons(5));
	put(&p, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, classify(test, &p, &fit), (int)ESPL_DROP_TX_FRAGMENT);
}

/* RFC 4303 3.1.1: behind hop-by-hop, destination (before routing), routing; before destination. */
static void place_v6(struct kunit *test)
{
	struct packet p = {};
	struct espl_fit fit;

	put_v6(&p, IPPROTO_TCP);
	put(&p, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, classify(test, &p, &fit), -1);
	expect_place(test, &fit, 40, 6, IPPROTO_TCP);

	p.len = 0;
	put_v6(&p, NEXTHDR_HOP);
	put_ext(&p, NEXTHDR_DEST, 8);
	put_ext(&p, NEXTHDR_ROUTING, 16);
	put_ext(&p, NEXTHDR_DEST, 24);
	put_ext(&p, IPPROTO_UDP, 8);
	put(&p, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, classify(test, &p, &fit), -1);
	expect_place(test, &fit, 40 + 8 + 16 + 24, 40 + 8 + 16, NEXTHDR_DEST);

	p.len = 0;
	put_v6(&p, NEXTHDR_DEST);
	put_ext(&p, IPPROTO_UDP, 8);
	put(&p, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, classify(test, &p, &fit), -1);
	expect_place(test, &fit, 40, 6, NEXTHDR_DEST);

	p.len = 0;
	put_v6(&p, NEXTHDR_HOP);
	put_ext(&p, NEXTHDR_FRAGMENT, 8);
	put_ext(&p, IPPROTO_UDP, 8);
	put(&p, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, classify(test, &p, &fit), (int)ESPL_DROP_TX_FRAGMENT);
}

/* The header is moved in front of UDP and ESP, and nothing of it is lost. */
static void push_own(struct kunit *test)
{
	struct espl_endpoint ep = {};
	struct packet p = {};
	struct espl_fit fit;
	struct sk_buff *skb;
	struct iphdr *ip;
	unsigned int udp;

	put_v4(&p, IPPROTO_GRE, 40, htons(IP_DF));
	put(&p, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, classify(test, &p, &fit), -1);
	for (udp = 0; udp <= 8; udp += 8) {
		const u8 *head;

		skb = packet_skb(test, &p);
		head = skb->data;
		ep.local.family = AF_INET;
		ep.encap = udp ? ESPLANE_ENCAP_UDP : ESPLANE_ENCAP_NONE;
		__skb_pull(skb, fit.head);
		skb_push(skb, ESP_HLEN);
		espl_encap_push_own(skb, &ep, NULL, &fit, head);

		KUNIT_EXPECT_EQ(test, skb->len, p.len + ESP_HLEN + udp);
		ip = ip_hdr(skb);
		KUNIT_EXPECT_PTR_EQ(test, (u8 *)ip, skb->data);
		KUNIT_EXPECT_EQ(test, (int)ip->protocol, udp ? IPPROTO_UDP : IPPROTO_ESP);
		ip->protocol = IPPROTO_GRE;
		KUNIT_EXPECT_EQ(test, memcmp(skb->data, p.octets, 60), 0);
		KUNIT_EXPECT_EQ(test, skb_network_header_len(skb), 60u);
		KUNIT_EXPECT_EQ(test, memcmp(skb->data + 60 + udp + ESP_HLEN, data,
					     sizeof(data)), 0);
		if (udp)
			KUNIT_EXPECT_EQ(test, (int)ntohs(udp_hdr(skb)->len),
					(int)(8 + ESP_HLEN + sizeof(data)));
		kfree_skb(skb);
	}
}

/* In: @head, then UDP and ESP's header, then @payload and what follows it. */
static struct sk_buff *received(struct kunit *test, struct packet *head, bool udp,
				const struct packet *payload)
{
	struct packet p = *head;
	struct sk_buff *skb;
	u8 esp[ESP_HLEN + 8];

	memset(esp, 0xee, sizeof(esp));
	put(&p, esp, ESP_HLEN + (udp ? 8 : 0));
	put(&p, payload->octets, payload->len);
	put(&p, esp, TRAILER);
	skb = packet_skb(test, &p);
	skb_set_transport_header(skb, head->len);
	__skb_pull(skb, head->len + ESP_HLEN + (udp ? 8 : 0));
	return skb;
}

static int decap(struct kunit *test, struct packet *head, u8 next, bool udp,
		 const struct packet *payload, struct sk_buff **to)
{
	struct espl_endpoint ep;
	struct espl_flow flow;
	struct sk_buff *skb;

	skb = packet_skb(test, head);
	KUNIT_EXPECT_EQ(test, espl_flow_dissect(&flow, skb, 0, false), 0);
	kfree_skb(skb);
	ends(&ep, &flow);
	skb = received(test, head, udp, payload);
	ep.remote.addr.b[3] ^= 1;
	KUNIT_EXPECT_NE(test, espl_transport_decap(skb, next, payload->len, udp, &ep, &flow), -1);
	ep.remote.addr.b[3] ^= 1;
	kfree_skb(skb);
	*to = received(test, head, udp, payload);
	return espl_transport_decap(*to, next, payload->len, udp, &ep, &flow);
}

static void decap_v4(struct kunit *test)
{
	struct packet head = {}, payload = {};
	struct sk_buff *skb;
	struct iphdr *ip;

	put_v4(&head, IPPROTO_ESP, 12, htons(IP_DF));
	put(&payload, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, decap(test, &head, IPPROTO_GRE, false, &payload, &skb), -1);
	ip = ip_hdr(skb);
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)ip, skb->data);
	KUNIT_EXPECT_EQ(test, skb->len, 32 + 40u);
	KUNIT_EXPECT_EQ(test, (int)ntohs(ip->tot_len), 72);
	KUNIT_EXPECT_EQ(test, (int)ip->protocol, IPPROTO_GRE);
	KUNIT_EXPECT_EQ(test, (int)ip->tos, 0xb9);
	KUNIT_EXPECT_EQ(test, (int)ip_fast_csum(ip, ip->ihl), 0);
	KUNIT_EXPECT_EQ(test, memcmp(skb->data + 32, data, sizeof(data)), 0);
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
	kfree_skb(skb);

	KUNIT_EXPECT_EQ(test, decap(test, &head, IPPROTO_NONE, false, &payload, &skb),
			(int)ESPL_DROP_RX_DUMMY);
	kfree_skb(skb);
	payload.len = 0;
	KUNIT_EXPECT_EQ(test, decap(test, &head, IPPROTO_ICMP, false, &payload, &skb), -1);
	KUNIT_EXPECT_EQ(test, skb->len, 32u);
	kfree_skb(skb);
}

static void decap_v6(struct kunit *test)
{
	struct packet head = {}, payload = {};
	struct sk_buff *skb;

	put_v6(&head, NEXTHDR_HOP);
	put_ext(&head, NEXTHDR_ROUTING, 8);
	put_ext(&head, NEXTHDR_FRAGMENT, 16);
	put_ext(&head, IPPROTO_ESP, 8);
	head.octets[40 + 8 + 16 + 2] = head.octets[40 + 8 + 16 + 3] = 0;
	put(&payload, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, decap(test, &head, IPPROTO_GRE, false, &payload, &skb), -1);
	KUNIT_EXPECT_EQ(test, (int)ntohs(ipv6_hdr(skb)->payload_len), 32 + 40);
	KUNIT_EXPECT_EQ(test, (int)skb->data[40 + 8 + 16], IPPROTO_GRE);
	KUNIT_EXPECT_EQ(test, memcmp(skb->data + 72, data, sizeof(data)), 0);
	kfree_skb(skb);

	/* what the header names is not where it should be */
	head.octets[6] = IPPROTO_TCP;
	KUNIT_EXPECT_EQ(test, decap(test, &head, IPPROTO_GRE, false, &payload, &skb),
			(int)ESPL_DROP_RX_PROTOCOL);
	kfree_skb(skb);
}

/* A UDP packet over other addresses, with TFC padding. Then what whoever sums up finds. */
static void sum_udp(struct kunit *test, bool v4, bool dest)
{
	struct udphdr uh = { .len = htons(28), .check = htons(0xbad0) };
	struct packet head = {}, payload = {};
	unsigned int off = v4 ? 20 : dest ? 48 : 40;
	struct sk_buff *skb;
	__wsum sum;

	if (v4)
		put_v4(&head, IPPROTO_UDP, 0, 0);
	else
		put_v6(&head, IPPROTO_UDP);
	if (dest)
		put_ext(&payload, IPPROTO_UDP, 8);
	put(&payload, &uh, sizeof(uh));
	put(&payload, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, decap(test, &head, dest ? NEXTHDR_DEST : IPPROTO_UDP, true,
				    &payload, &skb), -1);
	KUNIT_EXPECT_EQ(test, skb->len, off + 28);
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_PARTIAL);
	KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb), (int)off);
	KUNIT_ASSERT_EQ(test, skb_checksum_help(skb), 0);
	sum = csum_partial(skb->data + off, 28, 0);
	if (v4)
		KUNIT_EXPECT_EQ(test, (int)csum_tcpudp_magic(ip_hdr(skb)->saddr,
							     ip_hdr(skb)->daddr, 28,
							     IPPROTO_UDP, sum), 0);
	else
		KUNIT_EXPECT_EQ(test, (int)csum_ipv6_magic(&ipv6_hdr(skb)->saddr,
							   &ipv6_hdr(skb)->daddr, 28,
							   IPPROTO_UDP, sum), 0);
	kfree_skb(skb);
}

static void sums(struct kunit *test)
{
	static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_DCCP,
				     IPPROTO_ICMPV6, IPPROTO_MH, IPPROTO_SCTP };
	struct packet head = {}, head4 = {}, payload = {};
	struct sk_buff *skb;
	int i;

	sum_udp(test, true, false);
	sum_udp(test, false, false);
	sum_udp(test, false, true);

	/* none, short, and lengths that lie: the stack is left to find out */
	put_v4(&head4, IPPROTO_UDP, 0, 0);
	put_v6(&head, IPPROTO_UDP);
	for (payload.len = 0; payload.len < 4; payload.len++)
		for (i = 0; i < ARRAY_SIZE(protos); i++) {
			KUNIT_EXPECT_EQ(test, decap(test, &head, protos[i], true, &payload, &skb),
					-1);
			KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
			kfree_skb(skb);
		}
	payload.len = 0;
	put(&payload, data, sizeof(data));	/* UDP's checksum is not 0, its length is 1286 */
	KUNIT_EXPECT_EQ(test, decap(test, &head4, IPPROTO_UDP, true, &payload, &skb), -1);
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
	KUNIT_EXPECT_EQ(test, skb->len, 60u);
	kfree_skb(skb);
	payload.octets[4] = payload.octets[6] = payload.octets[7] = 0;
	payload.octets[5] = 40;
	KUNIT_EXPECT_EQ(test, decap(test, &head4, IPPROTO_UDP, true, &payload, &skb), -1);
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, decap(test, &head4, IPPROTO_TCP, true, &payload, &skb), -1);
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_PARTIAL);
	KUNIT_EXPECT_EQ(test, (int)skb->csum_offset, (int)offsetof(struct tcphdr, check));
	kfree_skb(skb);
}

/* UDP-Lite's sum is of a part, and made at once. */
static void sum_of_part(struct kunit *test)
{
	struct udphdr uh = { .len = htons(16), .check = htons(0xbad0) };
	struct packet head = {}, payload = {};
	struct sk_buff *skb;

	put_v4(&head, IPPROTO_UDP, 0, 0);
	put(&payload, &uh, sizeof(uh));
	put(&payload, data, sizeof(data));
	KUNIT_EXPECT_EQ(test, decap(test, &head, IPPROTO_UDPLITE, true, &payload, &skb), -1);
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
	KUNIT_EXPECT_EQ(test, (int)csum_tcpudp_magic(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr, 48,
						     IPPROTO_UDPLITE,
						     csum_partial(skb->data + 20, 16, 0)), 0);
	kfree_skb(skb);
	payload.octets[5] = 49;		/* more than there is */
	KUNIT_EXPECT_EQ(test, decap(test, &head, IPPROTO_UDPLITE, true, &payload, &skb), -1);
	KUNIT_EXPECT_EQ(test, (int)skb->data[26], 0xba);
	kfree_skb(skb);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(place_v4),
	KUNIT_CASE(place_v6),
	KUNIT_CASE(push_own),
	KUNIT_CASE(decap_v4),
	KUNIT_CASE(decap_v6),
	KUNIT_CASE(sums),
	KUNIT_CASE(sum_of_part),
	{}
};

struct kunit_suite espl_transport_suite = {
	.name = "espl_transport",
	.test_cases = cases,
};
