// SPDX-License-Identifier: GPL-2.0
#include "ike/object/ticket.h"

#include <stdlib.h>

#include "ike/core/id.h"
#include "ike/object/peer.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"

static void ticket_leave_lost(struct ticket *t)
{
	if (!hash_added(by_owner, t))
		return;
	HASH_DELETE(by_owner, t->ike->ticket_by_owner, t);
	TAILQ_REMOVE(&t->ike->lost_tickets, t, link);
	t->ike->lost_ticket_count--;
}

void ticket_free(struct ticket *t)
{
	if (!t)
		return;
	if (t->sa)
		t->sa->ticket = NULL;
	if (t->peer)
		t->peer->ticket = NULL;
	if (hash_added(by_name, t))
		HASH_DELETE(by_name, t->ike->ticket_by_name, t);
	ticket_leave_lost(t);
	timer_cancel(&t->ike->timers, &t->due);
	timers_unreserve(&t->ike->timers, 1);
	octets_clear(&t->name);
	mem_free_wiped(t, sizeof(*t));
}

/* A client asks for another one while there is time, or has lost its chance to. */
static void ticket_is_due(struct timer *timer)
{
	struct ticket *t = container_of(timer, struct ticket, due);
	struct ike_sa *sa = t->ours ? NULL : t->sa;
	struct ike *ike = t->ike;

	if (sa) {
		sa->want_ticket = true;
		sa_touch(sa);
	}
	if (ike_now(ike) >= t->expires_ms)
		ticket_free(t);
	else
		timer_set(&ike->timers, timer, t->expires_ms);
}

static struct ticket *ticket_new(struct ike_sa *sa, struct chunk name, uint32_t life_s)
{
	struct ike *ike = sa->ike;
	struct ticket *t;

	if (!timers_reserve(&ike->timers, 1))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t || !octets_set(&t->name, name.p, name.len)) {
		timers_unreserve(&ike->timers, 1);
		free(t);
		return NULL;
	}
	t->ike = ike;
	t->expires_ms = ike_now(ike) + (uint64_t)life_s * 1000;
	timer_init(&t->due, ticket_is_due);
	t->suite = sa->suite;
	t->prf = sa->prf;
	memcpy(t->sk_d, sa->sk_d, sizeof(t->sk_d));
	t->local_id = sa->local_id;
	t->remote_id = sa->remote_id;
	memcpy(t->claim, sa->claim, sizeof(t->claim));
	t->proved_ms = sa->proved_ms ? sa->proved_ms : ike_now(ike);
	t->agreed_ms = sa->agreed_ms ? sa->agreed_ms : ike_now(ike);
	t->certified_ms = sa->certified_ms;
	t->session = sa->session_s;
	t->framed = sa->framed;
	t->rekeys = sa->rekeys;
	t->epoch = sa->epoch;
	t->owner = (struct ticket_owner){
		.tunnel = sa->peer->tunnel_id, .id_hash = ike_id_hash(&sa->remote_id),
	};
	return t;
}

/* The IKE SA has one: what it had is no good any more. */
static void ticket_give(struct ticket *t, struct ike_sa *sa)
{
	ticket_free(sa->ticket);
	t->sa = sa;
	sa->ticket = t;
}

static struct ticket *ticket_of(const struct ike *ike, const struct ticket_owner *owner)
{
	struct ticket *t;

	HASH_FIND(by_owner, ike->ticket_by_owner, owner, sizeof(*owner), t);
	return t;
}

struct ticket *ticket_grant(struct ike_sa *sa, uint32_t life_s)
{
	uint8_t name[TICKET_NAME_LEN];
	struct ike *ike = sa->ike;
	struct ticket *t;

	ike_random(ike, name, sizeof(name));
	t = ticket_new(sa, (struct chunk){ name, sizeof(name) }, life_s);
	if (!t)
		return NULL;
	t->ours = true;
	HASH_ADD_KEYPTR(by_name, ike->ticket_by_name, t->name.p, t->name.len, t);
	if (!hash_added(by_name, t)) {
		ticket_free(t);
		return NULL;
	}
	/* it is back: what it has lost before it does not need */
	ticket_free(ticket_of(ike, &t->owner));
	ticket_give(t, sa);
	timer_set(&ike->timers, &t->due, t->expires_ms);
	return t;
}

struct ticket *ticket_find(const struct ike *ike, struct chunk name)
{
	struct ticket *t;

	if (name.len != TICKET_NAME_LEN)
		return NULL;
	HASH_FIND(by_name, ike->ticket_by_name, name.p, name.len, t);
	return t && ike_now(ike) < t->expires_ms ? t : NULL;
}

