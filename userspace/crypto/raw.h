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
/* The public half of ours. NULL: no memory. */
struct chunk_list *raw_of_key(const struct key *key);
/* As of certificates (cert_is_usable). False: @why, a sentence in which "it" is the key. */
bool raw_is_usable(struct chunk raw, bool legacy, char why[RAW_WHY_MAX]);
/* For people: "public key SHA-256:0123456789abcdef", the digest cut. Returns @buf. */
const char *raw_str(struct chunk raw, char buf[RAW_STRLEN]);

#endif
