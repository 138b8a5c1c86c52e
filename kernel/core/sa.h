/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One direction of a policy. Created unpublished; published and dropped by
 * spd.c; freed from a work item when the last packet has left the cipher.
 */
#ifndef _ESPL_SA_H
#define _ESPL_SA_H

#include <linux/atomic.h>
#include <linux/percpu-refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <linux/esplane.h>

#include "event.h"
#include "outer.h"
#include "pure/crypto.h"
#include "pure/lifetime.h"
#include "pure/replay.h"
#include "pure/stats.h"

struct espl_policy;
struct sk_buff;

struct espl_sa_config {
	struct espl_suite suite;
	const u8 *encr_key;		/* NULL with NULL encryption */
	const u8 *integ_key;
	struct espl_lifetime_limits soft;
	struct espl_lifetime_limits hard;
	u64 start_seq;
	u32 replay_window;
	__be32 spi;
	u8 dir;
	bool esn;
};

struct espl_sa {
	/* constant once published */
	struct percpu_ref ref;		/* one for each packet in flight and queued event */
	struct espl_crypto crypto;
	struct espl_policy *policy;	/* a reference */
	__be32 spi;
	u8 dir;				/* enum esplane_dir */
	bool esn;

	/* written by packets */
	struct espl_lifetime life ____cacheline_aligned_in_smp;
	atomic64_t seq;			/* out: the last number drawn */
	spinlock_t lock;		/* in: protects @replay and @mapping; BH */
	struct espl_outer mapping;	/* family 0: the peer is where the policy says */
	u64 heard;			/* in: seconds, as life.used; by the policy's addresses */
	struct espl_sa_stats stats;

	/* process context */
	struct list_head policy_node;	/* in: in policy->in */
	struct espl_spi *entry;		/* in: of the SPI table */
	struct hlist_node out_node;	/* out: in espl_out_spi.sas */
	struct espl_event event;
	struct delayed_work tick;	/* limits in seconds; ended by the free work */
	struct work_struct free_work;

	struct espl_replay replay;	/* in; last: its window follows */
};

/* The clock of lifetimes goes on while the machine sleeps: the peer's does. */
static inline u64 espl_sa_now(void)
{
	return ktime_get_boottime_seconds();
}

/* Process context. Not yet a policy's: nobody else knows it. */
struct espl_sa *espl_sa_create(const struct espl_sa_config *cfg);

/* Process context, before it is published; takes a policy reference. */
void espl_sa_adopt(struct espl_sa *sa, struct espl_policy *policy);

/* Starts the clock of an SA that has just been published. */
void espl_sa_start(struct espl_sa *sa);

/* Once, after it was unlinked, or instead of publishing it. */
void espl_sa_kill(struct espl_sa *sa);

/* Under RCU. False: it is on its way out. */
static inline bool __must_check espl_sa_tryget(struct espl_sa *sa)
{
	return percpu_ref_tryget(&sa->ref);
}

static inline void espl_sa_put(struct espl_sa *sa)
{
	percpu_ref_put(&sa->ref);
}

/*
 * Raises what espl_lifetime_*() has fired. Any context, inside RCU or with a
 * reference.
 */
void espl_sa_fired(struct espl_sa *sa, unsigned int fired);

/*
 * A packet of this SA ends. Inside RCU or with a reference. The second counts
 * only: packets that were freed elsewhere, or never came to be.
 */
void espl_sa_drop(struct espl_sa *sa, struct sk_buff *skb, enum espl_drop why);
void espl_sa_drop_count(struct espl_sa *sa, enum espl_drop why, unsigned int packets);

/*
 * The last sequence number there is, RFC 4303 3.3.3. The 64-bit counter stops
 * short of its end, so that callers who lose the race for the last numbers
 * cannot make it wrap. An SA starts below it: START_SEQ is checked.
 */
static inline u64 espl_sa_last_seq(bool esn)
{
	return esn ? U64_MAX - U32_MAX : U32_MAX;
}

static inline u64 espl_sa_seq_max(const struct espl_sa *sa)
{
	return espl_sa_last_seq(sa->esn);
}

/* Out: draws the next sequence number. 0: none is left. */
static inline u64 espl_sa_draw(struct espl_sa *sa)
{
	u64 seq = atomic64_inc_return(&sa->seq);

	return seq <= espl_sa_seq_max(sa) ? seq : 0;
}

#endif
