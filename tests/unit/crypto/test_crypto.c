// SPDX-License-Identifier: GPL-2.0
/* PRFs and the Encrypted payload, against published vectors and against nettle's own primitives. */
#include <nettle/cbc.h>
#include <nettle/gcm.h>
#include <nettle/hmac.h>
#include <nettle/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/crypto.h"
#include "unit/wire/hex.h"
#include "lib/array.h"

/* RFC 4231, all but the truncated case 5 */
static const struct {
	const char *key, *data, *sha256, *sha384, *sha512;
} rfc4231[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
	  "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
	  "faea9ea9076ede7f4af152e8b2fa9cb6",
	  "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
	  "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
	{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
	  "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
	  "8e2240ca5e69e2c78b3239ecfab21649",
	  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
	  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "dddddddddddddddddddddddddddddddddddddddddddddddddd"
	  "dddddddddddddddddddddddddddddddddddddddddddddddddd",
	  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
	  "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b"
	  "2a5ab39dc13814b94e3ab6e101a34f27",
	  "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
	  "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb" },
	{ "0102030405060708090a0b0c0d0e0f10111213141516171819",
	  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
	  "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e"
	  "6801dd23c4a7d679ccf8a386c674cffb",
	  "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db"
	  "a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaa",
	  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a"
	  "65204b6579202d2048617368204b6579204669727374",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
	  "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
	  "0c2ef6ab4030fe8296248df163f44952",
	  "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
	  "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaa",
	  "5468697320697320612074657374207573696e672061206c6172676572207468"
	  "616e20626c6f636b2d73697a65206b657920616e642061206c61726765722074"
	  "68616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565"
	  "647320746f20626520686173686564206265666f7265206265696e6720757365"
	  "642062792074686520484d414320616c676f726974686d2e",
	  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
	  "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5"
	  "a678cc31e799176d3860e6110c46523e",
	  "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944"
	  "b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58" },
};

static void prf_is(uint16_t id, struct chunk key, struct chunk data, const char *expected)
{
	uint8_t out[PRF_LEN_MAX], want[PRF_LEN_MAX];
	struct chunk parts[3];
	size_t len, cut;

	len = unhex(expected, want, sizeof(want));
	assert_int_equal(prf_len(id), len);
	/* however the data is cut */
	for (cut = 0; cut <= data.len; cut += 7) {
		parts[0] = (struct chunk){ data.p, cut };
		parts[1] = (struct chunk){ NULL, 0 };
		parts[2] = (struct chunk){ data.p + cut, data.len - cut };
		assert_true(prf(id, key, parts, 3, out));
		assert_memory_equal(out, want, len);
	}
}

static void prf_vectors(void **state)
{
	uint8_t key[256], data[256];
	struct chunk k, d;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rfc4231); i++) {
		k = (struct chunk){ key, unhex(rfc4231[i].key, key, sizeof(key)) };
		d = (struct chunk){ data, unhex(rfc4231[i].data, data, sizeof(data)) };
		prf_is(PRF_HMAC_SHA2_256, k, d, rfc4231[i].sha256);
		prf_is(PRF_HMAC_SHA2_384, k, d, rfc4231[i].sha384);
		prf_is(PRF_HMAC_SHA2_512, k, d, rfc4231[i].sha512);
	}
}

static void prf_refuses_the_unknown(void **state)
{
	struct chunk key = { (const uint8_t *)"k", 1 };
	uint8_t out[PRF_LEN_MAX];

	assert_int_equal(prf_len(3), 0);
	assert_false(prf(3, key, &key, 1, out));
	assert_false(prf_plus(3, key, &key, 1, out, 1));
	assert_false(auth_psk(3, key, &key, 1, out));
	/* an empty key is a key */
	assert_true(prf(PRF_HMAC_SHA2_256, (struct chunk){ NULL, 0 }, &key, 1, out));
}

/* T1 | T2 | ... of RFC 7296 2.13 by nettle, each Tn from scratch */
static void expand256(const uint8_t *key, size_t key_len, const uint8_t *seed, size_t seed_len,
		      uint8_t *out, int blocks)
{
	struct hmac_sha256_ctx ctx;
	uint8_t n;

	for (n = 1; n <= blocks; n++) {
		hmac_sha256_set_key(&ctx, key_len, key);
		if (n > 1)
			hmac_sha256_update(&ctx, 32, out + 32 * (n - 2));
		hmac_sha256_update(&ctx, seed_len, seed);
		hmac_sha256_update(&ctx, 1, &n);
		hmac_sha256_digest(&ctx, 32, out + 32 * (n - 1));
	}
}

