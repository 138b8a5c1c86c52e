/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Certificates and revocation lists, X.509 (RFC 5280, RFC 4945): what stands in one. Whether a
 * chain of them is to be believed is trust.h's. Names are identities of RFC 7296 3.5: a type
 * (enum id_type) and octets.
 */
#ifndef CRYPTO_CERT_H
#define CRYPTO_CERT_H

#include <stdbool.h>
#include <time.h>
#include "lib/chunk_list.h"

#define CERT_CHAIN_MAX	8		/* certificates in one chain */
#define CERT_OCTETS_MAX	12288		/* of all of them */
#define CERT_WHY_MAX	256
#define CERT_NAME_MAX	96		/* a name as text, cut */
#define CERT_SPKI_HASH	20

/*
 * All certificates of a file, or all revocation lists, as DER: PEM, several after one another, or
 * DER, one. NULL: @why goes on after the file's name.
 */
struct chunk_list *cert_load(struct chunk octets, char why[CERT_WHY_MAX]);
struct chunk_list *cert_load_crl(struct chunk octets, char why[CERT_WHY_MAX]);

/*
 * The certificates of a CertificateBundle, RFC 7296 3.6, views, at most @max; lists in it are
 * passed over. How many; 0: it is none, or has more.
 */
unsigned int cert_bundle(struct chunk octets, struct chunk *certs, unsigned int max);

/* Those that follow are about one in DER; false where it is none. */
bool cert_dates(struct chunk cert, time_t *from, time_t *until);
/* SHA-1 of SubjectPublicKeyInfo, RFC 7296 3.7. */
bool cert_spki_hash(struct chunk cert, uint8_t hash[CERT_SPKI_HASH]);
/* Its subject for people; "(no certificate)". Returns @buf. */
const char *cert_subject(struct chunk cert, char buf[CERT_NAME_MAX]);
bool cert_is_ca(struct chunk cert);
/* Have a CA of @a and one of @b the same key, or is one the issuer of the other? Unsure: yes. */
bool cert_cas_meet(const struct chunk_list *a, const struct chunk_list *b);
/*
 * May the key sign for IKE? Its strength (with @legacy 1024 bits and DSA too), key usage, extended
 * key usage. False: @why, a sentence that begins "it" is the certificate.
 */
bool cert_is_usable(struct chunk cert, bool legacy, char why[CERT_WHY_MAX]);
/*
 * Does it name this identity, in the subject or subjectAltName? False: @why says what it names
 * instead, "speaks for ...".
 */
bool cert_names(struct chunk cert, uint8_t type, struct chunk name, char why[CERT_WHY_MAX]);
/*
 * The name that it would rather be known by: the first DNS name, mail address or IP address, or
 * its subject. Octets in @name; 0: none that fits.
 */
size_t cert_first_name(struct chunk cert, uint8_t *type, uint8_t *name, size_t max);

/* "2026-11-26 04:00:00 UTC". Returns @buf. */
const char *cert_time_str(time_t when, char buf[32]);

#endif
