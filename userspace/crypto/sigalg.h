/* SPDX-License-Identifier: GPL-2.0 */
/* How something was signed, and the AlgorithmIdentifier that says so, RFC 7427 3 and appendix A. */
#ifndef CRYPTO_SIGALG_H
#define CRYPTO_SIGALG_H

#include <stdbool.h>
#include "lib/mem.h"

#define SIGALG_MAX	80	/* octets of the longest AlgorithmIdentifier that we write */
#define SIGALG_STRLEN	64

enum sigalg_scheme { SIGALG_RSA, SIGALG_RSA_PSS, SIGALG_ECDSA, SIGALG_DSA, SIGALG_ED25519,
		     SIGALG_ED448 };

struct sigalg {
	enum sigalg_scheme scheme;
	uint8_t hash;			/* enum signature_hash; Identity with EdDSA */
	uint16_t salt;			/* octets, RSASSA-PSS */
};

/* Octets written to @der; 0: there is no such combination. */
size_t sigalg_encode(const struct sigalg *alg, uint8_t der[SIGALG_MAX]);
/* All of @der. False: none that is known here. */
bool sigalg_decode(struct chunk der, struct sigalg *alg);
/* Octets of the hash; 0 with EdDSA. */
size_t sigalg_hash_len(uint8_t hash);
/* "RSASSA-PSS with SHA2-256". Returns @buf. */
const char *sigalg_str(const struct sigalg *alg, char buf[SIGALG_STRLEN]);

#endif
