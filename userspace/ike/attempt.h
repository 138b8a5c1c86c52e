/* SPDX-License-Identifier: GPL-2.0 */
/* Attempts to bring a peer up: how one begins, and what becomes of the peer when it ends. */
#ifndef IKE_ATTEMPT_H
#define IKE_ATTEMPT_H

#include "ike/core/engine.h"

/* To the address that peer_towards() says, with the engine's first protocol version. */
void attempt_begin(struct peer *peer);
/* To the next of its addresses, beside the attempt that nobody has answered yet. */
void attempt_race(struct peer *peer);
/* Another IKE SA, beside the peer's that stands: reauthentication. */
void attempt_follow(struct peer *peer);
/* That has come to nothing: once more after a pause. */
void attempt_follow_later(struct peer *peer, const struct cause *cause);
/* It came to nothing. One that is wanted for ever is tried again after a pause. */
void attempt_failed(struct peer *peer, const struct cause *cause);
/* An IKE SA stands, and a child is up. */
void attempt_succeeded(struct peer *peer);
/* The peer does not answer: the IKE SA that stands will be lost, and what it carries with it. */
void attempt_silent(struct peer *peer);
/* The IKE SA that stood is gone. */
void attempt_lost(struct peer *peer, const struct cause *cause);

#endif
