// SPDX-License-Identifier: GPL-2.0
#include "ike/object/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike/core/job.h"
#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/ike_sa.h"
#include "ike/object/pace.h"
#include "ike/object/pause.h"
#include "ike/object/pool.h"
#include "ike/object/report.h"
#include "ike/object/ticket.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"

#define PEER_TIMERS	5

static void peer_retry_due(struct timer *timer)
{
	struct peer *peer = container_of(timer, struct peer, retry);

	if (!peer->sa && !peer->attempt)
		peer_resolve(peer, true);
}

static void peer_refresh_due(struct timer *timer)
{
	struct peer *peer = container_of(timer, struct peer, refresh);

	if (!peer->sa && !peer->attempt)
		peer_resolve(peer, false);
	timer_set(&peer->ike->timers, timer, ike_now(peer->ike) + PEER_REFRESH_MS);
}

static void peer_nudged(struct timer *timer)
{
	peer_touch(container_of(timer, struct peer, nudge));
}

static void peer_lay_due(struct timer *timer)
{
	peer_touch(container_of(timer, struct peer, lay));
}

static void peer_race_is_due(struct timer *timer)
{
	struct peer *peer = container_of(timer, struct peer, race);

	peer->race_due = true;
	peer_touch(peer);
}

static bool peer_make_children(struct peer *peer)
{
	const struct tunnel_conf *conf = peer->tunnel->conf;

	for (unsigned int i = 0; i < conf->child_count; i++)
		if (!child_new(peer, &conf->child[i]))
			return false;
	return true;
}

/* Of its configured names and addresses the one of that number; family 0: it is a name. */
static const struct addr *peer_addr(const struct tunnel_conf *conf, unsigned int i)
{
	return i ? &conf->more[i - 1].addr : &conf->remote;
}

/* "": it is an address, or any. */
static const char *peer_name(const struct tunnel_conf *conf, unsigned int i)
{
	return i ? conf->more[i - 1].name : conf->remote_name;
}

/* Those that need no look-up: it may begin before there is one. */
static void peer_know_addrs(struct peer *peer)
{
	for (unsigned int i = 0; i <= peer->conf->more_count; i++) {
		const struct addr *addr = peer_addr(peer->conf, i);

		if (addr->family && !peer_has_addr(peer, addr))
			peer->addrs[peer->addr_count++] = *addr;
	}
}

struct peer *peer_new(struct tunnel *t, const struct ike_id *remote_id)
{
	struct ike *ike = t->ike;
	struct peer *peer;

	if (!timers_reserve(&ike->timers, PEER_TIMERS))
		return NULL;
	peer = calloc(1, sizeof(*peer));
	if (peer) {
		peer->tunnel = t;
		peer->remote_id = *remote_id;
	}
	if (!peer || !crowd_add_peer(peer)) {
		timers_unreserve(&ike->timers, PEER_TIMERS);
		free(peer);
		return NULL;
	}
	peer->ike = ike;
	peer->conf = t->conf;
	peer->tunnel_id = t->id;
	peer->id = ike_next_id(ike);
	TAILQ_INIT(&peer->children);
	timer_init(&peer->retry, peer_retry_due);
	timer_init(&peer->refresh, peer_refresh_due);
	timer_init(&peer->nudge, peer_nudged);
	timer_init(&peer->lay, peer_lay_due);
	timer_init(&peer->race, peer_race_is_due);
	TAILQ_INSERT_TAIL(&t->peers, peer, link);
	HASH_ADD(by_id, ike->peer_by_id, id, sizeof(peer->id), peer);
	if (!hash_added(by_id, peer) || !peer_make_children(peer)) {
		peer_free(peer);
		return NULL;
	}
	peer_know_addrs(peer);
	if (tunnel_conf_has_name(t->conf))
		timer_set(&ike->timers, &peer->refresh, ike_now(ike));
	return peer;
}

void peer_give_back(struct peer *peer)
{
	for (unsigned int f = 0; f < ADDR_FAMILIES; f++) {
		if (peer->lease[f])
			pool_give_back(peer->lease[f]);
		peer->lease[f] = NULL;
		if (peer->given)
			peer->wish[f] = peer->given->addr[f];
	}
	free(peer->given);
	peer->given = NULL;
}

