// SPDX-License-Identifier: GPL-2.0
/* What a policy has carried over all its SAs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "esplaned/nl/kern.h"
#include "esplaned/core/totals.h"

static const struct kern_sa_info used = { .bytes = 100, .packets = 2, .idle_s = 5 };
static const struct kern_sa_info unused = { .idle_s = UINT64_MAX };

static void expect_ended(const struct totals *t, uint32_t policy, bool out, uint64_t bytes,
			 uint64_t packets, uint64_t last_ms)
{
	struct total total = totals_ended(t, policy, out);

	assert_int_equal(total.bytes, bytes);
	assert_int_equal(total.packets, packets);
	assert_int_equal(total.last_ms, last_ms);
}

static void a_rekey(void **state)
{
	struct totals *t = totals_new();
	uint32_t spi[TOTALS_LIVE_MAX];

	totals_sa_added(t, 1, 0x10, 0x20);
	expect_ended(t, 1, false, 0, 0, 0);
	totals_sa_ended(t, 1, 0x20, true, &used, 100000);
	totals_sa_added(t, 1, 0x11, 0x21);
	expect_ended(t, 1, true, 100, 2, 95000);
	expect_ended(t, 1, false, 0, 0, 0);
	/* The old inbound one lives until the peer has deleted it. */
	assert_int_equal(totals_live(t, 1, false, spi), 2);
	totals_sa_ended(t, 1, 0x10, false, &used, 200000);
	assert_int_equal(totals_live(t, 1, false, spi), 1);
	assert_int_equal(spi[0], 0x11);
	expect_ended(t, 1, false, 100, 2, 195000);
	/* Nothing came on the second: the last packet stays that of the first. */
	totals_sa_ended(t, 1, 0x11, false, &unused, 300000);
	expect_ended(t, 1, false, 100, 2, 195000);
	totals_free(t);
}

static void an_spi_of_the_other_direction(void **state)
{
	struct totals *t = totals_new();
	uint32_t spi[TOTALS_LIVE_MAX];

	totals_sa_added(t, 1, 0x10, 0x10);
	totals_sa_ended(t, 1, 0x10, true, &used, 100000);
	assert_int_equal(totals_live(t, 1, false, spi), 1);
	assert_int_equal(totals_live(t, 1, true, spi), 0);
	expect_ended(t, 1, false, 0, 0, 0);
	/* Twice is once, and what nobody knows is nothing. */
	totals_sa_ended(t, 1, 0x10, true, &used, 100000);
	totals_sa_ended(t, 1, 0x99, true, &used, 100000);
	expect_ended(t, 1, true, 100, 2, 95000);
	totals_sa_ended(t, 1, 0x10, false, NULL, 100000);
	expect_ended(t, 1, false, 0, 0, 0);
	totals_free(t);
}

/* Peers choose outbound SPIs: two policies have the same. */
static void an_spi_of_another_policy(void **state)
{
	struct totals *t = totals_new();
	uint32_t spi[TOTALS_LIVE_MAX];

	totals_sa_added(t, 1, 0, 0x20);
	totals_sa_added(t, 2, 0, 0x20);
	totals_sa_ended(t, 1, 0x20, true, &used, 100000);
	expect_ended(t, 1, true, 100, 2, 95000);
	expect_ended(t, 2, true, 0, 0, 0);
	assert_int_equal(totals_live(t, 1, true, spi), 0);
	assert_int_equal(totals_live(t, 2, true, spi), 1);
	totals_free(t);
}

static void a_policy_that_goes(void **state)
{
	struct totals *t = totals_new();
	uint32_t spi[TOTALS_LIVE_MAX];

	totals_sa_added(t, 1, 0x10, 0x20);
	totals_sa_added(t, 2, 0x11, 0x21);
	totals_sa_ended(t, 1, 0x20, true, &used, 100000);
	totals_sa_ended(t, 2, 0x21, true, &used, 100000);
	totals_policy_gone(t, 1);
	totals_policy_gone(t, 3);
	expect_ended(t, 1, true, 0, 0, 0);
	expect_ended(t, 2, true, 100, 2, 95000);
	assert_int_equal(totals_live(t, 1, false, spi), 0);
	assert_int_equal(totals_live(t, 2, false, spi), 1);
	totals_free(t);
	totals_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rekey),
		cmocka_unit_test(an_spi_of_the_other_direction),
		cmocka_unit_test(an_spi_of_another_policy),
		cmocka_unit_test(a_policy_that_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
