/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The outer headers and the route that they take. Only this file, raw.c, socket.c and source.h
 * know the outer address family: IPv6 is a second branch in each function here.
 */
#ifndef _ESPL_ENCAP_H
#define _ESPL_ENCAP_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/dst.h>

#include "core/endpoint.h"
#include "fit.h"
#include "pure/wire.h"

/* Whether the packet path can do what @ep asks for; else a sentence for who asked. */
const char *espl_encap_lacks(const struct espl_endpoint *ep);

static inline unsigned int espl_encap_udp_len(const struct espl_endpoint *ep)
{
	return ep->encap == ESPLANE_ENCAP_UDP ? ESPL_UDP_HLEN : 0;
}

/* Octets in front of the ESP header, in tunnel mode. */
static inline unsigned int espl_encap_len(const struct espl_endpoint *ep)
{
	return (ep->local.family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) +
	       espl_encap_udp_len(ep);
}

struct espl_device;
struct espl_net;

/*
 * The route to the peer by the policy's mark, with a reference. Under RCU, BH off. -ELOOP: it leads
 * into the device itself.
 */
struct dst_entry *espl_encap_route(const struct espl_net *en, const struct espl_device *dev,
				   struct espl_endpoint *ep);

/*
 * Believed: the path to the peer takes @mtu octets. @skb is an ICMP error, at the packet of ours
 * that it quotes. Under RCU, BH off.
 */
void espl_encap_path_mtu(struct net *net, const struct espl_endpoint *ep, struct sk_buff *skb,
			 u32 mtu);

/*
 * Writes the outer headers before skb->data, where the ESP header will begin,
 * with room for them. Uses up a reference to @dst.
 */
void espl_encap_push(struct sk_buff *skb, const struct espl_endpoint *ep, struct dst_entry *dst,
		     const struct espl_fit *fit);

/* Likewise in transport mode: the IP header is the packet's own, which lies at @head. */
void espl_encap_push_own(struct sk_buff *skb, const struct espl_endpoint *ep,
			 struct dst_entry *dst, const struct espl_fit *fit, const u8 *head);

/* Sends what espl_encap_push() made. BH off. Consumes the skb. */
void espl_encap_send(struct sk_buff *skb);

#endif
