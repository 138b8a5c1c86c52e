/* SPDX-License-Identifier: GPL-2.0 */
/* For the files of this folder. */
#ifndef CRYPTO_CHAIN_TYPE_H
#define CRYPTO_CHAIN_TYPE_H

#include "crypto/cert_type.h"
#include "crypto/chain.h"

struct chain {
	unsigned int count;		/* one at least */
	gnutls_x509_crt_t crt[CERT_CHAIN_MAX];
	struct chunk der[CERT_CHAIN_MAX];
};

#endif
