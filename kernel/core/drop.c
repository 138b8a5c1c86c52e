// SPDX-License-Identifier: GPL-2.0
#include "drop.h"

#include <linux/skbuff.h>

#include "device.h"
#include "pure/compat.h"
#include "trace.h"

void espl_drop_count(struct espl_device *dev, struct espl_sa_stats *sa, __be32 spi,
		     enum espl_drop why, unsigned int packets)
{
	espl_stats_drop(dev->stats, sa, why, packets);
	trace_drop(dev->netdev, why, spi, packets);
}

void espl_drop_free(struct sk_buff *skb, enum espl_drop why)
{
#define DROP_REASON(name, text, reason) [ESPL_DROP_##name] = SKB_DROP_REASON_##reason,
	static const u8 reasons[ESPL_DROP_COUNT] = { ESPL_DROPS(DROP_REASON) };
#undef DROP_REASON

	kfree_skb_reason(skb, reasons[why]);
}

void espl_drop(struct espl_device *dev, struct sk_buff *skb, enum espl_drop why)
{
	espl_drop_count(dev, NULL, 0, why, 1);
	espl_drop_free(skb, why);
}
