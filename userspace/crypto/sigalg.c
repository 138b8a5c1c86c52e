// SPDX-License-Identifier: GPL-2.0
#include "crypto/sigalg.h"

#include <stdio.h>
#include <string.h>

#include "crypto/der.h"
#include "lib/array.h"
#include "suite/ikev2.h"

#define SIGALG_PSS_SALT	20	/* octets: the default of RFC 4055, as SHA-1 is for the hash */

struct sigalg_oid {
	uint8_t len, octets[9];
};

static const struct sigalg_oid sigalg_pss = { 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10 } };
static const struct sigalg_oid sigalg_mgf1 = { 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8 } };

/* @null: its parameters are NULL, which may be missing; else there are none. */
static const struct sigalg_row {
	enum sigalg_scheme scheme;
	uint8_t hash;
	bool null;
	struct sigalg_oid oid;
} sigalg_rows[] = {
	{ SIGALG_RSA, SIGNATURE_HASH_SHA1, true,
	  { 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5 } } },
	{ SIGALG_RSA, SIGNATURE_HASH_SHA2_256, true,
	  { 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11 } } },
	{ SIGALG_RSA, SIGNATURE_HASH_SHA2_384, true,
	  { 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12 } } },
	{ SIGALG_RSA, SIGNATURE_HASH_SHA2_512, true,
	  { 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13 } } },
	{ SIGALG_ECDSA, SIGNATURE_HASH_SHA1, false,
	  { 7, { 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1 } } },
	{ SIGALG_ECDSA, SIGNATURE_HASH_SHA2_256, false,
	  { 8, { 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2 } } },
	{ SIGALG_ECDSA, SIGNATURE_HASH_SHA2_384, false,
	  { 8, { 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3 } } },
	{ SIGALG_ECDSA, SIGNATURE_HASH_SHA2_512, false,
	  { 8, { 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4 } } },
	{ SIGALG_DSA, SIGNATURE_HASH_SHA1, false,
	  { 7, { 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3 } } },
	{ SIGALG_DSA, SIGNATURE_HASH_SHA2_256, false,
	  { 9, { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2 } } },
	{ SIGALG_ED25519, SIGNATURE_HASH_IDENTITY, false, { 3, { 0x2b, 0x65, 0x70 } } },
	{ SIGALG_ED448, SIGNATURE_HASH_IDENTITY, false, { 3, { 0x2b, 0x65, 0x71 } } },
};

/* Hash algorithms themselves, for RSASSA-PSS. */
static const struct sigalg_hash {
	uint8_t hash, size;
	const char *name;
	struct sigalg_oid oid;
} sigalg_hashes[] = {
	{ SIGNATURE_HASH_SHA1, 20, "SHA-1", { 5, { 0x2b, 0x0e, 3, 2, 0x1a } } },
	{ SIGNATURE_HASH_SHA2_256, 32, "SHA2-256",
	  { 9, { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1 } } },
	{ SIGNATURE_HASH_SHA2_384, 48, "SHA2-384",
	  { 9, { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2 } } },
	{ SIGNATURE_HASH_SHA2_512, 64, "SHA2-512",
	  { 9, { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3 } } },
};

static const struct sigalg_hash *sigalg_hash_find(uint8_t hash)
{
	for (size_t i = 0; i < ARRAY_SIZE(sigalg_hashes); i++) {
		if (sigalg_hashes[i].hash == hash)
			return &sigalg_hashes[i];
	}
	return NULL;
}

size_t sigalg_hash_len(uint8_t hash)
{
	const struct sigalg_hash *h = sigalg_hash_find(hash);

	return h ? h->size : 0;
}

/* An AlgorithmIdentifier. */
static void sigalg_write(struct writer *w, const struct sigalg_oid *oid, bool null)
{
	size_t from = w->len;

	writer_bytes(w, oid->octets, oid->len);
	der_wrap(w, from, DER_OID);
	if (null)
		der_wrap(w, w->len, DER_NULL);
	der_wrap(w, from, DER_SEQUENCE);
}

/* RFC 4055 3.1: [0] hash, [1] mask generation with the same hash, [2] octets of salt. */
static void sigalg_write_pss(struct writer *w, const struct sigalg_hash *h, uint16_t salt)
{
	size_t params, field;

	writer_bytes(w, sigalg_pss.octets, sigalg_pss.len);
	der_wrap(w, 0, DER_OID);
	params = w->len;
	sigalg_write(w, &h->oid, true);
	der_wrap(w, params, DER_CONTEXT);
	field = w->len;
	writer_bytes(w, sigalg_mgf1.octets, sigalg_mgf1.len);
	der_wrap(w, field, DER_OID);
	sigalg_write(w, &h->oid, true);
	der_wrap(w, field, DER_SEQUENCE);
	der_wrap(w, field, DER_CONTEXT | 1);
	field = w->len;
	writer_u8(w, (uint8_t)salt);
	der_wrap(w, field, DER_INTEGER);
	der_wrap(w, field, DER_CONTEXT | 2);
	der_wrap(w, params, DER_SEQUENCE);
	der_wrap(w, 0, DER_SEQUENCE);
}

