// SPDX-License-Identifier: GPL-2.0
/* A kernel that refuses. */
#include "unit/ike/ike_ends.h"

/*
 * The kernel refuses the n-th thing that it is asked for, and @more, at either end: whatever comes
 * of it, the two ends come to the same, and taken down nothing is left.
 */
static void kernel_fails(int who, unsigned int n, unsigned int more)
{
	struct ends *p = ends_of_two();
	struct fake *f = &p->s[who].fake;

	ends_start(p);
	f->kernel_fails_at = n;
	f->kernel_fails_more = more;
	assert_int_equal(side_up(&p->s[0]), 0);
	for (int i = 0; i < 8; i++) {
		struct child *child;

		pass(p, 3000);
		carry_all(p);
		TAILQ_FOREACH(child, &peer_of(&p->s[i & 1])->children, link)
			if (pair_active(child))
				soft_limit_of(child);
		carry_all(p);
	}
	pass(p, 2 * PAIR_LINGER_MS);
	carry_all(p);
	for (unsigned int i = 0; i < f->policy_count; i++)
		assert_non_null(fake_in(&p->s[!who].fake, f->policy[i].out.sa.spi));
	assert_int_equal(f->policy_count, p->s[!who].fake.policy_count);
	for (int i = 0; i < 2; i++)
		side_down(&p->s[i]);
	carry_all(p);
	pass(p, 120000);
	for (int i = 0; i < 2; i++) {
		assert_true(fake_is_empty(&p->s[i].fake));
		assert_true(TAILQ_EMPTY(&p->s[i].ike->sas));
		assert_int_equal(p->s[i].fake.links, p->s[i].fake.unlinks);
	}
	ends_free(p);
}

static void test_kernel_fails_anywhere(void **state)
{
	for (int who = 0; who < 2; who++)
		for (unsigned int n = 1; n < 60; n++) {
			kernel_fails(who, n, 0);
			kernel_fails(who, n, 1);
		}
}

/* Likewise where the peer begins anew: what it had ends while the policy is not taken back. */
static void test_kernel_fails_as_the_peer_begins_anew(void **state)
{
	for (unsigned int n = 1; n < 16; n++) {
		struct ends *p = ends_of_two();

		ends_start(p);
		bring_up(p, 0);
		side_restart(&p->s[0]);
		p->s[1].fake.kernel_fails_at = n;
		p->s[1].fake.kernel_fails_more = 1;
		assert_int_equal(side_up(&p->s[0]), 0);
		for (int i = 0; i < 8; i++) {
			carry_all(p);
			pass(p, 3000);
		}
		assert_int_equal(p->s[1].fake.policy_count, p->s[0].fake.policy_count);
		for (int i = 0; i < 2; i++)
			side_down(&p->s[i]);
		carry_all(p);
		pass(p, 120000);
		for (int i = 0; i < 2; i++) {
			assert_true(fake_is_empty(&p->s[i].fake));
			assert_int_equal(p->s[i].fake.links, p->s[i].fake.unlinks);
		}
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel_fails_anywhere),
		cmocka_unit_test(test_kernel_fails_as_the_peer_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
