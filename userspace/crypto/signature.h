/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AUTH payloads that are signatures, RFC 7296 2.15: with the methods of RFC 7296 and RFC 4754 (1,
 * 9, 10, 11, with allow-legacy 3) and that of RFC 7427 (14), whose data begin with the length of an
 * AlgorithmIdentifier and itself.
 */
#ifndef CRYPTO_SIGNATURE_H
#define CRYPTO_SIGNATURE_H

#include <stdbool.h>
#include "lib/chunk_list.h"

#define SIGNATURE_MAX		1152	/* octets: RSA of 8192 bits */
#define SIGNATURE_WHY_MAX	256

struct chain;
struct key;

/*
 * @hashes: bit n is hash algorithm n of RFC 7427, which the peer has announced; 0: none. False:
 * @why is one sentence.
 */
bool signature_make(const struct key *key, uint16_t hashes, struct chunk octets, uint8_t *method,
		    uint8_t out[SIGNATURE_MAX], size_t *len, char why[SIGNATURE_WHY_MAX]);
/*
 * Is @signature one of @octets with the key of the first certificate of @chain? Whoever sent it may
 * have made all of them. @legacy: SHA-1 with method 14, and DSA, count too.
 */
bool signature_check(const struct chain *chain, bool legacy, uint8_t method, struct chunk octets,
		     struct chunk signature, char why[SIGNATURE_WHY_MAX]);
/*
 * As signature_check(), with one of these raw public keys (crypto/raw.h), which are believed: that
 * one is in @key then. @sent: what the peer says its key is; of no octets: nothing.
 */
bool signature_check_raw(const struct chunk_list *keys, struct chunk sent, bool legacy,
			 uint8_t method, struct chunk octets, struct chunk signature,
			 struct chunk *key, char why[SIGNATURE_WHY_MAX]);

#endif