void peer_free(struct peer *peer)
{
	struct ike *ike = peer->ike;
	struct child *child;

	while ((child = TAILQ_FIRST(&peer->children)))
		child_free(child);
	peer_give_back(peer);
	pace_leave(peer);
	ticket_free(peer->ticket);
	job_forget(ike, peer->resolving);
	timer_cancel(&ike->timers, &peer->retry);
	timer_cancel(&ike->timers, &peer->refresh);
	timer_cancel(&ike->timers, &peer->nudge);
	timer_cancel(&ike->timers, &peer->lay);
	timer_cancel(&ike->timers, &peer->race);
	timers_unreserve(&ike->timers, PEER_TIMERS);
	peer_untouch(peer);
	if (hash_added(by_id, peer))
		HASH_DELETE(by_id, ike->peer_by_id, peer);
	TAILQ_REMOVE(&peer->tunnel->peers, peer, link);
	crowd_del_peer(peer);
	cause_forget(&peer->cause);
	free(peer);
}

struct peer *peer_find(const struct ike *ike, uint32_t id)
{
	struct peer *peer;

	HASH_FIND(by_id, ike->peer_by_id, &id, sizeof(id), peer);
	return peer;
}

bool peer_idle(const struct peer *peer)
{
	const struct ike_sa *sa;

	if (peer->sa || peer->attempt || peer->intent != INTENT_ANSWER)
		return false;
	TAILQ_FOREACH(sa, &peer->ike->sas, link)
		if (sa->peer == peer)
			return false;
	return true;
}

void peer_set_state(struct peer *peer, enum peer_state state, const char *why)
{
	static const char *const names[] = {
		[PEER_DOWN] = "down", [PEER_CONNECTING] = "connecting", [PEER_UP] = "up",
		[PEER_CLOSING] = "closing",
	};

	if (peer->state != state)
		report_log(peer->ike, peer, LOG_DEBUG, "peer: %s -> %s: %s", names[peer->state],
			   names[state], why);
	peer->state = state;
	peer_touch(peer);
}

/* ---- addresses */

static const struct addr *peer_addr_next(const struct peer *peer)
{
	return peer->addr_count ? &peer->addrs[peer->addr_at % peer->addr_count] : NULL;
}

const struct addr *peer_towards(const struct peer *peer)
{
	return peer->detour.to.family ? &peer->detour.to : peer_addr_next(peer);
}

bool peer_has_addr(const struct peer *peer, const struct addr *addr)
{
	for (unsigned int i = 0; i < peer->addr_count; i++)
		if (addr_equal(&peer->addrs[i], addr))
			return true;
	return false;
}

/* Each address once, and only those that local can reach. False: none was. */
static bool peer_found(struct peer *peer, const struct addr *addrs, unsigned int count)
{
	const struct addr *local = &peer->tunnel->conf->local;
	bool any = false;

	for (unsigned int i = 0; i < count && peer->found_count < IKE_JOB_ADDRS_MAX; i++) {
		unsigned int j = 0;

		if (local->family && local->family != addrs[i].family)
			continue;
		any = true;
		while (j < peer->found_count && !addr_equal(&peer->found[j], &addrs[i]))
			j++;
		if (j == peer->found_count)
			peer->found[peer->found_count++] = addrs[i];
	}
	return any;
}

static void peer_take_addrs(struct peer *peer)
{
	struct addr at = {0};

	if (peer->addr_count)
		at = *peer_addr_next(peer);
	memcpy(peer->addrs, peer->found, peer->found_count * sizeof(*peer->addrs));
	peer->addr_count = peer->found_count;
	/* after a try without an answer the next one goes on from there */
	for (unsigned int i = 0; i < peer->addr_count; i++)
		if (peer->addr_at && addr_equal(&peer->addrs[i], &at))
			peer->addr_at = i;
}

static void peer_not_found(struct peer *peer, const char *name, const char *why)
{
	snprintf(peer->lost, sizeof(peer->lost), "%.100s cannot be resolved: %.120s", name, why);
	if (!peer->resolve_to_begin)
		report_log(peer->ike, peer, LOG_INFO, "%s", peer->lost);
}

/* Where the attempt goes, or why there is none. */
static void peer_report_addrs(struct peer *peer)
{
	const struct tunnel_conf *conf = peer->tunnel->conf;
	char addr[ADDR_STRLEN], more[32] = "";
	struct cause cause;

	if (!peer->found_count) {
		cause_set(&cause, IKE_FAIL_RESOLVE, "%s", peer->lost);
		cause_keep(&peer->cause, &cause);
	}
	if (!peer->addr_count)
		return;
	addr_str(peer_towards(peer), addr);
	if (peer->addr_count > 1)
		snprintf(more, sizeof(more), ", and %u more", peer->addr_count - 1);
	if (!peer->found_count)		/* the name servers may be behind the tunnel itself */
		report_step(peer, IKE_STEP_RESOLVE, "%s, going to its last address %s%s",
			    peer->lost, addr, more);
	else if (conf->remote_name[0] && !conf->more_count)
		report_step(peer, IKE_STEP_RESOLVE, "%s is %s%s", conf->remote_name, addr, more);
	else
		report_step(peer, IKE_STEP_RESOLVE, "%s%s", addr, more);
}

