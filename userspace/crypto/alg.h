/* SPDX-License-Identifier: GPL-2.0 */
/* Transform numbers to what the libraries call them. Inside crypto/ only. */
#ifndef CRYPTO_ALG_H
#define CRYPTO_ALG_H

#include <gnutls/crypto.h>
#include "crypto/crypto.h"

/*
 * Lengths in octets. An AEAD has a salt and an ICV of its own; CBC takes its ICV from the integrity
 * algorithm.
 */
struct encr_alg {
	uint16_t id, key_bits;
	gnutls_cipher_algorithm_t cipher;
	uint8_t key_len, salt_len, iv_len, icv_len;
	bool aead;
};

struct integ_alg {
	uint16_t id;
	gnutls_mac_algorithm_t mac;
	uint8_t key_len, icv_len;
};

/* NULL: unknown */
const struct encr_alg *encr_alg(uint16_t encr, uint16_t key_bits);
const struct integ_alg *integ_alg(uint16_t integ);

#endif
