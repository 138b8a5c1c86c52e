// SPDX-License-Identifier: GPL-2.0
/* Every cipher with the Encrypted payload, against what another library makes of the octets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/cipher.h"
#include "unit/wire/hex.h"
#include "lib/array.h"

#define BODY	32
#define PLAIN	21
#define IV	0x0102030405060708ULL

/*
 * Octets from the IV to the ICV, made with OpenSSL: keys of 1, 8, 15, ... and 3, 8, 13, ...,
 * headers of 0xc0, 0xc1, ..., 21 octets of 0, 1, 2, ... inside. RFC 7296 3.14, RFC 5282, RFC 5930,
 * RFC 7634.
 */
static const struct {
	uint16_t encr, bits, integ;
	const char *sealed;
} suites[] = {
	{ ENCR_AES_GCM_8, 128, INTEG_NONE,
	  "010203040506070819bcd1439558167fdf324300afa0605d0b7da3cb7467969f"
	  "467099471e06" },
	{ ENCR_AES_GCM_8, 192, INTEG_NONE,
	  "01020304050607083499ef6d066532213ca3708ab5881031d2ddd938489a00d3"
	  "d7de7fdb937b" },
	{ ENCR_AES_GCM_8, 256, INTEG_NONE,
	  "010203040506070822f2f66b7c4780090f563602081b6eef614b5d28ff66178e"
	  "e74939487164" },
	{ ENCR_AES_GCM_12, 128, INTEG_NONE,
	  "010203040506070819bcd1439558167fdf324300afa0605d0b7da3cb7467969f"
	  "467099471e0638de1c38" },
	{ ENCR_AES_GCM_12, 192, INTEG_NONE,
	  "01020304050607083499ef6d066532213ca3708ab5881031d2ddd938489a00d3"
	  "d7de7fdb937b32c98315" },
	{ ENCR_AES_GCM_12, 256, INTEG_NONE,
	  "010203040506070822f2f66b7c4780090f563602081b6eef614b5d28ff66178e"
	  "e7493948716459b5c594" },
	{ ENCR_AES_GCM_16, 128, INTEG_NONE,
	  "010203040506070819bcd1439558167fdf324300afa0605d0b7da3cb7467969f"
	  "467099471e0638de1c38e07615b8" },
	{ ENCR_AES_GCM_16, 192, INTEG_NONE,
	  "01020304050607083499ef6d066532213ca3708ab5881031d2ddd938489a00d3"
	  "d7de7fdb937b32c98315f680091b" },
	{ ENCR_AES_GCM_16, 256, INTEG_NONE,
	  "010203040506070822f2f66b7c4780090f563602081b6eef614b5d28ff66178e"
	  "e7493948716459b5c594eba67928" },
	{ ENCR_AES_CCM_8, 128, INTEG_NONE,
	  "010203040506070819f98f51f8c4bd9cda703d771243a250f68c6a54c4d02ae6"
	  "f661ff13d2c4" },
	{ ENCR_AES_CCM_8, 192, INTEG_NONE,
	  "010203040506070821da9575cdaa25ae8f155541c99c0c50dedab3b969a08ea5"
	  "477dea84f9d9" },
	{ ENCR_AES_CCM_8, 256, INTEG_NONE,
	  "0102030405060708e340cc89c9acbbd4455fe97023d5fe666efe4b40b43fd738"
	  "06f647d78d0b" },
	{ ENCR_AES_CCM_12, 128, INTEG_NONE,
	  "010203040506070819f98f51f8c4bd9cda703d771243a250f68c6a54c4d026eb"
	  "8169743ff130437706b5" },
	{ ENCR_AES_CCM_12, 192, INTEG_NONE,
	  "010203040506070821da9575cdaa25ae8f155541c99c0c50dedab3b969a06701"
	  "5e7dc0a346061c63ce06" },
	{ ENCR_AES_CCM_12, 256, INTEG_NONE,
	  "0102030405060708e340cc89c9acbbd4455fe97023d5fe666efe4b40b43fbe07"
	  "202f37deeae5cb9b5b54" },
	{ ENCR_AES_CCM_16, 128, INTEG_NONE,
	  "010203040506070819f98f51f8c4bd9cda703d771243a250f68c6a54c4d0bc41"
	  "53be1b4eb5929d724ce777caa63b" },
	{ ENCR_AES_CCM_16, 192, INTEG_NONE,
	  "010203040506070821da9575cdaa25ae8f155541c99c0c50dedab3b969a018dc"
	  "cf7a10883fcbb38c13852099633e" },
	{ ENCR_AES_CCM_16, 256, INTEG_NONE,
	  "0102030405060708e340cc89c9acbbd4455fe97023d5fe666efe4b40b43f1250"
	  "e4797e75171d74b9dfea20332459" },
	{ ENCR_CHACHA20_POLY1305, 0, INTEG_NONE,
	  "010203040506070873bf1fbeef697f1486770aedd679bcc7b9780714030f79ae"
	  "60dbfd807592569bd600d4e94705" },
	{ ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_256_128,
	  "e1b1c6612983283290bd3a1a2e3deda7eaec8c88ca06978740e81a07c0ad862f"
	  "1dad94f058f9ecf5eac892b37f852a670a2f2bd19f58a0ad4dfcb54400fba209" },
	{ ENCR_AES_CBC, 192, INTEG_HMAC_SHA2_384_192,
	  "980c6640114f7f367dbfaab27b7505171c0a43011a793b8e8b9c7af6fc7d84fe"
	  "66c52aed2679c6e37a4b28124e021e4981ed51e73aaed5f2f91e5d0facc5c227"
	  "2ab069e9e7060369" },
	{ ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_512_256,
	  "c6ba83189546709084a03b976160e478f22d802983fe35b34b819e1db44e732c"
	  "aa4dde35a656c3cb28c0a27e5ed797371906186a0eeea7ebe325e145c1184151"
	  "1671c8d5503a0c133597ce178a8dc1b8" },
	{ ENCR_AES_CBC, 128, INTEG_HMAC_SHA1_96,
	  "e1b1c6612983283290bd3a1a2e3deda7eaec8c88ca06978740e81a07c0ad862f"
	  "1dad94f058f9ecf5eac892b37f852a672ca4084d04e1b3601ef4134c" },
	{ ENCR_AES_CBC, 128, INTEG_AES_XCBC_96,
	  "e1b1c6612983283290bd3a1a2e3deda7eaec8c88ca06978740e81a07c0ad862f"
	  "1dad94f058f9ecf5eac892b37f852a672541636c2003d617e4c30040" },
	{ ENCR_AES_CBC, 128, INTEG_AES_CMAC_96,
	  "e1b1c6612983283290bd3a1a2e3deda7eaec8c88ca06978740e81a07c0ad862f"
	  "1dad94f058f9ecf5eac892b37f852a67d6161a9a5f0e1d2a0b9527d8" },
	{ ENCR_AES_CTR, 128, INTEG_HMAC_SHA2_256_128,
	  "010203040506070831b03e15cbb8fd870d1781c95d0f70a209acc153855d1401"
	  "e27d05eb2230b030e3addc3a98a2" },
	{ ENCR_AES_CTR, 192, INTEG_HMAC_SHA2_384_192,
	  "01020304050607087413d8525c4bcb3cba3d75da06d6a2a62489ff7d1660070d"
	  "b9d1f932f36a1c3da1ad8ccdc3fbbf53f48047cc751a" },
	{ ENCR_AES_CTR, 256, INTEG_HMAC_SHA2_512_256,
	  "0102030405060708c6ad1588b1b479fd27142a722f8ec96232e2e67b6c428569"
	  "6f16bb0de0f786d62c0b21bab4f6fe590c7ca6bce04c503a2bb79224d561" },
	{ ENCR_3DES, 0, INTEG_HMAC_SHA1_96,
	  "5b8093ea05bbeef2d5a4a46f41882f0deea9bf7c4c1ca54b37dfe6a2f6dad2ba"
	  "c98a4f59a85bccef0ede74f7" },
	{ ENCR_DES, 0, INTEG_HMAC_MD5_96,
	  "85df4ba4286986b6121687366c35fc221af7f0620cb72f7bafdea92ea139195b"
	  "3dbbc634021acd32013c42ec" },
};

