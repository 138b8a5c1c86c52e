/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys and certificates on PKCS#11 tokens (smart cards, HSMs), by their URIs (RFC 7512). The
 * module, a library that speaks to tokens, is that of module-path in the URI, or whatever modules
 * p11-kit has on this host. Only the process with the secrets loads any.
 */
#ifndef CRYPTO_PKCS11_H
#define CRYPTO_PKCS11_H

#include "crypto/key.h"

#define PKCS11_MODULES_MAX	16	/* that URIs name */
#define PKCS11_PINS_MAX		16	/* refused ones that are remembered */

/* "pkcs11:..."; it may be wrong all the same. */
bool pkcs11_is_uri(const char *text);
/*
 * Does it name a token and something on it, and has it no PIN? Speaks to no token. False: @why goes
 * on after the URI, as with all below.
 */
bool pkcs11_check(const char *uri, char why[KEY_WHY_MAX]);

/*
 * The private key; it stays where it is. @pin: NULL: there is none. A PIN that the token has
 * refused is not tried again, nor any where one more mistake would lock the token. NULL: @why.
 */
struct key *pkcs11_key(const char *uri, const char *pin, char why[KEY_WHY_MAX]);
/* The certificate in DER, and behind it those of its issuers that the token has. NULL: @why. */
struct chunk_list *pkcs11_certs(const char *uri, const char *pin, char why[KEY_WHY_MAX]);

/* From now on no module is loaded: the filter of system calls would not let it. */
void pkcs11_modules_end(void);
/* Gives up the modules. No key of a token may be there any more. */
void pkcs11_end(void);

#endif