static void prf_plus_agrees_with_nettle(void **state)
{
	static const uint8_t key[] = "SKEYSEED", seed[] = "Ni | Nr | SPIi | SPIr, and some more";
	const struct chunk parts[] = { { seed, 5 },
				       { seed + 5, 0 },
				       { seed + 5, sizeof(seed) - 5 } };
	uint8_t want[255 * 32], out[255 * 32 + 1];
	struct chunk k = { key, sizeof(key) };
	size_t len;

	expand256(key, sizeof(key), seed, sizeof(seed), want, 254);
	for (len = 0; len < 300; len++) {
		memset(out, 0xee, sizeof(out));
		assert_true(prf_plus(PRF_HMAC_SHA2_256, k, parts, ARRAY_SIZE(parts), out, len));
		assert_memory_equal(out, want, len);
		assert_int_equal(out[len], 0xee);
	}
	assert_true(prf_plus(PRF_HMAC_SHA2_256, k, parts, ARRAY_SIZE(parts), out, 255 * 32));
	assert_memory_equal(out, want, 254 * 32);
	assert_false(prf_plus(PRF_HMAC_SHA2_256, k, parts, ARRAY_SIZE(parts), out, 255 * 32 + 1));
}

static void auth_psk_is_two_prfs(void **state)
{
	static const uint8_t psk[] = "correct horse battery staple", octets[] = "signed octets";
	const struct chunk parts[] = { { octets, 6 }, { octets + 6, sizeof(octets) - 6 } };
	struct hmac_sha512_ctx ctx;
	uint8_t want[64], out[PRF_LEN_MAX];

	hmac_sha512_set_key(&ctx, sizeof(psk), psk);
	hmac_sha512_update(&ctx, 17, (const uint8_t *)"Key Pad for IKEv2");
	hmac_sha512_digest(&ctx, 64, want);
	hmac_sha512_set_key(&ctx, 64, want);
	hmac_sha512_update(&ctx, sizeof(octets), octets);
	hmac_sha512_digest(&ctx, 64, want);
	assert_true(auth_psk(PRF_HMAC_SHA2_512, (struct chunk){ psk, sizeof(psk) }, parts, 2, out));
	assert_memory_equal(out, want, 64);
}

static void sha1_vector(void **state)
{
	const struct chunk parts[] = { { (const uint8_t *)"ab", 2 },
				       { NULL, 0 },
				       { (const uint8_t *)"c", 1 } };
	uint8_t out[20], want[20];

	unhex("a9993e364706816aba3e25717850c26c9cd0d89d", want, sizeof(want));
	assert_true(sha1(parts, 3, out));
	assert_memory_equal(out, want, 20);
}

/* RFC 7634 appendix B: SET_WINDOW_SIZE in an INFORMATIONAL request */
static void chacha20_vector(void **state)
{
	struct sk sk = { .encr = ENCR_CHACHA20_POLY1305, .next_iv = 0x1011121314151617ULL };
	uint8_t msg[69], want[69], inner[12];
	size_t plain, plain_len;

	unhex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3",
	      sk.key, sizeof(sk.key));
	unhex("c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e202500000000090000004529000029"
	      "1011121314151617 61039470 1f8d017f 7c129248 89"
	      "6b71bfe2 5236efd7 cdc67066 906315b2", want, sizeof(want));
	unhex("0000000c000040010000000a", inner, sizeof(inner));

	memcpy(msg, want, 32);
	memcpy(msg + 40, inner, 12);
	assert_int_equal(sk_iv_len(&sk), 8);
	assert_int_equal(sk_sealed_len(&sk, 12), 69 - 32);
	assert_true(sk_seal(&sk, msg, 32, 12));
	assert_memory_equal(msg, want, sizeof(want));
	assert_true(sk.next_iv == 0x1011121314151618ULL);
	assert_true(sk_open(&sk, msg, sizeof(msg), 32, &plain, &plain_len));
	assert_int_equal(plain, 40);
	assert_int_equal(plain_len, 12);
	assert_memory_equal(msg + plain, inner, 12);
}

static const struct {
	uint16_t encr, bits, integ;
	size_t key_len, icv;
} suites[] = {
	{ ENCR_AES_GCM_16, 128, 0, 20, 16 },
	{ ENCR_AES_GCM_16, 192, 0, 28, 16 },
	{ ENCR_AES_GCM_16, 256, 0, 36, 16 },
	{ ENCR_CHACHA20_POLY1305, 0, 0, 36, 16 },
	{ ENCR_CHACHA20_POLY1305, 256, 0, 36, 16 },
	{ ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_256_128, 16, 16 },
	{ ENCR_AES_CBC, 192, INTEG_HMAC_SHA2_384_192, 24, 24 },
	{ ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_512_256, 32, 32 },
};

