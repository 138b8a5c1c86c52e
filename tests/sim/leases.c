// SPDX-License-Identifier: GPL-2.0
/* The hub has a pool, and the others ask it for their addresses. There may be too few. */
#include "ike/object/pool.h"
#include "sim/sim.h"

void leases_configure(struct world *w)
{
	struct rng *r = &w->script;
	struct ts *range = &w->pool.range[0];

	w->pooled = w->any && rng_chance(r, 50);
	if (!w->pooled)
		return;
	w->twins = false;	/* no two have one address here */
	snprintf(w->pool.name, sizeof(w->pool.name), "p");
	addr_parse(&range->start, "10.200.0.1");
	range->end = range->start;
	range->end.b[3] += rng_chance(r, 30) ? rng_below(r, 2) : 3;
	range->port_end = UINT16_MAX;
	w->pool.range_count = 1;
	/* where they are not enough, somebody would try for ever */
	w->persistent &= range->end.b[3] > NODES_MAX - 1;
}

void leases_ask(struct node *n)
{
	n->conf.ask_address = n->w->pooled && n->index != HUB;
	if (n->w->pooled && n->index == HUB)
		snprintf(n->conf.pool, sizeof(n->conf.pool), "%s", n->w->pool.name);
}

bool leases_may_lack(const struct world *w)
{
	return w->pooled && w->pool.range[0].end.b[3] < w->nodes - 1;
}

static void leases_kept(void *ctx, const char *pool, const struct addr *addr,
			const struct ike_id *id)
{
	struct node *n = ctx;

	for (int i = 0; i < NODES_MAX; i++) {
		struct sim_lease *l = &n->lease[i];

		if (l->addr.family && !addr_equal(&l->addr, addr))
			continue;
		*l = (struct sim_lease){0};
		if (id)
			*l = (struct sim_lease){ *addr, *id };
		return;
	}
	violate(n->w, "%c leases more addresses than there are", 'A' + n->index);
}

void leases_env(struct ike_env *env)
{
	env->lease = leases_kept;
}

void leases_start(struct node *n)
{
	if (!n->w->pooled || n->index != HUB || !n->ike)
		return;
	if (ike_pool_set(n->ike, &n->w->pool))
		violate(n->w, "no pool");
	for (int i = 0; i < NODES_MAX; i++)
		if (n->lease[i].addr.family &&
		    ike_lease_restore(n->ike, n->w->pool.name, &n->lease[i].addr, &n->lease[i].id))
			violate(n->w, "what was leased before a restart is not after it");
}

/* ---- checks */

/* Who has the address by the hub's records; NULL: nobody. */
static const struct lease *leases_find(const struct world *w, const struct addr *addr)
{
	const struct pool *pool = pool_find(w->n[HUB].ike, w->pool.name);
	struct lease *lease, *next;

	HASH_ITER(by_addr, pool->leases, lease, next)
		if (addr_equal(&lease->addr, addr))
			return lease;
	return NULL;
}

/* The peers of the hub have an address each, its lease says so too, and nothing else is theirs. */
static void leases_check_hub(struct world *w, const struct peer *peer)
{
	const struct lease *lease = peer->lease[0];
	const struct child *child;

	if (lease && (lease->peer != peer->id || !ike_id_equal(&lease->id, &peer->remote_id)))
		violate(w, "the lease of a peer is another's");
	TAILQ_FOREACH(child, &peer->children, link) {
		if (!child_carries(child))
			continue;
		if (!lease)
			violate(w, "a child is there, and its peer has no address");
		else if (child->remote_ts->count != 1 ||
			 !addr_equal(&child->remote_ts->ts[0].start, &lease->addr) ||
			 !addr_equal(&child->remote_ts->ts[0].end, &lease->addr))
			violate(w, "a peer has more than the address that it was given");
	}
}

/* What the kernels have at one time: no two use an address that the hub has given. */
static void leases_check_apart(struct world *w)
{
	const struct kernel *k = &w->n[HUB].k;

	for (unsigned int i = 0; i < k->policy_count; i++) {
		const struct child *a = child_find(w->n[HUB].ike, k->policy[i].id);

		for (unsigned int j = 0; a && j < i; j++) {
			const struct child *b = child_find(w->n[HUB].ike, k->policy[j].id);

			if (b && a->peer != b->peer &&
			    ts_list_overlap(k->policy[i].remote_ts, k->policy[j].remote_ts))
				violate(w, "two peers have one address at one time");
		}
	}
}

/* An address is the identity's until somebody else has got it. */
static void leases_check_client(struct world *w, struct node *n)
{
	const struct peer *peer = n->ike ? node_peer(n, HUB) : NULL;
	const struct lease *old;

	if (!peer || !peer->given || addr_equal(&peer->given->addr[0], &n->given))
		return;
	old = n->given.family && w->n[HUB].ike ? leases_find(w, &n->given) : NULL;
	if (old && ike_id_equal(&old->id, &n->id))
		violate(w, "%c gets another address, and its own is free", 'A' + n->index);
	n->given = peer->given->addr[0];
}

void leases_check(struct world *w)
{
	struct tunnel *t;
	struct peer *peer;

	if (!w->pooled || !w->n[HUB].ike || w->n[0].hostile)
		return;
	FOREACH_PEER(&w->n[HUB], t, peer)
		leases_check_hub(w, peer);
	leases_check_apart(w);
	for (int i = 0; i < w->nodes; i++)
		if (i != HUB)
			leases_check_client(w, &w->n[i]);
}

void leases_check_empty(struct world *w)
{
	const struct pool *pool = w->pooled ? pool_find(w->n[HUB].ike, w->pool.name) : NULL;
	struct lease *lease, *next;

	if (!pool)
		return;
	HASH_ITER(by_addr, pool->leases, lease, next)
		if (lease->peer)
			violate(w, "down, and an address was not given back");
}
