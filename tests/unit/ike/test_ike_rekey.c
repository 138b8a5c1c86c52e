// SPDX-License-Identifier: GPL-2.0
/*
 * CREATE_CHILD_SA: who switches when, collisions moved one message at a time, and the rekey of
 * the IKE SA by the peer.
 */
#include "unit/ike/ike_pair.h"

struct spis {
	uint32_t in[2];
};

static struct spis current(struct pair *p)
{
	return (struct spis){ { tunnel_of(&p->s[0])->out->spi_in,
				tunnel_of(&p->s[1])->out->spi_in } };
}

static void assert_one_pair(struct pair *p, struct spis before)
{
	struct spis after = current(p);

	carry_all(p);
	pass(p, 2 * CHILD_LINGER_MS);
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		assert_int_equal(tunnel_of(s)->state, TUNNEL_UP);
		assert_int_equal(s->in_count, 1);
		assert_int_equal(s->reserved, 0);
		assert_int_equal(s->out_spi, p->s[!i].in[0]);
		assert_int_not_equal(after.in[i], before.in[i]);
		assert_int_equal(s->ev[IKE_EV_CHILD_REKEYED].count, 1);
		assert_int_equal(s->ev[IKE_EV_DOWN].count, 0);
	}
}

static struct pair *up(const char *esp_a, const char *esp_b)
{
	struct pair *p = pair_new();

	set_esp(&p->s[0], esp_a);
	set_esp(&p->s[1], esp_b);
	pair_start(p);
	bring_up(p, 0);
	return p;
}

/* The order in which packets find their SAs: see child.h. */
static void rekey_from(int who)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *i = &p->s[who], *r = &p->s[!who];
	struct spis old = current(p);
	uint32_t r_out = r->out_spi, i_out = i->out_spi;

	soft_limit(i);
	carry(i);
	/* the responder can receive on the new pair, and sends on the old one */
	assert_int_equal(r->in_count, 2);
	assert_int_equal(r->out_spi, r_out);
	assert_int_equal(i->out_spi, i_out);
	carry(r);
	/* the initiator uses the new pair, and still receives on the old one */
	assert_int_equal(i->in_count, 2);
	assert_int_not_equal(i->out_spi, i_out);
	assert_true(kernel_has_in(r, i->out_spi));
	assert_int_equal(r->out_spi, r_out);
	assert_true(kernel_has_in(i, r->out_spi));
	carry(i);		/* DELETE */
	assert_int_not_equal(r->out_spi, r_out);
	assert_true(kernel_has_in(i, r->out_spi));
	assert_int_equal(r->in_count, 2);
	carry(r);
	assert_int_equal(i->in_count, 2);
	/* for the packets under way */
	pass(p, CHILD_LINGER_MS - 1);
	assert_int_equal(i->in_count, 2);
	assert_int_equal(r->in_count, 2);
	pass(p, 1);
	assert_int_equal(i->in_count, 1);
	assert_int_equal(r->in_count, 1);
	assert_one_pair(p, old);
	pair_free(p);
}

static void test_rekey(void **state)
{
	rekey_from(0);
	rekey_from(1);
}

static void test_rekey_with_pfs(void **state)
{
	struct pair *p = up("aes128gcm16-x25519-esn", "aes128gcm16-x25519-esn");
	struct spis old = current(p);
	struct ike_status st;

	assert_true(ike_status(p->s[0].ike, "t", &st));
	assert_string_equal(st.esp_suite, "aes128gcm16-esn");
	soft_limit(&p->s[0]);
	carry_all(p);
	assert_one_pair(p, old);
	assert_true(ike_status(p->s[0].ike, "t", &st));
	assert_string_equal(st.esp_suite, "aes128gcm16-x25519-esn");
	assert_int_equal(st.child_rekeys, 1);
	pair_free(p);
}

static void test_group_of_the_peer(void **state)
{
	struct pair *p = up("aes128gcm16-x25519-ecp256-esn", "aes128gcm16-ecp256-esn");
	struct spis old = current(p);
	unsigned int sent = p->s[0].sent;

	soft_limit(&p->s[0]);
	carry_all(p);
	assert_int_equal(p->s[0].sent, sent + 3);	/* twice, and the DELETE */
	assert_one_pair(p, old);
	pair_free(p);
}

