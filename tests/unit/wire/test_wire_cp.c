// SPDX-License-Identifier: GPL-2.0
/* Configuration payloads: layout, bounds, and what is made of attributes that are not sound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "unit/wire/hex.h"
#include "wire/v2/cp.h"

static uint8_t buf[16384];
static struct msg m;

/* A chain of this one CP payload. */
static enum msg_result parse(const char *hex)
{
	static uint8_t body[4096];
	size_t len = unhex(hex, body, sizeof(body));

	buf[0] = 0;
	buf[1] = 0;
	buf[2] = (uint8_t)((len + 4) >> 8);
	buf[3] = (uint8_t)(len + 4);
	memcpy(buf + 4, body, len);
	return msg_parse_payloads(cursor_of(buf, len + 4), PAYLOAD_CP, &m);
}

static void layout_is_that_of_rfc7296(void **state)
{
	struct addr v4 = { AF_INET, { 10, 9, 0, 2 } }, none = { 0 }, v6;
	struct prefix subnet = { .addr = { AF_INET, { 10, 2 } }, .bits = 15 };
	struct prefix subnet6 = { .addr = { AF_INET6, { 0xfd } }, .bits = 8 };
	struct msg_header h = { .spi_i = 1 };
	struct builder b;
	uint8_t want[512];
	size_t len;

	assert_true(addr_parse(&v6, "fd09::2"));
	build_begin(&b, buf, sizeof(buf), &h);
	build_cp(&b, CP_REPLY);
	build_cp_addr(&b, CP_IP4_ADDRESS, &v4);
	build_cp_addr(&b, CP_IP4_DNS, &none);
	build_cp_addr(&b, CP_IP6_ADDRESS, &v6);
	build_cp_addr(&b, CP_IP6_DNS, &v6);
	build_cp_subnet(&b, &subnet);
	build_cp_subnet(&b, &subnet6);
	build_cp_attr(&b, CP_DNS_DOMAIN, "a.b", 3);
	build_payload_end(&b);
	len = unhex("00 00 0065 02 000000"
		    "0001 0004 0a090002"
		    "0003 0000"
		    "0008 0011 fd090000000000000000000000000002 80"
		    "000a 0010 fd090000000000000000000000000002"
		    "000d 0008 0a020000 fffe0000"
		    "000f 0011 fd000000000000000000000000000000 08"
		    "0019 0003 612e62", want, sizeof(want));
	assert_int_equal(build_end(&b), MSG_HEADER_LEN + len);
	assert_memory_equal(buf + MSG_HEADER_LEN, want, len);
}

static void a_reply_is_read(void **state)
{
	char name[CP_DOMAIN_MAX], text[PREFIX_STRLEN];
	struct prefix prefix;
	struct addr addr;

	assert_int_equal(parse("02 000000"
			       "8001 0004 0a090002"	/* the reserved bit is of no meaning */
			       "0008 0010 fd090000000000000000000000000002"
			       "0008 0011 fd090000000000000000000000000003 40"
			       "000d 0008 0a02ffff ffff0000"
			       "000f 0011 fd02ffffffffffffffffffffffffffff 1f"
			       "0019 0005 612e62632e"
			       "4001 0000"), MSG_OK);	/* unknown: skipped over by who reads */
	assert_int_equal(m.cp.type, CP_REPLY);
	assert_int_equal(m.cp.count, 7);
	assert_int_equal(m.cp.skipped, 0);
	assert_true(cp_has(&m.cp, CP_IP4_ADDRESS));
	assert_false(cp_has(&m.cp, CP_IP4_DNS));
	assert_true(cp_addr(&m.cp.attr[0], &addr));
	assert_string_equal(addr_str(&addr, text), "10.9.0.2");
	assert_true(cp_addr(&m.cp.attr[1], &addr));
	assert_string_equal(addr_str(&addr, text), "fd09::2");
	assert_true(cp_addr(&m.cp.attr[2], &addr));
	assert_string_equal(addr_str(&addr, text), "fd09::3");
	assert_true(cp_subnet(&m.cp.attr[3], &prefix));
	assert_string_equal(prefix_str(&prefix, text), "10.2.0.0/16");
	assert_true(cp_subnet(&m.cp.attr[4], &prefix));
	assert_string_equal(prefix_str(&prefix, text), "fd02:fffe::/31");
	assert_true(cp_domain(&m.cp.attr[5], name));
	assert_string_equal(name, "a.bc");
	assert_false(cp_addr(&m.cp.attr[6], &addr));
}

