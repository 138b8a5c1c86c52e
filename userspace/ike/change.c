// SPDX-License-Identifier: GPL-2.0
/* From one configuration of a living tunnel to the next. */
#include <stdlib.h>

#include "ike/ike.h"
#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/ike_sa.h"
#include "ike/object/part.h"
#include "ike/object/peer.h"
#include "ike/object/ticket.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"
#include "ike/settle.h"

struct change {
	struct tunnel_conf *from, *to;
	const enum conf_change *child;	/* of each of @to's */
};

/* Was it made for the configuration that comes? */
static bool change_is_made(const struct change *c, const struct child *child)
{
	return child->whole >= c->to->child && child->whole < c->to->child + c->to->child_count;
}

/* ---- all that can fail */

static bool change_makes(const struct change *c, unsigned int i)
{
	return c->child[i] == CONF_NEW || c->child[i] == CONF_REPLACED;
}

static bool change_make_children(const struct change *c, struct peer *peer)
{
	for (unsigned int i = 0; i < c->to->child_count; i++)
		if (change_makes(c, i) && !child_new(peer, &c->to->child[i]))
			return false;
	return true;
}

static void change_undo(const struct change *c, struct peer *peer)
{
	struct child *child;

	while ((child = TAILQ_LAST(&peer->children, child_list)) && change_is_made(c, child))
		child_free(child);
}

static bool change_make_all(const struct change *c, struct tunnel *t)
{
	struct peer *peer;
	bool ok = true;

	TAILQ_FOREACH(peer, &t->peers, link)
		ok = ok && change_make_children(c, peer);
	if (ok)
		return true;
	TAILQ_FOREACH(peer, &t->peers, link)
		change_undo(c, peer);
	return false;
}

/* ---- children */

static bool change_is_wanted(const struct child *child)
{
	return child->state != CHILD_DOWN || child->wanted || timer_armed(&child->retry);
}

static struct child *change_made(const struct change *c, const struct peer *peer, unsigned int i)
{
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		if (child->whole == &c->to->child[i])
			return child;
	return NULL;
}

/*
 * Another of its name takes its place: what a person wants of it stays. Of its parts it is one.
 * Where peers without a pool share the selectors, each has to ask for its own: what we offer is all
 * of them.
 */
static void change_hand_on(const struct change *c, const struct child *child, struct child *made)
{
	if (!strcmp(child->conf->name, child->whole->name))
		made->held_down = child->held_down;
	made->wanted |= change_is_wanted(child) && !(c->to->any && !c->to->pool[0]);
}

/*
 * Packets wait for what takes its place before it leaves, and follow no other route for a moment.
 * What fails is tried again by settle.
 */
static void change_lay(const struct child *child, struct child *made)
{
	struct cause ignored;

	if (child->linked && !made->waits && child_may_wait(made))
		child_wait(made, &ignored);
}

static void change_stay(const struct change *c, struct child *child, unsigned int i)
{
	const struct child_conf *was = child->whole;
	struct child_sa *pair;

	child->whole = &c->to->child[i];
	if (child->part)
		child_conf_take_later(child->part, child->whole);
	else if (child->cut)
		child_conf_take_later(child->cut, child->whole);
	else
		child->conf = child->whole;
	if (c->child[i] != CONF_LATER)
		return;
	TAILQ_FOREACH(pair, &child->pairs, link)
		pair_take_limits(pair, was);
}

static void change_children(const struct change *c, struct peer *peer)
{
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link) {
		unsigned int i;

		if (child->left || change_is_made(c, child))
			continue;
		i = tunnel_conf_child(c->to, child->whole->name);
		if (i < c->to->child_count && !change_makes(c, i)) {
			change_stay(c, child, i);
			continue;
		}
		if (i < c->to->child_count) {
			struct child *made = change_made(c, peer, i);

			change_hand_on(c, child, made);
			change_lay(child, made);
		}
		child_leave(child, c->from);
	}
}

/* Those of which there was none before; with remote = any the peer asks for them. */
static void change_want(const struct change *c, struct peer *peer)
{
	bool all = peer->intent == INTENT_UP && c->to->start == START_UP;
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link) {
		if (child->left || !change_makes(c, (unsigned int)(child->whole - c->to->child)))
			continue;
		part_make_way(peer, child->conf->name);
		child->wanted = (child->wanted || all) && !child->held_down;
		if (child->wanted && peer->attempt && !peer->sa)
			child_connecting(child, "in the place of another");
	}
}

/* ---- the tunnel's own */

