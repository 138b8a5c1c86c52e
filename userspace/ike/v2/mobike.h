/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MOBIKE, RFC 4555: what the ends say of their addresses. Where ESP goes follows from it in
 * object/path.h.
 *
 * Of the IKE SAs of a peer that begins, and of their successors by rekey, the initiator decides
 * which way is taken; it says so with UPDATE_SA_ADDRESSES. The responder proves by COOKIE2 that the
 * peer is where it says before it sends ESP there; the initiator likewise, where it turns to
 * another address of the responder's. Either tells the other which addresses it has beside.
 */
#ifndef IKE_MOBIKE_H
#define IKE_MOBIKE_H

#include "ike/v2/v2.h"

/* IKE_AUTH, either way: that we speak it, and our other addresses. */
void mobike_offer(struct builder *b, const struct ike_sa *sa);
/* The peer's IKE_AUTH: both speak it from now on, if it does too. Before a child is made. */
void mobike_agree(const struct inbound *in, const struct msg *m);
/* Does the request say that no NAT is on its way (RFC 4555 3.9), while one is? */
bool mobike_nat_unexpected(const struct v2_inbound *v);
/* An INFORMATIONAL request, authentic and in its turn. */
void mobike_request(struct inbound *in);
/* One that comes too late for that: what has to be in the answer to any. */
void mobike_echo(struct inbound *in);
/* A fresh request: does it come from where the peer is to be found? */
void mobike_follow(const struct inbound *in);

/* Liveness: has the NAT before us another mapping, RFC 4555 3.8? */
void mobike_ask_nat(struct builder *b, const struct ike_sa *sa);
void mobike_heed_nat(struct inbound *in);

/* The answer to a request about addresses. */
enum verdict mobike_answered(struct inbound *in);
/* @sa takes over from @old, by a rekey: so does what there is to say of addresses. */
void mobike_inherit(struct ike_sa *sa, const struct ike_sa *old);

#endif
