/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IKE_AUTH in several rounds as responder, RFC 7296 2.16: the peer proves itself in EAP payloads,
 * and nothing else, or after a first proof (second.h). Or the second one is no EAP: then it is one
 * message.
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
/* The first message has proved who sent it; the second proof begins with the next one. */
enum verdict rounds_await(struct inbound *in, struct tunnel *t);
/* IDi alone, where there is a stash: the second proof begins, if it is awaited. */
enum verdict rounds_again(struct inbound *in);
/* IDi and AUTH, where there is a stash: this is the second one. */
enum verdict rounds_second(struct inbound *in);

#endif