size_t sigalg_encode(const struct sigalg *alg, uint8_t der[SIGALG_MAX])
{
	const struct sigalg_hash *h = sigalg_hash_find(alg->hash);
	struct writer w = writer_of(der, SIGALG_MAX);

	for (size_t i = 0; i < ARRAY_SIZE(sigalg_rows); i++) {
		const struct sigalg_row *row = &sigalg_rows[i];

		if (row->scheme == alg->scheme && row->hash == alg->hash)
			sigalg_write(&w, &row->oid, row->null);
	}
	if (alg->scheme == SIGALG_RSA_PSS && h && alg->salt < 0x80)
		sigalg_write_pss(&w, h, alg->salt);
	return w.overflow ? 0 : w.len;
}

static bool sigalg_oid_is(struct cursor oid, const struct sigalg_oid *other)
{
	return oid.left == other->len && !memcmp(oid.at, other->octets, other->len);
}

/* Nothing, or NULL. */
static bool sigalg_no_params(struct cursor *c)
{
	struct cursor body;

	return !c->left || (der_take(c, DER_NULL, &body) && !body.left && !c->left);
}

static bool sigalg_read_hash(struct cursor *c, uint8_t *hash)
{
	struct cursor seq, oid;

	if (!der_take(c, DER_SEQUENCE, &seq) || c->left || !der_take(&seq, DER_OID, &oid) ||
	    !sigalg_no_params(&seq))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(sigalg_hashes); i++) {
		if (sigalg_oid_is(oid, &sigalg_hashes[i].oid)) {
			*hash = sigalg_hashes[i].hash;
			return true;
		}
	}
	return false;
}

static bool sigalg_read_mgf(struct cursor *c, uint8_t *hash)
{
	struct cursor seq, oid;

	return der_take(c, DER_SEQUENCE, &seq) && !c->left && der_take(&seq, DER_OID, &oid) &&
	       sigalg_oid_is(oid, &sigalg_mgf1) && sigalg_read_hash(&seq, hash);
}

/* What is not there has its default. [3], the trailer, can only be 1. */
static bool sigalg_read_pss(struct cursor c, struct sigalg *alg)
{
	uint8_t mask = SIGNATURE_HASH_SHA1;
	struct cursor params, field;
	uint16_t trailer = 1;

	*alg = (struct sigalg){ SIGALG_RSA_PSS, SIGNATURE_HASH_SHA1, SIGALG_PSS_SALT };
	if (!der_take(&c, DER_SEQUENCE, &params) || c.left)
		return false;
	if (der_take(&params, DER_CONTEXT, &field) && !sigalg_read_hash(&field, &alg->hash))
		return false;
	if (der_take(&params, DER_CONTEXT | 1, &field) && !sigalg_read_mgf(&field, &mask))
		return false;
	if (der_take(&params, DER_CONTEXT | 2, &field) &&
	    (!der_small(&field, &alg->salt) || field.left))
		return false;
	if (der_take(&params, DER_CONTEXT | 3, &field) &&
	    (!der_small(&field, &trailer) || field.left))
		return false;
	return !params.left && mask == alg->hash && trailer == 1;
}

bool sigalg_decode(struct chunk der, struct sigalg *alg)
{
	struct cursor c = cursor_of(der.p, der.len), seq, oid;

	if (!der_take(&c, DER_SEQUENCE, &seq) || c.left || !der_take(&seq, DER_OID, &oid))
		return false;
	if (sigalg_oid_is(oid, &sigalg_pss))
		return sigalg_read_pss(seq, alg);
	for (size_t i = 0; i < ARRAY_SIZE(sigalg_rows); i++) {
		const struct sigalg_row *row = &sigalg_rows[i];

		if (!sigalg_oid_is(oid, &row->oid))
			continue;
		*alg = (struct sigalg){ row->scheme, row->hash, 0 };
		return row->null ? sigalg_no_params(&seq) : !seq.left;
	}
	return false;
}

const char *sigalg_str(const struct sigalg *alg, char buf[SIGALG_STRLEN])
{
	static const char *const names[] = { "RSA", "RSASSA-PSS", "ECDSA", "DSA", "Ed25519",
					     "Ed448" };
	const struct sigalg_hash *h = sigalg_hash_find(alg->hash);

	snprintf(buf, SIGALG_STRLEN, h ? "%s with %s" : "%s", names[alg->scheme],
		 h ? h->name : "");
	return buf;
}
