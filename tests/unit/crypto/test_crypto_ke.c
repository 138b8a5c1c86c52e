// SPDX-License-Identifier: GPL-2.0
/* Key exchange: published vectors, agreement, and the peer values that RFC 6989 wants refused. */
#include <gmp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/crypto.h"
#include "unit/wire/hex.h"
#include "lib/array.h"
#include "lib/mem.h"

static const uint16_t groups[] = {
	KE_X25519, KE_X448, KE_ECP_192, KE_ECP_224, KE_ECP_256, KE_ECP_384, KE_ECP_521,
	KE_ECP_224_BP, KE_ECP_256_BP, KE_ECP_384_BP, KE_ECP_512_BP, KE_MODP_768, KE_MODP_1024,
	KE_MODP_1536, KE_MODP_2048, KE_MODP_3072, KE_MODP_4096, KE_MODP_6144, KE_MODP_8192,
};

/* Random octets that are given: @ctx is hexadecimal text. */
static void given(void *ctx, void *buf, size_t len)
{
	assert_int_equal(unhex(ctx, buf, len), len);
}

/* A generator with a history: xorshift64 */
static void pseudo(void *ctx, void *buf, size_t len)
{
	uint64_t *s = ctx;
	uint8_t *p = buf;

	while (len--) {
		*s ^= *s << 13;
		*s ^= *s >> 7;
		*s ^= *s << 17;
		*p++ = (uint8_t)(*s >> 32);
	}
}

struct vector {
	uint16_t group;
	const char *a, *b, *public_a, *public_b, *secret;
};

