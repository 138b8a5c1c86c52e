/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transport mode (RFC 4303 3.1.1): a packet between the policy's own endpoints keeps its IP
 * header, which goes in front of ESP. What follows it is the payload.
 */
#ifndef _ESPL_TRANSPORT_H
#define _ESPL_TRANSPORT_H

#include <linux/types.h>

struct espl_endpoint;
struct espl_esp_shape;
struct espl_fit;
struct espl_flow;
struct sk_buff;

/* Out: a packet, at its sound IP header, that is less than a datagram? */
bool espl_transport_is_fragment(const struct sk_buff *skb);

/*
 * Out: fills @fit but for what espl_transport_fit() does. Returns -1, or the enum espl_drop why
 * the packet must go.
 */
int espl_transport_classify(struct espl_fit *fit, const struct sk_buff *skb,
			    const struct espl_flow *flow, const struct espl_endpoint *ep);

/*
 * Out: the path takes @path_mtu octets, of which @udp are for a UDP header. False: the packet is
 * too long, and its sender has been told; it is still the caller's.
 */
bool espl_transport_fit(struct espl_fit *fit, struct sk_buff *skb, const struct espl_flow *flow,
			const struct espl_esp_shape *shape, unsigned int path_mtu,
			unsigned int udp);

/*
 * In: the first @len octets of the packet, linear and ours alone, are the payload, of kind
 * @next_header. The IP header, which is the network header and ends at the transport header, is
 * put in front of it, and @flow filled. @udp: it came in UDP, and its checksums may be of other
 * addresses. Returns -1, or the enum espl_drop why it must go.
 */
int espl_transport_decap(struct sk_buff *skb, u8 next_header, unsigned int len, bool udp,
			 const struct espl_endpoint *ep, struct espl_flow *flow);

#endif
