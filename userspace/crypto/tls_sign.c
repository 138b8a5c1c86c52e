// SPDX-License-Identifier: GPL-2.0
/* Signatures of TLS handshakes, in the process that has the key. */
#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#include "crypto/key_type.h"
#include "crypto/tls.h"
#include "crypto/tls_scheme.h"
#include "lib/array.h"

static const struct tls_scheme {
	uint16_t scheme;
	gnutls_sign_algorithm_t algorithm;
} tls_schemes[] = {
	{ 0x0401, GNUTLS_SIGN_RSA_SHA256 },
	{ 0x0501, GNUTLS_SIGN_RSA_SHA384 },
	{ 0x0601, GNUTLS_SIGN_RSA_SHA512 },
	{ 0x0403, GNUTLS_SIGN_ECDSA_SHA256 },
	{ 0x0403, GNUTLS_SIGN_ECDSA_SECP256R1_SHA256 },
	{ 0x0503, GNUTLS_SIGN_ECDSA_SHA384 },
	{ 0x0503, GNUTLS_SIGN_ECDSA_SECP384R1_SHA384 },
	{ 0x0603, GNUTLS_SIGN_ECDSA_SHA512 },
	{ 0x0603, GNUTLS_SIGN_ECDSA_SECP521R1_SHA512 },
	{ 0x0804, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256 },
	{ 0x0805, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384 },
	{ 0x0806, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512 },
	{ 0x0807, GNUTLS_SIGN_EDDSA_ED25519 },
	{ 0x0808, GNUTLS_SIGN_EDDSA_ED448 },
	{ 0x0809, GNUTLS_SIGN_RSA_PSS_SHA256 },
	{ 0x080a, GNUTLS_SIGN_RSA_PSS_SHA384 },
	{ 0x080b, GNUTLS_SIGN_RSA_PSS_SHA512 },
};

uint16_t tls_scheme_of(gnutls_sign_algorithm_t algorithm)
{
	for (size_t i = 0; i < ARRAY_SIZE(tls_schemes); i++) {
		if (tls_schemes[i].algorithm == algorithm)
			return tls_schemes[i].scheme;
	}
	return 0;
}

gnutls_sign_algorithm_t tls_scheme_algorithm(uint16_t scheme)
{
	for (size_t i = 0; i < ARRAY_SIZE(tls_schemes); i++) {
		if (tls_schemes[i].scheme == scheme)
			return tls_schemes[i].algorithm;
	}
	return GNUTLS_SIGN_UNKNOWN;
}

bool tls_sign(const struct key *key, uint16_t scheme, struct chunk octets,
	      uint8_t out[TLS_SIGNATURE_MAX], size_t *len, char why[TLS_WHY_MAX])
{
	gnutls_datum_t data = { (unsigned char *)octets.p, (unsigned int)octets.len };
	gnutls_sign_algorithm_t algorithm = tls_scheme_algorithm(scheme);
	gnutls_datum_t made = { 0 };
	int rc;

	if (algorithm == GNUTLS_SIGN_UNKNOWN)
		rc = GNUTLS_E_UNKNOWN_ALGORITHM;
	else if (scheme == 0x0807 || scheme == 0x0808)	/* EdDSA */
		rc = gnutls_privkey_sign_data2(key->private, algorithm, 0, &data, &made);
	else if (octets.len != gnutls_hash_get_len(gnutls_sign_get_hash_algorithm(algorithm)))
		rc = GNUTLS_E_HASH_FAILED;
	else
		rc = gnutls_privkey_sign_hash2(key->private, algorithm, 0, &data, &made);
	if (rc < 0 || made.size > TLS_SIGNATURE_MAX) {
		snprintf(why, TLS_WHY_MAX, "our key cannot sign a TLS handshake with 0x%04x: %s",
			 scheme, rc < 0 ? gnutls_strerror(rc) : "the signature is too long");
		gnutls_free(made.data);
		return false;
	}
	memcpy(out, made.data, made.size);
	*len = made.size;
	gnutls_free(made.data);
	return true;
}