/* An attribute of a wrong length is left out; where one cannot be told from the next, all is. */
static void lengths_are_proven(void **state)
{
	static const char *const wrong[] = {
		"0001 0003 0a0900", "0001 0005 0a09000200", "0002 0001 ff",
		"0003 0010 fd090000000000000000000000000002",
		"0004 0002 0a09", "0006 0008 0a09000200000000", "0008 0004 0a090002",
		"0008 0012 fd090000000000000000000000000002 8000",
		"000a 0011 fd090000000000000000000000000002 80",
		"000c 0004 0a090002", "000d 0004 0a090002", "000d 0009 0a09000200000000ff",
		"000e 0003 000100", "000f 0010 fd090000000000000000000000000002",
		"0011 0007 00000000000000",
		"0012 0010 fd090000000000000000000000000002", "001a 0004 00000000",
	};
	static const char *const unsound[] = {
		"", "01", "01 0000", "00 000000", "05 000000", "01 000000 00", "01 000000 0001 00",
		"01 000000 0001 0001", "01 000000 0001 ffff 00", "01 000000 0001 0000 0003 0004 0a0900",
	};
	char hex[256];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(hex, sizeof(hex), "01 000000 %s 0003 0000", wrong[i]);
		assert_int_equal(parse(hex), MSG_OK);
		assert_int_equal(m.cp.skipped, 1);
		assert_int_equal(m.cp.count, 1);
		assert_int_equal(m.cp.attr[0].type, CP_IP4_DNS);
	}
	for (size_t i = 0; i < sizeof(unsound) / sizeof(*unsound); i++) {
		assert_int_equal(parse(unsound[i]), MSG_MALFORMED);
		assert_int_equal(m.bad_payload, PAYLOAD_CP);
	}
}

/* Every attribute twice, then more than there is room for. */
static void many_are_bounded(void **state)
{
	struct msg_header h = { .spi_i = 1 };
	struct builder b;
	size_t len;

	for (unsigned int rounds = 2; rounds <= 100; rounds += 98) {
		build_begin(&b, buf, sizeof(buf), &h);
		build_cp(&b, CP_REQUEST);
		for (unsigned int i = 0; i < rounds; i++)
			for (uint16_t type = 0; type <= CP_DNSSEC_TA; type++)
				build_cp_attr(&b, type, NULL, 0);
		build_payload_end(&b);
		len = build_end(&b);
		assert_int_not_equal(len, 0);
		assert_int_equal(msg_parse(buf, len, &h, &m), MSG_OK);
		assert_int_equal(m.cp.count, rounds == 2 ? 54 : MSG_CP_MAX);
		assert_int_equal(m.cp.count + m.cp.skipped, rounds * 27);
	}
}

static void masks_and_domains(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} names[] = {
		{ "corp.example.org", true }, { "local", true }, { "_srv.a-b.example", true },
		{ "", false }, { ".", false }, { "a..b", false }, { ".a", false }, { "a.", false },
		{ "a b", false }, { "a;b", false }, { "a\nb", false }, { "~.", false },
		{ "0123456789012345678901234567890123456789012345678901234567890123", false },
		{ "012345678901234567890123456789012345678901234567890123456789012", true },
	};
	struct prefix prefix;
	char name[CP_DOMAIN_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(cp_domain_valid(names[i].name), names[i].valid);
	assert_int_equal(parse("02 000000 000d 0008 0a020000 ff00ff00 000d 0008 00000000 00000000"
			       "000d 0008 0a020001 ffffffff"
			       "000f 0011 00000000000000000000000000000000 81"
			       "0019 0004 61006263 0019 0001 2e 0019 0000"), MSG_OK);
	assert_int_equal(m.cp.count, 7);
	assert_false(cp_subnet(&m.cp.attr[0], &prefix));
	assert_true(cp_subnet(&m.cp.attr[1], &prefix));
	assert_int_equal(prefix.bits, 0);
	assert_true(cp_subnet(&m.cp.attr[2], &prefix));
	assert_int_equal(prefix.bits, 32);
	assert_false(cp_subnet(&m.cp.attr[3], &prefix));
	for (unsigned int i = 4; i < 7; i++)
		assert_false(cp_domain(&m.cp.attr[i], name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_is_that_of_rfc7296),
		cmocka_unit_test(a_reply_is_read),
		cmocka_unit_test(lengths_are_proven),
		cmocka_unit_test(many_are_bounded),
		cmocka_unit_test(masks_and_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
