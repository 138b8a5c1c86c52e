// SPDX-License-Identifier: GPL-2.0
/* What people and the kernel tell the engine; the passing of time. */
#include <stdlib.h>

#include "ike/attempt.h"
#include "ike/auth/auth.h"
#include "ike/core/job.h"
#include "ike/exchange/inbound.h"
#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/demand.h"
#include "ike/object/pace.h"
#include "ike/object/path.h"
#include "ike/object/peer.h"
#include "ike/object/pool.h"
#include "ike/object/guess.h"
#include "ike/object/stranger.h"
#include "ike/object/stream.h"
#include "ike/object/ticket.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"
#include "ike/ike.h"
#include "ike/settle.h"

struct ike *ike_new_with(const struct ike_env *env, const struct ike_version *const *versions,
			 unsigned int count)
{
	struct ike *ike = calloc(1, sizeof(*ike));

	if (!ike)
		return NULL;
	ike->env = *env;
	for (unsigned int i = 0; i < count && i < IKE_VERSIONS_MAX; i++)
		ike->version[i] = versions[i];
	TAILQ_INIT(&ike->pools);
	TAILQ_INIT(&ike->tunnels);
	TAILQ_INIT(&ike->sas);
	TAILQ_INIT(&ike->dead);
	TAILQ_INIT(&ike->touched_sas);
	TAILQ_INIT(&ike->touched_peers);
	TAILQ_INIT(&ike->over);
	TAILQ_INIT(&ike->strangers);
	TAILQ_INIT(&ike->lost_tickets);
	return ike;
}

void ike_crash_secret(struct ike *ike, const uint8_t secret[IKE_CRASH_SECRET])
{
	memcpy(ike->crash_secret, secret, IKE_CRASH_SECRET);
	ike->crash_known = true;
}

void ike_forget_tickets(struct ike *ike)
{
	tickets_forget_all(ike);
	ike->epoch++;
}

static int command_nothing(void *ctx, uint32_t tunnel, uint32_t policy, uint32_t spi, bool out)
{
	return 0;
}

/* Not through ike_settle(): that would talk to peers, kernel and user. */
void ike_free(struct ike *ike)
{
	struct pool *pool;
	struct tunnel *t;
	struct ike_sa *sa;

	if (!ike)
		return;
	ike->env.sa_del = command_nothing;	/* what exchanges would give back */
	TAILQ_FOREACH(sa, &ike->sas, link)
		sa->peer = NULL;
	while ((sa = TAILQ_FIRST(&ike->sas))) {
		TAILQ_REMOVE(&ike->sas, sa, link);
		inbound_drop_all(sa);
		auth_end(sa, false);
		auth_end(sa, true);
		if (sa->stash)
			sa->stash_free(sa);
		if (sa->awaited)
			sa->awaited_free(sa);
		exchange_end_all(sa);
		sa_free(sa);
	}
	paces_free(ike);
	while ((t = TAILQ_FIRST(&ike->tunnels)))
		tunnel_free(t);
	while ((pool = TAILQ_FIRST(&ike->pools)))
		pool_free(pool);
	jobs_free(ike);
	strangers_free(ike);
	guesses_free(ike);
	streams_free(ike);
	timers_free(&ike->timers);
	mem_free_wiped(ike, sizeof(*ike));
}

const struct ike_counters *ike_counters(const struct ike *ike)
{
	return &ike->counters;
}

uint64_t ike_deadline(const struct ike *ike)
{
	return timers_next(&ike->timers);
}

void ike_tick(struct ike *ike)
{
	/* what a timer wants may be due at once */
	do {
		timers_run(&ike->timers, ike_now(ike));
		ike_settle(ike);
	} while (timers_next(&ike->timers) <= ike_now(ike));
}

void ike_job_done(struct ike *ike, uint32_t id, const struct ike_job_result *result)
{
	job_end(ike, id, result);
	ike_settle(ike);
}

/* ---- up and down */

static bool command_is_up(const struct peer *peer)
{
	const struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		if (child->state != CHILD_UP && !child->left)
			return false;
	return peer->state == PEER_UP;
}

/* Its children wait for packets, if they are to: from the next tick on, as all that follows. */
static void command_demand(struct peer *peer)
{
	struct ike *ike = peer->ike;

	peer->demand |= peer->tunnel->conf->start == START_ON_DEMAND;
	if (!peer->demand)
		return;
	timer_cancel(&ike->timers, &peer->lay);
	timer_set(&ike->timers, &peer->nudge, ike_now(ike));
}

