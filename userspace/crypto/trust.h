/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose certificates are believed, and why one is not: the CAs of a tunnel, their revocation lists,
 * and a chain that a stranger has sent. It reads no file and asks nobody: what
 * others have to be asked for is fetched by its caller.
 */
#ifndef CRYPTO_TRUST_H
#define CRYPTO_TRUST_H

#include "crypto/chain.h"

#define TRUST_WHY_MAX	CERT_WHY_MAX

enum revocation {
	REVOCATION_IF_AVAILABLE,	/* who is on a list is refused, stale or not */
	REVOCATION_STRICT,		/* a list that is valid has to be there for each issuer */
	REVOCATION_OFF,
};

#define TRUST_URL_MAX		512
#define TRUST_REQUEST_MAX	256	/* octets of an OCSP request */
#define TRUST_FETCH_MAX		(4 * 1024 * 1024)	/* of what is fetched */

/* What would say whether a certificate is revoked, and has to be fetched. */
struct trust_need {
	char url[TRUST_URL_MAX];	/* http; "": nothing */
	bool ocsp;			/* POST @request (RFC 6960 A.1); else GET a list */
	uint8_t request[TRUST_REQUEST_MAX];
	size_t request_len;
};

/* NULL: no memory, or one of them cannot be read. They are copied. */
struct trust *trust_new(const struct chunk_list *ca, const struct chunk_list *crl,
			enum revocation revocation, bool legacy);
void trust_free(struct trust *trust);		/* NULL is fine */

/* What the peer has sent and wants to have believed. */
struct trust_claim {
	const struct chain *chain;
	uint8_t id_type;		/* of the identity that it shall speak for */
	struct chunk id;
	time_t now;
	/* OCSP responses that came along (RFC 4806): they count here as fetched ones do, once. */
	const struct chunk *ocsp;
	unsigned int ocsp_count;
};

/*
 * RFC 5280 6: signatures, times, CAs and the lengths of their paths, name constraints, key usages,
 * strength; the identity; revocation. False: @why, one sentence. @until: when the first certificate
 * of the path expires.
 *
 * @need: NULL: nothing is fetched. Else all is right but revocation, which what it says may decide:
 * once it is fetched, trust_learn(), and again from the beginning. Whoever has sent the claim has
 * to have proven first that the certificate is theirs.
 */
bool trust_check(struct trust *trust, const struct trust_claim *claim, time_t *until,
		 struct trust_need *need, char why[TRUST_WHY_MAX]);
/* @octets as they came; of none: it has failed, @why says why. */
void trust_learn(struct trust *trust, const struct trust_need *need, struct chunk octets,
		 const char *why, time_t now);

#endif
