/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Additional key exchanges of an IKE SA that begins, RFC 9370 2.2.2: each in an IKE_INTERMEDIATE of
 * its own (RFC 9242), whose request and answer are sealed with the keys of before. The first
 * IKE_AUTH comes when all are done, and its AUTH covers them.
 */
#ifndef IKE_ADDKE_H
#define IKE_ADDKE_H

#include "ike/v2/v2.h"

/* Does any proposal have one? */
bool addke_offered(const struct proposals *list);
/* The group of the next one, before the proofs; KE_NONE: all are done. */
uint16_t addke_next(const struct ike_sa *sa);

/*
 * What AUTH covers of an IKE_INTERMEDIATE, RFC 9242 3.3.2, with the keys that it is sealed with:
 * of ours in @b, before it is sealed; of the peer's, whose header in memory changes. False: the
 * crypto library failed.
 */
bool addke_cover_ours(struct ike_sa *sa, const struct builder *b);
bool addke_cover_theirs(struct v2_inbound *v);

/* The secret of the next one has been agreed on in message @id: new keys. False: as above. */
bool addke_take(struct ike_sa *sa, struct chunk secret, uint32_t id);
/* Responder: likewise, but the answer is sealed first. False: no memory. */
bool addke_owe(struct ike_sa *sa, struct chunk secret);
bool addke_owes(const struct ike_sa *sa);
/* It is sealed. */
bool addke_pay(struct ike_sa *sa, uint32_t id);
/* What request @id of the peer's is sealed with: a copy of one may come after the keys changed. */
const struct sk *addke_sk_in(const struct ike_sa *sa, uint32_t id);

#endif
