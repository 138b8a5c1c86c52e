// SPDX-License-Identifier: GPL-2.0
/* Session resumption, RFC 5723: who can take a ticket away, and what it does not put off. */
#include "ike/object/ticket.h"
#include "unit/ike/ike_lost.h"

/* TICKET_NACK of anybody, who has seen @asked. */
static void refuse(struct side *a, const struct letter *asked)
{
	struct msg_header h = {
		.spi_i = peer_of(a)->attempt->spi_i, .exchange = EXCHANGE_IKE_SESSION_RESUME,
		.flags = MSG_RESPONSE,
	};
	struct letter l = { .local = asked->remote, .remote = asked->local };
	struct builder b;

	build_begin(&b, l.msg, sizeof(l.msg), &h);
	build_notify(&b, NOTIFY_TICKET_NACK, 0, 0, 0, NULL, 0);
	l.len = build_end(&b);
	give(a, &l);
}

/* Nothing that is sent arrives until the next attempt is about to be carried. */
static void fail_attempt(struct side *a)
{
	const struct ike_sa *sa = peer_of(a)->attempt;

	while (peer_of(a)->attempt == sa || !a->count) {
		while (drop(a) || drop(&a->ends->s[1]))
			;
		pass(a->ends, 1000);
	}
	a->ev[IKE_EV_FAILED].count = 0;
}

/* ---- who can take it away */

/* Who can forge an answer gets a full handshake once, and not for ever. */
static void test_forged_refusal(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0];
	struct letter asked;

	for (int i = 0; i < TICKET_SHOWN_MAX; i++) {
		if (!i)
			lose(a);
		assert_int_equal(exchange_of(a), EXCHANGE_IKE_SESSION_RESUME);
		asked = *oldest(a);
		drop(a);
		refuse(a, &asked);
		pass(p, 0);
		assert_int_equal(exchange_of(a), EXCHANGE_IKE_SA_INIT);
		assert_int_equal(!!peer_of(a)->ticket, i < TICKET_SHOWN_MAX - 1);
		fail_attempt(a);	/* he lets nothing through either */
	}
	begins_in_full(p);
	assert_int_equal(granted(&p->s[1]), 1);
	ends_free(p);
}

/* Nor does who forges that it was taken: the keys are not his. */
static void test_forged_answer(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];

	lose(a);
	carry(a);
	oldest(b)->msg[oldest(b)->len - 1] ^= 1;
	oldest(b)->msg[40] ^= 1;	/* of the nonce */
	carry(b);
	assert_int_equal(peer_of(a)->attempt->state, SA_AUTH_SENT);
	fail_attempt(a);
	resume(p);
	ends_free(p);
}

/* Silence says nothing of the ticket: a client without network tries for a while. */
static void test_silence(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0];

	lose(a);
	for (int i = 1; i < TICKET_SHOWN_MAX; i++)
		fail_attempt(a);
	resume(p);
	lose(a);
	for (int i = 0; i < TICKET_SHOWN_MAX; i++)
		fail_attempt(a);
	assert_null(peer_of(a)->ticket);
	begins_in_full(p);
	ends_free(p);
}

/* One peer that is taken down, whose tunnel is not. */
static void test_one_peer_down(void **state)
{
	struct ends *p = ends_that(true, true);
	struct side *a = &p->s[0], *b = &p->s[1];

	set_remote(b, "any");
	b->conf.dpd_action = DPD_CLEAR;
	ends_start(p);
	bring_up(p, 0);
	ike_probe(b->ike);
	lose(a);
	ticket_free(peer_of(a)->attempt->from);
	peer_of(a)->attempt->from = NULL;
	side_down(a);
	peer_of(a)->tunnel->conf->resume = false;
	while (drop(a))
		;
	attempt(p, 0);			/* it asks for none, and has the one before still */
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(granted(b), 1);
	assert_int_equal(b->ike->lost_ticket_count, 1);
	assert_int_equal(ike_down(b->ike, peer_of(b)->id, "as asked"), 0);
	assert_int_equal(granted(b), 0);
	assert_int_equal(b->ike->lost_ticket_count, 0);
	carry_all(p);
	ends_free(p);
}

