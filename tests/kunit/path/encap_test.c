// SPDX-License-Identifier: GPL-2.0
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include "path/encap.h"
#include "path/tunnel.h"
#include "pure/selector.h"
#include "suites.h"

#define OUTER	(sizeof(struct ipv6hdr) + ESPL_UDP_HLEN)
#define ESP_LEN	61

static struct espl_endpoint ep = {
	.local = { .port = htons(4500), .family = AF_INET6 },
	.remote = { .port = htons(4501), .family = AF_INET6 },
	.encap = ESPLANE_ENCAP_UDP,
	.mode = ESPLANE_MODE_TUNNEL,
};

static void make_addr(struct in6_addr *addr, u8 last)
{
	addr->s6_addr[0] = 0xfd;
	addr->s6_addr[15] = last;
}

static struct sk_buff *esp_packet(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(OUTER + ESP_LEN, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, OUTER);
	for (i = 0; i < ESP_LEN; i++)
		*(u8 *)skb_put(skb, 1) = i * 31;
	return skb;
}

/* The headers, and a checksum of UDP that whoever sums up what he is told to finds right. */
static void udp_over_ipv6(struct kunit *test)
{
	struct sk_buff *skb = esp_packet(test);
	const struct ipv6hdr *ip;
	const struct espl_fit fit = { .ds = 0xba, .fragment = true };
	struct flowi6 fl = {};
	struct udphdr *uh;
	unsigned int len = sizeof(*uh) + ESP_LEN;

	make_addr(&ep.local.addr.v6, 1);
	make_addr(&ep.remote.addr.v6, 2);
	fl.daddr = ep.remote.addr.v6;
	/* what a tunnel inside leaves, where the sum was made in software */
	skb->encapsulation = 1;
	espl_encap_push(skb, &ep, ip6_route_output(&init_net, NULL, &fl), &fit);

	KUNIT_ASSERT_EQ(test, skb->len, (unsigned int)OUTER + ESP_LEN);
	ip = ipv6_hdr(skb);
	KUNIT_EXPECT_EQ(test, (int)ip->version, 6);
	KUNIT_EXPECT_EQ(test, (int)ipv6_get_dsfield(ip), 0xba);
	KUNIT_EXPECT_EQ(test, (int)ip->nexthdr, IPPROTO_UDP);
	KUNIT_EXPECT_GT(test, (int)ip->hop_limit, 0);
	KUNIT_EXPECT_TRUE(test, ipv6_addr_equal(&ip->saddr, &ep.local.addr.v6));
	KUNIT_EXPECT_TRUE(test, ipv6_addr_equal(&ip->daddr, &ep.remote.addr.v6));
	KUNIT_EXPECT_TRUE(test, skb->ignore_df);

	uh = udp_hdr(skb);
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)uh, skb->data + sizeof(*ip));
	KUNIT_EXPECT_EQ(test, (int)ntohs(uh->source), 4500);
	KUNIT_EXPECT_EQ(test, (int)ntohs(uh->dest), 4501);
	KUNIT_EXPECT_EQ(test, (unsigned int)ntohs(uh->len), len);
	KUNIT_EXPECT_FALSE(test, skb->encapsulation);
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_PARTIAL);
	KUNIT_ASSERT_EQ(test, skb_checksum_help(skb), 0);
	uh = udp_hdr(skb);
	KUNIT_EXPECT_NE(test, (int)uh->check, 0);
	KUNIT_EXPECT_EQ(test, (int)csum_ipv6_magic(&ep.local.addr.v6, &ep.remote.addr.v6, len,
						   IPPROTO_UDP, csum_partial(uh, len, 0)), 0);
	kfree_skb(skb);
}

/* Where the route's MTU is less than the outer headers nothing fits. */
static void tiny_path(struct kunit *test)
{
	const struct espl_esp_shape shape = { .iv_len = 8, .icv_len = 16, .align = 4 };
	const struct iphdr ip = { .version = 4, .ihl = 5, .frag_off = htons(IP_DF) };
	const struct espl_flow flow = { .family = AF_INET };
	struct sk_buff *skb = esp_packet(test);
	struct espl_fit fit;

	memcpy(skb->data, &ip, sizeof(ip));
	skb_reset_network_header(skb);
	KUNIT_EXPECT_TRUE(test, espl_tunnel_fit(&fit, skb, &flow, &shape, 1500, OUTER));
	KUNIT_EXPECT_FALSE(test, espl_tunnel_fit(&fit, skb, &flow, &shape, OUTER, OUTER));
	KUNIT_EXPECT_FALSE(test, espl_tunnel_fit(&fit, skb, &flow, &shape, OUTER - 8, OUTER));
	kfree_skb(skb);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(udp_over_ipv6),
	KUNIT_CASE(tiny_path),
	{}
};

struct kunit_suite espl_encap_suite = { .name = "espl_encap", .test_cases = cases };
