/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Post-quantum pre-shared keys, RFC 8784: SK_d, SK_pi and SK_pr become prf+ (PPK, themselves)
 * before the proofs. Both ends say in IKE_SA_INIT that they use one; the initiator says in IKE_AUTH
 * which, and where it may go without, it sends the proof of a handshake without it too. The PPK
 * itself is known to another process: a job.
 */
#ifndef IKE_PPK_H
#define IKE_PPK_H

#include "ike/v2/v2.h"

/* USE_PPK: initiator; responder, whom one of the tunnels for these addresses has it do. */
void ppk_announce(struct builder *b, const struct tunnel_conf *conf);
void ppk_answer(struct builder *b, struct ike_sa *sa, const struct msg *m);

/*
 * The keys of @sa get the PPK of that tunnel; while the job is under way AUTH_PENDING, and @ex or
 * @in goes on afterwards: the same call again. AUTH_FAILED: there is none, the log has why.
 */
enum auth_state ppk_mix(struct ike_sa *sa, uint32_t tunnel, struct exchange *ex,
			struct inbound *in);
/* They are as before it. */
void ppk_unmix(struct ike_sa *sa);

void ppk_build(struct builder *b, const struct tunnel_conf *conf);
/* PPK_IDENTITY of a request, where we have said that we use one, else NULL; is it this tunnel's? */
const struct msg_notify *ppk_named(const struct ike_sa *sa, const struct msg *m);
bool ppk_is(const struct msg_notify *id, const struct tunnel_conf *conf);
/* What of a request is to be verified: AUTH, or where the keys have not the PPK, NO_PPK_AUTH. */
struct cursor ppk_proof(const struct ike_sa *sa, const struct msg *m);

/* The peer has proved itself: a warning where the keys are without the PPK of @t. */
void ppk_tell(const struct ike_sa *sa, struct tunnel *t);

#endif
