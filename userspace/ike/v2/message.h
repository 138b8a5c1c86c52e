/* SPDX-License-Identifier: GPL-2.0 */
/* The version's entry and exit for messages. */
#ifndef IKE_MESSAGE_H
#define IKE_MESSAGE_H

#include "ike/v2/v2.h"

/* fsm.h: ike_version.finish, divide, input */
bool message_finish(struct inbound *in, struct datagrams *answer);
void message_divide(struct exchange *ex);
void receive_input(struct ike *ike, const struct ike_version *version, struct ike_sa *sa,
		   const struct msg_header *h, const uint8_t *raw, size_t len,
		   const struct endpoint *local, const struct endpoint *remote);
/* The answer to a request is empty. */
void message_answer_begin(struct v2_inbound *v);

#endif
