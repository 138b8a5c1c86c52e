// SPDX-License-Identifier: GPL-2.0
/* What happens in one history. */
#include <stdlib.h>

#include "sim/sim.h"

#include "ike/object/pause.h"
#include "lib/array.h"

#define SHORT_MS	100000	/* longer than ends_must_work() */

static struct child *any_child(struct node *n)
{
	return node_child(n, node_any_other(n), rng_below(&n->w->script, n->w->children));
}

static void limit_of(struct node *n, const struct child *t, bool hard)
{
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE, .hard = hard, .out = hard,
	};

	if (!t || !t->out)
		return;
	ev.policy = t->id;
	ev.spi = hard ? t->out->spi_out : t->out->spi_in;
	trace(n->w, "%c: script: %s limit of %s", 'A' + n->index, hard ? "hard" : "soft",
	      t->conf->name);
	ike_kern_event(n->ike, &ev);
}

static void soft_limit(struct node *n)
{
	limit_of(n, any_child(n), false);
}

static void hard_limit(struct node *n)
{
	limit_of(n, any_child(n), true);
}

static void remove_policy(struct node *n)
{
	struct ike_kern_event ev = { .type = IKE_KERN_GONE };
	struct kernel *k = &n->k;
	unsigned int i;

	if (!n->ike || !k->policy_count)
		return;
	i = rng_below(&n->w->script, k->policy_count);
	ev.policy = k->policy[i].id;
	trace(n->w, "%c: script: somebody removes a policy", 'A' + n->index);
	kernel_policy_gone(k, &k->policy[i]);
	ike_kern_event(n->ike, &ev);
}

static void go_up(struct node *n)
{
	trace(n->w, "%c: script: up", 'A' + n->index);
	if (n->ike)
		ike_up(n->ike, n->tunnel);
}

static void go_down(struct node *n)
{
	trace(n->w, "%c: script: down", 'A' + n->index);
	if (n->ike)
		ike_down(n->ike, n->tunnel, "taken down");
}

static void child_go_up(struct node *n)
{
	const struct child *child = any_child(n);

	if (!child)
		return;
	trace(n->w, "%c: script: up %s", 'A' + n->index, child->conf->name);
	ike_up(n->ike, child->id);
}

static void child_go_down(struct node *n)
{
	const struct child *child = any_child(n);

	if (!child)
		return;
	trace(n->w, "%c: script: down %s", 'A' + n->index, child->conf->name);
	ike_down(n->ike, child->id, "taken down");
}

static void rebind(struct node *n)
{
	nat_rebind(n->w);
}

/* The host was suspended, or its administrator has set the clock of the machine below it. */
static void jump(struct node *n)
{
	if (!n->ike)
		return;
	n->skew += 1000 + rng_below(&n->w->script, rng_chance(&n->w->script, 50) ? 5000 : 900000);
	n->excused = n->w->now;
	trace(n->w, "%c: script: its clock jumps", 'A' + n->index);
	ike_tick(n->ike);
	if (rng_chance(&n->w->script, 50))
		ike_probe(n->ike);
}

/* Allocations fail for a while: which ones, chance says. */
static void starve(struct node *n)
{
	struct world *w = n->w;

	if (w->violation[0])
		return;
	trace(w, "script: memory is short");
	hooks_starve(&w->net, 2 + rng_below(&w->script, 40));
	world_run(w, w->now + rng_below(&w->script, 3000));
	hooks_starve(NULL, 0);
}

static void start_anew(struct node *n)
{
	trace(n->w, "%c: script: restart", 'A' + n->index);
	node_stop(n);
	node_start(n);
	if (rng_chance(&n->w->script, 50))
		go_up(n);
}

static void readd(struct node *n)
{
	trace(n->w, "%c: script: the tunnel is configured anew", 'A' + n->index);
	n->gone = 0;
	if (n->ike && (ike_tunnel_del(n->ike, n->tunnel) ||
		       ike_tunnel_add(n->ike, &n->conf, &n->tunnel)))
		violate(n->w, "%c: a tunnel cannot be replaced", 'A' + n->index);
}

