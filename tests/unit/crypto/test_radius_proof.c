// SPDX-License-Identifier: GPL-2.0
/* What the secret of RADIUS proves and hides, against values of an independent implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/radius_proof.h"
#include "unit/wire/hex.h"

#define TEXT(text)	((struct chunk){ (const uint8_t *)(text), strlen(text) })

static const char secret[] = "a shared secret";
static const uint8_t request[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const char answer[] =
	"02070030b1512df30db30d68e5f2213bff8fae13501278fdde0251d9f09d51ea"
	"4d98867293a04f06030100041804abcd";

static void a_request(void **state)
{
	uint8_t packet[64], want[16], made[16];
	size_t len = unhex("0109002b000102030405060708090a0b0c0d0e0f501200000000000000000000"
			   "0000000000000105626f62", packet,
			   sizeof(packet));

	assert_int_equal(len, 43);
	unhex("07d3871768d1a1fd86d07116cf934d09", want, sizeof(want));
	radius_proof_make(TEXT(secret), (struct chunk){ packet, len }, made);
	assert_memory_equal(made, want, 16);
	radius_proof_make(TEXT("another secret"), (struct chunk){ packet, len }, made);
	assert_memory_not_equal(made, want, 16);
}

/* Its Response Authenticator is right: who finds a collision of MD5 makes that, not the other. */
static const char blast[] =
	"0207003099114868d085df49f47f498ba8b7e5ab501200000000000000000000"
	"0000000000004f06030100041804abcd";

/* Each octet counts, and both proofs. */
static void an_answer(void **state)
{
	uint8_t packet[64], other[16];
	size_t len = unhex(answer, packet, sizeof(packet));
	struct chunk c = { packet, len };

	assert_true(radius_proof_ok(TEXT(secret), request, c, 22));
	assert_false(radius_proof_ok(TEXT("a shared secrez"), request, c, 22));
	assert_false(radius_proof_ok(TEXT(""), request, c, 22));
	memcpy(other, request, sizeof(other));
	other[15] ^= 1;
	assert_false(radius_proof_ok(TEXT(secret), other, c, 22));
	for (size_t i = 0; i < len; i++) {
		packet[i] ^= 1;
		if (radius_proof_ok(TEXT(secret), request, c, 22))
			fail_msg("octet %zu may be another", i);
		packet[i] ^= 1;
	}
	unhex(blast, packet, sizeof(packet));
	assert_false(radius_proof_ok(TEXT(secret), request, c, 22));
	unhex(answer, packet, sizeof(packet));
	/* where Message-Authenticator cannot be */
	assert_false(radius_proof_ok(TEXT(secret), request, c, 0));
	assert_false(radius_proof_ok(TEXT(secret), request, c, 19));
	assert_false(radius_proof_ok(TEXT(secret), request, c, len - 15));
	assert_false(radius_proof_ok(TEXT(secret), request, c, SIZE_MAX));
	assert_false(radius_proof_ok(TEXT(secret), request, (struct chunk){ packet, 15 }, 22));
}

static bool key(const char *hex, size_t len, uint8_t out[64], size_t *got)
{
	uint8_t octets[128];
	size_t all = unhex(hex, octets, sizeof(octets));

	return radius_proof_key(TEXT(secret), request, (struct chunk){ octets, len ? len : all },
				out, got);
}

static void keys(void **state)
{
	static const char recv[] =
		"80014f6be9110aa34eab89c6463cfe911e744fbdf4a79fab15ec665c901461df"
		"5674e0b57a4bcd0a88a1309d39ecc9614a81";
	static const char send[] =
		"800255bde735edb5139d4de4531d0da76b2a2911d81d40d490fc0935eeaf55990fa0";
	uint8_t out[RADIUS_PROOF_KEY_MAX];
	size_t len;

	assert_true(key(recv, 0, out, &len));
	assert_int_equal(len, 32);
	for (uint8_t i = 0; i < 32; i++)
		assert_int_equal(out[i], 0x40 + i);
	assert_true(key(send, 0, out, &len));
	assert_int_equal(len, 16);
	assert_int_equal(out[15], 0x6f);
	/* longer than what is there, and none at all */
	assert_false(key("8003c985925bd02e67aa131e749eca42a1a4", 0, out, &len));
	assert_false(key("800440d751e190533b6b2d5ef6ced25521de", 0, out, &len));
	for (size_t n = 1; n < 50; n++)
		if (n != 34 && key(recv, n, out, &len))
			fail_msg("%zu octets are taken", n);
	assert_false(radius_proof_key(TEXT(secret), request, (struct chunk){ request, 0 }, out,
				      &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request), cmocka_unit_test(an_answer), cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
