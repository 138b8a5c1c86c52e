// SPDX-License-Identifier: GPL-2.0
/* What the registry says of algorithms, as the engine asks. */
#include "crypto/crypto.h"

size_t encr_key_len(uint16_t encr, uint16_t key_bits)
{
	const struct alg *alg = alg_find(TRANSFORM_ENCR, encr, key_bits);

	return alg ? (size_t)alg->key_len + alg->salt_len : 0;
}

size_t integ_key_len(uint16_t integ)
{
	const struct alg *alg = alg_find(TRANSFORM_INTEG, integ, 0);

	return alg ? alg->key_len : 0;
}
