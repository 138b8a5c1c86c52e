// SPDX-License-Identifier: GPL-2.0
#include "ike/object/child.h"

#include <stdlib.h>

#include "ike/object/child_sa.h"
#include "ike/object/ike_sa.h"
#include "ike/object/pause.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/room.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"

/* Where a policy without SAs leads: nowhere. The kernel wants an address, and nothing is sent. */
static const struct endpoint child_nowhere = { .addr = { AF_INET, { 127, 0, 0, 1 } } };

void ts_pair_clear(struct ts_pair *ts)
{
	ts_list_put(ts->local);
	ts_list_put(ts->remote);
	*ts = (struct ts_pair){0};
}

static void child_retry_due(struct timer *timer)
{
	struct child *child = container_of(timer, struct child, retry);

	child->wanted = true;
	peer_touch(child->peer);
	if (child->peer->sa)
		sa_touch(child->peer->sa);
}

struct child *child_new(struct peer *peer, const struct child_conf *conf)
{
	struct child *child;

	if (!timers_reserve(&peer->ike->timers, 1))
		return NULL;
	child = calloc(1, sizeof(*child));
	if (child) {
		child->ike = peer->ike;
		child->peer = peer;
		child->conf = conf;
		child->whole = conf;
		child->id = ike_next_id(peer->ike);
		TAILQ_INIT(&child->pairs);
		timer_init(&child->retry, child_retry_due);
		HASH_ADD(by_id, peer->ike->child_by_id, id, sizeof(child->id), child);
	}
	if (!child || !hash_added(by_id, child) || !crowd_add_child(child)) {
		timers_unreserve(&peer->ike->timers, 1);
		if (child && hash_added(by_id, child))
			HASH_DELETE(by_id, peer->ike->child_by_id, child);
		free(child);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&peer->children, child, link);
	return child;
}

void child_free(struct child *child)
{
	struct child_sa *pair;

	while ((pair = TAILQ_FIRST(&child->pairs)))
		pair_forget(pair);
	timer_cancel(&child->ike->timers, &child->retry);
	timers_unreserve(&child->ike->timers, 1);
	HASH_DELETE(by_id, child->ike->child_by_id, child);
	TAILQ_REMOVE(&child->peer->children, child, link);
	crowd_del_child(child);
	ts_list_put(child->local_ts);
	ts_list_put(child->remote_ts);
	cause_forget(&child->cause);
	child_conf_free(child->part);
	child_conf_free(child->cut);
	tunnel_conf_put(child->left);
	free(child);
}

struct child *child_find(const struct ike *ike, uint32_t id)
{
	struct child *child;

	HASH_FIND(by_id, ike->child_by_id, &id, sizeof(id), child);
	return child;
}

static void child_set_state(struct child *child, enum child_state state, const char *why)
{
	static const char *const names[] = {
		[CHILD_DOWN] = "down", [CHILD_CONNECTING] = "connecting", [CHILD_UP] = "up",
	};

	if (child->state != state)
		report_log(child->ike, child->peer, LOG_DEBUG, "child %s: %s -> %s: %s",
			   child->conf->name, names[child->state], names[state], why);
	child->state = state;
	peer_touch(child->peer);
}

void child_connecting(struct child *child, const char *why)
{
	timer_cancel(&child->ike->timers, &child->retry);
	if (child->state != CHILD_DOWN)
		return;
	child->group_asked = false;
	child_set_state(child, CHILD_CONNECTING, why);
}

/* ---- kernel and host */

static bool child_policy_set(struct child *child, const struct ts_list *local_ts,
			     const struct ts_list *remote_ts, const struct endpoint *local,
			     const struct endpoint *remote, bool udp, char why[IKE_WHY_MAX])
{
	const struct ike_env *env = &child->ike->env;
	const struct tunnel *t = child->peer->tunnel;
	struct kern_policy policy = {
		.id = child->id, .udp = udp, .mark = t->conf->mark,
		/* while it waits its ends are not known */
		.transport = child->conf->transport && remote->addr.family,
		.local = local->addr.family ? *local : child_nowhere,
		.remote = remote->addr.family ? *remote : child_nowhere,
		.local_ts = local_ts, .remote_ts = remote_ts,
	};

	return !env->policy_set(env->ctx, t->id, &policy, why);
}

