// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "lib/fiber.h"

struct walk {
	struct fiber *fiber;
	unsigned int steps;
};

static void walk(void *ctx)
{
	struct walk *w = ctx;
	uint8_t deep[64 * 1024];

	memset(deep, 7, sizeof(deep));
	for (unsigned int i = 0; i < 3; i++) {
		w->steps++;
		fiber_pause(w->fiber);
		assert_int_equal(deep[i * 1000], 7);
	}
}

/* Each goes on where it was, whatever the other has done. */
static void test_two(void **state)
{
	struct walk a = { 0 }, b = { 0 };

	a.fiber = fiber_new(walk, &a);
	b.fiber = fiber_new(walk, &b);
	for (unsigned int i = 1; i <= 3; i++) {
		assert_true(fiber_run(a.fiber));
		assert_int_equal(a.steps, i);
		assert_true(fiber_run(b.fiber));
		assert_int_equal(b.steps, i);
	}
	assert_false(fiber_run(a.fiber));
	assert_false(fiber_run(b.fiber));
	fiber_free(a.fiber);
	fiber_free(b.fiber);
	fiber_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
