// SPDX-License-Identifier: GPL-2.0
#include "crypto/alg.h"
#include "lib/array.h"

static const struct encr_alg encrs[] = {
	{ ENCR_AES_GCM_16, 128, GNUTLS_CIPHER_AES_128_GCM, 16, 4, 8, 16, true },
	{ ENCR_AES_GCM_16, 192, GNUTLS_CIPHER_AES_192_GCM, 24, 4, 8, 16, true },
	{ ENCR_AES_GCM_16, 256, GNUTLS_CIPHER_AES_256_GCM, 32, 4, 8, 16, true },
	{ ENCR_CHACHA20_POLY1305, 0, GNUTLS_CIPHER_CHACHA20_POLY1305, 32, 4, 8, 16, true },
	/* as some peers offer it, against RFC 7634 */
	{ ENCR_CHACHA20_POLY1305, 256, GNUTLS_CIPHER_CHACHA20_POLY1305, 32, 4, 8, 16, true },
	{ ENCR_AES_CBC, 128, GNUTLS_CIPHER_AES_128_CBC, 16, 0, 16, 0, false },
	{ ENCR_AES_CBC, 192, GNUTLS_CIPHER_AES_192_CBC, 24, 0, 16, 0, false },
	{ ENCR_AES_CBC, 256, GNUTLS_CIPHER_AES_256_CBC, 32, 0, 16, 0, false },
};

static const struct integ_alg integs[] = {
	{ INTEG_HMAC_SHA2_256_128, GNUTLS_MAC_SHA256, 32, 16 },
	{ INTEG_HMAC_SHA2_384_192, GNUTLS_MAC_SHA384, 48, 24 },
	{ INTEG_HMAC_SHA2_512_256, GNUTLS_MAC_SHA512, 64, 32 },
};

const struct encr_alg *encr_alg(uint16_t encr, uint16_t key_bits)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(encrs); i++)
		if (encrs[i].id == encr && encrs[i].key_bits == key_bits)
			return &encrs[i];
	return NULL;
}

const struct integ_alg *integ_alg(uint16_t integ)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(integs); i++)
		if (integs[i].id == integ)
			return &integs[i];
	return NULL;
}

size_t encr_key_len(uint16_t encr, uint16_t key_bits)
{
	const struct encr_alg *alg = encr_alg(encr, key_bits);

	return alg ? (size_t)alg->key_len + alg->salt_len : 0;
}

size_t integ_key_len(uint16_t integ)
{
	const struct integ_alg *alg = integ_alg(integ);

	return alg ? alg->key_len : 0;
}

bool encr_is_aead(uint16_t encr)
{
	return encr == ENCR_AES_GCM_16 || encr == ENCR_CHACHA20_POLY1305;
}

bool crypto_supports(const struct transform *t)
{
	if (t->unusable)
		return false;
	switch (t->type) {
	case TRANSFORM_ENCR:
		return encr_alg(t->id, t->key_bits);
	case TRANSFORM_PRF:
		return prf_len(t->id);
	case TRANSFORM_INTEG:
		return t->id == INTEG_NONE || integ_alg(t->id);
	case TRANSFORM_KE:
		return ke_public_len(t->id);
	case TRANSFORM_ESN:
		return t->id == ESN_NO || t->id == ESN_YES;
	default:
		return false;
	}
}
