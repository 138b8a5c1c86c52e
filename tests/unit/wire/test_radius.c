// SPDX-License-Identifier: GPL-2.0
/* Packets of RADIUS: the examples of RFC 2865 7, and what is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "lib/array.h"
#include "unit/wire/hex.h"
#include "wire/radius.h"

#define HEADER	"0b07000000112233445566778899aabbccddeeff"

static uint8_t octets[RADIUS_PACKET_MAX + 64];
static struct radius_answer a;

/* @hex with its own length written into it. */
static bool parse(const char *hex)
{
	size_t len = unhex(hex, octets, sizeof(octets));

	octets[2] = (uint8_t)(len >> 8);
	octets[3] = (uint8_t)len;
	return radius_parse((struct chunk){ octets, len }, &a);
}

/* RFC 2865 7.1: Service-Type, Login-Service, Login-IP-Host. */
static void an_accept(void **state)
{
	assert_true(parse("0200002686fe220e7624ba2a1005f6bf9b55e0b2"
			  "0606000000010f06000000000e06c0a80103"));
	assert_int_equal(a.code, RADIUS_ACCESS_ACCEPT);
	assert_int_equal(a.id, 0);
	assert_int_equal(a.packet.len, 38);
	assert_int_equal(a.authenticator.len, 16);
	assert_int_equal(a.authenticator.p[0], 0x86);
	assert_int_equal(a.proof, 0);
	assert_int_equal(a.eap_len + a.state.len + a.user.len + a.send_key.len + a.recv_key.len, 0);
}

static void a_challenge(void **state)
{
	assert_true(parse(HEADER "4f06010203041803ab4f03055012"
			  "ffffffffffffffffffffffffffffffff"
			  "0105626f62"
			  "1a0a0000000901040102"		/* of another vendor: skipped */
			  "1a0e000001371004aaaa1104bbbb"));
	assert_int_equal(a.code, RADIUS_ACCESS_CHALLENGE);
	assert_int_equal(a.id, 7);
	assert_int_equal(a.eap_len, 5);
	assert_memory_equal(a.eap, "\1\2\3\4\5", 5);
	assert_int_equal(a.state.len, 1);
	assert_int_equal(a.state.p[0], 0xab);
	assert_int_equal(a.user.len, 3);
	assert_memory_equal(a.user.p, "bob", 3);
	assert_ptr_equal(a.packet.p + a.proof, octets + 34);
	assert_int_equal(a.send_key.p[0], 0xaa);
	assert_int_equal(a.recv_key.p[0], 0xbb);
	/* padding is not of the packet */
	octets[a.packet.len] = 1;
	assert_true(radius_parse((struct chunk){ octets, a.packet.len + 1 }, &a));
	assert_int_equal(a.proof, 34);
}

static void malformed(void **state)
{
	static const char *const rows[] = {
		HEADER "01", HEADER "0101", HEADER "0100", HEADER "0103", HEADER "4f0501",
		HEADER "5011ffffffffffffffffffffffffffffff",	/* one octet short */
		HEADER "5012ffffffffffffffffffffffffffffffff5012ffffffffffffffffffffffffffffffff",
		HEADER "1803aa1803aa", HEADER "1802",
		HEADER "0103aa0103aa", HEADER "0102",
		HEADER "1a05000001", HEADER "1a070000013710", HEADER "1a08000001371001",
		HEADER "1a08000001371004", HEADER "1a08000001371002",
		HEADER "1a0e000001371004aaaa1004bbbb", HEADER "1a0e000001371104aaaa1104bbbb",
	};
	static const uint8_t lengths[][2] = { { 0, 0 }, { 0, 19 }, { 0, 21 }, { 16, 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (parse(rows[i]))
			fail_msg("%s is taken", rows[i]);
	for (size_t len = 0; len < 20; len++)
		assert_false(radius_parse((struct chunk){ octets, len }, &a));
	memset(octets, 0, sizeof(octets));
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		memcpy(octets + 2, lengths[i], 2);
		assert_false(radius_parse((struct chunk){ octets, i == 3 ? sizeof(octets) : 20 },
					  &a));
	}
}

/* RFC 2865 5.8 and 5.27: four octets each, once. */
static void a_grant(void **state)
{
	static const char *const bad[] = {
		HEADER "08050a0900", HEADER "08070a09000500", HEADER "0802", HEADER "1b0500000e",
		HEADER "08060a09000508060a090005", HEADER "1b060000003c1b060000003c",
	};

	assert_true(parse(HEADER "08060a0900051b0600000e10190661626364"));
	assert_int_equal(a.framed.len, 4);
	assert_memory_equal(a.framed.p, "\xa\x9\0\x5", 4);
	assert_int_equal(a.timeout.len, 4);
	assert_memory_equal(a.timeout.p, "\0\0\xe\x10", 4);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse(bad[i]))
			fail_msg("%s is taken", bad[i]);
}

/* The longest there is: all of it EAP. */
static void the_longest(void **state)
{
	size_t len = RADIUS_HEADER_LEN;

	memset(octets, 0xff, sizeof(octets));
	octets[2] = RADIUS_PACKET_MAX >> 8;
	octets[3] = RADIUS_PACKET_MAX & 0xff;
	while (len < RADIUS_PACKET_MAX) {
		size_t part = RADIUS_PACKET_MAX - len < 255 ? RADIUS_PACKET_MAX - len : 255;

		octets[len] = RADIUS_EAP_MESSAGE;
		octets[len + 1] = (uint8_t)part;
		len += part;
	}
	assert_true(radius_parse((struct chunk){ octets, sizeof(octets) }, &a));
	assert_int_equal(a.packet.len, RADIUS_PACKET_MAX);
	assert_int_equal(a.eap_len, RADIUS_PACKET_MAX - RADIUS_HEADER_LEN - 2 * 16);
}

static void a_request(void **state)
{
	static const uint8_t long_one[300] = { 1 };
	uint8_t authenticator[16] = { 0xaa }, buf[RADIUS_PACKET_MAX], want[64];
	struct writer w = radius_begin(buf, 9, authenticator);
	size_t len;

	radius_add(&w, RADIUS_USER_NAME, (struct chunk){ (const uint8_t *)"bob", 3 });
	radius_add(&w, RADIUS_STATE, (struct chunk){ 0 });
	radius_add_u32(&w, RADIUS_FRAMED_MTU, 1100);
	len = radius_end(&w);
	assert_int_equal(len, 49);
	assert_int_equal(unhex("01090031aa000000000000000000000000000000"
			       "501200000000000000000000000000000000"
			       "0105626f620c060000044c", want, sizeof(want)), 49);
	assert_memory_equal(buf, want, 49);
	assert_int_equal(buf[RADIUS_PROOF_AT - 2], RADIUS_MESSAGE_AUTHENTICATOR);
	radius_add(&w, RADIUS_EAP_MESSAGE, (struct chunk){ long_one, sizeof(long_one) });
	assert_int_equal(radius_end(&w), 49 + 255 + 49);
	assert_int_equal(buf[49 + 1], 255);
	assert_int_equal(buf[49 + 255 + 1], 49);
	for (int i = 0; i < 13; i++)
		radius_add(&w, RADIUS_EAP_MESSAGE, (struct chunk){ long_one, sizeof(long_one) });
	assert_int_equal(radius_end(&w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_accept), cmocka_unit_test(a_challenge),
		cmocka_unit_test(malformed), cmocka_unit_test(the_longest),
		cmocka_unit_test(a_request), cmocka_unit_test(a_grant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
