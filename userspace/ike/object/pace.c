// SPDX-License-Identifier: GPL-2.0
#include "ike/object/pace.h"

#include <stdlib.h>

#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"

struct pace {
	UT_hash_handle by_addr;
	struct ike *ike;
	struct addr to;			/* the key */
	struct sa_list going;		/* the oldest first */
	struct peer_list waiting;	/* the next first */
	unsigned int going_count;
	unsigned int turns;		/* given to peers that have not begun yet */
	struct timer timer;		/* the oldest has had its time, while others wait */
};

static bool pace_wants(const struct ike_sa *sa)
{
	return sa->state == SA_INIT_SENT || sa->state == SA_AUTH_SENT;
}

/* One turn for each place that is free; then the next look, if any still waits. */
static void pace_go_on(struct pace *p)
{
	struct ike *ike = p->ike;
	const struct ike_sa *oldest;
	struct peer *peer;

	while (p->going_count + p->turns < PACE_MAX && (peer = TAILQ_FIRST(&p->waiting))) {
		TAILQ_REMOVE(&p->waiting, peer, pace_link);
		peer->pace_turn = peer->begin;
		if (!peer->begin)	/* it is not wanted any more */
			peer->pace = NULL;
		p->turns += peer->begin;
		peer_touch(peer);
	}
	oldest = TAILQ_FIRST(&p->going);
	if (TAILQ_EMPTY(&p->waiting))
		timer_cancel(&ike->timers, &p->timer);
	else if (oldest)
		timer_set(&ike->timers, &p->timer, oldest->pace_ms + PACE_MS);
	if (oldest || p->turns || !TAILQ_EMPTY(&p->waiting))
		return;
	HASH_DELETE(by_addr, ike->paces, p);
	timers_unreserve(&ike->timers, 1);
	free(p);
}

static void pace_forget(struct pace *p, struct ike_sa *sa)
{
	TAILQ_REMOVE(&p->going, sa, pace_link);
	p->going_count--;
	sa->pace = NULL;
}

static void pace_due(struct timer *timer)
{
	struct pace *p = container_of(timer, struct pace, timer);
	struct ike_sa *sa;

	while ((sa = TAILQ_FIRST(&p->going)) && sa->pace_ms + PACE_MS <= ike_now(p->ike))
		pace_forget(p, sa);
	pace_go_on(p);
}

/* NULL: no memory. */
static struct pace *pace_of(struct ike *ike, const struct addr *to)
{
	struct pace *p;

	HASH_FIND(by_addr, ike->paces, to, sizeof(*to), p);
	if (p || !timers_reserve(&ike->timers, 1))
		return p;
	p = calloc(1, sizeof(*p));
	if (p) {
		p->ike = ike;
		p->to = *to;
		TAILQ_INIT(&p->going);
		TAILQ_INIT(&p->waiting);
		timer_init(&p->timer, pace_due);
		HASH_ADD(by_addr, ike->paces, to, sizeof(p->to), p);
	}
	if (p && hash_added(by_addr, p))
		return p;
	timers_unreserve(&ike->timers, 1);
	free(p);
	return NULL;
}

/* Of an attempt that its peer had a turn for. */
static void pace_use_turn(struct peer *peer)
{
	if (!peer || !peer->pace_turn)
		return;
	peer->pace->turns--;
	peer->pace = NULL;
	peer->pace_turn = false;
}

void pace_count(struct ike_sa *sa)
{
	struct pace *p = sa->pace;

	if (p && !pace_wants(sa)) {
		pace_forget(p, sa);
		pace_go_on(p);
		return;
	}
	if (p || sa->pace_ms || !sa->initiator || !pace_wants(sa))
		return;
	p = pace_of(sa->ike, &sa->remote.addr);
	if (!p)
		return;
	pace_use_turn(sa->peer);
	sa->pace = p;
	sa->pace_ms = ike_now(sa->ike);
	TAILQ_INSERT_TAIL(&p->going, sa, pace_link);
	p->going_count++;
	pace_go_on(p);		/* others may wait for its time */
}

bool pace_waits(const struct peer *peer)
{
	return peer->pace && !peer->pace_turn;
}

void pace_leave(struct peer *peer)
{
	struct pace *p = peer->pace;

	if (!p)
		return;
	if (peer->pace_turn)
		p->turns--;
	else
		TAILQ_REMOVE(&p->waiting, peer, pace_link);
	peer->pace = NULL;
	peer->pace_turn = false;
	pace_go_on(p);
}

bool pace_may_begin(struct peer *peer, const struct addr *to)
{
	bool here = peer->pace && addr_equal(&peer->pace->to, to);
	char text[ADDR_STRLEN];
	struct pace *p;

	if (here)
		return peer->pace_turn;
	pace_leave(peer);
	HASH_FIND(by_addr, peer->ike->paces, to, sizeof(*to), p);
	if (!p || (p->going_count + p->turns < PACE_MAX && TAILQ_EMPTY(&p->waiting)))
		return true;
	peer->pace = p;
	TAILQ_INSERT_TAIL(&p->waiting, peer, pace_link);
	report_log(peer->ike, peer, LOG_DEBUG,
		   "waits for its turn: %u attempts at %s are under way",
		   p->going_count + p->turns, addr_str(to, text));
	pace_go_on(p);
	return false;
}

void paces_free(struct ike *ike)
{
	struct pace *p, *next;
	struct peer *peer;

	HASH_ITER(by_addr, ike->paces, p, next) {
		TAILQ_FOREACH(peer, &p->waiting, pace_link)
			peer->pace = NULL;
		HASH_DELETE(by_addr, ike->paces, p);
		timer_cancel(&ike->timers, &p->timer);
		timers_unreserve(&ike->timers, 1);
		free(p);
	}
}
