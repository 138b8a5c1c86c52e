/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One pair of selector lists of a peer that is to be protected. It has the kernel's policy, whose
 * number is its own, and outlives every rekey of either kind; the pairs of SAs come and go below
 * it (child_sa.h).
 */
#ifndef IKE_CHILD_H
#define IKE_CHILD_H

#include "ike/core/engine.h"
#include "lib/hash.h"

TAILQ_HEAD(child_sa_list, child_sa);

/* What is offered after SINGLE_PAIR_REQUIRED, RFC 7296 2.9. */
enum child_single {
	CHILD_ALL,			/* it has not come */
	CHILD_PAIR,			/* one pair of selectors, and a packet's is no second one */
	CHILD_HOSTS,			/* of that pair the two hosts of a packet */
};

struct child {
	TAILQ_ENTRY(child) link;	/* in peer->children */
	UT_hash_handle by_id;
	struct ike *ike;
	struct peer *peer;
	unsigned int crowd_at;		/* in the tunnel's crowd */
	uint32_t id;
	const struct child_conf *conf;	/* the tunnel's, or */
	struct child_conf *part;	/* its own: a part of that, see part.h; or NULL */
	struct child_conf *cut;		/* likewise: of two addresses only, see mode.h; or NULL */
	const struct child_conf *whole;	/* the tunnel's: what it is, or a part of */
	bool guest;			/* a part that only the peer asks for: it goes when down */
	/*
	 * A reload has taken it out: the configuration that it is of, a reference. It is down, and
	 * goes when nothing of it is under way; else NULL.
	 */
	struct tunnel_conf *left;
	enum child_single single;	/* what the peer takes of the selectors at a time */
	enum child_state state;		/* set by child_set_state() only */
	bool wanted;			/* to be made on the next occasion */
	bool held_down;			/* taken down by a person */
	/* The peer refuses a part's selectors, or has no more: not asked with this IKE SA. */
	bool vain;
	bool in_kernel;			/* the policy is there */
	bool waits;			/* but no SA: packets wait for one */
	const char *gone;		/* why the kernel has no policy of it: settle closes it */
	bool linked;			/* env.child_up was called */
	struct child_sa_list pairs;
	struct child_sa *out;		/* owner of the policy's outbound slot */
	/* As the kernel has them, while in_kernel. */
	struct ts_list *local_ts, *remote_ts;
	struct endpoint local, remote;	/* family 0: it waits for packets */
	bool udp;
	/* Of the packet that has asked for it; family 0: none, or nothing is known of it. */
	struct ts asked_local, asked_remote;
	uint64_t not_before;		/* after a failure: of the next try for a packet */
	unsigned int brief;		/* times in a row that it was up for a moment only */
	uint16_t group;			/* the peer wants it for a new CHILD_SA; 0: any */
	bool group_asked;		/* it says so of what is being made now */
	struct timer retry;		/* while it is down and its peer is up */
	unsigned int failures;		/* in a row */
	uint64_t up_ms, rekeys;
	struct kept_cause cause;	/* why it is not up */
};

/* Negotiated selectors, on their way into the kernel. */
struct ts_pair {
	struct ts_list *local, *remote;
};

void ts_pair_clear(struct ts_pair *ts);

struct child *child_new(struct peer *peer, const struct child_conf *conf);
/* Says nothing to the kernel. */
void child_free(struct child *child);
struct child *child_find(const struct ike *ike, uint32_t id);

/*
 * It is up, and the peer has agreed to less than is configured. Where the peer gives us our
 * address, that is our part.
 */
bool child_is_narrowed(const struct child *child);
/* It is being made. */
void child_connecting(struct child *child, const char *why);
/*
 * A pair is agreed on: policy and both SAs go into the kernel, addresses and routes follow, and the
 * child is up. A pair of the same IKE SA's that was active before is retired. False: @pair is gone,
 * or waits for its DELETE where the peer has it, and @cause says why; what was there before still
 * is, except where addresses or routes failed.
 */
bool child_install(struct child *child, struct child_sa *pair, const struct ts_pair *ts,
		   struct cause *cause);
/*
 * On demand: the policy is there without SAs, addresses and routes too. Packets wait in the kernel,
 * which asks for a pair, and nothing is sent in the clear.
 */
bool child_may_wait(const struct child *child);
/* Policy and SAs are there. */
static inline bool child_carries(const struct child *child)
{
	return child->in_kernel && !child->waits;
}
/* False: @cause; nothing of it is there. */
bool child_wait(struct child *child, struct cause *cause);
/* It waits, and is not to any more. */
void child_wait_no_more(struct child *child);
/* A rekey is complete: @pair has taken the place of another. Says so. */
void child_rekeyed(struct child *child, const struct child_sa *pair, uint32_t old_in,
		   uint32_t old_out);
/* It could not be made. */
void child_failed(struct child *child, const struct cause *cause);
/* It is wanted once more after the pause that its failures deserve, at least @least_ms. */
void child_retry_later(struct child *child, uint64_t least_ms);
/* Likewise, but it has not failed: after @ms. */
void child_put_off(struct child *child, uint64_t ms);
/* It is not wanted any more, nor later. */
void child_want_no_more(struct child *child);
/*
 * It is in no configuration any more but @conf, its tunnel's until now: its peer hears so. One that
 * is new has its place.
 */
void child_leave(struct child *child, struct tunnel_conf *conf);
/* Nothing is left of it that somebody could ask for: it may be freed. */
bool child_has_left(const struct child *child);
/* Out of the kernel, with all pairs. Says so if it was up. */
void child_down(struct child *child, const struct cause *cause);
/* The same, but the pairs remain until the peer has had our DELETE. */
void child_close(struct child *child, const struct cause *cause);
/* Is it up on an IKE SA that the peer's newest one has followed, and that may have ended? */
bool child_is_behind(const struct child *child);
/* The pair that is to follow @old does so now; @old is the caller's. False: the kernel refuses. */
bool child_follow(struct child *child, const struct child_sa *old, const char *why);
/* A pair has gone: without an active one the child is down. */
void child_lost(struct child *child, const struct cause *cause);
#define CHILD_REMOVED	"its policy was removed from the kernel by another program"
/* The kernel has its policy and its SAs no more: no packet passes, so the peer shall know. */
void child_gone(struct child *child, const char *why);
/*
 * Policy and routes follow where the ends are, and whether ESP goes in UDP; where they cannot, the
 * child goes down.
 */
void child_move(struct child *child, const struct endpoint *local, const struct endpoint *remote,
		bool udp);

#endif
