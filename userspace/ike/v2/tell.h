/* SPDX-License-Identifier: GPL-2.0 */
/* What each exchange was, for people: struct ike_exchange of ike/core/env.h. */
#ifndef IKE_TELL_H
#define IKE_TELL_H

#include "ike/v2/v2.h"

/* A message of the peer's has been read: what is reported from here on comes of it. */
void tell_heard(struct v2_inbound *v);
/* The peer's answer to a request of ours: the exchange is complete. */
void tell_answered(struct v2_inbound *v);
/* Our answer, whose payloads @text has, to a request of the peer's: likewise. */
struct fragment_text;
void tell_answer(struct v2_inbound *v, const struct fragment_text *text);

#endif
