/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What IKE needs of cryptography: the only door to GnuTLS and nettle. Algorithms are IKEv2
 * transform numbers (suite/proposal.h). Functions that return bool fail on unknown algorithms,
 * wrong lengths and library errors only.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/mem.h"
#include "suite/alg.h"
#include "suite/proposal.h"

#define PRF_LEN_MAX	64	/* octets */
#define KE_PUBLIC_MAX	1568	/* ML-KEM-1024 */
#define KE_SECRET_MAX	1024	/* MODP-8192 */
#define SK_KEY_MAX	36	/* AES-256 and a salt */
#define SK_INTEG_MAX	64

/* Ends the program when the system has no randomness. */
void crypto_random(void *buf, size_t len);

/* Output length, which is also the preferred key length, RFC 7296 2.13; 0: unknown. */
size_t prf_len(uint16_t prf);
/*
 * Octets of each nonce that SKEYSEED takes, at most: RFC 7296 2.14 halves the key of the PRFs that
 * are made of AES. SIZE_MAX: all.
 */
size_t prf_nonce_len(uint16_t prf);
/* prf(key, parts[0] | parts[1] | ...) */
bool prf(uint16_t prf, struct chunk key, const struct chunk *parts, size_t count,
	 uint8_t out[PRF_LEN_MAX]);
/* prf+, RFC 7296 2.13; @len at most 255 outputs */
bool prf_plus(uint16_t prf, struct chunk key, const struct chunk *seed, size_t count, uint8_t *out,
	      size_t len);

/* Octets of KEYMAT a cipher takes, salt included; of an integrity algorithm. 0: none or unknown. */
size_t encr_key_len(uint16_t encr, uint16_t key_bits);
size_t integ_key_len(uint16_t integ);

/*
 * Protection of the Encrypted payload, one direction, RFC 7296 3.14, RFC 5282, RFC 5930. Wiped by
 * sk_wipe.
 */
struct sk {
	uint16_t encr, key_bits, integ;
	uint8_t key[SK_KEY_MAX];	/* with salt */
	uint8_t integ_key[SK_INTEG_MAX];
	uint64_t next_iv;		/* never repeats under one key: the IV, for CBC its seed */
};

/*
 * Octets the payload's body has around @plain octets of inner payloads: IV, padding, pad length,
 * ICV.
 */
size_t sk_sealed_len(const struct sk *sk, size_t plain);
/*
 * @msg is a whole message: header and the Encrypted payload's generic header, which end at @body,
 * then sk_sealed_len() octets, of which those from @body + sk_iv_len() on hold the inner payloads:
 * encrypted in place. The lengths in the headers must already be right: they are authenticated.
 */
size_t sk_iv_len(const struct sk *sk);
bool sk_seal(struct sk *sk, uint8_t *msg, size_t body, size_t plain);
/*
 * The reverse. Constant time in what it compares; on success @plain and @plain_len say where the
 * inner payloads are in @msg. On failure the octets from @body on are of no use.
 */
bool sk_open(const struct sk *sk, uint8_t *msg, size_t len, size_t body, size_t *plain,
	     size_t *plain_len);
void sk_wipe(struct sk *sk);

/*
 * Key exchange: our half of one group. Who begins it calls ke_new(), sends the value, and calls
 * ke_derive() with the answer; who answers calls ke_answer() with the value that has come.
 */
struct ke;
/* What several of them have brought, RFC 9370 2.2.4: SK(0), and SK(1) | SK(2) | ..., or empty. */
struct ke_secret {
	struct chunk first, more;
};
size_t ke_public_len(uint16_t group);		/* of who begins; 0: unknown */
size_t ke_answer_len(uint16_t group);		/* of who answers */
/* @random: so that the simulator's histories are exact. NULL: unknown group or no memory. */
struct ke *ke_new(uint16_t group, void (*random)(void *ctx, void *buf, size_t len), void *ctx);
uint16_t ke_group(const struct ke *ke);
const uint8_t *ke_public(const struct ke *ke, size_t *len);
/*
 * False where the peer's value is unsound (RFC 6989: range, point on the curve, all-zero X25519
 * or X448 result).
 * @secret: KE_SECRET_MAX octets.
 */
bool ke_derive(const struct ke *ke, const uint8_t *peer, size_t peer_len, uint8_t *secret,
	       size_t *secret_len);
/* NULL too where the peer's value is unsound. @secret as in ke_derive(). */
struct ke *ke_answer(uint16_t group, const uint8_t *peer, size_t peer_len,
		     void (*random)(void *ctx, void *buf, size_t len), void *ctx, uint8_t *secret,
		     size_t *secret_len);
void ke_free(struct ke *ke);			/* wipes; NULL is fine */

/* RFC 7296 2.15: prf(prf(psk, "Key Pad for IKEv2"), octets), of prf_len() octets. */
bool auth_psk(uint16_t prf, struct chunk psk, const struct chunk *octets, size_t count,
	      uint8_t out[PRF_LEN_MAX]);

/* RFC 8784 3: each of the @keys, of prf_len() octets, becomes prf+(ppk, key). */
bool auth_ppk(uint16_t prf, struct chunk ppk, struct chunk keys, uint8_t *out);

/*
 * Hash algorithms of signatures that we verify, and so announce: bit n is number n of RFC 7427. Not
 * SHA-1: RFC 8247.
 */
#define SIGNATURE_HASHES	UINT16_C(0x3c)	/* SHA2-256, -384, -512, Identity (RFC 8420) */

/* SHA-1 of the parts: NAT detection, RFC 7296 2.23. */
bool sha1(const struct chunk *parts, size_t count, uint8_t out[20]);
/* What the processes of the daemon know certificates by. */
bool sha256(const struct chunk *parts, size_t count, uint8_t out[32]);

bool crypto_equal(const void *a, const void *b, size_t len);	/* constant time */

#endif
