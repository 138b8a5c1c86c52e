// SPDX-License-Identifier: GPL-2.0
/* Distinguished names: text to DER and back, and when two are one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/dn.h"
#include "lib/array.h"
#include "unit/wire/hex.h"

static struct chunk octets(uint8_t der[64], const char *text)
{
	return (struct chunk){ der, unhex(text, der, 64) };
}

static void text_both_ways(void **state)
{
	static const struct {
		const char *text, *der, *printed;	/* NULL: as @text */
	} rows[] = {
		{ "CN=gw", "300d310b300906035504030c026777", NULL },
		{ "C=DE, O=Ex, CN=gw",
		  "3027310b3009060355040613024445310b3009060355040a0c024578310b300906035504030c026777",
		  NULL },
		{ " c = DE ,o=Ex,cn=gw ",
		  "3027310b3009060355040613024445310b3009060355040a0c024578310b300906035504030c026777",
		  "C=DE, O=Ex, CN=gw" },
		{ "emailAddress=a@b", "30143112301006092a864886f70d0109011603614062", "E=a@b" },
		{ "DC=org", "301531133011060a0992268993f22c64011916036f7267", NULL },
		{ "CN=a+OU=b", "30163114300806035504030c01613008060355040b0c0162", NULL },
		{ "1.2.3.300=x", "300d310b300906042a03822c0c0178", NULL },
		{ "2.999.1=x", "300c310a300806038837010c0178", NULL },
		{ "CN=a\\,b\\2bc\\x3dd\\ ", "30133111300f06035504030c08612c622b633d6420",
		  "CN=a\\x2cb\\x2bc\\x3dd\\x20" },
		{ "O=M\xc3\xbcller", "30123110300e060355040a0c074dc3bc6c6c6572", NULL },
	};
	uint8_t der[256], want[256];
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = dn_parse(rows[i].text, der, sizeof(der));

		assert_int_equal(len, unhex(rows[i].der, want, sizeof(want)));
		assert_memory_equal(der, want, len);
		assert_true(dn_str((struct chunk){ der, len }, text, sizeof(text)));
		assert_string_equal(text, rows[i].printed ? rows[i].printed : rows[i].text);
	}
}

/* What is printed is what was meant, whatever stands in it. */
static void printed_and_read_again(void **state)
{
	static const char *const texts[] = {
		"CN=\\x00\\x0a\\x7f/\\\\\\\"\\#\\=\\+\\,", "O=M\xc3\xbcller, CN=\\xff",
		"CN=x1, OU=\\x78\\x31", "CN=\\ , OU=\\ a\\ \\ ", "UID=1+CN=2+serialNumber=3, DC=de, 1.3.6.1.4.1=v",
	};
	uint8_t a[256], b[256];
	char text[512];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t len = dn_parse(texts[i], a, sizeof(a));

		assert_true(len);
		assert_true(dn_str((struct chunk){ a, len }, text, sizeof(text)));
		assert_null(strpbrk(text, "/\n\x7f\""));
		assert_int_equal(dn_parse(text, b, sizeof(b)), len);
		assert_memory_equal(a, b, len);
	}
}

static void what_is_no_name(void **state)
{
	static const char *const bad[] = {
		"", "CN", "CN=", "=x", "CN=a,", ",CN=a", "CN=a,,CN=b", "XY=z", "CN=a+", "1=x",
		"1.40=x", "3.1=x", "1..2=x", "1.2.=x", "1.2.99999999999=x",
	};
	uint8_t der[64];
	char text[4096];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(dn_parse(bad[i], der, sizeof(der)), 0);
	memset(text, 'a', sizeof(text));
	memcpy(text, "CN=", 3);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(dn_parse(text, der, sizeof(der)), 0);
	text[100] = '\0';
	assert_int_equal(dn_parse(text, der, sizeof(der)), 0);	/* no room */
}

static void der_that_is_none(void **state)
{
	static const char *const bad[] = {
		"", "00", "30", "3001", "300031", "30023100", "300d310b300906035504030c0267",
		"300e310b300906035504030c02677700",
	};
	uint8_t der[64];
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(dn_str(octets(der, bad[i]), text, sizeof(text)));
		assert_string_equal(text, bad[i]);
	}
	/* an OID that has no end; a value that is no text; the room is short */
	assert_true(dn_str(octets(der, "300d310b300906035504830c026777"), text, sizeof(text)));
	assert_string_equal(text, "#550483=gw");
	assert_true(dn_str(octets(der, "300d310b3009060355040304026777"), text, sizeof(text)));
	assert_string_equal(text, "CN=#04026777");
	/* an octet that says nothing: another identifier, and it looks so */
	assert_true(dn_str(octets(der, "300d310b300906032a80030c026777"), text, sizeof(text)));
	assert_string_equal(text, "#2a8003=gw");
	for (size_t room = 1; room < 7; room++) {
		assert_true(dn_str(octets(der, "300d310b300906035504030c026777"), text, room));
		assert_true(strlen(text) < room);
	}
}

static bool equal(const char *a, const char *b)
{
	uint8_t x[256], y[256];

	struct chunk first = { x, dn_parse(a, x, sizeof(x)) };
	struct chunk second = { y, dn_parse(b, y, sizeof(y)) };

	if (!dn_equal(first, second))
		return false;
	assert_int_equal(dn_hash(first), dn_hash(second));
	return true;
}

static void when_two_are_one(void **state)
{
	uint8_t utf8[64], printable[64], t[64];

	assert_true(equal("C=DE, O=Example  Ltd, CN=Gw", "C=de,O= example ltd ,CN=gW"));
	assert_true(equal("CN=\\  a \\ ", "CN=a"));
	assert_false(equal("CN=a b", "CN=ab"));
	assert_false(equal("C=DE, CN=a", "CN=a, C=DE"));
	assert_false(equal("CN=a", "CN=a, CN=a"));
	assert_false(equal("CN=a, CN=a", "CN=a"));
	assert_false(equal("CN=a+OU=b", "CN=a, OU=b"));
	assert_false(equal("CN=a", "OU=a"));
	assert_false(equal("CN=a", "CN=a\\00"));
	assert_false(equal("CN=M\xc3\xbc", "CN=M\xc3\x9c"));
	/* the type of the string is its writer's */
	assert_true(dn_equal(octets(utf8, "300d310b300906035504030c026777"),
			     octets(printable, "300d310b3009060355040313024757")));
	assert_int_equal(dn_hash(octets(utf8, "300d310b300906035504030c026777")),
			 dn_hash(octets(printable, "300d310b3009060355040313024757")));
	assert_false(dn_equal(octets(utf8, "300d310b300906035504030c026777"),
			      octets(t, "300d310b3009060355040304026777")));
	/* no names: octet by octet */
	assert_true(dn_equal((struct chunk){ (const uint8_t *)"x", 1 },
			     (struct chunk){ (const uint8_t *)"x", 1 }));
	assert_false(dn_equal((struct chunk){ (const uint8_t *)"x", 1 },
			      (struct chunk){ (const uint8_t *)"X", 1 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_both_ways),
		cmocka_unit_test(printed_and_read_again),
		cmocka_unit_test(what_is_no_name),
		cmocka_unit_test(der_that_is_none),
		cmocka_unit_test(when_two_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
