// SPDX-License-Identifier: GPL-2.0
/*
 * Reauthentication, make before break: another IKE SA takes over the children of the one that
 * stands, which ends afterwards. By either end, by both at once, against rekeys, with messages
 * lost.
 */
#include "suite/ikev2.h"
#include "unit/ike/ike_ends.h"

#define ORDERS	1024	/* ten messages, of either end each */

static struct ends *up(void)
{
	struct ends *p = ends_of_two();

	ends_start(p);
	bring_up(p, 0);
	return p;
}

/* Every packet that one end may send at this moment finds an inbound SA at the other. */
static void assert_packets_pass(struct ends *p)
{
	for (int i = 0; i < 2; i++) {
		struct child *child;

		TAILQ_FOREACH(child, &peer_of(&p->s[i])->children, link) {
			assert_int_equal(child->state, CHILD_UP);
			assert_non_null(fake_in(&p->s[!i].fake, child->out->spi_out));
		}
	}
}

/* After each message, in this order; and the old inbound SAs are there for what is under way. */
static void cross_with_packets(struct ends *p, unsigned int order)
{
	for (int i = 0; i < 10; i++) {
		carry(&p->s[order >> i & 1]);
		assert_packets_pass(p);
	}
	while (carry(&p->s[0]) || carry(&p->s[1]))
		assert_packets_pass(p);
	cross(p, order);
}

static void assert_followed(struct ends *p, uint64_t before)
{
	assert_one_ike_sa(p, 2);
	assert_true(only_sa(&p->s[0])->spi_i != before);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p->s[i].fake.unlinks, 0);
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_DOWN].count, 0);
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_UP].count, 2);
	}
}

/* Either end begins, in every order; the children are never without keys. */
static void test_by_command(void **state)
{
	for (unsigned int i = 0; i < 2 * ORDERS; i += 7) {
		struct ends *p = up();
		uint64_t before = only_sa(&p->s[0])->spi_i;

		reauthenticate(&p->s[i % 2]);
		cross_with_packets(p, i / 2);
		assert_followed(p, before);
		for (int s = 0; s < 2; s++) {
			assert_int_equal(reauthentications(&p->s[s]), 1);
			assert_int_equal(only_sa(&p->s[s])->began, s == (int)(i % 2));
		}
		ends_free(p);
	}
}

/*
 * The answer to the proof is lost until the one that began gives up, and goes on with the IKE SA
 * before; then it begins once more. Nothing is taken from what it still uses.
 */
static void test_given_up_and_again(void **state)
{
	struct ends *p = ends_of_two();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t before;

	a->conf.retry_tries = 4;	/* so it gives up first */
	ends_start(p);
	bring_up(p, 0);
	before = only_sa(a)->spi_i;
	reauthenticate(a);
	carry(a);
	carry(b);
	for (int i = 0; i < 100 && peer_of(a)->attempt; i++) {
		carry(a);
		while (drop(b))
			;
		pass(p, 1000);
	}
	assert_null(peer_of(a)->attempt);
	assert_non_null(peer_of(b)->before);
	assert_int_equal(ike_rekey(a->ike, child_of(a)->id), 0);	/* there it lives on */
	carry_all(p);
	for (int i = 0; i < 20 && !peer_of(a)->attempt; i++)
		pass(p, 100);
	while (carry(a) || carry(b))
		assert_packets_pass(p);
	let_time_pass(p, 100);
	assert_followed(p, before);
	assert_int_equal(reauthentications(a), 1);
	ends_free(p);
}

/* Both at once: one goes on, or one after the other. */
static void test_both(void **state)
{
	for (unsigned int order = 0; order < ORDERS; order += 3) {
		struct ends *p = up();
		uint64_t before = only_sa(&p->s[0])->spi_i;

		p->s[0].fake.rng += order;	/* either may have the lower SPI */
		reauthenticate(&p->s[0]);
		reauthenticate(&p->s[1]);
		cross_with_packets(p, order);
		assert_followed(p, before);
		assert_in_range(reauthentications(&p->s[0]), 1, 2);
		ends_free(p);
	}
}

/* The one reauthenticates, the other rekeys the IKE SA, or a child. */
static void test_meets_rekeys(void **state)
{
	for (unsigned int i = 0; i < 4 * ORDERS; i += 13) {
		struct ends *p = up();
		uint64_t before = only_sa(&p->s[0])->spi_i;
		struct side *other = &p->s[i % 2];

		reauthenticate(&p->s[!(i % 2)]);
		if (i / 2 % 2)
			assert_int_equal(ike_rekey(other->ike, peer_of(other)->id), 0);
		else
			soft_limit(other);
		cross_with_packets(p, i / 4);
		assert_followed(p, before);
		ends_free(p);
	}
}

