// SPDX-License-Identifier: GPL-2.0
/* A way of authentication in rounds through IKE_AUTH; nothing in the engine knows it. */
#include <stdlib.h>

#include "fake/fake_rounds.h"
#include "ike/auth/auth.h"
#include "ike/exchange/exchange.h"
#include "ike/object/stranger.h"
#include "unit/ike/ike_ends.h"

/* A proves itself with it, B with the pre-shared key. */
static struct ends *toy_ends(void)
{
	struct ends *p = ends_new();

	assert_int_equal(fake_rounds_open, 0);
	p->s[0].conf.local_auth = &fake_rounds;
	p->s[1].conf.remote_auth = &fake_rounds;
	ends_start(p);
	return p;
}

static void test_three_rounds(void **state)
{
	struct ends *p = toy_ends();
	struct side *a = &p->s[0], *b = &p->s[1];

	bring_up(p, 0);
	/* IKE_SA_INIT; the beginning, "me", the MAC, the proof */
	assert_int_equal(a->sent, 5);
	assert_int_equal(b->sent, 5);
	assert_int_equal(a->fake.jobs_begun, 2);	/* of the method, and to verify B */
	assert_int_equal(b->fake.jobs_begun, 2);
	assert_int_equal(fake_rounds_open, 0);
	soft_limit(b);
	carry_all(p);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
	ends_free(p);
}

/* Jobs take their time: what is sent again meanwhile is swallowed, and each is answered once. */
static void test_jobs_take_time(void **state)
{
	struct ends *p = toy_ends();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->fake.hold_jobs = b->fake.hold_jobs = true;
	start(p, 0);
	for (int step = 0; step < 200 && peer_of(a)->state != PEER_UP; step++) {
		unsigned int waiting = b->fake.job_count, before = b->count;

		if (a->count) {
			struct letter l = *oldest(a);

			carry(a);
			if (b->fake.job_count > waiting) {
				give(b, &l);	/* the copy of what waits */
				assert_int_equal(b->count, before);
				assert_int_equal(b->fake.job_count, waiting + 1);
			}
		}
		carry(b);
		pass(p, 300);
		if (step % 3 == 0)
			fake_job_end(&b->fake, b->ike);
		if (step % 5 == 0)
			fake_job_end(&a->fake, a->ike);
	}
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_int_equal(b->ev[IKE_EV_UP].count, 1);
	assert_int_equal(a->fake.jobs_begun, 2);
	assert_int_equal(b->fake.jobs_begun, 2);
	assert_int_equal(fake_rounds_open, 0);
	ends_free(p);
}

static void test_wrong_secret(void **state)
{
	struct ends *p = toy_ends();

	/* A's own secret only: what B says of itself is verified with the right one */
	start(p, 0);
	carry(&p->s[0]);
	carry(&p->s[1]);
	carry(&p->s[0]);
	carry(&p->s[1]);		/* B has proved itself */
	fake_secret(&p->s[0].fake, p->s[0].tunnel, "wrong");
	carry_all(p);
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "a wrong answer to the challenge");
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE, "the peer refused");
	assert_given_up(p);
	ends_free(p);
}

/* B is not who it should be: A tells it nothing of the method's secret. */
static void test_wrong_verifier(void **state)
{
	struct ends *p = toy_ends();

	fake_secret(&p->s[1].fake, p->s[1].tunnel, "wrong");
	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_LOCAL, "does not prove");
	assert_int_equal(p->s[0].fake.jobs_begun, 1);	/* to verify B: none of the method's */
	assert_given_up(p);
	ends_free(p);
}

/* The two do not agree about the method, either way. */
static void test_only_one_has_it(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = ends_new();

		if (who)
			p->s[1].conf.remote_auth = &fake_rounds;
		else
			p->s[0].conf.local_auth = &fake_rounds;
		ends_start(p);
		attempt(p, 0);
		assert_int_equal(p->s[0].ev[IKE_EV_FAILED].failure, IKE_FAIL_AUTH_REMOTE);
		assert_int_equal(p->s[1].ev[IKE_EV_REFUSED].count, 1);
		assert_given_up(p);
		ends_free(p);
	}
}

