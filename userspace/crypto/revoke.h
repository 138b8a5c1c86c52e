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

/* Is @crt, which @issuer has issued, believed as far as @lists say? False: @why. */
bool revoke_check(const struct revoke_lists *lists, gnutls_x509_crt_t crt,
		  gnutls_x509_crt_t issuer, enum revocation revocation, unsigned int flags,
		  time_t now, char why[TRUST_WHY_MAX]);

#endif
