// SPDX-License-Identifier: GPL-2.0
/* IPSECKEY records, RFC 4025. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wire/ipseckey.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define OCTETS(text)	{ (const uint8_t *)(text), sizeof(text) - 1 }

static const struct { struct chunk rdata; uint8_t gateway, algorithm; const char *key; } good[] = {
	{ OCTETS("\x0a\0\2KEY"), 0, 2, "KEY" },
	{ OCTETS("\x0a\1\3\xc0\0\2\1KEY"), 1, 3, "KEY" },
	{ OCTETS("\x0a\2\4\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1K"), 2, 4, "K" },
	{ OCTETS("\x0a\3\2\2gw\7example\0KEY"), 3, 2, "KEY" },
	{ OCTETS("\x0a\3\2\0KEY"), 3, 2, "KEY" },	/* the root */
};

static const struct chunk bad[] = {
	OCTETS(""), OCTETS("\x0a"), OCTETS("\x0a\0"), OCTETS("\x0a\0\2"),
	OCTETS("\x0a\1\2\xc0\0\2"), OCTETS("\x0a\1\2\xc0\0\2\1"),
	OCTETS("\x0a\2\2\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0"),
	OCTETS("\x0a\4\2KEY"),			/* a gateway of no known type */
	OCTETS("\x0a\3\2\2gw\7exam"),		/* cut in a label */
	OCTETS("\x0a\3\2\2gw"),			/* and behind one */
	OCTETS("\x0a\3\2\xc0\x0cKEY"),		/* compressed */
	OCTETS("\x0a\3\2\2gw\0"),		/* without a key */
};

static void records(void **state)
{
	struct ipseckey key;

	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(ipseckey_parse(good[i].rdata, &key));
		assert_int_equal(key.precedence, 10);
		assert_int_equal(key.gateway_type, good[i].gateway);
		assert_int_equal(key.algorithm, good[i].algorithm);
		assert_int_equal(key.key.len, strlen(good[i].key));
		assert_memory_equal(key.key.p, good[i].key, key.key.len);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(ipseckey_parse(bad[i], &key));
}

/* A name may have 255 octets, its end included. */
static void long_names(void **state)
{
	uint8_t rdata[300] = { 10, 3, 2 };
	struct ipseckey key;
	size_t at = 3;

	for (int i = 0; i < 3; i++, at += 64)
		rdata[at] = 63;
	rdata[at] = 61;		/* 3 * 64 + 62 + 1 = 255 */
	at += 62;
	rdata[at + 1] = 'K';
	assert_true(ipseckey_parse((struct chunk){ rdata, at + 2 }, &key));
	assert_int_equal(key.key.len, 1);
	rdata[3 + 3 * 64] = 62;
	rdata[at + 2] = 'K';
	rdata[at + 1] = 0;
	assert_false(ipseckey_parse((struct chunk){ rdata, at + 3 }, &key));
}

static void rsa(void **state)
{
	static const struct chunk whole = OCTETS("\3\1\0\1\xaa\xbb");
	static const struct chunk wide = OCTETS("\0\0\4\0\1\0\1\0\0\xaa");
	static const struct chunk wrong[] = {
		OCTETS(""), OCTETS("\3\1\0"), OCTETS("\3\1\0\1"), OCTETS("\0\0"),
		OCTETS("\0\0\0\xaa"), OCTETS("\2\0\0\xaa"), OCTETS("\1\3\0\0"),
		OCTETS("\0\xff\xff\1\2"),
	};
	struct ipseckey_rsa r;

	assert_true(ipseckey_parse_rsa(whole, &r));
	assert_int_equal(r.exponent.len, 3);
	assert_memory_equal(r.exponent.p, "\1\0\1", 3);
	assert_int_equal(r.modulus.len, 2);
	assert_memory_equal(r.modulus.p, "\xaa\xbb", 2);
	assert_true(ipseckey_parse_rsa(wide, &r));
	assert_int_equal(r.exponent.len, 3);
	assert_int_equal(r.modulus.len, 1);
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(ipseckey_parse_rsa(wrong[i], &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records), cmocka_unit_test(long_names), cmocka_unit_test(rsa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