static struct sk sk_of(size_t suite)
{
	struct sk sk = { .encr = suites[suite].encr,
			 .key_bits = suites[suite].bits,
			 .integ = suites[suite].integ,
			 .next_iv = IV };
	size_t i;

	for (i = 0; i < sizeof(sk.key); i++)
		sk.key[i] = (uint8_t)(i * 7 + 1);
	for (i = 0; i < sizeof(sk.integ_key); i++)
		sk.integ_key[i] = (uint8_t)(i * 5 + 3);
	return sk;
}

static void header(uint8_t *msg)
{
	for (size_t i = 0; i < BODY; i++)
		msg[i] = (uint8_t)(0xc0 + i);
}

static void known_answers(void **state)
{
	uint8_t msg[256], want[256];
	size_t s, len, at, out_len, i;
	struct sk sk;

	for (s = 0; s < ARRAY_SIZE(suites); s++) {
		sk = sk_of(s);
		len = unhex(suites[s].sealed, want + BODY, sizeof(want) - BODY);
		assert_int_equal(sk_sealed_len(&sk, PLAIN), len);
		header(want);
		header(msg);
		for (i = 0; i < PLAIN; i++)
			msg[BODY + sk_iv_len(&sk) + i] = (uint8_t)i;
		assert_true(sk_seal(&sk, msg, BODY, PLAIN));
		assert_memory_equal(msg, want, BODY + len);
		assert_true(sk.next_iv == IV + 1);
		assert_true(sk_open(&sk, msg, BODY + len, BODY, &at, &out_len));
		assert_int_equal(at, BODY + sk_iv_len(&sk));
		assert_int_equal(out_len, PLAIN);
		for (i = 0; i < PLAIN; i++)
			assert_int_equal(msg[at + i], i);
	}
}

