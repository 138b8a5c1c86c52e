/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the files of this folder: what has been fetched about certificates, OCSP responses (RFC 6960)
 * and revocation lists, and what is still to be. Whoever made the octets: nothing counts that the
 * issuer has not signed.
 */
#ifndef CRYPTO_FETCHED_H
#define CRYPTO_FETCHED_H

#include "crypto/revoke.h"

struct fetched {
	struct fetched_item *first;	/* the newest first; at most FETCHED_MAX */
	size_t octets;			/* of them; at most FETCHED_OCTETS_MAX */
};

void fetched_free(struct fetched *f);
/* @octets of none: it has failed, and @why says why. */
void fetched_learn(struct fetched *f, const struct trust_need *need, struct chunk octets,
		   const char *why, time_t now);
/* @when: since when it is revoked. */
enum revoke_verdict fetched_judge(struct fetched *f, gnutls_x509_crt_t crt,
				  gnutls_x509_crt_t issuer, unsigned int flags, time_t now,
				  time_t *when);
/* Likewise what a peer has sent of it (RFC 4806); nothing of that is kept. */
enum revoke_verdict fetched_judge_sent(const struct chunk *ocsp, unsigned int count,
				       gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer,
				       unsigned int flags, time_t now, time_t *when);
/*
 * The next address of @crt's that has not been asked, or not lately: first those of OCSP
 * responders, then those of lists, http only. False: there is none.
 */
bool fetched_needs(const struct fetched *f, gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer,
		   time_t now, struct trust_need *need);
/* What came of asking for @crt, for people, "ADDRESS: no answer". False: nobody was asked. */
bool fetched_str(const struct fetched *f, gnutls_x509_crt_t crt, char *text, size_t len);

#endif
