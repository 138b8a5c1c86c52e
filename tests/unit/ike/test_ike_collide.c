// SPDX-License-Identifier: GPL-2.0
/*
 * Collisions, RFC 7296 2.8.2 and 2.25: the rekey of the IKE SA against itself, against what
 * happens to children and against the end; every order in which the messages can cross.
 */
#include "ike/exchange/exchange.h"
#include "ike/settle.h"
#include "ike/v2/rekey.h"
#include "unit/ike/ike_ends.h"

#define ORDERS	1024	/* ten messages, of either end each */

static struct ends *up(void)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++)
		add_child(&p->s[i], "voice", i ? "10.2.1.0/24" : "10.1.1.0/24",
			  i ? "10.1.1.0/24" : "10.2.1.0/24");
	ends_start(p);
	bring_up(p, 0);
	return p;
}

static void rekey_ike(struct side *s)
{
	assert_int_equal(ike_rekey(s->ike, peer_of(s)->id), 0);
}

static void rekey_child(struct side *s)
{
	soft_limit(s);
}

static void rekey_voice(struct side *s)
{
	soft_limit_of(child_named(s, "voice"));
}

static void voice_down(struct side *s)
{
	assert_int_equal(ike_down(s->ike, child_named(s, "voice")->id, "taken down"), 0);
}

static void voice_up(struct side *s)
{
	assert_int_equal(ike_up(s->ike, child_named(s, "voice")->id), 0);
	ike_tick(s->ike);
}

static void all_down(struct side *s)
{
	assert_int_equal(side_down(s), 0);
}

static void assert_nothing_left(struct ends *p)
{
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		assert_int_equal(peer_of(s)->state, PEER_DOWN);
		assert_int_equal(s->ev[IKE_EV_DOWN].count, 1);
		assert_true(fake_is_empty(&s->fake));
		assert_true(TAILQ_EMPTY(&s->ike->sas));
		assert_int_equal(s->fake.links, s->fake.unlinks);
	}
}

/* The children live on, and the new IKE SA rekeys them for either end. */
static void assert_children_go_on(struct ends *p)
{
	for (int i = 0; i < 2; i++) {
		unsigned int before = p->s[i].ev[IKE_EV_CHILD_REKEYED].count;

		assert_int_equal(p->s[i].fake.unlinks, 0);
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_DOWN].count, 0);
		soft_limit(&p->s[i]);
		carry_all(p);
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_REKEYED].count, before + 1);
	}
	pass(p, 2 * PAIR_LINGER_MS);
	assert_one_ike_sa(p, 2);
}

static void test_rekey(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = up();
		struct side *s = &p->s[who];
		uint64_t before = only_sa(s)->spi_i;
		unsigned int sent;

		sent = s->sent;
		rekey_ike(s);
		cross(p, who ? ORDERS - 1 : 0);
		assert_int_equal(s->sent, sent + 2);	/* and the DELETE of the old one */
		assert_true(only_sa(s)->spi_i != before);
		assert_true(only_sa(s)->initiator && !only_sa(&p->s[!who])->initiator);
		assert_int_equal(only_sa(s)->began, !who);
		for (int i = 0; i < 2; i++)
			assert_int_equal(p->s[i].ev[IKE_EV_IKE_REKEYED].count, 1);
		assert_one_ike_sa(p, 2);
		assert_children_go_on(p);
		ends_free(p);
	}
}

/* Each is rekeyed in its turn, again and again. */
static void test_rekey_in_time(void **state)
{
	struct ends *p = ends_new();

	p->s[0].conf.rekey_s = 100;
	p->s[1].conf.rekey_s = 0;
	ends_start(p);
	bring_up(p, 0);
	for (int i = 0; i < 20; i++) {
		pass(p, 30000);
		carry_all(p);
	}
	assert_in_range(p->s[0].ev[IKE_EV_IKE_REKEYED].count, 4, 6);
	assert_int_equal(peer_of(&p->s[1])->state, PEER_UP);
	assert_int_equal(p->s[1].fake.unlinks, 0);
	ends_free(p);
}

/* Both at once. One survives; the children notice nothing. */
static void test_both_rekey(void **state)
{
	unsigned int won[2] = { 0, 0 };

	for (unsigned int order = 0; order < ORDERS; order++) {
		struct ends *p = up();

		p->s[0].fake.rng += order;	/* either may have the lowest nonce */
		rekey_ike(&p->s[0]);
		rekey_ike(&p->s[1]);
		cross(p, order);
		assert_one_ike_sa(p, 2);
		won[only_sa(&p->s[1])->initiator]++;
		if (order % 16 == 0)
			assert_children_go_on(p);
		ends_free(p);
	}
	assert_true(won[0] > ORDERS / 8 && won[1] > ORDERS / 8);
}

