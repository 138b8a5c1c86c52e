// SPDX-License-Identifier: GPL-2.0
/* AlgorithmIdentifiers: the octets of RFC 7427 appendix A and RFC 8420, and what is near them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/sigalg.h"
#include "lib/array.h"
#include "suite/ikev2.h"
#include "unit/wire/hex.h"

#define SHA1		SIGNATURE_HASH_SHA1
#define SHA256		SIGNATURE_HASH_SHA2_256
#define SHA384		SIGNATURE_HASH_SHA2_384
#define SHA512		SIGNATURE_HASH_SHA2_512
#define IDENTITY	SIGNATURE_HASH_IDENTITY

static const struct {
	struct sigalg alg;
	const char *der, *text;
} vectors[] = {
	/* RFC 7427 A.1 */
	{ { SIGALG_RSA, SHA1 }, "300d06092a864886f70d0101050500", "RSA with SHA-1" },
	{ { SIGALG_RSA, SHA256 }, "300d06092a864886f70d01010b0500", "RSA with SHA2-256" },
	{ { SIGALG_RSA, SHA384 }, "300d06092a864886f70d01010c0500", "RSA with SHA2-384" },
	{ { SIGALG_RSA, SHA512 }, "300d06092a864886f70d01010d0500", "RSA with SHA2-512" },
	/* A.2 */
	{ { SIGALG_DSA, SHA1 }, "300906072a8648ce380403", "DSA with SHA-1" },
	{ { SIGALG_DSA, SHA256 }, "300b0609608648016503040302", "DSA with SHA2-256" },
	/* A.3 */
	{ { SIGALG_ECDSA, SHA1 }, "300906072a8648ce3d0401", "ECDSA with SHA-1" },
	{ { SIGALG_ECDSA, SHA256 }, "300a06082a8648ce3d040302", "ECDSA with SHA2-256" },
	{ { SIGALG_ECDSA, SHA384 }, "300a06082a8648ce3d040303", "ECDSA with SHA2-384" },
	{ { SIGALG_ECDSA, SHA512 }, "300a06082a8648ce3d040304", "ECDSA with SHA2-512" },
	/* A.4.3 */
	{ { SIGALG_RSA_PSS, SHA256, 32 },
	  "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d"
	  "010108300d06096086480165030402010500a203020120", "RSASSA-PSS with SHA2-256" },
	/* RFC 8420 A.1, A.2 */
	{ { SIGALG_ED25519, IDENTITY }, "300506032b6570", "Ed25519" },
	{ { SIGALG_ED448, IDENTITY }, "300506032b6571", "Ed448" },
};

static bool decode(const char *text, struct sigalg *alg)
{
	uint8_t der[256];

	return sigalg_decode((struct chunk){ der, unhex(text, der, sizeof(der)) }, alg);
}

static void same(const struct sigalg *a, const struct sigalg *b)
{
	assert_int_equal(a->scheme, b->scheme);
	assert_int_equal(a->hash, b->hash);
	assert_int_equal(a->salt, b->salt);
}

static void vectors_both_ways(void **state)
{
	uint8_t der[SIGALG_MAX], expected[SIGALG_MAX];
	char text[SIGALG_STRLEN];
	struct sigalg alg;

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		size_t len = unhex(vectors[i].der, expected, sizeof(expected));

		assert_int_equal(sigalg_encode(&vectors[i].alg, der), len);
		assert_memory_equal(der, expected, len);
		assert_true(decode(vectors[i].der, &alg));
		same(&alg, &vectors[i].alg);
		assert_string_equal(sigalg_str(&alg, text), vectors[i].text);
	}
}

static void pss_of_every_hash(void **state)
{
	static const uint8_t hashes[] = { SHA1, SHA256, SHA384, SHA512 };
	uint8_t der[SIGALG_MAX];
	struct sigalg alg;

	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		struct sigalg want = { SIGALG_RSA_PSS, hashes[i],
				       (uint16_t)sigalg_hash_len(hashes[i]) };
		size_t len = sigalg_encode(&want, der);

		assert_true(len);
		assert_true(sigalg_decode((struct chunk){ der, len }, &alg));
		same(&alg, &want);
	}
}

static void pss_defaults(void **state)
{
	static const struct sigalg want = { SIGALG_RSA_PSS, SHA1, 20 };
	struct sigalg alg;

	/* RFC 7427 A.4.1: empty parameters; A.4.2: the defaults written out */
	assert_true(decode("300d06092a864886f70d01010a3000", &alg));
	same(&alg, &want);
	assert_true(decode("303e06092a864886f70d01010a3031a00b300906052b0e03021a0500a118301606092a"
			   "864886f70d010108300906052b0e03021a0500a203020114a303020101", &alg));
	same(&alg, &want);
	/* hashes without NULL, RFC 4055 2.1; a salt of two octets' length */
	assert_true(decode("303e06092a864886f70d01010a3031a00d300b0609608648016503040201a11a301806"
			   "092a864886f70d010108300b0609608648016503040201a20402020100", &alg));
	assert_int_equal(alg.salt, 256);
	assert_int_equal(alg.hash, SHA256);
}

static void what_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "30", "3000", "300d", "300506032b6572", "3080",
		"300706032b65700500",			/* RFC 8420: no parameters */
		"300c06082a8648ce3d0403020500",
		"300d06092a864886f70d01010b050000",	/* more behind it */
		"300e06092a864886f70d01010b05010000",	/* NULL with an octet */
		"30810d06092a864886f70d01010b0500",	/* not the shortest length */
		"300b06092a864886f70d01010a",		/* RSASSA-PSS without parameters */
		/* the mask is made with another hash; another trailer; a negative salt */
		"304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a8648"
		"86f70d010108300d06096086480165030402020500a203020120",
		"301206092a864886f70d01010a3005a303020102",
		"301206092a864886f70d01010a3005a203020180",
		"301306092a864886f70d01010a3006a20402020001",	/* 1 in two octets */
		"301306092a864886f70d01010a3006a30302010100",
	};
	struct sigalg alg;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(decode(bad[i], &alg));
	/* every beginning of a good one */
	for (size_t cut = 0; cut < 67; cut++) {
		uint8_t der[256];

		unhex(vectors[10].der, der, sizeof(der));
		assert_false(sigalg_decode((struct chunk){ der, cut }, &alg));
	}
}

static void what_does_not_exist(void **state)
{
	static const struct sigalg none[] = {
		{ SIGALG_ED25519, SHA256 }, { SIGALG_RSA, IDENTITY }, { SIGALG_DSA, SHA512 },
		{ SIGALG_RSA_PSS, IDENTITY, 32 }, { SIGALG_RSA_PSS, SHA256, 128 },
	};
	uint8_t der[SIGALG_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(sigalg_encode(&none[i], der), 0);
	assert_int_equal(sigalg_hash_len(IDENTITY), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_ways),
		cmocka_unit_test(pss_of_every_hash),
		cmocka_unit_test(pss_defaults),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(what_does_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
