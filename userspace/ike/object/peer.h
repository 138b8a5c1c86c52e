/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One remote end at work: whether it is wanted up, its addresses, attempts and pauses, its IKE SAs
 * and its children. The children are the peer's and not the IKE SA's: rekey and reauthentication
 * replace IKE SAs beneath living children.
 */
#ifndef IKE_PEER_H
#define IKE_PEER_H

#include "ike/core/engine.h"
#include "ike/object/detour.h"
#include "lib/hash.h"

#define PEER_BEFORE_MS		60000	/* how long an IKE SA outlives its successor's beginning */
#define PEER_RACE_MAX		4	/* attempts at once, each to another of its addresses */
#define PEER_RACE_MS		250	/* between two of them: RFC 8305 5 */
#define PEER_REFRESH_MS		300000	/* how old the address of a name may be that we answer to */

TAILQ_HEAD(child_list, child);

enum intent {
	INTENT_ANSWER,			/* the peer may bring it up */
	INTENT_UP,			/* we want it up */
	INTENT_DOWN,			/* a person wants it down: the peer is refused too */
};

struct peer {
	TAILQ_ENTRY(peer) link;		/* in tunnel->peers */
	TAILQ_ENTRY(peer) touched;	/* in ike->touched_peers */
	TAILQ_ENTRY(peer) pace_link;
	bool is_touched;
	UT_hash_handle by_id;
	struct ike *ike;
	struct tunnel *tunnel;
	unsigned int crowd_at;		/* in tunnel->crowd */
	/* The tunnel's, for those who need no more of it. */
	const struct tunnel_conf *conf;
	uint32_t tunnel_id;
	uint32_t id;
	enum peer_state state;		/* set by peer_set_state() only */
	enum intent intent;
	/* One for each of the configuration, parts, what a reload takes out; by their ids. */
	struct child_list children;
	unsigned int promised;		/* inbound SPIs reserved for pairs that are not there yet */
	struct ike_sa *sa;		/* established, carries new exchanges */
	struct ike_sa *attempt;		/* ours, not established yet */
	/* Beside it, to other addresses, until one is answered: object/race.c. */
	struct ike_sa *rival[PEER_RACE_MAX - 1];
	unsigned int rival_count;
	unsigned int raced;		/* addresses from @addr_at on that were tried at once */
	struct timer race;		/* the next of them */
	bool race_due;
	struct addr race_again;		/* before that: one that has answered; or family 0 */
	/* What @sa has followed, while it still carries what has not moved: reauthentication. */
	struct ike_sa *before;
	struct ike_id remote_id;	/* authenticated; of many: which one. type 0: none yet */
	struct lease *lease[ADDR_FAMILIES];	/* that it has of us; NULL: none */
	struct ike_given *given;	/* what it has given us; NULL: nothing */
	struct addr wish[ADDR_FAMILIES];	/* what it gave us the last time */

	/* Where it is: the configured address, or those of its name. */
	struct addr addrs[IKE_JOB_ADDRS_MAX];
	unsigned int addr_count, addr_at;	/* addr_at: of our next attempt */
	struct detour detour;		/* instead of @addrs, none of which is raced then */
	uint32_t resolving;		/* the job; 0: none */
	unsigned int looking;		/* which of the configured it is about */
	struct addr found[IKE_JOB_ADDRS_MAX];	/* by now */
	unsigned int found_count;
	char lost[IKE_WHY_MAX];		/* the last that was not found, and why; "": none */
	bool resolve_to_begin;		/* and an attempt follows */

	struct ticket *ticket;		/* of the IKE SA that was lost, RFC 5723; NULL: none */
	bool begin;			/* an attempt of ours is due: settle begins it */
	struct pace *pace;		/* where it waits to begin, or has its turn; or NULL */
	bool pace_turn;
	bool tcp;			/* the attempt goes over TCP: by UDP it had no answer */
	bool anew;			/* an attempt follows the end of the IKE SA */
	bool revive;			/* it died, and is tried for ever until it is up again */
	bool announce;			/* an attempt of ours or the peer's wants its UP said */
	bool demand;			/* children that are down wait for packets */
	struct timer retry;		/* our next attempt */
	uint64_t not_before;		/* after a failure: of one that a packet asks for */
	unsigned int brief;		/* times in a row that it was up for a moment only */
	struct timer lay;		/* what waits for packets could not be laid: again */
	unsigned int lay_failures;	/* in a row */
	struct timer refresh;		/* of the name */
	struct timer nudge;		/* a command wants settle to look at it */
	unsigned int failures;		/* in a row */
	unsigned int busy;		/* refusals of IKE_AUTH in a row that pass */
	uint64_t up_ms;
	struct kept_cause cause;	/* why it is not up */
};

