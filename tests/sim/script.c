// SPDX-License-Identifier: GPL-2.0
/* What happens in one history. */
#include <stdlib.h>

#include "sim/sim.h"

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

/* Each list has something in common with each other. */
static void configure(struct world *w)
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
	struct rng *r = &w->script;
	bool with_pfs = rng_chance(r, 25);
	uint32_t rekey_s = 40 + rng_below(r, 400);
	const char *why;

	for (int i = 0; i < NODES; i++) {
		struct tunnel_conf *c = &w->n[i].conf;
		struct child_conf *child = &w->n[i].child;
		struct ts local, remote;

		snprintf(c->name, sizeof(c->name), TUNNEL);
		c->local = w->n[i].addr;
		c->remote = w->n[!i].addr;
		pick_proposals(r, &c->ike, PROTO_IKE, ike, rng_chance(r, 85) ? 3 : 4);
		if (with_pfs)
			pick_proposals(r, &child->esp, PROTO_ESP, pfs, 2);
		else
			pick_proposals(r, &child->esp, PROTO_ESP, esp, 3);
		ts_parse(&local, i ? "10.2.0.0/24" : "10.1.0.0/24", &why);
		ts_parse(&remote, i ? "10.1.0.0/16" : "10.2.0.0/16", &why);
		child->local_ts = ts_list_new(&local, 1);
		child->remote_ts = ts_list_new(&remote, 1);
		snprintf(child->name, sizeof(child->name), TUNNEL);
		c->child = child;
		c->child_count = 1;
		c->force_udp = rng_chance(r, 20);
		child->rekey_s = rng_chance(r, 80) ? rekey_s : 0;
		c->dpd_s = 10 + rng_below(r, 40);
	}
}

static void soft_limit(struct node *n)
{
	const struct child *t = n->ike ? node_child(n) : NULL;
	struct ike_kern_event ev = { .type = IKE_KERN_EXPIRE, .policy = n->k.policy_id };

	if (!t || !t->out)
		return;
	ev.spi = t->out->spi_in;
	trace(n->w, "%c: script: soft limit", 'A' + n->index);
	ike_kern_event(n->ike, &ev);
}

static void hard_limit(struct node *n)
{
	const struct child *t = n->ike ? node_child(n) : NULL;
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE, .policy = n->k.policy_id, .hard = true, .out = true,
	};

	if (!t || !t->out)
		return;
	ev.spi = t->out->spi_out;
	trace(n->w, "%c: script: hard limit", 'A' + n->index);
	ike_kern_event(n->ike, &ev);
}

static void remove_policy(struct node *n)
{
	struct ike_kern_event ev = { .type = IKE_KERN_GONE, .policy = n->k.policy_id };

	if (!n->ike || !n->k.has_policy)
		return;
	trace(n->w, "%c: script: somebody removes the policy", 'A' + n->index);
	kernel_policy_gone(&n->k);
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
	world_run(w, w->now + 200000);
	limit = w->now + 200000;
	while (!w->violation[0] && !is_quiet(w) && w->now < limit)
		if (!world_step(w, w->now + 100))
			continue;
	if (!w->violation[0] && !is_quiet(w))
		violate(w, "the two ends do not come to rest");
}

static void ends_must_work(struct world *w)
{
	struct node *n = &w->n[rng_below(&w->script, NODES)];
	uint64_t rekeys;

	/* also when both ends begin at once */
	if (rng_chance(&w->script, 50)) {
		go_down(n);
		world_run(w, w->now + 5000);
		go_up(&w->n[!n->index]);
	}
	go_up(n);
	/* who was taken down by hand stays down, for its peer too */
	for (int i = 0; i < NODES; i++)
		if (node_peer(&w->n[i])->intent == INTENT_DOWN)
			go_up(&w->n[i]);
	world_run(w, w->now + 10000);
	if (!w->violation[0] && (!w->n[0].up_since || !w->n[1].up_since)) {
		violate(w, "on a calm network the tunnel does not come up");
		return;
	}
	rekeys = w->n[0].rekeys + w->n[1].rekeys;
	soft_limit(&w->n[0]);
	soft_limit(&w->n[1]);
	world_run(w, w->now + 10000);
	if (!w->violation[0] && w->n[0].rekeys + w->n[1].rekeys < rekeys + 2)
		violate(w, "a rekey on a calm network does not succeed");
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
	if (!w->violation[0])
		ends_must_work(w);
	if (w->violation[0])
		return;
	go_down(&w->n[rng_below(&w->script, NODES)]);
	world_run(w, w->now + 60000);
	if (!w->violation[0])
		check_empty(w);
}
