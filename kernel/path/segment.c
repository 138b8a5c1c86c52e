// SPDX-License-Identifier: GPL-2.0
#include "segment.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

#include "pure/selector.h"

enum {
	TCP_KINDS = SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_TCP_ECN | SKB_GSO_TCP_FIXEDID |
		    SKB_GSO_DODGY,
};

bool espl_segments_init(struct espl_segments *segs, const struct sk_buff *skb,
			const struct espl_flow *flow)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int ip_len = skb_transport_offset(skb);
	const struct tcphdr *th;

	if (info->gso_type & ~TCP_KINDS || flow->proto != IPPROTO_TCP || skb->encapsulation ||
	    skb->ip_summed != CHECKSUM_PARTIAL || skb_has_frag_list(skb) || !info->gso_size)
		return false;
	/* No extension headers, and the headers in one piece. */
	if (ip_len != (flow->family == AF_INET ? ip_hdr(skb)->ihl * 4 : sizeof(struct ipv6hdr)) ||
	    skb_headlen(skb) < ip_len + sizeof(*th))
		return false;
	th = tcp_hdr(skb);
	if (th->doff * 4 < sizeof(*th) || skb_headlen(skb) < ip_len + th->doff * 4 ||
	    skb->len <= ip_len + th->doff * 4)
		return false;

	segs->skb = skb;
	segs->mss = info->gso_size;
	segs->ip_len = ip_len;
	segs->head = ip_len + th->doff * 4;
	segs->count = DIV_ROUND_UP(skb->len - segs->head, segs->mss);
	segs->v4 = flow->family == AF_INET;
	return true;
}

static void segment_write_ip(const struct espl_segments *segs, unsigned int i, void *to,
			     unsigned int len)
{
	struct ipv6hdr *ip6 = to;
	struct iphdr *ip = to;

	if (!segs->v4) {
		ip6->payload_len = htons(len - sizeof(*ip6));
		return;
	}
	ip->tot_len = htons(len);
	if (!(skb_shinfo(segs->skb)->gso_type & SKB_GSO_TCP_FIXEDID))
		ip->id = htons(ntohs(ip->id) + i);
	ip->check = 0;
	ip->check = ip_fast_csum(ip, ip->ihl);
}

/* The headers of the segment are at @to already, @len octets of payload go behind them. */
static void segment_write_tcp(const struct espl_segments *segs, unsigned int i, void *to,
			      unsigned int len)
{
	unsigned int tcp_len = segs->head - segs->ip_len;
	struct tcphdr *th = to + segs->ip_len;
	__wsum sum;

	th->seq = htonl(ntohl(th->seq) + i * segs->mss);
	if (i)
		th->cwr = 0;	/* RFC 3168 6.1.2: in the first only */
	if (i + 1 < segs->count)
		th->fin = th->psh = 0;

	th->check = 0;
	sum = skb_copy_and_csum_bits(segs->skb, segs->head + i * segs->mss, to + segs->head, len);
	sum = csum_partial(th, tcp_len, sum);
	if (segs->v4) {
		const struct iphdr *ip = to;

		th->check = csum_tcpudp_magic(ip->saddr, ip->daddr, tcp_len + len,
					      IPPROTO_TCP, sum);
	} else {
		const struct ipv6hdr *ip6 = to;

		th->check = csum_ipv6_magic(&ip6->saddr, &ip6->daddr, tcp_len + len,
					    IPPROTO_TCP, sum);
	}
}

void espl_segment_write(const struct espl_segments *segs, unsigned int i, u8 *to)
{
	unsigned int len = espl_segment_len(segs, i);

	memcpy(to, segs->skb->data, segs->head);
	segment_write_ip(segs, i, to, len);
	segment_write_tcp(segs, i, to, len - segs->head);
}

bool espl_whole_write(const struct sk_buff *skb, u8 *to)
{
	unsigned int start;
	__sum16 sum;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return !skb_copy_bits(skb, 0, to, skb->len);

	start = skb_checksum_start_offset(skb);
	if (skb_copy_bits(skb, 0, to, start))
		return false;
	sum = csum_fold(skb_copy_and_csum_bits(skb, start, to + start, skb->len - start));
	*(__sum16 *)(to + start + skb->csum_offset) = sum ?: CSUM_MANGLED_0;
	return true;
}
