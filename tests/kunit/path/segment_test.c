// SPDX-License-Identifier: GPL-2.0
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>
#include "path/segment.h"
#include "pure/selector.h"
#include "suites.h"

#define TCP_LEN		32	/* header with options */
#define GUARD		0xe7

/* The payload's octet @i: of no short period, so that no piece is like another. */
static u8 octet(unsigned int i)
{
	return i * 31 + (i >> 8) * 7;
}

/* Appends @len octets of payload, which begin with octet @from, at @off of a page of its own. */
static void add_page(struct kunit *test, struct sk_buff *skb, unsigned int from,
		     unsigned int off, unsigned int len)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned int i;
	u8 *to;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_LE(test, off + len, (unsigned int)PAGE_SIZE);
	to = page_address(page);
	memset(to, GUARD, PAGE_SIZE);
	for (i = 0; i < len; i++)
		to[off + i] = octet(from + i);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, off, len, PAGE_SIZE);
}

/* @head octets of headers, then @len of payload: the first in line, the rest in odd pages. */
static struct sk_buff *skb_of(struct kunit *test, const void *headers, unsigned int head,
			      unsigned int in_line, unsigned int len)
{
	struct sk_buff *skb = alloc_skb(head + in_line, GFP_KERNEL);
	unsigned int at, n, i;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, headers, head);
	for (i = 0; i < in_line; i++)
		*(u8 *)skb_put(skb, 1) = octet(i);
	for (at = in_line; at < len; at += n) {
		n = min(len - at, 701u);
		add_page(test, skb, at, 13 + at % 5, n);
	}
	skb_reset_network_header(skb);
	return skb;
}

/* A TCP super-packet with FIN, PSH and CWR. */
static struct sk_buff *super_packet(struct kunit *test, bool v4, unsigned int in_line,
				    unsigned int len, unsigned int mss)
{
	unsigned int ip_len = v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	u8 head[sizeof(struct ipv6hdr) + TCP_LEN] = {};
	struct ipv6hdr *ip6 = (void *)head;
	struct iphdr *ip = (void *)head;
	struct tcphdr *th = (void *)(head + ip_len);
	struct sk_buff *skb;

	if (v4) {
		*ip = (struct iphdr) { .version = 4, .ihl = 5, .id = htons(0xfffe), .ttl = 64,
				       .protocol = IPPROTO_TCP, .saddr = htonl(0x0a010001),
				       .daddr = htonl(0x0a020001) };
	} else {
		*ip6 = (struct ipv6hdr) { .version = 6, .nexthdr = IPPROTO_TCP, .hop_limit = 64 };
		ip6->saddr.s6_addr[0] = 0xfd;
		ip6->daddr.s6_addr[15] = 1;
	}
	*th = (struct tcphdr) { .source = htons(1), .dest = htons(2), .seq = htonl(0xfffffff0),
				.doff = TCP_LEN / 4, .fin = 1, .psh = 1, .ack = 1, .cwr = 1 };
	memset(th + 1, 1, TCP_LEN - sizeof(*th));
	skb = skb_of(test, head, ip_len + TCP_LEN, in_line, len);
	skb_set_transport_header(skb, ip_len);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb_shinfo(skb)->gso_size = mss;
	skb_shinfo(skb)->gso_type = v4 ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
	return skb;
}

/* The sum over a segment whose checksum is right. */
static __sum16 tcp_sum(const u8 *packet, bool v4, unsigned int len)
{
	const struct ipv6hdr *ip6 = (const void *)packet;
	const struct iphdr *ip = (const void *)packet;
	unsigned int ip_len = v4 ? sizeof(*ip) : sizeof(*ip6);
	__wsum sum = csum_partial(packet + ip_len, len - ip_len, 0);

	return v4 ? csum_tcpudp_magic(ip->saddr, ip->daddr, len - ip_len, IPPROTO_TCP, sum) :
	       csum_ipv6_magic(&ip6->saddr, &ip6->daddr, len - ip_len, IPPROTO_TCP, sum);
}

