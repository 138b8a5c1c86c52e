// SPDX-License-Identifier: GPL-2.0
/* What happens in one history. */
#include <stdlib.h>

#include "sim/sim.h"

#include "ike/object/touch.h"

/* A list is proposals with a space between. */
static void pick_proposals(struct rng *r, struct proposals *p, uint8_t protocol,
			   const char *const *lists, size_t count)
{
	char text[256], why[128], *save = NULL;

	snprintf(text, sizeof(text), "%s", lists[rng_below(r, count)]);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (!proposal_parse(&p->p[p->count++], protocol, word, why, sizeof(why))) {
			fprintf(stderr, "sim: %s: %s\n", word, why);
			abort();
		}
	}
}

/* Neither end's selectors contain the other's, nor meet those of another child. */
static void configure_child(struct world *w, struct node *n, unsigned int i)
{
	struct child_conf *child = &n->child[i];
	struct ts local, remote;
	char text[32];
	const char *why;

	snprintf(text, sizeof(text), "10.%d.%u.0/24", 1 + n->index, 16 * i);
	ts_parse(&local, text, &why);
	snprintf(text, sizeof(text), "10.%d.%u.0/20", 2 - n->index, 16 * i);
	ts_parse(&remote, text, &why);
	child->local_ts = ts_list_new(&local, 1);
	child->remote_ts = ts_list_new(&remote, 1);
	snprintf(child->name, sizeof(child->name), "%s%u", TUNNEL, i);
}

/* Each list has something in common with each other. */
static void configure_node(struct world *w, struct node *n, bool with_pfs, uint32_t rekey_s,
			   uint64_t rekey_bytes)
{
	static const char *const ike[] = {
		"aes128-sha256-x25519-ecp256 aes128gcm16-prfsha256-x25519-ecp256",
		"aes128gcm16-prfsha256-x25519",
		"aes256gcm16-aes128gcm16-prfsha384-prfsha256-x25519",
		"aes128gcm16-prfsha256-ecp256-x25519",
	};
	static const char *const esp[] = {
		"aes128gcm16-esn-noesn",
		"aes256gcm16-aes128gcm16-esn",
		"chacha20poly1305-aes128gcm16-esn-noesn",
	};
	static const char *const pfs[] = { "aes128gcm16-x25519-esn",
					   "aes128gcm16-ecp256-x25519-esn" };
	struct tunnel_conf *c = &n->conf;
	struct rng *r = &w->script;

	snprintf(c->name, sizeof(c->name), TUNNEL);
	c->local = n->addr;
	c->remote = n->index && w->nat ? w->nat_addr : w->n[!n->index].addr;
	/* behind NAT it is not called by the address that it has outside */
	ike_id_parse(&c->local_id, n->index ? "b.example.org" : "a.example.org");
	ike_id_parse(&c->remote_id, n->index ? "a.example.org" : "b.example.org");
	pick_proposals(r, &c->ike, PROTO_IKE, ike, rng_chance(r, 85) ? 3 : 4);
	c->force_udp = rng_chance(r, 20);
	c->dpd_s = 10 + rng_below(r, 40);
	c->child = n->child;
	c->child_count = w->children;
	for (unsigned int i = 0; i < w->children; i++) {
		struct child_conf *child = &n->child[i];

		configure_child(w, n, i);
		if (with_pfs)
			pick_proposals(r, &child->esp, PROTO_ESP, pfs, 2);
		else
			pick_proposals(r, &child->esp, PROTO_ESP, esp, 3);
		child->rekey_s = rng_chance(r, 80) ? rekey_s : 0;
		child->rekey_bytes = rekey_bytes;
	}
}

static void configure(struct world *w)
{
	struct rng *r = &w->script;
	bool with_pfs = rng_chance(r, 25), by_bytes = rng_chance(r, 25);
	uint32_t rekey_s = 40 + rng_below(r, 400);

	w->children = rng_chance(r, 40) ? 1 : 2 + rng_below(r, CHILDREN_MAX - 1);
	w->nat = rng_chance(r, 25);
	if (by_bytes)
		w->packet = UINT64_C(1) << 28;
	for (int i = 0; i < NODES; i++)
		configure_node(w, &w->n[i], with_pfs, rekey_s,
			       by_bytes ? UINT64_C(1) << (30 + rng_below(r, 4)) : 0);
	w->strangers = rng_chance(r, 2);
	w->n[1].wrong_secret = w->strangers;
}

