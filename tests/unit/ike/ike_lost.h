/* SPDX-License-Identifier: GPL-2.0 */
/* Two engines that resume sessions, RFC 5723, and lose each other. */
#ifndef UNIT_IKE_LOST_H
#define UNIT_IKE_LOST_H

#include "ike/object/ticket.h"
#include "unit/ike/ike_ends.h"

/* Of the oldest message that is sent. */
uint8_t exchange_of(struct side *s);
struct ends *ends_that(bool a_resumes, bool b_resumes);	/* configured, not started */
struct ends *resume_up(void);
/* Nothing arrives until @s has lost the other; then its next attempt is about to be carried. */
void lose(struct side *s);
/* Tickets that the gateway @s has granted. */
unsigned int granted(const struct side *s);
void assert_up(struct ends *p);
/* What is under way resumes; what is up then. */
void resume_on(struct ends *p);
void resume(struct ends *p);
void begins_in_full(struct ends *p);
/* What is under way is refused, and the full handshake follows at once. */
void begins_anew(struct ends *p);

#endif
