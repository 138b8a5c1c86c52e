/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Session resumption, RFC 5723: tickets are asked for and granted, and an IKE SA that was lost is
 * followed by another one without a key exchange and without the proofs that the first one needed.
 * What a ticket is, is in object/ticket.h.
 */
#ifndef IKE_RESUME_H
#define IKE_RESUME_H

#include "ike/v2/v2.h"

/* Client: asks for a ticket in a request that may carry it: IKE_AUTH, a rekey of the IKE SA. */
void resume_ask(struct builder *b, const struct ike_sa *sa);
/* The gateway's answer to that. @again: where it is to be asked later, do so. */
void resume_take(struct ike_sa *sa, const struct msg *m, bool again);
/* The gateway has spoken with the keys of the ticket that the attempt @sa has shown, if any. */
void resume_used(struct ike_sa *sa);
/* @sa, made from its ticket, is proved: it is what the one before was, and as old. */
void resume_apply(struct ike_sa *sa);
/* A reload came while @sa was made from a ticket: who the peer is has to be proved anew. */
bool resume_is_void(const struct ike_sa *sa);
/* The attempt @sa with a ticket has been refused: another one, without, begins at once. */
void resume_give_up(struct ike_sa *sa, const char *why);

/* Gateway: answers TICKET_REQUEST in @m, in the answer to a message of @sa or of one before it. */
void resume_grant(struct builder *b, struct ike_sa *sa, const struct msg *m);
/* IKE_AUTH of who has begun with a ticket. */
enum verdict resume_auth(struct inbound *in);

#endif
