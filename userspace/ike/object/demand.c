// SPDX-License-Identifier: GPL-2.0
#include "ike/object/demand.h"

#include "ike/object/child.h"
#include "ike/object/pause.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"

void demand_retry(struct peer *peer, uint64_t ms)
{
	peer->not_before = ike_now(peer->ike) + ms;
	report_log(peer->ike, peer, LOG_INFO, "next attempt with the next packet, in %u s at least",
		   (unsigned int)(ms / 1000));
}

static void demand_begin(struct peer *peer)
{
	struct ike *ike = peer->ike;
	uint64_t at = ike_now(ike);

	if (peer->attempt || peer->begin || peer->resolve_to_begin || timer_armed(&peer->retry))
		return;
	peer->intent = INTENT_UP;
	if (at < peer->not_before)
		at = peer->not_before;
	timer_set(&ike->timers, &peer->retry, at);
}

void demand_asked(struct child *child, const struct ts *local, const struct ts *remote)
{
	const struct child_conf *conf = child->conf;
	struct peer *peer = child->peer;
	struct ike *ike = child->ike;
	bool known = !peer->conf->ask_address && ts_list_contains(conf->local_ts, local) &&
		     ts_list_contains(conf->remote_ts, remote);

	if (!child->waits || !child_may_wait(child))
		return;
	child->asked_local = known ? *local : (struct ts){0};
	child->asked_remote = known ? *remote : (struct ts){0};
	if (child->wanted || child->state == CHILD_CONNECTING || timer_armed(&child->retry))
		return;
	report_log(ike, peer, LOG_INFO, "a packet waits for child %s", conf->name);
	if (!peer->sa) {
		child->wanted = true;
		demand_begin(peer);
	} else if (ike_now(ike) < child->not_before) {
		timer_set(&ike->timers, &child->retry, child->not_before);
	} else {
		child->wanted = true;
		peer_touch(peer);
	}
}

static void demand_cannot_wait(struct peer *peer, const struct cause *cause)
{
	uint64_t wait = pause_next(&peer->lay_failures);
	struct ike *ike = peer->ike;

	timer_set(&ike->timers, &peer->lay, ike_now(ike) + wait);
	if (peer->state == PEER_DOWN)
		cause_keep(&peer->cause, cause);
	report_log(ike, peer, peer->lay_failures > 1 ? LOG_DEBUG : LOG_ERR,
		   "packets cannot wait for it: %s; trying again", cause->text);
}

void demand_lay(struct peer *peer)
{
	static const struct addr nobody;
	struct cause cause = {0};
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link) {
		if (child_carries(child) || child_may_wait(child) == child->waits)
			continue;
		if (child->waits) {
			child_wait_no_more(child);
			continue;
		}
		if (timer_armed(&peer->lay))
			continue;
		if (!tunnel_device_up(peer->tunnel, &nobody, &cause) || !child_wait(child, &cause))
			demand_cannot_wait(peer, &cause);
		else
			peer->lay_failures = 0;
	}
}
