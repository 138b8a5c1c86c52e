/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signatures of private keys. A token may take seconds for one, or wait for a finger on it: a
 * thread does those, one after the other, while the process with the secrets answers all else.
 */
#ifndef ESPLANED_SIGNER_H
#define ESPLANED_SIGNER_H

#include "crypto/key.h"
#include "crypto/signature.h"

#define SIGNER_ORDERS_MAX	512			/* that wait ... */
#define SIGNER_OCTETS_MAX	(4 * 1024 * 1024)	/* ... and what they are to sign */
#define SIGNER_SPAN_MS		18000			/* nobody waits longer: JOB_SPAN_MS */
#define SIGNER_PATIENCE_MS	1000			/* for the one under way, in the end */

struct sign_order {
	struct key *key;		/* NULL: not known */
	bool tls;			/* tls_sign(), else signature_make() */
	uint32_t job;
	uint16_t param;			/* its scheme, or hashes */
	struct chunk octets;
	/* what has become of it */
	bool ok;
	uint8_t method, made[SIGNATURE_MAX];
	size_t len;
	char why[SIGNATURE_WHY_MAX];
};

struct signer;

/* Here and now. */
void sign_now(struct sign_order *o);

/* Before the filter of system calls, which lets none be made. NULL: no memory. */
struct signer *signer_new(void);
/*
 * What waits is dropped. False: a token does not come back, and the thread has its key and the
 * signer still: both go with the process. NULL is fine.
 */
bool signer_free(struct signer *s);
/* Readable: call signer_take. */
int signer_fd(const struct signer *s);
/* Copies it. False: @o->why. */
bool signer_put(struct signer *s, struct sign_order *o);
/* One that is done, without key and octets. False: there is none. */
bool signer_take(struct signer *s, struct sign_order *o);

#endif
