// SPDX-License-Identifier: GPL-2.0
#include "crypto/raw.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#include "crypto/cert_type.h"
#include "crypto/key_type.h"
#include "crypto/raw_type.h"
#include "lib/array.h"

#define RAW_DIGEST_SHOWN	8	/* octets */

static struct chunk_list *raw_export(gnutls_pubkey_t public)
{
	struct chunk_list *list = NULL;
	gnutls_datum_t der = { 0 };

	if (gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der) == 0)
		list = chunk_list_new(&(struct chunk){ der.data, der.size }, 1);
	gnutls_free(der.data);
	return list;
}

struct chunk_list *raw_load(struct chunk octets, char why[RAW_WHY_MAX])
{
	bool pem = memmem(octets.p, octets.len, "-----BEGIN ", 11);
	gnutls_datum_t data = { (unsigned char *)octets.p, (unsigned int)octets.len };
	gnutls_pubkey_t public;
	struct chunk_list *list;

	snprintf(why, RAW_WHY_MAX, "cannot be taken: no memory");
	if (gnutls_pubkey_init(&public) < 0)
		return NULL;
	list = NULL;
	if (gnutls_pubkey_import(public, &data, pem ? GNUTLS_X509_FMT_PEM :
				 GNUTLS_X509_FMT_DER) == 0)
		list = raw_export(public);
	else
		snprintf(why, RAW_WHY_MAX, "has no public key in PEM or DER: make it of the private "
			 "one, with openssl pkey -pubout");
	gnutls_pubkey_deinit(public);
	return list;
}

static gnutls_datum_t raw_datum(const uint8_t *p, size_t len)
{
	return (gnutls_datum_t){ (unsigned char *)p, (unsigned int)len };
}

struct chunk_list *raw_of_rsa(struct chunk exponent, struct chunk modulus)
{
	gnutls_datum_t e = raw_datum(exponent.p, exponent.len);
	gnutls_datum_t m = raw_datum(modulus.p, modulus.len);
	struct chunk_list *list = NULL;
	gnutls_pubkey_t public;

	if (gnutls_pubkey_init(&public) < 0)
		return NULL;
	if (gnutls_pubkey_import_rsa_raw(public, &m, &e) == 0)
		list = raw_export(public);
	gnutls_pubkey_deinit(public);
	return list;
}

struct chunk_list *raw_of_point(bool edwards, struct chunk point)
{
	static const struct { bool edwards; size_t len; gnutls_ecc_curve_t curve; } curves[] = {
		{ false, 64, GNUTLS_ECC_CURVE_SECP256R1 },
		{ false, 96, GNUTLS_ECC_CURVE_SECP384R1 },
		{ true, 32, GNUTLS_ECC_CURVE_ED25519 }, { true, 57, GNUTLS_ECC_CURVE_ED448 },
	};
	size_t half = edwards ? point.len : point.len / 2;
	gnutls_datum_t x = raw_datum(point.p, half), y = raw_datum(point.p + half, half);
	struct chunk_list *list = NULL;
	gnutls_pubkey_t public;

	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		if (curves[i].edwards != edwards || curves[i].len != point.len ||
		    gnutls_pubkey_init(&public) < 0)
			continue;
		if (gnutls_pubkey_import_ecc_raw(public, curves[i].curve, &x,
						 edwards ? NULL : &y) == 0)
			list = raw_export(public);
		gnutls_pubkey_deinit(public);
	}
	return list;
}

struct chunk_list *raw_of_key(const struct key *key)
{
	struct chunk_list *list = NULL;
	gnutls_pubkey_t public;

	if (gnutls_pubkey_init(&public) < 0)
		return NULL;
	if (gnutls_pubkey_import_privkey(public, key->private, 0, 0) == 0)
		list = raw_export(public);
	gnutls_pubkey_deinit(public);
	return list;
}

gnutls_pubkey_t raw_import(struct chunk raw)
{
	gnutls_datum_t data = { (unsigned char *)raw.p, (unsigned int)raw.len };
	gnutls_pubkey_t public;

	if (!raw.len || gnutls_pubkey_init(&public) < 0)
		return NULL;
	if (gnutls_pubkey_import(public, &data, GNUTLS_X509_FMT_DER) == 0)
		return public;
	gnutls_pubkey_deinit(public);
	return NULL;
}

bool raw_is_usable(struct chunk raw, bool legacy, char why[RAW_WHY_MAX])
{
	gnutls_pubkey_t public = raw_import(raw);
	unsigned int bits = 0;
	int pk;

	if (!public) {
		snprintf(why, RAW_WHY_MAX, "it is no public key");
		return false;
	}
	pk = gnutls_pubkey_get_pk_algorithm(public, &bits);
	gnutls_pubkey_deinit(public);
	return cert_strength(pk, bits, legacy, why);
}

const char *raw_str(struct chunk raw, char buf[RAW_STRLEN])
{
	size_t len = (size_t)snprintf(buf, RAW_STRLEN, "public key SHA-256:");
	uint8_t digest[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, raw.p, raw.len, digest) < 0)
		return buf;
	for (unsigned int i = 0; i < RAW_DIGEST_SHOWN; i++)
		len += (size_t)snprintf(buf + len, RAW_STRLEN - len, "%02x", digest[i]);
	return buf;
}
