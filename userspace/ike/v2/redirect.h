/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Redirect, RFC 5685: a gateway sends its clients on to another one. In the answer to IKE_SA_INIT,
 * where anybody who sees the request can do so, with the proof in IKE_AUTH, or later. Whoever is
 * there has to prove the same identity: a false redirect costs time.
 *
 * A client follows to addresses, DETOURS_MAX times in DETOUR_PERIOD_MS. One that comes
 * from another gateway (REDIRECTED_FROM) is not sent on: no two gateways send one to and fro.
 */
#ifndef IKE_REDIRECT_H
#define IKE_REDIRECT_H

#include "ike/v2/v2.h"

/* IKE_SA_INIT of ours: REDIRECT_SUPPORTED, or where we come from; nothing if we do not follow. */
void redirect_offer(struct builder *b, const struct ike_sa *sa);
/*
 * The answer to that is REDIRECT with our nonce: another attempt goes there, or without a word of
 * redirects to the same gateway where we cannot follow; the IKE SA is to fail. False: it is none.
 */
bool redirect_at_init(struct inbound *in);
/* Likewise in the answer that proves who the gateway is; where we do not follow it is an error. */
bool redirect_at_auth(struct inbound *in);
/* In INFORMATIONAL: @sa ends with a DELETE, and an attempt goes there. */
void redirect_later(struct ike_sa *sa, const struct msg *m);

/* ---- the gateway's */

/* Has who sent this IKE_SA_INIT to be sent on to @to? Not one that another has sent here. */
bool redirect_due(const struct msg *m, const struct addr *to);
/* IKE_SA_INIT of the peer's: does it follow? */
void redirect_heard(struct ike_sa *sa, const struct msg *m);
/* The peer has answered our INFORMATIONAL with REDIRECT. */
void redirect_told(struct ike_sa *sa);
#define REDIRECT_LEN_MAX (2 + 16 + SA_NONCE_MAX)
/* The data of REDIRECT; @nonce: of IKE_SA_INIT, else empty. Returns its octets. */
size_t redirect_data(uint8_t data[REDIRECT_LEN_MAX], const struct addr *to, struct chunk nonce);

#endif