/* All names have been looked up. */
static void peer_looked(struct peer *peer)
{
	if (peer->found_count)
		peer_take_addrs(peer);
	if (peer->resolve_to_begin) {
		peer_report_addrs(peer);
		peer->begin = true;
	}
	peer->resolve_to_begin = false;
	peer_touch(peer);
}

static void peer_look(struct peer *peer);

static void peer_resolved(struct ike *ike, void *owner, const struct ike_job_result *result)
{
	struct peer *peer = owner;
	const char *name = peer_name(peer->tunnel->conf, peer->looking);

	peer->resolving = 0;
	if (result->why || !result->addr_count)
		peer_not_found(peer, name, result->why ? result->why : "it has no address");
	else if (!peer_found(peer, result->addrs, result->addr_count))
		peer_not_found(peer, name, "it has no address of the family that local is of");
	peer->looking++;
	peer_look(peer);
}

/* From @looking on: addresses at once, a name is a job. */
static void peer_look(struct peer *peer)
{
	const struct tunnel_conf *conf = peer->tunnel->conf;
	struct ike_job job = { .kind = IKE_JOB_RESOLVE, .tunnel = peer->tunnel->id };

	for (; peer->looking <= conf->more_count; peer->looking++) {
		const struct addr *addr = peer_addr(conf, peer->looking);

		job.name = peer_name(conf, peer->looking);
		if (addr->family)
			peer_found(peer, addr, 1);
		if (addr->family || !job.name[0])
			continue;
		peer->resolving = job_begin(peer->ike, peer, peer_resolved, &job);
		if (peer->resolving)
			return;
		peer_not_found(peer, job.name, "no memory to look it up");
	}
	peer_looked(peer);
}

void peer_resolve(struct peer *peer, bool begin)
{
	char addr[ADDR_STRLEN];

	if (begin) {
		timer_cancel(&peer->ike->timers, &peer->retry);
		peer_set_state(peer, PEER_CONNECTING, "an attempt begins");
	}
	if (begin && peer->detour.to.family) {
		report_step(peer, IKE_STEP_RESOLVE, "%s", addr_str(&peer->detour.to, addr));
		peer->begin = true;
		return;
	}
	peer->resolve_to_begin |= begin;
	if (peer->resolving)
		return;
	peer->looking = 0;
	peer->found_count = 0;
	peer->lost[0] = '\0';
	peer_look(peer);
}

void peer_retry_later(struct peer *peer)
{
	uint64_t wait = pause_next(&peer->failures);
	struct ike *ike = peer->ike;

	timer_set(&ike->timers, &peer->retry, ike_now(ike) + wait);
	report_log(ike, peer, LOG_INFO, "next attempt in %u s", (unsigned int)(wait / 1000));
}

bool peer_begin_anew(struct peer *peer, const char *why)
{
	if (!peer || !peer->sa || peer->intent != INTENT_UP)
		return false;
	peer->anew = true;
	sa_end(peer->sa, SA_CLOSE, IKE_FAIL_PEER, why);
	return true;
}

bool peer_follow_up(struct peer *peer, const char *why)
{
	if (!peer || !peer->sa || peer->conf->any ||
	    (peer->intent != INTENT_UP && !peer->sa->began))
		return false;
	report_log(peer->ike, peer, LOG_INFO, "%s", why);
	if (!peer->sa->want_successor)
		sa_term(peer->sa, 0);
	return true;
}

bool peer_has_pending(const struct peer *peer)
{
	const struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		if (child->state == CHILD_CONNECTING)
			return true;
	return false;
}

bool peer_has_up(const struct peer *peer)
{
	const struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		if (child->state == CHILD_UP)
			return true;
	return false;
}

struct child *peer_next_child(const struct peer *peer)
{
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		if (child->wanted && (child->state == CHILD_CONNECTING ||
				      (peer->sa && peer->sa->began && child_is_behind(child))))
			return child;
	return NULL;
}

/* ---- IKE SAs */

