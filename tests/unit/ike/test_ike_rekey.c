// SPDX-License-Identifier: GPL-2.0
/* CREATE_CHILD_SA: who switches when, and collisions moved one message at a time. */
#include "ike/exchange/exchange.h"
#include "ike/v2/child_exchange.h"
#include "ike/v2/offer.h"
#include "unit/ike/ike_ends.h"

struct spis {
	uint32_t in[2];
};

static struct spis current(struct ends *p)
{
	return (struct spis){ { child_of(&p->s[0])->out->spi_in,
				child_of(&p->s[1])->out->spi_in } };
}

static void assert_one_pair(struct ends *p, struct spis before)
{
	struct spis after = current(p);

	carry_all(p);
	pass(p, 2 * PAIR_LINGER_MS);
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		assert_int_equal(peer_of(s)->state, PEER_UP);
		assert_int_equal(s->fake.in_count, 1);
		assert_int_equal(s->fake.reserved, 0);
		assert_int_equal(fake_out_spi(&s->fake), p->s[!i].fake.in[0].sa.spi);
		assert_int_not_equal(after.in[i], before.in[i]);
		assert_int_equal(s->ev[IKE_EV_CHILD_REKEYED].count, 1);
		assert_int_equal(s->ev[IKE_EV_CHILD_UP].count, 1);
		assert_int_equal(s->ev[IKE_EV_CHILD_DOWN].count, 0);
		assert_int_equal(s->ev[IKE_EV_DOWN].count, 0);
	}
}

/* The inbound SPI that the rekey under way has reserved. */
static uint32_t made_by(struct side *s)
{
	struct exchange *ex = TAILQ_FIRST(&only_sa(s)->exchanges);

	assert_ptr_equal(ex->kind, &v2_kind_rekey_child);
	return ((const struct child_exchange *)ex->priv)->new_spi;
}

static struct ends *up(const char *esp_a, const char *esp_b)
{
	struct ends *p = ends_new();

	set_esp(&p->s[0], esp_a);
	set_esp(&p->s[1], esp_b);
	ends_start(p);
	bring_up(p, 0);
	return p;
}

/* ---- a peer that rekeys with less than there is, RFC 7296 2.9.2 */

static struct side *narrower;

static void fill_narrower(struct builder *b)
{
	static const uint8_t nonce[IKE_NONCE_LEN] = { 1 };
	const struct child *child = child_of(narrower);
	struct ts half = child->local_ts->ts[0];

	half.end.b[3] = 127;
	build_notify(b, NOTIFY_REKEY_SA, PROTO_ESP, child->out->spi_in, 4, NULL, 0);
	offer_build(b, &child->conf->esp, false, 0x12345678);
	build_nonce(b, nonce, sizeof(nonce));
	build_ts(b, PAYLOAD_TSI, &half, 1);
	build_ts(b, PAYLOAD_TSR, child->remote_ts->ts, child->remote_ts->count);
}

static void test_rekey_with_less(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	narrower = a;
	forge_request(a, EXCHANGE_CREATE_CHILD_SA, fill_narrower, &l);
	give(b, &l);
	assert_int_equal(error_in_answer(a, b), NOTIFY_TS_UNACCEPTABLE);
	assert_int_equal(b->fake.in_count, 1);
	assert_int_equal(b->fake.reserved, 0);
	ends_free(p);
}

/* The order in which packets find their SAs: see child_sa.h. */
static void rekey_from(int who)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *i = &p->s[who], *r = &p->s[!who];
	struct spis old = current(p);
	uint32_t r_out = fake_out_spi(&r->fake), i_out = fake_out_spi(&i->fake);

	soft_limit(i);
	carry(i);
	/* the responder can receive on the new pair, and sends on the old one */
	assert_int_equal(r->fake.in_count, 2);
	assert_int_equal(fake_out_spi(&r->fake), r_out);
	assert_int_equal(fake_out_spi(&i->fake), i_out);
	carry(r);
	/* the initiator uses the new pair, and still receives on the old one */
	assert_int_equal(i->fake.in_count, 2);
	assert_int_not_equal(fake_out_spi(&i->fake), i_out);
	assert_non_null(fake_in(&r->fake, fake_out_spi(&i->fake)));
	assert_int_equal(fake_out_spi(&r->fake), r_out);
	assert_non_null(fake_in(&i->fake, fake_out_spi(&r->fake)));
	carry(i);		/* DELETE */
	assert_int_not_equal(fake_out_spi(&r->fake), r_out);
	assert_non_null(fake_in(&i->fake, fake_out_spi(&r->fake)));
	assert_int_equal(r->fake.in_count, 2);
	carry(r);
	assert_int_equal(i->fake.in_count, 2);
	/* for the packets under way */
	pass(p, PAIR_LINGER_MS - 1);
	assert_int_equal(i->fake.in_count, 2);
	assert_int_equal(r->fake.in_count, 2);
	pass(p, 1);
	assert_int_equal(i->fake.in_count, 1);
	assert_int_equal(r->fake.in_count, 1);
	assert_one_pair(p, old);
	ends_free(p);
}

