/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The budgets of one SA: octets, packets, seconds. Pure, lock-free, any
 * context; seconds are the caller's, from one clock that never goes back and
 * counts the time the machine sleeps (ktime_get_boottime_seconds()).
 *
 * A limit is reached by the packet that uses it up: that packet passes, the
 * next does not. A packet that would cross a hard limit does not pass and
 * ends the SA. Whoever reaches a limit first is told, exactly once for soft
 * and once for hard, whichever of the limits it was.
 */
#ifndef _ESPL_LIFETIME_H
#define _ESPL_LIFETIME_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/types.h>
#include <linux/esplane.h>

/* Bits of state and of "fired"; the same as in ESPLANE_SA_A_EXPIRED. */
#define ESPL_LIFETIME_SOFT	BIT(0)
#define ESPL_LIFETIME_HARD	BIT(1)

/* Constant once the SA is published. 0: no limit. */
struct espl_lifetime_limits {
	u64 bytes;
	u64 packets;
	u64 seconds;		/* since the SA was added */
};

struct espl_lifetime {
	struct espl_lifetime_limits soft;
	struct espl_lifetime_limits hard;
	u64 added;		/* seconds */
	u64 used;		/* seconds, when last charged; 0: never */
	atomic64_t bytes;	/* of packets that passed */
	atomic64_t packets;	/* likewise */
	atomic_t state;		/* private: ESPL_LIFETIME_* and which limit set each */
};

void espl_lifetime_init(struct espl_lifetime *lt, const struct espl_lifetime_limits *soft,
			const struct espl_lifetime_limits *hard, u64 now);

/* ESPL_LIFETIME_*; bits are only ever set. */
static inline unsigned int espl_lifetime_state(const struct espl_lifetime *lt)
{
	return atomic_read(&lt->state) & (ESPL_LIFETIME_SOFT | ESPL_LIFETIME_HARD);
}

/* Which limit set this bit, once it is set. */
static inline enum esplane_limit espl_lifetime_limit(const struct espl_lifetime *lt,
						     unsigned int bit)
{
	return (atomic_read(&lt->state) >> (bit == ESPL_LIFETIME_HARD ? 16 : 8)) & 0xff;
}

static inline bool espl_lifetime_dead(const struct espl_lifetime *lt)
{
	return atomic_read(&lt->state) & ESPL_LIFETIME_HARD;
}

/*
 * Checks the limits in seconds, since no timer has run yet when the machine
 * wakes up, and charges a batch: n packets of bytes octets in all, each but the last of
 * seg octets (n == 1: seg == bytes). Returns how many of them, from the first
 * on, may pass. *fired gets the bits that this very call has set.
 */
unsigned int espl_lifetime_charge(struct espl_lifetime *lt, unsigned int n, unsigned int seg,
				  u64 bytes, u64 now, unsigned int *fired);

/* Gives back the charge of one packet that could not pass after all; what has fired stays fired. */
void espl_lifetime_refund(struct espl_lifetime *lt, u64 bytes);

/* Checks the limits in seconds; returns the bits that this very call has set. */
unsigned int espl_lifetime_tick(struct espl_lifetime *lt, u64 now);

/* Seconds from now until espl_lifetime_tick() has something to say; 0: never again. */
u64 espl_lifetime_next_tick(const struct espl_lifetime *lt, u64 now);

/* Ends the SA for a reason of the caller's (ESPLANE_LIMIT_SEQUENCE); returns the bits set. */
unsigned int espl_lifetime_end(struct espl_lifetime *lt, enum esplane_limit limit);

#endif /* _ESPL_LIFETIME_H */
