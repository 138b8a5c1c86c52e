/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What leaves in a buffer of its own: segments of TCP super-packets, and packets
 * that cannot be encrypted where they lie. Octets are copied and summed up in
 * one pass, so that the checksum is of what leaves even if somebody writes into
 * the original's pages meanwhile.
 */
#ifndef _ESPL_SEGMENT_H
#define _ESPL_SEGMENT_H

#include <linux/skbuff.h>
#include <linux/types.h>

struct espl_flow;

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

/* Writes segment @i, espl_segment_len() octets, to @to. */
void espl_segment_write(const struct espl_segments *segs, unsigned int i, u8 *to);

/*
 * Writes a packet that is not cut, skb->len octets, to @to, with the checksum
 * that was left to hardware (CHECKSUM_PARTIAL). False: it is not as long as it
 * says.
 */
bool espl_whole_write(const struct sk_buff *skb, u8 *to);

#endif
