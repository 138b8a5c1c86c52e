// SPDX-License-Identifier: GPL-2.0
/* Counted lists of traffic selectors: narrowing, containment, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "lib/ts.h"

/* A blank between; "": the empty list, which is NULL. */
static struct ts_list *list_of(const char *words)
{
	char text[512], *save = NULL;
	unsigned int count = 0;
	struct ts ts[16];
	const char *why;

	snprintf(text, sizeof(text), "%s", words);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		assert_true(ts_parse(&ts[count++], word, &why));
	return ts_list_new(ts, count);
}

static bool holds(bool (*relation)(const struct ts_list *a, const struct ts_list *b),
		  const char *left, const char *right)
{
	struct ts_list *a = list_of(left), *b = list_of(right);
	bool yes = relation(a, b);

	ts_list_put(a);
	ts_list_put(b);
	return yes;
}

static void assert_narrowed(const char *left, const char *right, const char *want)
{
	struct ts_list *a = list_of(left), *b = list_of(right), *out = ts_list_narrow(a, b);
	char text[512];

	assert_string_equal(ts_list_str(out, text, sizeof(text)), want);
	assert_true(ts_list_within(out, a));
	assert_true(ts_list_within(out, b));
	ts_list_put(out);
	ts_list_put(a);
	ts_list_put(b);
}

static void narrowing_gives_all_that_is_common(void **state)
{
	assert_narrowed("10.0.0.0/8 192.168.0.0/16[tcp]",
			"10.1.0.0/16 10.1.2.0/24 192.168.7.0/24 172.16.0.0/12",
			"10.1.0.0/16, 192.168.7.0/24[tcp]");
	assert_narrowed("10.0.0.0/8", "172.16.0.0/12", "none");
	assert_narrowed("10.0.0.0/8", "", "none");
	/* one within another is left out, whichever comes first */
	assert_narrowed("10.0.0.0/8", "10.1.2.0/24 10.1.0.0/16", "10.1.0.0/16");
	assert_narrowed("10.1.2.0/24 10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/9");
	/* more than either list has */
	assert_narrowed("10.0.0.0-10.0.0.9 10.0.0.20-10.0.0.29", "10.0.0.5-10.0.0.24",
			"10.0.0.5-10.0.0.9, 10.0.0.20-10.0.0.24");
	assert_narrowed("10.0.0.0/8[tcp/80] 2001:db8::/32", "10.0.0.0/8[udp/80] 2001:db8:1::/48",
			"2001:db8:1::/48");
}

/* @count selectors, in which %u is a number from 1. */
static struct ts_list *numbered(const char *format, unsigned int count)
{
	struct ts ts[TS_LIST_MAX];
	char text[TS_STRLEN];
	const char *why;

	for (unsigned int i = 0; i < count; i++) {
		snprintf(text, sizeof(text), format, i + 1);
		assert_true(ts_parse(&ts[i], text, &why));
	}
	return ts_list_new(ts, count);
}

/* Hundreds on both sides: each pair that is equal, and none besides. */
static void hundreds_are_narrowed(void **state)
{
	struct ts_list *ours = numbered("10.0.%u.0/24", 250), *out;
	struct ts_list *theirs = numbered("10.0.%u.0/25", 200);

	out = ts_list_narrow(ours, theirs);
	assert_true(ts_list_equal(out, theirs));
	ts_list_put(out);
	out = ts_list_narrow(ours, ours);
	assert_true(ts_list_equal(out, ours));
	ts_list_put(out);
	ts_list_put(ours);
	ts_list_put(theirs);
}

/* 20 of ours and 20 of the peer's cut each other in 400 places: more than a message can say. */
static void narrowing_has_an_end(void **state)
{
	struct ts_list *a = numbered("10.0.%u.0/24", 20), *b = numbered("10.0.0.0/8[tcp/%u]", 20);
	struct ts_list *out = ts_list_narrow(a, b);
	char text[TS_STRLEN];

	assert_int_equal(ts_list_count(out), TS_LIST_MAX);
	assert_true(ts_list_within(out, a));
	assert_true(ts_list_within(out, b));
	/* what comes first counts most */
	assert_string_equal(ts_str(&out->ts[0], text), "10.0.1.0/24[tcp/1]");
	ts_list_put(out);
	ts_list_put(a);
	ts_list_put(b);
	/* those of IPv6 are longer */
	a = numbered("2001:db8:%u::/48", 20);
	b = numbered("2001:db8::/32[tcp/%u]", 20);
	out = ts_list_narrow(a, b);
	assert_int_equal(ts_list_count(out), TS_LIST_OCTETS_MAX / 40);
	assert_true(ts_list_octets(out) <= TS_LIST_OCTETS_MAX);
	ts_list_put(out);
	ts_list_put(a);
	ts_list_put(b);
}

