/* SPDX-License-Identifier: GPL-2.0 */
/* For the files of this folder. */
#ifndef CRYPTO_TLS_SCHEME_H
#define CRYPTO_TLS_SCHEME_H

#include <gnutls/gnutls.h>
#include <stdint.h>

/* SignatureScheme of RFC 8446 4.2.3: those that we sign with. Unknown: 0, GNUTLS_SIGN_UNKNOWN. */
uint16_t tls_scheme_of(gnutls_sign_algorithm_t algorithm);
gnutls_sign_algorithm_t tls_scheme_algorithm(uint16_t scheme);

#endif
