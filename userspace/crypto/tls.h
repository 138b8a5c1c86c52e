/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TLS without a socket, for EAP (RFC 5216, RFC 5281, RFC 9190, RFC 9427): flights in, flights out.
 * TLS 1.2 and 1.3. Who has the private key signs, outside, while the handshake waits. With EAP-TTLS
 * only the server has a certificate, and after TLS_DONE both speak inside.
 */
#ifndef CRYPTO_TLS_H
#define CRYPTO_TLS_H

#include <stdbool.h>
#include "crypto/cert.h"

#define TLS_WHY_MAX	256
#define TLS_MSK_LEN	64
#define TLS_FLIGHT_MAX	16384		/* octets of one flight, either way */
#define TLS_SIGNATURE_MAX 1024
#define TLS_TYPE_TTLS	21		/* of EAP: EAP-TTLS */
#define TLS_INNER_MAX	4096		/* octets that are said inside at once */
#define TLS_CHALLENGE_LEN 17		/* a challenge of MS-CHAP-V2, and its identifier */

struct key;
struct tls;

enum tls_verdict { TLS_BELIEVED, TLS_REFUSED, TLS_OPEN };

enum tls_state {
	TLS_MORE,			/* tls_out() is for the peer, who is to answer */
	TLS_SIGN,			/* tls_to_sign() is to be signed: then tls_signed() */
	TLS_JUDGE,			/* the peer is proved, verify() left a rest: tls_judged() */
	/* The peer is proved, of EAP-TTLS the server; tls_out() and tls_heard() may have octets. */
	TLS_DONE,
	TLS_FAILED,			/* tls_why(); tls_out() may be an alert */
};

struct tls_setup {
	bool server;
	uint8_t type;			/* of EAP: it goes into the key */
	bool old;			/* no TLS 1.3 */
	const struct chunk_list *certs;	/* our own chain in DER; a client of EAP-TTLS: NULL */
	const struct chunk_list *ca;	/* a server asks for certificates of these; NULL: of any */
	/*
	 * Is the peer's chain to be believed? TLS_REFUSED: @why, a sentence. TLS_OPEN: that takes
	 * time (TLS_JUDGE), and the peer shall prove first that it is its.
	 */
	enum tls_verdict (*verify)(void *ctx, const struct chunk *certs, unsigned int count,
				   char why[TLS_WHY_MAX]);
	void *ctx;
};

/* NULL: no memory, or a certificate cannot be read. @setup is copied, its lists are not needed. */
struct tls *tls_new(const struct tls_setup *setup);
void tls_free(struct tls *t);			/* NULL is fine */
/* A flight of the peer's; of a client's first step: nothing. Not after TLS_FAILED. */
enum tls_state tls_step(struct tls *t, struct chunk flight);
/* Of EAP-TTLS after TLS_DONE: at most TLS_INNER_MAX octets, which nobody else reads. */
enum tls_state tls_say(struct tls *t, struct chunk octets);
/* After TLS_SIGN; what for: tls_sign(). */
struct chunk tls_to_sign(const struct tls *t, uint16_t *scheme);
/* @signature without octets: there is none. */
enum tls_state tls_signed(struct tls *t, struct chunk signature);
/* After TLS_JUDGE: the peer's chain; how many. Views of the session. */
unsigned int tls_peer(const struct tls *t, struct chunk certs[CERT_CHAIN_MAX]);
/* @why: "", it is believed; else a sentence. */
enum tls_state tls_judged(struct tls *t, const char *why);
/* What is for the peer, valid until the next step. */
struct chunk tls_out(const struct tls *t);
/* What the peer has said inside, likewise. */
struct chunk tls_heard(const struct tls *t);
const char *tls_why(const struct tls *t);
/* "TLS1.3" */
const char *tls_version(const struct tls *t);
/* After TLS_DONE: the first half of Key_Material, RFC 5216 2.3, 5281 8, 9190 2.3, 9427 2.1. */
bool tls_msk(const struct tls *t, uint8_t msk[TLS_MSK_LEN]);
/* After TLS_DONE, of EAP-TTLS: the implicit challenge, RFC 5281 11.1, 9427 2.3. */
bool tls_challenge(const struct tls *t, uint8_t challenge[TLS_CHALLENGE_LEN]);

/*
 * tls_sign.c, for who has the key. @scheme: SignatureScheme of RFC 8446 4.2.3; @octets: the hash
 * that it has of what is signed, with EdDSA all of it. False: @why.
 */
bool tls_sign(const struct key *key, uint16_t scheme, struct chunk octets,
	      uint8_t out[TLS_SIGNATURE_MAX], size_t *len, char why[TLS_WHY_MAX]);

#endif
