// SPDX-License-Identifier: GPL-2.0
#include <linux/skbuff.h>
#include "path/source.h"
#include "suites.h"

/* A packet as espl_rx() gets it, from 10.0.0.2 or fd::2, port 4502, to the same with 1. */
static struct sk_buff *source_packet(struct kunit *test, bool v4)
{
	unsigned int len = v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	struct sk_buff *skb = alloc_skb(len + sizeof(struct udphdr), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reset_network_header(skb);
	skb_put_zero(skb, len + sizeof(struct udphdr));
	skb_set_transport_header(skb, len);
	udp_hdr(skb)->source = htons(4502);
	udp_hdr(skb)->dest = htons(4501);
	if (v4) {
		skb->protocol = htons(ETH_P_IP);
		ip_hdr(skb)->saddr = htonl(0x0a000002);
		ip_hdr(skb)->daddr = htonl(0x0a000001);
	} else {
		skb->protocol = htons(ETH_P_IPV6);
		ipv6_hdr(skb)->saddr.s6_addr[0] = 0xfd;
		ipv6_hdr(skb)->daddr.s6_addr[0] = 0xfd;
		ipv6_hdr(skb)->saddr.s6_addr[15] = 2;
		ipv6_hdr(skb)->daddr.s6_addr[15] = 1;
	}
	return skb;
}

static void source_endpoint(struct espl_endpoint *ep, bool v4)
{
	struct in6_addr a = { .s6_addr = { 0xfd, [15] = 1 } };
	struct in6_addr b = { .s6_addr = { 0xfd, [15] = 2 } };

	if (v4) {
		espl_outer_set_v4(&ep->local, htonl(0x0a000001), htons(4501));
		espl_outer_set_v4(&ep->remote, htonl(0x0a000002), htons(4502));
	} else {
		espl_outer_set_v6(&ep->local, &a, htons(4501));
		espl_outer_set_v6(&ep->remote, &b, htons(4502));
	}
}

/* Each octet of an address and each port is looked at, ports in UDP only. */
static void source_fits(struct kunit *test, bool v4)
{
	struct sk_buff *skb = source_packet(test, v4);
	struct espl_endpoint ep = {};
	u8 *local = (u8 *)&ep.local.addr, *remote = (u8 *)&ep.remote.addr;
	unsigned int i;

	source_endpoint(&ep, v4);
	KUNIT_EXPECT_TRUE(test, espl_source_fits(skb, false, &ep));
	KUNIT_EXPECT_TRUE(test, espl_source_fits(skb, true, &ep));
	for (i = 0; i < espl_outer_len(&ep.local); i++) {
		local[i] ^= 1;
		KUNIT_EXPECT_FALSE(test, espl_source_fits(skb, false, &ep));
		local[i] ^= 1;
		remote[i] ^= 1;
		KUNIT_EXPECT_FALSE(test, espl_source_fits(skb, false, &ep));
		remote[i] ^= 1;
	}
	udp_hdr(skb)->source = htons(4503);
	KUNIT_EXPECT_FALSE(test, espl_source_fits(skb, true, &ep));
	KUNIT_EXPECT_TRUE(test, espl_source_fits(skb, false, &ep));
	udp_hdr(skb)->source = htons(4502);
	udp_hdr(skb)->dest = htons(4503);
	KUNIT_EXPECT_FALSE(test, espl_source_fits(skb, true, &ep));
	KUNIT_EXPECT_TRUE(test, espl_source_fits(skb, false, &ep));
	/* a policy of the other family, with the same octets */
	ep.local.family = v4 ? AF_INET6 : AF_INET;
	ep.remote.family = ep.local.family;
	KUNIT_EXPECT_FALSE(test, espl_source_fits(skb, false, &ep));
	kfree_skb(skb);
}

static void fits_over_ipv4(struct kunit *test)
{
	source_fits(test, true);
}

static void fits_over_ipv6(struct kunit *test)
{
	source_fits(test, false);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(fits_over_ipv4),
	KUNIT_CASE(fits_over_ipv6),
	{}
};

struct kunit_suite espl_source_suite = { .name = "espl_source", .test_cases = cases };
