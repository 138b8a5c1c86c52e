// SPDX-License-Identifier: GPL-2.0
#include "ike/attempt.h"

#include "ike/exchange/fsm.h"
#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/demand.h"
#include "ike/object/pace.h"
#include "ike/object/pause.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/stream.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"

/* Children that were to come up with it are down. */
static void attempt_drop_wishes(struct peer *peer, const struct cause *cause)
{
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link) {
		if (child->state == CHILD_CONNECTING)
			child_down(child, cause);
		child_want_no_more(child);
	}
}

/* Does another one follow? What was up and whose peer has fallen silent follows its dpd-action. */
static bool attempt_follows(struct peer *peer, enum ike_event_type event,
			    const struct cause *cause)
{
	const struct tunnel_conf *conf = peer->tunnel->conf;
	bool died = event == IKE_EV_DOWN && cause->failure == IKE_FAIL_TIMEOUT;

	if (died && conf->dpd_action != DPD_RESTART)
		return false;
	if (died && !conf->any && peer->intent == INTENT_ANSWER)
		peer->intent = INTENT_UP;
	peer->revive |= died;
	return peer->intent == INTENT_UP &&
	       (conf->start == START_UP || peer->anew || peer->revive);
}

static void attempt_ended(struct peer *peer, enum ike_event_type event, const struct cause *cause)
{
	bool again = attempt_follows(peer, event, cause);
	bool elsewhere = peer->anew && peer->detour.to.family && !peer->detour.vain;
	uint64_t pause = 0;

	if (!elsewhere)
		peer->detour.to.family = 0;
	peer->tcp = false;
	peer->anew = false;
	peer->announce = false;
	if (peer->up_ms)	/* what has failed beside it says nothing of the next one */
		peer->failures = 0;
	if (!again && peer->demand && event == IKE_EV_FAILED)
		pause = pause_next(&peer->failures);
	else if (!again && peer->demand && peer->intent != INTENT_DOWN)
		pause = pause_brief(ike_now(peer->ike) - peer->up_ms, &peer->brief);
	peer->up_ms = 0;
	cause_keep(&peer->cause, cause);
	peer_give_back(peer);
	attempt_drop_wishes(peer, cause);
	if (peer->intent == INTENT_UP && !again)
		peer->intent = INTENT_ANSWER;
	peer_set_state(peer, PEER_DOWN, cause->text);
	report_peer(peer, event, cause);
	if (pause)
		demand_retry(peer, pause);
	if (again && elsewhere)		/* a gateway has sent us on, and waits for nothing */
		timer_set(&peer->ike->timers, &peer->retry, ike_now(peer->ike));
	else if (again)
		peer_retry_later(peer);
	else if (tunnel_conf_has_name(peer->tunnel->conf))
		peer_resolve(peer, false);	/* its peer may begin, from another address */
}

/* Its children have outlived the IKE SA: the peer is up without one. */
static void attempt_left_orphans(struct peer *peer, const struct cause *cause)
{
	peer->announce = false;
	attempt_drop_wishes(peer, cause);
	peer_set_state(peer, PEER_UP, "its children live on");
	report_log(peer->ike, peer, LOG_INFO, "children live on without an IKE SA: %s",
		   cause->text);
}

/* Of what is to have new keys by what follows, since the peer refuses to rekey it. */
static void attempt_rekeys_failed(struct peer *peer, const struct cause *cause)
{
	struct child_sa *pair;
	struct child *child;

	if (peer->sa->instead)
		report_peer(peer, IKE_EV_REKEY_FAILED, cause);
	peer->sa->instead = false;
	TAILQ_FOREACH(child, &peer->children, link) {
		pair = pair_active(child);
		if (!pair || !pair->instead)
			continue;
		pair->instead = false;
		report_child(child, IKE_EV_REKEY_FAILED, cause);
	}
}

void attempt_follow_later(struct peer *peer, const struct cause *cause)
{
	uint64_t wait = pause_next(&peer->failures);
	struct cause said;

	cause_set(&said, cause->failure, "%.400s; the IKE SA goes on, next try in %u s",
		  cause->text, (unsigned int)(wait / 1000));
	report_peer(peer, IKE_EV_REAUTH_FAILED, &said);
	attempt_rekeys_failed(peer, &said);
	sa_term(peer->sa, wait);
}

void attempt_silent(struct peer *peer)
{
	if (peer->tunnel->conf->dpd_action == DPD_ON_DEMAND && peer->intent != INTENT_DOWN)
		peer->demand = true;
}

/*
 * To another gateway: whoever sent us there without a proof may only have wanted that it fails. The
 * attempt goes on where it began, and follows nowhere.
 */
