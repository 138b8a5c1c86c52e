// SPDX-License-Identifier: GPL-2.0
/* What is remembered of paths to a CA: how many, how long, what gives way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/proven.h"

static struct proven_path path_of(uint32_t number)
{
	struct proven_path path = { .from = 100, .until = 200, .count = 1 };

	memcpy(path.digest, &number, sizeof(number));
	path.step[0].issuer = (uint16_t)number;
	return path;
}

static const struct proven_path *find(const struct proven *proven, uint32_t number, time_t now)
{
	struct proven_path path = path_of(number);

	return proven_find(proven, path.digest, now);
}

static void add(struct proven *proven, uint32_t number)
{
	struct proven_path path = path_of(number);

	proven_add(proven, &path);
}

static void while_it_is_valid(void **state)
{
	struct proven proven = { 0 };

	assert_null(find(&proven, 1, 150));
	add(&proven, 1);
	add(&proven, 2);
	assert_null(find(&proven, 1, 99));
	assert_int_equal(find(&proven, 1, 100)->step[0].issuer, 1);
	assert_int_equal(find(&proven, 2, 200)->step[0].issuer, 2);
	assert_null(find(&proven, 1, 201));
	assert_null(find(&proven, 3, 150));
	/* the same once more takes no place */
	add(&proven, 1);
	assert_int_equal(proven.count, 2);
	proven_free(&proven);
	assert_null(find(&proven, 1, 150));
}

/* Those of @step: all digests end in the same bits, or none do. */
static void oldest_gives_way(uint32_t step)
{
	struct proven proven = { 0 };

	for (uint32_t i = 0; i < PROVEN_MAX; i++)
		add(&proven, i * step);
	assert_non_null(find(&proven, 0, 150));
	for (uint32_t i = PROVEN_MAX; i < 2 * PROVEN_MAX + 100; i++) {
		add(&proven, i * step);
		assert_null(find(&proven, (i - PROVEN_MAX) * step, 150));
		assert_int_equal(find(&proven, i * step, 150)->step[0].issuer,
				 (uint16_t)(i * step));
		assert_non_null(find(&proven, (i - PROVEN_MAX + 1) * step, 150));
	}
	for (uint32_t i = PROVEN_MAX + 100; i < 2 * PROVEN_MAX + 100; i++) {
		/* one that is there keeps its place */
		add(&proven, i * step);
		assert_non_null(find(&proven, i * step, 150));
		assert_non_null(find(&proven, (PROVEN_MAX + 100) * step, 150));
	}
	assert_int_equal(proven.count, PROVEN_MAX);
	assert_int_equal(proven.room, PROVEN_MAX);
	proven_free(&proven);
}

static void the_oldest_gives_way(void **state)
{
	oldest_gives_way(1);
	oldest_gives_way(7);
	oldest_gives_way(PROVEN_MAX / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_it_is_valid),
		cmocka_unit_test(the_oldest_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