bool peer_prefers_ours(const struct peer *peer, const struct ike_sa *sa)
{
	if (peer->attempt && peer->attempt->state == SA_AUTH_SENT)
		return peer->attempt->spi_i < sa->spi_i;
	if (!peer->sa)
		return false;
	return sa->born_ms < peer->sa->established_ms ||
	       (peer->sa->initiator && sa->born_ms == peer->sa->established_ms);
}

/* Where the IKE SA has the peer its children have it too. */
static void peer_align(struct peer *peer)
{
	const struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		if (child->in_kernel && (child->udp != peer->sa->udp ||
					 !endpoint_equal(&child->remote, &peer->sa->remote) ||
					 !endpoint_equal(&child->local, &peer->sa->local))) {
			peer_moved(peer);
			return;
		}
}

/*
 * A third IKE SA comes while the second, @old, is to take over from the first: which of them goes
 * on until all have moved? The second, but where nothing rests on it: then perhaps the peer does
 * not have it.
 */
static struct ike_sa *peer_leave_one(struct peer *peer, struct ike_sa *old)
{
	static const char two[] = "two IKE SAs have followed it";
	struct ike_sa *before = peer->before;
	struct child_sa *pair;
	struct child *child;

	peer->before = NULL;
	if (!before)
		return old;
	if (peer_rests_on(peer, before, true) && !peer_rests_on(peer, old, true)) {
		before->passed_by = true;
		sa_end(old, SA_CLOSE, IKE_FAIL_NONE, "another IKE SA has followed instead of it");
		return before;
	}
	TAILQ_FOREACH(child, &peer->children, link) {
		pair = pair_active(child);
		if (pair && pair->sa == before && pair_has_heir(pair) &&
		    child_follow(child, pair, two))
			pair_retire(pair, two);
	}
	sa_end(before, SA_CLOSE, IKE_FAIL_NONE, two);
	return old;
}

static void peer_leave_sa(struct peer *peer, struct ike_sa *old, bool afresh)
{
	struct child *child;

	old = peer_leave_one(peer, old);
	if (afresh || !ike_id_equal(&old->remote_id, &peer->sa->remote_id)) {
		peer_move_children(peer, NULL, old);	/* the peer has nothing of before */
		sa_end(old, afresh ? SA_DROP : SA_CLOSE, IKE_FAIL_NONE,
		       "the peer has made a new IKE SA");
		return;
	}
	peer->before = old;
	old->want_successor = false;
	sa_rekey_after(old, 0);
	sa_term(old, PEER_BEFORE_MS);
	report_text(peer, IKE_EV_REAUTHENTICATED, peer->sa->began ? "by us" : "by the peer");
	peer_align(peer);
	if (!peer->sa->began)
		return;
	TAILQ_FOREACH(child, &peer->children, link)
		child->wanted |= child_is_behind(child);
}

/* From when on it is asked whether it lives, rekeyed, and followed by another. */
static void peer_keep_sa(const struct peer *peer, struct ike_sa *sa)
{
	sa_watch(sa, peer->conf->dpd_s);
	sa_rekey_after(sa, peer->conf->rekey_s);
	if (peer->conf->reauth_s)
		sa_proof_lasts(sa, sa_proof_left(sa, peer->conf->reauth_s));
	sa_certificate_lasts(sa, sa->began || !peer->conf->any);
}

void peer_take_sa(struct peer *peer, struct ike_sa *sa, bool afresh)
{
	struct ike_sa *old = peer->sa, *attempt = peer->attempt;

	peer->sa = sa;
	peer->attempt = NULL;
	peer->busy = 0;
	peer->begin = false;
	peer->resolve_to_begin = false;
	peer->announce = true;
	ticket_free(peer->ticket);
	peer->remote_id = sa->remote_id;
	crowd_peer_renamed(peer);
	timer_cancel(&peer->ike->timers, &peer->retry);
	peer_race_won(peer, attempt);
	if (attempt && attempt != sa)
		sa_end(attempt, SA_CLOSE, IKE_FAIL_NONE, "the peer's attempt came first");
	if (!old)
		peer_move_children(peer, NULL, sa);
	if (old && old != sa)
		peer_leave_sa(peer, old, afresh);
	peer_keep_sa(peer, sa);
	peer_touch(peer);
}

bool peer_rests_on(const struct peer *peer, const struct ike_sa *sa, bool up)
{
	const struct child *child;
	const struct child_sa *pair;

	TAILQ_FOREACH(child, &peer->children, link)
		TAILQ_FOREACH(pair, &child->pairs, link)
			if (pair->sa == sa && (up ? pair->state == PAIR_ACTIVE :
						    pair->state != PAIR_LINGERING))
				return true;
	return false;
}

