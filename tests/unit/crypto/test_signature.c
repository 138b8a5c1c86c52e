// SPDX-License-Identifier: GPL-2.0
/*
 * Private keys in every form of file, and AUTH payloads that are signatures: made here and read by
 * OpenSSL, made by OpenSSL and read here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/key_type.h"
#include "crypto/sigalg.h"
#include "crypto/raw.h"
#include "crypto/signature.h"
#include "fake/fake_chain.h"
#include "lib/array.h"
#include "pki.h"
#include "suite/ikev2.h"

/* Sets of hash algorithms, bit n is number n. */
enum { ONLY_SHA1 = 0x02, ONLY_256 = 0x04, ONLY_512 = 0x10, SHA2 = 0x1c, ALL = 0x3e };

static const struct chunk octets = { (const uint8_t *)"what AUTH covers", 16 };
static const struct chunk others = { (const uint8_t *)"what AUTH covert", 16 };

static struct key *load(const char *name)
{
	char why[KEY_WHY_MAX] = "", file[64];
	struct key *key;

	snprintf(file, sizeof(file), "%s.key", name);
	key = key_load(pki_file(file), NULL, why);
	if (!key)
		fail_msg("%s: %s", name, why);
	return key;
}

static void save(const char *name, struct chunk c)
{
	FILE *f = fopen(pki_path(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(c.p, 1, c.len, f), c.len);
	fclose(f);
}

/* One proof with each key and each announcement: method, algorithm, and does OpenSSL take it? */
static const struct {
	const char *key;
	uint16_t hashes;
	uint8_t method;
	struct sigalg alg;
	const char *openssl;	/* options of dgst; NULL: pkeyutl with the octets themselves */
} rows[] = {
	{ "rsa2048", ALL, 14, { SIGALG_RSA_PSS, SIGNATURE_HASH_SHA2_256, 32 },
	  "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32" },
	{ "rsa2048", ONLY_512, 14,
	  { SIGALG_RSA_PSS, SIGNATURE_HASH_SHA2_512, 64 },
	  "-sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64" },
	{ "pss", ALL, 14, { SIGALG_RSA_PSS, SIGNATURE_HASH_SHA2_256, 32 },
	  "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32" },
	{ "rsa2048", 0, 1, { 0 }, "-sha1" },
	{ "rsa2048", ONLY_SHA1, 1, { 0 }, "-sha1" },
	{ "p256", ALL, 14, { SIGALG_ECDSA, SIGNATURE_HASH_SHA2_256, 0 }, "-sha256" },
	{ "p384", ALL, 14, { SIGALG_ECDSA, SIGNATURE_HASH_SHA2_384, 0 }, "-sha384" },
	{ "p521", ALL, 14, { SIGALG_ECDSA, SIGNATURE_HASH_SHA2_512, 0 }, "-sha512" },
	{ "p521", ONLY_256, 14, { SIGALG_ECDSA, SIGNATURE_HASH_SHA2_256, 0 },
	  "-sha256" },
	{ "p256", 0, 9, { 0 }, NULL },
	{ "p384", 0, 10, { 0 }, NULL },
	{ "p521", 0, 11, { 0 }, NULL },
	{ "ed25519", ALL, 14, { SIGALG_ED25519, SIGNATURE_HASH_IDENTITY, 0 }, NULL },
	{ "ed448", ALL, 14, { SIGALG_ED448, SIGNATURE_HASH_IDENTITY, 0 }, NULL },
};

/* What stands behind the AlgorithmIdentifier is for OpenSSL. */
static void openssl_takes(size_t row, const uint8_t *auth, size_t len)
{
	struct chunk value = { auth, len };
	struct sigalg alg;

	if (rows[row].method == 14) {
		assert_true(sigalg_decode((struct chunk){ auth + 1, auth[0] }, &alg));
		assert_int_equal(alg.scheme, rows[row].alg.scheme);
		assert_int_equal(alg.hash, rows[row].alg.hash);
		assert_int_equal(alg.salt, rows[row].alg.salt);
		value = (struct chunk){ auth + 1 + auth[0], len - 1 - auth[0] };
	}
	save("octets", octets);
	save("value", value);
	assert_int_equal(pki_shell("openssl x509 -in %s.pem -pubkey -noout >public",
				   rows[row].key), 0);
	if (rows[row].openssl)
		assert_int_equal(pki_shell("openssl dgst %s -verify public -signature value octets",
					   rows[row].openssl), 0);
	else if (rows[row].method == 14)
		assert_int_equal(pki_shell("openssl pkeyutl -verify -pubin -inkey public -rawin "
					   "-in octets -sigfile value"), 0);
}

/* Raw public keys, RFC 7670: one of those that are known, and the one that the peer says it has. */
static void raw_keys(void **state)
{
	struct key *key = load("p256"), *other = load("ed25519");
	struct chunk_list *ours = raw_of_key(key), *known;
	uint8_t auth[SIGNATURE_MAX], method;
	struct chunk list[2], none = { 0 }, value = { auth, 0 }, by;
	struct chunk_list *both;
	char why[SIGNATURE_WHY_MAX], name[RAW_STRLEN];

	known = raw_load(pki_file("ed25519.pub"), why);
	assert_true(ours && known);
	assert_null(raw_load(pki_file("p256.key"), why));
	assert_string_equal(why, "has no public key in PEM or DER: make it of the private one, with "
			    "openssl pkey -pubout");
	list[0] = known->chunk[0];
	list[1] = ours->chunk[0];
	both = chunk_list_new(list, 2);
	assert_true(signature_make(key, 1 << 2, octets, &method, auth, &value.len, why));
	assert_true(signature_check_raw(both, none, false, method, octets, value, &by, why));
	assert_ptr_equal(by.p, both->chunk[1].p);
	assert_true(signature_check_raw(both, list[1], false, method, octets, value, &by, why));
	assert_false(signature_check_raw(both, list[0], false, method, octets, value, &by, why));
	assert_non_null(strstr(why, "but its raw public key is for EdDSA"));
	assert_false(signature_check_raw(ours, none, false, method, others, value, &by, why));
	assert_non_null(strstr(why, "is not one of its raw public key"));
	assert_false(signature_check_raw(known, list[1], false, method, octets, value, &by, why));
	assert_non_null(strstr(why, raw_str(list[1], name)));
	assert_non_null(strstr(why, "which is none of remote-key"));
	assert_false(raw_is_usable(value, true, why));
	assert_true(raw_is_usable(list[0], false, why));
	chunk_list_put(ours);
	ours = raw_load(pki_file("rsa1024.pub"), why);
	assert_false(raw_is_usable(ours->chunk[0], false, why));
	assert_non_null(strstr(why, "its key is weak: 1024 bits"));
	assert_true(raw_is_usable(ours->chunk[0], true, why));
	chunk_list_put(ours);
	chunk_list_put(known);
	chunk_list_put(both);
	key_free(key);
	key_free(other);
}

static void ours(void **state)
{
	char why[SIGNATURE_WHY_MAX];
	uint8_t auth[SIGNATURE_MAX], method;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct key *key = load(rows[i].key);
		struct chunk cert = pki_cert(rows[i].key);

		if (!signature_make(key, rows[i].hashes, octets, &method, auth, &len, why))
			fail_msg("%s: %s", rows[i].key, why);
		assert_int_equal(method, rows[i].method);
		openssl_takes(i, auth, len);
		assert_true(chain_signed(cert, false, method, octets,
					    (struct chunk){ auth, len }, why));
		assert_false(chain_signed(cert, false, method, others,
					     (struct chunk){ auth, len }, why));
		assert_non_null(strstr(why, "is not one of its certificate's key"));
		for (size_t cut = 0; cut < len; cut += cut < 80 ? 1 : 31)
			assert_false(chain_signed(cert, true, method, octets,
						     (struct chunk){ auth, cut }, why));
		auth[len - 2] ^= 1;	/* nettle 3.8 does not look at the last octet of Ed448 */
		if (chain_signed(cert, false, method, octets, (struct chunk){ auth, len }, why))
			fail_msg("row %zu: a changed signature", i);
		key_free(key);
	}
}

