// SPDX-License-Identifier: GPL-2.0
/* The scripts' rekeys of IKE SAs, which both ends may begin at once. */
#include "sim/sim.h"

void rekeys_ike(struct node *n)
{
	struct peer *peer = node_peer(n, node_any_other(n));

	if (!peer || !peer->sa)
		return;
	trace(n->w, "%c: script: rekey of the IKE SA", 'A' + n->index);
	ike_rekey(n->ike, peer->id);
}

void rekeys_by_proof(struct node *n)
{
	struct peer *peer = node_peer(n, node_any_other(n));

	if (!peer || !peer->sa)
		return;
	trace(n->w, "%c: script: reauthentication", 'A' + n->index);
	ike_reauthenticate(n->ike, peer->id);
}

void rekeys_used_at_once(struct node *n)
{
	struct world *w = n->w;

	rekeys_ike(n);
	rekeys_ike(&w->n[node_any_other(n)]);
	for (int i = 0; i < 8 && !w->violation[0]; i++) {
		world_run(w, w->now + 20 + rng_below(&w->script, 100));
		if (n->ike)
			ike_probe(n->ike);
	}
}

/* Has it answered the other end's rekey of an IKE SA of which it rekeys itself? */
static bool rekeys_have_met(const struct node *n)
{
	const struct ike_sa *sa, *old;

	if (!n->ike)
		return false;
	TAILQ_FOREACH(sa, &n->ike->sas, link) {
		old = sa->replaced ? sa_find(n->ike, sa->replaced) : NULL;
		if (old && old->state == SA_ESTABLISHED && sa->state == SA_ESTABLISHED)
			return true;
	}
	return false;
}

void rekeys_with_little_memory(struct node *n)
{
	struct world *w = n->w;
	struct node *other = &w->n[node_any_other(n)];
	uint64_t until = w->now + 500;

	rekeys_ike(n);
	rekeys_ike(other);
	trace(w, "script: memory will be short for the answer to a rekey that the other end rivals");
	while (w->now < until && !w->violation[0]) {
		bool met = rekeys_have_met(n) || rekeys_have_met(other);

		hooks_starve(&w->net, met ? 3 : 0);
		world_step(w, until);
	}
	hooks_starve(NULL, 0);
}