/* The rule: the IKE SA with the lowest of the four nonces goes, and who made it deletes it. */
static void test_lowest_nonce_loses(void **state)
{
	for (int low = 0; low < 4; low++) {
		struct ends *p = up();
		struct side *a = &p->s[0], *b = &p->s[1];
		bool a_loses = low == 0 || low == 3;

		a->fake.nonce_fill = low == 0 ? 0x11 : 0x99;
		b->fake.nonce_fill = low == 1 ? 0x11 : 0x88;
		rekey_ike(a);			/* Ni of A's */
		rekey_ike(b);			/* Ni of B's */
		a->fake.nonce_fill = low == 2 ? 0x11 : 0x77;
		b->fake.nonce_fill = low == 3 ? 0x11 : 0x66;
		carry(a);			/* Nr of A's, by B */
		carry(b);			/* Nr of B's, by A */
		a->fake.nonce_fill = b->fake.nonce_fill = 0;
		assert_true(a->count == 1 && b->count == 1);
		cross(p, 0x155);
		assert_one_ike_sa(p, 2);
		assert_int_equal(only_sa(a)->initiator, !a_loses);
		ends_free(p);
	}
}

/* B's request is lost: A does not notice, and has deleted the old one when it comes again. */
static void test_only_one_notices(void **state)
{
	for (unsigned int steps = 1; steps < 8; steps++) {
		struct ends *p = up();
		struct side *a = &p->s[0], *b = &p->s[1];

		rekey_ike(a);
		rekey_ike(b);
		drop(b);
		for (unsigned int i = 0; i < steps; i++)
			carry(i % 2 ? b : a);
		pass(p, 1000);		/* B asks again */
		cross(p, 0x155);
		assert_one_ike_sa(p, 2);
		assert_true(only_sa(a)->initiator);
		assert_int_equal(b->ev[IKE_EV_IKE_REKEYED].count, 1);
		ends_free(p);
	}
}

/* What the peer does with its IKE SA while ours is under way says that it has won. */
static void test_rival_is_used(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];

	rekey_ike(b);
	drop(b);			/* A will not notice */
	rekey_ike(a);
	carry(a);
	carry(b);
	drop(a);			/* nor is the old one deleted for now */
	assert_int_equal(peer_of(b)->sa->replaced, 0);
	soft_limit(a);			/* on the new one */
	carry(a);
	assert_int_not_equal(peer_of(b)->sa->replaced, 0);
	cross(p, 0x155);
	assert_one_ike_sa(p, 2);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
	ends_free(p);
}

/* The peer moves while both rekey: its address is not that of before, whichever wins. */
static void test_rival_follows(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_remote(b, "any");
	addr_parse(&p->nat, "203.0.113.9");
	p->nat_port = 1024;
	ends_start(p);
	bring_up(p, 0);
	rekey_ike(b);
	drop(b);			/* A will not notice */
	rekey_ike(a);
	carry(a);
	carry(b);
	p->nat_port = 2048;
	pass(p, 10);
	carry(a);			/* the DELETE of the old one */
	assert_int_not_equal(peer_of(b)->sa->replaced, 0);
	assert_int_equal(peer_of(b)->sa->remote.port, 2048);
	assert_int_equal(child_of(b)->remote.port, 2048);
	cross(p, 0x155);
	assert_one_ike_sa(p, 1);
	ends_free(p);
}

typedef void (*act)(struct side *s);

/* One end rekeys the IKE SA, the other does @other, at once. */
static struct ends *meet(unsigned int order, int who, act other)
{
	struct ends *p = up();

	p->s[0].fake.rng += order;
	rekey_ike(&p->s[who]);
	other(&p->s[!who]);
	cross(p, order);
	return p;
}

/* RFC 7296 2.25: TEMPORARY_FAILURE puts off one of them, and both are done in the end. */
static void test_ike_meets_child_rekey(void **state)
{
	for (unsigned int i = 0; i < 2 * ORDERS; i += 3) {
		struct ends *p = meet(i / 2, i % 2, rekey_child);

		assert_one_ike_sa(p, 2);
		for (int s = 0; s < 2; s++) {
			assert_int_equal(p->s[s].ev[IKE_EV_IKE_REKEYED].count, 1);
			assert_int_equal(p->s[s].ev[IKE_EV_CHILD_REKEYED].count, 1);
			assert_int_equal(p->s[s].ev[IKE_EV_CHILD_DOWN].count, 0);
		}
		ends_free(p);
	}
}

