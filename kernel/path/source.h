/* SPDX-License-Identifier: GPL-2.0 */
/* Where a packet comes from: with encap.c, raw.c and socket.c, what knows the outer family. */
#ifndef _ESPL_SOURCE_H
#define _ESPL_SOURCE_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>

#include "core/outer.h"

/* The headers of @skb are as for espl_rx(). */
static inline void espl_source_read(const struct sk_buff *skb, bool udp, struct espl_outer *from)
{
	__be16 port = udp ? udp_hdr(skb)->source : 0;

	if (likely(skb->protocol == htons(ETH_P_IP)))
		espl_outer_set_v4(from, ip_hdr(skb)->saddr, port);
	else
		espl_outer_set_v6(from, &ipv6_hdr(skb)->saddr, port);
}

#endif
