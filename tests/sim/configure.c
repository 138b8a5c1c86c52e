// SPDX-License-Identifier: GPL-2.0
/* What the nodes of one history are configured to. */
#include "sim/sim.h"

#include "fake/fake_rounds.h"
#include "fake/fake_sign.h"
#include "lib/array.h"

/* The same again and again: what is offered does not change, but the message is long. */
static void lengthen(struct proposals *p)
{
	while (p->count < PROPOSALS_MAX)
		p->p[p->count++] = p->p[0];
}

/* Nodes 2 and 3 may be twins: of these two one only can be up. */
static struct ts_list *nets(const struct world *w, const int *nodes, unsigned int count,
			    unsigned int child, unsigned int len)
{
	struct ts ts[NODES_MAX];
	char text[32];
	const char *why;

	for (unsigned int i = 0; i < count; i++) {
		int net = 1 + (w->twins && nodes[i] == 3 ? 2 : nodes[i]);

		snprintf(text, sizeof(text), "10.%d.%u.0/%u", net, 16 * child, len);
		ts_parse(&ts[i], text, &why);
	}
	return ts_list_new(ts, count);
}

/* Neither end's selectors contain the other's, nor meet those of another child. */
static void configure_child(struct world *w, struct node *n, unsigned int i)
{
	static const int hub[] = { HUB }, others[] = { 0, 2, 3 };
	static const struct ts everything = {
		.start = { AF_INET }, .end = { AF_INET, { 255, 255, 255, 255 } },
		.port_end = UINT16_MAX,
	};
	bool to_hub = n->index != HUB;
	struct child_conf *child = &n->child[i];

	/* the hub looks for another child's */
	child->local_ts = nets(w, &n->index, 1, i + (w->wrong_ts[i] && !to_hub ? 8 : 0), 24);
	child->remote_ts = nets(w, to_hub ? hub : others, to_hub || !w->any ? 1 : 3, i, 20);
	if (w->pooled && to_hub) {
		ts_list_put(child->local_ts);
		child->local_ts = ts_list_new(&everything, 1);
	} else if (w->pooled) {
		ts_list_put(child->remote_ts);
		child->remote_ts = ts_list_new(w->pool.range, w->pool.range_count);
	}
	snprintf(child->name, sizeof(child->name), "%s%u", TUNNEL, i);
}

/* How the ends prove themselves: with a secret, a certificate, in rounds; each end in its way. */
static void configure_proofs(const struct world *w, struct node *n)
{
	const struct auth_ops *hubs = w->hub_signs ? &auth_signature_ops : NULL;
	const struct auth_ops *others = w->others_sign ? &auth_signature_ops : NULL;
	const struct auth_ops *rounds = w->eap ? &auth_eap_ops : &fake_rounds;
	char id[TUNNEL_ID_MAX], key[NODE_KEY_MAX];
	struct tunnel_conf *c = &n->conf;

	if (w->rounds && !w->second)
		others = rounds;
	c->local_auth = n->index == HUB ? hubs : others;
	c->remote_auth = n->index == HUB ? others : hubs;
	if (w->second && n->index == HUB)
		c->remote_second = rounds;
	else if (w->second && !n->once)
		c->local_second = rounds;
	if (w->eap)
		eap_configure(n);
	if (!w->hub_signs && !w->others_sign)
		return;
	c->certs = fake_certs(ike_id_str(&n->id, id, sizeof(id)), node_key(n, key), node_ca(n), 24);
	c->ca_hashes = fake_ca_hashes(node_ca(n));
}

/* Fragments: so small that nearly all that is protected needs several. */
static void configure_exchanges(struct world *w, struct tunnel_conf *c)
{
	struct rng *r = &w->script;

	if (w->small)
		c->fragment_size = rng_chance(r, 10) ? FRAGMENT_NEVER : 140 + rng_below(r, 300);
	c->childless = rng_chance(r, 25);
}

/* Who is down when all is calm is asked for by packets, or tries itself. */
static void configure_start(struct world *w, struct tunnel_conf *c)
{
	static const enum dpd_action actions[] = { DPD_RESTART, DPD_ON_DEMAND, DPD_CLEAR };
	struct rng *r = &w->script;

	if (!w->persistent || c->any)
		return;
	if (rng_chance(r, 70))
		c->start = rng_chance(r, 60) ? START_UP : START_ON_DEMAND;
	c->dpd_action = actions[rng_below(r, c->start == START_UP ? 1 : 3)];
}

/* Of some peers a second address is known where nobody is; it may be the first to be tried. */
static void configure_more(const struct world *w, struct tunnel_conf *c)
{
	const struct addr first = c->remote;

	if (c->any || w->seed % 5 != 1)
		return;
	c->more_count = 1;
	addr_parse(w->seed % 2 ? &c->remote : &c->more[0].addr, "198.51.100.77");
	if (w->seed % 2)
		c->more[0].addr = first;
}

