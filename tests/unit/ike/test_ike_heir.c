// SPDX-License-Identifier: GPL-2.0
/*
 * A pair whose IKE SA has ended goes on until what another IKE SA has can follow it: what the
 * responder does when its answer has perhaps never arrived, and what comes instead.
 */
#include "suite/ikev2.h"
#include "unit/ike/ike_ends.h"

static struct ends *up(void)
{
	struct ends *p = ends_of_two();

	ends_start(p);
	bring_up(p, 0);
	return p;
}

/* Time passes for one end alone, and what it sends is lost. */
static void wait_in_vain(struct ends *p, struct side *s, unsigned int seconds)
{
	while (seconds--) {
		p->now += 1000;
		side_tick(s);
		while (drop(s))
			;
	}
}

/*
 * b's answer to IKE_AUTH never arrives. Before b knows that the new IKE SA is worth nothing its
 * clock jumps, and it ends the one before.
 */
static struct ends *half_followed(void)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];

	reauthenticate(a);
	carry(a);
	carry(b);
	carry(a);
	p->now += PEER_BEFORE_MS;
	side_tick(b);
	while (drop(b))
		;
	assert_int_equal(child_of(b)->state, CHILD_UP);
	assert_null(child_of(b)->out->sa);
	assert_true(pair_has_heir(child_of(b)->out));
	return p;
}

/* a does it once more: what was to follow gives way to what a asks for now. */
static void test_third_follows(void **state)
{
	struct ends *p = half_followed();
	struct side *a = &p->s[0], *b = &p->s[1];

	while (TAILQ_FIRST(&a->ike->sas) != TAILQ_LAST(&a->ike->sas, sa_list))
		wait_in_vain(p, a, 1);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	reauthenticate(a);
	carry(a);
	carry(b);
	carry(a);
	assert_non_null(fake_in(&a->fake, child_of(b)->out->spi_out));
	let_time_pass(p, 150);
	assert_one_ike_sa(p, 2);
	assert_int_equal(b->ev[IKE_EV_CHILD_REKEYED].count, 1);
	ends_free(p);
}

/*
 * a has been restarted: what was to follow, and what it was to follow, are of before. b sends on
 * what a makes now.
 */
static void test_all_is_of_before(void **state)
{
	struct ends *p = half_followed();
	struct side *a = &p->s[0], *b = &p->s[1];

	side_restart(a);
	start(p, 0);
	carry(a);
	while (oldest(b)->msg[18] != EXCHANGE_IKE_SA_INIT)
		drop(b);
	carry(b);
	carry(a);
	assert_non_null(child_of(b)->out->sa);
	assert_ptr_equal(child_of(b)->out->sa, peer_of(b)->sa);
	carry_all(p);
	assert_non_null(fake_in(&a->fake, child_of(b)->out->spi_out));
	ends_free(p);
}

/*
 * a has given the second IKE SA up when its answer, which makes it, comes to b at last: there one
 * child rests on the second now, and voice on the first. With voice a begins a third: b sends on
 * what that makes when a is sure to have it.
 */
static void test_third_follows_the_first_too(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter answer;

	pass(p, 1000);
	reauthenticate(b);
	carry(b);
	carry(a);
	carry(b);
	answer = *oldest(a);
	while (peer_of(a)->before)
		wait_in_vain(p, a, 1);
	give(b, &answer);
	while (drop(b))
		;
	assert_int_equal(reauthentications(b), 1);
	assert_ptr_equal(child_named(b, "t")->out->sa, peer_of(b)->sa);
	assert_ptr_equal(child_named(b, "voice")->out->sa, peer_of(b)->before);
	p->now += 1000;
	ike_down(a->ike, child_named(a, "t")->id, "by hand");
	reauthenticate(a);
	while (oldest(a)->msg[18] != EXCHANGE_IKE_SA_INIT)
		drop(a);
	carry(a);
	carry(b);
	carry(a);
	assert_int_equal(reauthentications(b), 2);
	assert_int_equal(child_named(b, "voice")->state, CHILD_UP);
	assert_non_null(fake_in(&a->fake, child_named(b, "voice")->out->spi_out));
	let_time_pass(p, 150);
	assert_one_ike_sa(p, 1);
	ends_free(p);
}