static void test_rekey(void **state)
{
	rekey_from(0);
	rekey_from(1);
}

static void test_rekey_with_pfs(void **state)
{
	struct ends *p = up("aes128gcm16-x25519-esn", "aes128gcm16-x25519-esn");
	struct spis old = current(p);
	struct ike_child_status st = child_status(&p->s[0]);

	assert_string_equal(st.esp_suite, "aes128gcm16-esn");
	soft_limit(&p->s[0]);
	carry_all(p);
	assert_one_pair(p, old);
	st = child_status(&p->s[0]);
	assert_string_equal(st.esp_suite, "aes128gcm16-x25519-esn");
	assert_int_equal(st.rekeys, 1);
	ends_free(p);
}

static void test_group_of_the_peer(void **state)
{
	struct ends *p = up("aes128gcm16-x25519-ecp256-esn", "aes128gcm16-ecp256-esn");
	struct spis old = current(p);
	unsigned int sent = p->s[0].sent;

	soft_limit(&p->s[0]);
	carry_all(p);
	assert_int_equal(p->s[0].sent, sent + 3);	/* twice, and the DELETE */
	assert_one_pair(p, old);
	ends_free(p);
}

/* We offer a group but also do without; the peer takes the latter. */
static void test_group_not_taken(void **state)
{
	struct ends *p = up("aes128gcm16-x25519-esn aes128gcm16-esn", "aes128gcm16-esn");
	struct spis old = current(p);

	soft_limit(&p->s[0]);
	carry_all(p);
	assert_one_pair(p, old);
	ends_free(p);
}

/*
 * Where a KE is optional we offer none; a peer that insists gets one, the IKE SA's own if it is
 * among ours, and the next time at once.
 */
static void wants_group(const char *ours, const char *theirs, unsigned int requests)
{
	struct ends *p = up(ours, theirs);
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
	ends_free(p);
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
	struct ends *p = up("aes128gcm16-x25519-esn", "aes128gcm16-ecp256-esn");

	soft_limit(&p->s[0]);
	carry_all(p);
	assert_int_equal(peer_of(&p->s[0])->state, PEER_UP);
	assert_int_equal(p->s[0].fake.in_count, 1);
	assert_int_equal(p->s[0].ev[IKE_EV_CHILD_REKEYED].count, 0);
	/* and once more, a little later */
	pass(p, 6000);
	assert_true(p->s[0].count >= 1);
	ends_free(p);
}

/* Ours has no group and the peer insists: the sentence says what to write. */
static void test_peer_insists_on_a_group(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-x25519-esn");

	soft_limit(&p->s[0]);
	carry_all(p);
	assert_int_equal(p->s[0].ev[IKE_EV_CHILD_REKEYED].count, 0);
	said(&p->s[0], IKE_EV_REKEY_FAILED, "NO_PROPOSAL_CHOSEN");
	said(&p->s[0], IKE_EV_REKEY_FAILED, "esp needs a group");
	ends_free(p);
}

/* The peer's engine believes that the child has these selectors only. */
static void narrow(struct side *s, const char *local, const char *remote)
{
	struct child *child = child_of(s);
	struct side other = { .conf.child_count = 1 };

	set_ts(&other, local, remote);
	ts_list_put(child->local_ts);
	ts_list_put(child->remote_ts);
	child->local_ts = other.child[0].local_ts;
	child->remote_ts = other.child[0].remote_ts;
}

/*
 * RFC 7296 2.9.2: whoever asks, a rekey that carries less than the old pair is none. E23: the old
 * pair lives on, and what the peer has made is deleted again.
 */
