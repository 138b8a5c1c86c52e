/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What EAP's methods make of a password: MS-CHAP-V2 (RFC 2759) and its keys (RFC 3079), CHAP's MD5
 * (RFC 1994). MD4, DES and MD5 are nettle's. They protect no more than the password's own strength
 * does: who sees such an exchange can try all passwords.
 */
#ifndef CRYPTO_MSCHAP_H
#define CRYPTO_MSCHAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/mem.h"

#define MSCHAP_PASSWORD_MAX	256	/* octets of UTF-8; RFC 2759 8.1 has 256 characters */
#define MSCHAP_CHALLENGE_LEN	16
#define MSCHAP_RESPONSE_LEN	24	/* NT-Response */
#define MSCHAP_PROOF_LEN	20	/* the server's Authenticator Response, before it is text */
/* Of EAP: MasterReceiveKey and MasterSendKey as the server names them, and zeros. */
#define MSCHAP_MSK_LEN		64
#define CHAP_MD5_LEN		16

/* One exchange: all of it, so that one call computes what both ends need of it. */
struct mschap {
	const uint8_t *server_challenge, *peer_challenge;	/* MSCHAP_CHALLENGE_LEN each */
	struct chunk user;		/* as the peer writes it; a domain is not hashed */
};

struct mschap_result {
	uint8_t response[MSCHAP_RESPONSE_LEN];
	uint8_t proof[MSCHAP_PROOF_LEN];
	uint8_t msk[MSCHAP_MSK_LEN];
};

/* False: the password is no UTF-8, or too long. The result is the caller's to wipe. */
bool mschap_compute(const struct mschap *m, struct chunk password, struct mschap_result *r);
/* MD5(identifier, password, challenge) */
void mschap_chap_md5(uint8_t id, struct chunk password, struct chunk challenge,
		     uint8_t out[CHAP_MD5_LEN]);

#endif