/* RFC 7748 6.1 and 6.2, RFC 5903 8.1 and 8.2, RFC 5114 A.4, A.5 and A.8, RFC 6954 A */
static const struct vector vectors[] = {
	{ KE_X25519,
	  "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	  "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
	{ KE_ECP_256,
	  "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
	  "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
	  "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
	  "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
	  "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
	  "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
	  "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" },
	{ KE_ECP_384,
	  "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655"
	  "e35b538041e649ee3faef896783ab194",
	  "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942"
	  "e0308312916b8ed2960e4bd55a7448fc",
	  "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6"
	  "de3ac808acb4bdb4c88732aee95f41aa"
	  "9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38e"
	  "eb9fcff3c2c947dae69b4c634573a81c",
	  "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d"
	  "0d1ac43a0336def96fda41d0774a3571"
	  "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1ff"
	  "f83fa40142209dff5eaad96db9e6386c",
	  "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4"
	  "d603135569b9e9d09cf5d4a270f59746" },
	{ KE_ECP_192,
	  "323fa3169d8e9c6593f59476bc142000ab5be0e249c43426",
	  "631f95bb4a67632c9c476eee9ab695ab240a0499307fcf62",
	  "cd46489ecfd6c105e7b3d32566e2b122e249abaadd87061268887b4877df51dd"
	  "4dc3d6fd11f0a26f8fd3844317916e9a",
	  "519a121680e0045466ba21df2eee47f5973b500577ef13d5ff613ab4d64cee3a"
	  "20875bdb10f953f6b30ca072c60aa57f",
	  "ad420182633f8526bfe954acda376f05e5ff4f837f54febe" },
	{ KE_ECP_224,
	  "b558eb6c288da707bbb4f8fbae2ab9e9cb62e3bc5c7573e22e26d37f",
	  "ac3b1add3d9770e6f6a708ee9f3b8e0ab3b480e9f27f85c88b5e6d18",
	  "49dfef309f81488c304cff5ab3ee5a2154367dc7833150e0a51f3eeb4f2b5ee4"
	  "5762c4f654c1a0c67f54cf88b016b51bce3d7c228d57adb4",
	  "6b3ac96a8d0cde6a5599be8032edf10c162d0a8ad219506dcd42a207d491be99"
	  "c213a7d1ca3706debfe305f361afcbb33e2609c8b1618ad5",
	  "52272f50f46f4edc9151569092f46df2d96ecc3b6dc1714a4ea949fa" },
	{ KE_ECP_521,
	  "0113f82da825735e3d97276683b2b74277bad27335ea71664af2430cc4f33459"
	  "b9669ee78b3ffb9b8683015d344dcbfef6fb9af4c6c470be254516cd3c1a1fb4"
	  "7362",
	  "00cee3480d8645a17d249f2776d28bae616952d1791fdb4b70f7c3378732aa1b"
	  "22928448bcd1dc2496d435b01048066ebe4f72903c361b1a9dc1193dc2c9d089"
	  "1b96",
	  "01ebb34dd75721abf8adc9dbed17889cbb9765d90a7c60f2cef007bb0f2b26e1"
	  "4881fd4442e689d61cb2dd046ee30e3ffd20f9a45bbdf6413d583a2dbf59924f"
	  "d35c00f6b632d194c0388e22d8437e558c552ae195adfd153f92d74908351b2f"
	  "8c4eda94edb0916d1b53c020b5eecaed1a5fc38a233e4830587bb2ee3489b3b4"
	  "2a5a86a4",
	  "010ebfafc6e85e08d24bfffcc1a4511db0e634beeb1b6dec8c5939ae44766201"
	  "af6200430ba97c8ac6a0e9f08b33ce7e9feeb5ba4ee5e0d81510c24295b8a08d"
	  "023500a4a6ec300df9e257b0372b5e7abfef093436719a77887ebb0b18cf8099"
	  "b9f4212b6e30a1419c18e029d36863cc9d448f4dba4d2a0e60711be572915fbd"
	  "4fef2695",
	  "00cdea89621cfa46b132f9e4cfe2261cde2d4368eb5656634c7cc98c7a00cde5"
	  "4ed1866a0dd3e6126c9d2f845daff82ceb1da08f5d87521bb0ebeca77911169c"
	  "20cc" },
	{ KE_X448,
	  "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf5"
	  "74a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
	  "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120"
	  "bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
	  "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bb"
	  "c836647241d953d40c5b12da88120d53177f80e532c41fa0",
	  "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972"
	  "fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
	  "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56"
	  "fd2464c335543936521c24403085d59a449a5037514a879d" },
	{ KE_ECP_256_BP,
	  "81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d",
	  "55e40bc41e37e3e2ad25c3c6654511ffa8474a91a0032087593852d3e7d76bd3",
	  "44106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be5"
	  "8ab4846f11caccb73ce49cbdd120f5a900a69fd32c272223f789ef10eb089bdc",
	  "8d2d688c6cf93e1160ad04cc4429117dc2c41825e1e9fca0addd34e6f1b39f7b"
	  "990c57520812be512641e47034832106bc7d3e8dd0e4c7f1136d7006547cec6a",
	  "89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b" },
	{ KE_ECP_384_BP,
	  "1e20f5e048a5886f1f157c74e91bde2b98c8b52d58e5003d57053fc4b0bd65d6"
	  "f15eb5d1ee1610df870795143627d042",
	  "032640bc6003c59260f7250c3db58ce647f98e1260acce4acda3dd869f74e01f"
	  "8ba5e0324309db6a9831497abac96670",
	  "68b665dd91c195800650cdd363c625f4e742e8134667b767b1b476793588f885"
	  "ab698c852d4a6e77a252d6380fcaf068"
	  "55bc91a39c9ec01dee36017b7d673a931236d2f1f5c83942d049e3fa20607493"
	  "e0d038ff2fd30c2ab67d15c85f7faa59",
	  "4d44326f269a597a5b58bba565da5556ed7fd9a8a9eb76c25f46db69d19dc8ce"
	  "6ad18e404b15738b2086df37e71d1eb4"
	  "62d692136de56cbe93bf5fa3188ef58bc8a3a0ec6c1e151a21038a42e9185329"
	  "b5b275903d192f8d4e1f32fe9cc78c48",
	  "0bd9d3a7ea0b3d519d09d8e48d0785fb744a6b355e6304bc51c229fbbce239bb"
	  "adf6403715c35d4fb2a5444f575d4f42" },
	{ KE_ECP_512_BP,
	  "16302ff0dbbb5a8d733dab7141c1b45acbc8715939677f6a56850a38bd87bd59"
	  "b09e80279609ff333eb9d4c061231fb26f92eeb04982a5f1d1764cad57665422",
	  "230e18e1bcc88a362fa54e4ea3902009292f7f8033624fd471b5d8ace49d12cf"
	  "abbc19963dab8e2f1eba00bffb29e4d72d13f2224562f405cb80503666b25429",
	  "0a420517e406aac0acdce90fcd71487718d3b953efd7fbec5f7f27e28c614999"
	  "9397e91e029e06457db2d3e640668b392c2a7e737a7f0bf04436d11640fd09fd"
	  "72e6882e8db28aad36237cd25d580db23783961c8dc52dfa2ec138ad472a0fce"
	  "f3887cf62b623b2a87de5c588301ea3e5fc269b373b60724f5e82a6ad147fde7",
	  "9d45f66de5d67e2e6db6e93a59ce0bb48106097ff78a081de781cdb31fce8ccb"
	  "aaea8dd4320c4119f1e9cd437a2eab3731fa9668ab268d871deda55a5473199f"
	  "2fdc313095bcdd5fb3a91636f07a959c8e86b5636a1e930e8396049cb481961d"
	  "365cc11453a06c719835475b12cb52fc3c383bce35e27ef194512b71876285fa",
	  "a7927098655f1f9976fa50a9d566865dc530331846381c87256baf3226244b76"
	  "d36403c024d7bbf0aa0803eaff405d3d24f11a9b5c0bef679fe1454b21c4cd1f" },
	{ KE_ECP_224_BP,
	  "7c4b7a2c8a4bad1fbb7d79cc0955db7c6a4660ca64cc4778159b495e",
	  "63976d4aae6cd0f6dd18defef55d96569d0507c03e74d6486ffa28fb",
	  "b104a67a6f6e85e14ec1825e1539e8ecdbbf584922367dd88c6bdcf2"
	  "46d782e7fdb5f60cd8404301ac5949c58edb26bc68ba07695b750a94",
	  "2a97089a9296147b71b21a4b574e1278245b536f14d8c2b9d07a874e"
	  "9b900d7c77a709a797276b8ca1ba61bb95b546fc29f862e44d59d25b",
	  "312dfd98783f9fb77b9704945a73beb6dccbe3b65d0f967dcab574eb" },
};

static void public_is(const struct ke *ke, const char *expected)
{
	uint8_t want[KE_PUBLIC_MAX];
	const uint8_t *p;
	size_t len;

	p = ke_public(ke, &len);
	assert_int_equal(unhex(expected, want, sizeof(want)), len);
	assert_int_equal(ke_public_len(ke_group(ke)), len);
	assert_memory_equal(p, want, len);
}

static void secret_is(const struct ke *ke, const char *peer, const char *expected)
{
	uint8_t want[KE_SECRET_MAX], secret[KE_SECRET_MAX], public[KE_PUBLIC_MAX];
	size_t len, secret_len;

	len = unhex(peer, public, sizeof(public));
	assert_true(ke_derive(ke, public, len, secret, &secret_len));
	assert_int_equal(unhex(expected, want, sizeof(want)), secret_len);
	assert_memory_equal(secret, want, secret_len);
}

static void published_vectors(void **state)
{
	const struct vector *v;
	struct ke *a, *b;

	for (v = vectors; v < vectors + ARRAY_SIZE(vectors); v++) {
		a = ke_new(v->group, given, (void *)v->a);
		b = ke_new(v->group, given, (void *)v->b);
		assert_non_null(a);
		assert_non_null(b);
		assert_int_equal(ke_group(a), v->group);
		public_is(a, v->public_a);
		public_is(b, v->public_b);
		secret_is(a, v->public_b, v->secret);
		secret_is(b, v->public_a, v->secret);
		ke_free(a);
		ke_free(b);
	}
}

static void both_sides_agree(void **state)
{
	uint8_t s1[KE_SECRET_MAX], s2[KE_SECRET_MAX];
	size_t g, len_a, len_b, l1, l2;
	const uint8_t *pa, *pb;
	uint64_t seed = 42;
	struct ke *a, *b;
	int round;

	for (g = 0; g < ARRAY_SIZE(groups); g++) {
		for (round = 0; round < 2; round++) {
			a = ke_new(groups[g], pseudo, &seed);
			b = ke_new(groups[g], pseudo, &seed);
			pa = ke_public(a, &len_a);
			pb = ke_public(b, &len_b);
			assert_int_equal(len_a, ke_public_len(groups[g]));
			assert_memory_not_equal(pa, pb, len_a);
			assert_true(ke_derive(a, pb, len_b, s1, &l1));
			assert_true(ke_derive(b, pa, len_a, s2, &l2));
			assert_int_equal(l1, l2);
			assert_memory_equal(s1, s2, l1);
			ke_free(a);
			ke_free(b);
		}
	}
}

/* The same randomness gives the same value: a simulated history can be repeated. */
static void randomness_is_all_there_is(void **state)
{
	uint64_t seed_a = 7, seed_b = 7;
	size_t g, len;
	struct ke *a, *b;

	for (g = 0; g < ARRAY_SIZE(groups); g++) {
		a = ke_new(groups[g], pseudo, &seed_a);
		b = ke_new(groups[g], pseudo, &seed_b);
		assert_memory_equal(ke_public(a, &len), ke_public(b, &len),
				    ke_public_len(groups[g]));
		ke_free(a);
		ke_free(b);
	}
}

static void refuses(uint16_t group, const uint8_t *peer, size_t len)
{
	uint8_t secret[KE_SECRET_MAX], zero[KE_SECRET_MAX] = {};
	uint64_t seed = 3;
	struct ke *ke = ke_new(group, pseudo, &seed);
	size_t secret_len;

	memset(secret, 0, sizeof(secret));
	assert_false(ke_derive(ke, peer, len, secret, &secret_len));
	assert_memory_equal(secret, zero, sizeof(secret));
	ke_free(ke);
}

static void wrong_lengths_are_refused(void **state)
{
	uint8_t peer[KE_PUBLIC_MAX + 1] = { [0] = 9 };
	size_t g, len;

	for (g = 0; g < ARRAY_SIZE(groups); g++)
		for (len = 0; len <= sizeof(peer); len += len < 150 ? 1 : 25)
			if (len != ke_public_len(groups[g]))
				refuses(groups[g], peer, len);
	assert_int_equal(ke_public_len(3), 0);
	assert_null(ke_new(3, pseudo, NULL));
	assert_null(ke_new(KE_NONE, pseudo, NULL));
	ke_free(NULL);
}

/* Points of small order on Curve25519 and its twist: 0, 1, two of order 8, p - 1, p, p + 1 */
static void small_order_is_refused(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t peer[56];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(points); i++) {
		unhex(points[i], peer, 32);
		refuses(KE_X25519, peer, 32);
	}
	/* Curve448: 0, 1, p - 1 */
	memset(peer, 0, sizeof(peer));
	refuses(KE_X448, peer, sizeof(peer));
	peer[0] = 1;
	refuses(KE_X448, peer, sizeof(peer));
	memset(peer, 0xff, sizeof(peer));
	peer[0] = peer[28] = 0xfe;
	refuses(KE_X448, peer, sizeof(peer));
}

