// SPDX-License-Identifier: GPL-2.0
/* ML-KEM, where the build has it: against another implementation; and what is said where not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/crypto.h"
#include "lib/array.h"
#include "suite/proposal.h"

#ifdef HAVE_BOTAN
/* The key pair of the seed 0, 1, ..., 63, and the answer of the coins 128, 129, ..., 159. */
static const struct vector {
	uint16_t group;
	size_t public_len, answer_len;
	const char *public, *answer;	/* SHA-256 of them */
	const char *secret, *rejected;	/* the latter: with another lowest bit of the answer */
} vectors[] = {
	{ KE_ML_KEM_512, 800, 768,
	  "3ae268dccc5456ac0d0f9b39257dc48fe081383b97c400512d712b739762daee",
	  "61bc8493b2a0b32c6a5be3ca58afa3dc64fb059b6298f6f7d61efbcee6f14032",
	  "74a91ec5873cd675a267bb08a2ab43c1746f67923d2b95d5c5616102ca34f28a",
	  "b2831d752b119a2b555954992c657f8a8e9857f8d0bb23d27cc0ff8158c26287" },
	{ KE_ML_KEM_768, 1184, 1088,
	  "0b7934c83125c788995e2ba6bd761e33046b3e40571be53e023309a29f398cc9",
	  "1f16e217ad23771f7f72522c602dcf10cd1e2eea2648e72d29c1255a3949c33e",
	  "ef91db44b6cd5b2c50f483481a3d6e2a08cc149764fcb8dc568851332da45ed9",
	  "016b585c8abc901fa45387c496d0ed74332aa06501ace2bb65ab9f8458a35bfc" },
	{ KE_ML_KEM_1024, 1568, 1568,
	  "c7b8fa0aa471d5ae18922d6ccad5b31e1d84f92ae723abfd13747018740a8530",
	  "ed94c4d368750d7afcae38a6e5a5d351840a8c66c6da49907f6ebfbdd402c2d3",
	  "7d9404fdb9a12fafe778c3cec2c017de229fdb1c8564964830db5541970e8079",
	  "d35f7dfb8f0945bf574a3b2ae51630bb7766e769b68cb6983bab3e337f4b97dc" },
};

static void counting(void *ctx, void *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = (uint8_t)(*(unsigned int *)ctx + i);
}

static void assert_hex(const uint8_t *p, size_t len, const char *hex)
{
	char text[2 * 32 + 1];

	assert_int_equal(len, 32);
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	assert_string_equal(text, hex);
}

static void assert_digest(const uint8_t *p, size_t len, const char *hex)
{
	struct chunk whole = { p, len };
	uint8_t digest[32];

	assert_true(sha256(&whole, 1, digest));
	assert_hex(digest, 32, hex);
}

static void test_vectors(void **state)
{
	uint8_t secret[KE_SECRET_MAX], same[KE_SECRET_MAX], changed[KE_PUBLIC_MAX];
	unsigned int seed = 0, coins = 128;
	const uint8_t *public, *answer;
	size_t len, answer_len, s1, s2;
	struct ke *a, *b;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];

		assert_int_equal(ke_public_len(v->group), v->public_len);
		assert_int_equal(ke_answer_len(v->group), v->answer_len);
		a = ke_new(v->group, counting, &seed);
		assert_non_null(a);
		public = ke_public(a, &len);
		assert_int_equal(len, v->public_len);
		assert_digest(public, len, v->public);
		b = ke_answer(v->group, public, len, counting, &coins, secret, &s1);
		assert_non_null(b);
		assert_int_equal(ke_group(b), v->group);
		answer = ke_public(b, &answer_len);
		assert_int_equal(answer_len, v->answer_len);
		assert_digest(answer, answer_len, v->answer);
		assert_hex(secret, s1, v->secret);
		assert_true(ke_derive(a, answer, answer_len, same, &s2));
		assert_hex(same, s2, v->secret);
		/* FIPS 203 7.3: one that was altered gives another secret, and no sign of it */
		memcpy(changed, answer, answer_len);
		changed[0] ^= 1;
		assert_true(ke_derive(a, changed, answer_len, same, &s2));
		assert_hex(same, s2, v->rejected);
		ke_free(a);
		ke_free(b);
	}
}

/* Values of another length, and keys with a number that is not below 3329 (FIPS 203 7.2). */
static void test_unsound(void **state)
{
	uint8_t secret[KE_SECRET_MAX], key[KE_PUBLIC_MAX];
	unsigned int seed = 0;
	const uint8_t *public;
	size_t len, s;
	struct ke *a;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];

		a = ke_new(v->group, counting, &seed);
		public = ke_public(a, &len);
		memcpy(key, public, len);
		assert_null(ke_answer(v->group, key, len - 1, counting, &seed, secret, &s));
		assert_false(ke_derive(a, key, v->answer_len - 1, secret, &s));
		for (size_t at = 0; at < len - 32; at += (len - 32) / 2 - 3) {
			memcpy(key, public, len);
			key[at] = 0xff;		/* 4095, or 3840 and more */
			key[at + 1] |= 0xff;
			assert_null(ke_answer(v->group, key, len, counting, &seed, secret, &s));
		}
		ke_free(a);
	}
}

static void test_named(void **state)
{
	struct proposal p;
	char why[600];

	assert_true(proposal_parse(&p, PROTO_IKE, "aes256gcm16-prfsha384-x25519-ke1_mlkem768", why,
				   sizeof(why)));
	assert_int_equal(proposal_find(&p, TRANSFORM_ADDKE1)->id, KE_ML_KEM_768);
}
#else
static void test_named(void **state)
{
	static const char *const words[] = { "ke1_mlkem768", "mlkem512", "ke7_mlkem1024" };
	char text[80], why[600];
	struct proposal p;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		snprintf(text, sizeof(text), "aes256gcm16-prfsha384-x25519-%s", words[i]);
		assert_false(proposal_parse(&p, PROTO_IKE, text, why, sizeof(why)));
		assert_non_null(strstr(why, "is not in this build, which was made without Botan"));
		assert_null(strstr(strstr(why, "; use "), "mlkem"));
	}
	assert_int_equal(ke_public_len(KE_ML_KEM_768), 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef HAVE_BOTAN
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_unsound),
#endif
		cmocka_unit_test(test_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
