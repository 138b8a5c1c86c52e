/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Message authentication codes, as PRFs and for integrity: HMAC (RFC 2104), AES-XCBC-MAC (RFC 3566,
 * RFC 4434), AES-CMAC (RFC 4493, RFC 4615). Inside crypto/ only.
 */
#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include <gnutls/crypto.h>
#include <nettle/aes.h>
#include <nettle/cmac.h>

#include "crypto/crypto.h"

#define MAC_LEN_MAX	64	/* octets: HMAC-SHA2-512 */

struct mac_xcbc {
	struct aes128_ctx k1;
	uint8_t k2[AES_BLOCK_SIZE], k3[AES_BLOCK_SIZE];
	uint8_t chain[AES_BLOCK_SIZE], block[AES_BLOCK_SIZE];
	unsigned int used;		/* octets of @block */
};

/* One code under one key; the fields are mac.c's own. */
struct mac {
	uint8_t kind;
	gnutls_hmac_hd_t hmac;
	union {
		struct cmac_aes128_ctx cmac;
		struct mac_xcbc xcbc;
	};
};

/*
 * @type: TRANSFORM_PRF or TRANSFORM_INTEG. Keys may have any length: those of AES are shortened or
 * padded as RFC 4434 and RFC 4615 say. False: unknown, or the library's error, and nothing to stop.
 */
bool mac_start(struct mac *mac, uint8_t type, uint16_t id, struct chunk key);
bool mac_feed(struct mac *mac, const struct chunk *parts, size_t count);
/* The whole code, MAC_LEN_MAX octets at most, and anew under the same key. */
void mac_end(struct mac *mac, uint8_t *out);
void mac_stop(struct mac *mac);		/* wipes */

#endif