bool ticket_keep(struct ike_sa *sa, struct chunk name, uint32_t life_s)
{
	struct ticket *t = ticket_new(sa, name, life_s);

	if (!t)
		return false;
	ticket_give(t, sa);
	timer_set(&sa->ike->timers, &t->due, ike_now(sa->ike) + (uint64_t)life_s * 750);
	return true;
}

/* One that a client may come back with. Without memory it cannot. */
static void ticket_wait(struct ticket *t)
{
	struct ike *ike = t->ike;

	ticket_free(ticket_of(ike, &t->owner));
	HASH_ADD(by_owner, ike->ticket_by_owner, owner, sizeof(t->owner), t);
	if (!hash_added(by_owner, t)) {
		ticket_free(t);
		return;
	}
	TAILQ_INSERT_TAIL(&ike->lost_tickets, t, link);
	if (++ike->lost_ticket_count > TICKETS_LOST_MAX)
		ticket_free(TAILQ_FIRST(&ike->lost_tickets));
}

/* It is the client's, for its next attempts. */
static void ticket_lie(struct ticket *t, struct peer *peer)
{
	ticket_free(peer->ticket);
	t->peer = peer;
	peer->ticket = t;
	timer_set(&t->ike->timers, &t->due, t->expires_ms);
}

void ticket_outlives(struct ike_sa *sa)
{
	struct ticket *t = sa->ticket;

	sa->ticket = NULL;
	t->sa = NULL;
	if (t->ours) {
		ticket_wait(t);
		return;
	}
	if (sa->want_successor)
		t->term_ms = ike_now(t->ike);
	else if (timer_armed(&sa->term))
		t->term_ms = sa->term.at;
	ticket_lie(t, sa->peer);
}

bool ticket_is_there(const struct peer *peer)
{
	return peer->ticket && !peer->ticket->doubted &&
	       ike_now(peer->ike) < peer->ticket->expires_ms;
}

struct ticket *ticket_take(struct peer *peer)
{
	struct ticket *t = ticket_is_there(peer) ? peer->ticket : NULL;

	if (!t)
		return NULL;
	timer_cancel(&t->ike->timers, &t->due);
	t->peer = NULL;
	peer->ticket = NULL;
	t->shown++;
	return t;
}

void ticket_back(struct ike_sa *sa)
{
	struct ticket *t = sa->from;
	struct peer *peer = sa->peer;

	if (!peer || peer->sa || peer->intent == INTENT_DOWN || sa->established_ms)
		return;
	if (!t) {
		if (peer->ticket)
			peer->ticket->doubted = false;
		return;
	}
	if (t->used || t->shown >= TICKET_SHOWN_MAX || t->epoch != t->ike->epoch ||
	    ike_now(t->ike) >= t->expires_ms)
		return;
	sa->from = NULL;
	ticket_lie(t, peer);
}

void ticket_apply(const struct ticket *t, struct ike_sa *sa)
{
	uint64_t now = ike_now(sa->ike);

	sa->local_id = t->local_id;
	sa->remote_id = t->remote_id;
	memcpy(sa->claim, t->claim, sizeof(sa->claim));
	sa->proved_ms = t->proved_ms;
	sa->agreed_ms = t->agreed_ms;
	sa->certified_ms = t->certified_ms;
	sa->session_s = t->session && t->certified_ms > now ?
				(uint32_t)((t->certified_ms - now) / 1000) : 0;
	sa->framed = t->framed;
	sa->rekeys = t->rekeys;
	sa->epoch = t->epoch;
}

void tickets_forget(struct ike *ike, uint32_t tunnel)
{
	struct ticket *t, *next;

	HASH_ITER(by_name, ike->ticket_by_name, t, next)
		if (!t->sa && t->owner.tunnel == tunnel)
			ticket_free(t);
}

void ticket_forget_lost(const struct peer *peer)
{
	const struct ticket_owner owner = {
		.tunnel = peer->tunnel_id, .id_hash = ike_id_hash(&peer->remote_id),
	};

	ticket_free(ticket_of(peer->ike, &owner));
}

void tickets_forget_all(struct ike *ike)
{
	struct ike_sa *sa;
	struct tunnel *t;
	struct peer *peer;

	TAILQ_FOREACH(t, &ike->tunnels, link) {
		tickets_forget(ike, t->id);
		TAILQ_FOREACH(peer, &t->peers, link)
			ticket_free(peer->ticket);
	}
	TAILQ_FOREACH(sa, &ike->sas, link)
		ticket_free(sa->ticket);
}
