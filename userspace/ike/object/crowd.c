// SPDX-License-Identifier: GPL-2.0
#include "ike/object/crowd.h"

#include <stdlib.h>

#include "ike/core/id.h"
#include "ike/object/child.h"
#include "ike/object/peer.h"
#include "ike/object/tunnel.h"
#include "lib/ts.h"

#define CROWD_ROOM_MIN	4

struct crowd_peer {
	struct peer *peer;
	uint32_t hash;			/* of its remote_id */
};

/* All of remote_ts lies between; family 0: none of this family. */
struct crowd_span {
	struct addr low, high;
};

struct crowd_child {
	struct child *child;
	struct crowd_span span[ADDR_FAMILIES];
};

/* Room for one more of @size octets; false: no memory. */
static bool crowd_grow(void **list, unsigned int count, unsigned int *room, size_t size)
{
	unsigned int more = *room ? 2 * *room : CROWD_ROOM_MIN;
	void *grown;

	if (count < *room)
		return true;
	grown = reallocarray(*list, more, size);
	if (!grown)
		return false;
	*list = grown;
	*room = more;
	return true;
}

bool crowd_add_peer(struct peer *peer)
{
	struct crowd *crowd = &peer->tunnel->crowd;

	if (!crowd_grow((void **)&crowd->peers, crowd->peer_count, &crowd->peer_room,
			sizeof(*crowd->peers)))
		return false;
	peer->crowd_at = crowd->peer_count++;
	crowd->peers[peer->crowd_at] = (struct crowd_peer){ .peer = peer };
	crowd_peer_renamed(peer);
	return true;
}

void crowd_del_peer(struct peer *peer)
{
	struct crowd *crowd = &peer->tunnel->crowd;
	struct crowd_peer *last = &crowd->peers[--crowd->peer_count];

	last->peer->crowd_at = peer->crowd_at;
	crowd->peers[peer->crowd_at] = *last;
}

void crowd_peer_renamed(struct peer *peer)
{
	peer->tunnel->crowd.peers[peer->crowd_at].hash = ike_id_hash(&peer->remote_id);
}

struct peer *crowd_next(const struct crowd *crowd, const struct ike_id *remote_id,
			unsigned int *at)
{
	uint32_t hash = ike_id_hash(remote_id);

	while (*at < crowd->peer_count) {
		const struct crowd_peer *p = &crowd->peers[(*at)++];

		if (p->hash == hash && ike_id_equal(&p->peer->remote_id, remote_id))
			return p->peer;
	}
	return NULL;
}

bool crowd_add_child(struct child *child)
{
	struct crowd *crowd = &child->peer->tunnel->crowd;

	if (!crowd_grow((void **)&crowd->children, crowd->child_count, &crowd->child_room,
			sizeof(*crowd->children)))
		return false;
	child->crowd_at = crowd->child_count++;
	crowd->children[child->crowd_at] = (struct crowd_child){ .child = child };
	return true;
}

void crowd_del_child(struct child *child)
{
	struct crowd *crowd = &child->peer->tunnel->crowd;
	struct crowd_child *last = &crowd->children[--crowd->child_count];

	last->child->crowd_at = child->crowd_at;
	crowd->children[child->crowd_at] = *last;
}

static void crowd_span_make(const struct ts_list *list, struct crowd_span span[ADDR_FAMILIES])
{
	for (unsigned int f = 0; f < ADDR_FAMILIES; f++)
		span[f] = (struct crowd_span){ 0 };
	for (unsigned int i = 0; i < ts_list_count(list); i++) {
		const struct ts *ts = &list->ts[i];
		struct crowd_span *s = &span[addr_index(&ts->start)];

		if (!s->low.family || addr_cmp(&ts->start, &s->low) < 0)
			s->low = ts->start;
		if (!s->high.family || addr_cmp(&ts->end, &s->high) > 0)
			s->high = ts->end;
	}
}

void crowd_child_changed(struct child *child)
{
	const struct crowd *crowd = &child->peer->tunnel->crowd;

	crowd_span_make(child->remote_ts, crowd->children[child->crowd_at].span);
}

static bool crowd_spans_meet(const struct crowd_span *a, const struct crowd_span *b)
{
	return a->low.family && b->low.family && addr_cmp(&a->low, &b->high) <= 0 &&
	       addr_cmp(&b->low, &a->high) <= 0;
}

const struct child *crowd_overlap(const struct crowd *crowd, const struct peer *peer,
				  const struct ts_pair *ts)
{
	struct crowd_span span[ADDR_FAMILIES];

	crowd_span_make(ts->remote, span);
	for (unsigned int i = 0; i < crowd->child_count; i++) {
		const struct crowd_child *c = &crowd->children[i];

		if ((crowd_spans_meet(&c->span[0], &span[0]) ||
		     crowd_spans_meet(&c->span[1], &span[1])) &&
		    c->child->peer != peer && c->child->in_kernel &&
		    ts_list_overlap(c->child->remote_ts, ts->remote) &&
		    ts_list_overlap(c->child->local_ts, ts->local))
			return c->child;
	}
	return NULL;
}

void crowd_free(struct crowd *crowd)
{
	free(crowd->peers);
	free(crowd->children);
}