static void ecdsa_of_rfc_4754_has_its_length(void **state)
{
	static const struct { const char *key; size_t len; } curves[] = {
		{ "p256", 64 }, { "p384", 96 }, { "p521", 132 },
	};
	char why[SIGNATURE_WHY_MAX];
	uint8_t auth[SIGNATURE_MAX], method;
	size_t len;

	/* often enough that an r or s begins with zeros */
	for (unsigned int i = 0; i < 600; i++) {
		struct key *key = i % 200 ? NULL : load(curves[i / 200].key);
		static struct key *kept;

		if (key) {
			key_free(kept);
			kept = key;
		}
		assert_true(signature_make(kept, 0, octets, &method, auth, &len, why));
		assert_int_equal(len, curves[i / 200].len);
		if (i == 599)
			key_free(kept);
	}
}

/* @value by OpenSSL, with @alg of method 14 in front, or bare. */
static bool theirs_is_taken(const char *cert, const char *options, uint8_t method,
			    const struct sigalg *alg, bool legacy, char why[SIGNATURE_WHY_MAX])
{
	uint8_t auth[SIGNATURE_MAX];
	struct chunk value;
	size_t len = 0;

	save("octets", octets);
	assert_int_equal(pki_shell("openssl dgst %s -sign %s.key -out value octets", options, cert),
			 0);
	value = pki_file("value");
	if (alg) {
		len = sigalg_encode(alg, auth + 1);
		auth[0] = (uint8_t)len++;
	}
	memcpy(auth + len, value.p, value.len);
	return chain_signed(pki_cert(cert), legacy, method, octets,
			       (struct chunk){ auth, len + value.len }, why);
}

