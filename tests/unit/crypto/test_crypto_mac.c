// SPDX-License-Identifier: GPL-2.0
/* PRFs and integrity algorithms: the vectors of the RFCs, in one piece and in many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/mac.h"
#include "unit/wire/hex.h"
#include "lib/array.h"

#define HI_THERE	"4869205468657265"
#define K20_0B		"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define K16_0B		"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define K_0_15		"000102030405060708090a0b0c0d0e0f"
#define D_0_19		K_0_15 "10111213"
#define DD_50		"dddddddddddddddddddddddddddddddddddddddddddddddddd"	\
			"dddddddddddddddddddddddddddddddddddddddddddddddddd"
#define K20_AA		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define K80_AA		K20_AA K20_AA K20_AA K20_AA
#define K_NIST		"2b7e151628aed2a6abf7158809cf4f3c"
#define D_NIST		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"	\
			"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

/* RFC 2202, RFC 3566, RFC 4434, RFC 4493, RFC 4615; SHA-2's are in test_crypto.c */
static const struct {
	uint16_t prf;
	const char *key, *data;
	size_t len;		/* octets of @data */
	const char *out;
} vectors[] = {
	{ PRF_HMAC_MD5, K16_0B, HI_THERE, 8, "9294727a3638bb1c13f48ef8158bfc9d" },
	{ PRF_HMAC_MD5, "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", 28,
	  "750c783e6ab0b503eaa86e310a5db738" },
	{ PRF_HMAC_MD5, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", DD_50, 50,
	  "56be34521d144c88dbb8c733f0e8b3f6" },
	{ PRF_HMAC_MD5, K80_AA,
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a"
	  "65204b6579202d2048617368204b6579204669727374", 54, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd" },
	{ PRF_HMAC_SHA1, K20_0B, HI_THERE, 8, "b617318655057264e28bc0b6fb378c8ef146be00" },
	{ PRF_HMAC_SHA1, "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", 28,
	  "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
	{ PRF_HMAC_SHA1, K20_AA, DD_50, 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3" },
	{ PRF_HMAC_SHA1, K80_AA,
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a"
	  "65204b6579202d2048617368204b6579204669727374", 54,
	  "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
	{ PRF_AES128_XCBC, K_0_15, "", 0, "75f0251d528ac01c4573dfd584d79f29" },
	{ PRF_AES128_XCBC, K_0_15, D_0_19, 3, "5b376580ae2f19afe7219ceef172756f" },
	{ PRF_AES128_XCBC, K_0_15, D_0_19, 16, "d2a246fa349b68a79998a4394ff7a263" },
	{ PRF_AES128_XCBC, K_0_15, D_0_19, 20, "47f51b4564966215b8985c63055ed308" },
	{ PRF_AES128_XCBC, K_0_15, D_0_19 "1415161718191a1b1c1d1e1f", 32,
	  "f54f0ec8d2b9f3d36807734bd5283fd4" },
	{ PRF_AES128_XCBC, "00010203040506070809", D_0_19, 20, "0fa087af7d866e7653434e602fdde835" },
	{ PRF_AES128_XCBC, K_0_15 "edcb", D_0_19, 20, "8cd3c93ae598a9803006ffb67c40e9e4" },
	{ PRF_AES128_CMAC, K_NIST, "", 0, "bb1d6929e95937287fa37d129b756746" },
	{ PRF_AES128_CMAC, K_NIST, D_NIST, 16, "070a16b46b4d4144f79bdd9dd04a287c" },
	{ PRF_AES128_CMAC, K_NIST, D_NIST, 40, "dfa66747de9ae63030ca32611497c827" },
	{ PRF_AES128_CMAC, K_NIST, D_NIST, 64, "51f0bebf7e3b9d92fc49741779363cfe" },
	{ PRF_AES128_CMAC, K_0_15 "edcb", D_0_19, 20, "84a348a4a45d235babfffc0d2b4da09a" },
	{ PRF_AES128_CMAC, K_0_15, D_0_19, 20, "980ae87b5f4c9c5214f5b6a8455e4c2d" },
	{ PRF_AES128_CMAC, "00010203040506070809", D_0_19, 20, "290d9e112edb09ee141fcf64c0b72f3d" },
};

static void published_vectors(void **state)
{
	uint8_t key[128], data[128], want[64], out[MAC_LEN_MAX];
	struct chunk k = { .p = key }, parts[3];
	size_t i, cut, len;
	struct mac mac;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		k.len = unhex(vectors[i].key, key, sizeof(key));
		unhex(vectors[i].data, data, sizeof(data));
		len = unhex(vectors[i].out, want, sizeof(want));
		for (cut = 0; cut <= vectors[i].len; cut++) {
			parts[0] = (struct chunk){ data, cut / 2 };
			parts[1] = (struct chunk){ data + cut / 2, cut - cut / 2 };
			parts[2] = (struct chunk){ data + cut, vectors[i].len - cut };
			assert_true(mac_start(&mac, TRANSFORM_PRF, vectors[i].prf, k));
			assert_true(mac_feed(&mac, parts, 3));
			mac_end(&mac, out);
			assert_memory_equal(out, want, len);
			/* and once more under the same key */
			assert_true(mac_feed(&mac, parts, 3));
			mac_end(&mac, out);
			assert_memory_equal(out, want, len);
			mac_stop(&mac);
		}
	}
}

/* Each PRF of the registry is there, and the vectors leave none out. */
static void every_prf_works(void **state)
{
	uint8_t a[PRF_LEN_MAX], b[PRF_LEN_MAX], octets[100] = { 1 };
	struct chunk key = { octets, 33 }, text = { octets, 50 };
	const struct alg *alg = NULL;
	unsigned int count = 0;
	size_t i;

	while ((alg = alg_next(alg))) {
		if (alg->type != TRANSFORM_PRF || !(alg->use & ALG_IKE))
			continue;
		count++;
		assert_int_equal(prf_len(alg->id), alg->key_len);
		assert_true(prf(alg->id, key, &text, 1, a));
		octets[32] ^= 1;
		assert_true(prf(alg->id, key, &text, 1, b));
		assert_memory_not_equal(a, b, alg->key_len);
		assert_true(prf_plus(alg->id, key, &text, 1, octets, 100));
		for (i = 0; i < ARRAY_SIZE(vectors) && vectors[i].prf != alg->id; i++)
			;
		assert_true(i < ARRAY_SIZE(vectors) || (alg->id >= PRF_HMAC_SHA2_256 &&
							alg->id <= PRF_HMAC_SHA2_512));
	}
	assert_true(count >= 6);
}

/* RFC 7296 2.14: eight octets of each nonce for the PRFs of AES, all for the others. */
static void nonces_for_a_key(void **state)
{
	assert_int_equal(prf_nonce_len(PRF_AES128_XCBC), 8);
	assert_int_equal(prf_nonce_len(PRF_AES128_CMAC), 8);
	assert_true(prf_nonce_len(PRF_HMAC_SHA1) > 256);
	assert_true(prf_nonce_len(PRF_HMAC_SHA2_256) > 256);
}

static void the_unknown_is_refused(void **state)
{
	struct mac mac;

	assert_false(mac_start(&mac, TRANSFORM_PRF, 3, (struct chunk){ NULL, 0 }));
	assert_false(mac_start(&mac, TRANSFORM_INTEG, INTEG_NONE, (struct chunk){ NULL, 0 }));
	assert_false(mac_start(&mac, TRANSFORM_INTEG, 999, (struct chunk){ NULL, 0 }));
	assert_false(mac_start(&mac, TRANSFORM_ENCR, 2, (struct chunk){ NULL, 0 }));
}

static void stopping_wipes(void **state)
{
	struct mac mac, zero;

	memset(&zero, 0, sizeof(zero));
	assert_true(mac_start(&mac, TRANSFORM_INTEG, INTEG_AES_XCBC_96,
			      (struct chunk){ (const uint8_t *)"k", 1 }));
	mac_stop(&mac);
	assert_memory_equal(&mac, &zero, sizeof(mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors),
		cmocka_unit_test(every_prf_works),
		cmocka_unit_test(nonces_for_a_key),
		cmocka_unit_test(the_unknown_is_refused),
		cmocka_unit_test(stopping_wipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
