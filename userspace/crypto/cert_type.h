/* SPDX-License-Identifier: GPL-2.0 */
/* For the files of this folder. */
#ifndef CRYPTO_CERT_TYPE_H
#define CRYPTO_CERT_TYPE_H

#include <gnutls/x509.h>
#include "crypto/cert.h"

/* Exactly one certificate in DER. NULL: it is none, or no memory. */
gnutls_x509_crt_t cert_import(struct chunk der);
const char *cert_subject_of(gnutls_x509_crt_t crt, char buf[CERT_NAME_MAX]);
const char *cert_issuer_of(gnutls_x509_crt_t crt, char buf[CERT_NAME_MAX]);
/* Not RSA with less than 2048 bits, with @legacy 1024, nor DSA without. @pk: GNUTLS_PK_. */
bool cert_strength(int pk, unsigned int bits, bool legacy, char why[CERT_WHY_MAX]);
bool cert_key_is_strong(gnutls_x509_crt_t crt, bool legacy, char why[CERT_WHY_MAX]);
/* Is there no extended key usage, or one that IKE may have? */
bool cert_purpose_fits(gnutls_x509_crt_t crt);
bool cert_is_usable_of(gnutls_x509_crt_t crt, bool legacy, char why[CERT_WHY_MAX]);
bool cert_names_of(gnutls_x509_crt_t crt, uint8_t type, struct chunk name,
		   char why[CERT_WHY_MAX]);

#endif
