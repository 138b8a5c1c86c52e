/* SPDX-License-Identifier: GPL-2.0 */
/* What travels in skb->cb through the cipher. Lost as soon as another layer gets the skb. */
#ifndef _ESPL_CB_H
#define _ESPL_CB_H

#include <linux/build_bug.h>
#include <linux/skbuff.h>

struct espl_sa;

struct espl_cb {
	struct espl_sa *sa;		/* a reference */
	struct sk_buff *source;		/* in: holds what the cipher reads; NULL: in place */
	u64 seq;			/* in: guessed whole, until authenticated */
	bool udp;			/* in: came in UDP */
	u8 depth;			/* out: tunnels of ours that it is in, with this one */
};

static inline struct espl_cb *espl_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct espl_cb) > sizeof_field(struct sk_buff, cb));
	return (struct espl_cb *)skb->cb;
}

#endif