static void configure_node(struct world *w, struct node *n, bool with_pfs, uint32_t rekey_s,
			   uint64_t rekey_bytes)
{
	struct tunnel_conf *c = &n->conf;
	struct rng *r = &w->script;

	snprintf(c->name, sizeof(c->name), TUNNEL);
	c->mobike = w->mobile && rng_chance(r, 85);
	if (!c->mobike)
		c->local = *node_addr(n);
	c->any = w->any && n->index == HUB;
	if (n->index != HUB)
		c->remote = *node_addr(&w->n[HUB]);
	else if (!w->any)
		c->remote = w->nat ? w->nat_addr : *node_addr(&w->n[0]);
	configure_more(w, c);
	/* behind NAT it is not called by the address that it has outside */
	c->local_id = n->id;
	if (!c->any)
		c->remote_id = w->n[n->index == HUB ? 0 : n->wrong_id ? 3 : HUB].id;
	configure_proofs(w, n);
	configure_start(w, c);
	suites_configure_ike(w, &c->ike);
	c->force_udp = rng_chance(r, 20);
	configure_exchanges(w, c);
	node_configure_ppk(n);
	c->dpd_s = 10 + rng_below(r, 40);
	c->rekey_s = rng_chance(r, 40) ? 80 + rng_below(r, 300) : 0;
	c->unique = w->keep ? UNIQUE_KEEP : UNIQUE_REPLACE;
	if (!w->keep) {		/* else who authenticates anew is interrupted */
		/* with many spokes less often: between them is to be a time when all is quiet */
		c->reauth_s = rng_chance(r, 20) ? (w->nodes > 2 ? 200 : 60) + rng_below(r, 300) : 0;
		c->reauth_every = rng_chance(r, 20) ? 1 + rng_below(r, 3) : 0;
	}
	c->child = n->child;
	c->child_count = w->children;
	for (unsigned int i = 0; i < w->children; i++) {
		struct child_conf *child = &n->child[i];

		configure_child(w, n, i);
		suites_configure_esp(w, &child->esp, with_pfs);
		if (w->large)
			lengthen(&child->esp);
		child->rekey_s = rng_chance(r, 80) ? rekey_s : 0;
		child->rekey_bytes = rekey_bytes;
	}
}

/* What can never come up: the whole tunnel of a node, or a child. */
static void configure_wrong(struct world *w)
{
	struct node *n = &w->n[w->nodes - 1 == HUB ? 0 : w->nodes - 1];
	struct rng *r = &w->script;

	n->wrong_secret = rng_chance(r, 2);
	n->wrong_id = rng_chance(r, 2);
	n->wrong_password = w->eap && rng_chance(r, 10);
	n->once = w->second && rng_chance(r, 10);
	for (unsigned int i = 0; i < w->children; i++)
		w->wrong_ts[i] = rng_chance(r, 2);
	for (int i = 0; i < w->nodes; i++)
		if (i != HUB && node_estranged(w, i))
			return;
	w->persistent = !w->twins && rng_chance(r, 10);
	for (unsigned int i = 0; i < w->children; i++)
		w->persistent &= !w->wrong_ts[i];
}

/* The hub has two addresses, and sends who begins at the first to the second. */
static void configure_redirect(struct world *w)
{
	struct node *hub = &w->n[HUB];
	struct rng *r = &w->script;

	if (w->mobile || w->seed % 5 != 2)
		return;
	hub->held = 3;
	hub->conf.local = (struct addr){0};
	hub->conf.redirect_to = hub->place[1];
	for (int i = 0; i < w->nodes; i++)
		w->n[i].conf.follow_redirect = i != HUB && rng_chance(r, 80);
}

void configure(struct world *w)
{
	struct rng *r = &w->script;
	bool with_pfs = rng_chance(r, 25), by_bytes = rng_chance(r, 25);
	uint32_t rekey_s = 40 + rng_below(r, 400);

	w->any = rng_chance(r, 20);
	if (w->any)
		w->nodes += rng_below(r, NODES_MAX - 1);
	w->rounds = w->any && rng_chance(r, 50);
	w->eap = w->rounds && rng_chance(r, 60);
	w->second = w->rounds && rng_chance(r, 40);
	w->hub_signs = rng_chance(r, 25);
	w->others_sign = rng_chance(r, w->hub_signs ? 60 : 10);
	w->twins = w->nodes == NODES_MAX && rng_chance(r, 20);
	w->children = rng_chance(r, 40) ? 1 : 2 + rng_below(r, CHILDREN_MAX - 1);
	w->nat = rng_chance(r, 25);
	w->mobile = rng_chance(r, 50);
	w->keep = rng_chance(r, 10);
	if (by_bytes)
		w->packet = UINT64_C(1) << 28;
	w->further = rng_chance(r, 25);
	w->small = rng_chance(r, 30);
	w->large = rng_chance(r, 20);
	configure_wrong(w);
	leases_configure(w);
	for (int i = 0; i < w->nodes; i++) {
		leases_ask(&w->n[i]);
		configure_node(w, &w->n[i], with_pfs, rekey_s,
			       by_bytes ? UINT64_C(1) << (30 + rng_below(r, 4)) : 0);
	}
	configure_redirect(w);
	parts_configure(w);
	changes_configure(w);
	resume_configure(w);
	tcp_configure(w);
}
