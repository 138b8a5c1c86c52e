/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A ticket of session resumption, RFC 5723: what another IKE SA needs of one that was lost, in
 * place of a key exchange and of proofs. Each end has one for an IKE SA: the gateway's is found by
 * its name, which is all that a client gets to see of it (a ticket by reference); to the client
 * those octets mean nothing. In memory only. It is wiped when it is used, when it expires, when the
 * IKE SA is rekeyed, and when that ends otherwise than by silence of the peer. Used it is when the
 * other end has spoken with its keys: what anybody may have said costs the client nothing.
 */
#ifndef IKE_TICKET_H
#define IKE_TICKET_H

#include "ike/core/octets.h"
#include "ike/core/timer.h"
#include "ike/object/ike_sa.h"
#include "lib/hash.h"

#define TICKET_NAME_LEN		24	/* octets, at random: of ours */
#define TICKET_NAME_MAX		1024	/* of a gateway's */
#define TICKET_LIFE_LEAST_S	60	/* one that is good for less is of no use */
#define TICKET_LIFE_MOST_S	86400
/* Of IKE SAs that were lost; a newer one takes the place of the oldest. */
#define TICKETS_LOST_MAX	4096
#define TICKET_SHOWN_MAX	3	/* attempts of the client that show it */

struct ticket {
	TAILQ_ENTRY(ticket) link;	/* in ike->lost_tickets */
	UT_hash_handle by_name, by_owner;
	struct ike *ike;
	bool ours;			/* we have granted it; else the peer has */
	struct ike_sa *sa;		/* the IKE SA while it lives, */
	struct peer *peer;		/* and the client's that has lost it; or NULL */
	struct octets name;
	uint64_t expires_ms;
	struct timer due;		/* it expires, or another one is to be asked for */
	/* Client: attempts so far; one is over; it was refused, the next one goes without it. */
	uint8_t shown;
	bool used, doubted;
	/* Whose it is. Of lost ones there is one for each. */
	struct ticket_owner {
		uint32_t tunnel, id_hash;
	} owner;

	/* Of the IKE SA. */
	struct suite suite;
	uint16_t prf;
	uint8_t sk_d[PRF_LEN_MAX];
	struct ike_id local_id, remote_id;
	uint8_t claim[32];
	/* What its proofs are good for. */
	uint64_t proved_ms, agreed_ms, certified_ms;
	uint64_t term_ms;		/* when the client was to prove itself anew; 0: never */
	unsigned int epoch;
	bool session;			/* certified_ms is the end of a session of RADIUS */
	struct addr framed;
	uint32_t rekeys;
};

/* Gateway: one for @sa, in the place of the one that it has. NULL: no memory. */
struct ticket *ticket_grant(struct ike_sa *sa, uint32_t life_s);
/* Gateway: the one of this name that is good now, or NULL. */
struct ticket *ticket_find(const struct ike *ike, struct chunk name);
/* Client: keeps what the peer has granted for @sa. False: no memory. */
bool ticket_keep(struct ike_sa *sa, struct chunk name, uint32_t life_s);
/* @sa, whose peer is silent, has ended: its ticket is good to resume. */
void ticket_outlives(struct ike_sa *sa);
/* Client: the one that an attempt of @peer can use now, which is the caller's; NULL: none. */
struct ticket *ticket_take(struct peer *peer);
bool ticket_is_there(const struct peer *peer);
/* The attempt @sa has ended: the peer has its ticket again, if that is not used and not worn. */
void ticket_back(struct ike_sa *sa);
/* @sa, made from it, is what the one before was, and its proofs are as old as those. */
void ticket_apply(const struct ticket *t, struct ike_sa *sa);
/* Wipes; NULL is fine. */
void ticket_free(struct ticket *t);
/* Gateway: those of a tunnel that outlive their IKE SAs. */
void tickets_forget(struct ike *ike, uint32_t tunnel);
/* Gateway: likewise, that of one peer of it. */
void ticket_forget_lost(const struct peer *peer);
/* Of both roles, but those that an attempt is under way with. */
void tickets_forget_all(struct ike *ike);

#endif