static void child_policy_del(struct child *child)
{
	const struct ike_env *env = &child->ike->env;

	env->policy_del(env->ctx, child->peer->tunnel->id, child->id);
}

static struct ike_child_link child_link(const struct child *child)
{
	return (struct ike_child_link){
		.tunnel = child->peer->tunnel->id, .peer = child->peer->id, .child = child->id,
		.conf = child->conf, .local = child->local, .remote = child->remote,
		.local_ts = child->local_ts, .remote_ts = child->remote_ts,
		.given = child->peer->conf->ask_address ? child->peer->given : NULL,
		.waits = child->waits,
	};
}

static bool child_link_up(struct child *child, struct cause *cause)
{
	struct ike_child_link link = child_link(child);
	char note[IKE_WHY_MAX] = "", why[IKE_WHY_MAX] = "";
	const struct ike_env *env = &child->ike->env;

	child->linked = true;
	if (env->child_up(env->ctx, &link, note, why)) {
		cause_set(cause, IKE_FAIL_INTERFACE, "%s", why);
		return false;
	}
	if (note[0] && !link.waits)
		report_text(child->peer, IKE_EV_NOTE, note);
	return true;
}

static void child_link_down(struct child *child)
{
	struct ike_child_link link = child_link(child);
	const struct ike_env *env = &child->ike->env;

	if (child->linked)
		env->child_down(env->ctx, &link);
	child->linked = false;
}

static void child_take_ts(struct child *child, const struct ts_pair *ts)
{
	struct ts_list *local = ts_list_get(ts->local), *remote = ts_list_get(ts->remote);

	ts_list_put(child->local_ts);
	ts_list_put(child->remote_ts);
	child->local_ts = local;
	child->remote_ts = remote;
	crowd_child_changed(child);
}

/* The policy is not in the kernel any more, nor is any SA. */
static void child_policy_gone(struct child *child)
{
	struct child_sa *pair;

	child->in_kernel = false;
	child->waits = false;
	child->out = NULL;
	TAILQ_FOREACH(pair, &child->pairs, link)
		pair->in_kernel = false;
}

/* ---- on demand */

bool child_may_wait(const struct child *child)
{
	return child->peer->demand && !child->held_down && !child->guest;
}

void child_wait_no_more(struct child *child)
{
	if (child->in_kernel)
		child_policy_del(child);
	child_policy_gone(child);
	child->gone = NULL;
	child->asked_local = child->asked_remote = (struct ts){0};
	child_link_down(child);
	child_take_ts(child, &(struct ts_pair){0});
}

bool child_wait(struct child *child, struct cause *cause)
{
	const struct child_conf *conf = child->conf;
	static const struct endpoint none;
	char why[IKE_WHY_MAX] = "";

	if (!child_policy_set(child, conf->local_ts, conf->remote_ts, &none, &none, false, why)) {
		cause_set(cause, IKE_FAIL_KERNEL, "%s", why);
		return false;
	}
	child->in_kernel = true;
	child->gone = NULL;
	child->waits = true;
	child->local = child->remote = none;
	child->udp = false;
	child_take_ts(child, &(struct ts_pair){ conf->local_ts, conf->remote_ts });
	if (child_link_up(child, cause))
		return true;
	child_wait_no_more(child);
	return false;
}

/* ---- what is taken away again */