/* Any one message is lost: it comes again, and nothing is interrupted. */
static void test_a_message_is_lost(void **state)
{
	for (unsigned int lost = 0; lost < 14; lost++) {
		struct ends *p = up();
		uint64_t before = only_sa(&p->s[0])->spi_i;
		unsigned int at = 0;

		reauthenticate(&p->s[0]);
		while (p->s[0].count || p->s[1].count) {
			struct side *s = &p->s[p->s[0].count ? 0 : 1];

			if (at++ == lost)
				drop(s);
			else
				carry(s);
			assert_packets_pass(p);
		}
		for (int i = 0; i < 90; i++) {
			pass(p, 1000);
			carry_all(p);
			assert_packets_pass(p);
		}
		assert_followed(p, before);
		ends_free(p);
	}
}

/* The new one fails: the old one goes on, and it is tried again, with pauses. */
static void test_fails(void **state)
{
	struct ends *p = up();
	uint64_t before = only_sa(&p->s[0])->spi_i;

	reauthenticate(&p->s[0]);
	for (int i = 0; i < 60; i++) {
		while (drop(&p->s[0]))
			;
		pass(p, 1000);
	}
	assert_int_equal(peer_of(&p->s[0])->state, PEER_UP);
	assert_int_equal(peer_of(&p->s[0])->sa->spi_i, before);
	assert_int_equal(p->s[0].ev[IKE_EV_FAILED].count, 0);
	for (int i = 0; i < 60; i++) {
		carry_all(p);
		pass(p, 1000);
	}
	assert_followed(p, before);
	assert_int_equal(reauthentications(&p->s[0]), 1);
	ends_free(p);
}

/* The secret has changed at the peer: it refuses, and what stands goes on. */
static void test_refused(void **state)
{
	struct ends *p = up();
	uint64_t before = only_sa(&p->s[0])->spi_i;

	fake_secret(&p->s[1].fake, p->s[1].tunnel, "another secret altogether");
	reauthenticate(&p->s[0]);
	for (int i = 0; i < 30; i++) {
		carry_all(p);
		pass(p, 500);
		assert_packets_pass(p);
	}
	assert_int_equal(peer_of(&p->s[0])->sa->spi_i, before);
	assert_int_equal(reauthentications(&p->s[1]), 0);
	fake_secret(&p->s[1].fake, p->s[1].tunnel, p->s[1].psk);
	for (int i = 0; i < 120; i++) {
		carry_all(p);
		pass(p, 1000);
	}
	assert_followed(p, before);
	ends_free(p);
}

/* The pauses of what has failed beside the IKE SA are not those of the next one once it ends. */
static void test_begins_at_once_after_refusals(void **state)
{
	struct ends *p = ends_of_two();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.start = START_UP;
	ends_start(p);
	pass(p, 0);
	carry_all(p);
	fake_secret(&b->fake, b->tunnel, "another secret altogether");
	reauthenticate(a);
	let_time_pass(p, 200);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	fake_secret(&b->fake, b->tunnel, b->psk);
	assert_int_equal(side_down(b), 0);
	assert_int_equal(ike_up(b->ike, b->tunnel), 0);
	while (drop(b))
		if (b->count == 1)
			break;
	carry_all(p);
	let_time_pass(p, 5);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/* A rekey of the IKE SA has waited for the attempt: it goes on when that has failed. */
static void test_refused_while_a_rekey_waits(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];

	fake_secret(&b->fake, b->tunnel, "another secret altogether");
	reauthenticate(a);
	assert_int_equal(ike_rekey(a->ike, peer_of(a)->id), 0);
	carry_all(p);
	assert_int_equal(reauthentications(a), 0);
	assert_int_equal(a->ev[IKE_EV_IKE_REKEYED].count, 1);
	ends_free(p);
}

