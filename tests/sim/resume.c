// SPDX-License-Identifier: GPL-2.0
/* Session resumption, RFC 5723: who has tickets, and peers that vanish and come back with one. */
#include "sim/sim.h"

#include "ike/object/ticket.h"

/* In a third of all histories most nodes do; by no chance, which would change all others. */
void resume_configure(struct world *w)
{
	for (int i = 0; i < w->nodes; i++)
		w->n[i].conf.resume = w->seed % 3 == 1 && (w->seed >> (i + 3)) % 4;
}

unsigned int resume_tickets(const struct node *n)
{
	unsigned int count = HASH_CNT(by_name, n->ike->ticket_by_name);
	const struct ike_sa *sa;
	struct peer *peer;
	struct tunnel *t;

	TAILQ_FOREACH(sa, &n->ike->sas, link)
		count += (sa->ticket && !sa->ticket->ours) + !!sa->from;
	FOREACH_PEER(n, t, peer)
		count += !!peer->ticket;
	return count;
}

/* The network is down until liveness is given up, by one or by both; then each tries again. */
void resume_vanish(struct world *w)
{
	struct rng *r = &w->script;
	struct node *n = &w->n[rng_below(r, w->nodes)];

	if (!w->n[HUB].conf.resume || !n->ike || !rng_chance(r, 25))
		return;
	trace(w, "%c: script: it vanishes for a while", 'A' + n->index);
	w->cut_until = w->now + 50000 + rng_below(r, 80000);
	ike_probe(n->ike);
	world_run(w, w->cut_until + rng_below(r, 300));
	if (w->violation[0] || !n->ike)
		return;
	ike_up(n->ike, n->tunnel);
	world_run(w, w->now + rng_below(r, 3000));
}

void resume_check_empty(struct world *w, const struct node *n)
{
	struct ticket *t, *next;
	unsigned int lost = 0;

	HASH_ITER(by_name, n->ike->ticket_by_name, t, next)
		lost += !t->sa;
	if (lost != HASH_CNT(by_name, n->ike->ticket_by_name) || lost != n->ike->lost_ticket_count)
		violate(w, "down, and %c has %u tickets, %u of which nobody has, of %u lost",
			'A' + n->index, HASH_CNT(by_name, n->ike->ticket_by_name), lost,
			n->ike->lost_ticket_count);
}
