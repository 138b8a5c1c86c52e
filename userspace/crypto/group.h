/* SPDX-License-Identifier: GPL-2.0 */
/* One key exchange group: what ke.c needs of it. Inside crypto/ only. */
#ifndef CRYPTO_GROUP_H
#define CRYPTO_GROUP_H

#include "crypto/crypto.h"

#define KE_PRIVATE_MAX	80

/* How deep on the stack the libraries may leave parts of a secret, octets. */
#define KE_STACK_MAX		(96 * 1024)	/* GMP's tables of powers, of 64 KB */
#define KE_STACK_SHALLOW	(8 * 1024)	/* curves: 2.5 KB were seen, 4 with lazy binding */

/* Lengths in octets. Values are octet strings of exactly these lengths, as on the wire. */
struct group {
	uint16_t id;
	uint16_t public_len, secret_len;
	uint16_t answer_len;		/* of who answers, where @answer is; else as public_len */
	uint8_t private_len;
	bool shallow;			/* KE_STACK_SHALLOW octets of stack are enough for it */
	/* @private: fresh random octets. False: draw again. */
	bool (*make)(const struct group *g, uint8_t *private, uint8_t *public);
	/* False: the peer's value is unsound. */
	bool (*derive)(const struct group *g, const uint8_t *private, const uint8_t *peer,
		       uint8_t *secret);
	/*
	 * Who answers makes its value and the secret at once, of the peer's value and @private,
	 * fresh random octets: it encapsulates. NULL: both ends do the same. False as above.
	 */
	bool (*answer)(const struct group *g, uint8_t *private, const uint8_t *peer,
		       uint8_t *public, uint8_t *secret);
	const void *param;
};

extern const struct group group_x25519, group_x448;
extern const struct group group_ecp192, group_ecp224, group_ecp256, group_ecp384, group_ecp521;
extern const struct group group_ecp224bp, group_ecp256bp, group_ecp384bp, group_ecp512bp;
extern const struct group group_modp768, group_modp1024, group_modp1536, group_modp2048;
extern const struct group group_modp3072, group_modp4096, group_modp6144, group_modp8192;
#ifdef HAVE_BOTAN
extern const struct group group_mlkem512, group_mlkem768, group_mlkem1024;
#endif

/* Hexadecimal; of RFC 2409 and RFC 3526. */
extern const char modp_prime768[], modp_prime1024[], modp_prime1536[], modp_prime2048[];
extern const char modp_prime3072[], modp_prime4096[], modp_prime6144[], modp_prime8192[];

#endif
