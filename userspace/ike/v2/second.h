/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two proofs of who begins, one after the other, RFC 4739: of the machine, by certificate or
 * pre-shared key, and then of the person at it, in rounds of EAP, or by another certificate or
 * pre-shared key. The second has an IDi of its own; the child that the first message asks for is
 * made after it. An IKE SA with fewer proofs than configured, or with more, never comes to be.
 */
#ifndef IKE_SECOND_H
#define IKE_SECOND_H

#include "ike/v2/v2.h"

struct cause;
struct tunnel_conf;

/* IKE_SA_INIT, responder: says that it takes two, if a tunnel for these addresses wants them. */
void second_answer(struct builder *b, struct ike_sa *sa);
/* Likewise, initiator: does the peer? */
void second_heard(struct ike_sa *sa, const struct msg *m);

/* Initiator: can as many proofs as are configured be had of this peer? False: @cause. */
bool second_possible(const struct ike_sa *sa, struct cause *cause);
/* The two notifies of its first IKE_AUTH, if a second proof follows. */
void second_announce(struct builder *b, const struct tunnel_conf *conf);
/* The second one: BUILD_READY: its request, IDi with the proof, or before rounds alone, follows. */
enum built second_prove(struct exchange *ex, struct cause *cause);
void second_build(struct builder *b, const struct ike_sa *sa);
/* Has all of it been sent, so that the peer has to prove nothing more either? */
bool second_is_said(const struct ike_sa *sa);
/* The first one was right, the peer refuses the second. */
void second_refused(const struct ike_sa *sa, struct cause *cause);
/* Does the responder announce a second one of its own? We could not judge it: @in->cause. */
bool second_of_theirs(struct inbound *in);
/* The answer to the first: does the peer know that another one follows? */
bool second_awaited(const struct msg *m);

/* Responder: why the first IKE_AUTH announces fewer proofs than @conf wants; NULL: it does not. */
const char *second_lacks(const struct tunnel_conf *conf, const struct msg *m);
/* Does this message with AUTH announce another one? */
bool second_follows(const struct msg *m);
/* The session @s verifies the second proof; NULL: it may be of whom it is, else why not. */
const char *second_is_wrong_id(const struct tunnel_conf *conf, const struct ike_id *first,
			       const struct auth_session *s, char why[IKE_WHY_MAX]);

#endif