/* Of the kernel's and the host's part nothing is left, but what is to wait for packets. */
static void child_clear_below(struct child *child)
{
	struct child_sa *pair;
	struct cause ignored;

	if (child->waits && child_may_wait(child))
		return;			/* it waits still */
	if (child->linked && child_may_wait(child)) {
		TAILQ_FOREACH(pair, &child->pairs, link)
			pair_unload(pair);
		if (child_wait(child, &ignored))
			return;
		peer_touch(child->peer);	/* settle tries again */
	}
	child_wait_no_more(child);
}

static void child_clear(struct child *child, const char *reason)
{
	struct child_sa *pair;

	while ((pair = TAILQ_FIRST(&child->pairs)))
		pair_remove(pair, reason);
	child_clear_below(child);
}

/* Pairs that a DELETE has to name stay, though without anything in the kernel. */
static void child_retire_pairs(struct child *child, const char *reason)
{
	struct child_sa *pair, *next;

	for (pair = TAILQ_FIRST(&child->pairs); pair; pair = next) {
		next = TAILQ_NEXT(pair, link);
		if (pair->sa && (pair->state == PAIR_ACTIVE || pair->state == PAIR_INBOUND))
			pair_retire(pair, reason);
		else if (pair->state != PAIR_OLD && pair->state != PAIR_DELETING)
			pair_remove(pair, reason);
	}
}

/* Which IKE SA knows where the peer is: a pair may still come up on the one before. */
static const struct ike_sa *child_way(const struct child_sa *pair)
{
	const struct peer *peer = pair->child->peer;

	return peer->sa && !peer->sa->remote.stream && pair->sa == peer->before ? peer->sa :
										 pair->sa;
}

/* The policy is as it was. Where the kernel refuses that: better none than another, see settle. */
static void child_policy_back(struct child *child)
{
	char ignored[IKE_WHY_MAX];

	if (child->in_kernel && !child->gone &&
	    child_policy_set(child, child->local_ts, child->remote_ts, &child->local,
			     &child->remote, child->udp, ignored))
		return;
	child_policy_del(child);
	if (!child->in_kernel) {
		child->gone = NULL;
		return;
	}
	child_policy_gone(child);
	child->gone = child->gone ?: "the kernel does not take its policy back";
	peer_touch(child->peer);
}

/* Policy and both SAs. On failure the policy is as it was, or not there. */
static bool child_into_kernel(struct child *child, struct child_sa *pair, const struct ts_pair *ts,
			      struct cause *cause)
{
	const struct ike_sa *sa = child_way(pair);
	char why[IKE_WHY_MAX] = "";

	if (!room_for(child, ts, cause))
		return false;
	if (!child_policy_set(child, ts->local, ts->remote, &sa->local, &sa->remote, sa->udp,
			      why)) {
		cause_set(cause, IKE_FAIL_KERNEL, "%s", why);
		return false;
	}
	if (!pair_install(pair, true, "the child comes up", why)) {
		cause_set(cause, IKE_FAIL_KERNEL, "%s", why);
		child_policy_back(child);
		return false;
	}
	child->in_kernel = true;
	child->gone = NULL;
	child->waits = false;
	child->local = sa->local;
	child->remote = sa->remote;
	child->udp = sa->udp;
	child_take_ts(child, ts);
	return true;
}

bool child_is_narrowed(const struct child *child)
{
	return (!child->peer->conf->ask_address &&
		!ts_list_within(child->conf->local_ts, child->local_ts)) ||
	       !ts_list_within(child->conf->remote_ts, child->remote_ts);
}

/* The peer has agreed to less than is configured. */
static void child_note_narrowed(struct child *child)
{
	const struct child_conf *conf = child->conf;
	char local[150], remote[150], text[IKE_DETAIL_MAX];

	if (child->peer->tunnel->conf->any || !child_is_narrowed(child))
		return;
	snprintf(text, sizeof(text),
		 "the peer agreed to a part of child %s only: %s === %s; compare local-ts and "
		 "remote-ts with the peer's",
		 conf->name, ts_list_str(child->local_ts, local, sizeof(local)),
		 ts_list_str(child->remote_ts, remote, sizeof(remote)));
	report_text(child->peer, IKE_EV_NOTE, text);
}

