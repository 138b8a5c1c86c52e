/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CREATE_CHILD_SA for a CHILD_SA as initiator, RFC 7296 1.3.1, 1.3.3, 2.8 and 2.17: what the
 * responder's side has to know of ours. child_sa.h says which end switches when. When both ends
 * rekey at once, the pair made with the lowest of the four nonces is deleted by its maker, and
 * the maker of the other deletes the old one.
 */
#ifndef IKE_CHILD_EXCHANGE_H
#define IKE_CHILD_EXCHANGE_H

#include "ike/v2/followup.h"

/* The simultaneous rekey that the peer began while ours was under way, RFC 7296 2.8.1. */
struct rival {
	uint32_t spi_in;		/* its inbound SPI; 0: there is no rival */
	bool gone;			/* the peer has deleted it */
	uint16_t low_len;
	uint8_t low[SA_NONCE_MAX];	/* the lower of its two nonces */
};

#define CHILD_DELETED_MAX	4

struct child_exchange {
	uint32_t child;
	uint32_t old_in;		/* inbound SPI of the pair that it rekeys; 0: a new child */
	uint32_t new_spi;		/* reserved inbound SPI; ours to free */
	uint16_t group;			/* 0: without KE */
	struct ke *ke;
	struct followup followup;
	uint8_t nonce[IKE_NONCE_LEN];
	struct rival rival;
	/* SPIs that the peer has deleted before its answer came: one may be of that answer. */
	uint32_t deleted[CHILD_DELETED_MAX];
	unsigned int deleted_count;
};

/* Ours that rekeys the pair with this inbound SPI, or NULL. */
struct child_exchange *child_exchange_rekey(const struct ike_sa *sa, uint32_t old_in);
/* Ours that makes this child, or NULL. */
struct child_exchange *child_exchange_new(const struct ike_sa *sa, uint32_t child);
/* The peer's DELETE names an SPI of its own that we do not know. */
void child_exchange_deleted(const struct ike_sa *sa, uint32_t spi);
/* Is an answer under way that makes a CHILD_SA? The peer may know it before we do. */
bool child_exchange_makes(const struct ike_sa *sa);
/* Is any CHILD_SA being made, rekeyed or deleted by us? RFC 7296 2.25.2 */
bool child_exchange_any(const struct ike_sa *sa);
/* The additional key exchanges of ours. */
struct followup *child_exchange_followup(const struct exchange *ex);
/* The peer's answer to ours, and its refusal. */
enum verdict child_exchange_granted(struct inbound *in);
enum verdict child_exchange_refused(struct inbound *in);
/* Octet by octet; the shorter of two otherwise equal ones is lower. */
int child_nonce_cmp(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

#endif
