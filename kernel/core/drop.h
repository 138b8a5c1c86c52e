/* SPDX-License-Identifier: GPL-2.0 */
/* The end of a packet: counted, to be seen in a trace, freed with a reason. Any context. */
#ifndef _ESPL_DROP_H
#define _ESPL_DROP_H

#include <linux/types.h>

#include "pure/stats.h"

struct espl_device;
struct sk_buff;

/* A packet that has no SA. */
void espl_drop(struct espl_device *dev, struct sk_buff *skb, enum espl_drop why);

/* The parts, for those that have: @sa may be NULL, with @spi 0. See espl_sa_drop(). */
void espl_drop_count(struct espl_device *dev, struct espl_sa_stats *sa, __be32 spi,
		     enum espl_drop why, unsigned int packets);
void espl_drop_free(struct sk_buff *skb, enum espl_drop why);

#endif
