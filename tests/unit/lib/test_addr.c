// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "lib/addr.h"
#include "lib/array.h"
#include "lib/ts.h"

static struct ts ts_of(const char *text)
{
	const char *why = NULL;
	struct ts ts;

	if (!ts_parse(&ts, text, &why))
		fail_msg("%s: %s", text, why);
	return ts;
}

static void addresses_round_trip(void **state)
{
	static const char *const good[] = {
		"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	};
	static const char *const bad[] = {
		"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", "localhost", ":", "1::2::3",
		"fe80::1%eth0", "12345::",
	};
	struct addr a, b;
	char buf[ADDR_STRLEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(addr_parse(&a, good[i]));
		assert_string_equal(addr_str(&a, buf), good[i]);
		assert_true(addr_from_bytes(&b, a.b, addr_len(&a)));
		assert_true(addr_equal(&a, &b));
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(addr_parse(&a, bad[i]));
	assert_false(addr_from_bytes(&a, a.b, 5));
	a = (struct addr){};
	assert_int_equal(addr_len(&a), 0);
	assert_string_equal(addr_str(&a, buf), "none");
}

static void networks(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.255", true }, { "192.0.2.1", "192.0.3.1", false },
		{ "2001:db8::1", "2001:db8:0:0:ffff::", true },
		{ "2001:db8::1", "2001:db8:0:1::1", false }, { "0.0.0.0", "::", false },
	};
	struct addr a, b;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(addr_parse(&a, rows[i].a) && addr_parse(&b, rows[i].b));
		assert_int_equal(addr_same_net(&a, &b), rows[i].same);
	}
}

/* 0.0.0.0 and :: have the same octets and are not equal. */
static void hosts(void **state)
{
	static const struct {
		const char *text;
		bool hosts;
	} cases[] = {
		{ "192.0.2.1", true }, { "169.254.0.1", true }, { "0.0.0.0", false },
		{ "224.0.0.1", false }, { "255.255.255.255", false },
		{ "2001:db8::1", true }, { "fd00::1", true }, { "fec0::1", true },
		{ "64:ff9b::192.0.2.1", true }, { "64:ff9b:1::1", true }, { "64:ff9a::1", false },
		{ "::", false }, { "::1", false }, { "::ffff:192.0.2.1", false },
		{ "fe80::1", false }, { "febf::1", false }, { "ff02::1", false },
	};
	struct addr a;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(addr_parse(&a, cases[i].text));
		assert_true(addr_is_hosts(&a) == cases[i].hosts);
	}
}

static void families_differ(void **state)
{
	struct addr a, b;

	assert_true(addr_parse(&a, "0.0.0.0"));
	assert_true(addr_parse(&b, "::"));
	assert_false(addr_equal(&a, &b));
}