/* Both ends rekey both. */
static void test_all_meets_all(void **state)
{
	for (unsigned int order = 0; order < ORDERS; order += 3) {
		struct ends *p = up();

		for (int i = 0; i < 2; i++) {
			rekey_child(&p->s[i]);
			rekey_ike(&p->s[i]);
		}
		cross(p, order);
		assert_one_ike_sa(p, 2);
		for (int i = 0; i < 2; i++) {
			assert_true(p->s[i].ev[IKE_EV_IKE_REKEYED].count >= 1);
			assert_true(p->s[i].ev[IKE_EV_CHILD_REKEYED].count >= 1);
			assert_int_equal(p->s[i].fake.unlinks, 0);
		}
		ends_free(p);
	}
}

/* A child is deleted, RFC 7296 2.25.2; then made anew, while the IKE SA is rekeyed. */
static void test_ike_meets_child_that_goes_and_comes(void **state)
{
	for (unsigned int i = 0; i < 2 * ORDERS; i += 5) {
		struct ends *p = meet(i / 2, i % 2, voice_down);

		assert_one_ike_sa(p, 1);
		for (int s = 0; s < 2; s++)
			assert_int_equal(child_named(&p->s[s], "voice")->state, CHILD_DOWN);
		rekey_ike(&p->s[i % 2]);
		voice_up(&p->s[!(i % 2)]);
		cross(p, i / 2);
		assert_one_ike_sa(p, 2);
		for (int s = 0; s < 2; s++)
			assert_int_equal(p->s[s].ev[IKE_EV_IKE_REKEYED].count, 2);
		ends_free(p);
	}
}

/* RFC 7296 2.25.1: one end rekeys a child, the other deletes it. Nothing of it is left. */
static void test_child_rekey_meets_its_delete(void **state)
{
	for (unsigned int i = 0; i < 2 * ORDERS; i += 5) {
		struct ends *p = up();
		struct side *s = &p->s[i % 2], *other = &p->s[!(i % 2)];

		soft_limit_of(child_named(s, "voice"));
		voice_down(other);
		cross(p, i / 2);
		assert_one_ike_sa(p, 1);
		for (int j = 0; j < 2; j++) {
			assert_int_equal(child_named(&p->s[j], "voice")->state, CHILD_DOWN);
			assert_int_equal(p->s[j].ev[IKE_EV_CHILD_DOWN].count, 1);
			assert_int_equal(p->s[j].fake.policy_count, 1);
		}
		ends_free(p);
	}
}

/* Either end takes all down in the midst of it: nothing is left, at neither end. */
static void test_ike_meets_the_end(void **state)
{
	for (unsigned int i = 0; i < 2 * ORDERS; i += 3) {
		struct ends *p = meet(i / 2, i % 2, all_down);

		assert_nothing_left(p);
		ends_free(p);
	}
}

static void test_both_rekey_and_one_ends(void **state)
{
	for (unsigned int order = 0; order < ORDERS; order++) {
		struct ends *p = up();
		unsigned int when = order % 8;

		p->s[0].fake.rng += order;
		rekey_ike(&p->s[0]);
		rekey_ike(&p->s[1]);
		for (unsigned int i = 0; i < when; i++)
			carry(&p->s[order >> i & 1]);
		all_down(&p->s[order >> 3 & 1]);
		cross(p, order >> when);
		assert_nothing_left(p);
		ends_free(p);
	}
}

static uint16_t refusal;

static void refuse(struct builder *b)
{
	build_notify(b, refusal, 0, 0, 0, NULL, 0);
}

/* B refuses A's request, and does nothing of what it asks for. */
static void answer_with(struct ends *p, uint16_t notify)
{
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	assert_int_equal(a->count, 1);
	drop(a);
	peer_of(b)->sa->next_in++;
	refusal = notify;
	forge(peer_of(b)->sa, EXCHANGE_CREATE_CHILD_SA, MSG_RESPONSE,
	      peer_of(a)->sa->next_out - 1, refuse, &l);
	give(a, &l);
}

