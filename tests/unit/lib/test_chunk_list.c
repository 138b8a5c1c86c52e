// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/chunk_list.h"

#define CHUNK(text)	((struct chunk){ (const uint8_t *)(text), sizeof(text) - 1 })

static void test_a_copy_of_its_own(void **state)
{
	char text[] = "certificate";
	struct chunk from[] = { CHUNK("one"), { NULL, 0 }, { (uint8_t *)text, sizeof(text) } };
	struct chunk_list *list = chunk_list_new(from, 3);

	assert_non_null(list);
	text[0] = 'C';
	assert_int_equal(chunk_list_count(list), 3);
	assert_int_equal(list->chunk[0].len, 3);
	assert_memory_equal(list->chunk[0].p, "one", 3);
	assert_int_equal(list->chunk[1].len, 0);
	assert_memory_equal(list->chunk[2].p, "certificate", sizeof(text));
	assert_ptr_equal(chunk_list_get(list), list);
	chunk_list_put(list);
	assert_memory_equal(list->chunk[0].p, "one", 3);
	chunk_list_put(list);
}

static void test_equal(void **state)
{
	const struct chunk one[] = { CHUNK("a"), CHUNK("bc") };
	const struct chunk other[] = { CHUNK("ab"), CHUNK("c") };
	struct chunk_list *a = chunk_list_new(one, 2), *b = chunk_list_new(one, 2);
	struct chunk_list *c = chunk_list_new(other, 2), *d = chunk_list_new(one, 1);

	assert_true(chunk_list_equal(a, b));
	assert_false(chunk_list_equal(a, c));
	assert_false(chunk_list_equal(a, d));
	assert_false(chunk_list_equal(a, NULL));
	assert_true(chunk_list_equal(NULL, NULL));
	assert_null(chunk_list_new(one, 0));
	assert_int_equal(chunk_list_count(NULL), 0);
	assert_null(chunk_list_get(NULL));
	chunk_list_put(NULL);
	chunk_list_put(a);
	chunk_list_put(b);
	chunk_list_put(c);
	chunk_list_put(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_copy_of_its_own),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
