// SPDX-License-Identifier: GPL-2.0
/*
 * Node 0 has one child for all networks of the hub, which has a child for each: the one learns of
 * parts (RFC 7296 2.9), whoever begins. A part is the child of its network, wherever it stands.
 * With some seeds its selector is one that has all of them: then the hub alone can ask for each.
 */
#include "sim/sim.h"

static bool parts_are_of(const struct node *n)
{
	return n->w->parted && n->index != HUB;
}

void parts_configure(struct world *w)
{
	struct ts all[CHILDREN_MAX], local, remote;
	struct node *n = &w->n[0];
	const char *why;

	w->parted = w->seed % 6 == 4 && w->nodes == 2 && !w->any && w->children > 1 && !w->pooled;
	for (unsigned int i = 0; i < w->children; i++)
		w->parted &= !w->wrong_ts[i];
	if (!w->parted)
		return;
	/* with `unique = keep` who began is refused, and what it asked for is lost */
	w->wide = w->seed % 4 == 0 && !w->keep;
	ts_parse(&local, "10.1.0.0/16", &why);
	ts_parse(&remote, "10.2.0.0/16", &why);
	for (unsigned int i = 0; i < w->children; i++)
		all[i] = n->child[i].remote_ts->ts[0];
	n->whole = n->child[0];
	n->whole.local_ts = ts_list_new(&local, 1);
	n->whole.remote_ts = w->wide ? ts_list_new(&remote, 1) : ts_list_new(all, w->children);
	n->conf.child = &n->whole;
	n->conf.child_count = 1;
}

void parts_free(struct world *w)
{
	ts_list_put(w->n[0].whole.local_ts);
	ts_list_put(w->n[0].whole.remote_ts);
}

/*
 * Only altered messages ask for another CHILD_SA within a child's selectors, except of who is wide,
 * which a hostile node is not; and who has lost one may be asked for it in turn.
 */
static bool parts_is_malice(const struct node *n, const struct child *child)
{
	return n->w->malicious && child->guest;
}

/* Of the network that it protects at the other end, or has protected last. */
unsigned int parts_index(struct node *n, const struct child *child)
{
	const struct ts_list *remote = child->conf->remote_ts;

	if (parts_is_malice(n, child))
		return CHILDREN_MAX;
	if (!parts_are_of(n))	/* "t0", "t1", or the only one, "t" */
		return child->conf->name[1] ? child->conf->name[1] - '0' : 0;
	if (child->part && remote->count == 1)
		return remote->ts[0].start.b[2] / 16;
	if (child_carries(child) && child->remote_ts->count == 1)
		n->whole_at = child->remote_ts->ts[0].start.b[2] / 16;
	return n->whole_at;
}

unsigned int parts_count(const struct node *n)
{
	const struct peer *peer = node_peer(n, HUB);
	const struct child *child;
	unsigned int count = 0;

	if (!parts_are_of(n) || !peer)
		return 0;
	TAILQ_FOREACH(child, &peer->children, link)
		count++;
	return count - n->conf.child_count;
}
