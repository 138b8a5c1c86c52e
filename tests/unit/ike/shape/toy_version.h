/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A protocol version that nobody has thought of, with rows of its own: four requests at once, keyed
 * by message id; a request of three datagrams; an IKE SA that takes over the children of the one
 * before it; children that live on when theirs expires. It protects nothing: that is not what it is
 * for.
 */
#ifndef SHAPE_TOY_VERSION_H
#define SHAPE_TOY_VERSION_H

#include "ike/exchange/fsm.h"

#define TOY_WINDOW	4
#define TOY_PARTS	3	/* datagrams of its long request */
#define TOY_BODY_MAX	64	/* octets behind the header */

extern const struct ike_version toy_version;

/* How many long messages have come whole, since the test set them to 0. */
extern unsigned int toy_long_requests, toy_long_responses;

#endif
