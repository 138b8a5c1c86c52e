/* SPDX-License-Identifier: GPL-2.0 */
/* Drop reasons, one for each drop site, and their counters. */
#ifndef _ESPL_STATS_H
#define _ESPL_STATS_H

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/percpu.h>
#include <linux/esplane.h>

/* In the order of ESPLANE_STAT_A_*, see espl_drop_attr(). */
enum espl_drop {
	ESPL_DROP_TX_NO_POLICY,
	ESPL_DROP_TX_NO_SA,
	ESPL_DROP_TX_EXPIRED,
	ESPL_DROP_TX_SEQUENCE,
	ESPL_DROP_TX_TOO_BIG,
	ESPL_DROP_TX_NO_ROUTE,
	ESPL_DROP_TX_LOOP,
	ESPL_DROP_TX_NO_MEMORY,
	ESPL_DROP_TX_CRYPTO,
	ESPL_DROP_TX_PROTOCOL,
	ESPL_DROP_RX_SHORT,
	ESPL_DROP_RX_ENCAP,
	ESPL_DROP_RX_REPLAY,
	ESPL_DROP_RX_STALE,
	ESPL_DROP_RX_AUTH,
	ESPL_DROP_RX_EXPIRED,
	ESPL_DROP_RX_PADDING,
	ESPL_DROP_RX_PROTOCOL,
	ESPL_DROP_RX_SELECTOR,
	ESPL_DROP_RX_DUMMY,
	ESPL_DROP_RX_ECN,
	ESPL_DROP_RX_NO_MEMORY,
	ESPL_DROP_RX_CRYPTO,
	ESPL_DROP_RX_DOWN,
	ESPL_DROP_COUNT
};

#define ESPL_DROP_IS(x) \
	static_assert(ESPL_DROP_##x + ESPLANE_STAT_A_TX_NO_POLICY == ESPLANE_STAT_A_##x)
ESPL_DROP_IS(TX_NO_POLICY);
ESPL_DROP_IS(TX_PROTOCOL);
ESPL_DROP_IS(RX_SHORT);
ESPL_DROP_IS(RX_AUTH);
ESPL_DROP_IS(RX_ECN);
ESPL_DROP_IS(RX_DOWN);
static_assert(ESPL_DROP_COUNT + ESPLANE_STAT_A_TX_NO_POLICY == ESPLANE_STAT_A_MAX + 1);
#undef ESPL_DROP_IS

static inline int espl_drop_attr(enum espl_drop why)
{
	return ESPLANE_STAT_A_TX_NO_POLICY + why;
}

static inline bool espl_drop_is_rx(enum espl_drop why)
{
	return why >= ESPL_DROP_RX_SHORT;
}

/* Of a device: used as struct espl_stats __percpu *, from any context. */
struct espl_stats {
	u64 drop[ESPL_DROP_COUNT];
};

/*
 * Of one SA, embedded. Not per CPU: drops are off the fast path, and SAs are
 * many. What was not dropped is counted by the SA's lifetime.
 */
struct espl_sa_stats {
	atomic64_t drop[ESPL_DROP_COUNT];
};

/* sa is NULL when the packet was dropped before its SA was known. */
static inline void espl_stats_drop(struct espl_stats __percpu *stats, struct espl_sa_stats *sa,
				   enum espl_drop why, unsigned int packets)
{
	this_cpu_add(stats->drop[why], packets);
	if (sa)
		atomic64_add(packets, &sa->drop[why]);
}

static inline u64 espl_stats_read(const struct espl_stats __percpu *stats, enum espl_drop why)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)->drop[why]);
	return sum;
}

static inline u64 espl_sa_stats_read(const struct espl_sa_stats *sa, enum espl_drop why)
{
	return atomic64_read(&sa->drop[why]);
}

#endif /* _ESPL_STATS_H */
