/* SPDX-License-Identifier: GPL-2.0 */
/* Private keys, and the files that hold them. Only the process with the secrets has any. */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include <stdbool.h>
#include "lib/chunk_list.h"

#define KEY_WHY_MAX	256

struct key;

/*
 * PEM or DER; PKCS#1, SEC1 or PKCS#8, which may be encrypted. @password: NULL: there is none.
 * NULL: @why goes on after the file's name.
 */
struct key *key_load(struct chunk octets, const char *password, char why[KEY_WHY_MAX]);
/* Is this PKCS#12, whatever the password? */
bool key_is_pkcs12(struct chunk octets);
/*
 * Key and certificates of a PKCS#12 file in DER, the key's own certificate first. False: @why as
 * above, and both are NULL.
 */
bool key_load_pkcs12(struct chunk octets, const char *password, struct key **key,
		     struct chunk_list **certs, char why[KEY_WHY_MAX]);
/* Another holder, each of whom frees it; by any thread. */
void key_get(struct key *key);
void key_free(struct key *key);			/* the last one wipes; NULL is fine */
/*
 * Its token does not answer, and whoever asks it would wait, too: the key stays until the process
 * ends, whoever frees it. Its PIN is wiped.
 */
void key_abandon(struct key *key);		/* NULL is fine */
/* Is it on a token, which may take its time? */
bool key_is_token(const struct key *key);

/* Is it that of this certificate (DER)? */
bool key_fits(const struct key *key, struct chunk cert);
/* The same key, or both NULL. */
bool key_equal(const struct key *a, const struct key *b);

#endif