/* The third IKE SA does not carry it yet when the second ends, and with that what was to follow. */
static void test_nothing_is_left_to_follow(void **state)
{
	struct ends *p = half_followed();
	struct side *a = &p->s[0], *b = &p->s[1];

	while (TAILQ_FIRST(&a->ike->sas) != TAILQ_LAST(&a->ike->sas, sa_list))
		wait_in_vain(p, a, 1);
	reauthenticate(a);
	carry(a);
	carry(b);
	b->fake.kernel_refuses = "no memory";
	carry(a);
	b->fake.kernel_refuses = NULL;
	assert_true(pair_has_heir(child_of(b)->out));
	wait_in_vain(p, b, 50);
	assert_true(!child_of(b)->out || child_of(b)->out->sa);
	let_time_pass(p, 150);
	for (int i = 0; i < 2; i++) {
		assert_true(fake_is_empty(&p->s[i].fake) ==
			    (peer_of(&p->s[i])->state == PEER_DOWN));
		assert_int_equal(child_of(&p->s[i])->state, child_of(&p->s[!i])->state);
	}
	ends_free(p);
}

/*
 * The peer has it, and deletes it, before b could send on it: what b sends on is of an IKE SA that
 * has ended, and nobody would ever delete that.
 */
static void test_heir_is_deleted(void **state)
{
	struct ends *p = half_followed();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct child_sa *old = child_of(b)->out;

	while (!a->count) {
		p->now += 500;
		side_tick(a);
	}
	carry(a);			/* IKE_AUTH once more */
	carry(b);
	b->fake.kernel_refuses = "no memory";
	while (carry(a) || carry(b))
		;
	b->fake.kernel_refuses = NULL;
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(a)->sa->exchange_count, 0);
	assert_ptr_equal(child_of(b)->out, old);
	assert_null(old->sa);
	assert_int_equal(ike_down(a->ike, child_of(a)->id, "by hand"), 0);
	carry(a);
	assert_int_equal(child_of(b)->state, CHILD_DOWN);
	assert_null(pair_active(child_of(b)));
	said(b, IKE_EV_CHILD_DOWN, "has deleted the CHILD_SA that was to follow");
	let_time_pass(p, 150);
	for (int i = 0; i < 2; i++) {
		assert_true(TAILQ_EMPTY(&p->s[i].ike->sas));
		assert_true(fake_is_empty(&p->s[i].fake));
	}
	ends_free(p);
}

/*
 * While a authenticates itself anew b rekeys a pair of the IKE SA before, and deletes that pair
 * when a has another of the new one: what b has made by the rekey follows nothing any more.
 */
static void test_rekey_of_before_follows_nothing(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];

	reauthenticate(a);
	carry(a);
	carry(b);
	soft_limit(b);
	carry(b);
	assert_int_equal(a->count, 2);
	while (a->count)
		carry(a);
	while (b->count)
		carry(b);
	assert_ptr_equal(child_of(a)->out->sa, peer_of(a)->sa);
	let_time_pass(p, 150);
	assert_one_ike_sa(p, 2);
	ends_free(p);
}

/* Messages of the peer's first IKE SA are lost, and no others: it does not end by them. */
static void carry_later(struct ends *p, uint64_t first)
{
	struct side *a = &p->s[0], *b = &p->s[1];

	while (a->count || b->count) {
		struct side *from = a->count ? a : b;
		uint64_t of;

		memcpy(&of, oldest(from)->msg, sizeof(of));
		if (be64toh(of) == first)
			drop(from);
		else
			carry(from);
	}
}

/*
 * Each IKE SA is followed before b is sure that a has what was made by it, and nothing is heard by
 * it but that a deletes that: a has what was made by the next one, and b sends on it.
 */
static void test_passed_over(void **state)
{
	struct ends *p = ends_of_two();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t first;

	for (int i = 0; i < 2; i++) {
		del_child(&p->s[i], "voice");
		p->s[i].conf.childless = true;
	}
	ends_start(p);
	bring_up(p, 0);
	first = only_sa(a)->spi_i;
	reauthenticate(a);
	carry_later(p, first);
	p->now += PEER_BEFORE_MS;
	side_tick(b);
	while (drop(b))
		;
	assert_null(child_of(b)->out->sa);
	assert_true(pair_has_heir(child_of(b)->out));
	reauthenticate(a);
	carry_later(p, first);
	assert_non_null(fake_in(&a->fake, child_of(b)->out->spi_out));
	assert_ptr_equal(child_of(b)->out->sa, peer_of(b)->sa);
	let_time_pass(p, 150);
	assert_one_ike_sa(p, 1);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_third_follows),
		cmocka_unit_test(test_third_follows_the_first_too),
		cmocka_unit_test(test_all_is_of_before),
		cmocka_unit_test(test_nothing_is_left_to_follow),
		cmocka_unit_test(test_heir_is_deleted),
		cmocka_unit_test(test_passed_over),
		cmocka_unit_test(test_rekey_of_before_follows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
