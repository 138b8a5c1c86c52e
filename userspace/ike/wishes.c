// SPDX-License-Identifier: GPL-2.0
/* What people want of a tunnel, from one that goes to the one that takes its place. */
#include <stdlib.h>

#include "ike/ike.h"
#include "ike/object/child.h"
#include "ike/object/peer.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"

struct ike_wishes {
	bool up;
	bool down;			/* with remote = any: all that come */
	unsigned int peer_count, child_count;
	struct ike_id *peer;		/* with remote = any: who is refused */
	char (*child)[TUNNEL_NAME_MAX];	/* with one remote: which of them are */
};

static void wishes_free(struct ike_wishes *w)
{
	free(w->peer);
	free(w->child);
	free(w);
}

/* False: no memory. */
static bool wishes_of_peers(struct ike_wishes *w, const struct tunnel *t)
{
	const struct peer *peer;
	unsigned int count = 0;

	TAILQ_FOREACH(peer, &t->peers, link)
		count += peer->intent == INTENT_DOWN;
	w->peer = count ? calloc(count, sizeof(*w->peer)) : NULL;
	if (count && !w->peer)
		return false;
	TAILQ_FOREACH(peer, &t->peers, link)
		if (peer->intent == INTENT_DOWN)
			w->peer[w->peer_count++] = peer->remote_id;
	return true;
}

static bool wishes_of_children(struct ike_wishes *w, const struct peer *peer)
{
	const struct child *child;
	unsigned int count = 0;

	TAILQ_FOREACH(child, &peer->children, link)
		count += child->held_down && !child->left;
	w->child = count ? calloc(count, sizeof(*w->child)) : NULL;
	if (count && !w->child)
		return false;
	TAILQ_FOREACH(child, &peer->children, link)
		if (child->held_down && !child->left)
			memcpy(w->child[w->child_count++], child->conf->name, TUNNEL_NAME_MAX);
	return true;
}

struct ike_wishes *ike_wishes_take(const struct ike *ike, uint32_t id)
{
	const struct tunnel *t = tunnel_find(ike, id);
	struct ike_wishes *w = t ? calloc(1, sizeof(*w)) : NULL;
	const struct peer *peer = t ? tunnel_only_peer(t) : NULL;

	if (!w)
		return NULL;
	w->down = peer ? peer->intent == INTENT_DOWN : t->held_down;
	w->up = peer && (peer->intent == INTENT_UP || peer->state == PEER_UP);
	if (peer ? wishes_of_children(w, peer) : wishes_of_peers(w, t))
		return w;
	wishes_free(w);
	return NULL;
}

/* Nothing of it has begun: that takes a tick. */
static void wishes_hold(struct peer *peer)
{
	struct timers *timers = &peer->ike->timers;
	struct child *child;

	peer->intent = INTENT_DOWN;
	peer->demand = false;
	timer_cancel(timers, &peer->retry);
	timer_cancel(timers, &peer->nudge);
	TAILQ_FOREACH(child, &peer->children, link)
		child->wanted = false;
}

static bool wishes_has_child(const struct ike_wishes *w, const char *name)
{
	for (unsigned int i = 0; i < w->child_count; i++)
		if (!strcmp(w->child[i], name))
			return true;
	return false;
}

static void wishes_hold_children(const struct ike_wishes *w, struct peer *peer)
{
	struct child *child;

	TAILQ_FOREACH(child, &peer->children, link) {
		if (!wishes_has_child(w, child->conf->name))
			continue;
		child->held_down = true;
		child->wanted = false;
	}
}

static void wishes_give_any(const struct ike_wishes *w, struct tunnel *t)
{
	struct peer *peer;

	t->held_down = w->down;
	for (unsigned int i = 0; i < w->peer_count; i++) {
		peer = tunnel_peer(t, &w->peer[i]);
		if (peer)
			wishes_hold(peer);
		else
			ike_log(t->ike, LOG_ERR, "%s: no memory for who was taken down",
				t->conf->name);
	}
}

void ike_wishes_give(struct ike *ike, uint32_t id, struct ike_wishes *w)
{
	struct tunnel *t = tunnel_find(ike, id);
	struct peer *peer = t ? tunnel_only_peer(t) : NULL;

	if (w && peer && w->down)
		wishes_hold(peer);
	else if (w && peer && w->up)
		ike_up(ike, id);
	if (w && peer)
		wishes_hold_children(w, peer);
	else if (w && t)
		wishes_give_any(w, t);
	if (w)
		wishes_free(w);
}