/* We offer a group but also do without; the peer takes the latter. */
static void test_group_not_taken(void **state)
{
	struct pair *p = up("aes128gcm16-x25519-esn aes128gcm16-esn", "aes128gcm16-esn");
	struct spis old = current(p);

	soft_limit(&p->s[0]);
	carry_all(p);
	assert_one_pair(p, old);
	pair_free(p);
}

/*
 * Where a KE is no must we offer none; the peer that insists gets one, the IKE SA's own if it is
 * among ours, and the next time at once.
 */
static void wants_group(const char *ours, const char *theirs, unsigned int requests)
{
	struct pair *p = up(ours, theirs);
	struct spis old = current(p);
	unsigned int sent = p->s[0].sent;

	soft_limit(&p->s[0]);
	carry_all(p);
	assert_int_equal(p->s[0].sent, sent + requests);
	assert_one_pair(p, old);
	sent = p->s[0].sent;
	soft_limit(&p->s[0]);
	carry_all(p);
	assert_int_equal(p->s[0].sent, sent + 2);	/* with the right group, and the DELETE */
	assert_int_equal(p->s[0].ev[IKE_EV_CHILD_REKEYED].count, 2);
	pair_free(p);
}

static void test_peer_wants_a_group(void **state)
{
	/* without, with x25519, DELETE */
	wants_group("aes128gcm16-esn aes128gcm16-ecp256-x25519-esn", "aes128gcm16-x25519-esn", 3);
	/* without, with ecp256, with ecp384, DELETE */
	wants_group("aes128gcm16-esn aes128gcm16-ecp256-ecp384-esn", "aes128gcm16-ecp384-esn", 4);
}

static void test_no_group_in_common(void **state)
{
	struct pair *p = up("aes128gcm16-x25519-esn", "aes128gcm16-ecp256-esn");

	soft_limit(&p->s[0]);
	carry_all(p);
	assert_int_equal(tunnel_of(&p->s[0])->state, TUNNEL_UP);
	assert_int_equal(p->s[0].in_count, 1);
	assert_int_equal(p->s[0].ev[IKE_EV_CHILD_REKEYED].count, 0);
	/* and once more, a little later */
	pass(p, 6000);
	assert_true(p->s[0].count >= 1);
	pair_free(p);
}

/* RFC 7296 2.9.2: whoever asks, a rekey that carries less than the old pair is none. */
static void rekey_narrowed(int who, const char *local, const char *remote)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct tunnel *t = tunnel_of(&p->s[1]);
	struct side *a = &p->s[0], narrow = { 0 };

	set_ts(&narrow, local, remote);
	memcpy(t->local_ts, narrow.conf.local_ts, sizeof(t->local_ts));
	memcpy(t->remote_ts, narrow.conf.remote_ts, sizeof(t->remote_ts));
	soft_limit(&p->s[who]);
	carry_all(p);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 0);
	assert_int_equal(a->reserved, 0);
	if (who == 1) {
		assert_int_equal(tunnel_of(a)->state, TUNNEL_UP);
		assert_int_equal(a->in_count, 1);
	} else {
		assert_int_equal(a->ev[IKE_EV_DOWN].failure, IKE_FAIL_TS);
		assert_non_null(strstr(a->ev[IKE_EV_DOWN].detail, "instead of 10.1.0.0/24"));
		assert_int_equal(a->in_count, 0);
	}
	pair_free(p);
}

static void test_peer_narrows(void **state)
{
	for (int who = 0; who < 2; who++) {
		rekey_narrowed(who, "10.2.0.0/25", "10.1.0.0/24");
		rekey_narrowed(who, "10.2.0.0/24", "10.1.0.0/25");
	}
}

/* @order: bits, who speaks next. */
static void collide(unsigned int order)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct spis old = current(p), now;
	uint32_t made[2];

	p->s[0].rng += order;	/* either may have the lowest nonce */
	soft_limit(&p->s[0]);
	soft_limit(&p->s[1]);
	for (int i = 0; i < 2; i++)
		made[i] = only_sa(&p->s[i])->req.new_spi;
	for (int i = 0; i < 10; i++)
		carry(&p->s[order >> i & 1]);
	carry_all(p);
	now = current(p);
	assert_one_pair(p, old);
	/* the survivor is one of the two that were begun */
	assert_true((now.in[0] == made[0]) != (now.in[1] == made[1]));
	pair_free(p);
}