static void cut(struct node *n)
{
	n->w->cut_until = n->w->now + 1000 + rng_below(&n->w->script, 90000);
	trace(n->w, "script: the network is down for a while");
}

static void flood(struct node *n)
{
	/* elsewhere nobody is expected but the peer */
	if (n->conf.any && rng_chance(&n->w->script, 20))
		inject_cookies(n);
	else
		inject_flood(n);
}

static const struct {
	unsigned int weight;
	void (*act)(struct node *n);
} actions[] = {
	{ 14, go_up },
	{ 6, child_go_up },
	{ 3, child_go_down },
	{ 6, rekeys_ike },
	{ 2, rekeys_used_at_once },
	{ 6, rekeys_by_proof },
	{ 4, rebind },
	{ 30, node_move },
	{ 1, jump },
	{ 2, starve },
	{ 40, soft_limit },
	{ 2, hard_limit },
	{ 4, go_down },
	{ 2, start_anew },
	{ 1, readd },
	{ 2, cut },
	{ 20, forge },
	{ 12, replay },
	{ 4, inject_hint },
	{ 1, flood },
	{ 1, remove_policy },
};

static void act(struct world *w, struct node *n, bool both)
{
	unsigned int sum = 0, i = 0, pick;

	for (unsigned int j = 0; j < ARRAY_SIZE(actions); j++)
		sum += actions[j].weight;
	pick = rng_below(&w->script, sum);
	while (pick >= actions[i].weight)
		pick -= actions[i++].weight;
	actions[i].act(n);
	check_step(w);
	if (both && !w->violation[0])
		actions[i].act(&w->n[node_any_other(n)]);
	check_step(w);
}

static void all_go_up(struct world *w)
{
	for (int i = 0; i < w->nodes; i++)
		go_up(&w->n[i]);
}

/* The hostile node acts in the midst of all. */
static void run(struct world *w, uint64_t ms)
{
	uint64_t until = w->now + ms;

	while (w->n[0].hostile && w->n[0].ike && w->now < until && !w->violation[0]) {
		world_run(w, w->now + rng_below(&w->script, 400));
		if (!w->violation[0])
			hostile_act(&w->n[0]);
		check_step(w);
	}
	world_run(w, until);
}

/* A gateway that has two addresses tells its clients to go to one of them. */
static void send_on(struct node *n)
{
	const struct addr *to = &n->place[rng_below(&n->w->script, 2)];
	char text[ADDR_STRLEN];

	if (!n->ike)
		return;
	trace(n->w, "%c: script: clients are sent on to %s", 'A' + n->index, addr_str(to, text));
	ike_redirect(n->ike, n->tunnel, to);
}

static void chaos(struct world *w)
{
	struct rng *r = &w->script;
	uint64_t count = 10 + rng_below(r, 30);

	w->loss = rng_chance(r, 70) ? 20 : rng_below(r, 40);
	w->dup = rng_below(r, 30);
	w->slow = rng_below(r, 30);
	w->fault = rng_chance(r, 10) ? 3 : 0;
	w->late = rng_chance(r, 20) ? 20 : 0;
	w->bad_jobs = rng_chance(r, 20) ? 20 : 0;
	w->lost = rng_chance(r, 5) ? 20 : 0;
	go_up(&w->n[rng_below(r, w->nodes)]);
	if (rng_chance(r, 30))
		all_go_up(w);
	for (uint64_t i = 0; i < count && !w->violation[0]; i++) {
		/* often in the midst of an exchange, sometimes after a long time */
		run(w, rng_chance(r, 60) ? rng_below(r, 400) : rng_below(r, 20000));
		if (!w->violation[0])
			act(w, &w->n[rng_below(r, w->nodes)], rng_chance(r, 30));
		if (!w->violation[0] && w->n[HUB].conf.redirect_to.family && rng_chance(r, 5))
			send_on(&w->n[HUB]);
		if (!w->violation[0] && w->n[HUB].conf.resume)
			resume_vanish(w);
		if (!w->violation[0])
			changes_may_come(w);
		tcp_chance(w);
	}
}

