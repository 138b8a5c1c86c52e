// SPDX-License-Identifier: GPL-2.0
/* Several children in one IKE SA: made, rekeyed and taken down by either end. */
#include "ike/exchange/exchange.h"
#include "ike/v2/offer.h"
#include "ike/v2/v2.h"
#include "unit/ike/ike_ends.h"

static struct ends *three(void)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		add_child(&p->s[i], "voice", i ? "10.2.1.0/24" : "10.1.1.0/24",
			  i ? "10.1.1.0/24" : "10.2.1.0/24");
		add_child(&p->s[i], "video", i ? "10.2.2.0/24" : "10.1.2.0/24",
			  i ? "10.1.2.0/24" : "10.2.2.0/24");
	}
	ends_start(p);
	return p;
}

static struct ends *three_up(int initiator)
{
	struct ends *p = three();

	bring_up(p, initiator);
	return p;
}

/* The two ends have the same pair for it, and its keys meet. */
static void assert_meets(struct ends *p, const char *name)
{
	for (int i = 0; i < 2; i++) {
		struct child *child = child_named(&p->s[i], name);
		const struct fake_policy *policy = fake_policy(&p->s[i].fake, child->id);
		const struct fake_sa *in;

		assert_int_equal(child->state, CHILD_UP);
		assert_non_null(policy);
		assert_true(policy->linked);
		in = fake_in(&p->s[!i].fake, policy->out.sa.spi);
		assert_non_null(in);
		assert_int_equal(in->policy, child_named(&p->s[!i], name)->id);
		assert_memory_equal(in->key, policy->out.key, sizeof(in->key));
	}
}

static void assert_all_meet(struct ends *p)
{
	assert_meets(p, "t");
	assert_meets(p, "voice");
	assert_meets(p, "video");
	for (int i = 0; i < 2; i++) {
		only_sa(&p->s[i]);
		assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
		assert_int_equal(p->s[i].ev[IKE_EV_DOWN].count, 0);
	}
}

static void test_three_children(void **state)
{
	for (int initiator = 0; initiator < 2; initiator++) {
		struct ends *p = three_up(initiator);

		assert_all_meet(p);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(p->s[i].ev[IKE_EV_CHILD_UP].count, 3);
			assert_string_equal(p->s[i].ev[IKE_EV_CHILD_UP].who, "t/video");
		}
		/* IKE_SA_INIT, IKE_AUTH and a CREATE_CHILD_SA for each of the others */
		assert_int_equal(p->s[initiator].sent, 4);
		assert_int_equal(p->s[!initiator].sent, 4);
		ends_free(p);
	}
}

/* Each has keys and limits of its own: all are rekeyed, by both ends, at once. */
static void test_all_are_rekeyed(void **state)
{
	static const char *const names[] = { "t", "voice", "video" };
	struct ends *p = three_up(0);

	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 3; i++) {
			if (round != 1)
				soft_limit_of(child_named(&p->s[0], names[i]));
			if (round != 0)
				soft_limit_of(child_named(&p->s[1], names[i]));
		}
		carry_all(p);
		pass(p, 2 * PAIR_LINGER_MS);
		carry_all(p);
		pass(p, 2 * PAIR_LINGER_MS);
		assert_all_meet(p);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(p->s[i].fake.in_count, 3);
			assert_int_equal(p->s[i].fake.reserved, 0);
		}
	}
	for (int i = 0; i < 3; i++)
		assert_true(child_named(&p->s[0], names[i])->rekeys >= 4);
	ends_free(p);
}

static void down(struct side *s, const char *name)
{
	assert_int_equal(ike_down(s->ike, child_named(s, name)->id, "taken down by the user"), 0);
}

