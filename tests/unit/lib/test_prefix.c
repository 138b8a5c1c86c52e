// SPDX-License-Identifier: GPL-2.0
/* Ranges as prefixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/prefix.h"

static const char *list_of(const char *text)
{
	static char all[8192];
	struct prefix list[PREFIXES_MAX];
	char one[PREFIX_STRLEN];
	unsigned int count;
	const char *why;
	struct ts ts;

	assert_true(ts_parse(&ts, text, &why));
	count = prefix_list(&ts, list);
	all[0] = '\0';
	for (unsigned int i = 0; i < count; i++) {
		size_t at = strlen(all);

		snprintf(all + at, sizeof(all) - at, "%s%s", i ? " " : "",
			 prefix_str(&list[i], one));
	}
	return all;
}

static struct prefix prefix_of(const char *text, uint8_t bits)
{
	struct prefix p = { .bits = bits };

	assert_true(addr_parse(&p.addr, text));
	return p;
}

static void ranges_are_the_fewest_prefixes(void **state)
{
	assert_string_equal(list_of("10.1.0.0/16[tcp/80]"), "10.1.0.0/16");
	assert_string_equal(list_of("10.2.0.1-10.2.0.6"),
			    "10.2.0.1/32 10.2.0.2/31 10.2.0.4/31 10.2.0.6/32");
	assert_string_equal(list_of("10.2.0.5"), "10.2.0.5/32");
	assert_string_equal(list_of("255.255.255.254-255.255.255.255"), "255.255.255.254/31");
	assert_string_equal(list_of("0.0.0.0-0.0.0.2"), "0.0.0.0/31 0.0.0.2/32");
	assert_string_equal(list_of("fd09::/64"), "fd09::/64");
}

static void all_addresses_are_one(void **state)
{
	assert_string_equal(list_of("0.0.0.0/0"), "0.0.0.0/0");
	assert_string_equal(list_of("::/0"), "::/0");
	assert_string_equal(list_of("0.0.0.0/1"), "0.0.0.0/1");
}

static void the_longest_range_fits(void **state)
{
	struct prefix list[PREFIXES_MAX];
	const char *why;
	struct ts ts;

	assert_true(ts_parse(&ts, "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", &why));
	assert_int_equal(prefix_list(&ts, list), 254);
	assert_int_equal(list[253].bits, 128);
	assert_true(addr_equal(&list[253].addr, &ts.end));
	assert_true(ts_parse(&ts, "0.0.0.1-255.255.255.254", &why));
	assert_int_equal(prefix_list(&ts, list), 62);
}

static void what_is_within_what(void **state)
{
	struct prefix half = prefix_of("128.0.0.0", 1), net = prefix_of("192.0.2.0", 24),
		      host = prefix_of("192.0.2.7", 32), v6 = prefix_of("8000::", 1);

	assert_true(prefix_within(&net, &half));
	assert_true(prefix_within(&host, &net));
	assert_true(prefix_within(&net, &net));
	assert_false(prefix_within(&net, &host));
	assert_false(prefix_within(&half, &v6));
	assert_true(prefix_contains(&net, &host.addr));
	host.addr.b[2] = 3;
	assert_false(prefix_contains(&net, &host.addr));
	assert_true(prefix_contains(&half, &host.addr));
	assert_false(prefix_equal(&net, &half));
	assert_true(prefix_equal(&net, &net));
}

/* The kernel's rules: as many pairs as the prefixes of the ranges, and of their ports, make. */
static uint64_t rules_of(const char *local, const char *remote)
{
	struct ts_list *l, *r;
	const char *why;
	uint64_t rules;
	struct ts ts;

	assert_true(ts_parse(&ts, local, &why));
	l = ts_list_new(&ts, 1);
	assert_true(ts_parse(&ts, remote, &why));
	r = ts_list_new(&ts, 1);
	rules = ts_list_rules(l, r);
	ts_list_put(l);
	ts_list_put(r);
	return rules;
}

static void rules_are_counted(void **state)
{
	assert_int_equal(rules_of("10.1.0.0/16", "10.2.0.0/16"), 1);
	assert_int_equal(rules_of("10.1.0.1-10.1.0.254", "10.2.0.0/16"), 14);
	assert_int_equal(rules_of("10.1.0.1-10.1.0.254", "10.2.0.0-10.2.2.255"), 28);
	assert_int_equal(rules_of("0.0.0.1-255.255.255.254", "0.0.0.1-255.255.255.254"), 62 * 62);
	assert_int_equal(rules_of("0.0.0.0/0", "0.0.0.0-128.0.0.0"), 2);
	assert_int_equal(rules_of("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "::/0"), 254);
	assert_int_equal(rules_of("10.1.0.0/16", "2001:db8::/32"), 0);
	assert_int_equal(rules_of("10.1.0.0/16[tcp/80]", "10.2.0.0/16[tcp]"), 1);
	assert_int_equal(rules_of("10.1.0.0/16[tcp/1-65534]", "10.2.0.1-10.2.0.6[tcp/0-2]"), 240);
	assert_int_equal(rules_of("10.1.0.0/16[tcp]", "10.2.0.0/16[udp]"), 0);
}

/* Any range takes as many as prefix_list() finds. */
static void prefixes_are_counted(void **state)
{
	struct prefix list[PREFIXES_MAX];
	uint32_t x = 1, a, b;

	for (int i = 0; i < 20000; i++) {
		struct ts ts = { .port_end = 65535 };
		struct ts_list *one;

		x = x * 1664525 + 1013904223;
		a = x >> (i % 24);
		x = x * 1664525 + 1013904223;
		b = x >> (i / 24 % 24);
		if (a > b)
			continue;
		ts.start.family = ts.end.family = AF_INET;
		for (int j = 0; j < 4; j++) {
			ts.start.b[j] = (uint8_t)(a >> (24 - 8 * j));
			ts.end.b[j] = (uint8_t)(b >> (24 - 8 * j));
		}
		one = ts_list_new(&ts, 1);
		assert_int_equal(ts_list_rules(one, one),
				 (uint64_t)prefix_list(&ts, list) * prefix_list(&ts, list));
		ts_list_put(one);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_the_fewest_prefixes),
		cmocka_unit_test(rules_are_counted),
		cmocka_unit_test(prefixes_are_counted),
		cmocka_unit_test(all_addresses_are_one),
		cmocka_unit_test(the_longest_range_fits),
		cmocka_unit_test(what_is_within_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