/* Likewise when the peer has put it off for a moment (TEMPORARY_FAILURE). */
static void test_put_off_while_a_rekey_waits(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];

	reauthenticate(a);
	assert_int_equal(ike_rekey(a->ike, peer_of(a)->id), 0);
	carry(a);
	carry(b);
	b->fake.hold_jobs = true;
	carry(a);
	b->fake.no_jobs = true;		/* it cannot prove itself now */
	while (fake_job_end(&b->fake, b->ike))
		;
	b->fake.hold_jobs = b->fake.no_jobs = false;
	carry_all(p);
	assert_int_equal(reauthentications(a), 0);
	assert_int_equal(a->ev[IKE_EV_REAUTH_FAILED].count, 0);
	assert_int_equal(a->ev[IKE_EV_IKE_REKEYED].count, 1);
	let_time_pass(p, 150);
	assert_int_equal(reauthentications(a), 1);
	assert_one_ike_sa(p, 2);
	ends_free(p);
}

/*
 * The peer has lost the old one, and gives the new one no child: back there we ask, and find out.
 */
static void test_back_to_what_is_lost(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t before = only_sa(a)->spi_i;
	const struct ike_sa *sa;

	a->conf.child_count = b->conf.child_count = 1;
	side_stop(b);
	set_ts(b, "10.77.0.0/24", "10.78.0.0/24");
	side_start(b);
	reauthenticate(a);
	for (int i = 0; i < 150; i++) {
		carry_all(p);
		pass(p, 1000);
	}
	assert_true(reauthentications(a) > 0);
	assert_in_range(reauthentications(a), 1, 10);	/* with pauses */
	TAILQ_FOREACH(sa, &a->ike->sas, link)
		assert_true(sa->spi_i != before);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 1);
	ends_free(p);
}

/*
 * The initiator cannot verify the second IKE SA's proof, and its DELETE is lost. With the third the
 * responder learns that it never took the second: the first goes on until all have moved.
 */
static void test_second_is_not_taken(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t before = only_sa(a)->spi_i;

	reauthenticate(a);
	carry(a);
	carry(b);
	fake_secret(&a->fake, a->tunnel, "another secret altogether");
	carry(a);
	while (carry(b))
		;
	fake_secret(&a->fake, a->tunnel, a->psk);
	while (drop(a))
		;
	assert_packets_pass(p);
	for (int i = 0; i < 30 && peer_of(a)->sa->spi_i == before; i++) {
		pass(p, 500);
		while (drop(b))		/* its question on the second */
			;
		while (a->count) {
			/* IKE_SA_INIT and IKE_AUTH, and not the DELETE */
			if (oldest(a)->msg[18] == EXCHANGE_INFORMATIONAL)
				drop(a);
			else
				carry(a);
			assert_packets_pass(p);
			while (b->count && oldest(b)->msg[18] != EXCHANGE_IKE_SA_INIT)
				drop(b);
			carry(b);
		}
		if (reauthentications(b) == 2)
			break;
	}
	assert_int_equal(reauthentications(b), 2);
	assert_packets_pass(p);
	let_time_pass(p, 150);
	assert_packets_pass(p);
	assert_followed(p, before);
	assert_int_equal(b->ev[IKE_EV_CHILD_DOWN].count, 0);
	assert_int_equal(a->ev[IKE_EV_CHILD_DOWN].count, 0);
	ends_free(p);
}

/*
 * The initiator has taken the second, and deletes the first; that comes to the responder when it
 * has already ended the second for a third, whose answer is still under way. It says nothing of the
 * third.
 */
static void test_delete_is_of_the_second(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter delete;

	a->conf.dpd_s = b->conf.dpd_s = 0;
	ends_start(p);
	bring_up(p, 0);
	reauthenticate(a);
	for (int i = 0; i < 4; i++)
		carry(i % 2 ? b : a);
	assert_int_equal(reauthentications(a), 1);
	assert_int_equal(oldest(a)->msg[18], EXCHANGE_INFORMATIONAL);
	delete = *oldest(a);
	while (drop(a))
		;
	reauthenticate(a);
	while (oldest(a)->msg[18] == EXCHANGE_INFORMATIONAL)
		drop(a);
	carry(a);
	while (oldest(b)->msg[18] != EXCHANGE_IKE_SA_INIT)
		drop(b);
	carry(b);
	carry(a);
	assert_int_equal(reauthentications(b), 2);
	assert_int_equal(reauthentications(a), 1);
	assert_packets_pass(p);
	give(b, &delete);
	assert_packets_pass(p);
	let_time_pass(p, 150);
	assert_packets_pass(p);
	assert_one_ike_sa(p, 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_DOWN].count, 0);
	ends_free(p);
}