/* A gateway without tickets promises none for later, with a rekey. */
static void test_later_of_none(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];

	peer_of(b)->tunnel->conf->resume = false;
	assert_int_equal(ike_rekey(a->ike, peer_of(a)->id), 0);
	carry(a);
	carry(b);
	assert_false(peer_of(a)->sa->want_ticket);
	carry_all(p);
	let_time_pass(p, 70);
	assert_null(only_sa(a)->ticket);
	ends_free(p);
}

/* ---- what it does not put off */

/* What is proved is as old as it was: a ticket puts nothing off. */
static void test_proof_grows_old(void **state)
{
	struct ends *p = ends_that(true, true);
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t until;

	b->conf.reauth_s = 1000;
	ends_start(p);
	bring_up(p, 0);
	until = p->now + 1000000;
	assert_true(only_sa(a)->ticket->expires_ms <= until);
	let_time_pass(p, 500);
	lose(a);
	resume(p);
	assert_true(only_sa(a)->term.at <= until);
	assert_true(only_sa(b)->term.at <= until + 101000);
	assert_true(only_sa(b)->ticket->expires_ms <= until);
	lose(a);
	resume(p);
	assert_true(only_sa(a)->term.at <= until);
	assert_true(only_sa(b)->ticket->expires_ms <= until);
	ends_free(p);
}

/* Nor the rekey: its keys are as old as the last key exchange. */
static void test_keys_grow_old(void **state)
{
	struct ends *p = ends_that(true, true);
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t until;

	for (int i = 0; i < 2; i++)
		p->s[i].conf.rekey_s = 1000;
	ends_start(p);
	bring_up(p, 0);
	until = p->now + 1000000;
	for (int i = 0; i < 2; i++) {
		assert_true(only_sa(a)->ticket->expires_ms <= until);
		lose(a);
		resume(p);
		assert_true(only_sa(a)->rekey.at <= until);
		assert_true(only_sa(b)->rekey.at <= until);
	}
	let_time_pass(p, (unsigned int)((until - p->now) / 1000));
	assert_false(only_sa(a)->resumed);
	assert_true(only_sa(a)->rekey.at > until);
	ends_free(p);
}

/* The gateway wanted it to prove itself anew by then, and does not say it again. */
static void test_lifetime_of_the_gateway(void **state)
{
	struct ends *p = ends_that(true, true);
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t until;

	b->conf.reauth_s = 1000;
	ends_start(p);
	bring_up(p, 0);
	until = p->now + 1000000;
	peer_of(b)->tunnel->conf->reauth_s = 0;
	lose(a);
	resume(p);
	assert_true(timer_armed(&only_sa(a)->term) && only_sa(a)->term.at <= until);
	ends_free(p);
}

/* Of a certificate's too; with less than a minute left there is none. */
static void test_little_time(void **state)
{
	struct ends *p = ends_that(true, true);

	p->s[1].conf.reauth_s = TICKET_LIFE_LEAST_S - 1;
	ends_start(p);
	bring_up(p, 0);
	assert_null(only_sa(&p->s[0])->ticket);
	assert_int_equal(granted(&p->s[1]), 0);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forged_refusal),
		cmocka_unit_test(test_forged_answer),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_one_peer_down),
		cmocka_unit_test(test_later_of_none),
		cmocka_unit_test(test_proof_grows_old),
		cmocka_unit_test(test_keys_grow_old),
		cmocka_unit_test(test_lifetime_of_the_gateway),
		cmocka_unit_test(test_little_time),
	};

	return cmocka_run_group_tests_name("ike: the age of sessions", tests, NULL, NULL);
}
