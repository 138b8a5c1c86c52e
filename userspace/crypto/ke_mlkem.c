// SPDX-License-Identifier: GPL-2.0
/*
 * ML-KEM, FIPS 203, as draft-ietf-ipsecme-ikev2-mlkem has it in IKE: who begins sends an
 * encapsulation key, who answers a ciphertext. By Botan's C interface, where the build has it.
 */
#ifdef HAVE_BOTAN
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"	/* one of its functions has () */
#include <botan/ffi.h>
#pragma GCC diagnostic pop
#include <string.h>
#include "crypto/group.h"

#define SEED_LEN	64	/* d | z: what the private key is made of */
#define COINS_LEN	32	/* m: what the answer is made of */
#define SECRET_LEN	32

/* What is to be copied out of an object of Botan's. */
struct mlkem_view {
	uint8_t *to;
	size_t len;
};

static int mlkem_copy(botan_view_ctx ctx, const uint8_t *data, size_t len)
{
	const struct mlkem_view *view = ctx;

	if (len != view->len)
		return -1;
	memcpy(view->to, data, len);
	return 0;
}

static bool mlkem_make(const struct group *g, uint8_t *private, uint8_t *public)
{
	struct mlkem_view view = { public, g->public_len };
	botan_privkey_t key = NULL;
	botan_pubkey_t pub = NULL;
	bool ok;

	ok = !botan_privkey_load_ml_kem(&key, private, SEED_LEN, g->param) &&
	     !botan_privkey_export_pubkey(&pub, key) &&
	     !botan_pubkey_view_raw(pub, &view, mlkem_copy);
	botan_pubkey_destroy(pub);
	botan_privkey_destroy(key);
	return ok;
}

/* FIPS 203 7.3: a ciphertext of the right length is always taken, with a secret of nobody's. */
static bool mlkem_derive(const struct group *g, const uint8_t *private, const uint8_t *peer,
			 uint8_t *secret)
{
	botan_pk_op_kem_decrypt_t op = NULL;
	botan_privkey_t key = NULL;
	size_t len = SECRET_LEN;
	bool ok;

	ok = !botan_privkey_load_ml_kem(&key, private, SEED_LEN, g->param) &&
	     !botan_pk_op_kem_decrypt_create(&op, key, "Raw") &&
	     !botan_pk_op_kem_decrypt_shared_key(op, NULL, 0, peer, g->answer_len, SECRET_LEN,
						 secret, &len) && len == SECRET_LEN;
	botan_pk_op_kem_decrypt_destroy(op);
	botan_privkey_destroy(key);
	return ok;
}

/* The coins that it asks for, and no more. */
static int mlkem_coins(void *ctx, uint8_t *out, size_t len)
{
	if (len != COINS_LEN)
		return -1;
	memcpy(out, ctx, len);
	return 0;
}

/* FIPS 203 7.2: the numbers in the key are below q, 3329. They are of 12 bits, and public. */
static bool mlkem_key_ok(const uint8_t *key, size_t len)
{
	for (size_t i = 0; i + 3 <= len - 32; i += 3) {
		unsigned int a = key[i] | (key[i + 1] & 15) << 8;
		unsigned int b = key[i + 1] >> 4 | key[i + 2] << 4;

		if (a >= 3329 || b >= 3329)
			return false;
	}
	return true;
}

static bool mlkem_answer(const struct group *g, uint8_t *private, const uint8_t *peer,
			 uint8_t *public, uint8_t *secret)
{
	size_t len = SECRET_LEN, public_len = g->answer_len;
	botan_pk_op_kem_encrypt_t op = NULL;
	botan_pubkey_t key = NULL;
	botan_rng_t rng = NULL;
	bool ok;

	ok = mlkem_key_ok(peer, g->public_len) &&
	     !botan_rng_init_custom(&rng, "coins", private, mlkem_coins, NULL, NULL) &&
	     !botan_pubkey_load_ml_kem(&key, peer, g->public_len, g->param) &&
	     !botan_pk_op_kem_encrypt_create(&op, key, "Raw") &&
	     !botan_pk_op_kem_encrypt_create_shared_key(op, rng, NULL, 0, SECRET_LEN, secret, &len,
							public, &public_len) &&
	     len == SECRET_LEN && public_len == g->answer_len;
	botan_pk_op_kem_encrypt_destroy(op);
	botan_pubkey_destroy(key);
	botan_rng_destroy(rng);
	return ok;
}

#define MLKEM(name_, id_, public_, answer_)		\
	const struct group group_mlkem##name_ = {	\
		.id = id_,				\
		.public_len = public_,			\
		.answer_len = answer_,			\
		.secret_len = SECRET_LEN,		\
		.private_len = SEED_LEN,		\
		.make = mlkem_make,			\
		.derive = mlkem_derive,			\
		.answer = mlkem_answer,			\
		.param = "ML-KEM-" #name_,		\
	}

MLKEM(512, KE_ML_KEM_512, 800, 768);
MLKEM(768, KE_ML_KEM_768, 1184, 1088);
MLKEM(1024, KE_ML_KEM_1024, 1568, 1568);
#endif