/* With its children. NULL: no memory. */
struct peer *peer_new(struct tunnel *t, const struct ike_id *remote_id);
/* It is down: the addresses that either end has of the other are given back. */
void peer_give_back(struct peer *peer);
/* Has to be without IKE SAs. */
void peer_free(struct peer *peer);
struct peer *peer_find(const struct ike *ike, uint32_t id);
/* Is there a reason to remember it? */
bool peer_idle(const struct peer *peer);

/* Says the change in the log. @why: a few words. */
void peer_set_state(struct peer *peer, enum peer_state state, const char *why);
/* Where our next attempt goes; NULL: not known. */
const struct addr *peer_towards(const struct peer *peer);
bool peer_has_addr(const struct peer *peer, const struct addr *addr);
/*
 * Its IKE SA cannot go on, RFC 7296 2.8: another one of ours is to follow it. False: the other end
 * is the one that begins; nothing is done.
 */
bool peer_follow_up(struct peer *peer, const char *why);
/* It does not reach the peer any more: it ends, and an attempt of ours follows. False: likewise. */
bool peer_begin_anew(struct peer *peer, const char *why);
/* Looks the name up, if it has one: then, if @begin, an attempt follows. */
void peer_resolve(struct peer *peer, bool begin);
/* Another attempt after the pause that its failures deserve. */
void peer_retry_later(struct peer *peer);

/* An attempt has begun: others follow, while none is answered. */
void peer_race(struct peer *peer);
/* Where the next of them goes; NULL: there are enough, or none is wanted. */
const struct addr *peer_race_towards(const struct peer *peer);
/* @sa, one of them, is answered: it is the attempt, the others end without a word. */
void peer_race_won(struct peer *peer, struct ike_sa *sa);
/* @sa has ended. True: it was one of them, and another one goes on. */
bool peer_race_lost(struct peer *peer, const struct ike_sa *sa);

/* Wanted, or under way, and not up yet: is any child so? */
bool peer_has_pending(const struct peer *peer);
bool peer_has_up(const struct peer *peer);
/*
 * @sa is established: it carries the peer's exchanges from now on, and pairs that had none. An
 * attempt of ours ends. One before it goes on until what it carries has moved, by the end that has
 * begun @sa, PEER_BEFORE_MS at most; it ends at once if it was another identity's, and without a
 * word if the peer says that it is @afresh.
 */
void peer_take_sa(struct peer *peer, struct ike_sa *sa, bool afresh);
/*
 * Both ends began at once. Each sees both IKE SAs, so a rule settles it alike on both: of two
 * attempts that have reached the proof the lower SPIi wins. And an attempt that began before the
 * peer's IKE SA stood is a remnant of such a race, or has met a rekey. Must @sa, which the peer has
 * just proved, give way to one of ours?
 */
bool peer_prefers_ours(const struct peer *peer, const struct ike_sa *sa);
/* The next child to be made, or NULL. */
struct child *peer_next_child(const struct peer *peer);
/* Every child pair that @from carries is @to's from now on: rekey, reauthentication. */
void peer_move_children(struct peer *peer, struct ike_sa *from, struct ike_sa *to);
/* All pairs that @sa carries leave the kernel. @cause: why a child that has no other is down. */
void peer_drop_children(struct peer *peer, struct ike_sa *sa, const struct cause *cause);
/* All pairs that @sa carries live on without one, until the next takes them over. */
void peer_orphan_children(struct peer *peer, struct ike_sa *sa);
/* Its address has changed, authentically, or ours has: the policies follow. */
void peer_moved(struct peer *peer);
/* Does @sa carry anything? @up: a child that rests on it; else also what is to be deleted. */
bool peer_rests_on(const struct peer *peer, const struct ike_sa *sa, bool up);
/* @sa, its newest, has ended: the one before goes on. False: there is none. */
bool peer_fall_back(struct peer *peer, struct ike_sa *sa, const struct cause *cause);

#endif