static void lists_are_compared(void **state)
{
	assert_true(holds(ts_list_within, "10.1.0.0/16 10.2.0.1", "10.0.0.0/8"));
	assert_false(holds(ts_list_within, "10.1.0.0/16 11.0.0.1", "10.0.0.0/8"));
	assert_false(holds(ts_list_within, "10.0.0.0/8", "10.1.0.0/16"));
	assert_true(holds(ts_list_within, "", "10.1.0.0/16"));
	assert_false(holds(ts_list_within, "10.1.0.0/16", ""));
	assert_true(holds(ts_list_same, "10.1.0.0/16 11.0.0.1", "11.0.0.1 10.1.0.0/16 10.1.2.3"));
	assert_false(holds(ts_list_same, "10.1.2.3", "10.1.0.0/16"));
	assert_false(holds(ts_list_same, "10.1.0.0/16", "10.1.2.3"));
	assert_true(holds(ts_list_overlap, "10.1.0.0/16 11.0.0.0/8", "10.1.2.3"));
	assert_false(holds(ts_list_overlap, "10.1.0.0/16[tcp]", "10.1.0.0/16[udp]"));
	assert_false(holds(ts_list_overlap, "10.1.0.0/16", ""));
	assert_true(holds(ts_list_equal, "10.1.0.0/16 10.2.0.0/16", "10.1.0.0/16 10.2.0.0/16"));
	assert_false(holds(ts_list_equal, "10.1.0.0/16 10.2.0.0/16", "10.2.0.0/16 10.1.0.0/16"));
	assert_false(holds(ts_list_equal, "10.1.0.0/16", ""));
	assert_true(holds(ts_list_equal, "", ""));
}

static void an_address_is_found(void **state)
{
	struct ts_list *list = list_of("10.1.0.0/16 2001:db8::1");
	struct addr addr;

	assert_true(addr_parse(&addr, "10.1.255.255"));
	assert_true(ts_list_contains_addr(list, &addr));
	assert_true(addr_parse(&addr, "2001:db8::1"));
	assert_true(ts_list_contains_addr(list, &addr));
	assert_true(addr_parse(&addr, "2001:db8::2"));
	assert_false(ts_list_contains_addr(list, &addr));
	assert_false(ts_list_contains_addr(NULL, &addr));
	ts_list_put(list);
}

static void references_are_counted(void **state)
{
	struct ts_list *list = list_of("10.1.0.0/16");

	assert_ptr_equal(ts_list_get(list), list);
	ts_list_put(list);
	assert_int_equal(ts_list_count(list), 1);	/* the sanitizer would tell */
	ts_list_put(list);
	assert_null(ts_list_get(NULL));
	ts_list_put(NULL);
	assert_int_equal(ts_list_count(NULL), 0);
}

/* Of one family, and of one protocol or any: there is a packet from the one to the other. */
static void what_can_pair(void **state)
{
	assert_true(holds(ts_list_can_pair, "10.1.0.0/16", "10.2.0.0/16"));
	assert_true(holds(ts_list_can_pair, "10.1.0.0/16[tcp/22]", "10.2.0.0/16"));
	assert_true(holds(ts_list_can_pair, "10.1.0.0/16", "10.2.0.0/16[udp]"));
	assert_true(holds(ts_list_can_pair, "10.1.0.0/16[tcp/22]", "10.2.0.0/16[tcp/80]"));
	assert_false(holds(ts_list_can_pair, "10.1.0.0/16[tcp]", "10.2.0.0/16[udp]"));
	assert_false(holds(ts_list_can_pair, "10.1.0.0/16", "fd02::/64"));
	assert_true(holds(ts_list_can_pair, "fd01::/64 10.1.0.0/16[tcp] 10.1.0.0/16[udp]",
			  "10.2.0.0/16[icmp] 10.2.0.0/16[udp]"));
	assert_false(holds(ts_list_can_pair, "", "10.2.0.0/16"));
	assert_false(holds(ts_list_can_pair, "10.2.0.0/16", ""));
}

/* A text that does not fit ends in dots, and never leaves its room. */
static void texts_are_cut(void **state)
{
	struct ts_list *list = list_of("10.1.0.0/16 10.2.0.0/16 10.3.0.0/16");
	char text[64];

	assert_string_equal(ts_list_str(list, text, sizeof(text)),
			    "10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16");
	assert_string_equal(ts_list_str(list, text, 31), "10.1.0.0/16, 10.2.0.0/16, ...");
	assert_string_equal(ts_list_str(list, text, 20), "10.1.0.0/16, ...");
	for (size_t len = 8; len < sizeof(text); len++) {
		memset(text, 'x', sizeof(text));
		ts_list_str(list, text, len);
		assert_true(strlen(text) < len);
	}
	assert_string_equal(ts_list_str(NULL, text, sizeof(text)), "none");
	ts_list_put(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(narrowing_gives_all_that_is_common),
		cmocka_unit_test(hundreds_are_narrowed),
		cmocka_unit_test(narrowing_has_an_end),
		cmocka_unit_test(lists_are_compared),
		cmocka_unit_test(an_address_is_found),
		cmocka_unit_test(references_are_counted),
		cmocka_unit_test(what_can_pair),
		cmocka_unit_test(texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
