// SPDX-License-Identifier: GPL-2.0
#include <linux/compiler.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "lifetime.h"

void espl_lifetime_init(struct espl_lifetime *lt, const struct espl_lifetime_limits *soft,
			const struct espl_lifetime_limits *hard, u64 now)
{
	memset(lt, 0, sizeof(*lt));
	lt->soft = *soft;
	lt->hard = *hard;
	lt->added = now;
}

/* Bit and limit change together, so whoever sees the bit sees the right limit. */
static unsigned int lifetime_fire(struct espl_lifetime *lt, unsigned int bit,
				  enum esplane_limit limit)
{
	int set = bit | limit << (bit == ESPL_LIFETIME_HARD ? 16 : 8);
	int old = atomic_read(&lt->state);

	do {
		if (old & bit)
			return 0;
	} while (!atomic_try_cmpxchg(&lt->state, &old, old | set));
	return bit;
}

static unsigned int lifetime_fire_reached(struct espl_lifetime *lt, u64 count, u64 soft, u64 hard,
					  enum esplane_limit limit)
{
	unsigned int fired = 0;

	if (unlikely(soft && count >= soft))
		fired |= lifetime_fire(lt, ESPL_LIFETIME_SOFT, limit);
	if (unlikely(hard && count >= hard))
		fired |= lifetime_fire(lt, ESPL_LIFETIME_HARD, limit);
	return fired;
}

/*
 * Takes what the hard limit leaves of want, and leaves in *count what was
 * counted in all. Every unit up to the limit goes to exactly one caller: the
 * adds put callers in a row, and only what lies beyond the limit is given back.
 */
static u64 lifetime_take(atomic64_t *counter, u64 want, u64 hard, u64 *count)
{
	u64 over;

	*count = atomic64_add_return(want, counter);
	if (likely(!hard || *count <= hard))
		return want;

	over = min(want, *count - hard);
	atomic64_sub(over, counter);
	return want - over;
}

unsigned int espl_lifetime_charge(struct espl_lifetime *lt, unsigned int n, unsigned int seg,
				  u64 bytes, u64 now, unsigned int *fired)
{
	unsigned int granted, fit;
	u64 packets, octets, got, want;

	*fired = espl_lifetime_tick(lt, now);
	if (unlikely(espl_lifetime_dead(lt)))
		return 0;

	granted = lifetime_take(&lt->packets, n, lt->hard.packets, &packets);
	want = granted == n ? bytes : (u64)granted * seg;
	got = lifetime_take(&lt->bytes, want, lt->hard.bytes, &octets);
	if (unlikely(got < want)) {
		fit = div_u64(got, seg);
		atomic64_sub(got - (u64)fit * seg, &lt->bytes);
		atomic64_sub(granted - fit, &lt->packets);
		granted = fit;
	}

	*fired |= lifetime_fire_reached(lt, packets, lt->soft.packets, lt->hard.packets,
				       ESPLANE_LIMIT_PACKETS);
	*fired |= lifetime_fire_reached(lt, octets, lt->soft.bytes, lt->hard.bytes,
					ESPLANE_LIMIT_BYTES);
	if (granted && READ_ONCE(lt->used) != now)
		WRITE_ONCE(lt->used, now);
	return granted;
}

void espl_lifetime_refund(struct espl_lifetime *lt, u64 bytes)
{
	atomic64_dec(&lt->packets);
	atomic64_sub(bytes, &lt->bytes);
}

unsigned int espl_lifetime_tick(struct espl_lifetime *lt, u64 now)
{
	return lifetime_fire_reached(lt, now - lt->added, lt->soft.seconds, lt->hard.seconds,
				     ESPLANE_LIMIT_SECONDS);
}

u64 espl_lifetime_next_tick(const struct espl_lifetime *lt, u64 now)
{
	unsigned int state = espl_lifetime_state(lt);
	u64 age = now - lt->added;
	u64 next = U64_MAX;

	if (state & ESPL_LIFETIME_HARD)
		return 0;
	if (lt->hard.seconds)
		next = lt->hard.seconds;
	if (lt->soft.seconds && !(state & ESPL_LIFETIME_SOFT))
		next = min(next, lt->soft.seconds);
	if (next == U64_MAX)
		return 0;
	return next > age ? next - age : 1;
}

unsigned int espl_lifetime_end(struct espl_lifetime *lt, enum esplane_limit limit)
{
	return lifetime_fire(lt, ESPL_LIFETIME_HARD, limit);
}
