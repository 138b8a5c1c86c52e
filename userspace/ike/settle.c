// SPDX-License-Identifier: GPL-2.0
#include "ike/settle.h"

#include "ike/attempt.h"
#include "ike/auth/auth.h"
#include "ike/exchange/inbound.h"
#include "ike/object/child.h"
#include "ike/object/demand.h"
#include "ike/object/pace.h"
#include "ike/object/part.h"
#include "ike/object/path.h"
#include "ike/object/peer.h"
#include "ike/object/stream.h"
#include "ike/object/ticket.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"

/* How long the responder keeps a new IKE SA without a child. */
#define SETTLE_CHILDLESS_MS	5000
/* And one over TCP, which cannot have one, where we want the peer up: then we try ourselves. */
#define SETTLE_TCP_MS		60000

/* ---- IKE SAs */

/* What it was to follow has ended. */
static void settle_forget_attempt(struct peer *peer)
{
	if (peer->attempt)
		sa_end(peer->attempt, SA_CLOSE, IKE_FAIL_NONE, "the IKE SA before it has ended");
	peer->attempt = NULL;
}

/* The peer has lost an IKE SA: what was carried by it goes, and people hear of it. */
static void settle_loss(struct ike_sa *sa)
{
	struct peer *peer = sa->peer;
	struct cause cause = cause_recall(&sa->cause);

	if (!peer)
		return;
	if (!cause.failure)
		cause.failure = IKE_FAIL_DOWN;
	if (peer_race_lost(peer, sa))
		return;		/* of several to its addresses, and not the last */
	if (peer->attempt == sa) {
		peer->attempt = NULL;
		attempt_failed(peer, &cause);
	} else if (peer->sa == sa && peer_fall_back(peer, sa, &cause)) {
		path_say_again(peer->sa);
		if (sa->began)
			attempt_follow_later(peer, &cause);
	} else if (peer->sa == sa) {
		settle_forget_attempt(peer);
		peer->sa = NULL;
		if (cause.failure == IKE_FAIL_TIMEOUT)
			attempt_silent(peer);
		if (sa->orphans) {
			peer_orphan_children(peer, sa);
		} else {
			peer_drop_children(peer, sa, &cause);
			peer_drop_children(peer, NULL, &cause);
		}
		attempt_lost(peer, &cause);
	} else {
		if (peer->before == sa)
			peer->before = NULL;
		peer_drop_children(peer, sa, &cause);
	}
	peer_touch(peer);
}

/* Its ticket is for who was lost by silence: else both ends know that it is over. */
static void settle_ticket(struct ike_sa *sa)
{
	bool silent = sa->cause.failure == IKE_FAIL_TIMEOUT && sa->peer;

	if (sa->initiator)
		ticket_back(sa);
	if (!sa->ticket)
		return;
	if (silent && (!sa->began || (!sa->peer->sa && sa->peer->intent != INTENT_DOWN)))
		ticket_outlives(sa);
	else
		ticket_free(sa->ticket);
}

/* Gives up what only an IKE SA that is not over needs. */
static void settle_release(struct ike_sa *sa, bool closing)
{
	if (sa->released)
		return;
	sa->released = true;
	inbound_drop_all(sa);
	exchange_release_all(sa, closing);
	settle_loss(sa);
	settle_ticket(sa);
	auth_end(sa, false);
	auth_end(sa, true);
	if (sa->stash)
		sa->stash_free(sa);
	if (sa->awaited)
		sa->awaited_free(sa);
	sa_watch(sa, 0);
	sa_rekey_after(sa, 0);
	sa_term_never(sa);
	sa_forget_proof(sa);
	sa_drop_partial(sa);
}

static void settle_bury(struct ike_sa *sa)
{
	struct ike *ike = sa->ike;

	timer_cancel(&ike->timers, &sa->expiry);
	stream_settle(sa);
	if (sa->peer)
		peer_touch(sa->peer);
	sa->peer = NULL;
	sa_untouch(sa);
	TAILQ_REMOVE(&ike->sas, sa, link);
	TAILQ_INSERT_TAIL(&ike->dead, sa, link);
}

static void settle_end(struct ike_sa *sa)
{
	bool over = sa_is_over(sa);
	enum sa_end end = sa->end;
	struct cause cause;

	sa->end = SA_KEEP;
	/* while the state is the old one: a peer that is lost is told so first */
	if (!over)
		settle_release(sa, end == SA_CLOSE);
	cause = cause_recall(&sa->cause);
	/* where its state has no row to close it, there is nobody to be told */
	if (end == SA_CLOSE && (fsm_command(sa, COMMAND_CLOSE, cause.text) || over))
		return;
	fsm_command(sa, COMMAND_DROP, cause.text);
}

static void settle_next(struct ike_sa *sa)
{
	stream_settle(sa);
	exchange_next(sa);
}

static void settle_sa(struct ike_sa *sa)
{
	if (sa->time_is_over) {
		sa->time_is_over = false;
		fsm_command(sa, COMMAND_EXPIRE, "its time limit is reached");
	}
	if (sa->end != SA_KEEP)
		settle_end(sa);
	if (sa_is_over(sa))
		settle_release(sa, sa->state == SA_CLOSING);
	if (sa->state == SA_CLOSED || sa->state == SA_DEAD)
		exchange_end_all(sa);
	if (sa->state == SA_DEAD)
		settle_bury(sa);
	else
		settle_next(sa);
}

/* ---- peers */

