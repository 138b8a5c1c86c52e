/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer's proof by signature, RFC 7296 2.15: is it a certificate to believe, for this identity, is
 * it its key's proof, and has nobody revoked it? Nothing is fetched before all but the last is
 * right, except what the peer says only where to find (gather.h). With raw public keys (RFC 7670):
 * is it a signature with one that the tunnel knows, or that DNS has under the peer's name
 * (dns_key.h)?
 */
#ifndef ESPLANED_VERIFY_H
#define ESPLANED_VERIFY_H

#include "esplaned/core/state.h"
#include "crypto/trust.h"

struct verify;

struct verify_result {
	char why[TRUST_WHY_MAX];	/* "": it is right */
	char subject[CERT_NAME_MAX];	/* of whom or what, for people */
	uint64_t valid_s;		/* 0: unknown */
};

typedef void (*verify_done_fn)(void *ctx, const struct verify_result *result);

/*
 * What a verifier needs of the tunnel, made once; @second: for TLS, and a second proof, where CAs
 * of their own may count. NULL: no memory.
 */
struct trust *verify_trust(struct tunnel_entry *t, bool second);

/*
 * Of IKE_JOB_VERIFY; or of IKE_JOB_TLS, where TLS has proved whose the certificates are, and there
 * is no signature here. What @job points to is copied. @done follows once, never from inside; it
 * frees. NULL: no memory, or no such tunnel.
 */
struct verify *verify_new(struct daemon *d, const struct ike_job *job, verify_done_fn done,
			  void *ctx);
void verify_free(struct verify *v);		/* NULL is fine */

#endif