/* RFC 7296 3.8: SHA-1, and r and s of 20 octets each. */
static void dsa_of_method_3(void)
{
	char why[SIGNATURE_WHY_MAX];
	struct chunk value;

	save("octets", octets);
	assert_int_equal(pki_shell("openssl dgst -sha1 -sign dsa.key -out der octets && "
				   "openssl asn1parse -inform DER -in der | "
				   "sed -n 's/.*INTEGER *:/0000000000000000000000000000000000000000/p' "
				   "| sed 's/.*\\(.\\{40\\}\\)$/\\1/' | xxd -r -p >value"), 0);
	value = pki_file("value");
	assert_int_equal(value.len, 40);
	assert_false(chain_signed(pki_cert("dsa"), false, 3, octets, value, why));
	assert_string_equal(why, "the peer has signed with DSA with SHA-1, which can be forged: let "
			    "it use another, or allow-legacy = yes");
	assert_true(chain_signed(pki_cert("dsa"), true, 3, octets, value, why));
	value.len--;
	assert_false(chain_signed(pki_cert("dsa"), true, 3, octets, value, why));
}

static void theirs(void **state)
{
	static const struct sigalg rsa256 = { SIGALG_RSA, SIGNATURE_HASH_SHA2_256 };
	static const struct sigalg rsa1 = { SIGALG_RSA, SIGNATURE_HASH_SHA1 };
	static const struct sigalg ecdsa1 = { SIGALG_ECDSA, SIGNATURE_HASH_SHA1 };
	static const struct sigalg dsa256 = { SIGALG_DSA, SIGNATURE_HASH_SHA2_256 };
	struct sigalg pss = { SIGALG_RSA_PSS, SIGNATURE_HASH_SHA2_256, 20 };
	const char *pss20 = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20";
	char why[SIGNATURE_WHY_MAX];

	/* method 1 with SHA-1 and, RFC 7296 3.8, with others */
	assert_true(theirs_is_taken("rsa2048", "-sha1", 1, NULL, false, why));
	assert_true(theirs_is_taken("rsa2048", "-sha512", 1, NULL, false, why));
	assert_false(theirs_is_taken("rsa2048", "-md5", 1, NULL, true, why));
	assert_true(theirs_is_taken("rsa2048", "-sha256", 14, &rsa256, false, why));
	/* another hash than it says */
	assert_false(theirs_is_taken("rsa2048", "-sha512", 14, &rsa256, false, why));
	/* a salt of another length is fine when it says so */
	assert_true(theirs_is_taken("rsa2048", pss20, 14, &pss, false, why));
	/* what can be forged */
	assert_false(theirs_is_taken("rsa2048", "-sha1", 14, &rsa1, false, why));
	assert_string_equal(why, "the peer has signed with RSA with SHA-1, which can be forged: let "
			    "it use another, or allow-legacy = yes");
	assert_true(theirs_is_taken("rsa2048", "-sha1", 14, &rsa1, true, why));
	assert_false(theirs_is_taken("p256", "-sha1", 14, &ecdsa1, false, why));
	assert_true(theirs_is_taken("p256", "-sha1", 14, &ecdsa1, true, why));
	assert_false(theirs_is_taken("dsa", "-sha256", 14, &dsa256, false, why));
	assert_true(theirs_is_taken("dsa", "-sha256", 14, &dsa256, true, why));
	dsa_of_method_3();
	/* a key of another kind, another curve, no method of signatures */
	assert_false(theirs_is_taken("p256", "-sha256", 14, &rsa256, false, why));
	assert_string_equal(why, "the peer has signed with RSA with SHA2-256 (method 14), but its "
			    "certificate's key is for EC/ECDSA with 256 bits");
	assert_false(theirs_is_taken("p384", "-sha384", 9, NULL, false, why));
	assert_false(theirs_is_taken("p384", "-sha384", 2, NULL, false, why));
	assert_string_equal(why, "the peer's AUTH method 2 is not one of signatures");
	/* DER where RFC 4754 wants two numbers */
	assert_false(theirs_is_taken("p256", "-sha256", 9, NULL, false, why));
}

