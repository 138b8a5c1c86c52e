/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two proofs of who begins, one after the other, RFC 4739: of the machine, by certificate or
 * pre-shared key, and then in rounds of EAP, of the person at it. The second has an IDi of its own;
 * the child that the first message asks for is made after it. An IKE SA with fewer proofs than
 * configured, or with more, never comes to be.
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
/* Begins the second one, whose request is IDi alone. False: no memory. */
bool second_begin(struct ike_sa *sa);
void second_build(struct builder *b, const struct ike_sa *sa);
/* The first one was right, the peer refuses the second. */
void second_refused(const struct ike_sa *sa, struct cause *cause);
/* The answer to the first: does the peer know that another one follows? */
bool second_awaited(const struct msg *m);

/* Responder: why the first IKE_AUTH announces fewer proofs than @conf wants; NULL: it does not. */
const char *second_lacks(const struct tunnel_conf *conf, const struct msg *m);
/* Does this message with AUTH announce another one? */
bool second_follows(const struct msg *m);

#endif
