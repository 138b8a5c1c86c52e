/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tunnel mode: the payload is a whole IP packet. What it must be, what the
 * outer header takes from it, and how long it may be.
 */
#ifndef _ESPL_TUNNEL_H
#define _ESPL_TUNNEL_H

#include <linux/types.h>

struct espl_esp_shape;
struct espl_fit;
struct espl_flow;
struct sk_buff;

/*
 * Out: makes the IP header the beginning of the packet, proves it and fills
 * @flow. False: not IP, or not what its header says; the packet is still the
 * caller's.
 */
bool espl_tunnel_classify(struct sk_buff *skb, struct espl_flow *flow);

/*
 * Out: fills @fit. The path takes @path_mtu octets, of which @outer are for
 * the headers in front of ESP. False: the packet is too long, and its sender
 * has been told; it is still the caller's.
 */
bool espl_tunnel_fit(struct espl_fit *fit, struct sk_buff *skb,
		     const struct espl_flow *flow, const struct espl_esp_shape *shape,
		     unsigned int path_mtu, unsigned int outer);

/* Out: says that a packet is longer than @mtu, and is not to be fragmented. */
void espl_tunnel_too_big(struct sk_buff *skb, bool v4, unsigned int mtu);

/*
 * In: the first @len octets of the packet are the payload, of kind @next_header.
 * Cuts the packet to what its IP header says (what follows is TFC padding, RFC
 * 4303 2.7), and fills @flow. Returns -1, or the enum espl_drop why it must go.
 */
int espl_tunnel_decap(struct sk_buff *skb, u8 next_header, unsigned int len,
		      struct espl_flow *flow);

/*
 * In: RFC 6040 4.2. skb->data is at the inner header, which becomes the network
 * header in the place of the outer one. False: the packet must go.
 */
bool espl_tunnel_ecn(struct sk_buff *skb, const struct espl_flow *flow);

#endif