/* RFC 7296 2.25: the peer does not know it any more. A new one is made. */
static void test_child_sa_not_found(void **state)
{
	struct ends *p = up();

	rekey_child(&p->s[0]);
	answer_with(p, NOTIFY_CHILD_SA_NOT_FOUND);
	assert_int_equal(p->s[0].ev[IKE_EV_CHILD_DOWN].count, 1);
	cross(p, 0);
	assert_one_ike_sa(p, 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(child_of(&p->s[i])->state, CHILD_UP);
	assert_int_equal(p->s[0].ev[IKE_EV_CHILD_UP].count, 3);
	ends_free(p);
}

/* Taken down while it is asked for, and the peer is busy: it does not come back by itself. */
static void test_down_while_put_off(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0];

	voice_down(a);
	carry_all(p);
	voice_up(a);
	assert_int_equal(ike_down(a->ike, child_named(a, "voice")->id, "taken down"), 0);
	answer_with(p, NOTIFY_TEMPORARY_FAILURE);
	let_time_pass(p, 20);
	assert_int_equal(child_named(a, "voice")->state, CHILD_DOWN);
	for (int i = 0; i < 2; i++)		/* nor is it asked for */
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_UP].count, 2);
	ended_in(a, IKE_EV_CHILD_FAILED, IKE_FAIL_DOWN, "taken down");
	assert_one_ike_sa(p, 1);
	ends_free(p);
}

/* RFC 7296 2.8: a peer that cannot rekey. Another IKE SA follows; nothing is interrupted. */
static void begins_anew(act rekey)
{
	struct ends *p = up();
	struct side *a = &p->s[0];
	uint64_t before = only_sa(a)->spi_i;

	rekey(a);
	answer_with(p, NOTIFY_NO_ADDITIONAL_SAS);
	cross(p, 0);
	assert_one_ike_sa(p, 2);
	assert_true(only_sa(a)->spi_i != before);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p->s[i].fake.unlinks, 0);
		assert_int_equal(p->s[i].ev[IKE_EV_REAUTHENTICATED].count, 1);
	}
	ends_free(p);
}

static void test_no_additional_sas(void **state)
{
	begins_anew(rekey_child);
}

/* For good, and whoever waits hears of it; what there is goes on, and is asked for again. */
static void refused_for_good(act rekey, uint16_t notify, enum ike_failure failure, const char *who,
			     const char *part)
{
	struct ends *p = up();
	struct side *a = &p->s[0];

	rekey(a);
	answer_with(p, notify);
	ended_in(a, IKE_EV_REKEY_FAILED, failure, part);
	assert_string_equal(a->ev[IKE_EV_REKEY_FAILED].who, who);
	let_time_pass(p, 130);
	assert_one_ike_sa(p, 2);
	assert_int_equal(a->ev[IKE_EV_REKEY_FAILED].count, 1);
	assert_int_equal(a->ev[IKE_EV_IKE_REKEYED].count + a->ev[IKE_EV_CHILD_REKEYED].count, 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(p->s[i].fake.unlinks, 0);
	ends_free(p);
}

static void test_rekey_refused(void **state)
{
	refused_for_good(rekey_ike, NOTIFY_NO_PROPOSAL_CHOSEN, IKE_FAIL_NO_PROPOSAL_IKE, "t",
			 "aes128gcm16-prfsha256-x25519");
	refused_for_good(rekey_ike, NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD, IKE_FAIL_PEER, "t",
			 "UNSUPPORTED_CRITICAL_PAYLOAD; it goes on, and ikectl reauth");
	refused_for_good(rekey_voice, NOTIFY_NO_PROPOSAL_CHOSEN, IKE_FAIL_NO_PROPOSAL_CHILD, "t/voice",
			 "aes128gcm16-esn");
	refused_for_good(rekey_voice, NOTIFY_TS_UNACCEPTABLE, IKE_FAIL_TS, "t/voice", "local-ts");
	refused_for_good(rekey_voice, NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD, IKE_FAIL_PEER, "t/voice",
			 "UNSUPPORTED_CRITICAL_PAYLOAD");
}

/* Nobody hears of it: it comes again in a moment. */
static void test_rekey_put_off(void **state)
{
	act rekeys[] = { rekey_ike, rekey_voice };

	for (int i = 0; i < 2; i++) {
		struct ends *p = up();
		struct side *a = &p->s[0];

		rekeys[i](a);
		answer_with(p, NOTIFY_TEMPORARY_FAILURE);
		let_time_pass(p, 15);
		assert_int_equal(a->ev[IKE_EV_REKEY_FAILED].count, 0);
		assert_int_equal(a->ev[i ? IKE_EV_CHILD_REKEYED : IKE_EV_IKE_REKEYED].count, 1);
		ends_free(p);
	}
}

/* The IKE SA that is to follow instead does not come: the rekey has failed with it. */
static void nothing_follows(act rekey, const char *who)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t before = only_sa(a)->spi_i;

	fake_secret(&b->fake, b->tunnel, "another secret altogether");
	rekey(a);
	answer_with(p, NOTIFY_NO_ADDITIONAL_SAS);
	assert_int_equal(a->ev[IKE_EV_REKEY_FAILED].count, 0);
	let_time_pass(p, 10);		/* more than one attempt */
	assert_true(a->ev[IKE_EV_REAUTH_FAILED].count > 1);
	assert_int_equal(a->ev[IKE_EV_REKEY_FAILED].count, 1);
	said(a, IKE_EV_REKEY_FAILED, "refused");
	assert_string_equal(a->ev[IKE_EV_REKEY_FAILED].who, who);
	assert_int_equal(peer_of(a)->sa->spi_i, before);
	ends_free(p);
}