/* One is taken down and brought up again, by either end: the others notice nothing. */
static void test_one_goes_and_comes(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = three_up(0);
		struct side *s = &p->s[who], *other = &p->s[!who];

		down(s, "voice");
		assert_int_equal(s->fake.policy_count, 2);
		carry_all(p);
		assert_int_equal(other->fake.policy_count, 2);
		assert_int_equal(child_named(other, "voice")->state, CHILD_DOWN);
		ended_in(other, IKE_EV_CHILD_DOWN, IKE_FAIL_DOWN, "the peer has deleted");
		pass(p, 2 * PAIR_LINGER_MS);
		assert_int_equal(s->fake.in_count, 2);
		assert_int_equal(s->fake.reserved, 0);
		assert_meets(p, "t");
		assert_meets(p, "video");
		assert_int_equal(ike_up(s->ike, child_named(s, "t")->id), -EALREADY);
		assert_int_equal(ike_up(s->ike, child_named(s, "voice")->id), 0);
		pass(p, 0);
		carry_all(p);
		assert_meets(p, "voice");
		/* of the peer UP is said once, of the child after each DOWN */
		assert_int_equal(s->ev[IKE_EV_DOWN].count + other->ev[IKE_EV_DOWN].count, 0);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(p->s[i].ev[IKE_EV_UP].count, 1);
			assert_int_equal(p->s[i].ev[IKE_EV_CHILD_UP].count, 4);
			assert_int_equal(p->s[i].ev[IKE_EV_CHILD_DOWN].count, 1);
		}
		ends_free(p);
	}
}

/* E18: taken down by a person it stays down, also for the peer, until it is wanted again. */
static void test_down_sticks_for_a_child(void **state)
{
	struct ends *p = three_up(0);
	struct side *a = &p->s[0], *b = &p->s[1];

	down(b, "voice");
	carry_all(p);
	assert_int_equal(ike_up(a->ike, child_named(a, "voice")->id), 0);
	pass(p, 0);
	carry_all(p);
	assert_int_equal(child_named(a, "voice")->state, CHILD_DOWN);
	assert_int_equal(a->ev[IKE_EV_CHILD_FAILED].failure, IKE_FAIL_TS);
	assert_int_equal(b->fake.policy_count, 2);
	assert_int_equal(ike_up(b->ike, child_named(b, "voice")->id), 0);
	pass(p, 0);
	carry_all(p);
	assert_all_meet(p);
	ends_free(p);
}

/* The last one takes the IKE SA with it. */
static void test_no_child_no_ike_sa(void **state)
{
	struct ends *p = three_up(0);
	struct side *a = &p->s[0], *b = &p->s[1];

	down(a, "t");
	down(a, "voice");
	down(a, "video");
	carry_all(p);
	pass(p, 60000);
	carry_all(p);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p->s[i].ev[IKE_EV_DOWN].count, 1);
		assert_true(fake_is_empty(&p->s[i].fake));
		assert_true(TAILQ_EMPTY(&p->s[i].ike->sas) || i);
	}
	assert_int_equal(peer_of(b)->state, PEER_DOWN);
	ends_free(p);
}

/* Of three one is refused: the peer is up all the same, and says which child is not. */
static void test_one_is_refused(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	add_child(a, "voice", "10.1.1.0/24", "10.2.1.0/24");
	add_child(a, "video", "10.1.2.0/24", "10.2.2.0/24");
	add_child(b, "video", "10.2.2.0/24", "10.1.2.0/24");
	ends_start(p);
	attempt(p, 0);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_meets(p, "t");
	assert_meets(p, "video");
	ended_in(a, IKE_EV_CHILD_FAILED, IKE_FAIL_TS, "10.2.1.0/24");
	assert_string_equal(a->ev[IKE_EV_CHILD_FAILED].who, "t/voice");
	assert_int_equal(a->fake.reserved, 0);
	ends_free(p);
}

/* The first of two, which goes with IKE_AUTH: the IKE SA stands for the other, RFC 7296 1.2. */
static void test_the_first_is_refused(void **state)
{
	for (int initiator = 0; initiator < 2; initiator++) {
		struct ends *p = ends_new();
		struct side *s = &p->s[initiator];

		set_ts(&p->s[1], "10.9.0.0/24", "10.8.0.0/24");
		add_child(&p->s[0], "voice", "10.1.1.0/24", "10.2.1.0/24");
		add_child(&p->s[1], "voice", "10.2.1.0/24", "10.1.1.0/24");
		ends_start(p);
		attempt(p, initiator);
		for (int i = 0; i < 2; i++)
			assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
		assert_meets(p, "voice");
		ended_in(s, IKE_EV_CHILD_FAILED, IKE_FAIL_TS,
			 initiator ? "10.9.0.0/24" : "10.1.0.0/24");
		ends_free(p);
	}
}