/* Not a bit of any of them may be another, headers included. */
static void changed_bits_are_refused(void **state)
{
	uint8_t good[256], msg[256];
	size_t s, len, bit, at, out_len;
	struct sk sk;

	header(good);
	for (s = 0; s < ARRAY_SIZE(suites); s++) {
		sk = sk_of(s);
		len = BODY + unhex(suites[s].sealed, good + BODY, sizeof(good) - BODY);
		for (bit = 0; bit < 8 * len; bit++) {
			memcpy(msg, good, len);
			msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(sk_open(&sk, msg, len, BODY, &at, &out_len));
		}
		for (at = 0; at < len; at++) {
			memcpy(msg, good, len);
			assert_false(sk_open(&sk, msg, at, BODY, &bit, &out_len));
		}
	}
}

/* All that the registry has for IKE is in the table above. */
static void none_is_left_out(void **state)
{
	const struct alg *alg = NULL;
	size_t s;

	while ((alg = alg_next(alg))) {
		if (!(alg->use & ALG_IKE) || alg->use & ALG_THEIRS ||
		    (alg->type != TRANSFORM_ENCR && alg->type != TRANSFORM_INTEG))
			continue;
		for (s = 0; s < ARRAY_SIZE(suites); s++)
			if (alg->type == TRANSFORM_INTEG ? suites[s].integ == alg->id :
			    suites[s].encr == alg->id && suites[s].bits == alg->key_bits)
				break;
		if (s == ARRAY_SIZE(suites))
			fail_msg("%s has no known answer", alg->name);
	}
}

