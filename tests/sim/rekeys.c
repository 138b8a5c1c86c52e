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
