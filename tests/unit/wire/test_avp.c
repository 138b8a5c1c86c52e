// SPDX-License-Identifier: GPL-2.0
/* What is said inside of EAP-TTLS: written, read back, and what is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "lib/array.h"
#include "unit/wire/hex.h"
#include "wire/avp.h"

static uint8_t octets[2 * AVP_MESSAGE_MAX];
static struct avp_message m;

static bool parse(const char *hex)
{
	size_t len = unhex(hex, octets, sizeof(octets));

	return avp_parse((struct chunk){ octets, len }, &m);
}

static void is(struct chunk c, const char *text)
{
	assert_int_equal(c.len, strlen(text));
	assert_memory_equal(c.p, text, c.len);
}

/* RFC 5281 10.1: the length is without padding, the padding is zeros to four octets. */
static void written(void **state)
{
	static const uint8_t want[] = "\0\0\0\1\x40\0\0\15alice\0\0\0"
				      "\0\0\0\x19\xc0\0\0\16\0\0\1\67xy\0";
	struct writer w = writer_of(octets, sizeof(octets));

	avp_add(&w, 0, AVP_USER_NAME, (struct chunk){ (const uint8_t *)"alice", 5 });
	avp_add(&w, AVP_MICROSOFT, AVP_MS_CHAP2_RESPONSE,
		(struct chunk){ (const uint8_t *)"xy", 2 });
	assert_int_equal(w.len, 32);
	assert_memory_equal(octets, want, w.len);
	assert_true(avp_parse((struct chunk){ octets, w.len }, &m));
	is(m.user, "alice");
	is(m.response, "xy");
	assert_int_equal(m.eap_len + m.password.len + m.challenge.len + m.success.len, 0);
	assert_false(m.is_unknown);
}

/* RFC 5281 11.2.5: filled up with zeros, which do not belong to it. */
static void a_password(void **state)
{
	static const char *const words[] = { "x", "wonder land", "sixteen octets..",
					     "seventeen octets." };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct writer w = writer_of(octets, sizeof(octets));

		avp_add_password(&w, (struct chunk){ (const uint8_t *)words[i],
						     strlen(words[i]) });
		assert_int_equal(w.len, 8 + (i < 3 ? 16 : 32));
		assert_int_equal(octets[7], w.len);
		assert_true(avp_parse((struct chunk){ octets, w.len }, &m));
		is(m.password, words[i]);
	}
}

/* Parts of a packet of EAP, and the last one without its padding. */
static void put_together(void **state)
{
	assert_true(parse("0000004f4000000b020000000000004f0000000a0161"));
	assert_int_equal(m.eap_len, 5);
	assert_memory_equal(m.eap, "\2\0\0\1a", 5);
}

static void unknown(void **state)
{
	assert_true(parse("000003e700000009ff000000"));	/* not mandatory */
	assert_false(m.is_unknown);
	assert_true(parse("000003e740000009ff000000"));
	assert_int_equal(m.unknown, 999);
	/* User-Name, but of a vendor's */
	assert_true(parse("00000001c000000d0000002a61000000"));
	assert_int_equal(m.unknown, 1);
	assert_int_equal(m.user.len, 0);
	/* and then one with the code 0: neither goes unseen */
	assert_true(parse("000003e740000009ff0000000000000040000008"));
	assert_true(m.is_unknown);
	assert_int_equal(m.unknown, 999);
	assert_true(parse("0000000040000008"));
	assert_true(m.is_unknown);
	assert_true(parse(""));
}

static void malformed(void **state)
{
	static const char *const rows[] = {
		"00", "00000001", "0000000140", "00000001400000", "0000000140000007",
		"00000001400000096100000000",
		"0000000140000000", "00000001c000000b00000000", "00000001c000000c000001",
		"00000001400000ff61", "000000014000000a61", "0000000140ffffff61000000",
		"0000000140000008",				/* empty */
		"00000001400000096100000000000001400000096100000000",
		"000000014000000961000000000000014000000961000000",	/* twice */
		"0000000240000008", "000000024000000900000000",		/* no password */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (parse(rows[i]))
			fail_msg("%s", rows[i]);
}

/* Neither more than there is room for, nor what a length cannot say. */
static void too_long(void **state)
{
	static const uint8_t much[AVP_MESSAGE_MAX + 1];
	struct writer w = writer_of(octets, sizeof(octets));

	avp_add(&w, 0, AVP_EAP_MESSAGE, (struct chunk){ much, AVP_MESSAGE_MAX - 8 });
	assert_false(w.overflow);
	assert_true(avp_parse((struct chunk){ octets, w.len }, &m));
	assert_int_equal(m.eap_len, AVP_MESSAGE_MAX - 8);
	assert_false(avp_parse((struct chunk){ octets, w.len + 1 }, &m));
	avp_add(&w, 0, AVP_EAP_MESSAGE, (struct chunk){ much, AVP_MESSAGE_MAX + 1 });
	assert_true(w.overflow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written),	cmocka_unit_test(a_password),
		cmocka_unit_test(put_together), cmocka_unit_test(unknown),
		cmocka_unit_test(malformed),	cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