/* Begins at the next tick: nothing of it happens inside the command. */
static int command_begin(struct peer *peer)
{
	struct ike *ike = peer->ike;
	bool pending = peer->attempt || peer->resolve_to_begin || peer->begin;

	peer->intent = INTENT_UP;
	peer->failures = 0;
	command_demand(peer);
	if (peer->sa) {
		peer->announce = true;
		timer_set(&ike->timers, &peer->nudge, ike_now(ike));
		return 0;
	}
	if (pending)
		return -EINPROGRESS;
	timer_set(&ike->timers, &peer->retry, ike_now(ike));
	return 0;
}

static int command_peer_up(struct peer *peer)
{
	bool up = command_is_up(peer);
	struct child *child;

	peer->tunnel->held_down = false;
	TAILQ_FOREACH(child, &peer->children, link) {
		if (child->left || (child->guest && !child->held_down))
			continue;
		child->held_down = false;
		child->wanted |= child->state == CHILD_DOWN;
	}
	if (up) {
		peer->intent = INTENT_UP;
		return -EALREADY;
	}
	return command_begin(peer);
}

static int command_child_up(struct child *child)
{
	child->held_down = false;
	if (child->state == CHILD_UP)
		return -EALREADY;
	if (child->state == CHILD_CONNECTING)
		return -EINPROGRESS;
	child->wanted = true;
	return command_begin(child->peer);
}

/* A guest goes then: it stays for who wants it down only. */
static void command_let_child_in(struct child *child)
{
	struct peer *peer = child->peer;

	child->held_down = child->left;
	if (child->guest)
		timer_set(&peer->ike->timers, &peer->nudge, ike_now(peer->ike));
}

/* remote = any: it begins, not we; what a person took down it may bring up again. */
static void command_let_in(struct peer *peer)
{
	struct child *child;

	if (peer->intent == INTENT_DOWN)
		peer->intent = INTENT_ANSWER;
	TAILQ_FOREACH(child, &peer->children, link)
		command_let_child_in(child);
}

/* What a reload has taken out cannot be asked for. */
static struct child *command_child(const struct ike *ike, uint32_t id)
{
	struct child *child = child_find(ike, id);

	return child && !child->left ? child : NULL;
}

int ike_up(struct ike *ike, uint32_t id)
{
	struct tunnel *t = tunnel_find(ike, id);
	struct child *child = command_child(ike, id);
	struct peer *peer = peer_find(ike, id);

	if (t && t->conf->any) {
		struct peer *one;

		t->held_down = false;
		TAILQ_FOREACH(one, &t->peers, link)
			command_let_in(one);
		return -EDESTADDRREQ;
	}
	if (t)
		peer = tunnel_only_peer(t);
	if (peer && peer->tunnel->conf->any) {
		command_let_in(peer);
		return -EDESTADDRREQ;
	}
	if (child && child->peer->tunnel->conf->any) {
		command_let_child_in(child);
		return -EDESTADDRREQ;
	}
	if (peer)
		return command_peer_up(peer);
	return child ? command_child_up(child) : -ENOENT;
}

/* 0, or -EALREADY: it was down. */
static int command_peer_down(struct peer *peer, const struct cause *cause, bool hold)
{
	struct ike *ike = peer->ike;
	bool pending = peer->attempt || peer->resolve_to_begin || peer->begin ||
		       timer_armed(&peer->retry) || peer_has_up(peer);
	bool idle = !peer->sa && !pending && !peer->demand;
	bool waiting = !peer->sa && !peer->attempt && pending;
	struct ike_sa *sa;

	peer->intent = hold ? INTENT_DOWN : INTENT_ANSWER;
	peer->begin = false;
	peer->revive = false;
	peer->demand = false;
	timer_cancel(&ike->timers, &peer->lay);
	peer->resolve_to_begin = false;
	timer_cancel(&ike->timers, &peer->retry);
	ticket_free(peer->ticket);
	ticket_forget_lost(peer);
	if (!peer->sa)
		peer_drop_children(peer, NULL, cause);
	/* its attempt, and one that a rekey of the peer's makes, too */
	TAILQ_FOREACH(sa, &ike->sas, link)
		if (sa->peer == peer && sa->state != SA_REKEYED && !sa_is_over(sa))
			sa_end(sa, SA_CLOSE, cause->failure, cause->text);
	if (waiting)
		attempt_failed(peer, cause);
	peer_touch(peer);
	return idle ? -EALREADY : 0;
}

