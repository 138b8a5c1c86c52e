/* SPDX-License-Identifier: GPL-2.0 */
/* For the files of this folder. */
#ifndef CRYPTO_KEY_TYPE_H
#define CRYPTO_KEY_TYPE_H

#include <gnutls/abstract.h>
#include <stdatomic.h>
#include "crypto/key.h"

#define KEY_ID_LEN	32	/* SHA-256 of SubjectPublicKeyInfo */

struct key {
	atomic_uint holders;
	gnutls_privkey_t private;
	int pk;				/* GNUTLS_PK_ */
	unsigned int bits;
	uint8_t id[KEY_ID_LEN];
	void *pin;			/* of a token: what @private asks for a PIN; else NULL */
	size_t pin_size;
};

/* Takes @private and @pin over. NULL: of a kind that is not known here, or no memory. */
struct key *key_of(gnutls_privkey_t private, void *pin, size_t pin_size);

#endif