/* What was taken down by hand stays down, for its peer too. */
static void let_go(struct world *w)
{
	for (int i = 0; i < w->nodes; i++) {
		struct node *n = &w->n[i];
		bool held = false;
		struct child *child;
		struct peer *peer;
		struct tunnel *t;

		FOREACH_PEER(n, t, peer) {
			held |= peer->intent == INTENT_DOWN;
			TAILQ_FOREACH(child, &peer->children, link)
				held |= child->held_down && !child->left;
		}
		if (held || TAILQ_FIRST(&n->ike->tunnels)->held_down)
			go_up(n);
	}
}

/* Longer than liveness, retransmission and the aftermath of both. */
static void settle(struct world *w)
{
	uint64_t limit;

	w->calm = true;
	w->cut_until = w->udp_until = 0;
	w->packet = 1400;
	nat_rebind(w);
	for (int i = 0; i < w->nodes; i++)
		node_move(&w->n[i]);
	changes_end(w);
	if (w->persistent)
		let_go(w);
	world_run(w, w->now + 200000);
	limit = w->now + 200000;
	while (!w->violation[0] && !is_quiet(w) && w->now < limit)
		if (!world_step(w, w->now + 100))
			continue;
	if (!w->violation[0] && !is_quiet(w))
		violate(w, "the two ends do not come to rest");
}

/* Can all that is configured between them be up? Of twins one waits for the other to go. */
static bool can_be_up(const struct world *w, int other)
{
	return other != HUB && !node_estranged(w, other) && !(w->twins && other > HUB) &&
	       !leases_may_lack(w) && !tcp_is_barren(w, other);
}

/* What is not up at @n of its tunnel to @other; NULL: all is that can be. */
static const char *link_lacks(const struct world *w, const struct node *n, int other)
{
	static const char *const children[] = { "child 0", "child 1", "child 2" };
	const struct view *view = &n->view[other];

	for (unsigned int i = 0; i < w->children; i++)
		if (!view->child_since[i] && !w->wrong_ts[i])
			return children[i];
	return view->up_since ? NULL : "the peer";
}

/* A packet for each child that waits for one: after the pause of the last failure all are made. */
static void packets_for_all(struct world *w)
{
	for (int i = 0; i < w->nodes; i++)
		for (unsigned int j = 0; j < w->n[i].k.policy_count; j++)
			if (!w->n[i].k.policy[j].has_out)
				kernel_acquire(&w->n[i], &w->n[i].k.policy[j]);
	world_run(w, w->now + PAUSE_MAX_MS + 15000);
}

/* Violates with @what unless all is up that can be; @alone: that some end tries for ever. */
static bool all_must_be_up(struct world *w, bool alone, const char *what)
{
	for (int i = 0; i < w->nodes; i++) {
		/* whose one child is up with a part that the hub wanted knows of no other */
		bool tried = (w->n[i].conf.start && !w->parted) || w->n[HUB].conf.start;
		const char *lacks = link_lacks(w, &w->n[i], HUB);

		if (!lacks)
			lacks = link_lacks(w, &w->n[HUB], i);
		if (lacks && can_be_up(w, i) && (tried || !alone))
			violate(w, "%s: between %c and B %s is not up", what, 'A' + i, lacks);
	}
	return !w->violation[0];
}

/* Of all nodes. */
static uint64_t rekeys_of(const struct world *w)
{
	uint64_t sum = 0;

	for (int i = 0; i < w->nodes; i++)
		sum += w->n[i].rekeys;
	return sum;
}

static void rekeys_must_work(struct world *w)
{
	uint64_t before = rekeys_of(w), due = 0;

	for (int i = 0; i < w->nodes; i++)
		for (unsigned int j = 0; j < w->children && can_be_up(w, i); j++) {
			limit_of(&w->n[i], node_child(&w->n[i], HUB, j), false);
			limit_of(&w->n[HUB], node_child(&w->n[HUB], i, j), false);
			due += w->wrong_ts[j] ? 0 : 2;
		}
	world_run(w, w->now + 10000);
	if (!w->violation[0] && rekeys_of(w) < before + due)
		violate(w, "on a calm network a rekey does not succeed");
}