static void test_collisions(void **state)
{
	for (unsigned int order = 0; order < 1024; order++)
		collide(order);
}

/*
 * The rule itself: four nonces known, the pair with the lowest goes. B's answer has the lowest of
 * all, so A's pair is the redundant one although A's own nonce is the highest.
 */
static void test_lowest_nonce_loses(void **state)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct spis old = current(p), now;
	uint32_t made_by_b;

	a->nonce_fill = 0x99;
	b->nonce_fill = 0x55;
	soft_limit(a);			/* Ni of A's: 99 */
	soft_limit(b);			/* Ni of B's: 55 */
	made_by_b = only_sa(b)->req.new_spi;
	b->nonce_fill = 0x11;
	a->nonce_fill = 0x77;
	carry(a);			/* Nr of A's: 11, the lowest */
	carry(b);			/* Nr of B's: 77 */
	carry_all(p);
	now = current(p);
	assert_int_equal(now.in[1], made_by_b);
	assert_one_pair(p, old);
	pair_free(p);
}

/* RFC 7296 2.8.1: one request is lost, the other rekey is complete when it comes again. */
static void test_late_collision(void **state)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct spis old = current(p);

	soft_limit(a);
	soft_limit(b);
	drop(b);			/* B's request is lost */
	carry(a);
	carry(b);			/* A has the answer, and deletes the old pair */
	pass(p, 1500); /* B asks again: TEMPORARY_FAILURE, the old pair is on its way out */
	assert_true(b->count >= 1);
	carry(b);
	carry_all(p);
	pass(p, 10000);
	carry_all(p);
	assert_one_pair(p, old);
	pair_free(p);
}

static void test_even_later_collision(void **state)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct spis old = current(p);

	soft_limit(a);
	soft_limit(b);
	drop(b);
	carry(a);
	carry(b);
	while (carry(a) || carry(b))
		;
	pass(p, CHILD_LINGER_MS + 1000); /* A has forgotten the old pair: CHILD_SA_NOT_FOUND */
	carry_all(p);
	assert_one_pair(p, old);
	pair_free(p);
}

/*
 * RFC 7296 2.25.1: a rekey meets the DELETE of the same; the tunnel goes down once, and in
 * order.
 */
static void test_rekey_meets_close(void **state)
{
	for (unsigned int order = 0; order < 64; order++) {
		struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");

		soft_limit(&p->s[0]);
		assert_int_equal(ike_down(p->s[1].ike, "t"), 0);
		for (int i = 0; i < 6; i++)
			carry(&p->s[order >> i & 1]);
		carry_all(p);
		pass(p, 60000);
		carry_all(p);
		pass(p, 60000);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(p->s[i].ev[IKE_EV_DOWN].count, 1);
			assert_int_equal(p->s[i].in_count, 0);
			assert_int_equal(p->s[i].reserved, 0);
			assert_true(TAILQ_EMPTY(&p->s[i].ike->sas));
		}
		pair_free(p);
	}
}

static void test_peer_never_answers(void **state)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0];

	soft_limit(a);
	pass(p, 60000);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 1);
	assert_int_equal(a->ev[IKE_EV_DOWN].failure, IKE_FAIL_TIMEOUT);
	assert_int_equal(a->in_count, 0);
	assert_int_equal(a->reserved, 0);
	pair_free(p);
}

/*
 * The peer's DELETE never comes: at the hard limit, and after a while, we use the new pair all
 * the same.
 */
static void test_peer_never_deletes(void **state)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	uint32_t out = b->out_spi;
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE,
		.tunnel = "t",
		.child_id = 1,
		.hard = true,
		.out = true,
		.spi = out,
	};

	soft_limit(a);
	carry(a);
	carry(b);
	ike_kern_event(b->ike, &ev);
	assert_int_equal(b->out_spi, out);
	p->now += CHILD_SWITCH_MS;
	ike_tick(b->ike);
	assert_int_not_equal(b->out_spi, out);
	assert_int_equal(tunnel_of(b)->state, TUNNEL_UP);
	pair_free(p);
}