/* @before: the pair in whose place it comes; NULL: the child was not up. */
static void child_came_up(struct child *child, const struct child_sa *pair,
			  const struct child_sa *before)
{
	char suite[PROPOSAL_STRLEN], local[160], remote[160];
	struct cause text = {0};

	child->wanted = false;
	child->vain = false;
	child->failures = 0;
	child->not_before = 0;
	child->asked_local = child->asked_remote = (struct ts){0};
	cause_forget(&child->cause);
	timer_cancel(&child->ike->timers, &child->retry);
	if (!child->up_ms)
		child->up_ms = ike_now(child->ike);
	child_set_state(child, CHILD_UP, "established");
	report_step(child->peer, IKE_STEP_CHILD, "%s: CHILD_SA %08x/%08x", child->conf->name,
		    pair->spi_in, pair->spi_out);
	if (before) {
		child_rekeyed(child, pair, before->spi_in, before->spi_out);
		return;
	}
	child_note_narrowed(child);
	cause_set(&text, IKE_FAIL_NONE, "%.180s: %s === %s", suite_str(&pair->suite, suite),
		  ts_list_str(child->local_ts, local, sizeof(local)),
		  ts_list_str(child->remote_ts, remote, sizeof(remote)));
	report_child(child, IKE_EV_CHILD_UP, &text);
}

/* ---- what becomes of it */

void child_rekeyed(struct child *child, const struct child_sa *pair, uint32_t old_in,
		   uint32_t old_out)
{
	struct cause text;

	child->rekeys++;
	cause_set(&text, IKE_FAIL_NONE, "CHILD_SA %08x/%08x -> %08x/%08x", old_in, old_out,
		  pair->spi_in, pair->spi_out);
	report_child(child, IKE_EV_CHILD_REKEYED, &text);
}

bool child_is_behind(const struct child *child)
{
	const struct child_sa *pair = pair_active(child);
	const struct peer *peer = child->peer;

	/* with a third IKE SA the first has just ended; where nothing is to move, all have */
	return pair && peer->sa && pair->sa != peer->sa && (!pair->sa || peer->before);
}

bool child_follow(struct child *child, const struct child_sa *old, const char *why)
{
	struct child_sa *next = pair_by_in(child, old->successor);

	if (!next || !pair_switch(next, why))
		return false;
	child_rekeyed(child, next, old->spi_in, old->spi_out);
	return true;
}

void child_want_no_more(struct child *child)
{
	timer_cancel(&child->ike->timers, &child->retry);
	child->wanted = false;
}

void child_put_off(struct child *child, uint64_t ms)
{
	struct ike *ike = child->ike;

	child->wanted = false;
	timer_set(&ike->timers, &child->retry, ike_now(ike) + ms);
}

void child_retry_later(struct child *child, uint64_t least_ms)
{
	uint64_t wait = pause_next(&child->failures);

	child_put_off(child, wait > least_ms ? wait : least_ms);
}

void child_failed(struct child *child, const struct cause *cause)
{
	child->wanted = false;
	if (child->left)
		return;
	if (child->state == CHILD_UP) {	/* what was there before still is */
		if (child_is_behind(child) && child->peer->sa->began)
			child_retry_later(child, 0);
		return;
	}
	if (child_may_wait(child))
		child->not_before = ike_now(child->ike) + pause_next(&child->failures);
	child->vain = child->part && cause->failure == IKE_FAIL_TS;
	cause_keep(&child->cause, cause);
	child_set_state(child, CHILD_DOWN, cause->text);
	report_child(child, IKE_EV_CHILD_FAILED, cause);
}

