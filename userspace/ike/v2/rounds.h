/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IKE_AUTH in several rounds as responder, RFC 7296 2.16: the peer proves itself in EAP payloads.
 */
#ifndef IKE_ROUNDS_H
#define IKE_ROUNDS_H

#include "ike/exchange/fsm.h"

struct inbound;

/*
 * The first message asked for it; IDr and AUTH are in the answer, and sa->auth[false] has the
 * method's session.
 */
enum verdict rounds_begin(struct inbound *in, struct tunnel *t);

#endif