/* The kernel says it once, perhaps before the peer has deleted the old pair: not forgotten. */
static void test_soft_limit_before_the_switch(void **state)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE, .tunnel = "t", .child_id = 1,
	};

	soft_limit(a);
	carry(a);
	ev.spi = tunnel_of(b)->out->successor;
	carry(b);
	ike_kern_event(b->ike, &ev);
	assert_int_equal(b->count, 0);
	carry_all(p);
	assert_int_equal(b->ev[IKE_EV_CHILD_REKEYED].count, 2);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 2);
	assert_int_equal(b->out_spi, tunnel_of(a)->out->spi_in);
	pair_free(p);
}

static void test_hard_limit(void **state)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE,
		.tunnel = "t",
		.child_id = 1,
		.hard = true,
		.spi = p->s[0].in[0],
	};

	ike_kern_event(p->s[0].ike, &ev);
	assert_int_equal(p->s[0].ev[IKE_EV_DOWN].count, 1);
	assert_non_null(strstr(p->s[0].ev[IKE_EV_DOWN].detail, "hard lifetime"));
	carry_all(p);
	assert_int_equal(p->s[1].ev[IKE_EV_DOWN].count, 1);
	pair_free(p);
}

/* What goes through between the limits leaves a rekey its time. */
static void test_limits(void **state)
{
	static const struct {
		const char *esp;
		uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets;
	} rows[] = {
		{ "aes128gcm16-esn", 0, 0, 0, 0 },
		{ "aes128gcm16-esn", 128 << 20, (128 << 20) + (1 << 30), 100000, 1100000 },
		{ "aes128gcm16-esn", 100ULL << 30, 110ULL << 30, 20000000, 22000000 },
		{ "aes128gcm16-esn", INT64_MAX, INT64_MAX + INT64_MAX / 10ULL, INT64_MAX,
		  INT64_MAX + INT64_MAX / 10ULL },
		{ "aes128gcm16-noesn", 0, 0, 0xe0000000, 0xf6666666 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pair *p = pair_new();
		const struct kern_sa *sa = &p->s[0].installed;

		set_esp(&p->s[0], rows[i].esp);
		set_esp(&p->s[1], rows[i].esp);
		p->s[0].conf.rekey_bytes = rows[i].soft_bytes;
		p->s[0].conf.rekey_packets = rows[i].soft_packets;
		pair_start(p);
		bring_up(p, 0);
		assert_true(sa->soft_bytes == rows[i].soft_bytes);
		assert_true(sa->hard_bytes == rows[i].hard_bytes);
		assert_true(sa->soft_packets == rows[i].soft_packets);
		assert_true(sa->hard_packets == rows[i].hard_packets);
		pair_free(p);
	}
}

/* ---- the peer rekeys the IKE SA: A's half is made by hand */

static struct ike_sa *ask_for_new_ike_sa(struct side *s, struct letter *l)
{
	struct ike_sa *old = only_sa(s), *new = sa_new(s->ike, true, 0);
	struct msg_header h = {
		.spi_i = old->spi_i, .spi_r = old->spi_r, .exchange = EXCHANGE_CREATE_CHILD_SA,
		.flags = MSG_INITIATOR, .id = old->next_out,
	};
	struct msg_offer offer = { .number = 1, .spi_len = 8, .spi = new->spi_i };
	const uint8_t *public;
	struct builder b;
	size_t len;

	new->next_out = 0;
	new->ni.len = IKE_NONCE_LEN;
	memset(new->ni.b, 0x42, new->ni.len);
	new->ke = ke_new(KE_X25519, s->ike->env.random, s->ike->env.ctx);
	build_begin(&b, l->msg, sizeof(l->msg), &h);
	build_sk_begin(&b, sk_iv_len(&old->sk_out));
	build_sa(&b, &s->conf.ike, &offer);
	build_nonce(&b, new->ni.b, new->ni.len);
	public = ke_public(new->ke, &len);
	build_ke(&b, KE_X25519, public, len);
	l->len = build_sk_end(&b, sk_sealed_len(&old->sk_out, build_sk_plain(&b)));
	assert_true(l->len && sk_seal(&old->sk_out, l->msg, b.sk_body, b.sk_plain));
	l->local = old->local;
	l->remote = old->remote;
	old->next_out++;
	return new;
}

static void take_answer(struct side *s, struct ike_sa *old, struct ike_sa *new, struct letter *l)
{
	struct cursor chain = cursor_of(l->msg, l->len);
	uint8_t secret[KE_SECRET_MAX];
	size_t plain, len;
	struct msg_header h;
	struct msg m;
	unsigned int index;

	assert_int_equal(msg_parse(l->msg, l->len, &h, &m), MSG_OK);
	assert_true(sk_open(&old->sk_in, l->msg, l->len, m.sk_offset, &plain, &len));
	assert_true(cursor_skip(&chain, plain) && cursor_sub(&chain, len, &chain));
	assert_int_equal(msg_parse_payloads(chain, m.sk_first, &m), MSG_OK);
	assert_null(msg_error(&m));
	assert_true(proposal_select(&s->conf.ike, &m.sa.list, false, &new->suite, &index));
	assert_int_equal(m.sa.offer[0].spi_len, 8);
	new->spi_r = m.sa.offer[0].spi;
	new->nr.len = m.nonce.left;
	memcpy(new->nr.b, m.nonce.at, m.nonce.left);
	assert_true(ke_derive(new->ke, m.ke.data.at, m.ke.data.left, secret, &len));
	assert_true(keys_derive(new, (struct chunk){ secret, len }, old));
}

static void test_peer_rekeys_ike(void **state)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *old = only_sa(a), *new;
	struct spis before = current(p);
	struct tunnel *t = tunnel_of(a);
	struct letter l;
	struct child *c;

	new = ask_for_new_ike_sa(a, &l);
	give(b, &l);
	assert_int_equal(b->ev[IKE_EV_IKE_REKEYED].count, 1);
	l = *oldest(b);
	drop(b);
	take_answer(a, old, new, &l);

	/* A's engine now stands as if it had asked itself */
	new->local = old->local;
	new->remote = old->remote;
	new->tunnel = t;
	c = TAILQ_FIRST(&old->children);
	TAILQ_REMOVE(&old->children, c, link);
	TAILQ_INSERT_TAIL(&new->children, c, link);
	c->sa = new;
	t->sa = new;
	transition_command(new, COMMAND_INHERIT, "test");
	transition_command(old, COMMAND_CLOSE, "rekeyed");
	xchg_next(old);
	carry_all(p);
	sas_reap(a->ike);
	pass(p, 31000);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 0);
	assert_int_equal(only_sa(b)->spi_i, new->spi_i);
	assert_int_equal(only_sa(b)->spi_r, new->spi_r);

	/* the child lives under the new one: either end can rekey it */
	soft_limit(b);
	carry_all(p);
	assert_one_pair(p, before);
	before = current(p);
	soft_limit(a);
	carry_all(p);
	assert_int_equal(b->ev[IKE_EV_CHILD_REKEYED].count, 2);
	assert_int_not_equal(current(p).in[0], before.in[0]);
	pair_free(p);
}