static void test_nothing_follows_instead(void **state)
{
	nothing_follows(rekey_ike, "t");
	nothing_follows(rekey_voice, "t/voice");
}

/* Who has only answered does not begin another one. */
static void test_no_additional_sas_to_who_answers(void **state)
{
	act rekeys[] = { rekey_ike, rekey_voice };

	for (int i = 0; i < 2; i++) {
		struct ends *p = ends_of_two();
		struct side *a = &p->s[0];

		ends_start(p);
		bring_up(p, 1);
		rekeys[i](a);
		answer_with(p, NOTIFY_NO_ADDITIONAL_SAS);
		ended_in(a, IKE_EV_REKEY_FAILED, IKE_FAIL_PEER, "NO_ADDITIONAL_SAS");
		assert_one_ike_sa(p, 2);
		ends_free(p);
	}
}

static void test_no_answer(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0];

	rekey_ike(a);
	pass(p, 60000);
	ended_in(a, IKE_EV_DOWN, IKE_FAIL_TIMEOUT, "CREATE_CHILD_SA");
	assert_true(fake_is_empty(&a->fake));
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	ends_free(p);
}

/* The peer does not answer any more, but its own rekey stands: that one is asked. */
static void test_no_answer_but_a_rival(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];

	rekey_ike(a);
	rekey_ike(b);
	drop(a);
	carry(b);
	drop(a);			/* our answer is lost too */
	for (int i = 0; i < 50; i++) {
		pass(p, 1000);
		a->count = b->count = 0;
	}
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 0);
	assert_int_equal(peer_of(a)->sa->state, SA_ESTABLISHED);
	assert_false(peer_of(a)->sa->initiator);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 1);
	ends_free(p);
}

/* The engine ends, or its tunnel is forgotten, in the midst of it. */
static void test_forgotten(void **state)
{
	for (unsigned int when = 0; when < 8; when++) {
		for (int forget = 0; forget < 2; forget++) {
			struct ends *p = up();

			rekey_ike(&p->s[0]);
			rekey_ike(&p->s[1]);
			for (unsigned int i = 0; i < when; i++)
				carry(&p->s[i % 2]);
			if (forget) {
				assert_int_equal(ike_tunnel_del(p->s[0].ike, p->s[0].tunnel), 0);
				for (int i = 0; i < 10; i++) {
					carry_all(p);
					pass(p, 8000);
				}
				assert_true(TAILQ_EMPTY(&p->s[0].ike->sas));
				assert_true(TAILQ_EMPTY(&p->s[1].ike->sas));
				assert_true(fake_is_empty(&p->s[1].fake));
			}
			ends_free(p);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_rekey_in_time),
		cmocka_unit_test(test_both_rekey),
		cmocka_unit_test(test_lowest_nonce_loses),
		cmocka_unit_test(test_only_one_notices),
		cmocka_unit_test(test_rival_is_used),
		cmocka_unit_test(test_rival_follows),
		cmocka_unit_test(test_ike_meets_child_rekey),
		cmocka_unit_test(test_all_meets_all),
		cmocka_unit_test(test_ike_meets_child_that_goes_and_comes),
		cmocka_unit_test(test_child_rekey_meets_its_delete),
		cmocka_unit_test(test_ike_meets_the_end),
		cmocka_unit_test(test_both_rekey_and_one_ends),
		cmocka_unit_test(test_child_sa_not_found),
		cmocka_unit_test(test_down_while_put_off),
		cmocka_unit_test(test_no_additional_sas),
		cmocka_unit_test(test_rekey_refused),
		cmocka_unit_test(test_rekey_put_off),
		cmocka_unit_test(test_nothing_follows_instead),
		cmocka_unit_test(test_no_additional_sas_to_who_answers),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_no_answer_but_a_rival),
		cmocka_unit_test(test_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
