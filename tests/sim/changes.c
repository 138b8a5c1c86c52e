// SPDX-License-Identifier: GPL-2.0
/*
 * Reloads of living tunnels: children go and come back, are replaced, have other lifetimes, and so
 * has their tunnel. When all is calm each end has again all that it was configured to. In a quarter
 * of all histories, by dice of their own: the others are as they were.
 */
#include "sim/sim.h"

#include <errno.h>

#include "fake/fake_change.h"

/* Which of its children a node has; never none. Who has one for all keeps it, and the hub its. */
static unsigned int changes_pick(struct node *n)
{
	unsigned int all = (1U << n->conf.child_count) - 1, gone = 0;
	struct rng *r = &n->w->changes;

	for (unsigned int i = 0; i < n->conf.child_count && !n->w->parted; i++)
		gone |= rng_chance(r, 25) ? 1U << i : 0;
	return gone == all ? 0 : gone;
}

/* What counts from its next use on. */
static void changes_later(struct node *n)
{
	struct tunnel_conf *c = &n->conf;
	struct rng *r = &n->w->changes;

	if (rng_chance(r, 30))
		c->dpd_s = 10 + rng_below(r, 40);
	if (rng_chance(r, 30))
		c->rekey_s = rng_chance(r, 60) ? 80 + rng_below(r, 300) : 0;
	if (rng_chance(r, 30))
		c->childless = !c->childless;
	if (c->reauth_s && rng_chance(r, 30))
		c->reauth_s = (n->w->nodes > 2 ? 200 : 60) + rng_below(r, 300);
	if (n->w->persistent && !c->any && rng_chance(r, 30))
		c->start = (enum start_mode)rng_below(r, START_ON_DEMAND + 1);
	if (c->start == START_UP)
		c->dpd_action = DPD_RESTART;
	for (unsigned int i = 0; i < c->child_count; i++)
		if (rng_chance(r, 20))
			c->child[i].rekey_s = 40 + rng_below(r, 400);
}

/* What a reload must leave as it is, of all that a node has of children. */
struct changes_kept {
	uint32_t id[NODES_MAX][CHILDREN_MAX], spi[NODES_MAX][CHILDREN_MAX];
	bool held[NODES_MAX][CHILDREN_MAX];
	bool moves[NODES_MAX];
};

/*
 * Its address has gone while the IKE SA was half open, and the peer cannot be told: where the
 * reload takes the last child that was waited for, the others begin anew.
 */
static bool changes_moves(const struct node *n, int other)
{
	const struct peer *peer = node_peer(n, other);
	const struct ike_sa *sa = peer ? peer->sa : NULL;

	return sa && peer->announce && sa->host_changed && !sa->mobike.on;
}

static void changes_note(const struct node *n, struct changes_kept *kept)
{
	memset(kept, 0, sizeof(*kept));
	for (int other = 0; other < n->w->nodes; other++) {
		kept->moves[other] = changes_moves(n, other);
		for (unsigned int i = 0; i < n->w->children; i++) {
			const struct child *child = node_child(n, other, i);

			if (!child)
				continue;
			kept->id[other][i] = child->id;
			kept->held[other][i] = child->held_down;
			kept->spi[other][i] = child->out ? child->out->spi_in : 0;
		}
	}
}

/* @what[i]: of child i; CONF_NEW too where it has gone. */
static void changes_check(struct node *n, const struct changes_kept *was,
			  const enum conf_change what[CHILDREN_MAX])
{
	struct changes_kept is;

	changes_note(n, &is);
	for (int other = 0; other < n->w->nodes; other++)
		for (unsigned int i = 0; i < n->w->children; i++) {
			bool same = what[i] == CONF_SAME || what[i] == CONF_LATER;
			bool held = what[i] != CONF_NEW && was->held[other][i];

			if (same && (was->id[other][i] != is.id[other][i] ||
				     (was->spi[other][i] != is.spi[other][i] &&
				      !(was->moves[other] && !is.spi[other][i]))))
				violate(n->w, "%c: a reload has touched child %u", 'A' + n->index,
					i);
			if (is.id[other][i] && held != is.held[other][i])
				violate(n->w, "%c: after a reload child %u is %sheld down",
					'A' + n->index, i, held ? "not " : "");
		}
}

/* The engine gets what the node is configured to, but @gone; each is replaced at @percent. */
static void changes_apply(struct node *n, unsigned int gone, unsigned int percent)
{
	enum conf_change change[TUNNEL_CHILDREN_MAX], what[CHILDREN_MAX] = { 0 };
	struct child_conf child[CHILDREN_MAX];
	struct tunnel_conf to = n->conf;
	struct changes_kept kept;
	int rc;

	to.child = child;
	to.child_count = 0;
	for (unsigned int i = 0; i < n->conf.child_count; i++)
		if (!(gone & 1U << i))
			child[to.child_count++] = n->conf.child[i];
	fake_change(ike_tunnel_conf(n->ike, n->tunnel), &to, change);
	for (unsigned int i = 0; i < to.child_count; i++)
		if (change[i] != CONF_NEW && rng_chance(&n->w->changes, percent))
			change[i] = CONF_REPLACED;
	for (unsigned int i = 0, j = 0; i < n->conf.child_count; i++)
		what[i] = gone & 1U << i ? CONF_NEW : change[j++];
	changes_note(n, &kept);
	rc = ike_tunnel_change(n->ike, n->tunnel, &to, change);
	if (rc && rc != -ENOMEM)
		violate(n->w, "%c: a tunnel cannot be changed", 'A' + n->index);
	if (rc)
		return;
	n->gone = gone;
	if (!n->w->parted)
		changes_check(n, &kept, what);
}

static void changes_reload(struct node *n)
{
	unsigned int gone;

	changes_later(n);
	gone = rng_chance(&n->w->changes, 60) ? changes_pick(n) : n->gone;
	trace(n->w, "%c: script: a reload, without children %x", 'A' + n->index, gone);
	changes_apply(n, gone, 20);
}

void changes_configure(struct world *w)
{
	w->changes.s = w->seed * UINT64_C(0x9e3779b97f4a7c15) + 7;
	w->changing = w->seed % 4 == 3;
}

void changes_may_come(struct world *w)
{
	struct node *n = &w->n[rng_below(&w->changes, w->nodes)];

	if (!w->changing || w->n[0].hostile || !n->ike || !rng_chance(&w->changes, 40))
		return;
	changes_reload(n);
	check_step(w);
	world_run(w, w->now + rng_below(&w->changes, 300));
}

void changes_end(struct world *w)
{
	for (int i = 0; i < w->nodes; i++) {
		struct node *n = &w->n[i];

		if (!n->ike || !n->gone)
			continue;
		trace(w, "%c: script: a reload, all children are back", 'A' + i);
		changes_apply(n, 0, 0);
	}
}
