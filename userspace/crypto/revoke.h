/* SPDX-License-Identifier: GPL-2.0 */
/* For the files of this folder: revocation lists, RFC 5280 5. */
#ifndef CRYPTO_REVOKE_H
#define CRYPTO_REVOKE_H

#include <gnutls/x509.h>
#include "crypto/trust.h"

struct revoke_lists {
	gnutls_x509_crl_t *crl;
	unsigned int count;
};

/* NULL is no list. False: one cannot be read, or no memory. revoke_lists_free in either case. */
bool revoke_lists_read(struct revoke_lists *lists, const struct chunk_list *crl);
void revoke_lists_free(struct revoke_lists *lists);

enum revoke_verdict { REVOKE_UNKNOWN, REVOKE_GOOD, REVOKE_REVOKED };

/* Has the issuer signed it, and may it? */
bool revoke_is_signed(gnutls_x509_crl_t crl, gnutls_x509_crt_t issuer, unsigned int flags);
/* What a list says that @crt's issuer has signed. @when: since when it is revoked. */
enum revoke_verdict revoke_judge_list(gnutls_x509_crl_t crl, gnutls_x509_crt_t crt, time_t now,
				      time_t *when);
/*
 * What @lists say of @crt, which @issuer has issued. @stale: one of the issuer's that has no say
 * any more, or NULL.
 */
enum revoke_verdict revoke_judge(const struct revoke_lists *lists, gnutls_x509_crt_t crt,
				 gnutls_x509_crt_t issuer, unsigned int flags, time_t now,
				 time_t *when, gnutls_x509_crl_t *stale);
/* Of one that is stale: when the next was due. */
time_t revoke_due(gnutls_x509_crl_t crl);

#endif
