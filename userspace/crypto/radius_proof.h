/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the shared secret of RADIUS proves and hides: Message-Authenticator (RFC 3579 3.2), Response
 * Authenticator (RFC 2865 3), the keys of MS-MPPE (RFC 2548 2.4). All of it is MD5, as the protocol
 * has it: the way to the server has to be one that nobody else can write to.
 */
#ifndef CRYPTO_RADIUS_PROOF_H
#define CRYPTO_RADIUS_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/mem.h"

#define RADIUS_PROOF_LEN	16
#define RADIUS_PROOF_HEADER	20	/* octets before the attributes; the last 16 authenticate */
#define RADIUS_PROOF_KEY_MAX	64

/* Message-Authenticator of @packet, a request that has zeros in its place. */
void radius_proof_make(struct chunk secret, struct chunk packet, uint8_t out[RADIUS_PROOF_LEN]);
/*
 * Is @packet, whose Message-Authenticator has its value at @at, an answer to the request that has
 * the authenticator @request, by somebody who knows @secret? Both proofs have to be right; what is
 * compared is compared in constant time.
 */
bool radius_proof_ok(struct chunk secret, const uint8_t request[RADIUS_PROOF_LEN],
		     struct chunk packet, size_t at);
/*
 * Of a packet that radius_proof_ok() has said yes to: a salt and an encrypted key. False: it is
 * none, of 1 to RADIUS_PROOF_KEY_MAX octets. The key is the caller's to wipe.
 */
bool radius_proof_key(struct chunk secret, const uint8_t request[RADIUS_PROOF_LEN],
		      struct chunk hidden, uint8_t key[RADIUS_PROOF_KEY_MAX], size_t *len);

#endif
