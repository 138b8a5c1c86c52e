/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small certification authority: keys, certificates that gateways and the built-in clients of
 * Windows, Apple and Android take, revocation lists. Everything is PEM in memory, with a NUL behind
 * it; files are the caller's. False or NULL: @why is one sentence.
 */
#ifndef CRYPTO_ISSUE_H
#define CRYPTO_ISSUE_H

#include <stdbool.h>
#include "lib/mem.h"

#define ISSUE_WHY_MAX	256
#define ISSUE_DAYS	825		/* Apple takes no more */
#define ISSUE_CA_DAYS	3650

enum issue_kind { ISSUE_P256, ISSUE_RSA3072 };
enum issue_use { ISSUE_SERVER, ISSUE_CLIENT };

/* A private key, PKCS#8; to be given back with issue_free. */
char *issue_key(enum issue_kind kind, char why[ISSUE_WHY_MAX]);
/* Of a root for itself; @subject: "O=Example, CN=Root". */
char *issue_ca(const char *key, const char *subject, unsigned int days, char why[ISSUE_WHY_MAX]);

struct issue_ca {
	const char *cert, *key;		/* PEM */
};

/*
 * A certificate for the key of @whose, a private key or a certificate request, of which nothing
 * else is taken. Subject is CN=@names[0]; all of them, at least one, are in subjectAltName:
 * addresses, mail addresses, else DNS names.
 */
char *issue_cert(const struct issue_ca *ca, const char *whose, const char *const *names,
		 unsigned int name_count, enum issue_use use, unsigned int days,
		 char why[ISSUE_WHY_MAX]);
/*
 * A revocation list valid for @days: what is on @before (NULL: nothing), and @cert (NULL: nothing
 * more).
 */
char *issue_crl(const struct issue_ca *ca, const char *before, const char *cert,
		unsigned int days, char why[ISSUE_WHY_MAX]);
/* Key, certificate and the CA's as PKCS#12; 3DES and SHA-1, since Apple reads nothing newer. */
uint8_t *issue_pkcs12(const char *key, const char *cert, const char *ca, const char *name,
		      const char *password, size_t *len, char why[ISSUE_WHY_MAX]);
void issue_free(void *p, size_t len);		/* wiped; @len 0: a text. NULL is fine */

#endif
