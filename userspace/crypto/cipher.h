/* SPDX-License-Identifier: GPL-2.0 */
/* Ciphers over whole texts in place. Keys have their salt behind them. Inside crypto/ only. */
#ifndef CRYPTO_CIPHER_H
#define CRYPTO_CIPHER_H

#include "crypto/crypto.h"

/* Not an AEAD. @len: a multiple of alg->block. False: the library's error, or unknown. */
bool cipher_crypt(const struct alg *alg, const uint8_t *key, const uint8_t *iv, uint8_t *text,
		  size_t len, bool encrypt);
/* An AEAD; the ICV goes behind the text, or is there. */
bool cipher_seal(const struct alg *alg, const uint8_t *key, const uint8_t *iv, struct chunk aad,
		 uint8_t *text, size_t len);
/* False too: not authentic, and the text is wiped. */
bool cipher_open(const struct alg *alg, const uint8_t *key, const uint8_t *iv, struct chunk aad,
		 uint8_t *text, size_t len);

#endif