static struct sk sk_of(size_t suite)
{
	struct sk sk = { .encr = suites[suite].encr,
			 .key_bits = suites[suite].bits,
			 .integ = suites[suite].integ };
	size_t i;

	for (i = 0; i < sizeof(sk.key); i++)
		sk.key[i] = (uint8_t)(i * 7 + 1);
	for (i = 0; i < sizeof(sk.integ_key); i++)
		sk.integ_key[i] = (uint8_t)(i * 5 + 3);
	return sk;
}

#define BODY	32

/*
 * Inner payloads of 0, 1, 2, ... behind a header of 0xc0, 0xc1, ...; returns the message's length.
 */
static size_t sealed(struct sk *sk, uint8_t *msg, size_t plain)
{
	size_t i;

	for (i = 0; i < BODY; i++)
		msg[i] = (uint8_t)(0xc0 + i);
	for (i = 0; i < plain; i++)
		msg[BODY + sk_iv_len(sk) + i] = (uint8_t)i;
	assert_true(sk_seal(sk, msg, BODY, plain));
	return BODY + sk_sealed_len(sk, plain);
}

static void every_suite_round_trips(void **state)
{
	uint8_t msg[600], again[600];
	size_t s, plain, len, at, out_len, i;
	struct sk sk, peer;

	for (s = 0; s < ARRAY_SIZE(suites); s++) {
		sk = sk_of(s);
		peer = sk_of(s);
		assert_int_equal(encr_key_len(sk.encr, sk.key_bits), suites[s].key_len);
		for (plain = 0; plain < 300; plain++) {
			memset(msg, 0xee, sizeof(msg));
			len = sealed(&sk, msg, plain);
			assert_int_equal(msg[len], 0xee);
			memcpy(again, msg, len);
			assert_true(sk_open(&peer, msg, len, BODY, &at, &out_len));
			assert_int_equal(at, BODY + sk_iv_len(&sk));
			assert_int_equal(out_len, plain);
			for (i = 0; i < plain; i++)
				assert_int_equal(msg[at + i], (uint8_t)i);
			/* the same payloads once more look different */
			sealed(&sk, msg, plain);
			assert_memory_not_equal(msg + BODY, again + BODY, len - BODY);
		}
	}
}

static void every_changed_bit_is_refused(void **state)
{
	uint8_t good[256], msg[256];
	size_t s, len, bit, at, out_len;
	struct sk sk;

	for (s = 0; s < ARRAY_SIZE(suites); s++) {
		sk = sk_of(s);
		len = sealed(&sk, good, 45);
		for (bit = 0; bit < 8 * len; bit++) {
			memcpy(msg, good, len);
			msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(sk_open(&sk, msg, len, BODY, &at, &out_len));
		}
	}
}

/* What an AEAD decrypts before it can tell is not left lying there. */
static void refused_text_is_wiped(void **state)
{
	uint8_t msg[256], zero[46] = {};
	size_t s, len, at, out_len;
	struct sk sk;

	for (s = 0; s < ARRAY_SIZE(suites) && !suites[s].integ; s++) {
		sk = sk_of(s);
		len = sealed(&sk, msg, 45);
		msg[len - 1] ^= 1;
		assert_false(sk_open(&sk, msg, len, BODY, &at, &out_len));
		assert_memory_equal(msg + BODY + 8, zero, sizeof(zero));
	}
	assert_true(s > 3);
}

static void every_wrong_length_is_refused(void **state)
{
	uint8_t good[256] = {}, msg[256];
	size_t s, len, at, out_len, i;
	struct sk sk;

	for (s = 0; s < ARRAY_SIZE(suites); s++) {
		sk = sk_of(s);
		len = sealed(&sk, good, 45);
		for (i = 0; i < sizeof(msg); i++) {
			memcpy(msg, good, sizeof(msg));
			assert_int_equal(sk_open(&sk, msg, i, BODY, &at, &out_len), i == len);
		}
		memcpy(msg, good, sizeof(msg));
		assert_false(sk_open(&sk, msg, len, len + 1, &at, &out_len));
		assert_false(sk_open(&sk, msg, len, SIZE_MAX, &at, &out_len));
	}
}

