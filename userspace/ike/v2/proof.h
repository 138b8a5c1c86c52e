/* SPDX-License-Identifier: GPL-2.0 */
/* AUTH payloads of both ends, RFC 7296 2.15 and 2.16. */
#ifndef IKE_PROOF_H
#define IKE_PROOF_H

#include "crypto/crypto.h"

struct auth_ops;
struct auth_session;
struct builder;
struct ike_sa;
struct msg_auth;
struct msg_id;
struct octets;
struct tunnel;

const struct auth_ops *proof_ours(const struct tunnel *t);
const struct auth_ops *proof_theirs(const struct tunnel *t);

/* Begins our own proof with sa->local_id; NULL: no memory. */
struct auth_session *proof_begin(struct ike_sa *sa, const struct tunnel *t);
/* Begins to verify the peer's, whose ID payload is @id; NULL: no memory. */
struct auth_session *proof_verify(struct ike_sa *sa, const struct tunnel *t,
				  const struct msg_id *id);
/* The AUTH payload of a proof that is done. */
void proof_build(struct builder *b, const struct auth_session *s);

/* After rounds: the AUTH of either end with the key that they have agreed on. */
bool proof_of_key(const struct auth_session *rounds, const struct octets *covered,
		  bool of_initiator, uint8_t out[PRF_LEN_MAX]);
bool proof_of_key_ok(const struct auth_session *rounds, const struct octets *covered,
		     bool of_initiator, const struct msg_auth *auth);
/* What our AUTH covers; false: no memory. */
bool proof_own_covered(const struct ike_sa *sa, struct octets *covered);

#endif
