/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rekey of an IKE SA, RFC 7296 1.3.2, 2.8 and 2.18: what both roles share.
 *
 * When both ends begin one at once (2.8.2) each answers the other, and three IKE SAs are there. The
 * old one keeps the children until the end of our exchange; then the one made with the lowest of
 * the four nonces is deleted by its maker, and the maker of the other deletes the old one. Until
 * then the peer's is the rival: it stands, and we send nothing on it. A peer that has not noticed
 * ours uses or deletes without waiting: whatever it sends on the rival but its DELETE, its refusal
 * of ours, and its DELETE of the old one say that the rival has won.
 */
#ifndef IKE_REKEY_H
#define IKE_REKEY_H

#include "ike/v2/followup.h"

struct rekey_exchange {
	struct ke *ke;
	struct followup followup;
	uint64_t spi;			/* of the IKE SA that it makes: SA_NEW until the answer */
	bool lost;			/* the rival carries the children already */
	uint64_t rival;			/* our SPI of the peer's; 0: none, or it is decided */
	uint16_t low_len;
	uint8_t low[SA_NONCE_MAX];	/* the lower of the rival's two nonces */
};

/* Ours that is under way, or NULL. */
struct rekey_exchange *rekey_exchange_find(const struct ike_sa *sa);
/* The peer's answer to ours, and its refusal. */
enum verdict rekey_exchange_granted(struct inbound *in);
enum verdict rekey_exchange_refused(struct inbound *in);
/* The peer sends a request on @sa: where that is the rival, it has won. */
void rekey_used(struct ike_sa *sa);

/* @sa is as @old in all that a rekey leaves as it is. */
void rekey_like(struct ike_sa *sa, const struct ike_sa *old, const struct proposal *suite);
/* Keys of @sa; false: the crypto library failed. */
bool rekey_derive(struct ike_sa *sa, const struct ike_sa *old, struct ke_secret secret);
/*
 * Children and what there is to do move from @old to @sa, which the peer may use as soon as it has
 * our answer. @by: for people.
 */
void rekey_take_over(struct ike_sa *sa, struct ike_sa *old, const char *by);

#endif
