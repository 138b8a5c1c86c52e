/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The certificates that a peer has sent, read once: for trust.h, which says whether they are
 * believed, and signature.h, which wants the key of the first.
 */
#ifndef CRYPTO_CHAIN_H
#define CRYPTO_CHAIN_H

#include "crypto/cert.h"

/*
 * Of DER, the end entity's first, the others in any order; @certs stay the caller's, and have to
 * stay there. NULL: @why, one sentence: none, too many, too long, broken, no memory.
 */
struct chain *chain_read(const struct chunk *certs, unsigned int count, char why[CERT_WHY_MAX]);
void chain_free(struct chain *chain);		/* NULL is fine */
/* The subject of the first for people. Returns @buf. */
const char *chain_subject(const struct chain *chain, char buf[CERT_NAME_MAX]);

#endif
