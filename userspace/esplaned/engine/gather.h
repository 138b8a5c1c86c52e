/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a peer has sent the hash and the address of (RFC 7296 3.6) becomes certificates. Whoever has
 * sent them is nobody yet. So only what begins as fetch-certs says is fetched, one after the other,
 * FETCH_CERT_MAX octets each; what differs from its hash is not looked at, and nothing is kept
 * before the peer has proved itself.
 */
#ifndef ESPLANED_GATHER_H
#define ESPLANED_GATHER_H

#include "esplaned/core/state.h"
#include "crypto/trust.h"
#include "ike/core/env.h"

struct gather;

enum gather_state { GATHER_DONE, GATHER_WAITS, GATHER_FAILED };

/* What was fetched is there, or not: gather_go() says more. */
typedef void (*gather_done_fn)(void *ctx);

/*
 * @certs as in struct ike_job, of which @by_hash and @bundles are; the octets stay the caller's, as
 * long as it lasts. @from: the peer's address. NULL: no memory.
 */
struct gather *gather_new(struct daemon *d, const struct chunk *certs, unsigned int count,
			  uint8_t by_hash, uint8_t bundles, const struct addr *from,
			  gather_done_fn done, void *ctx);
void gather_free(struct gather *g);		/* NULL is fine */

/*
 * Goes on, with what may be fetched (conf/cert_url.h); @late: nothing more is. WAITS: @done
 * follows, never from inside. FAILED: @why, one sentence.
 */
enum gather_state gather_go(struct gather *g, const struct chunk_list *allowed, bool late,
			    char why[TRUST_WHY_MAX]);
/* When it is done: all of them, in their order; how many. The octets are @g's, or as they came. */
unsigned int gather_certs(const struct gather *g, struct chunk certs[IKE_CERTS_MAX]);
/* Their owner has proved itself: they need not be fetched again. NULL is fine. */
void gather_believed(const struct gather *g);

#endif
