// SPDX-License-Identifier: GPL-2.0
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "compat.h"
#include "selector.h"

/* More extension headers than this are not a packet that anybody sends. */
#define EXTENSIONS_MAX	8

/* Where the upper layer is in the skb, and where the inner packet ends. */
struct upper {
	unsigned int off;
	unsigned int end;
	bool later_fragment;
};

/* Copies what is there; a port field cut short by the packet's end is not there. */
static bool flow_read_upper(const struct sk_buff *skb, const struct upper *up, void *to,
			    unsigned int len)
{
	return up->off + len <= up->end && !skb_copy_bits(skb, up->off, to, len);
}

/* Ports, or what RFC 7296 3.13.1 and RFC 4301 4.4.1.1 treat as ports. */
static void flow_read_ports(struct espl_flow *flow, const struct sk_buff *skb,
			    const struct upper *up, bool outbound)
{
	const u8 *head;
	u8 buf[4];

	flow->opaque = true;
	if (up->later_fragment || up->off + sizeof(buf) > up->end)
		return;
	head = skb_header_pointer(skb, up->off, sizeof(buf), buf);
	if (!head)
		return;

	switch (flow->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		flow->local_port = get_unaligned_be16(head + (outbound ? 0 : 2));
		flow->remote_port = get_unaligned_be16(head + (outbound ? 2 : 0));
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		flow->local_port = head[0] << 8 | head[1];
		flow->remote_port = flow->local_port;
		break;
	case IPPROTO_MH:
		flow->local_port = head[2] << 8;
		flow->remote_port = flow->local_port;
		break;
	default:
		return;
	}
	flow->opaque = false;
}

static int flow_dissect_v4(struct espl_flow *flow, const struct sk_buff *skb, unsigned int off,
			   bool outbound, struct upper *up)
{
	const struct iphdr *ip;
	struct iphdr buf;

	ip = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!ip || ip->ihl * 4 < sizeof(*ip))
		return -EINVAL;
	flow->len = ntohs(ip->tot_len);
	if (flow->len < ip->ihl * 4 || flow->len > skb->len - off)
		return -EINVAL;

	flow->family = AF_INET;
	flow->proto = ip->protocol;
	flow->local.v4 = outbound ? ip->saddr : ip->daddr;
	flow->remote.v4 = outbound ? ip->daddr : ip->saddr;
	up->off = off + ip->ihl * 4;
	up->end = off + flow->len;
	up->later_fragment = ip->frag_off & htons(IP_OFFSET);
	return 0;
}

/* Walks the extension headers up to the upper layer, or to what cannot be looked into. */
static int flow_skip_extensions(struct espl_flow *flow, const struct sk_buff *skb, struct upper *up)
{
	struct frag_hdr frag;
	u8 head[2];
	int i;

	for (i = 0; i < EXTENSIONS_MAX; i++) {
		switch (flow->proto) {
		case NEXTHDR_HOP:
		case NEXTHDR_ROUTING:
		case NEXTHDR_DEST:
		case NEXTHDR_AUTH:
			if (!flow_read_upper(skb, up, head, sizeof(head)))
				return -EINVAL;
			up->off += flow->proto == NEXTHDR_AUTH ? (head[1] + 2) * 4
							       : (head[1] + 1) * 8;
			flow->proto = head[0];
			break;
		case NEXTHDR_FRAGMENT:
			if (!flow_read_upper(skb, up, &frag, sizeof(frag)))
				return -EINVAL;
			up->off += sizeof(frag);
			flow->proto = frag.nexthdr;
			if (frag.frag_off & htons(IP6_OFFSET)) {
				up->later_fragment = true;
				return 0;
			}
			break;
		default:
			return 0;
		}
		if (up->off > up->end)
			return -EINVAL;
	}
	return -EINVAL;
}

static int flow_dissect_v6(struct espl_flow *flow, const struct sk_buff *skb, unsigned int off,
			   bool outbound, struct upper *up)
{
	const struct ipv6hdr *ip;
	struct ipv6hdr buf;

	ip = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!ip)
		return -EINVAL;
	flow->len = sizeof(*ip) + ntohs(ip->payload_len);
	if (flow->len > skb->len - off)
		return -EINVAL;

	flow->family = AF_INET6;
	flow->proto = ip->nexthdr;
	flow->local.v6 = outbound ? ip->saddr : ip->daddr;
	flow->remote.v6 = outbound ? ip->daddr : ip->saddr;
	up->off = off + sizeof(*ip);
	up->end = off + flow->len;
	return flow_skip_extensions(flow, skb, up);
}

int espl_flow_dissect(struct espl_flow *flow, const struct sk_buff *skb, unsigned int off,
		      bool outbound)
{
	struct upper up = {};
	const u8 *version;
	u8 buf;
	int err;

	memset(flow, 0, sizeof(*flow));
	if (off >= skb->len)
		return -EINVAL;
	version = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!version)
		return -EINVAL;

	switch (*version >> 4) {
	case 4:
		err = flow_dissect_v4(flow, skb, off, outbound, &up);
		break;
	case 6:
		err = flow_dissect_v6(flow, skb, off, outbound, &up);
		break;
	default:
		return -EINVAL;
	}
	if (!err)
		flow_read_ports(flow, skb, &up, outbound);
	return err;
}