/* RFC 7296 2.18: SKEYSEED by the PRF of the old IKE SA, all of it; the rest by the new one's. */
static void rekeyed_with(const char *old_ike, const char *new_ike)
{
	uint8_t seed[PRF_LEN_MAX], spis[16], keys[PRF_LEN_MAX];
	struct pair *p = pair_new();
	struct side *a = &p->s[0];
	struct ike_sa *old, *new;
	struct chunk secret = { (const uint8_t *)"g^ir", 4 }, ni, nr;

	set_ike(a, old_ike);
	set_ike(&p->s[1], old_ike);
	pair_start(p);
	bring_up(p, 0);
	old = only_sa(a);
	set_ike(a, new_ike);
	new = sa_new(a->ike, true, 0);
	new->suite = a->conf.ike.p[0];
	new->ni.len = new->nr.len = 16;
	new->nr.b[0] = 1;
	assert_true(keys_derive(new, secret, old));

	for (int j = 0; j < 8; j++) {
		spis[j] = new->spi_i >> (56 - 8 * j);
		spis[8 + j] = new->spi_r >> (56 - 8 * j);
	}
	ni = (struct chunk){ new->ni.b, 16 };
	nr = (struct chunk){ new->nr.b, 16 };
	assert_true(prf(old->prf, (struct chunk){ old->sk_d, prf_len(old->prf) },
			(struct chunk[]){ secret, ni, nr }, 3, seed));
	assert_true(prf_plus(new->prf, (struct chunk){ seed, prf_len(old->prf) },
			     (struct chunk[]){ ni, nr, { spis, 16 } }, 3, keys,
			     prf_len(new->prf)));
	assert_memory_equal(new->sk_d, keys, prf_len(new->prf));
	transition_command(new, COMMAND_DROP, "test");
	sas_reap(a->ike);
	pair_free(p);
}