static void narrow(struct ts_list **list, const char *text)
{
	const char *why;
	struct ts ts;

	assert_true(ts_parse(&ts, text, &why));
	ts_list_put(*list);
	*list = ts_list_new(&ts, 1);
}

/* As if the peer answered with more than was offered: in IKE_AUTH, and for another child. */
static void test_answer_beyond_the_offer(void **state)
{
	for (int what = 0; what < 4; what++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0], *b = &p->s[1];
		struct child_conf *conf;

		add_child(a, "voice", "10.1.1.0/24", "10.2.1.0/24");
		add_child(b, "voice", "10.2.1.0/24", "10.1.1.0/24");
		ends_start(p);
		start(p, 0);
		carry(a);
		carry(b);
		for (int i = 0; i < what / 2; i++) {
			carry(a);
			carry(b);
		}
		conf = &tunnel_of(a)->conf->child[what / 2];
		if (what % 2)
			narrow(&conf->local_ts, what / 2 ? "10.1.1.0/25" : "10.1.0.0/25");
		else
			narrow(&conf->remote_ts, what / 2 ? "10.2.1.0/25" : "10.2.0.0/25");
		carry(a);
		carry(b);
		ended_in(a, IKE_EV_CHILD_FAILED, IKE_FAIL_TS, "beyond what we offered");
		assert_string_equal(a->ev[IKE_EV_CHILD_FAILED].who, what / 2 ? "t/voice" : "t");
		ends_free(p);
	}
}

/* But not for ever. */
static void test_no_other_follows(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_ts(b, "10.9.0.0/24", "10.8.0.0/24");
	ends_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	carry(a);
	drop(b);			/* its answer to IKE_AUTH */
	assert_int_equal(only_sa(b)->state, SA_ESTABLISHED);
	pass(p, 4000);
	assert_int_equal(only_sa(b)->state, SA_ESTABLISHED);
	pass(p, 2000);
	assert_int_equal(only_sa(b)->state, SA_CLOSING);
	ends_free(p);
}

/*
 * The responder wants a child itself that the initiator does not make: it asks for it after a
 * moment, also where an attempt of its own had begun, and says then how its peer is.
 */
static void test_responder_makes_its_own(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	add_child(b, "voice", "10.2.1.0/24", "10.1.1.0/24");
	ends_start(p);
	start(p, 1);
	drop(b);
	child_named(b, "voice")->failures = 6;	/* which make its next try no later */
	attempt(p, 0);
	assert_meets(p, "t");
	assert_int_equal(child_named(b, "voice")->state, CHILD_CONNECTING);
	pass(p, 4000);
	carry_all(p);
	ended_in(b, IKE_EV_CHILD_FAILED, IKE_FAIL_TS, "10.2.1.0/24");
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_int_equal(b->ev[IKE_EV_UP].count, 1);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 0);
	ends_free(p);
}

/*
 * We refuse what the peer's IKE_AUTH answer makes of the first child: the IKE SA stands, and the
 * peer is told to delete what it has made.
 */
static void test_answer_is_refused(void **state)
{
	struct ends *p = three();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct child_conf *conf;
	struct side other = { .conf.child_count = 1 };
	struct ts_list *was;

	start(p, 0);
	carry(a);
	carry(b);
	carry(a);
	assert_int_equal(child_named(b, "t")->state, CHILD_UP);
	/* A has meant less than it said */
	conf = (struct child_conf *)child_named(a, "t")->conf;
	was = conf->local_ts;
	set_ts(&other, "10.1.0.0/25", "10.2.0.0/24");
	conf->local_ts = other.child[0].local_ts;
	carry_all(p);
	ended_in(a, IKE_EV_CHILD_FAILED, IKE_FAIL_TS, "beyond what we offered");
	assert_int_equal(child_named(b, "t")->state, CHILD_DOWN);
	assert_meets(p, "voice");
	assert_meets(p, "video");
	pass(p, 2 * PAIR_LINGER_MS);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p->s[i].fake.in_count, 2);
		assert_int_equal(p->s[i].fake.reserved, 0);
		assert_int_equal(p->s[i].fake.policy_count, 2);
	}
	ts_list_put(was);
	ts_list_put(other.child[0].remote_ts);
	ends_free(p);
}