static void points_off_the_curve_are_refused(void **state)
{
	uint8_t peer[KE_PUBLIC_MAX];
	size_t i, len, bit;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		if (vectors[i].group == KE_X25519 || vectors[i].group == KE_X448)
			continue;
		len = unhex(vectors[i].public_a, peer, sizeof(peer));
		for (bit = 0; bit < 8 * len; bit += 5) {
			peer[bit / 8] ^= (uint8_t)(1 << bit % 8);
			refuses(vectors[i].group, peer, len);
			peer[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		memset(peer, 0, len);
		refuses(vectors[i].group, peer, len);
		memset(peer, 0xff, len);
		refuses(vectors[i].group, peer, len);
	}
}

/*
 * Coordinates are numbers below the field's prime: x + p is another spelling of x, and is refused.
 */
static void unreduced_coordinates_are_refused(void **state)
{
	static const char p256[] =
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
	uint8_t peer[64], secret[KE_SECRET_MAX];
	uint64_t seed = 3;
	mpz_t p, y2, y;
	struct ke *ke;
	size_t n, len;

	/* x = 0 is on the curve when b is a square: y = b ^ ((p + 1) / 4) */
	mpz_init_set_str(p, p256, 16);
	mpz_init_set_str(y2, "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
			 16);
	mpz_init(y);
	mpz_add_ui(y, p, 1);
	mpz_fdiv_q_2exp(y, y, 2);
	mpz_powm(y, y2, y, p);
	memset(peer, 0, sizeof(peer));
	n = (mpz_sizeinbase(y, 2) + 7) / 8;
	mpz_export(peer + 64 - n, NULL, 1, 1, 1, 0, y);
	ke = ke_new(KE_ECP_256, pseudo, &seed);
	assert_true(ke_derive(ke, peer, 64, secret, &len));
	ke_free(ke);
	unhex(p256, peer, 32);
	refuses(KE_ECP_256, peer, 64);
	mpz_clears(p, y2, y, NULL);
}

/* The prime of brainpoolP256r1 leaves room for other spellings: x + p, y as it is. */
static void unreduced_brainpool_is_refused(void **state)
{
	const struct vector *v = vectors;
	uint8_t peer[64];
	mpz_t p, x;

	while (v->group != KE_ECP_256_BP)
		v++;
	unhex(v->public_a, peer, sizeof(peer));
	mpz_init_set_str(p, "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377", 16);
	mpz_init(x);
	mpz_import(x, 32, 1, 1, 1, 0, peer);
	mpz_add(x, x, p);
	assert_int_equal(mpz_sizeinbase(x, 2), 256);
	mpz_export(peer, NULL, 1, 1, 1, 0, x);
	refuses(KE_ECP_256_BP, peer, sizeof(peer));
	mpz_clears(p, x, NULL);
}

/*
 * An ECP private value is from 1 to n - 1: others are drawn again, and a source that has no other
 * ends it.
 */
static void bad_randomness_ends(void **state)
{
	static const char zero[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	static const char ones[] =
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

	assert_null(ke_new(KE_ECP_256, given, (void *)zero));
	assert_null(ke_new(KE_ECP_256, given, (void *)ones));
	assert_null(ke_new(KE_ECP_256_BP, given, (void *)zero));
	assert_null(ke_new(KE_ECP_256_BP, given, (void *)ones));
}

/* floor(2^bits * pi) by Machin's formula, 64 guard bits */
static void scaled_arctan(mpz_t sum, unsigned long n, unsigned long bits)
{
	mpz_t x, t;
	unsigned long k;

	mpz_inits(x, t, NULL);
	mpz_ui_pow_ui(x, 2, bits);
	mpz_fdiv_q_ui(x, x, n);
	mpz_set(sum, x);
	for (k = 3; mpz_sgn(x); k += 2) {
		mpz_fdiv_q_ui(x, x, n * n);
		mpz_fdiv_q_ui(t, x, k);
		if (k % 4 == 3)
			mpz_sub(sum, sum, t);
		else
			mpz_add(sum, sum, t);
	}
	mpz_clears(x, t, NULL);
}

/* RFC 3526: p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) pi) + c) */
static void rfc3526_prime(mpz_t p, unsigned long n, unsigned long c)
{
	mpz_t pi, t;

	mpz_inits(pi, t, NULL);
	scaled_arctan(pi, 5, n - 130 + 64);
	scaled_arctan(t, 239, n - 130 + 64);
	mpz_mul_ui(pi, pi, 4);
	mpz_sub(pi, pi, t);
	mpz_mul_ui(pi, pi, 4);
	mpz_fdiv_q_2exp(pi, pi, 64);
	mpz_add_ui(pi, pi, c);
	mpz_mul_2exp(pi, pi, 64);
	mpz_ui_pow_ui(p, 2, n);
	mpz_ui_pow_ui(t, 2, n - 64);
	mpz_sub(p, p, t);
	mpz_sub_ui(p, p, 1);
	mpz_add(p, p, pi);
	mpz_clears(pi, t, NULL);
}

static void export_value(uint8_t *out, size_t len, const mpz_t z)
{
	size_t n = mpz_sgn(z) ? (mpz_sizeinbase(z, 2) + 7) / 8 : 0;

	assert_true(n <= len);
	memset(out, 0, len);
	mpz_export(out + len - n, NULL, 1, 1, 1, 0, z);
}

/* What a peer that knows only RFC 3526 computes from our public value, with private value 3 */
static void modp_agrees_with_rfc3526(uint16_t group, unsigned long bits, unsigned long c)
{
	uint8_t peer[KE_PUBLIC_MAX], secret[KE_SECRET_MAX], want[KE_SECRET_MAX];
	size_t len = bits / 8, secret_len, n;
	uint64_t seed = 11;
	struct ke *ke;
	mpz_t p, y;

	mpz_inits(p, y, NULL);
	rfc3526_prime(p, bits, c);
	assert_true(bits > 3072 || mpz_probab_prime_p(p, 8));
	ke = ke_new(group, pseudo, &seed);
	mpz_import(y, len, 1, 1, 1, 0, ke_public(ke, &n));
	assert_int_equal(n, len);
	assert_true(mpz_cmp(y, p) < 0);
	mpz_powm_ui(y, y, 3, p);
	export_value(want, len, y);
	mpz_set_ui(y, 8);
	export_value(peer, len, y);
	assert_true(ke_derive(ke, peer, len, secret, &secret_len));
	assert_int_equal(secret_len, len);
	assert_memory_equal(secret, want, len);

	/* 0, 1, p - 1, p, p + 1, all ones; p - 2 and 2 are the last good ones */
	for (n = 0; n < 2; n++) {
		mpz_set_ui(y, n);
		export_value(peer, len, y);
		refuses(group, peer, len);
		mpz_add_ui(y, p, n);
		export_value(peer, len, y);
		refuses(group, peer, len);
	}
	mpz_sub_ui(y, p, 1);
	export_value(peer, len, y);
	refuses(group, peer, len);
	memset(peer, 0xff, len);
	refuses(group, peer, len);
	mpz_sub_ui(y, p, 2);
	export_value(peer, len, y);
	assert_true(ke_derive(ke, peer, len, secret, &secret_len));
	mpz_set_ui(y, 2);
	export_value(peer, len, y);
	assert_true(ke_derive(ke, peer, len, secret, &secret_len));
	/* g^x is what our public value is */
	assert_memory_equal(secret, ke_public(ke, &n), len);
	ke_free(ke);
	mpz_clears(p, y, NULL);
}

static void modp_primes(void **state)
{
	static const struct {
		uint16_t group;
		unsigned long bits, c;
	} primes[] = {
		{ KE_MODP_768, 768, 149686 },
		{ KE_MODP_1024, 1024, 129093 },
		{ KE_MODP_1536, 1536, 741804 },
		{ KE_MODP_2048, 2048, 124476 },
		{ KE_MODP_3072, 3072, 1690314 },
		{ KE_MODP_4096, 4096, 240904 },
		{ KE_MODP_6144, 6144, 929484 },
		{ KE_MODP_8192, 8192, 4743158 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(primes); i++)
		modp_agrees_with_rfc3526(primes[i].group, primes[i].bits, primes[i].c);
}

/* All groups of the registry, and no other, are here. */
static void groups_are_those_of_the_registry(void **state)
{
	const struct alg *alg = NULL;
	size_t g;

	while ((alg = alg_next(alg))) {
		if (alg->type != TRANSFORM_KE || alg->id >= KE_ML_KEM_512)
			continue;	/* the latter: test_mlkem.c */
		assert_int_equal(!!ke_public_len(alg->id), !!(alg->use & ALG_IKE));
		for (g = 0; g < ARRAY_SIZE(groups) && groups[g] != alg->id; g++)
			;
		assert_int_equal(g < ARRAY_SIZE(groups), !!(alg->use & ALG_IKE));
	}
}

/* One secret in 256 begins with a zero octet: it stays there, RFC 7296 2.14. */
static void short_secrets_of(uint16_t group)
{
	uint8_t s1[KE_SECRET_MAX], s2[KE_SECRET_MAX];
	size_t len, peer_len, tries, whole = group == KE_MODP_2048 ? 256 : 32;
	const uint8_t *public;
	uint64_t seed = 1;
	struct ke *a, *b;
	bool seen = false;

	a = ke_new(group, pseudo, &seed);
	for (tries = 0; tries < 4000 && !seen; tries++) {
		b = ke_new(group, pseudo, &seed);
		public = ke_public(b, &peer_len);
		assert_true(ke_derive(a, public, peer_len, s1, &len));
		assert_int_equal(len, whole);
		seen = !s1[0];
		if (seen) {
			public = ke_public(a, &peer_len);
			assert_true(ke_derive(b, public, peer_len, s2, &len));
			assert_memory_equal(s1, s2, whole);
		}
		ke_free(b);
	}
	assert_true(seen);
	ke_free(a);
}

static void short_secrets_are_padded(void **state)
{
	short_secrets_of(KE_MODP_2048);
	short_secrets_of(KE_ECP_256_BP);
}

/* Limbs of secrets are wiped as GMP and nettle free them. */
static void limbs_are_wiped(void **state)
{
	void (*release)(void *p, size_t len);
	uint64_t seed = 5;

	ke_free(ke_new(KE_ECP_256, pseudo, &seed));
	mp_get_memory_functions(NULL, NULL, &release);
	assert_true(release == mem_free_wiped);
}

#define STACK_OCTETS	(256 * 1024)	/* below the caller, and as much as the deepest wipes */
#define STACK_OWN	4096		/* of those who look */
#define STACK_SEEN	1600
#define STACK_PAINT	0xa5

/* Writes below the stack pointer: nothing is there yet. */
static void __attribute__((noinline, no_sanitize("address"))) stack_paint(volatile uint8_t *top)
{
	for (size_t i = 1; i <= STACK_OCTETS; i++)
		top[-(ptrdiff_t)i] = STACK_PAINT;
}

/* How deep below @top these eight octets are, in either order, as limbs are; 0: nowhere. */
static size_t __attribute__((noinline, no_sanitize("address"))) stack_has(volatile uint8_t *top,
									 const uint8_t *octets)
{
	for (size_t i = STACK_OCTETS; i >= 8; i--) {
		unsigned int same = 0, reversed = 0;

		for (int k = 0; k < 8; k++) {
			same += top[k - (ptrdiff_t)i] == octets[k];
			reversed += top[k - (ptrdiff_t)i] == octets[7 - k];
		}
		if (same == 8 || reversed == 8)
			return i;
	}
	return 0;
}

/* How deep below @top there is anything in as many octets as libraries are seen to use there. */
static size_t __attribute__((noinline, no_sanitize("address"))) stack_left(volatile uint8_t *top)
{
	for (size_t i = STACK_SEEN; i; i--)
		if (top[-(ptrdiff_t)i] && top[-(ptrdiff_t)i] != STACK_PAINT)
			return i;
	return 0;
}

static uint8_t drawn[128];	/* the last private value */

static void drawing(void *ctx, void *buf, size_t len)
{
	pseudo(ctx, buf, len);
	memcpy(drawn, buf, len);
}

/*
 * Nothing stays where curves have been, and no limb of a secret anywhere. Only these are looked for
 * deeper: the sanitizer leaves its own things on the stack.
 */
static void the_stack_is_wiped(void **state)
{
	static const uint16_t all[] = {
		KE_X25519, KE_X448, KE_ECP_192, KE_ECP_224, KE_ECP_256, KE_ECP_384, KE_ECP_521,
		KE_ECP_224_BP, KE_ECP_256_BP, KE_ECP_384_BP, KE_ECP_512_BP, KE_MODP_2048,
		KE_MODP_8192,
	};
	uint8_t *top = (uint8_t *)__builtin_frame_address(0) - STACK_OWN;
	uint8_t secret[KE_SECRET_MAX];
	uint64_t seed = 6;

	for (size_t g = 0; g < ARRAY_SIZE(all); g++) {
		struct ke *b = ke_new(all[g], pseudo, &seed), *a = ke_new(all[g], drawing, &seed);
		const uint8_t *public;
		size_t len;

		assert_non_null(a);
		assert_non_null(b);
		public = ke_public(b, &len);
		stack_paint(top);
		assert_true(ke_derive(a, public, len, secret, &len));
		assert_int_equal(stack_left(top), 0);
		for (size_t i = 0; i + 8 <= len && i < 64; i += 8)
			assert_int_equal(stack_has(top, secret + i), 0);
		for (size_t i = 0; i < 24; i += 8)
			assert_int_equal(stack_has(top, drawn + i), 0);
		ke_free(a);
		ke_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors),
		cmocka_unit_test(both_sides_agree),
		cmocka_unit_test(randomness_is_all_there_is),
		cmocka_unit_test(wrong_lengths_are_refused),
		cmocka_unit_test(small_order_is_refused),
		cmocka_unit_test(points_off_the_curve_are_refused),
		cmocka_unit_test(unreduced_coordinates_are_refused),
		cmocka_unit_test(unreduced_brainpool_is_refused),
		cmocka_unit_test(bad_randomness_ends),
		cmocka_unit_test(modp_primes),
		cmocka_unit_test(groups_are_those_of_the_registry),
		cmocka_unit_test(short_secrets_are_padded),
		cmocka_unit_test(limbs_are_wiped),
		cmocka_unit_test(the_stack_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
