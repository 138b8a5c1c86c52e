/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The anti-replay window of one inbound SA: RFC 4303 3.4.3 and appendix A, as
 * the ring of words of RFC 6479. Pure.
 *
 * The caller locks around espl_replay_advance(). On 64-bit machines
 * espl_replay_seq() and espl_replay_check() may run without the lock: what
 * they say is then a guess that espl_replay_advance() corrects after
 * authentication.
 */
#ifndef _ESPL_REPLAY_H
#define _ESPL_REPLAY_H

#include <linux/types.h>

#define ESPL_REPLAY_DEFAULT	1024

/* The last member of its owner, which allocates espl_replay_map_bytes() behind it. */
struct espl_replay {
	u64 top;		/* the highest authenticated number */
	u32 size;		/* packets with top, ESPLANE_REPLAY_MIN to ESPLANE_REPLAY_MAX */
	u32 mask;		/* words in map (a power of two) less one */
	unsigned long map[];	/* bit set: seen */
};

enum espl_replay_verdict {
	ESPL_REPLAY_FRESH,
	ESPL_REPLAY_SEEN,
	ESPL_REPLAY_STALE,	/* left of the window, or not a number the peer may send */
};

size_t espl_replay_map_bytes(u32 size);

/* Numbers up to and including top count as seen: 0 for a new SA. */
void espl_replay_init(struct espl_replay *w, u32 size, u64 top);

/* The number whose low half was received, RFC 4303 A2.2; 0 if there is none. */
u64 espl_replay_seq(const struct espl_replay *w, u32 low, bool esn);

/* Before decryption: is it worth the work? Changes nothing. */
enum espl_replay_verdict espl_replay_check(const struct espl_replay *w, u64 seq);

/* After authentication only: checks again, and if fresh marks seq as seen. */
enum espl_replay_verdict espl_replay_advance(struct espl_replay *w, u64 seq);

#endif /* _ESPL_REPLAY_H */
