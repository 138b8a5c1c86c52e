/* SPDX-License-Identifier: GPL-2.0 */
/* Files that the clients of Apple, of Windows, and of Android with strongSwan's app read. */
#ifndef IKECTL_PKI_PROFILE_H
#define IKECTL_PKI_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a client's device needs to be set up. */
struct pki_client {
	const char *name;		/* of the client: the first name of its certificate */
	const char *server;		/* where the gateway is, and the name in its certificate */
	bool rsa;			/* the kind of its key; else ECDSA P-256 */
	const char *ca;			/* PEM */
	const uint8_t *p12;
	size_t p12_len;
};

void pki_profile_apple(FILE *f, const struct pki_client *c);
void pki_profile_android(FILE *f, const struct pki_client *c);
void pki_profile_windows(FILE *f, const struct pki_client *c);

#endif
