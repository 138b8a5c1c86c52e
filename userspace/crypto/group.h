/* SPDX-License-Identifier: GPL-2.0 */
/* One key exchange group: what ke.c needs of it. Inside crypto/ only. */
#ifndef CRYPTO_GROUP_H
#define CRYPTO_GROUP_H

#include "crypto/crypto.h"

#define KE_PRIVATE_MAX	64

/* Lengths in octets. Values are octet strings of exactly these lengths, as on the wire. */
struct group {
	uint16_t id;
	uint16_t public_len, secret_len;
	uint8_t private_len;
	/* @private: fresh random octets. False: draw again. */
	bool (*make)(const struct group *g, uint8_t *private, uint8_t *public);
	/* False: the peer's value is unsound. */
	bool (*derive)(const struct group *g, const uint8_t *private, const uint8_t *peer,
		       uint8_t *secret);
	const void *param;
};

extern const struct group group_x25519, group_ecp256, group_ecp384, group_modp2048, group_modp3072;

#endif