static void endpoints_round_trip(void **state)
{
	struct endpoint e = { .port = 4500 }, back;
	struct sockaddr_storage ss;
	struct sockaddr unix_addr = { .sa_family = AF_UNIX };
	char buf[ADDR_STRLEN];
	socklen_t len;

	assert_true(addr_parse(&e.addr, "192.0.2.1"));
	assert_string_equal(endpoint_str(&e, buf), "192.0.2.1:4500");
	endpoint_to_sockaddr(&e, &ss, &len);
	assert_int_equal(len, sizeof(struct sockaddr_in));
	assert_int_equal(((struct sockaddr_in *)&ss)->sin_port, htons(4500));
	assert_true(endpoint_from_sockaddr(&back, (struct sockaddr *)&ss));
	assert_true(endpoint_equal(&e, &back));

	assert_true(addr_parse(&e.addr, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
	e.port = 65535;
	assert_string_equal(endpoint_str(&e, buf),
			    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
	endpoint_to_sockaddr(&e, &ss, &len);
	assert_int_equal(len, sizeof(struct sockaddr_in6));
	assert_true(endpoint_from_sockaddr(&back, (struct sockaddr *)&ss));
	assert_true(endpoint_equal(&e, &back));
	back.port = 500;
	assert_false(endpoint_equal(&e, &back));
	assert_false(endpoint_from_sockaddr(&back, &unix_addr));
}

static void selectors_round_trip(void **state)
{
	/* in, and out where it differs */
	static const char *const good[][2] = {
		{ "10.1.0.0/24" },
		{ "10.1.0.5" },
		{ "0.0.0.0/0" },
		{ "::/0" },
		{ "2001:db8::/32" },
		{ "10.1.0.5/32", "10.1.0.5" },
		{ "10.1.0.77/24", "10.1.0.0/24" },
		{ "2001:db8::ff/121", "2001:db8::80/121" },
		{ "10.1.0.5-10.1.0.9" },
		{ "10.1.0.0-10.1.0.255", "10.1.0.0/24" },
		{ "2001:db8::1-2001:db8::3" },
		{ "10.1.0.0/24[tcp]" },
		{ "10.1.0.0/24[TCP/80]", "10.1.0.0/24[tcp/80]" },
		{ "10.1.0.5-10.1.0.9[udp/1000-2000]" },
		{ "10.1.0.5[6/80-80]", "10.1.0.5[tcp/80]" },
		{ "10.1.0.5[47]", "10.1.0.5[gre]" },
		{ "10.1.0.5[250]" },
		{ "10.1.0.5[any]", "10.1.0.5" },
		{ "10.1.0.5[any/80]" },
		{ "10.1.0.5[udp/any]", "10.1.0.5[udp]" },
		{ "10.1.0.5[udp/0-65535]", "10.1.0.5[udp]" },
		{ "10.1.0.5[udp/opaque]" },
		{ "10.1.0.5[icmp/8]" },
		{ "10.1.0.5[icmp/8(0)]" },
		{ "10.1.0.5[icmp/3-5]" },
		{ "10.1.0.5[icmp/3(1)-3(4)]" },
		{ "2001:db8::1[icmpv6/128]", "2001:db8::1[ipv6-icmp/128]" },
	};
	char buf[TS_STRLEN];
	struct ts ts, again;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		ts = ts_of(good[i][0]);
		assert_string_equal(ts_str(&ts, buf), good[i][1] ? good[i][1] : good[i][0]);
		again = ts_of(buf);
		assert_true(ts_equal(&ts, &again));
	}
	ts = ts_of("10.0.0.1[icmp/8]");
	assert_int_equal(ts.port_start, 0x0800);
	assert_int_equal(ts.port_end, 0x08ff);
	ts = ts_of("10.0.0.1[udp/opaque]");
	assert_int_equal(ts.port_start, 65535);
	assert_int_equal(ts.port_end, 0);
}

static void wrong_selectors_are_explained(void **state)
{
	static const char *const bad[] = {
		"",
		"10.1.0.0/33",
		"2001:db8::/129",
		"10.1.0.0/",
		"10.1.0.0/-1",
		"10.1.0.0/8x",
		"10.1.0.9-10.1.0.5",
		"10.1.0.5-2001:db8::1",
		"10.1.0.5-",
		"-10.1.0.5",
		"office",
		"10.1.0.0/24[",
		"10.1.0.0/24[]",
		"10.1.0.0/24[tcp",
		"10.1.0.0/24[tcp]x",
		"10.1.0.0/24[tcp/]",
		"10.1.0.0/24[tcp/65536]",
		"10.1.0.0/24[tcp/90-80]",
		"10.1.0.0/24[256]",
		"10.1.0.0/24[tcp/http]",
		"10.1.0.0/24[icmp/256]",
		"10.1.0.0/24[icmp/8(]",
		"10.1.0.0/24[icmp/8(0]",
		"[tcp]",
		"10.1.0.0/18446744073709551616",
		"10.1.0.0/24/24",
		"10.1.0.0-10.1.0.5/24",
	};
	char longest[2 * TS_STRLEN];
	const char *why;
	struct ts ts = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		why = NULL;
		if (ts_parse(&ts, bad[i], &why))
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_non_null(why);
	}
	memset(longest, '1', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(ts_parse(&ts, longest, &why));
	assert_int_equal(ts.start.family, 0);
}

static void prefixes_are_seen(void **state)
{
	struct ts ts;
	char text[64];
	int i;

	for (i = 0; i <= 32; i++) {
		snprintf(text, sizeof(text), "10.99.3.7/%d", i);
		ts = ts_of(text);
		assert_int_equal(ts_prefix(&ts), i);
	}
	for (i = 0; i <= 128; i++) {
		snprintf(text, sizeof(text), "2001:db8:99::7/%d", i);
		ts = ts_of(text);
		assert_int_equal(ts_prefix(&ts), i);
	}
	ts = ts_of("10.0.0.1-10.0.0.2");
	assert_int_equal(ts_prefix(&ts), -1);
	ts = ts_of("10.0.0.0-10.0.0.2");
	assert_int_equal(ts_prefix(&ts), -1);
	ts = ts_of("10.0.0.128-10.0.1.127");
	assert_int_equal(ts_prefix(&ts), -1);
}

static void containment(void **state)
{
	/* outer, inner, whether */
	static const struct {
		const char *outer, *inner;
		bool yes;
	} cases[] = {
		{ "10.1.0.0/16", "10.1.2.0/24", true },
		{ "10.1.0.0/16", "10.1.0.0/16", true },
		{ "10.1.2.0/24", "10.1.0.0/16", false },
		{ "10.1.0.0/16", "10.1.255.0-10.2.0.0", false },
		{ "0.0.0.0/0", "::1", false },
		{ "10.1.0.0/16", "10.1.0.1[tcp/80]", true },
		{ "10.1.0.0/16[tcp]", "10.1.0.1[tcp/80]", true },
		{ "10.1.0.0/16[tcp]", "10.1.0.1[udp/80]", false },
		{ "10.1.0.0/16[tcp]", "10.1.0.1", false },
		{ "10.1.0.0/16[tcp/80]", "10.1.0.1[tcp]", false },
		{ "10.1.0.0/16[tcp/1-100]", "10.1.0.1[tcp/80-100]", true },
		{ "10.1.0.0/16[udp]", "10.1.0.1[udp/opaque]", true },
		{ "10.1.0.0/16[udp/opaque]", "10.1.0.1[udp/opaque]", true },
		{ "10.1.0.0/16[udp/opaque]", "10.1.0.1[udp]", false },
		{ "10.1.0.0/16[udp/1-100]", "10.1.0.1[udp/opaque]", false },
	};
	struct ts outer, inner;
	struct addr a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		outer = ts_of(cases[i].outer);
		inner = ts_of(cases[i].inner);
		if (ts_contains(&outer, &inner) != cases[i].yes)
			fail_msg("%s in %s", cases[i].inner, cases[i].outer);
	}
	outer = ts_of("10.1.0.5-10.1.0.9");
	assert_true(addr_parse(&a, "10.1.0.5") && ts_contains_addr(&outer, &a));
	assert_true(addr_parse(&a, "10.1.0.9") && ts_contains_addr(&outer, &a));
	assert_true(addr_parse(&a, "10.1.0.4") && !ts_contains_addr(&outer, &a));
	assert_true(addr_parse(&a, "10.1.0.10") && !ts_contains_addr(&outer, &a));
}

static void intersections(void **state)
{
	/* result NULL: empty */
	static const struct {
		const char *a, *b, *result;
	} cases[] = {
		{ "10.1.0.0/16", "10.1.2.0/24", "10.1.2.0/24" },
		{ "10.1.0.0/24", "10.2.0.0/24", NULL },
		{ "0.0.0.0/0", "::/0", NULL },
		{ "10.0.0.0-10.0.0.9", "10.0.0.5-10.0.0.20", "10.0.0.5-10.0.0.9" },
		{ "10.0.0.0/24[tcp]", "10.0.0.0/8", "10.0.0.0/24[tcp]" },
		{ "10.0.0.0/24[tcp]", "10.0.0.0/8[udp]", NULL },
		{ "10.0.0.0/24[tcp/1-100]", "10.0.0.0/8[tcp/50-200]", "10.0.0.0/24[tcp/50-100]" },
		{ "10.0.0.0/24[tcp/1-100]", "10.0.0.0/8[tcp/150-200]", NULL },
		{ "10.0.0.0/24[tcp/1-100]", "10.0.0.0/8", "10.0.0.0/24[tcp/1-100]" },
		{ "10.0.0.0/24[udp/opaque]", "10.0.0.0/8", "10.0.0.0/24[udp/opaque]" },
		{ "10.0.0.0/24[udp/opaque]", "10.0.0.0/8[udp/opaque]", "10.0.0.0/24[udp/opaque]" },
		{ "10.0.0.0/24[udp/opaque]", "10.0.0.0/8[udp/0-100]", NULL },
		{ "10.0.0.1[icmp/3-8]", "10.0.0.0/8[icmp/8(0)]", "10.0.0.1[icmp/8(0)]" },
	};
	struct ts a, b, out, expected;
	size_t i;
	bool ok;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		a = ts_of(cases[i].a);
		b = ts_of(cases[i].b);
		ok = ts_intersect(&a, &b, &out);
		assert_true(ok == !!cases[i].result);
		assert_int_equal(ts_intersect(&b, &a, &out), ok);
		if (!ok)
			continue;
		expected = ts_of(cases[i].result);
		assert_true(ts_equal(&out, &expected));
		assert_true(ts_intersect(&a, &b, &out) && ts_equal(&out, &expected));
		assert_true(ts_contains(&a, &out) && ts_contains(&b, &out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_round_trip),
		cmocka_unit_test(networks), cmocka_unit_test(families_differ),
		cmocka_unit_test(hosts),
		cmocka_unit_test(endpoints_round_trip),
		cmocka_unit_test(selectors_round_trip),
		cmocka_unit_test(wrong_selectors_are_explained),
		cmocka_unit_test(prefixes_are_seen),
		cmocka_unit_test(containment),
		cmocka_unit_test(intersections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
