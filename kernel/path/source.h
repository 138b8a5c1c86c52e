/* SPDX-License-Identifier: GPL-2.0 */
/* Which way a packet comes: with encap.c, raw.c and socket.c, what knows the outer family. */
#ifndef _ESPL_SOURCE_H
#define _ESPL_SOURCE_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/ipv6.h>

#include "core/endpoint.h"
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

/* From the peer of @ep to this end of it? @udp: by these ports too. The headers likewise. */
static inline bool espl_source_fits(const struct sk_buff *skb, bool udp,
				    const struct espl_endpoint *ep)
{
	if (likely(skb->protocol == htons(ETH_P_IP))) {
		if (ep->local.family != AF_INET || ip_hdr(skb)->saddr != ep->remote.addr.v4 ||
		    ip_hdr(skb)->daddr != ep->local.addr.v4)
			return false;
	} else if (ep->local.family != AF_INET6 ||
		   !ipv6_addr_equal(&ipv6_hdr(skb)->saddr, &ep->remote.addr.v6) ||
		   !ipv6_addr_equal(&ipv6_hdr(skb)->daddr, &ep->local.addr.v6)) {
		return false;
	}
	return !udp || (udp_hdr(skb)->source == ep->remote.port &&
			udp_hdr(skb)->dest == ep->local.port);
}

#endif
