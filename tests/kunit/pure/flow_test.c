// SPDX-License-Identifier: GPL-2.0
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include "pure/selector.h"
#include "suites.h"

#define OFF	28	/* where the inner packet begins */

/* An skb with OFF octets of something else, then len octets of packet. */
static struct sk_buff *skb_of(struct kunit *test, const void *packet, unsigned int len)
{
	struct sk_buff *skb = alloc_skb(OFF + len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	memset(skb_put(skb, OFF), 0xaa, OFF);
	skb_put_data(skb, packet, len);
	return skb;
}

static int dissect(struct kunit *test, struct espl_flow *flow, const void *packet,
		   unsigned int len, bool outbound)
{
	struct sk_buff *skb = skb_of(test, packet, len);
	int err = espl_flow_dissect(flow, skb, OFF, outbound);

	kfree_skb(skb);
	return err;
}

/* 10.1.0.1:0x1234 to 10.2.0.1:80, TCP, 24 octets in all */
static const u8 tcp4[] = {
	0x45, 0, 0, 24, 0, 1, 0, 0, 64, 6, 0, 0, 10, 1, 0, 1, 10, 2, 0, 1,
	0x12, 0x34, 0, 80,
};

static void ipv4_tcp(struct kunit *test)
{
	struct espl_flow flow;
	u8 padded[sizeof(tcp4) + 100] = {};

	KUNIT_ASSERT_EQ(test, 0, dissect(test, &flow, tcp4, sizeof(tcp4), true));
	KUNIT_EXPECT_EQ(test, flow.family, AF_INET);
	KUNIT_EXPECT_EQ(test, flow.proto, IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, ntohl(flow.local.v4), 0x0a010001);
	KUNIT_EXPECT_EQ(test, ntohl(flow.remote.v4), 0x0a020001);
	KUNIT_EXPECT_EQ(test, flow.local_port, 0x1234);
	KUNIT_EXPECT_EQ(test, flow.remote_port, 80);
	KUNIT_EXPECT_FALSE(test, flow.opaque);
	KUNIT_EXPECT_EQ(test, flow.len, 24);

	/* the other way round, with what may follow the packet inside ESP */
	memcpy(padded, tcp4, sizeof(tcp4));
	KUNIT_ASSERT_EQ(test, 0, dissect(test, &flow, padded, sizeof(padded), false));
	KUNIT_EXPECT_EQ(test, ntohl(flow.local.v4), 0x0a020001);
	KUNIT_EXPECT_EQ(test, flow.local_port, 80);
	KUNIT_EXPECT_EQ(test, flow.remote_port, 0x1234);
	KUNIT_EXPECT_EQ(test, flow.len, 24);
}

static void ipv4_unsound(struct kunit *test)
{
	struct espl_flow flow;
	u8 p[sizeof(tcp4)];
	unsigned int len;

	for (len = 0; len < sizeof(tcp4); len++)
		KUNIT_EXPECT_EQ(test, dissect(test, &flow, tcp4, len, true), -EINVAL);
	memcpy(p, tcp4, sizeof(p));
	p[0] = 0x44;	/* header of 16 */
	KUNIT_EXPECT_EQ(test, dissect(test, &flow, p, sizeof(p), true), -EINVAL);
	p[0] = 0x47;	/* header of 28, packet of 24 */
	KUNIT_EXPECT_EQ(test, dissect(test, &flow, p, sizeof(p), true), -EINVAL);
	p[0] = 0x55;
	KUNIT_EXPECT_EQ(test, dissect(test, &flow, p, sizeof(p), true), -EINVAL);
	p[0] = 0x45;
	p[3] = 19;	/* total shorter than the header */
	KUNIT_EXPECT_EQ(test, dissect(test, &flow, p, sizeof(p), true), -EINVAL);
	p[3] = 25;	/* longer than what is there */
	KUNIT_EXPECT_EQ(test, dissect(test, &flow, p, sizeof(p), true), -EINVAL);
}

static void ipv4_fragments(struct kunit *test)
{
	struct espl_flow flow;
	u8 p[sizeof(tcp4)];

	memcpy(p, tcp4, sizeof(p));
	p[6] = 0x20;	/* more fragments: the first one has ports */
	KUNIT_ASSERT_EQ(test, 0, dissect(test, &flow, p, sizeof(p), true));
	KUNIT_EXPECT_FALSE(test, flow.opaque);
	p[7] = 1;
	KUNIT_ASSERT_EQ(test, 0, dissect(test, &flow, p, sizeof(p), true));
	KUNIT_EXPECT_TRUE(test, flow.opaque);
	KUNIT_EXPECT_EQ(test, flow.proto, IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, flow.local_port, 0);
	p[6] = p[7] = 0;
	p[3] = 23;	/* ports cut off */
	KUNIT_ASSERT_EQ(test, 0, dissect(test, &flow, p, sizeof(p), true));
	KUNIT_EXPECT_TRUE(test, flow.opaque);
}

static void icmp_and_others(struct kunit *test)
{
	struct espl_flow flow;
	u8 p[sizeof(tcp4)];

	memcpy(p, tcp4, sizeof(p));
	p[9] = IPPROTO_ICMP;
	p[20] = 3;
	p[21] = 4;
	KUNIT_ASSERT_EQ(test, 0, dissect(test, &flow, p, sizeof(p), true));
	KUNIT_EXPECT_EQ(test, flow.local_port, 0x0304);
	KUNIT_EXPECT_EQ(test, flow.remote_port, 0x0304);
	KUNIT_EXPECT_FALSE(test, flow.opaque);
	p[9] = IPPROTO_GRE;
	KUNIT_ASSERT_EQ(test, 0, dissect(test, &flow, p, sizeof(p), true));
	KUNIT_EXPECT_TRUE(test, flow.opaque);
	KUNIT_EXPECT_EQ(test, flow.proto, IPPROTO_GRE);
}

struct packet6 {
	struct ipv6hdr ip;
	u8 body[256];
};

static void start6(struct packet6 *p, u8 next, unsigned int payload)
{
	memset(p, 0, sizeof(*p));
	p->ip.version = 6;
	p->ip.nexthdr = next;
	p->ip.payload_len = htons(payload);
	p->ip.saddr.s6_addr[15] = 1;
	p->ip.daddr.s6_addr[15] = 2;
}

static int dissect6(struct kunit *test, struct espl_flow *flow, const struct packet6 *p)
{
	return dissect(test, flow, p, sizeof(p->ip) + ntohs(p->ip.payload_len), true);
}

static void ipv6_extensions(struct kunit *test)
{
	struct espl_flow flow;
	struct packet6 p;

	/* hop-by-hop (8), routing (16), destination (8), AH (12), UDP */
	start6(&p, IPPROTO_HOPOPTS, 8 + 16 + 8 + 12 + 8);
	p.body[0] = IPPROTO_ROUTING;
	p.body[8] = IPPROTO_DSTOPTS;
	p.body[9] = 1;
	p.body[24] = IPPROTO_AH;
	p.body[32] = IPPROTO_UDP;
	p.body[33] = 1;
	p.body[45] = 53;
	p.body[47] = 54;
	KUNIT_ASSERT_EQ(test, 0, dissect6(test, &flow, &p));
	KUNIT_EXPECT_EQ(test, flow.family, AF_INET6);
	KUNIT_EXPECT_EQ(test, flow.proto, IPPROTO_UDP);
	KUNIT_EXPECT_EQ(test, flow.local_port, 53);
	KUNIT_EXPECT_EQ(test, flow.remote_port, 54);
	KUNIT_EXPECT_EQ(test, flow.local.b[15], 1);
	KUNIT_EXPECT_EQ(test, flow.remote.b[15], 2);
	KUNIT_EXPECT_EQ(test, flow.len, 40 + 52);

	/* the routing header ends behind the packet */
	p.body[9] = 200;
	KUNIT_EXPECT_EQ(test, dissect6(test, &flow, &p), -EINVAL);
}

static void ipv6_fragments(struct kunit *test)
{
	struct espl_flow flow;
	struct packet6 p;

	start6(&p, IPPROTO_FRAGMENT, 16);
	p.body[0] = IPPROTO_TCP;
	p.body[3] = 1;	/* more */
	p.body[9] = 22;
	KUNIT_ASSERT_EQ(test, 0, dissect6(test, &flow, &p));
	KUNIT_EXPECT_FALSE(test, flow.opaque);
	KUNIT_EXPECT_EQ(test, flow.local_port, 22);
	p.body[3] = 8;
	KUNIT_ASSERT_EQ(test, 0, dissect6(test, &flow, &p));
	KUNIT_EXPECT_TRUE(test, flow.opaque);
	KUNIT_EXPECT_EQ(test, flow.proto, IPPROTO_TCP);
	p.ip.payload_len = htons(7);
	KUNIT_EXPECT_EQ(test, dissect6(test, &flow, &p), -EINVAL);
}

static void ipv6_endless(struct kunit *test)
{
	struct espl_flow flow;
	struct packet6 p;
	unsigned int i;

	start6(&p, IPPROTO_DSTOPTS, 8 * 20);
	for (i = 0; i < 20; i++)
		p.body[8 * i] = IPPROTO_DSTOPTS;
	KUNIT_EXPECT_EQ(test, dissect6(test, &flow, &p), -EINVAL);
	p.body[8 * 6] = IPPROTO_UDP;
	KUNIT_EXPECT_EQ(test, dissect6(test, &flow, &p), 0);
	KUNIT_EXPECT_EQ(test, flow.proto, IPPROTO_UDP);

	/* nothing follows */
	start6(&p, IPPROTO_NONE, 0);
	KUNIT_EXPECT_EQ(test, dissect6(test, &flow, &p), 0);
	KUNIT_EXPECT_TRUE(test, flow.opaque);
	KUNIT_EXPECT_EQ(test, flow.len, 40);
	start6(&p, IPPROTO_DSTOPTS, 1);
	KUNIT_EXPECT_EQ(test, dissect6(test, &flow, &p), -EINVAL);

	/* the last extension ends behind the packet, and UDP is said to follow */
	start6(&p, IPPROTO_DSTOPTS, 8);
	p.body[0] = IPPROTO_UDP;
	KUNIT_EXPECT_EQ(test, dissect6(test, &flow, &p), 0);
	p.body[1] = 1;
	KUNIT_EXPECT_EQ(test, dissect6(test, &flow, &p), -EINVAL);
}

/* Noise behind a plausible first octet: whatever is accepted is inside the skb. */
static void noise(struct kunit *test)
{
	static const u8 nexts[] = { 0, 43, 44, 51, 60, 6, 17, 58, 135, 59 };
	unsigned int i, len, accepted = 0;
	struct espl_flow flow;
	struct sk_buff *skb;
	u8 p[96] = {};

	skb = skb_of(test, p, sizeof(p));

	for (i = 0; i < 8000; i++) {
		len = get_random_u32() % (sizeof(p) + 1);
		get_random_bytes(p, sizeof(p));
		p[0] = i % 2 ? 0x45 + get_random_u32() % 4 : 0x60;
		if (i % 3) {
			p[i % 2 ? 2 : 4] = 0;
			p[i % 2 ? 3 : 5] = get_random_u32() % (len + 1);
			p[6] = nexts[get_random_u32() % ARRAY_SIZE(nexts)];
			p[40] = nexts[get_random_u32() % ARRAY_SIZE(nexts)];
			p[41] &= 3;
		}
		skb_trim(skb, OFF);
		skb_put_data(skb, p, len);
		if (espl_flow_dissect(&flow, skb, OFF, i % 5))
			continue;
		accepted++;
		KUNIT_EXPECT_LE(test, flow.len, len);
		KUNIT_EXPECT_GE(test, flow.len, flow.family == AF_INET ? 20 : 40);
	}
	kfree_skb(skb);
	KUNIT_EXPECT_GT(test, accepted, 100);
}

/* Headers that lie in page fragments are read all the same. */
static void in_fragments(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	struct espl_flow flow;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, tcp4, 3);
	memcpy(page_address(page), tcp4 + 3, sizeof(tcp4) - 3);
	skb_fill_page_desc(skb, 0, page, 0, sizeof(tcp4) - 3);
	skb->len += sizeof(tcp4) - 3;
	skb->data_len += sizeof(tcp4) - 3;
	KUNIT_EXPECT_EQ(test, 0, espl_flow_dissect(&flow, skb, 0, true));
	KUNIT_EXPECT_EQ(test, flow.remote_port, 80);
	KUNIT_EXPECT_EQ(test, espl_flow_dissect(&flow, skb, 24, true), -EINVAL);
	KUNIT_EXPECT_EQ(test, espl_flow_dissect(&flow, skb, 1000, true), -EINVAL);
	kfree_skb(skb);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(ipv4_tcp),
	KUNIT_CASE(ipv4_unsound),
	KUNIT_CASE(ipv4_fragments),
	KUNIT_CASE(icmp_and_others),
	KUNIT_CASE(ipv6_extensions),
	KUNIT_CASE(ipv6_fragments),
	KUNIT_CASE(ipv6_endless),
	KUNIT_CASE(noise),
	KUNIT_CASE(in_fragments),
	{}
};

struct kunit_suite espl_flow_suite = { .name = "espl_flow", .test_cases = cases };
