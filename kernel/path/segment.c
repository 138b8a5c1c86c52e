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

unsigned int espl_piece_map(const struct espl_piece *piece, const struct sk_buff *skb,
			    struct scatterlist *sg)
{
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[piece->frag];
	unsigned int begin = piece->frag_off, at = piece->off;
	unsigned int end = at + piece->len, upto, n = 0;

	if (at < begin && at < end) {
		upto = min(begin, end);
		if (sg)
			sg_set_buf(sg++, skb->data + at, upto - at);
		at = upto;
		n++;
	}
	for (; at < end; begin += skb_frag_size(frag++)) {
		upto = min(begin + skb_frag_size(frag), end);
		if (unlikely(upto == at))
			continue;
		if (sg)
			sg_set_page(sg++, skb_frag_page(frag), upto - at,
				    skb_frag_off(frag) + at - begin);
		at = upto;
		n++;
	}
	return n;
}

/* Moves the piece on to @off. */
static void segment_seek(struct espl_piece *piece, const struct sk_buff *skb, unsigned int off)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int size;

	piece->off = off;
	for (; piece->frag < info->nr_frags; piece->frag++) {
		size = skb_frag_size(&info->frags[piece->frag]);
		if (off < piece->frag_off + size)
			break;
		piece->frag_off += size;
	}
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

static void segment_write_tcp(const struct espl_segments *segs, unsigned int i, void *to,
			      const struct espl_piece *piece)
{
	unsigned int tcp_len = piece->head - segs->ip_len;
	struct tcphdr *th = to + segs->ip_len;
	__wsum sum;

	th->seq = htonl(ntohl(th->seq) + i * segs->mss);
	if (i)
		th->cwr = 0;	/* RFC 3168 6.1.2: in the first only */
	if (i + 1 < segs->count)
		th->fin = th->psh = 0;

	th->check = 0;
	sum = csum_partial(th, tcp_len, skb_checksum(segs->skb, piece->off, piece->len, 0));
	if (segs->v4) {
		const struct iphdr *ip = to;

		th->check = csum_tcpudp_magic(ip->saddr, ip->daddr, tcp_len + piece->len,
					      IPPROTO_TCP, sum);
	} else {
		const struct ipv6hdr *ip6 = to;

		th->check = csum_ipv6_magic(&ip6->saddr, &ip6->daddr, tcp_len + piece->len,
					    IPPROTO_TCP, sum);
	}
}

void espl_segment_head(const struct espl_segments *segs, unsigned int i, u8 *to,
		       struct espl_piece *piece)
{
	unsigned int len = espl_segment_len(segs, i);

	piece->head = segs->head;
	piece->len = len - segs->head;
	segment_seek(piece, segs->skb, segs->head + i * segs->mss);

	memcpy(to, segs->skb->data, segs->head);
	segment_write_ip(segs, i, to, len);
	segment_write_tcp(segs, i, to, piece);
}

void espl_whole_head(const struct sk_buff *skb, u8 *to, struct espl_piece *piece)
{
	unsigned int start, at;
	__sum16 sum;

	espl_piece_init(piece, skb);
	piece->len = skb->len;
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return;

	start = skb_checksum_start_offset(skb);
	at = start + skb->csum_offset;
	sum = csum_fold(skb_checksum(skb, start, skb->len - start, 0));
	piece->head = at + sizeof(sum);
	piece->len = skb->len - piece->head;
	segment_seek(piece, skb, piece->head);
	memcpy(to, skb->data, at);
	*(__sum16 *)(to + at) = sum ?: CSUM_MANGLED_0;
}