/* RFC 3686 6, vectors 1 to 9: key and nonce, IV, text, encrypted */
static const struct {
	uint16_t bits;
	const char *key, *iv, *text, *crypt;
} ctr[] = {
	{ 128, "ae6852f8121067cc4bf7a5765577f39e00000030",
	  "0000000000000000",
	  "53696e676c6520626c6f636b206d7367",
	  "e4095d4fb7a7b3792d6175a3261311b8" },
	{ 128, "7e24067817fae0d743d6ce1f32539163006cb6db",
	  "c0543b59da48d90b",
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	  "5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28" },
	{ 128, "7691be035e5020a8ac6e618529f9a0dc00e0017b",
	  "27777f3f4a1786f0",
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "20212223",
	  "c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef31053"
	  "25b2072f" },
	{ 192, "16af5b145fc9f579c175f93e3bfb0eed863d06ccfdb7851500000048",
	  "36733c147d6d93cb",
	  "53696e676c6520626c6f636b206d7367",
	  "4b55384fe259c9c84e7935a003cbe928" },
	{ 192, "7c5cb2401b3dc33c19e7340819e0f69c678c3db8e6f6a91a0096b03b",
	  "020c6eadc2cb500d",
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	  "453243fc609b23327edfaafa7131cd9f8490701c5ad4a79cfc1fe0ff42f4fb00" },
	{ 192, "02bf391ee8ecb159b959617b0965279bf59b60a786d3e0fe0007bdfd",
	  "5cbd60278dcc0912",
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "20212223",
	  "96893fc55e5c722f540b7dd1ddf7e758d288bc95c69165884536c811662f2188"
	  "abee0935" },
	{ 256, "776beff2851db06f4c8a0542c8696f6c6a81af1eec96b4d37fc1d689e6c1c104"
	  "00000060",
	  "db5672c97aa8f0b2",
	  "53696e676c6520626c6f636b206d7367",
	  "145ad01dbf824ec7560863dc71e3e0c0" },
	{ 256, "f6d66d6bd52d59bb0796365879eff886c66dd51a5b6a99744b50590c87a23884"
	  "00faac24",
	  "c1585ef15a43d875",
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	  "f05e231b3894612c49ee000b804eb2a9b8306b508f839d6a5530831d9344af1c" },
	{ 256, "ff7a617ce69148e4f1726e2f43581de2aa62d9f805532edff1eed687fb54153d"
	  "001cc5b7",
	  "51a51d70a1c11148",
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "20212223",
	  "eb6c52821d0bbbf7ce7594462aca4faab407df866569fd07f48cc0b583d6071f"
	  "1ec0e6b8" },
};

static void ctr_vectors(void **state)
{
	uint8_t key[36], iv[8], text[64], want[64];
	const struct alg *alg;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(ctr); i++) {
		alg = alg_find(TRANSFORM_ENCR, ENCR_AES_CTR, ctr[i].bits);
		assert_int_equal(unhex(ctr[i].key, key, sizeof(key)),
				 alg->key_len + alg->salt_len);
		assert_int_equal(unhex(ctr[i].iv, iv, sizeof(iv)), alg->iv_len);
		len = unhex(ctr[i].text, text, sizeof(text));
		unhex(ctr[i].crypt, want, sizeof(want));
		assert_true(cipher_crypt(alg, key, iv, text, len, true));
		assert_memory_equal(text, want, len);
	}
}

/* RFC 3602 4, cases 1 and 2 */
static void cbc_vectors(void **state)
{
	const struct alg *alg = alg_find(TRANSFORM_ENCR, ENCR_AES_CBC, 128);
	uint8_t key[16], iv[16], text[32], want[32];

	unhex("06a9214036b8a15b512e03d534120006", key, sizeof(key));
	unhex("3dafba429d9eb430b422da802c9fac41", iv, sizeof(iv));
	memcpy(text, "Single block msg", 16);
	unhex("e353779c1079aeb82708942dbe77181a", want, sizeof(want));
	assert_true(cipher_crypt(alg, key, iv, text, 16, true));
	assert_memory_equal(text, want, 16);
	unhex("c286696d887c9aa0611bbb3e2025a45a", key, sizeof(key));
	unhex("562e17996d093d28ddb3ba695a2e6f58", iv, sizeof(iv));
	for (int i = 0; i < 32; i++)
		text[i] = (uint8_t)i;
	unhex("d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1", want,
	      sizeof(want));
	assert_true(cipher_crypt(alg, key, iv, text, 32, true));
	assert_memory_equal(text, want, 32);
	assert_true(cipher_crypt(alg, key, iv, text, 32, false));
	assert_int_equal(text[31], 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(changed_bits_are_refused),
		cmocka_unit_test(none_is_left_out),
		cmocka_unit_test(ctr_vectors),
		cmocka_unit_test(cbc_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
