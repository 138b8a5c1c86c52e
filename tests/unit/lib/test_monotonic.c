// SPDX-License-Identifier: GPL-2.0
/* Time that nobody sets: both units are of the same clock, and it goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>
#include "lib/monotonic.h"

static void it_goes_on(void **state)
{
	const struct timespec span = { .tv_nsec = 3000000 };
	uint64_t us = monotonic_us(), ms = monotonic_ms();

	assert_true(ms >= us / 1000);
	nanosleep(&span, NULL);
	assert_true(monotonic_us() >= us + 3000);
	assert_true(monotonic_ms() >= ms + 3);
	assert_true(monotonic_ms() <= monotonic_us() / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_goes_on) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
