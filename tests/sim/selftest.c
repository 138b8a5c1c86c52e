// SPDX-License-Identifier: GPL-2.0
/* Proof that the checks can fail: worlds in which something is wrong on purpose. */
#include <stdlib.h>

#include "lib/array.h"
#include "sim/sim.h"
#include "suite/ikev2.h"

static void lose_twin(struct world *w)
{
	w->n[1].k.in_count = 0;
}

static void change_key(struct world *w)
{
	w->n[1].k.in[0].key[3] ^= 1;
}

static void leak_spi(struct world *w)
{
	w->n[0].k.reserved[w->n[0].k.reserved_count++] = 4711;
}

static void leak_sa(struct world *w)
{
	struct kernel *k = &w->n[0].k;

	k->in[k->in_count] = k->in[0];
	k->in[k->in_count++].spi = 4711;
}

static void swap_outbound(struct world *w)
{
	w->n[0].k.policy[0].out.spi ^= 1;
}

static void forget_policy(struct world *w)
{
	w->n[1].k.policy[0].id = 4711;
}

/* A packet to an SPI that was never there. */
static void lose_packet(struct world *w)
{
	struct datagram d = {
		.at = w->now,
		.sent = w->now,
		.to = 1,
		.spi = 4711,
		.ike_spi = node_peer(&w->n[0], HUB)->sa->spi_i,
	};

	w->flight[w->flight_count++] = d;
	world_run(w, w->now + 1);
}

/* As if the engine had believed a message that cannot be authentic. */
static void believe(struct world *w)
{
	struct ike_sa *sa = node_peer(&w->n[0], HUB)->sa;
	uint64_t before = digest(&w->n[0], true);

	sa->heard_ms++;
	if (digest(&w->n[0], true) != before)
		violate(w, "seen");
}

static void go_down_alone(struct world *w)
{
	ike_down(w->n[0].ike, w->n[0].tunnel, "alone");
	while (w->flight_count)		/* nobody hears it */
		free(w->flight[--w->flight_count].msg);
	check_converged(w);
}

static void remove_nothing(struct world *w)
{
	w->n[0].ike->env.sa_del(&w->n[0], w->n[0].tunnel, 1, 4711, false);
}

static void keep_routes(struct world *w)
{
	w->n[0].host.link[1].child = 4711;
	ike_down(w->n[0].ike, w->n[0].tunnel, "with a route left");
}

static void change_selectors(struct world *w)
{
	struct sim_policy *p = &w->n[1].k.policy[0];

	ts_list_put(p->local_ts);
	p->local_ts = ts_list_narrow(p->remote_ts, w->n[0].child[0].local_ts);
	p->local_ts->ts[0].start.b[3]++;
}

static void outlive(struct world *w)
{
	w->n[1].k.in[0].expired_ms = 1;
	w->now += 1000000;
}

static void one_key(struct world *w)
{
	struct kernel *k = &w->n[0].k;

	memcpy(k->in[0].key, k->policy[0].out.key, k->in[0].key_len);
}

static void go_elsewhere(struct world *w)
{
	node_peer(&w->n[0], HUB)->sa->remote.addr.b[0]++;
}

/* A protected message that differs in @at from one that was sent. */
static void send_again(struct world *w, unsigned int at, uint8_t flip)
{
	struct record *r = &w->n[1].seen[1];
	uint8_t msg[4096];

	memcpy(msg, r->msg, r->len);
	msg[at] ^= flip;
	wire_sent(&w->n[0], msg, r->len);
}

static void change_message(struct world *w)
{
	send_again(w, 60, 1);
}

static void reuse_iv(struct world *w)
{
	send_again(w, 23, 1);
}

static void send_two(struct world *w)
{
	uint8_t msg[64] = { [0] = 1, [16] = PAYLOAD_SK, [17] = 0x20, [27] = sizeof(msg) };

	msg[18] = EXCHANGE_INFORMATIONAL;
	wire_sent(&w->n[0], msg, sizeof(msg));
	for (int i = 0; i < 2; i++) {
		msg[23]++;
		msg[39]++;
		wire_sent(&w->n[0], msg, sizeof(msg));
	}
}

static const struct {
	const char *name;
	void (*act)(struct world *w);
} sabotages[] = {
	{ "an inbound twin is lost", lose_twin },
	{ "keys differ", change_key },
	{ "an SPI leaks", leak_spi },
	{ "an inbound SA leaks", leak_sa },
	{ "the outbound SA is another", swap_outbound },
	{ "the kernel forgets the policy", forget_policy },
	{ "a packet finds no SA", lose_packet },
	{ "a forged message is believed", believe },
	{ "one end is down, the other up", go_down_alone },
	{ "an SA is removed that is not there", remove_nothing },
	{ "routes outlive their child", keep_routes },
	{ "selectors are not mirrored", change_selectors },
	{ "an SA outlives its hard limit", outlive },
	{ "one key is used in both directions", one_key },
	{ "an endpoint is followed to where the peer is not", go_elsewhere },
	{ "two messages have one number", change_message },
	{ "an IV is used twice", reuse_iv },
	{ "two requests are outstanding", send_two },
};

static void bring_up(struct world *w)
{
	const char *why;
	char text[128];

	world_init(w, 1, false, false);
	w->calm = true;
	for (int i = 0; i < w->nodes; i++) {
		struct tunnel_conf *c = &w->n[i].conf;
		struct child_conf *child = &w->n[i].child[0];
		struct ts all;

		snprintf(c->name, sizeof(c->name), TUNNEL);
		c->remote = *node_addr(&w->n[!i]);
		c->ike.count = 1;
		child->esp.count = 1;
		proposal_parse(&c->ike.p[0], PROTO_IKE, "aes128gcm16-prfsha256-x25519", text,
			       sizeof(text));
		proposal_parse(&child->esp.p[0], PROTO_ESP, "aes128gcm16-esn", text, sizeof(text));
		ts_parse(&all, "10.0.0.0/8", &why);
		child->local_ts = ts_list_new(&all, 1);
		child->remote_ts = ts_list_new(&all, 1);
		snprintf(child->name, sizeof(child->name), TUNNEL);
		c->child = child;
		c->child_count = 1;
		node_start(&w->n[i]);
	}
	ike_up(w->n[0].ike, w->n[0].tunnel);
	world_run(w, w->now + 20000);
}

int selftest(void)
{
	struct world *w = malloc(sizeof(*w));
	int failures = 0;

	if (!w)
		abort();
	for (unsigned int i = 0; i < ARRAY_SIZE(sabotages); i++) {
		bool clean, found;

		bring_up(w);
		clean = !w->violation[0] && w->n[0].view[1].up_since && w->n[1].view[0].up_since;
		sabotages[i].act(w);
		check_step(w);
		found = w->violation[0];
		printf("%s - the checks see that %s\n", clean && found ? "ok" : "not ok",
		       sabotages[i].name);
		failures += !clean || !found;
		world_free(w);
	}
	free(w);
	failures += !selftest_ke();
	return failures != 0;
}