static void ike_rekeys_must_work(struct world *w)
{
	for (int i = 0; i < w->nodes && !w->violation[0]; i++) {
		uint64_t before = w->n[i].ike_rekeys + w->n[i].reauths;

		if (!can_be_up(w, i))
			continue;
		rekeys_ike(&w->n[i]);
		world_run(w, w->now + 1000);
		/*
		 * a request that has overtaken a proof comes again, and the rekey goes behind it;
		 * one that meets a child being made waits for 5 to 10 s, RFC 7296 2.25.2
		 */
		if (w->n[i].ike_rekeys + w->n[i].reauths == before)
			world_run(w, w->now + 12000);
		if (w->n[i].ike_rekeys + w->n[i].reauths == before)
			violate(w, "on a calm network a rekey of the IKE SA does not succeed");
		all_must_be_up(w, false, "on a calm network after a rekey of the IKE SA");
	}
}

/* Nothing is down meanwhile: check_step() and the packets see to that. */
static void reauthentications_must_work(struct world *w)
{
	for (int i = 0; i < w->nodes && !w->violation[0]; i++) {
		uint64_t before = w->n[i].reauths, downs = w->n[i].downs;

		if (!can_be_up(w, i) || w->keep)
			continue;
		rekeys_by_proof(&w->n[i]);
		world_run(w, w->now + 2000);
		if (w->n[i].reauths == before || w->n[i].downs != downs)
			violate(w, "on a calm network a reauthentication does not succeed");
		all_must_be_up(w, false, "on a calm network after a reauthentication");
	}
}

/* Did the proof of its peer count before its own clock has jumped, and ends amid what follows? */
static bool proof_is_short(const struct node *n)
{
	const struct ike_sa *sa;

	TAILQ_FOREACH(sa, &n->ike->sas, link)
		if (!sa->began && sa->proved_ms && sa->proved_ms < n->excused + n->skew &&
		    timer_armed(&sa->term) && sa->term.at < node_now(n) + SHORT_MS)
			return true;
	return false;
}

/* The peer does not know of the jump, and would prove itself anew in its own time. */
static void short_proofs_end(struct world *w)
{
	bool any = false;

	for (int i = 0; i < w->nodes; i++)
		any |= w->n[i].excused && proof_is_short(&w->n[i]);
	if (any)
		world_run(w, w->now + SHORT_MS);
}

static void ends_must_work(struct world *w)
{
	struct node *n = &w->n[rng_below(&w->script, w->nodes)];

	short_proofs_end(w);
	if (w->persistent) {
		packets_for_all(w);
		if (!all_must_be_up(w, true, "tried for ever on a calm network"))
			return;
	}
	/* also when both ends begin at once */
	if (rng_chance(&w->script, 50)) {
		go_down(n);
		world_run(w, w->now + 5000);
		all_go_up(w);
	} else if (w->any || w->parted) {
		all_go_up(w);
	} else {
		go_up(n);
	}
	let_go(w);
	world_run(w, w->now + 15000);
	if (!w->violation[0] && all_must_be_up(w, false, "on a calm network"))
		rekeys_must_work(w);
	if (!w->violation[0])
		ike_rekeys_must_work(w);
	if (!w->violation[0])
		reauthentications_must_work(w);
}

/* From one end is enough, where none begins anew and the hub knows of all. */
static void all_go_down(struct world *w)
{
	bool hub = rng_chance(&w->script, 50);

	for (int i = 0; i < w->nodes; i++)
		if (w->persistent || hub == (i == HUB))
			go_down(&w->n[i]);
}

void script_run(struct world *w)
{
	configure(w);
	for (int i = 0; i < w->nodes; i++)
		node_start(&w->n[i]);
	if (rng_chance(&w->script, 10) && !w->wide)
		hostile_begin(w);
	chaos(w);
	if (w->n[0].hostile) {
		hostile_end(w);
		start_anew(&w->n[0]);
	}
	settle(w);
	if (!w->violation[0])
		check_converged(w);
	if (!w->violation[0])
		ends_must_work(w);
	if (w->violation[0])
		return;
	if (rng_chance(&w->script, 30))
		rekeys_with_little_memory(&w->n[HUB]);
	all_go_down(w);
	/* longer than a rekey that came to nothing, and then liveness */
	world_run(w, w->now + 240000);
	if (!w->violation[0])
		check_empty(w);
}
