/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP super-packets, cut where they are encrypted: the headers of a segment
 * are written straight into the outgoing buffer, its payload is never copied.
 */
#ifndef _ESPL_SEGMENT_H
#define _ESPL_SEGMENT_H

#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <linux/types.h>

struct espl_flow;

/* A part of a packet that leaves as a packet: rewritten headers, then octets of the original. */
struct espl_piece {
	unsigned int head;
	unsigned int off;	/* in the skb; never before that of the piece before */
	unsigned int len;
	/* The first fragment that ends behind @off, and where it begins in the skb. */
	unsigned int frag;
	unsigned int frag_off;
};

/* Borrows the skb, which is at its network header. */
struct espl_segments {
	const struct sk_buff *skb;
	unsigned int count;
	unsigned int mss;
	unsigned int ip_len;		/* octets of IP header */
	unsigned int head;		/* of IP and TCP header */
	bool v4;
};

/* False: not of the kind that is cut here; the kernel's own segmentation does it. */
bool espl_segments_init(struct espl_segments *segs, const struct sk_buff *skb,
			const struct espl_flow *flow);

/* Octets of segment @i as an inner packet; all but the last are equal. */
static inline unsigned int espl_segment_len(const struct espl_segments *segs, unsigned int i)
{
	return i + 1 < segs->count ? segs->head + segs->mss
				   : segs->skb->len - i * segs->mss;
}

/* Before the first piece of a packet. */
static inline void espl_piece_init(struct espl_piece *piece, const struct sk_buff *skb)
{
	*piece = (struct espl_piece) { .frag_off = skb_headlen(skb) };
}

/*
 * Writes where in @skb, which has no list of fragments, the octets of the piece
 * lie to @sg, unless that is NULL. Returns how many entries that takes.
 */
unsigned int espl_piece_map(const struct espl_piece *piece, const struct sk_buff *skb,
			    struct scatterlist *sg);

/* Writes the headers of segment @i, in turn, to @to and describes it. */
void espl_segment_head(const struct espl_segments *segs, unsigned int i, u8 *to,
		       struct espl_piece *piece);

/*
 * A packet that is not cut. Writes what must be rewritten, up to a checksum
 * that was left to hardware (CHECKSUM_PARTIAL), to @to.
 */
void espl_whole_head(const struct sk_buff *skb, u8 *to, struct espl_piece *piece);

#endif
