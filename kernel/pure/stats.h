/* SPDX-License-Identifier: GPL-2.0 */
/* Drop reasons, one for each drop site, and their counters. */
#ifndef _ESPL_STATS_H
#define _ESPL_STATS_H

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/percpu.h>
#include <linux/esplane.h>

/*
 * In the order of ESPLANE_STAT_A_*, see espl_drop_attr(). Name, its text, and
 * the kernel's own reason (SKB_DROP_REASON_*) that comes nearest.
 */
#define ESPL_DROPS(X) \
	X(TX_NO_POLICY, "tx-no-policy", XFRM_POLICY)	\
	X(TX_NO_SA, "tx-no-sa", NOT_SPECIFIED)		\
	X(TX_EXPIRED, "tx-expired", NOT_SPECIFIED)	\
	X(TX_SEQUENCE, "tx-sequence", NOT_SPECIFIED)	\
	X(TX_TOO_BIG, "tx-too-big", PKT_TOO_BIG)	\
	X(TX_NO_ROUTE, "tx-no-route", IP_OUTNOROUTES)	\
	X(TX_LOOP, "tx-loop", NOT_SPECIFIED)		\
	X(TX_NO_MEMORY, "tx-no-memory", NOMEM)		\
	X(TX_CRYPTO, "tx-crypto", NOT_SPECIFIED)	\
	X(TX_PROTOCOL, "tx-protocol", NOT_SPECIFIED)	\
	X(RX_SHORT, "rx-short", PKT_TOO_SMALL)		\
	X(RX_REPLAY, "rx-replay", NOT_SPECIFIED)	\
	X(RX_STALE, "rx-stale", NOT_SPECIFIED)		\
	X(RX_AUTH, "rx-auth", NOT_SPECIFIED)		\
	X(RX_EXPIRED, "rx-expired", NOT_SPECIFIED)	\
	X(RX_PADDING, "rx-padding", NOT_SPECIFIED)	\
	X(RX_PROTOCOL, "rx-protocol", NOT_SPECIFIED)	\
	X(RX_SELECTOR, "rx-selector", XFRM_POLICY)	\
	X(RX_DUMMY, "rx-dummy", NOT_SPECIFIED)		\
	X(RX_ECN, "rx-ecn", IP_TUNNEL_ECN)		\
	X(RX_NO_MEMORY, "rx-no-memory", NOMEM)		\
	X(RX_CRYPTO, "rx-crypto", NOT_SPECIFIED)	\
	X(RX_DOWN, "rx-down", DEV_READY)		\
	X(TX_ENDPOINT, "tx-endpoint", XFRM_POLICY)	\
	X(TX_FRAGMENT, "tx-fragment", NOT_SPECIFIED)

#define ESPL_DROP_NAME(name, text, reason)	ESPL_DROP_##name,
enum espl_drop {
	ESPL_DROPS(ESPL_DROP_NAME)
	ESPL_DROP_COUNT
};
#undef ESPL_DROP_NAME

#define ESPL_DROP_IS(x) \
	static_assert(ESPL_DROP_##x + ESPLANE_STAT_A_TX_NO_POLICY == ESPLANE_STAT_A_##x)
ESPL_DROP_IS(TX_NO_POLICY);
ESPL_DROP_IS(TX_PROTOCOL);
ESPL_DROP_IS(RX_SHORT);
ESPL_DROP_IS(RX_AUTH);
ESPL_DROP_IS(RX_ECN);
ESPL_DROP_IS(RX_DOWN);
ESPL_DROP_IS(TX_FRAGMENT);
static_assert(ESPL_DROP_COUNT + ESPLANE_STAT_A_TX_NO_POLICY == ESPLANE_STAT_A_MAX + 1);
#undef ESPL_DROP_IS

static inline int espl_drop_attr(enum espl_drop why)
{
	return ESPLANE_STAT_A_TX_NO_POLICY + why;
}

static inline bool espl_drop_is_rx(enum espl_drop why)
{
	return why >= ESPL_DROP_RX_SHORT && why <= ESPL_DROP_RX_DOWN;
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