static int command_tunnel_down(struct tunnel *t, const struct cause *cause, bool hold)
{
	struct peer *peer, *next;
	int rc = -EALREADY;

	t->held_down = t->conf->any && hold;
	tickets_forget(t->ike, t->id);
	for (peer = TAILQ_FIRST(&t->peers); peer; peer = next) {
		next = TAILQ_NEXT(peer, link);
		if (!command_peer_down(peer, cause, hold && !t->conf->any))
			rc = 0;
	}
	return rc;
}

static int command_child_down(struct child *child, const struct cause *cause)
{
	bool down = child->state == CHILD_DOWN && !child->wanted && !child->waits &&
		    !timer_armed(&child->retry);

	child->held_down = true;
	child_close(child, cause);
	peer_touch(child->peer);
	return down ? -EALREADY : 0;
}

int ike_down(struct ike *ike, uint32_t id, const char *why)
{
	struct tunnel *t = tunnel_find(ike, id);
	struct child *child = command_child(ike, id);
	struct peer *peer = peer_find(ike, id);
	struct cause cause;
	int rc = -ENOENT;

	cause_set(&cause, IKE_FAIL_DOWN, "%s", why);
	if (t)
		rc = command_tunnel_down(t, &cause, true);
	else if (peer)
		rc = command_peer_down(peer, &cause, true);
	else if (child)
		rc = command_child_down(child, &cause);
	ike_settle(ike);
	return rc;
}

int ike_tunnel_add(struct ike *ike, const struct tunnel_conf *conf, uint32_t *tunnel)
{
	struct tunnel *t;
	int rc = tunnel_new(ike, conf, &t);

	if (rc)
		return rc;
	*tunnel = t->id;
	if (conf->any)
		return 0;
	if (conf->start == START_UP)
		command_peer_up(tunnel_only_peer(t));
	command_demand(tunnel_only_peer(t));
	return 0;
}

int ike_tunnel_del(struct ike *ike, uint32_t id)
{
	struct cause cause = { .failure = IKE_FAIL_DOWN,
			       .text = "its configuration has changed, or is gone" };
	struct tunnel *t = tunnel_find(ike, id);
	struct ike_sa *sa;

	if (!t)
		return -ENOENT;
	command_tunnel_down(t, &cause, true);
	ike_settle(ike);
	TAILQ_FOREACH(sa, &ike->sas, link)
		if (sa->peer && sa->peer->tunnel == t)
			sa->peer = NULL;
	tunnel_free(t);
	return 0;
}

int ike_pool_set(struct ike *ike, const struct pool_conf *conf)
{
	return pool_set(ike, conf);
}

int ike_pool_del(struct ike *ike, const char *name)
{
	struct pool *pool = pool_find(ike, name);
	const struct tunnel *t;

	if (!pool)
		return -ENOENT;
	TAILQ_FOREACH(t, &ike->tunnels, link)
		if (!strcmp(t->conf->pool, name))
			return -EBUSY;
	pool_forget(pool);
	return 0;
}

int ike_lease_restore(struct ike *ike, const char *name, const struct addr *addr,
		      const struct ike_id *id)
{
	struct pool *pool = pool_find(ike, name);

	return pool ? pool_restore(pool, id, addr) : -ENOENT;
}

static int command_rekey_ike(struct peer *peer)
{
	if (!peer->sa)
		return -ENOTCONN;
	peer->sa->want_rekey = true;
	sa_touch(peer->sa);
	ike_settle(peer->ike);
	return 0;
}

int ike_rekey(struct ike *ike, uint32_t id)
{
	struct child *child = command_child(ike, id);
	struct child_sa *pair = child ? pair_active(child) : NULL;
	struct peer *peer = peer_find(ike, id);

	if (peer)
		return command_rekey_ike(peer);

	if (!child)
		return -ENOENT;
	if (!pair || !pair->sa)
		return -ENOTCONN;
	if (!pair->successor)
		pair->want_rekey = true;
	sa_touch(pair->sa);
	ike_settle(ike);
	return 0;
}

int ike_reauthenticate(struct ike *ike, uint32_t id)
{
	struct tunnel *t = tunnel_find(ike, id);
	struct peer *peer = peer_find(ike, id);

	if (t && t->conf->any)
		return -EDESTADDRREQ;
	if (t)
		peer = tunnel_only_peer(t);
	if (!peer)
		return -ENOENT;
	if (!peer->sa)
		return -ENOTCONN;
	if (peer->conf->any && !peer->sa->began)
		return -EDESTADDRREQ;
	sa_term_never(peer->sa);
	peer->sa->want_successor = true;
	peer_touch(peer);
	ike_settle(ike);
	return 0;
}

