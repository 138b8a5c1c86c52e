// SPDX-License-Identifier: GPL-2.0
/* The module's netlink family, while it has not been found. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "esplaned/nl/kern.h"

/* "There is no such child" would take the tunnel down. */
static void test_not_found_yet(void **state)
{
	struct kern *k = kern_new();
	char why[KERN_WHY_MAX] = "";
	unsigned int count;
	uint32_t spi;

	assert_non_null(k);
	assert_int_equal(kern_child_get(k, 1, 1, why), -ENODEV);
	assert_string_equal(why, "there is no module esplane");
	assert_int_equal(kern_spi_alloc(k, 1, &spi, why), -ENODEV);
	assert_int_equal(kern_flush(k, why), -ENODEV);
	assert_true(kern_child_idle(k, 1, 1) == UINT64_MAX);
	assert_null(kern_suites(k, &count));
	/* nothing of that looked for it */
	assert_int_equal(kern_event_fd(k), -1);
	kern_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_found_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
