// SPDX-License-Identifier: GPL-2.0
#include "crypto/signature.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crypto/chain_type.h"
#include "crypto/key_type.h"
#include "crypto/raw_type.h"
#include "crypto/sigalg.h"
#include "lib/array.h"
#include "lib/cursor.h"
#include "suite/ikev2.h"

#define SIGNATURE_RS_MAX	66	/* octets of r and of s: P-521 */

static bool signature_refuse(char why[SIGNATURE_WHY_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool signature_refuse(char why[SIGNATURE_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, SIGNATURE_WHY_MAX, fmt, ap);
	va_end(ap);
	return false;
}

static const struct signature_algorithm {
	uint8_t scheme, hash;
	gnutls_sign_algorithm_t algorithm;
} signature_algorithms[] = {
	{ SIGALG_RSA, SIGNATURE_HASH_SHA1, GNUTLS_SIGN_RSA_SHA1 },
	{ SIGALG_RSA, SIGNATURE_HASH_SHA2_256, GNUTLS_SIGN_RSA_SHA256 },
	{ SIGALG_RSA, SIGNATURE_HASH_SHA2_384, GNUTLS_SIGN_RSA_SHA384 },
	{ SIGALG_RSA, SIGNATURE_HASH_SHA2_512, GNUTLS_SIGN_RSA_SHA512 },
	{ SIGALG_RSA_PSS, SIGNATURE_HASH_SHA2_256, GNUTLS_SIGN_RSA_PSS_SHA256 },
	{ SIGALG_RSA_PSS, SIGNATURE_HASH_SHA2_384, GNUTLS_SIGN_RSA_PSS_SHA384 },
	{ SIGALG_RSA_PSS, SIGNATURE_HASH_SHA2_512, GNUTLS_SIGN_RSA_PSS_SHA512 },
	{ SIGALG_ECDSA, SIGNATURE_HASH_SHA1, GNUTLS_SIGN_ECDSA_SHA1 },
	{ SIGALG_ECDSA, SIGNATURE_HASH_SHA2_256, GNUTLS_SIGN_ECDSA_SHA256 },
	{ SIGALG_ECDSA, SIGNATURE_HASH_SHA2_384, GNUTLS_SIGN_ECDSA_SHA384 },
	{ SIGALG_ECDSA, SIGNATURE_HASH_SHA2_512, GNUTLS_SIGN_ECDSA_SHA512 },
	{ SIGALG_DSA, SIGNATURE_HASH_SHA1, GNUTLS_SIGN_DSA_SHA1 },
	{ SIGALG_DSA, SIGNATURE_HASH_SHA2_256, GNUTLS_SIGN_DSA_SHA256 },
	{ SIGALG_ED25519, SIGNATURE_HASH_IDENTITY, GNUTLS_SIGN_EDDSA_ED25519 },
	{ SIGALG_ED448, SIGNATURE_HASH_IDENTITY, GNUTLS_SIGN_EDDSA_ED448 },
};

static gnutls_sign_algorithm_t signature_algorithm(const struct sigalg *alg)
{
	for (size_t i = 0; i < ARRAY_SIZE(signature_algorithms); i++) {
		if (signature_algorithms[i].scheme == alg->scheme &&
		    signature_algorithms[i].hash == alg->hash)
			return signature_algorithms[i].algorithm;
	}
	return GNUTLS_SIGN_UNKNOWN;
}

/* RFC 4754 3: a curve and its hash, r and s of @size octets behind one another. */
static const struct signature_curve {
	uint8_t method, hash, size;
} signature_curves[] = {
	{ AUTH_ECDSA_256, SIGNATURE_HASH_SHA2_256, 32 },
	{ AUTH_ECDSA_384, SIGNATURE_HASH_SHA2_384, 48 },
	{ AUTH_ECDSA_521, SIGNATURE_HASH_SHA2_512, 66 },
};

/* GnuTLS counts 528 bits in P-521. */
static const struct signature_curve *signature_curve_find(unsigned int bits)
{
	for (size_t i = 0; i < ARRAY_SIZE(signature_curves); i++) {
		if (signature_curves[i].size == (bits + 7) / 8)
			return &signature_curves[i];
	}
	return NULL;
}

/* Ours */

/* The hash as strong as the key, else a stronger one, else a weaker. 0: the peer has none. */
static uint8_t signature_hash(const struct key *key, uint16_t hashes)
{
	static const uint8_t order[3][3] = {
		{ SIGNATURE_HASH_SHA2_256, SIGNATURE_HASH_SHA2_384, SIGNATURE_HASH_SHA2_512 },
		{ SIGNATURE_HASH_SHA2_384, SIGNATURE_HASH_SHA2_512, SIGNATURE_HASH_SHA2_256 },
		{ SIGNATURE_HASH_SHA2_512, SIGNATURE_HASH_SHA2_384, SIGNATURE_HASH_SHA2_256 },
	};
	bool ec = key->pk == GNUTLS_PK_ECDSA;
	unsigned int row;

	row = key->bits <= (ec ? 256 : 3072) ? 0 : key->bits <= (ec ? 384 : 7680) ? 1 : 2;
	for (unsigned int i = 0; i < 3; i++) {
		if (hashes >> order[row][i] & 1)
			return order[row][i];
	}
	return 0;
}

/* Method 14. False: no hash that both ends have. */
static bool signature_choose(const struct key *key, uint16_t hashes, struct sigalg *alg)
{
	bool identity = hashes >> SIGNATURE_HASH_IDENTITY & 1;

	switch (key->pk) {
	case GNUTLS_PK_EDDSA_ED25519:
	case GNUTLS_PK_EDDSA_ED448:
		*alg = (struct sigalg){ key->pk == GNUTLS_PK_EDDSA_ED448 ? SIGALG_ED448 :
					SIGALG_ED25519, SIGNATURE_HASH_IDENTITY, 0 };
		return identity;
	case GNUTLS_PK_RSA:		/* RFC 8247 3.2: RSASSA-PSS */
	case GNUTLS_PK_RSA_PSS:
		alg->scheme = SIGALG_RSA_PSS;
		break;
	case GNUTLS_PK_ECDSA:
		alg->scheme = SIGALG_ECDSA;
		break;
	default:
		return false;
	}
	alg->hash = signature_hash(key, hashes);
	alg->salt = alg->scheme == SIGALG_RSA_PSS ? (uint16_t)sigalg_hash_len(alg->hash) : 0;
	return alg->hash;
}

/* Those of RFC 7296 and 4754. */
static bool signature_choose_old(const struct key *key, uint8_t *method, struct sigalg *alg)
{
	const struct signature_curve *curve = signature_curve_find(key->bits);

	if (key->pk == GNUTLS_PK_RSA) {
		*method = AUTH_RSA;
		*alg = (struct sigalg){ SIGALG_RSA, SIGNATURE_HASH_SHA1, 0 };
		return true;
	}
	if (key->pk != GNUTLS_PK_ECDSA || !curve)
		return false;
	*method = curve->method;
	*alg = (struct sigalg){ SIGALG_ECDSA, curve->hash, 0 };
	return true;
}

/* @n with zeros in front, or without those it has too many of. */
static bool signature_number(struct writer *w, gnutls_datum_t n, size_t size)
{
	static const uint8_t zeros[SIGNATURE_RS_MAX];

	while (n.size > size && !*n.data) {
		n.data++;
		n.size--;
	}
	if (n.size > size)
		return false;
	writer_bytes(w, zeros, size - n.size);
	writer_bytes(w, n.data, n.size);
	return true;
}

/* Ecdsa-Sig-Value in DER to the two numbers themselves. */
static bool signature_split(struct writer *w, const gnutls_datum_t *der, size_t size)
{
	gnutls_datum_t r = { 0 }, s = { 0 };
	bool ok;

	if (gnutls_decode_rs_value(der, &r, &s) < 0)
		return false;
	ok = signature_number(w, r, size) && signature_number(w, s, size);
	gnutls_free(r.data);
	gnutls_free(s.data);
	return ok;
}

static void signature_write(struct writer *w, uint8_t method, const struct sigalg *alg,
			    const gnutls_datum_t *value, unsigned int bits)
{
	const struct signature_curve *curve = signature_curve_find(bits);
	uint8_t der[SIGALG_MAX];
	size_t len;

	if (method == AUTH_SIGNATURE) {
		len = sigalg_encode(alg, der);
		writer_u8(w, (uint8_t)len);
		writer_bytes(w, der, len);
	}
	if (method == AUTH_SIGNATURE || alg->scheme != SIGALG_ECDSA)
		writer_bytes(w, value->data, value->size);
	else if (!curve || !signature_split(w, value, curve->size))
		w->overflow = true;
}

bool signature_make(const struct key *key, uint16_t hashes, struct chunk octets, uint8_t *method,
		    uint8_t out[SIGNATURE_MAX], size_t *len, char why[SIGNATURE_WHY_MAX])
{
	gnutls_datum_t data = { (unsigned char *)octets.p, (unsigned int)octets.len };
	struct writer w = writer_of(out, SIGNATURE_MAX);
	gnutls_datum_t value = { 0 };
	struct sigalg alg = { 0 };
	char name[SIGALG_STRLEN];
	int rc;

	*method = AUTH_SIGNATURE;
	if (key->pk == GNUTLS_PK_DSA)
		return signature_refuse(why, "our key is DSA, with which we do not sign: use RSA, "
					"ECDSA or EdDSA");
	if (!signature_choose(key, hashes, &alg) && !signature_choose_old(key, method, &alg))
		return signature_refuse(why, "our key is %s, and the peer has not announced %s, "
					"which it needs (RFC 7427)",
					gnutls_pk_get_name((gnutls_pk_algorithm_t)key->pk),
					key->pk == GNUTLS_PK_RSA_PSS ? "SHA-2" :
					"the hash Identity (5)");
	rc = gnutls_privkey_sign_data2(key->private, signature_algorithm(&alg), 0, &data, &value);
	if (rc < 0)
		return signature_refuse(why, "our key cannot sign with %s: %s",
					sigalg_str(&alg, name), gnutls_strerror(rc));
	signature_write(&w, *method, &alg, &value, key->bits);
	gnutls_free(value.data);
	*len = w.len;
	return !w.overflow ||
	       signature_refuse(why, "our signature is longer than %d octets", SIGNATURE_MAX);
}

/* The peer's */

/* What method and AUTH data say of the signature: what it is made with, and where it begins. */
static bool signature_read(uint8_t method, struct chunk auth, struct sigalg *alg,
			   struct chunk *value, char why[SIGNATURE_WHY_MAX])
{
	struct cursor c = cursor_of(auth.p, auth.len), der = { 0 };
	uint8_t len = 0;

	*value = auth;
	switch (method) {
	case AUTH_RSA:
		*alg = (struct sigalg){ SIGALG_RSA, 0, 0 };	/* its hash is in the signature */
		return true;
	case AUTH_DSS:
		*alg = (struct sigalg){ SIGALG_DSA, SIGNATURE_HASH_SHA1, 0 };
		return true;
	case AUTH_SIGNATURE:
		if (!cursor_u8(&c, &len) || !cursor_sub(&c, len, &der))
			return signature_refuse(why, "the peer's AUTH payload ends inside of its "
						"AlgorithmIdentifier");
		*value = (struct chunk){ c.at, c.left };
		return sigalg_decode((struct chunk){ der.at, der.left }, alg) ||
		       signature_refuse(why, "the peer has signed with an algorithm that is not "
					"known here");
	}
	for (size_t i = 0; i < ARRAY_SIZE(signature_curves); i++) {
		*alg = (struct sigalg){ SIGALG_ECDSA, signature_curves[i].hash, 0 };
		if (signature_curves[i].method == method)
			return true;
	}
	return signature_refuse(why, "the peer's AUTH method %u is not one of signatures", method);
}

static bool signature_is_allowed(uint8_t method, const struct sigalg *alg, bool legacy,
				 char why[SIGNATURE_WHY_MAX])
{
	char name[SIGALG_STRLEN];

	if (legacy || (alg->scheme != SIGALG_DSA &&
		       (method != AUTH_SIGNATURE || alg->hash != SIGNATURE_HASH_SHA1)))
		return true;
	return signature_refuse(why, "the peer has signed with %s, which can be forged: let it use "
				"another, or allow-legacy = yes", sigalg_str(alg, name));
}

/* Does the key do such signatures? @whose: "its certificate's". */
static bool signature_suits(gnutls_pubkey_t key, const char *whose, uint8_t method,
			    const struct sigalg *alg, char why[SIGNATURE_WHY_MAX])
{
	static const uint8_t schemes[][2] = {
		{ GNUTLS_PK_RSA, SIGALG_RSA }, { GNUTLS_PK_RSA, SIGALG_RSA_PSS },
		{ GNUTLS_PK_RSA_PSS, SIGALG_RSA_PSS }, { GNUTLS_PK_ECDSA, SIGALG_ECDSA },
		{ GNUTLS_PK_DSA, SIGALG_DSA }, { GNUTLS_PK_EDDSA_ED25519, SIGALG_ED25519 },
		{ GNUTLS_PK_EDDSA_ED448, SIGALG_ED448 },
	};
	const struct signature_curve *curve;
	char name[SIGALG_STRLEN];
	unsigned int bits = 0;
	int pk = gnutls_pubkey_get_pk_algorithm(key, &bits);
	bool suits = false;

	curve = signature_curve_find(bits);
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		suits |= pk == schemes[i][0] && alg->scheme == schemes[i][1];
	if (alg->scheme == SIGALG_ECDSA && method != AUTH_SIGNATURE)
		suits &= curve && curve->method == method;
	return suits ||
	       signature_refuse(why, "the peer has signed with %s (method %u), but %s key is for %s "
				"with %u bits", sigalg_str(alg, name), method, whose,
				gnutls_pk_get_name((gnutls_pk_algorithm_t)pk), bits);
}

/* r and s of equal lengths to Ecdsa-Sig-Value. @der is to be freed by gnutls_free. */
static bool signature_join(struct chunk value, size_t size, gnutls_datum_t *der)
{
	gnutls_datum_t r = { (unsigned char *)value.p, (unsigned int)size };
	gnutls_datum_t s = { (unsigned char *)value.p + size, (unsigned int)size };

	return value.len == 2 * size && gnutls_encode_rs_value(der, &r, &s) == 0;
}

static bool signature_is_right(gnutls_pubkey_t key, const struct sigalg *alg,
			       struct chunk octets, const gnutls_datum_t *value)
{
	gnutls_datum_t data = { (unsigned char *)octets.p, (unsigned int)octets.len };

	return gnutls_pubkey_verify_data2(key, signature_algorithm(alg),
					  GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1, &data, value) >= 0;
}

/* Method 1 does not say which hash it is with: most use SHA-1, RFC 7296 3.8. */
static bool signature_is_right_rsa(gnutls_pubkey_t key, struct chunk octets,
				   const gnutls_datum_t *value)
{
	struct sigalg alg = { SIGALG_RSA, SIGNATURE_HASH_SHA1, 0 };

	for (; alg.hash <= SIGNATURE_HASH_SHA2_512; alg.hash++) {
		if (signature_is_right(key, &alg, octets, value))
			return true;
	}
	return false;
}

/* RFC 4055 lets the salt be of any length: GnuTLS is told which it is. */
static bool signature_set_salt(gnutls_pubkey_t key, const struct sigalg *alg)
{
	gnutls_digest_algorithm_t hash = gnutls_sign_get_hash_algorithm(signature_algorithm(alg));
	gnutls_x509_spki_t spki;
	bool ok;

	if (gnutls_pubkey_get_pk_algorithm(key, NULL) != GNUTLS_PK_RSA)
		return true;
	if (gnutls_x509_spki_init(&spki) < 0)
		return false;
	gnutls_x509_spki_set_rsa_pss_params(spki, hash, alg->salt);
	ok = gnutls_pubkey_set_spki(key, spki, 0) == 0;
	gnutls_x509_spki_deinit(spki);
	return ok;
}

static bool signature_compare(gnutls_pubkey_t key, uint8_t method, const struct sigalg *alg,
			      struct chunk octets, struct chunk signature)
{
	gnutls_datum_t value = { (unsigned char *)signature.p, (unsigned int)signature.len };
	gnutls_datum_t der = { 0 };
	bool ok;

	if (method == AUTH_RSA)
		return signature_is_right_rsa(key, octets, &value);
	if (alg->scheme == SIGALG_RSA_PSS && !signature_set_salt(key, alg))
		return false;
	if (method == AUTH_SIGNATURE)
		return signature_is_right(key, alg, octets, &value);
	ok = signature_join(signature, method == AUTH_DSS ? 20 : signature.len / 2, &der) &&
	     signature_is_right(key, alg, octets, &der);
	gnutls_free(der.data);
	return ok;
}

static bool signature_check_with(gnutls_pubkey_t key, const char *whose, bool legacy,
				 uint8_t method, struct chunk octets, struct chunk auth,
				 char why[SIGNATURE_WHY_MAX])
{
	char name[SIGALG_STRLEN];
	struct chunk value;
	struct sigalg alg;

	if (!signature_read(method, auth, &alg, &value, why) ||
	    !signature_is_allowed(method, &alg, legacy, why) ||
	    !signature_suits(key, whose, method, &alg, why))
		return false;
	return (value.len && signature_compare(key, method, &alg, octets, value)) ||
	       signature_refuse(why, "the peer's signature (%s) is not one of %s key",
				sigalg_str(&alg, name), whose);
}

bool signature_check(const struct chain *chain, bool legacy, uint8_t method, struct chunk octets,
		     struct chunk signature, char why[SIGNATURE_WHY_MAX])
{
	gnutls_pubkey_t key = NULL;
	bool ok;

	if (gnutls_pubkey_init(&key) == 0 &&
	    gnutls_pubkey_import_x509(key, chain->crt[0], 0) == 0)
		ok = signature_check_with(key, "its certificate's", legacy, method, octets,
					  signature, why);
	else
		ok = signature_refuse(why, "the key of the peer's certificate cannot be read");
	if (key)
		gnutls_pubkey_deinit(key);
	return ok;
}

static bool signature_check_key(struct chunk raw, bool legacy, uint8_t method, struct chunk octets,
				struct chunk signature, char why[SIGNATURE_WHY_MAX])
{
	gnutls_pubkey_t key = raw_import(raw);
	bool ok;

	if (!key)
		return signature_refuse(why, "the peer's public key cannot be read");
	ok = signature_check_with(key, "its raw public", legacy, method, octets, signature, why);
	gnutls_pubkey_deinit(key);
	return ok;
}

bool signature_check_raw(const struct chunk_list *keys, struct chunk sent, bool legacy,
			 uint8_t method, struct chunk octets, struct chunk signature,
			 struct chunk *key, char why[SIGNATURE_WHY_MAX])
{
	char name[RAW_STRLEN];
	bool known = false;

	for (unsigned int i = 0; i < chunk_list_count(keys); i++) {
		*key = keys->chunk[i];
		if (sent.len && (sent.len != key->len || memcmp(sent.p, key->p, key->len) != 0))
			continue;
		known = true;
		if (signature_check_key(*key, legacy, method, octets, signature, why))
			return true;
	}
	return known ? false :
	       signature_refuse(why, "it has sent the %s, which is none of remote-key: give that "
				"one, or let the peer use its own", raw_str(sent, name));
}