/* Memory is short for a moment when the responder is to send on the new one: it tries again. */
static void test_kernel_refuses_to_send(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t before = only_sa(a)->spi_i;

	reauthenticate(a);
	carry(a);
	carry(b);
	carry(a);
	carry(b);
	b->fake.kernel_refuses = "no memory";
	carry(a);
	b->fake.kernel_refuses = NULL;
	assert_packets_pass(p);
	let_time_pass(p, 60);
	assert_packets_pass(p);
	assert_followed(p, before);
	ends_free(p);
}

/*
 * The initiator cannot verify the proof, and its DELETE is lost: it does not answer on what it has
 * never taken, so the responder goes on with the pair that the initiator has.
 */
static void test_not_taken_is_not_answered(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t before = only_sa(a)->spi_i;

	reauthenticate(a);
	carry(a);
	carry(b);
	carry(a);
	fake_secret(&a->fake, a->tunnel, "another secret altogether");
	carry(b);
	fake_secret(&a->fake, a->tunnel, a->psk);
	while (drop(a))			/* its DELETE */
		;
	assert_int_equal(reauthentications(b), 1);
	assert_int_equal(b->count, 1);	/* are you there? */
	carry(b);
	assert_int_equal(a->count, 0);
	assert_packets_pass(p);
	let_time_pass(p, 150);
	assert_packets_pass(p);
	assert_followed(p, before);
	ends_free(p);
}

/*
 * The initiator cannot use the new pair, and its DELETE is lost: its answer is taken for that it
 * can. What is lost by this is lost until the DELETE comes again.
 */
static void test_initiator_cannot_use_it(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t before = only_sa(a)->spi_i;

	reauthenticate(a);
	carry(a);
	carry(b);
	carry(a);
	a->fake.kernel_refuses = "no memory";
	carry(b);
	a->fake.kernel_refuses = NULL;
	while (drop(a))		/* its DELETE: it comes again */
		;
	for (int i = 0; i < 150; i++) {
		while (carry(b) || carry(a))
			;
		pass(p, 500);
	}
	assert_one_ike_sa(p, 2);
	assert_true(only_sa(a)->spi_i != before);
	assert_packets_pass(p);
	ends_free(p);
}

/*
 * A peer that was restarted, and does not say INITIAL_CONTACT, has no other pair than the new one.
 */
static void test_restarted_without_a_word(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint32_t old = child_of(b)->out->spi_in;

	reauthenticate(a);
	carry(a);
	carry(b);
	carry(a);
	assert_int_equal(child_of(b)->out->spi_in, old);
	carry(b);		/* IKE_AUTH's answer */
	while (drop(a))		/* what only one that remembers would say */
		;
	carry(b);		/* are you there? */
	while (a->count > 1)
		drop(a);
	carry(a);
	assert_int_not_equal(child_of(b)->out->spi_in, old);
	ends_free(p);
}

/* Taken down while two stand, or one is being made: nothing is left. */
static void test_down_meanwhile(void **state)
{
	for (unsigned int steps = 0; steps < 12; steps++) {
		struct ends *p = up();

		reauthenticate(&p->s[0]);
		for (unsigned int i = 0; i < steps; i++)
			carry(&p->s[i % 2]);
		assert_int_equal(side_down(&p->s[steps % 3 == 0]), 0);
		cross(p, 0x155);
		for (int i = 0; i < 2; i++) {
			struct side *s = &p->s[i];

			assert_int_equal(peer_of(s)->state, PEER_DOWN);
			assert_int_equal(s->ev[IKE_EV_DOWN].count, 1);
			assert_int_equal(s->ev[IKE_EV_FAILED].count, 0);
			assert_true(fake_is_empty(&s->fake));
			assert_true(TAILQ_EMPTY(&s->ike->sas));
		}
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_command),
		cmocka_unit_test(test_given_up_and_again),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_meets_rekeys),
		cmocka_unit_test(test_a_message_is_lost),
		cmocka_unit_test(test_fails),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_begins_at_once_after_refusals),
		cmocka_unit_test(test_refused_while_a_rekey_waits),
		cmocka_unit_test(test_put_off_while_a_rekey_waits),
		cmocka_unit_test(test_back_to_what_is_lost),
		cmocka_unit_test(test_second_is_not_taken),
		cmocka_unit_test(test_delete_is_of_the_second),
		cmocka_unit_test(test_kernel_refuses_to_send),
		cmocka_unit_test(test_not_taken_is_not_answered),
		cmocka_unit_test(test_initiator_cannot_use_it),
		cmocka_unit_test(test_restarted_without_a_word),
		cmocka_unit_test(test_down_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
