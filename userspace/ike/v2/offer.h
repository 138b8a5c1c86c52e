/* SPDX-License-Identifier: GPL-2.0 */
/* The payloads that negotiate a CHILD_SA, alike in IKE_AUTH and CREATE_CHILD_SA. */
#ifndef IKE_CHILD_SA_H
#define IKE_CHILD_SA_H

#include "ike/core/engine.h"

struct ts_pair;

/*
 * What of ours a rekey offers, RFC 7296 1.3: with a group's KE payload those that have groups,
 * with none (KE_NONE) those that need none.
 */
struct proposals child_sa_offers(const struct proposals *ours, uint16_t group);
/*
 * Our proposals with our inbound SPI; @groups: with their groups (never in IKE_AUTH, RFC 7296
 * 1.2).
 */
void child_sa_offer(struct builder *b, const struct proposals *ours, bool groups, uint32_t spi);
void child_sa_answer(struct builder *b, const struct proposal *suite, uint8_t number, uint32_t spi);
/* The responder's choice; @index: which of theirs. False too if that one's SPI is not one. */
bool child_sa_select(const struct proposals *ours, const struct msg_sa *theirs, bool ignore_ke,
		     struct proposal *suite, unsigned int *index);
/* Is the responder's answer a choice from what we offered, with the group that we sent, or none? */
bool child_sa_chosen(const struct proposals *ours, const struct msg_sa *answer, uint16_t group,
		     struct proposal *suite);
uint16_t child_sa_group(const struct proposal *suite);	/* or KE_NONE */
uint32_t child_sa_spi(const struct msg_sa *answer);
/* TSi and TSr of an answer to us. False: too many, or what we cannot hold. */
bool child_sa_ts(struct ts_pair *ts, const struct msg_ts *tsi, const struct msg_ts *tsr);

#endif