static void rekey_narrowed(int who, const char *local, const char *remote)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct spis before = current(p);
	struct side *a = &p->s[0];

	narrow(&p->s[1], local, remote);
	soft_limit(&p->s[who]);
	carry_all(p);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 0);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->ev[IKE_EV_CHILD_DOWN].count, 0);
	assert_int_equal(current(p).in[0], before.in[0]);
	pass(p, PAIR_LINGER_MS);
	for (int i = 0; i < 2; i++)
		assert_int_equal(p->s[i].fake.in_count, 1);
	if (who == 0) {
		/* and it is tried again */
		narrow(&p->s[1], "10.2.0.0/24", "10.1.0.0/24");
		carry_all(p);
		pass(p, PAIR_RETRY_MAX_MS);
		carry_all(p);
		assert_one_pair(p, before);
	}
	ends_free(p);
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
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct spis old = current(p), now;
	uint32_t made[2];

	p->s[0].fake.rng += order;	/* either may have the lowest nonce */
	soft_limit(&p->s[0]);
	soft_limit(&p->s[1]);
	for (int i = 0; i < 2; i++)
		made[i] = made_by(&p->s[i]);
	for (int i = 0; i < 10; i++)
		carry(&p->s[order >> i & 1]);
	carry_all(p);
	now = current(p);
	assert_one_pair(p, old);
	/* the survivor is one of the two that were begun */
	assert_true((now.in[0] == made[0]) != (now.in[1] == made[1]));
	ends_free(p);
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
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct spis old = current(p), now;
	uint32_t made_by_b;

	a->fake.nonce_fill = 0x99;
	b->fake.nonce_fill = 0x55;
	soft_limit(a);			/* Ni of A's: 99 */
	soft_limit(b);			/* Ni of B's: 55 */
	made_by_b = made_by(b);
	b->fake.nonce_fill = 0x11;
	a->fake.nonce_fill = 0x77;
	carry(a);			/* Nr of A's: 11, the lowest */
	carry(b);			/* Nr of B's: 77 */
	carry_all(p);
	now = current(p);
	assert_int_equal(now.in[1], made_by_b);
	assert_one_pair(p, old);
	ends_free(p);
}

/* RFC 7296 2.8.1: one request is lost, the other rekey is complete when it comes again. */
static void test_late_collision(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
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
	ends_free(p);
}

static void test_even_later_collision(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct spis old = current(p);

	soft_limit(a);
	soft_limit(b);
	drop(b);
	carry(a);
	carry(b);
	while (carry(a) || carry(b))
		;
	pass(p, PAIR_LINGER_MS + 1000); /* A has forgotten the old pair: CHILD_SA_NOT_FOUND */
	carry_all(p);
	assert_one_pair(p, old);
	ends_free(p);
}

/* RFC 7296 2.25.1: a rekey meets the DELETE of the same; the tunnel goes down once, in order. */
static void test_rekey_meets_close(void **state)
{
	for (unsigned int order = 0; order < 64; order++) {
		struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");

		soft_limit(&p->s[0]);
		assert_int_equal(side_down(&p->s[1]), 0);
		for (int i = 0; i < 6; i++)
			carry(&p->s[order >> i & 1]);
		carry_all(p);
		pass(p, 60000);
		carry_all(p);
		pass(p, 60000);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(p->s[i].ev[IKE_EV_DOWN].count, 1);
			assert_int_equal(p->s[i].fake.in_count, 0);
			assert_int_equal(p->s[i].fake.reserved, 0);
			assert_true(TAILQ_EMPTY(&p->s[i].ike->sas));
		}
		ends_free(p);
	}
}

static void test_peer_never_answers(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0];

	soft_limit(a);
	pass(p, 60000);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 1);
	assert_int_equal(a->ev[IKE_EV_DOWN].failure, IKE_FAIL_TIMEOUT);
	assert_int_equal(a->fake.in_count, 0);
	assert_int_equal(a->fake.reserved, 0);
	ends_free(p);
}

static void hard_limit(struct side *s)
{
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE,
		.policy = child_of(s)->id,
		.hard = true,
		.out = true,
		.spi = fake_out_spi(&s->fake),
	};

	ike_kern_event(s->ike, &ev);
}

/*
 * The peer's DELETE never comes: at the hard limit, and after a while, we use the new pair all
 * the same.
 */