static struct child *any_child(struct node *n)
{
	return n->ike ? node_child(n, rng_below(&n->w->script, n->w->children)) : NULL;
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

static void rekey_ike(struct node *n)
{
	struct peer *peer = node_peer(n);

	if (!peer || !peer->sa)
		return;
	trace(n->w, "%c: script: rekey of the IKE SA", 'A' + n->index);
	n->want_ike_rekey = true;
	sa_touch(peer->sa);
	ike_tick(n->ike);
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
	n->jumped = n->w->now;
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
	if (n->ike && (ike_tunnel_del(n->ike, n->tunnel) ||
		       ike_tunnel_add(n->ike, &n->conf, &n->tunnel)))
		violate(n->w, "%c: a tunnel cannot be replaced", 'A' + n->index);
}

static void cut(struct node *n)
{
	n->w->cut_until = n->w->now + 1000 + rng_below(&n->w->script, 90000);
	trace(n->w, "script: the network is down for a while");
}

static const struct {
	unsigned int weight;
	void (*act)(struct node *n);
} actions[] = {
	{ 14, go_up },
	{ 6, child_go_up },
	{ 3, child_go_down },
	{ 6, rekey_ike },
	{ 4, rebind },
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
	{ 1, inject_flood },
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
		actions[i].act(&w->n[!n->index]);
	check_step(w);
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
	go_up(&w->n[rng_below(r, NODES)]);
	if (rng_chance(r, 30)) {
		go_up(&w->n[0]);
		go_up(&w->n[1]);
	}
	for (uint64_t i = 0; i < count && !w->violation[0]; i++) {
		/* often in the midst of an exchange, sometimes after a long time */
		world_run(w,
			  w->now + (rng_chance(r, 60) ? rng_below(r, 400) : rng_below(r, 20000)));
		if (!w->violation[0])
			act(w, &w->n[rng_below(r, NODES)], rng_chance(r, 30));
	}
}

/* Longer than liveness, retransmission and the aftermath of both. */
static void settle(struct world *w)
{
	uint64_t limit;

	w->calm = true;
	w->cut_until = 0;
	w->packet = 1400;
	nat_rebind(w);
	world_run(w, w->now + 200000);
	limit = w->now + 200000;
	while (!w->violation[0] && !is_quiet(w) && w->now < limit)
		if (!world_step(w, w->now + 100))
			continue;
	if (!w->violation[0] && !is_quiet(w))
		violate(w, "the two ends do not come to rest");
}

static bool held_down(const struct node *n)
{
	bool held = node_peer(n)->intent == INTENT_DOWN;

	for (unsigned int i = 0; i < n->w->children; i++)
		held |= node_child(n, i)->held_down;
	return held;
}

static bool all_up(const struct world *w)
{
	for (int i = 0; i < NODES; i++)
		for (unsigned int j = 0; j < w->children; j++)
			if (!w->n[i].up_since || node_child(&w->n[i], j)->state != CHILD_UP)
				return false;
	return true;
}

static void rekeys_must_work(struct world *w)
{
	uint64_t rekeys = w->n[0].rekeys + w->n[1].rekeys, ike = w->n[0].ike_rekeys;

	for (unsigned int i = 0; i < w->children; i++) {
		limit_of(&w->n[0], node_child(&w->n[0], i), false);
		limit_of(&w->n[1], node_child(&w->n[1], i), false);
	}
	world_run(w, w->now + 10000);
	if (!w->violation[0] && w->n[0].rekeys + w->n[1].rekeys < rekeys + 2 * w->children)
		violate(w, "a rekey on a calm network does not succeed");
	rekey_ike(&w->n[0]);
	world_run(w, w->now + 1000);
	if (!w->violation[0] && (w->n[0].ike_rekeys == ike || !all_up(w)))
		violate(w, "a rekey of the IKE SA on a calm network does not succeed");
}

static void ends_must_work(struct world *w)
{
	struct node *n = &w->n[rng_below(&w->script, NODES)];

	/* also when both ends begin at once */
	if (rng_chance(&w->script, 50)) {
		go_down(n);
		world_run(w, w->now + 5000);
		go_up(&w->n[!n->index]);
	}
	go_up(n);
	/* what was taken down by hand stays down, for its peer too */
	for (int i = 0; i < NODES; i++)
		if (held_down(&w->n[i]))
			go_up(&w->n[i]);
	world_run(w, w->now + 15000);
	if (!w->violation[0] && !all_up(w))
		violate(w, "on a calm network the tunnel does not come up");
	if (!w->violation[0])
		rekeys_must_work(w);
}

void script_run(struct world *w)
{
	configure(w);
	for (int i = 0; i < NODES; i++)
		node_start(&w->n[i]);
	chaos(w);
	settle(w);
	if (!w->violation[0])
		check_converged(w);
	if (!w->violation[0] && !w->strangers)
		ends_must_work(w);
	if (w->violation[0])
		return;
	go_down(&w->n[rng_below(&w->script, NODES)]);
	world_run(w, w->now + 60000);
	if (!w->violation[0])
		check_empty(w);
}