/* What has begun already is not begun again. */
static void change_begin(struct peer *peer)
{
	struct ike *ike = peer->ike;

	peer->intent = INTENT_UP;
	if (!peer->sa && !peer->attempt && !peer->resolve_to_begin && !peer->begin &&
	    !timer_armed(&peer->retry))
		timer_set(&ike->timers, &peer->retry, ike_now(ike));
}

static void change_start(const struct change *c, struct peer *peer)
{
	bool traps_no_more = c->from->dpd_action == DPD_ON_DEMAND &&
			     c->to->dpd_action != DPD_ON_DEMAND;
	struct ike *ike = peer->ike;
	enum start_mode start = c->to->start;
	bool same = start == c->from->start;
	bool silent = traps_no_more && peer->demand && peer->state == PEER_DOWN;
	struct child *child;

	if ((same && !traps_no_more) || peer->intent == INTENT_DOWN || c->to->any)
		return;
	peer->demand = start == START_ON_DEMAND;
	timer_cancel(&ike->timers, &peer->lay);
	if (silent && c->to->dpd_action == DPD_RESTART) {
		peer->revive = true;
		change_begin(peer);
		return;
	}
	if (same)
		return;
	if (start == START_UP) {
		change_begin(peer);
	} else if (peer->state == PEER_DOWN && !peer->revive && !peer->begin) {
		timer_cancel(&ike->timers, &peer->retry);
		peer->intent = INTENT_ANSWER;
		TAILQ_FOREACH(child, &peer->children, link)
			child->wanted = false;
	}
}

/* Of a proof the peer was told how long it is good for: where it has begun, that counts. */
static void change_sa(const struct change *c, struct peer *peer)
{
	const struct tunnel_conf *from = c->from, *to = c->to;
	struct ike_sa *sa = peer->sa;

	if (!sa || sa->state != SA_ESTABLISHED)
		return;
	if (to->dpd_s != from->dpd_s)
		sa_watch(sa, to->dpd_s);
	if (to->rekey_s != from->rekey_s && !sa->want_rekey &&
	    (timer_armed(&sa->rekey) || !from->rekey_s))
		sa_rekey_of_age(sa, to->rekey_s);
	if (to->reauth_s && (!from->reauth_s || to->reauth_s < from->reauth_s) && sa->began &&
	    !sa->want_successor && !peer->before)
		sa_proof_lasts(sa, sa_proof_left(sa, to->reauth_s));
}

static void change_forget_keys(struct peer *peer)
{
	struct child_sa *pair;
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		TAILQ_FOREACH(pair, &child->pairs, link)
			pair_export_no_more(pair);
}

/*
 * Made while nobody was to have their keys: those of pairs are wiped already. Whose a stranger's
 * will be is not known yet.
 */
static void change_hide_keys(struct tunnel *t)
{
	struct ike_sa *sa;

	TAILQ_FOREACH(sa, &t->ike->sas, link)
		if (!sa->peer || sa->peer->tunnel == t)
			sa->hidden = true;
}

static void change_forget_tickets(struct tunnel *t)
{
	struct ike_sa *sa;

	tickets_forget(t->ike, t->id);
	TAILQ_FOREACH(sa, &t->ike->sas, link)
		if (sa->peer && sa->peer->tunnel == t)
			ticket_free(sa->ticket);
}

static void change_peer(const struct change *c, struct peer *peer)
{
	peer->conf = c->to;
	change_start(c, peer);
	change_children(c, peer);
	change_want(c, peer);
	change_sa(c, peer);
	if (!c->to->export_keys)
		change_forget_keys(peer);
	if (!c->to->resume)
		ticket_free(peer->ticket);
	peer_touch(peer);
	if (peer->sa)
		sa_touch(peer->sa);
}

int ike_tunnel_change(struct ike *ike, uint32_t id, const struct tunnel_conf *conf,
		      const enum conf_change child[])
{
	struct tunnel *t = tunnel_find(ike, id);
	struct change c = { .child = child };
	struct peer *peer;

	if (!t)
		return -ENOENT;
	c.from = t->conf;
	c.to = tunnel_conf_dup(conf);
	if (!c.to || !change_make_all(&c, t)) {
		tunnel_conf_put(c.to);
		return -ENOMEM;
	}
	t->conf = c.to;
	TAILQ_FOREACH(peer, &t->peers, link)
		change_peer(&c, peer);
	if (c.to->export_keys && !c.from->export_keys)
		change_hide_keys(t);
	if (!c.to->resume)
		change_forget_tickets(t);
	tunnel_conf_put(c.from);
	ike_settle(ike);
	return 0;
}