static void test_peer_never_deletes(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	uint32_t out = fake_out_spi(&b->fake);

	soft_limit(a);
	carry(a);
	carry(b);
	hard_limit(b);
	assert_int_equal(fake_out_spi(&b->fake), out);
	p->now += PAIR_SWITCH_MS - 1000;
	ike_probe(b->ike);		/* it lives */
	carry(b);
	while (a->count > 1)		/* the DELETE is lost, the answer is not */
		drop(a);
	carry(a);
	p->now += 1000;
	side_tick(b);
	assert_int_not_equal(fake_out_spi(&b->fake), out);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	ends_free(p);
}

/*
 * Nor does anything else arrive: perhaps our answer neither. The peer is asked, and while it is not
 * heard we send on the old pair.
 */
static void test_answer_does_not_arrive(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	uint32_t out = fake_out_spi(&b->fake);

	soft_limit(a);
	carry(a);
	drop(b);
	hard_limit(b);
	p->now += PAIR_SWITCH_MS;
	side_tick(b);
	assert_int_equal(fake_out_spi(&b->fake), out);
	drop(b);			/* the question */
	p->now += PAIR_HEARD_MS;
	side_tick(b);
	assert_int_equal(fake_out_spi(&b->fake), out);
	carry(b);			/* once more */
	side_tick(a);			/* a asks again, for both ways are open again */
	while (a->count || b->count) {
		carry(a);
		carry(b);
		assert_non_null(fake_in(&a->fake, fake_out_spi(&b->fake)));
	}
	assert_int_not_equal(fake_out_spi(&b->fake), out);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
	assert_int_equal(b->ev[IKE_EV_CHILD_REKEYED].count, 1);
	ends_free(p);
}

/* a's answer to a question of b's, which shows that it lives. */
static void is_heard(struct side *a, struct side *b)
{
	ike_probe(b->ike);
	carry(b);
	carry(a);
}

/*
 * The peer lives, but asks again for our answer: it does not have it, and we send on the old pair.
 * That may be a replay of its question, and does not go on for ever.
 */
static void test_answer_is_asked_for_again(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	uint32_t out = fake_out_spi(&b->fake);
	struct letter request;
	uint64_t answered;

	soft_limit(a);
	request = *oldest(a);
	carry(a);
	answered = p->now;
	drop(b);
	hard_limit(b);
	while (p->now < answered + PAIR_ASKED_MS) {
		side_tick(b);
		assert_int_equal(fake_out_spi(&b->fake), out);
		p->now += PAIR_SWITCH_MS / 6;
		give(b, &request);
		drop(b);
		is_heard(a, b);
	}
	side_tick(b);
	assert_int_not_equal(fake_out_spi(&b->fake), out);
	ends_free(p);
}

static uint32_t deleted_spi;

static void fill_delete(struct builder *b)
{
	build_delete(b, PROTO_ESP, &deleted_spi, 1);
}

/* The peer deletes what our lost request is to rekey: it goes out again at once, and decides. */
static void test_deleted_while_our_request_is_lost(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	deleted_spi = child_of(a)->out->spi_in;
	soft_limit(b);
	drop(b);
	forge_request(a, EXCHANGE_INFORMATIONAL, fill_delete, &l);
	give(b, &l);
	assert_int_equal(b->count, 2);	/* our request; the answer to the DELETE */
	if (oldest(b)->msg[19] & MSG_RESPONSE)
		drop(b);
	assert_int_equal(oldest(b)->msg[18], EXCHANGE_CREATE_CHILD_SA);
	ends_free(p);
}

/* The kernel says it once, perhaps before the peer has deleted the old pair: not forgotten. */
static void test_soft_limit_before_the_switch(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE, .policy = child_of(b)->id,
	};

	soft_limit(a);
	carry(a);
	ev.spi = child_of(b)->out->successor;
	carry(b);
	ike_kern_event(b->ike, &ev);
	assert_int_equal(b->count, 0);
	carry_all(p);
	assert_int_equal(b->ev[IKE_EV_CHILD_REKEYED].count, 2);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 2);
	assert_int_equal(fake_out_spi(&b->fake), child_of(a)->out->spi_in);
	ends_free(p);
}