/* Both ask for the same child at once, whatever crosses: one pair comes of it. */
static void test_both_make_the_same(void **state)
{
	for (unsigned int order = 0; order < 64; order++) {
		struct ends *p = three_up(0);

		down(&p->s[0], "voice");
		carry_all(p);
		pass(p, 2 * PAIR_LINGER_MS);
		for (int i = 0; i < 2; i++) {
			struct child *child = child_named(&p->s[i], "voice");

			assert_int_equal(ike_up(child->ike, child->id), 0);
		}
		pass(p, 0);
		for (int i = 0; i < 6; i++)
			carry(&p->s[order >> i & 1]);
		carry_all(p);
		pass(p, 10000);
		carry_all(p);
		pass(p, 2 * PAIR_LINGER_MS);
		assert_all_meet(p);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(p->s[i].fake.in_count, 3);
			assert_int_equal(p->s[i].fake.reserved, 0);
			/* who was told to wait says nothing of it */
			assert_int_equal(p->s[i].ev[IKE_EV_CHILD_FAILED].count, 0);
			assert_int_equal(p->s[i].ev[IKE_EV_CHILD_UP].count, 4);
		}
		ends_free(p);
	}
}

static uint32_t ask_spi;
static struct child *ask_child;

static void fill_new_child(struct builder *b)
{
	static const uint8_t nonce[IKE_NONCE_LEN] = { 1 };

	offer_build(b, &ask_child->conf->esp, false, ask_spi);
	build_nonce(b, nonce, sizeof(nonce));
	build_ts(b, PAYLOAD_TSI, ask_child->conf->local_ts->ts, 1);
	build_ts(b, PAYLOAD_TSR, ask_child->conf->remote_ts->ts, 1);
}

/*
 * The peer's request for the child comes when our own has made it: at no time does an end send on
 * what the other does not have yet. RFC 7296 2.8.1
 */
static void test_second_waits_for_the_first(void **state)
{
	struct ends *p = three_up(0);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter late;
	uint32_t first;

	down(a, "voice");
	carry_all(p);
	pass(p, 2 * PAIR_LINGER_MS);
	assert_int_equal(ike_up(a->ike, child_named(a, "voice")->id), 0);
	assert_int_equal(ike_up(b->ike, child_named(b, "voice")->id), 0);
	pass(p, 0);
	late = *oldest(b);
	drop(b);
	carry(a);
	carry(b);
	assert_meets(p, "voice");
	first = child_named(a, "voice")->out->spi_out;
	give(a, &late);
	assert_meets(p, "voice");
	while (carry(b) || carry(a))
		assert_meets(p, "voice");
	assert_int_not_equal(child_named(a, "voice")->out->spi_out, first);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
	pass(p, 2 * PAIR_LINGER_MS);
	assert_all_meet(p);
	for (int i = 0; i < 2; i++)
		assert_int_equal(p->s[i].fake.in_count, 3);
	ends_free(p);
}

/*
 * A peer that keeps both, and one that has lost the first: it is not waited for without an end. One
 * whose request is the first since then may have asked long ago.
 */
static void test_second_of_a_peer_that_keeps_both(void **state)
{
	enum { SOON, LATE, LOST };

	for (int how = SOON; how <= LOST; how++) {
		struct ends *p = three_up(0);
		struct side *a = &p->s[0], *b = &p->s[1];
		struct letter l;

		down(a, "voice");
		carry_all(p);
		assert_int_equal(ike_up(a->ike, child_named(a, "voice")->id), 0);
		pass(p, 0);
		carry_all(p);
		assert_meets(p, "voice");
		if (how != SOON)
			pass(p, PAIR_SWITCH_MS);
		if (how == LOST)
			ike_probe(b->ike);
		carry_all(p);
		ask_child = child_named(b, "voice");
		ask_spi = 0x4321;
		forge_request(b, EXCHANGE_CREATE_CHILD_SA, fill_new_child, &l);
		give(a, &l);
		assert_int_equal(child_named(a, "voice")->out->spi_out == ask_spi, how == LOST);
		ike_probe(a->ike);	/* it lives */
		p->now += PAIR_SWITCH_MS;
		carry_all(p);
		side_tick(a);
		assert_int_equal(child_named(a, "voice")->out->spi_out, ask_spi);
		ends_free(p);
	}
}

