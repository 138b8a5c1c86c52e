/* SPDX-License-Identifier: GPL-2.0 */
/* AUTH payloads of both ends, RFC 7296 2.15 and 2.16. */
#ifndef IKE_PROOF_H
#define IKE_PROOF_H

#include "crypto/crypto.h"

struct auth_session;
struct builder;
struct ike_sa;
struct msg_auth;
struct octets;
struct cause;
struct ike_id;
struct msg;
struct tunnel;
struct tunnel_conf;

#define PROOF_STRLEN	256

/* Begins our own proof with sa->local_id; NULL: no memory. */
struct auth_session *proof_begin(struct ike_sa *sa, const struct tunnel *t);
/* Likewise the second one, RFC 4739, as @id, which the message beside it has. */
struct auth_session *proof_begin_second(struct ike_sa *sa, const struct tunnel *t,
					const struct ike_id *id);
/* Begins to verify the peer's; its message is @m, which has its ID. NULL: no memory. */
struct auth_session *proof_verify(struct ike_sa *sa, const struct tunnel *t, const struct msg *m);
struct auth_session *proof_verify_second(struct ike_sa *sa, const struct tunnel *t,
					 const struct msg *m);
/*
 * Is the AUTH method of that message one of the session's, and have we all that came with it?
 * False: another method, or s->why.
 */
bool proof_take(struct auth_session *s, const struct msg *m);
/* Why the proof in @m is not believed; @who: the peer, @why: what the session says, or "". */
void proof_refused(struct cause *cause, const struct tunnel_conf *conf, const struct msg *m,
		   const char *who, const char *why);
/* A proof is done: notes how long what the peer has proved is good, and what it is to get. */
void proof_certified(struct ike_sa *sa, const struct auth_session *s);
/* What the peer's session has shown, for people: " by ..."; once it is done. */
const char *proof_text(const struct auth_session *s, char buf[PROOF_STRLEN]);
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