static void attempt_go_back(struct peer *peer, const struct cause *cause)
{
	char addr[ADDR_STRLEN];

	report_log(peer->ike, peer, LOG_WARNING, "%s does not serve us: %s; going back",
		   addr_str(&peer->detour.to, addr), cause->text);
	peer->detour.to.family = 0;
	timer_set(&peer->ike->timers, &peer->retry, ike_now(peer->ike));
}

/* RFC 9329 5.1: UDP gets no answer. The one after that begins with UDP again. */
static bool attempt_falls_back(struct peer *peer, const struct cause *cause)
{
	char text[IKE_DETAIL_MAX + 32];
	bool before = peer->tcp;

	peer->tcp = !before && peer->tunnel->conf->tcp == TCP_FALL_BACK &&
		    cause->failure == IKE_FAIL_TIMEOUT && peer->intent == INTENT_UP &&
		    !peer_has_up(peer);
	if (!peer->tcp)
		return false;
	snprintf(text, sizeof(text), "%s; trying TCP port %u", cause->text,
		 peer->tunnel->conf->tcp_port);
	report_text(peer, IKE_EV_NOTE, text);
	peer->raced = 0;
	timer_set(&peer->ike->timers, &peer->retry, ike_now(peer->ike));
	return true;
}

void attempt_failed(struct peer *peer, const struct cause *cause)
{
	if (peer->sa) {
		sa_touch(peer->sa);	/* its own rekey has waited */
		if (peer->sa->want_successor)
			attempt_follow_later(peer, cause);
		return;		/* else the peer's own attempt has won meanwhile */
	}
	if (attempt_falls_back(peer, cause))
		return;
	/* the gateway that sent us has to serve us itself; where it does not, we follow again */
	peer->detour.vain = peer->detour.to.family;
	if (!peer->detour.vain &&
	    (cause->failure == IKE_FAIL_TIMEOUT || cause->failure == IKE_FAIL_INTERFACE))
		peer->addr_at += peer->raced ? peer->raced : 1;	/* the next one may answer */
	peer->raced = 0;
	peer->busy = 0;
	if (peer->detour.vain && peer->intent == INTENT_UP && !peer_has_up(peer))
		attempt_go_back(peer, cause);
	else
		attempt_lost(peer, cause);
}

void attempt_lost(struct peer *peer, const struct cause *cause)
{
	if (peer_has_up(peer))
		attempt_left_orphans(peer, cause);
	else	/* one that was never up has failed */
		attempt_ended(peer, peer->up_ms ? IKE_EV_DOWN : IKE_EV_FAILED, cause);
}

void attempt_succeeded(struct peer *peer)
{
	if (!peer->before && !peer->sa->want_successor)
		peer->failures = 0;	/* else reauthentication is still to succeed */
	peer->not_before = 0;
	peer->tcp = false;
	peer->revive = false;
	cause_forget(&peer->cause);
	peer->detour.vain = false;
	peer_set_state(peer, PEER_UP, "established");
	if (peer->up_ms)	/* another IKE SA, or another child: it was up all the time */
		return;
	peer->up_ms = ike_now(peer->ike);
	report_peer(peer, IKE_EV_UP, NULL);
}

/* Children that are to come up with it. */
static void attempt_want_children(struct peer *peer)
{
	struct child *child;
	bool any = false;

	TAILQ_FOREACH(child, &peer->children, link)
		any |= child->wanted && !child->held_down;
	TAILQ_FOREACH(child, &peer->children, link) {
		if (child->held_down || child->state == CHILD_UP || (any && !child->wanted))
			continue;
		child->single = CHILD_ALL;	/* the peer may have learnt more */
		child->wanted = true;
		child_connecting(child, "an attempt begins");
	}
}

static bool attempt_endpoints(struct ike_sa *sa, const struct addr *towards)
{
	const struct ike_env *env = &sa->ike->env;
	const struct tunnel_conf *conf = sa->peer->tunnel->conf;

	sa->remote = (struct endpoint){ .addr = *towards, .port = IKE_PORT };
	sa->local = (struct endpoint){ .addr = conf->local, .port = IKE_PORT };
	return conf->local.family ||
	       env->source_for(env->ctx, towards, conf->mark, &sa->local.addr);
}

/* A connection of its own, which no other IKE SA has: RFC 9329 6.1. */
static bool attempt_dial(struct ike_sa *sa, uint16_t port)
{
	char why[IKE_WHY_MAX] = "", addr[ADDR_STRLEN], text[IKE_DETAIL_MAX];

	sa->remote.port = port;
	sa->remote.stream = 0;
	if (stream_dial(sa, why))
		return true;
	snprintf(text, sizeof(text), "no TCP connection with %s: %s",
		 endpoint_str(&sa->remote, addr), why);
	sa_end(sa, SA_DROP, IKE_FAIL_TIMEOUT, text);
	return false;
}