static void wrong_keys_are_refused(void **state)
{
	uint8_t msg[256], good[256];
	size_t s, len, at, out_len, i;
	struct sk sk, peer;

	for (s = 0; s < ARRAY_SIZE(suites); s++) {
		sk = sk_of(s);
		len = sealed(&sk, good, 45);
		for (i = 0; i < suites[s].key_len; i++) {
			/* the cipher's key of a CBC suite does not authenticate */
			if (suites[s].integ)
				break;
			peer = sk_of(s);
			peer.key[i] ^= 1;
			memcpy(msg, good, len);
			assert_false(sk_open(&peer, msg, len, BODY, &at, &out_len));
		}
		for (i = 0; i < integ_key_len(suites[s].integ); i++) {
			peer = sk_of(s);
			peer.integ_key[i] ^= 1;
			memcpy(msg, good, len);
			assert_false(sk_open(&peer, msg, len, BODY, &at, &out_len));
		}
	}
}

/* RFC 5282: nonce = salt | IV, the headers are the associated data, one octet of pad length */
static void gcm_agrees_with_nettle(void **state)
{
	uint8_t msg[256], want[256], tag[16], nonce[12];
	struct gcm_aes256_ctx ctx;
	struct sk sk = sk_of(2);
	size_t len;

	sk.next_iv = 0x0102030405060708ULL;
	len = sealed(&sk, msg, 50);
	assert_int_equal(len, BODY + 8 + 50 + 1 + 16);
	memcpy(nonce, sk.key + 32, 4);
	unhex("0102030405060708", nonce + 4, 8);
	assert_memory_equal(msg + BODY, nonce + 4, 8);
	gcm_aes256_set_key(&ctx, sk.key);
	gcm_aes256_set_iv(&ctx, sizeof(nonce), nonce);
	gcm_aes256_update(&ctx, BODY, msg);
	gcm_aes256_decrypt(&ctx, 51, want, msg + BODY + 8);
	gcm_aes256_digest(&ctx, sizeof(tag), tag);
	assert_memory_equal(tag, msg + len - 16, 16);
	assert_int_equal(want[49], 49);
	assert_int_equal(want[50], 0);
}

/* RFC 7296 3.14: MAC over all before it, IV and padding as there */
static void cbc_agrees_with_nettle(void **state)
{
	uint8_t msg[256], text[256], mac[32], iv[16], seed[16] = {}, zero[16] = {};
	struct hmac_sha256_ctx hmac;
	struct aes128_ctx aes;
	struct sk sk = sk_of(5);
	size_t len;

	len = sealed(&sk, msg, 50);
	assert_int_equal(len, BODY + 16 + 64 + 16);
	hmac_sha256_set_key(&hmac, 32, sk.integ_key);
	hmac_sha256_update(&hmac, len - 16, msg);
	hmac_sha256_digest(&hmac, 32, mac);
	assert_memory_equal(mac, msg + len - 16, 16);

	/* the first IV is the encrypted counter 0 */
	aes128_set_encrypt_key(&aes, sk.key);
	cbc_encrypt(&aes, (nettle_cipher_func *)aes128_encrypt, 16, zero, 16, iv, seed);
	assert_memory_equal(iv, msg + BODY, 16);

	aes128_set_decrypt_key(&aes, sk.key);
	cbc_decrypt(&aes, (nettle_cipher_func *)aes128_decrypt, 16, iv, 64, text, msg + BODY + 16);
	assert_int_equal(text[49], 49);
	assert_int_equal(text[63], 13);
}

/* Authenticated and yet wrong: a pad length beyond the plaintext */
static void impossible_padding_is_refused(void **state)
{
	static const uint8_t pads[] = { 32, 33, 255 };
	uint8_t msg[BODY + 16 + 32 + 16] = {}, mac[32], iv[16];
	struct hmac_sha256_ctx hmac;
	struct aes128_ctx aes;
	struct sk sk = sk_of(5);
	size_t at, len, i;

	for (i = 0; i < ARRAY_SIZE(pads); i++) {
		memset(msg, 0, sizeof(msg));
		msg[BODY + 16 + 31] = pads[i];
		memset(iv, 0, sizeof(iv));
		aes128_set_encrypt_key(&aes, sk.key);
		cbc_encrypt(&aes, (nettle_cipher_func *)aes128_encrypt, 16, iv, 32, msg + BODY + 16,
			    msg + BODY + 16);
		hmac_sha256_set_key(&hmac, 32, sk.integ_key);
		hmac_sha256_update(&hmac, sizeof(msg) - 16, msg);
		hmac_sha256_digest(&hmac, 16, mac);
		memcpy(msg + sizeof(msg) - 16, mac, 16);
		assert_false(sk_open(&sk, msg, sizeof(msg), BODY, &at, &len));
	}
	/* 31 octets of padding are allowed, and more than needed */
	memset(msg, 0, sizeof(msg));
	msg[BODY + 16 + 31] = 31;
	memset(iv, 0, sizeof(iv));
	cbc_encrypt(&aes, (nettle_cipher_func *)aes128_encrypt, 16, iv, 32, msg + BODY + 16,
		    msg + BODY + 16);
	hmac_sha256_set_key(&hmac, 32, sk.integ_key);
	hmac_sha256_update(&hmac, sizeof(msg) - 16, msg);
	hmac_sha256_digest(&hmac, 16, msg + sizeof(msg) - 16);
	assert_true(sk_open(&sk, msg, sizeof(msg), BODY, &at, &len));
	assert_int_equal(len, 0);
}