/* At every moment one end's tunnel is forgotten, or its jobs never end. */
static void test_it_ends_at_any_time(void **state)
{
	for (int what = 0; what < 4; what++) {
		for (int steps = 0; steps < 12; steps++) {
			struct ends *p = toy_ends();
			struct side *s = &p->s[what & 1];

			start(p, 0);
			s->fake.hold_jobs = true;
			for (int i = 0; i < steps; i++) {
				carry(&p->s[i & 1]);
				if (i < steps - 1)
					while (fake_job_end(&s->fake, s->ike))
						;
			}
			if (what < 2)
				ike_tunnel_del(s->ike, s->tunnel);
			else if (s->fake.job_count)
				pass(p, 21000);		/* the engine gives them up */
			s->fake.hold_jobs = false;
			fake_jobs_run(&s->fake, s->ike);
			for (int i = 0; i < 10; i++) {
				carry_all(p);
				pass(p, 20000);
			}
			assert_int_equal(fake_rounds_open, 0);
			assert_int_equal(peer_of(&p->s[what < 2 ? !what : 0])->state == PEER_UP,
					 what >= 2 && peer_of(&p->s[1])->state == PEER_UP);
			for (int i = 0; i < 2; i++)
				if (TAILQ_EMPTY(&p->s[i].ike->sas))
					assert_true(fake_is_empty(&p->s[i].fake));
			ends_free(p);
		}
	}
}

/* IDi, SA, TSi and TSr, but no AUTH. */
static void toy_beginning(struct builder *b)
{
	const struct ts all = { .start.family = AF_INET, .end = { AF_INET, { 255, 255, 255, 255 } },
				.port_end = 65535 };
	struct msg_offer offer = { .number = 1, .spi_len = 4, .spi = 0x12345678 };
	struct proposals esp = { .count = 1 };
	char why[256];

	assert_true(proposal_parse(&esp.p[0], PROTO_ESP, "aes128gcm16-noesn", why, sizeof(why)));
	build_id(b, PAYLOAD_IDI, ID_IPV4_ADDR, (const uint8_t[]){ 192, 0, 2, 1 }, 4);
	build_sa(b, &esp, &offer);
	build_ts(b, PAYLOAD_TSI, &all, 1);
	build_ts(b, PAYLOAD_TSR, &all, 1);
}

/* A stranger that begins anew instead of going on is refused, and leaks nothing. */
static void test_begins_twice(void **state)
{
	struct ends *p = toy_ends();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	start(p, 0);
	carry(a);
	carry(b);
	carry(a);
	assert_int_equal(only_sa(b)->state, SA_INIT_ANSWERED);
	forge(only_sa(a), EXCHANGE_IKE_AUTH, 0, 2, toy_beginning, &l);
	give(b, &l);
	assert_int_equal(only_sa(b)->state, SA_CLOSED);
	assert_given_up(p);
	ends_free(p);
}

static unsigned int turned_away;

static void count_turned_away(struct fake *f, const struct ike_event *ev)
{
	if (ev->type == IKE_EV_LOG && strstr(ev->detail, "was taken down here"))
		turned_away++;
}

/* Nobody who has not proved himself fills the log, nor is let in at the end of his rounds. */
static void test_turned_away_before_the_proof(void **state)
{
	struct ends *p = toy_ends();
	struct side *a = &p->s[0], *b = &p->s[1];

	turned_away = 0;
	b->fake.event = count_turned_away;
	side_down(b);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(side_up(a), 0);
		pass(p, 0);
		carry_all(p);
		assert_int_equal(side_down(a), 0);
		carry_all(p);
	}
	assert_int_equal(turned_away, 1);
	/* taken down amid the rounds */
	side_up(b);
	pass(p, 0);
	side_down(b);
	b->count = 0;
	peer_of(b)->intent = INTENT_ANSWER;
	pass(p, 2000);
	b->count = 0;
	start(p, 0);
	carry(a);
	carry(b);
	carry(a);
	side_down(b);
	carry_all(p);
	assert_int_equal(peer_of(b)->state, PEER_DOWN);
	assert_int_equal(turned_away, 2);
	assert_int_equal(b->fake.in_count + b->fake.reserved, 0);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_rounds),
		cmocka_unit_test(test_begins_twice),
		cmocka_unit_test(test_turned_away_before_the_proof),
		cmocka_unit_test(test_jobs_take_time),
		cmocka_unit_test(test_wrong_secret),
		cmocka_unit_test(test_wrong_verifier),
		cmocka_unit_test(test_only_one_has_it),
		cmocka_unit_test(test_it_ends_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
