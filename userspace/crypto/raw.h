/* SPDX-License-Identifier: GPL-2.0 */
/* Raw public keys, RFC 7670: SubjectPublicKeyInfo in DER (RFC 5280 4.1.2.7), and no certificate. */
#ifndef CRYPTO_RAW_H
#define CRYPTO_RAW_H

#include <stdbool.h>
#include "lib/chunk_list.h"

#define RAW_WHY_MAX	256
#define RAW_STRLEN	48

struct key;

/* The one in a file, PEM ("PUBLIC KEY") or DER. NULL: @why goes on after the file's name. */
struct chunk_list *raw_load(struct chunk octets, char why[RAW_WHY_MAX]);
/*
 * Of its numbers, big-endian: RSA; or a point, of ECDSA x and y behind one another, P-256 or P-384,
 * of EdDSA (@edwards) what RFC 8032 has, Ed25519 or Ed448. NULL: there is no such key, or no
 * memory.
 */
struct chunk_list *raw_of_rsa(struct chunk exponent, struct chunk modulus);
struct chunk_list *raw_of_point(bool edwards, struct chunk point);
/* The public half of ours. NULL: no memory. */
struct chunk_list *raw_of_key(const struct key *key);
/* As of certificates (cert_is_usable). False: @why, a sentence in which "it" is the key. */
bool raw_is_usable(struct chunk raw, bool legacy, char why[RAW_WHY_MAX]);
/* For people: "public key SHA-256:0123456789abcdef", the digest cut. Returns @buf. */
const char *raw_str(struct chunk raw, char buf[RAW_STRLEN]);

#endif