static void expect_ip(struct kunit *test, const u8 *packet, bool v4, unsigned int i,
		      unsigned int len)
{
	const struct ipv6hdr *ip6 = (const void *)packet;
	const struct iphdr *ip = (const void *)packet;

	if (!v4) {
		KUNIT_EXPECT_EQ(test, (unsigned int)ntohs(ip6->payload_len), len - 40);
		return;
	}
	KUNIT_EXPECT_EQ(test, (unsigned int)ntohs(ip->tot_len), len);
	KUNIT_EXPECT_EQ(test, (int)ntohs(ip->id), (int)(u16)(0xfffe + i));
	KUNIT_EXPECT_EQ(test, (int)ip_fast_csum(ip, ip->ihl), 0);
}

/* Segment @i of a packet of @len octets of payload, at @packet. */
static void expect_segment(struct kunit *test, const struct espl_segments *segs, const u8 *packet,
			   unsigned int i, unsigned int len)
{
	const struct tcphdr *th = (const void *)(packet + segs->ip_len);
	unsigned int n = min(segs->mss, len - i * segs->mss), k;
	bool last = i + 1 == segs->count;

	KUNIT_ASSERT_EQ(test, espl_segment_len(segs, i), segs->head + n);
	expect_ip(test, packet, segs->v4, i, segs->head + n);
	KUNIT_EXPECT_EQ(test, ntohl(th->seq), (u32)(0xfffffff0 + i * segs->mss));
	KUNIT_EXPECT_EQ(test, th->fin + 2 * th->psh + 4 * th->cwr, (last ? 3 : 0) + (i ? 0 : 4));
	KUNIT_EXPECT_EQ(test, (int)tcp_sum(packet, segs->v4, segs->head + n), 0);
	for (k = 0; k < n && packet[segs->head + k] == octet(i * segs->mss + k); k++)
		;
	KUNIT_EXPECT_EQ(test, k, n);
	KUNIT_EXPECT_EQ(test, (int)packet[segs->head + n], GUARD);
}

static void expect_cut(struct kunit *test, bool v4, unsigned int in_line, unsigned int len,
		       unsigned int mss)
{
	struct espl_flow flow = { .family = v4 ? AF_INET : AF_INET6, .proto = IPPROTO_TCP };
	struct sk_buff *skb = super_packet(test, v4, in_line, len, mss);
	u8 *to = kunit_kmalloc(test, 4096, GFP_KERNEL);
	struct espl_segments segs;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, to);
	KUNIT_ASSERT_TRUE(test, espl_segments_init(&segs, skb, &flow));
	KUNIT_EXPECT_EQ(test, segs.count, DIV_ROUND_UP(len, mss));
	for (i = 0; i < segs.count; i++) {
		memset(to, GUARD, 4096);
		espl_segment_write(&segs, i, to);
		expect_segment(test, &segs, to, i, len);
	}
	kfree_skb(skb);
}

static void segments(struct kunit *test)
{
	int v4;

	for (v4 = 0; v4 < 2; v4++) {
		expect_cut(test, v4, 0, 5000, 1400);
		expect_cut(test, v4, 1, 5001, 701);	/* a page each, but for one octet */
		expect_cut(test, v4, 333, 4001, 1369);
		expect_cut(test, v4, 3000, 3000, 999);	/* no pages */
		expect_cut(test, v4, 0, 3 * 1400, 1400);
		expect_cut(test, v4, 0, 50, 7);
	}
}

