/* SPDX-License-Identifier: GPL-2.0 */
/* What can be watched in tracefs, by perf and by bpftrace, under events/esplane. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM esplane

#if !defined(_ESPL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _ESPL_TRACE_H

#include <linux/netdevice.h>
#include <linux/tracepoint.h>

#include "pure/stats.h"

#ifndef ESPL_TRACE_ONCE
#define ESPL_TRACE_ONCE
#define ESPL_TRACE_TEXT(name, text, reason)	{ ESPL_DROP_##name, text },
#define ESPL_TRACE_ENUM(name, text, reason)	TRACE_DEFINE_ENUM(ESPL_DROP_##name);
#endif

ESPL_DROPS(ESPL_TRACE_ENUM)

/* Each packet, or @packets of a batch at once, that a counter of drops counts. */
TRACE_EVENT(drop,
	TP_PROTO(const struct net_device *netdev, enum espl_drop why, __be32 spi,
		 unsigned int packets),
	TP_ARGS(netdev, why, spi, packets),
	TP_STRUCT__entry(__array(char, device, IFNAMSIZ)
			 __field(int, why)
			 __field(u32, spi)
			 __field(unsigned int, packets)),
	TP_fast_assign(memcpy(__entry->device, netdev->name, IFNAMSIZ);
		       __entry->why = why;
		       __entry->spi = be32_to_cpu(spi);
		       __entry->packets = packets;),
	TP_printk("device=%s reason=%s spi=0x%08x packets=%u", __entry->device,
		  __print_symbolic(__entry->why, ESPL_DROPS(ESPL_TRACE_TEXT) { -1, "" }),
		  __entry->spi, __entry->packets)
);

DECLARE_EVENT_CLASS(sa,
	TP_PROTO(const struct net_device *netdev, u32 policy, __be32 spi, bool in),
	TP_ARGS(netdev, policy, spi, in),
	TP_STRUCT__entry(__array(char, device, IFNAMSIZ)
			 __field(u32, policy)
			 __field(u32, spi)
			 __field(bool, in)),
	TP_fast_assign(memcpy(__entry->device, netdev->name, IFNAMSIZ);
		       __entry->policy = policy;
		       __entry->spi = be32_to_cpu(spi);
		       __entry->in = in;),
	TP_printk("device=%s policy=%u spi=0x%08x dir=%s", __entry->device, __entry->policy,
		  __entry->spi, __entry->in ? "in" : "out")
);

/* The SA has been published: packets can use it. */
DEFINE_EVENT(sa, sa_start,
	TP_PROTO(const struct net_device *netdev, u32 policy, __be32 spi, bool in),
	TP_ARGS(netdev, policy, spi, in)
);

/* Its last packet has left the cipher; the key is about to be wiped. */
DEFINE_EVENT(sa, sa_free,
	TP_PROTO(const struct net_device *netdev, u32 policy, __be32 spi, bool in),
	TP_ARGS(netdev, policy, spi, in)
);

#endif

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH core
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