static void fill_delete(struct builder *b)
{
	build_delete(b, PROTO_ESP, &ask_spi, 1);
}

/*
 * The peer makes another pair and deletes that while our DELETE of the first still waits for a
 * request of ours under way: the peer has to hear of the first too, or it sends on it for ever.
 */
static void test_peer_deletes_the_second(void **state)
{
	struct ends *p = three_up(0);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	ike_probe(b->ike);
	ask_child = child_named(a, "voice");
	ask_spi = 0x4321;
	forge_request(a, EXCHANGE_CREATE_CHILD_SA, fill_new_child, &l);
	give(b, &l);
	assert_int_equal(child_named(b, "voice")->out->spi_out, ask_spi);
	forge_request(a, EXCHANGE_INFORMATIONAL, fill_delete, &l);
	give(b, &l);
	assert_int_equal(child_named(b, "voice")->state, CHILD_DOWN);
	carry_all(p);
	assert_int_equal(child_named(a, "voice")->state, CHILD_DOWN);
	pass(p, 2 * PAIR_LINGER_MS);
	for (int i = 0; i < 2; i++)
		assert_int_equal(p->s[i].fake.in_count, 2);
	assert_meets(p, "t");
	assert_meets(p, "video");
	ends_free(p);
}

/*
 * A rekey is answered when its child is gone from the kernel: the peer is told to delete what it
 * made, and the SPI that was reserved for it is given back.
 */
static void test_rekey_of_what_is_gone(void **state)
{
	struct ends *p = three_up(0);
	struct side *a = &p->s[0], *b = &p->s[1];

	soft_limit_of(child_named(a, "voice"));
	carry(a);
	down(a, "voice");
	carry_all(p);
	pass(p, 2 * PAIR_LINGER_MS);
	carry_all(p);
	assert_int_equal(child_named(a, "voice")->state, CHILD_DOWN);
	assert_int_equal(child_named(b, "voice")->state, CHILD_DOWN);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p->s[i].fake.policy_count, 2);
		assert_int_equal(p->s[i].fake.in_count, 2);
		assert_int_equal(p->s[i].fake.reserved, 0);
	}
	ends_free(p);
}

/* Routes that another child has the host refuses: this child fails, with the host's sentence. */
/* The peer wants another group for a new child than the first of ours. */
static void test_new_child_with_another_group(void **state)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		add_child(&p->s[i], "voice", i ? "10.2.1.0/24" : "10.1.1.0/24",
			  i ? "10.1.1.0/24" : "10.2.1.0/24");
		set_esp(&p->s[i], i ? "aes128gcm16-ecp256-esn" : "aes128gcm16-x25519-ecp256-esn");
	}
	ends_start(p);
	bring_up(p, 0);
	assert_meets(p, "voice");
	ends_free(p);
}

/* Later it wants a third one: what it has wanted before is not held against it. */
static void test_new_child_with_a_third_group(void **state)
{
	struct ends *p = ends_new();
	struct child *voice;

	for (int i = 0; i < 2; i++) {
		add_child(&p->s[i], "voice", i ? "10.2.1.0/24" : "10.1.1.0/24",
			  i ? "10.1.1.0/24" : "10.2.1.0/24");
		set_esp(&p->s[i], i ? "aes128gcm16-ecp256-esn" :
				      "aes128gcm16-x25519-ecp256-ecp384-esn");
	}
	ends_start(p);
	bring_up(p, 0);
	voice = child_named(&p->s[0], "voice");
	assert_int_equal(ike_down(p->s[0].ike, voice->id, "by hand"), 0);
	carry_all(p);
	set_esp(&p->s[1], "aes128gcm16-ecp384-esn");
	assert_int_equal(side_reload(&p->s[1]), 0);
	carry_all(p);
	let_time_pass(p, 60);
	assert_int_equal(ike_up(p->s[0].ike, voice->id), 0);
	let_time_pass(p, 60);
	assert_int_equal(p->s[0].ev[IKE_EV_CHILD_FAILED].count, 0);
	assert_meets(p, "voice");
	ends_free(p);
}

