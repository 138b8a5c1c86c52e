// SPDX-License-Identifier: GPL-2.0
/* When reauthentication is due: by a time, each n-th rekey, the peer's AUTH_LIFETIME (RFC 4478). */
#include <errno.h>

#include "suite/ikev2.h"
#include "unit/ike/ike_ends.h"

/* By the clock, by the end that has begun; a rekey between does not put it off. */
static void test_in_time(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = ends_of_two();

		/* ours, or what the peer says: RFC 4478 */
		p->s[who].conf.reauth_s = 100;
		p->s[1].conf.rekey_s = 70;
		ends_start(p);
		bring_up(p, 0);
		let_time_pass(p, 79);
		assert_int_equal(p->s[0].ev[IKE_EV_IKE_REKEYED].count, 1);
		assert_int_equal(reauthentications(&p->s[0]), 0);
		let_time_pass(p, 22);
		assert_int_equal(reauthentications(&p->s[0]), 1);
		assert_true(peer_of(&p->s[0])->sa->began && !peer_of(&p->s[1])->sa->began);
		let_time_pass(p, 200);
		assert_in_range(reauthentications(&p->s[0]), 3, 4);
		assert_int_equal(p->s[1].fake.unlinks, 0);
		ends_free(p);
	}
}

/* Each n-th rekey, by whom ever, is one. */
static void test_every(void **state)
{
	for (uint32_t every = 1; every < 4; every++) {
		struct ends *p = ends_of_two();

		p->s[0].conf.rekey_s = 100;
		p->s[0].conf.reauth_every = every;
		ends_start(p);
		bring_up(p, 0);
		let_time_pass(p, 1320);		/* 12 to 14 times */
		assert_in_range(reauthentications(&p->s[0]), 12 / every, 14 / every);
		assert_in_range(reauthentications(&p->s[0]) + p->s[0].ev[IKE_EV_IKE_REKEYED].count,
				12, 14);
		assert_int_equal(p->s[1].fake.unlinks, 0);
		ends_free(p);
	}
}

static uint32_t said_s;

static void lifetime(struct builder *b)
{
	uint8_t data[4] = { said_s >> 24, said_s >> 16, said_s >> 8, said_s };

	build_notify(b, NOTIFY_AUTH_LIFETIME, 0, 0, 0, data, sizeof(data));
}

/* It may come at any time; 0 makes no storm; who has not begun takes no orders. */
static void test_lifetime_in_between(void **state)
{
	struct ends *p = ends_of_two();
	struct letter l;

	ends_start(p);
	bring_up(p, 0);
	said_s = 0;
	forge_request(&p->s[1], EXCHANGE_INFORMATIONAL, lifetime, &l);
	give(&p->s[0], &l);
	peer_of(&p->s[1])->sa->next_out++;
	drop(&p->s[0]);
	let_time_pass(p, 9);
	assert_int_equal(reauthentications(&p->s[0]), 0);
	let_time_pass(p, 2);
	assert_int_equal(reauthentications(&p->s[0]), 1);
	let_time_pass(p, 60);
	forge_request(&p->s[0], EXCHANGE_INFORMATIONAL, lifetime, &l);
	give(&p->s[1], &l);
	assert_false(timer_armed(&peer_of(&p->s[1])->sa->term));
	ends_free(p);
}

/* remote = any: a peer that does not do it in time is deleted, RFC 4478 3. */
static void test_not_in_time(void **state)
{
	struct ends *p = ends_of_two();
	struct side *b = &p->s[1];

	set_remote(b, "any");
	b->conf.reauth_s = 100;
	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(ike_reauthenticate(b->ike, peer_of(b)->id), -EDESTADDRREQ);
	sa_term_never(peer_of(&p->s[0])->sa);	/* it does not know RFC 4478 */
	let_time_pass(p, 158);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	let_time_pass(p, 4);
	ended_in(&p->s[0], IKE_EV_DOWN, IKE_FAIL_DOWN, "the peer has deleted the IKE SA");
	ended_in(b, IKE_EV_DOWN, IKE_FAIL_DOWN, "anew in time");
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_time),
		cmocka_unit_test(test_every),
		cmocka_unit_test(test_lifetime_in_between),
		cmocka_unit_test(test_not_in_time),
	};

	return cmocka_run_group_tests_name("ike: when reauthentication is due", tests, NULL, NULL);
}
