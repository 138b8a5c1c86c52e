/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The responder's end of IKE_AUTH: a peer that has proved itself is let in, with its first child.
 */
#ifndef IKE_ACCEPT_H
#define IKE_ACCEPT_H

#include "ike/exchange/fsm.h"

struct inbound;

/*
 * Whoever it is, it has to go: the answer says so. With rounds it has not proved itself yet.
 * @peer: the tunnel's, or NULL. True: it was refused.
 */
bool accept_turned_away(struct inbound *in, struct tunnel *t, const struct peer *peer);
/*
 * IDr and AUTH are in the answer: the IKE SA stands, and the child that came with it is made.
 * @before: the one that the peer says it has lost, and that is still there (RFC 5723), or NULL: it
 * goes without a word.
 */
enum verdict accept_establish(struct inbound *in, struct tunnel *t, struct ike_sa *before);

#endif