/* What is not cut here, or lies about its headers. */
static void not_ours(struct kunit *test)
{
	struct espl_flow flow = { .family = AF_INET, .proto = IPPROTO_TCP };
	struct sk_buff *skb = super_packet(test, true, 100, 4000, 1400);
	struct espl_segments segs;

	KUNIT_EXPECT_TRUE(test, espl_segments_init(&segs, skb, &flow));
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	KUNIT_EXPECT_FALSE(test, espl_segments_init(&segs, skb, &flow));
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
	tcp_hdr(skb)->doff = 4;
	KUNIT_EXPECT_FALSE(test, espl_segments_init(&segs, skb, &flow));
	tcp_hdr(skb)->doff = 15;
	KUNIT_EXPECT_TRUE(test, espl_segments_init(&segs, skb, &flow));
	ip_hdr(skb)->ihl = 6;
	KUNIT_EXPECT_FALSE(test, espl_segments_init(&segs, skb, &flow));
	kfree_skb(skb);
}

/* A UDP packet in line, in pages, and in a list behind the pages; like a fragment of it each. */
static struct sk_buff *datagram(struct kunit *test, unsigned int in_line, unsigned int pages,
				unsigned int list)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .protocol = IPPROTO_UDP };
	u8 head[sizeof(ip) + sizeof(struct udphdr)] = {};
	struct sk_buff *skb, *more;

	memcpy(head, &ip, sizeof(ip));
	skb = skb_of(test, head, sizeof(head), in_line, in_line + pages);
	if (list) {
		more = alloc_skb(list, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, more);
		memset(skb_put(more, list), 0x5a, list);
		skb_shinfo(skb)->frag_list = more;
		skb->len += list;
		skb->data_len += list;
		skb->truesize += more->truesize;
	}
	return skb;
}

static void expect_whole(struct kunit *test, unsigned int in_line, unsigned int pages,
			 unsigned int list, bool partial)
{
	struct sk_buff *skb = datagram(test, in_line, pages, list);
	u8 *want = kunit_kzalloc(test, 4096, GFP_KERNEL);
	u8 *to = kunit_kmalloc(test, 4096, GFP_KERNEL);
	unsigned int len = skb->len;

	KUNIT_ASSERT_NOT_NULL(test, want);
	KUNIT_ASSERT_NOT_NULL(test, to);
	KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(skb, 0, want, len));
	memset(to, GUARD, 4096);
	if (partial) {
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) + sizeof(struct iphdr);
		skb->csum_offset = offsetof(struct udphdr, check);
		*(__sum16 *)(want + 26) = csum_fold(csum_partial(want + 20, len - 20, 0));
	}
	KUNIT_EXPECT_TRUE(test, espl_whole_write(skb, to));
	KUNIT_EXPECT_EQ(test, memcmp(to, want, len), 0);
	KUNIT_EXPECT_EQ(test, (int)to[len], GUARD);
	kfree_skb(skb);
}

static void whole(struct kunit *test)
{
	int partial;

	for (partial = 0; partial < 2; partial++) {
		expect_whole(test, 100, 0, 0, partial);
		expect_whole(test, 0, 1503, 0, partial);
		expect_whole(test, 7, 1500, 0, partial);
		expect_whole(test, 7, 0, 333, partial);
		expect_whole(test, 11, 703, 333, partial);
	}
}

/* RFC 768: the sum 0 is sent as all ones, for 0 says that there is none. */
static void sum_of_zero(struct kunit *test)
{
	struct sk_buff *skb = datagram(test, 2, 0, 0);
	u8 to[30];

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + sizeof(struct iphdr);
	skb->csum_offset = offsetof(struct udphdr, check);
	memset(skb->data + 20, 0, 10);
	memset(skb->data + 20, 0xff, 2);
	KUNIT_EXPECT_TRUE(test, espl_whole_write(skb, to));
	KUNIT_EXPECT_EQ(test, (int)to[26], 0xff);
	KUNIT_EXPECT_EQ(test, (int)to[27], 0xff);
	kfree_skb(skb);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(segments),
	KUNIT_CASE(not_ours),
	KUNIT_CASE(whole),
	KUNIT_CASE(sum_of_zero),
	{}
};

struct kunit_suite espl_segment_suite = { .name = "espl_segment", .test_cases = cases };
