/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose certificates are believed, and why one is not: the CAs of a tunnel, their revocation lists,
 * and a chain that a stranger has sent. It reads no file and asks nobody.
 */
#ifndef CRYPTO_TRUST_H
#define CRYPTO_TRUST_H

#include "crypto/cert.h"

#define TRUST_WHY_MAX	CERT_WHY_MAX

enum revocation {
	REVOCATION_IF_AVAILABLE,	/* who is on a list is refused, stale or not */
	REVOCATION_STRICT,		/* a list that is valid has to be there for each issuer */
	REVOCATION_OFF,
};

/* NULL: no memory, or one of them cannot be read. They are copied. */
struct trust *trust_new(const struct chunk_list *ca, const struct chunk_list *crl,
			enum revocation revocation, bool legacy);
void trust_free(struct trust *trust);		/* NULL is fine */

/* What the peer has sent and wants to have believed. */
struct trust_claim {
	const struct chunk *certs;	/* DER, the end entity's first, the others in any order */
	unsigned int count;
	uint8_t id_type;		/* of the identity that it shall speak for */
	struct chunk id;
	time_t now;
};

/*
 * RFC 5280 6: signatures, times, CAs and the lengths of their paths, name constraints, key usages,
 * strength; revocation; the identity. False: @why, one sentence. @until: when the first certificate
 * of the path expires.
 */
bool trust_check(struct trust *trust, const struct trust_claim *claim, time_t *until,
		 char why[TRUST_WHY_MAX]);

#endif