/* Endpoints are there. */
static void attempt_start(struct ike_sa *sa, const char *story)
{
	const struct tunnel_conf *conf = sa->peer->tunnel->conf;

	if ((conf->tcp != TCP_ALWAYS && !sa->peer->tcp) || attempt_dial(sa, conf->tcp_port))
		fsm_command(sa, COMMAND_START, story);
}

static struct ike_sa *attempt_new(struct peer *peer, const struct ike_version *version)
{
	struct ike_sa *sa = sa_new(peer->ike, version, version->window, true, 0);

	if (!sa)
		return NULL;
	sa->peer = peer;
	sa->mark = peer->tunnel->conf->mark;
	return sa;
}

static void attempt_no_memory(struct peer *peer)
{
	struct cause cause;

	cause_set(&cause, IKE_FAIL_CONFIG, "no memory");
	attempt_failed(peer, &cause);
}

/* Beside the attempt; where that is not possible the next one may be. */
void attempt_race(struct peer *peer)
{
	const struct addr *next = peer_race_towards(peer);
	struct ike_sa *sa = NULL;
	struct cause cause;
	struct addr towards;

	if (!next)
		return;
	towards = *next;
	peer->raced += !peer->race_again.family;
	peer->race_again.family = 0;
	if (tunnel_device_up(peer->tunnel, &towards, &cause))
		sa = attempt_new(peer, peer->ike->version[0]);
	if (sa) {
		peer->rival[peer->rival_count++] = sa;
		if (attempt_endpoints(sa, &towards))
			attempt_start(sa, "another address of the peer is tried");
		else
			sa_end(sa, SA_DROP, IKE_FAIL_CONFIG, "there is no route to it");
	}
	peer_race(peer);
}

/* To the next of its addresses that there is a route to: of IPv4 or IPv6 there may be none here. */
static void attempt_skip_unreachable(struct peer *peer)
{
	const struct tunnel_conf *conf = peer->tunnel->conf;
	const struct ike_env *env = &peer->ike->env;
	struct addr local;

	if (peer->detour.to.family || conf->local.family || peer->addr_count < 2)
		return;
	for (unsigned int i = 0; i < peer->addr_count; i++) {
		if (env->source_for(env->ctx, peer_towards(peer), conf->mark, &local))
			return;
		peer->addr_at++;
	}
}

void attempt_begin(struct peer *peer)
{
	const struct ike_version *version = peer->ike->version[0];
	struct cause cause = cause_recall(&peer->cause);
	const struct addr *towards;
	char addr[ADDR_STRLEN];
	struct ike_sa *sa;

	attempt_skip_unreachable(peer);
	towards = peer_towards(peer);
	if (!towards) {
		attempt_failed(peer, &cause);	/* peer.c has said why */
		return;
	}
	if (!tunnel_device_up(peer->tunnel, towards, &cause)) {
		attempt_failed(peer, &cause);
		return;
	}
	attempt_want_children(peer);
	if (!pace_may_begin(peer, towards)) {
		peer->begin = true;
		return;
	}
	sa = attempt_new(peer, version);
	if (!sa) {
		attempt_no_memory(peer);
		return;
	}
	peer->attempt = sa;
	peer->raced = 1;
	peer->race_again.family = 0;
	peer_race(peer);
	peer->announce = true;
	if (attempt_endpoints(sa, towards)) {
		attempt_start(sa, "the peer is wanted up");
		return;
	}
	cause_set(&cause, IKE_FAIL_CONFIG, "there is no route to %s", addr_str(towards, addr));
	sa_end(sa, SA_DROP, cause.failure, cause.text);
}

/* Over TCP, where the peer has dialled and may be out of reach for us. */
static bool attempt_has_no_way(const struct peer *peer, struct cause *cause)
{
	const struct ike_sa *old = peer->sa;

	if (!old->remote.stream || old->dials || peer->tunnel->conf->tcp != TCP_NEVER)
		return false;
	cause_set(cause, IKE_FAIL_TCP,
		  "the IKE SA goes over TCP, and only the peer can open a connection for another one");
	return true;
}

/* To where the one that stands has its peer, its ports included: NAT knows these. */
void attempt_follow(struct peer *peer)
{
	const struct tunnel_conf *conf = peer->tunnel->conf;
	const struct ike_sa *old = peer->sa;
	struct ike_sa *sa;
	struct cause cause;

	if (attempt_has_no_way(peer, &cause) ||
	    !tunnel_device_up(peer->tunnel, &old->remote.addr, &cause)) {
		attempt_follow_later(peer, &cause);
		return;
	}
	sa = attempt_new(peer, old->version);
	if (!sa) {
		attempt_no_memory(peer);
		return;
	}
	peer->attempt = sa;
	sa->local = old->local;
	sa->remote = old->remote;
	if (!old->remote.stream || attempt_dial(sa, old->dials ? old->remote.port : conf->tcp_port))
		fsm_command(sa, COMMAND_START, "another IKE SA is to follow");
}