/* Its CREATE_CHILD_SA is lost with its IKE SA: the next one makes it. */
static void test_new_child_outlives_its_ike_sa(void **state)
{
	struct ends *p = three();

	start(p, 0);
	for (int i = 0; i < 4; i++)
		carry(&p->s[i % 2]);
	assert_true(drop(&p->s[0]));		/* the request for the second child */
	side_restart(&p->s[1]);
	start(p, 1);
	carry_all(p);
	pass(p, 10000);
	carry_all(p);
	pass(p, 60000);
	carry_all(p);
	assert_all_meet(p);
	ends_free(p);
}

static void test_host_refuses_a_child(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = three();
		struct side *s = &p->s[who];

		s->fake.child_refuses = "10.9.0.0/24 goes to eth7 already";
		attempt(p, 0);
		carry_all(p);
		pass(p, 60000);
		carry_all(p);
		assert_int_equal(peer_of(s)->state, PEER_DOWN);
		assert_true(fake_is_empty(&s->fake));
		said(s, who ? IKE_EV_REFUSED : IKE_EV_CHILD_FAILED, "eth7");
		assert_int_equal(s->fake.links, s->fake.unlinks);
		ends_free(p);
	}
}

/*
 * The peer takes the child down and up again while its answer to our rekey is lost: what it has
 * made then is what the child sends on, whatever that answer brings.
 */
static void test_made_anew_during_a_rekey(void **state)
{
	struct ends *p = three_up(0);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter rekey;

	soft_limit_of(child_named(b, "voice"));
	rekey = *oldest(b);
	carry(b);
	drop(a);
	assert_int_equal(ike_down(a->ike, child_named(a, "voice")->id, "by hand"), 0);
	assert_int_equal(ike_up(a->ike, child_named(a, "voice")->id), 0);
	/* with no other child it is made before what is left is deleted */
	ike_down(a->ike, child_named(a, "t")->id, "by hand");
	ike_down(a->ike, child_named(a, "video")->id, "by hand");
	pass(p, 0);
	carry(a);
	while (b->count) {
		if (oldest(b)->msg[18] == EXCHANGE_CREATE_CHILD_SA)
			drop(b);
		else
			carry(b);
	}
	assert_int_equal(oldest(a)->msg[18], EXCHANGE_CREATE_CHILD_SA);
	carry(a);
	give(a, &rekey);
	carry_all(p);
	pass(p, 2 * PAIR_LINGER_MS);
	carry_all(p);
	assert_meets(p, "voice");
	assert_int_equal(child_named(b, "voice")->state, CHILD_UP);
	assert_int_equal(a->fake.in_count, 1);
	assert_int_equal(b->fake.in_count, 1);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_children),
		cmocka_unit_test(test_all_are_rekeyed),
		cmocka_unit_test(test_one_goes_and_comes),
		cmocka_unit_test(test_down_sticks_for_a_child),
		cmocka_unit_test(test_no_child_no_ike_sa),
		cmocka_unit_test(test_one_is_refused),
		cmocka_unit_test(test_the_first_is_refused),
		cmocka_unit_test(test_no_other_follows),
		cmocka_unit_test(test_answer_beyond_the_offer),
		cmocka_unit_test(test_responder_makes_its_own),
		cmocka_unit_test(test_answer_is_refused),
		cmocka_unit_test(test_both_make_the_same),
		cmocka_unit_test(test_second_waits_for_the_first),
		cmocka_unit_test(test_second_of_a_peer_that_keeps_both),
		cmocka_unit_test(test_peer_deletes_the_second),
		cmocka_unit_test(test_rekey_of_what_is_gone),
		cmocka_unit_test(test_new_child_with_another_group),
		cmocka_unit_test(test_new_child_with_a_third_group),
		cmocka_unit_test(test_new_child_outlives_its_ike_sa),
		cmocka_unit_test(test_host_refuses_a_child),
		cmocka_unit_test(test_made_anew_during_a_rekey),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
