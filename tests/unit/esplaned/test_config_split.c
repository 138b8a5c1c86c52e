// SPDX-License-Identifier: GPL-2.0
/* split = yes: a child for each pair of selectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "unit/esplaned/config_file.h"

/* A child for each pair, in the order of the lists; of one pair it keeps its name. */
static void split_in_pairs(void **state)
{
	static const char *const pairs[][3] = {
		{ "office-1", "10.1.0.0/24", "10.2.0.0/24" },
		{ "office-2", "10.1.0.0/24", "10.4.0.0/24" },
		{ "office-3", "10.3.0.0/24", "10.2.0.0/24" },
		{ "office-4", "10.3.0.0/24", "10.4.0.0/24" },
	};
	struct config *c = load_good(ONE("split = yes\nlocal-ts = { 10.1.0.0/24, 10.3.0.0/24 }\n"
					 "remote-ts = { 10.2.0.0/24, 10.4.0.0/24 }\n"
					 "esp = aes256gcm16\n"));
	const struct tunnel_conf *ike = &c->tunnels[0].ike;
	char text[TS_STRLEN];

	assert_int_equal(ike->child_count, COUNT(pairs));
	for (size_t i = 0; i < COUNT(pairs); i++) {
		const struct child_conf *child = &ike->child[i];

		assert_string_equal(child->name, pairs[i][0]);
		ts_list_str(child->local_ts, text, sizeof(text));
		assert_string_equal(text, pairs[i][1]);
		ts_list_str(child->remote_ts, text, sizeof(text));
		assert_string_equal(text, pairs[i][2]);
		assert_true(c->tunnels[0].esp_given[i]);
		assert_int_equal(child->esp.count, 1);
	}
	config_free(c);
	c = load_good(ONE("split = yes\n"));
	assert_int_equal(c->tunnels[0].ike.child_count, 1);
	assert_string_equal(c->tunnels[0].ike.child[0].name, "office");
	config_free(c);
}

/* Of two families, and of two protocols, there is no child. */
static void split_leaves_out_what_is_no_pair(void **state)
{
	static const char *const pairs[][3] = {
		{ "office-1", "10.1.0.0/24[tcp]", "10.2.0.0/24" },
		{ "office-2", "fd01::/64", "fd02::/64[udp]" },
		{ "office-3", "10.1.0.0/24[udp]", "10.2.0.0/24" },
	};
	struct config *c = load_good(ONE("split = yes\nlocal-ts = { '10.1.0.0/24[tcp]', 'fd01::/64', "
					 "'10.1.0.0/24[udp]', 'fd01::/64[tcp]' }\n"
					 "remote-ts = { 10.2.0.0/24, 'fd02::/64[udp]' }\n"));
	const struct child_conf *child = c->tunnels[0].ike.child;
	char text[TS_STRLEN];

	assert_int_equal(c->tunnels[0].ike.child_count, COUNT(pairs));
	for (size_t i = 0; i < COUNT(pairs); i++, child++) {
		assert_string_equal(child->name, pairs[i][0]);
		assert_string_equal(ts_list_str(child->local_ts, text, sizeof(text)), pairs[i][1]);
		assert_string_equal(ts_list_str(child->remote_ts, text, sizeof(text)), pairs[i][2]);
	}
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_in_pairs),
		cmocka_unit_test(split_leaves_out_what_is_no_pair),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