static void test_keys_of_another_prf(void **state)
{
	static const char sha256[] = "aes128gcm16-prfsha256-x25519",
			  sha512[] = "aes128gcm16-prfsha512-x25519";

	rekeyed_with(sha256, sha256);
	rekeyed_with(sha512, sha256);
	rekeyed_with(sha256, sha512);
}

/* What the IKE SA has is kept where the peer offers it, whatever we like better. */
static void test_rekeyed_ike_sa_keeps_its_suite(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *old, *new;
	struct letter l;

	set_ike(a, "aes128gcm16-prfsha384-x25519");
	set_ike(b, "aes128gcm16-prfsha256-prfsha384-x25519");
	pair_start(p);
	bring_up(p, 0);
	old = only_sa(a);
	set_ike(a, "aes128gcm16-prfsha256-prfsha384-x25519");
	new = ask_for_new_ike_sa(a, &l);
	give(b, &l);
	l = *oldest(b);
	take_answer(a, old, new, &l);
	assert_int_equal(new->prf, old->prf);
	assert_memory_equal(new->sk_d, tunnel_of(b)->sa->sk_d, prf_len(new->prf));
	transition_command(new, COMMAND_DROP, "test");
	sas_reap(a->ike);
	pair_free(p);
}

/*
 * A pair that waits for its DELETE, because a request is under way, when the peer rekeys the IKE
 * SA: it is deleted on the new one.
 */
static void test_old_child_is_inherited(void **state)
{
	struct pair *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *sa = only_sa(b);
	struct child *old = child_active(sa);
	struct letter l;

	soft_limit(a);
	carry(a);
	carry(b);
	drop(a);			/* A's DELETE is lost */
	only_sa(a)->next_out--;
	sa->want_liveness = true;
	xchg_next(sa);
	assert_true(child_switch(child_by_in(sa, old->successor), "test"));
	child_retire(old, "test");
	xchg_next(sa);
	assert_int_equal(old->state, CHILD_OLD);
	ask_for_new_ike_sa(a, &l);
	give(b, &l);
	assert_ptr_not_equal(old->sa, sa);
	p->now += 2000;
	ike_tick(b->ike);
	assert_int_equal(old->state, CHILD_DELETING);
	assert_int_equal(old->sa->req.subject, old->spi_in);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_rekey_with_pfs),
		cmocka_unit_test(test_group_of_the_peer),
		cmocka_unit_test(test_group_not_taken),
		cmocka_unit_test(test_peer_wants_a_group),
		cmocka_unit_test(test_no_group_in_common),
		cmocka_unit_test(test_peer_narrows),
		cmocka_unit_test(test_collisions),
		cmocka_unit_test(test_lowest_nonce_loses),
		cmocka_unit_test(test_late_collision),
		cmocka_unit_test(test_even_later_collision),
		cmocka_unit_test(test_rekey_meets_close),
		cmocka_unit_test(test_peer_never_answers),
		cmocka_unit_test(test_peer_never_deletes),
		cmocka_unit_test(test_soft_limit_before_the_switch),
		cmocka_unit_test(test_hard_limit),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_peer_rekeys_ike),
		cmocka_unit_test(test_keys_of_another_prf),
		cmocka_unit_test(test_rekeyed_ike_sa_keeps_its_suite),
		cmocka_unit_test(test_old_child_is_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