int ike_redirect(struct ike *ike, uint32_t id, const struct addr *to)
{
	struct peer *one = peer_find(ike, id), *peer;
	struct tunnel *t = one ? one->tunnel : tunnel_find(ike, id);
	int up = 0, told = 0;

	if (!t)
		return -ENOENT;
	TAILQ_FOREACH(peer, &t->peers, link) {
		if ((one && peer != one) || !peer->sa)
			continue;
		up++;
		if (!peer->sa->follows)
			continue;
		told++;
		peer->sa->send_on = *to;
		sa_touch(peer->sa);
	}
	ike_settle(ike);
	return told ? told : up ? -EOPNOTSUPP : -ENOTCONN;
}

void ike_probe(struct ike *ike)
{
	struct ike_sa *sa;

	TAILQ_FOREACH(sa, &ike->sas, link) {
		if (sa->state != SA_ESTABLISHED)
			continue;
		sa->want_liveness = true;
		sa_touch(sa);
	}
	ike_settle(ike);
}

void ike_host_changed(struct ike *ike)
{
	struct ike_sa *sa;

	TAILQ_FOREACH(sa, &ike->sas, link)
		path_host_changed(sa);
	ike_settle(ike);
}

/* ---- the kernel */

/*
 * Hard: packets no longer pass. A peer that is rekeying has the time of its retransmissions to
 * finish.
 */
static void command_expired_hard(struct child_sa *pair)
{
	static const struct cause cause = {
		IKE_FAIL_DOWN,
		"the CHILD_SA has reached its hard lifetime and was not rekeyed in time"
	};

	if (pair->state == PAIR_ACTIVE && !pair->successor)
		child_close(pair->child, &cause);
	else if (pair->state == PAIR_ACTIVE)
		pair_switch_later(pair);
	else if (pair->state == PAIR_INBOUND && !pair_predecessor(pair))
		/* made by a rekey that met ours and lost, and never deleted */
		pair_retire(pair, "hard lifetime");
}

static void command_expire(struct child *child, const struct ike_kern_event *ev)
{
	struct child_sa *pair = ev->out ? pair_by_out(child, ev->spi) :
					  pair_by_in(child, ev->spi);

	if (!pair)
		return;
	if (ev->hard) {
		command_expired_hard(pair);
	} else if (pair->state == PAIR_INBOUND) {
		pair->want_rekey = true;	/* once it is ACTIVE */
	} else if (pair->state == PAIR_ACTIVE && !pair->successor && !pair_tries_again(pair)) {
		timer_cancel(&child->ike->timers, &pair->timer);
		pair->want_rekey = true;
		if (pair->sa) {
			sa_touch(pair->sa);
		} else {		/* it takes another IKE SA */
			child->peer->begin = true;
			peer_touch(child->peer);
		}
	}
}

/*
 * The kernel saw an authentic packet from elsewhere: ESP in UDP and IKE share the NAT's
 * mapping of port 4500. One that came on an SA of another IKE SA's, before this one, says nothing
 * of where this one's peer is.
 */
static void command_mapping(struct child *child, const struct ike_kern_event *ev)
{
	struct child_sa *pair = pair_by_in(child, ev->spi);
	struct peer *peer = child->peer;
	struct ike_sa *sa = peer->sa;

	if (!sa || !sa->udp || !sa_follows(sa) || !pair || pair->sa != sa ||
	    !ev->peer.addr.family || endpoint_equal(&sa->remote, &ev->peer))
		return;
	if (sa->mobike.on) {	/* RFC 4555 3.7: asked first */
		struct path path = path_of(sa);

		path.remote = ev->peer;
		path_claim(sa, &path);
		return;
	}
	sa->remote = ev->peer;
	peer_moved(peer);
}

static void command_stray(struct ike *ike, const struct ike_kern_event *ev)
{
	for (unsigned int i = 0; i < IKE_VERSIONS_MAX; i++)
		if (ike->version[i] && ike->version[i]->stray)
			ike->version[i]->stray(ike, ev->spi, &ev->peer);
	ike_settle(ike);
}

void ike_kern_event(struct ike *ike, const struct ike_kern_event *ev)
{
	struct child *child = child_find(ike, ev->policy);

	if (ev->type == IKE_KERN_STRAY) {
		command_stray(ike, ev);
		return;
	}
	if (!child)
		return;
	if (ev->type == IKE_KERN_EXPIRE)
		command_expire(child, ev);
	else if (ev->type == IKE_KERN_ACQUIRE)
		demand_asked(child, &ev->local_ts, &ev->remote_ts);
	else if (ev->type == IKE_KERN_MAPPING)
		command_mapping(child, ev);
	else if (ev->type == IKE_KERN_GONE)
		child_gone(child, CHILD_REMOVED);
	ike_settle(ike);
}