/* ---- children */

void peer_move_children(struct peer *peer, struct ike_sa *from, struct ike_sa *to)
{
	struct child_sa *pair;
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link) {
		TAILQ_FOREACH(pair, &child->pairs, link) {
			if (pair->sa != from)
				continue;
			pair->sa = to;
			if (pair->state == PAIR_OLD ||
			    (pair->want_rekey && pair->state == PAIR_ACTIVE)) {
				pair_retry(pair, 1000, 2000);
				pair->want_rekey = false;
			}
		}
	}
	sa_touch(to);
}

/*
 * What is to follow from another IKE SA does so now, if the peer is sure to have it: since it has
 * deleted @sa, and there was no other to do so for. Else the pair goes on without an IKE SA until
 * that is sure.
 */
static void peer_let_follow(struct child *child, const struct ike_sa *sa)
{
	struct child_sa *active = pair_active(child);

	if (!active || active->sa != sa || !pair_has_heir(active))
		return;
	if (sa->state != SA_CLOSED || sa->passed_by)
		active->sa = NULL;
	else if (child_follow(child, active, "the IKE SA of the old one ends"))
		pair_retire(active, "its IKE SA ends");
}

static void peer_drop_child(struct child *child, struct ike_sa *sa, const struct cause *cause)
{
	struct child_sa *pair, *next;
	struct child_sa *active = pair_active(child);
	bool lost = false;

	/* one without an IKE SA goes on until what another has follows, in time */
	if (!sa && active && !active->sa && pair_has_heir(active))
		return;
	if (sa)
		peer_let_follow(child, sa);
	for (pair = TAILQ_FIRST(&child->pairs); pair; pair = next) {
		next = TAILQ_NEXT(pair, link);
		if (pair->sa != sa)
			continue;
		pair_leave(pair, "its IKE SA ends");
		lost = true;
	}
	/* what another IKE SA has still to delete stays; so does what is to be followed */
	active = pair_active(child);
	if (lost && (!active || (!active->sa && child->peer->sa && !pair_has_heir(active))))
		child_close(child, cause);
}

void peer_drop_children(struct peer *peer, struct ike_sa *sa, const struct cause *cause)
{
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		peer_drop_child(child, sa, cause);
}

bool peer_fall_back(struct peer *peer, struct ike_sa *sa, const struct cause *cause)
{
	struct ike_sa *before = peer->before;
	struct child *child;

	if (!before || sa_is_over(before))
		return false;
	report_log(peer->ike, peer, LOG_INFO, "back to the IKE SA before: %s", cause->text);
	peer->sa = before;
	peer->before = NULL;
	peer->announce = true;
	TAILQ_FOREACH(child, &peer->children, link) {
		bool up = child->state == CHILD_UP;

		peer_drop_child(child, sa, cause);
		peer_drop_child(child, NULL, cause);
		if (up)		/* what had moved already is made once more */
			child->wanted = child->state != CHILD_UP && sa->began;
	}
	peer_align(peer);
	sa_term_never(before);
	peer_keep_sa(peer, before);
	before->want_liveness = true;	/* has the peer still it? */
	sa_touch(before);
	return true;
}

void peer_orphan_children(struct peer *peer, struct ike_sa *sa)
{
	struct child_sa *pair, *next;
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link) {
		for (pair = TAILQ_FIRST(&child->pairs); pair; pair = next) {
			next = TAILQ_NEXT(pair, link);
			if (pair->sa != sa)
				continue;
			pair->sa = NULL;
			/* nobody can delete it any more */
			if (pair->state == PAIR_OLD || pair->state == PAIR_DELETING)
				pair_remove(pair, "its IKE SA has ended");
		}
	}
}

void peer_moved(struct peer *peer)
{
	const struct ike_sa *sa = peer->sa;
	char local[ADDR_STRLEN], remote[ADDR_STRLEN];
	struct child *child;

	if (sa->remote.stream)	/* what it has is carried by another one, until that ends */
		return;
	report_log(peer->ike, peer, LOG_INFO, "the way to the peer is from %s to %s now%s",
		   endpoint_str(&sa->local, local), endpoint_str(&sa->remote, remote),
		   sa->udp ? ", ESP in UDP" : "");
	TAILQ_FOREACH(child, &peer->children, link)
		child_move(child, &sa->local, &sa->remote, sa->udp);
}