/* Children that are to be made while the IKE SA stands. */
static void settle_children(struct peer *peer)
{
	bool keep = peer->intent == INTENT_UP && peer->tunnel->conf->start == START_UP;
	struct cause cause;
	bool none = stream_refuses_child(peer->sa, &cause);
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link) {
		if (child->wanted && none) {
			child_failed(child, &cause);
		} else if (child->wanted && child->state != CHILD_UP) {
			child_connecting(child, "wanted");
			sa_touch(peer->sa);
		} else if (keep && !none && child->state == CHILD_DOWN && !child->held_down &&
			   !child->guest && !child->vain && !timer_armed(&child->retry)) {
			child_retry_later(child, 0);
		}
	}
}

/* Why none of its children is up. */
static struct cause settle_childless(const struct peer *peer)
{
	const struct child *child;
	struct cause cause = { .failure = IKE_FAIL_DOWN, .text = "it has no child" };

	TAILQ_FOREACH(child, &peer->children, link)
		if (child->cause.failure)
			return cause_recall(&child->cause);
	return cause;
}

/*
 * RFC 7296 1.2: the child of IKE_AUTH was refused; the initiator may ask for another. RFC 6023:
 * there was none, and it asks for its first when it needs it.
 */
static bool settle_initiator_goes_on(struct peer *peer)
{
	bool barren = peer->sa->remote.stream && peer->intent == INTENT_UP;
	uint64_t until = peer->sa->established_ms;
	struct ike *ike = peer->ike;

	until += barren && peer->sa->childless ? SETTLE_TCP_MS : SETTLE_CHILDLESS_MS;

	if (peer->sa->began || !peer->announce)
		return false;
	if (peer->sa->childless && !barren)
		return true;
	if (ike_now(ike) >= until)
		return false;
	timer_set(&ike->timers, &peer->nudge, until);
	return true;
}

/*
 * Reauthentication: another IKE SA beside the one that stands. What that carries moves first, then
 * it ends: by the hand of the end that has begun the other, or in time.
 */
static void settle_succession(struct peer *peer)
{
	struct ike_sa *sa = peer->sa, *before = peer->before;

	if (before && (before->want_successor ||
		       !peer_rests_on(peer, before, sa->began))) {
		peer->before = NULL;
		peer->failures = 0;
		sa_end(before, SA_CLOSE, IKE_FAIL_NONE, "another IKE SA has followed it");
	}
	if (!sa->want_successor || peer->attempt || peer->before || timer_armed(&sa->term))
		return;
	if (peer->tunnel->conf->any && !sa->began)
		sa_end(sa, SA_CLOSE, IKE_FAIL_DOWN,
		       "the peer has not authenticated itself anew in time");
	else
		attempt_follow(peer);
}

/* The IKE SA stands; is the peer up, or has it come to nothing? */
static void settle_standing(struct peer *peer)
{
	struct cause cause;

	if (peer_has_pending(peer))
		return;
	if (!peer_has_up(peer)) {	/* no child, no IKE SA */
		if ((peer->sa->version->childless && !peer->sa->initiator) ||
		    settle_initiator_goes_on(peer))
			return;
		cause = settle_childless(peer);
		sa_end(peer->sa, SA_CLOSE, cause.failure, cause.text);
	} else if (peer->announce) {
		peer->announce = false;
		attempt_succeeded(peer);
		if (peer->sa->mobike.on || peer->sa->host_changed)
			path_host_changed(peer->sa);	/* while it was half open */
	}
}

/* What a reload has taken out, and guests that are down, where nothing is under way for it. */
static void settle_left(struct peer *peer)
{
	struct child *child, *next;

	for (child = TAILQ_FIRST(&peer->children); child; child = next) {
		next = TAILQ_NEXT(child, link);
		if (child_has_left(child) || part_is_over(child))
			child_free(child);
	}
}

/* The interface of a tunnel that nobody uses any more may go. */
static void settle_device(struct tunnel *t)
{
	const struct ike_env *env = &t->ike->env;
	const struct peer *peer;

	if (!t->device)
		return;
	TAILQ_FOREACH(peer, &t->peers, link)
		if (peer->state != PEER_DOWN || peer->sa || timer_armed(&peer->retry) ||
		    peer->begin || peer->demand)
			return;
	t->device = false;
	env->device_down(env->ctx, t->id);
}

static void settle_peer(struct peer *peer)
{
	struct tunnel *t = peer->tunnel;
	struct child *child;
	struct cause cause;

	TAILQ_FOREACH(child, &peer->children, link)
		if (child->gone)
			child_gone(child, child->gone);
	if (peer->begin && !pace_waits(peer)) {
		peer->begin = false;
		if (!peer->sa && !peer->attempt && peer->intent == INTENT_UP)
			attempt_begin(peer);
		if (peer->pace_turn)	/* it has made no use of it */
			pace_leave(peer);
	}
	if (peer->race_due) {
		peer->race_due = false;
		attempt_race(peer);
	}
	if (peer->sa && peer->sa->state == SA_ESTABLISHED && peer->sa->end == SA_KEEP) {
		settle_children(peer);
		settle_standing(peer);
		settle_succession(peer);
	} else if (!peer->sa && peer->state == PEER_UP && !peer_has_up(peer)) {
		cause = settle_childless(peer);
		attempt_lost(peer, &cause);
	}
	demand_lay(peer);
	settle_left(peer);
	if (t->conf->any && peer_idle(peer))
		peer_free(peer);
	settle_device(t);
}

void ike_settle(struct ike *ike)
{
	struct ike_sa *sa;
	struct peer *peer;

	do {
		while ((sa = sa_next_touched(ike)))
			settle_sa(sa);
		peer = peer_next_touched(ike);
		if (peer)
			settle_peer(peer);
	} while (peer || !TAILQ_EMPTY(&ike->touched_sas));
	sas_reap(ike);
}
