/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What goes with proofs by signature: CERT and CERTREQ, RFC 7296 3.6 and 3.7, and
 * SIGNATURE_HASH_ALGORITHMS, RFC 7427 4. Nothing that a peer sends of it is kept longer than its
 * message, which has a limit (object/stranger.h); of certificates IKE_CERTS_MAX are looked at.
 */
#ifndef IKE_CERTS_H
#define IKE_CERTS_H

#include "ike/v2/v2.h"

/* In IKE_SA_INIT: may a proof of either end be a signature? Then the peer hears of our hashes. */
void certs_announce(struct builder *b, const struct tunnel_conf *conf);
/* Likewise as responder, who does not know the tunnel yet: those for these addresses count. */
void certs_answer(struct builder *b, const struct ike_sa *sa, const struct msg *m);
/* What the peer has announced: sa->peer_hashes. */
void certs_take_hashes(struct ike_sa *sa, const struct msg *m);
/* Likewise that it fetches certificates, beside its CERTREQ: sa->peer_fetches. */
void certs_take_lookup(struct ike_sa *sa, const struct msg *m);

/* In IKE_AUTH: our certificates, where the proof @s needs them; and whose the peer's may be. */
void certs_build(struct builder *b, const struct auth_session *s, const struct tunnel_conf *conf);
void certs_request(struct builder *b, const struct tunnel_conf *conf);
/* The peer's become those of @s, which verifies it: views. False: @s->why. */
bool certs_take(struct auth_session *s, const struct msg *m);

#endif