static void child_went_down(struct child *child, const struct cause *cause)
{
	enum child_state was = child->state;
	struct ike *ike = child->ike;
	uint64_t pause = 0;

	timer_cancel(&ike->timers, &child->retry);
	child->wanted = false;
	if (was == CHILD_UP && child_may_wait(child))
		pause = pause_brief(ike_now(ike) - child->up_ms, &child->brief);
	if (pause)
		child->not_before = ike_now(ike) + pause;
	child->up_ms = 0;
	if (was == CHILD_DOWN)
		return;
	cause_keep(&child->cause, cause);
	child_set_state(child, CHILD_DOWN, cause->text);
	report_child(child, was == CHILD_UP ? IKE_EV_CHILD_DOWN : IKE_EV_CHILD_FAILED, cause);
}

void child_down(struct child *child, const struct cause *cause)
{
	child_clear(child, cause->text);
	child_went_down(child, cause);
}

void child_close(struct child *child, const struct cause *cause)
{
	child_retire_pairs(child, cause->text);
	child_clear_below(child);
	child_went_down(child, cause);
}

void child_leave(struct child *child, struct tunnel_conf *conf)
{
	static const struct cause cause = {
		IKE_FAIL_DOWN, "its configuration has changed, or is gone"
	};
	bool awaited = child->state == CHILD_DOWN &&
		       (child->wanted || timer_armed(&child->retry));

	child->left = tunnel_conf_get(conf);
	child->held_down = true;
	child_close(child, &cause);
	if (awaited)		/* somebody may wait for it */
		report_child(child, IKE_EV_CHILD_FAILED, &cause);
	peer_touch(child->peer);
}

bool child_has_left(const struct child *child)
{
	return child->left && TAILQ_EMPTY(&child->pairs) && !child->peer->promised;
}

void child_gone(struct child *child, const char *why)
{
	struct cause cause;

	if (!child->in_kernel && !child->gone)
		return;
	child->gone = NULL;
	cause_set(&cause, IKE_FAIL_DOWN, "%s", why);
	child_policy_gone(child);
	child_close(child, &cause);
}

/* The peer has the pair if its answer made it: then it has to hear of the end. */
static void child_give_up(struct child_sa *pair)
{
	if (pair->ours)
		pair_retire(pair, "it could not be installed");
	else
		pair_remove(pair, "it could not be installed");
}

bool child_install(struct child *child, struct child_sa *pair, const struct ts_pair *ts,
		   struct cause *cause)
{
	struct child_sa *before = pair_active(child);

	if (!child_into_kernel(child, pair, ts, cause)) {
		child_give_up(pair);
		return false;
	}
	if (!child_link_up(child, cause)) {
		child_give_up(pair);
		child_close(child, cause);
		return false;
	}
	if (before) {
		pair_inherit(pair, before);
		pair_retire(before, "the peer has made another");
	}
	child_came_up(child, pair, before);
	return true;
}

void child_lost(struct child *child, const struct cause *cause)
{
	if (!pair_active(child))
		child_close(child, cause);
}

void child_move(struct child *child, const struct endpoint *local, const struct endpoint *remote,
		bool udp)
{
	char why[IKE_WHY_MAX] = "";
	struct cause cause;

	if (!child_carries(child))
		return;
	/* its selectors are the ends' addresses */
	if (child->conf->transport && (!addr_equal(&local->addr, &child->local.addr) ||
				       !addr_equal(&remote->addr, &child->remote.addr))) {
		cause_set(&cause, IKE_FAIL_DOWN, "transport mode ends where an address changes");
		child_close(child, &cause);
		return;
	}
	if (!child_policy_set(child, child->local_ts, child->remote_ts, local, remote, udp, why)) {
		cause_set(&cause, IKE_FAIL_KERNEL, "the kernel does not follow the peer: %s", why);
		child_close(child, &cause);
		return;
	}
	child->local = *local;
	child->remote = *remote;
	child->udp = udp;
	if (!child_link_up(child, &cause))
		child_close(child, &cause);
}
