// SPDX-License-Identifier: GPL-2.0
#include "icmp.h"

#include <linux/icmpv6.h>
#include <linux/skbuff.h>
#include <net/icmp.h>

void espl_icmp_unreachable(struct sk_buff *skb, u8 code4, u8 code6)
{
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, code4, 0);
	else if (skb->protocol == htons(ETH_P_IPV6))
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, code6, 0);
}