static void used_up_ivs_stop(void **state)
{
	uint8_t msg[256] = {};
	struct sk sk;
	size_t s;

	for (s = 0; s < ARRAY_SIZE(suites); s++) {
		sk = sk_of(s);
		sk.next_iv = UINT64_MAX - 1;
		assert_true(sk_seal(&sk, msg, BODY, 10));
		assert_false(sk_seal(&sk, msg, BODY, 10));
		assert_false(sk_seal(&sk, msg, BODY, 10));
	}
}

static void unknown_suites_are_refused(void **state)
{
	static const struct sk bad[] = {
		{ .encr = 0 },
		{ .encr = 5 },
		{ .encr = ENCR_AES_GCM_16, .key_bits = 0 },
		{ .encr = ENCR_AES_GCM_16, .key_bits = 64 },
		{ .encr = ENCR_CHACHA20_POLY1305, .key_bits = 128 },
		{ .encr = ENCR_AES_CBC, .key_bits = 128 },
		{ .encr = ENCR_AES_CBC, .key_bits = 128, .integ = 4 },
	};
	uint8_t msg[256] = {};
	size_t i, at, len;
	struct sk sk;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		sk = bad[i];
		assert_int_equal(sk_sealed_len(&sk, 10), 0);
		assert_false(sk_seal(&sk, msg, BODY, 10));
		assert_false(sk_open(&sk, msg, sizeof(msg), BODY, &at, &len));
	}
}

static void lengths(void **state)
{
	assert_int_equal(encr_key_len(ENCR_AES_GCM_16, 0), 0);
	assert_int_equal(encr_key_len(ENCR_CHACHA20_POLY1305, 128), 0);
	assert_int_equal(integ_key_len(INTEG_HMAC_SHA2_256_128), 32);
	assert_int_equal(integ_key_len(INTEG_HMAC_SHA2_384_192), 48);
	assert_int_equal(integ_key_len(INTEG_HMAC_SHA2_512_256), 64);
	assert_int_equal(integ_key_len(INTEG_NONE), 0);
	assert_int_equal(prf_len(PRF_HMAC_SHA2_384), 48);
	assert_int_equal(prf_len(3), 0);
}

static void comparing_and_wiping(void **state)
{
	struct sk sk = sk_of(0), zero = {};
	uint8_t a[32], b[32];

	assert_true(crypto_equal(NULL, NULL, 0));
	assert_true(crypto_equal("abc", "abc", 3));
	assert_false(crypto_equal("abc", "abd", 3));
	assert_false(crypto_equal("abc", "bbc", 3));
	sk_wipe(&sk);
	assert_memory_equal(&sk, &zero, sizeof(sk));
	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	crypto_random(NULL, 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prf_vectors),
		cmocka_unit_test(prf_refuses_the_unknown),
		cmocka_unit_test(prf_plus_agrees_with_nettle),
		cmocka_unit_test(auth_psk_is_two_prfs),
		cmocka_unit_test(sha1_vector),
		cmocka_unit_test(chacha20_vector),
		cmocka_unit_test(every_suite_round_trips),
		cmocka_unit_test(every_changed_bit_is_refused),
		cmocka_unit_test(refused_text_is_wiped),
		cmocka_unit_test(every_wrong_length_is_refused),
		cmocka_unit_test(wrong_keys_are_refused),
		cmocka_unit_test(gcm_agrees_with_nettle),
		cmocka_unit_test(cbc_agrees_with_nettle),
		cmocka_unit_test(impossible_padding_is_refused),
		cmocka_unit_test(used_up_ivs_stop),
		cmocka_unit_test(unknown_suites_are_refused),
		cmocka_unit_test(lengths),
		cmocka_unit_test(comparing_and_wiping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