static void what_the_peer_cannot_verify(void **state)
{
	char why[SIGNATURE_WHY_MAX];
	uint8_t auth[SIGNATURE_MAX], method;
	struct key *key;
	size_t len;

	key = load("ed25519");
	assert_false(signature_make(key, SHA2, octets, &method, auth, &len, why));
	assert_string_equal(why, "our key is EdDSA (Ed25519), and the peer has not announced the "
			    "hash Identity (5), which it needs (RFC 7427)");
	key_free(key);
	key = load("pss");
	assert_false(signature_make(key, 0, octets, &method, auth, &len, why));
	key_free(key);
}

static void keys_of_every_form(void **state)
{
	static const struct { const char *file, *password; } forms[] = {
		{ "p256.key", NULL }, { "p256.key.der", NULL }, { "p256.key.sec1", NULL },
		{ "p256.key.enc", "sesame" },
	};
	struct key *key = load("p256"), *other = load("p384"), *same;
	char why[KEY_WHY_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		same = key_load(pki_file(forms[i].file), forms[i].password, why);
		assert_non_null(same);
		assert_true(key_equal(key, same));
		key_free(same);
	}
	same = key_load(pki_file("rsa2048.key.pkcs1"), NULL, why);
	assert_true(key_fits(same, pki_cert("rsa2048")));
	key_free(same);
	assert_true(key_fits(key, pki_cert("p256")));
	assert_false(key_fits(key, pki_cert("p384")));
	assert_false(key_fits(key, pki_file("p256.pem")));
	assert_false(key_equal(key, other));
	assert_false(key_equal(key, NULL));
	assert_true(key_equal(NULL, NULL));
	key_free(key);
	key_free(other);

	assert_null(key_load(pki_file("p256.key.enc"), NULL, why));
	assert_string_equal(why, "is encrypted: give key-password or key-password-file");
	assert_null(key_load(pki_file("p256.key.enc"), "wrong", why));
	assert_string_equal(why, "is encrypted, and with another password than key-password");
	assert_null(key_load(pki_file("p256.pem"), NULL, why));
	assert_non_null(strstr(why, "has no private key in PEM, PKCS#8 or PKCS#12"));
	assert_null(key_load((struct chunk){ (const uint8_t *)"", 0 }, NULL, why));
}

static void pkcs12(void **state)
{
	struct chunk_list *certs = NULL;
	char why[KEY_WHY_MAX];
	struct key *key = NULL;

	assert_true(key_is_pkcs12(pki_file("deep.p12")));
	assert_false(key_is_pkcs12(pki_file("p256.key.der")));
	assert_true(key_load_pkcs12(pki_file("deep.p12"), "sesame", &key, &certs, why));
	assert_int_equal(chunk_list_count(certs), 2);
	assert_true(key_fits(key, certs->chunk[0]));
	assert_memory_equal(certs->chunk[0].p, pki_cert("deep").p, certs->chunk[0].len);
	assert_memory_equal(certs->chunk[1].p, pki_cert("sub").p, certs->chunk[1].len);
	key_free(key);
	chunk_list_put(certs);
	assert_false(key_load_pkcs12(pki_file("deep.p12"), "wrong", &key, &certs, why));
	assert_string_equal(why, "is encrypted, and with another password than key-password");
	assert_false(key_load_pkcs12(pki_file("deep.p12"), NULL, &key, &certs, why));
	assert_string_equal(why, "is encrypted: give key-password or key-password-file");
	assert_true(key_load_pkcs12(pki_file("open.p12"), NULL, &key, &certs, why));
	assert_int_equal(chunk_list_count(certs), 1);
	key_free(key);
	chunk_list_put(certs);
	assert_false(key_load_pkcs12(pki_file("p256.key"), NULL, &key, &certs, why));
	assert_null(key);
	assert_null(certs);
}

/* It is freed by all who hold it, and its token is not asked for anything. */
static void a_token_that_is_dead(void **state)
{
	struct key *key = load("p256");
	static const char nothing[8];

	key->pin = strdup("1234567");
	key->pin_size = sizeof(nothing);
	key_get(key);
	key_abandon(key);
	assert_memory_equal(key->pin, nothing, sizeof(nothing));
	key_free(key);
	key_free(key);
	assert_int_equal(key->holders, 1);
	assert_true(key_is_token(key));
	key_free(key);
	key = load("p256");		/* one of a file goes as ever: ASan knows */
	key_abandon(key);
	key_free(key);
	key_abandon(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_keys),
		cmocka_unit_test(ours),
		cmocka_unit_test(ecdsa_of_rfc_4754_has_its_length),
		cmocka_unit_test(theirs),
		cmocka_unit_test(what_the_peer_cannot_verify),
		cmocka_unit_test(keys_of_every_form),
		cmocka_unit_test(pkcs12),
		cmocka_unit_test(a_token_that_is_dead),
	};

	return cmocka_run_group_tests(tests, pki_make, pki_remove);
}