static void test_hard_limit(void **state)
{
	struct ends *p = up("aes128gcm16-esn", "aes128gcm16-esn");
	struct ike_kern_event ev = {
		.type = IKE_KERN_EXPIRE,
		.policy = child_of(&p->s[0])->id,
		.hard = true,
		.spi = p->s[0].fake.in[0].sa.spi,
	};

	ike_kern_event(p->s[0].ike, &ev);
	assert_int_equal(p->s[0].ev[IKE_EV_DOWN].count, 1);
	assert_non_null(strstr(p->s[0].ev[IKE_EV_DOWN].detail, "hard lifetime"));
	carry_all(p);
	assert_int_equal(p->s[1].ev[IKE_EV_DOWN].count, 1);
	ends_free(p);
}

/* What goes through between the limits leaves a rekey its time. Short blocks have a limit. */
static void test_limits(void **state)
{
	static const struct {
		const char *esp;
		uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets, at_most;
	} rows[] = {
		{ "aes128gcm16-esn", 0, 0, 0, 0 },
		{ "aes128gcm16-esn", 128 << 20, (128 << 20) + (1 << 30), 100000, 1100000 },
		{ "aes128gcm16-esn", 100ULL << 30, 110ULL << 30, 20000000, 22000000 },
		{ "aes128gcm16-esn", INT64_MAX, INT64_MAX + INT64_MAX / 10ULL, INT64_MAX,
		  INT64_MAX + INT64_MAX / 10ULL },
		{ "aes128gcm16-noesn", 0, 0, 0xe0000000, 0xf6666666 },
		{ "3des-sha1-esn", 0, 2ULL << 30, 0, 0, 1 << 30 },
		{ "3des-sha1-esn", 100ULL << 30, 2ULL << 30, 0, 0, 1 << 30 },
		{ "3des-sha1-esn", 128 << 20, (128 << 20) + (1 << 30), 0, 0, 128 << 20 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ends *p = ends_new();
		const struct kern_sa *sa = &p->s[0].fake.installed;

		set_esp(&p->s[0], rows[i].esp);
		set_esp(&p->s[1], rows[i].esp);
		p->s[0].child[0].rekey_bytes = rows[i].soft_bytes;
		p->s[0].child[0].rekey_packets = rows[i].soft_packets;
		ends_start(p);
		bring_up(p, 0);
		assert_true(sa->soft_bytes == (rows[i].at_most ?: rows[i].soft_bytes));
		assert_true(sa->hard_bytes == rows[i].hard_bytes);
		assert_true(sa->soft_packets == rows[i].soft_packets);
		assert_true(sa->hard_packets == rows[i].hard_packets);
		ends_free(p);
	}
}

static unsigned int pairs_of(struct side *s)
{
	const struct child_sa *pair;
	unsigned int count = 0;

	TAILQ_FOREACH(pair, &child_of(s)->pairs, link)
		count++;
	return count;
}

/* A peer that rekeys without end fills neither memory nor kernel: it is put off. */
static void test_rekey_without_end(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	ends_start(p);
	bring_up(p, 0);
	for (int i = 0; i < 40; i++) {
		soft_limit(a);		/* all in the same moment: what is deleted lingers */
		carry_all(p);
	}
	assert_int_equal(pairs_of(b), 16);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	pass(p, PAIR_LINGER_MS + 1000);
	carry_all(p);
	assert_in_range(pairs_of(b), 1, 2);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->fake.reserved + b->fake.reserved, 0);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_rekey_with_less),
		cmocka_unit_test(test_rekey_without_end),
		cmocka_unit_test(test_rekey_with_pfs),
		cmocka_unit_test(test_group_of_the_peer),
		cmocka_unit_test(test_group_not_taken),
		cmocka_unit_test(test_peer_wants_a_group),
		cmocka_unit_test(test_no_group_in_common),
		cmocka_unit_test(test_peer_insists_on_a_group),
		cmocka_unit_test(test_peer_narrows),
		cmocka_unit_test(test_collisions),
		cmocka_unit_test(test_lowest_nonce_loses),
		cmocka_unit_test(test_late_collision),
		cmocka_unit_test(test_even_later_collision),
		cmocka_unit_test(test_rekey_meets_close),
		cmocka_unit_test(test_peer_never_answers),
		cmocka_unit_test(test_peer_never_deletes),
		cmocka_unit_test(test_answer_does_not_arrive),
		cmocka_unit_test(test_answer_is_asked_for_again),
		cmocka_unit_test(test_deleted_while_our_request_is_lost),
		cmocka_unit_test(test_soft_limit_before_the_switch),
		cmocka_unit_test(test_hard_limit),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
