/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AUTH_LIFETIME, RFC 4478: how long the responder lets a proof count. The initiator authenticates
 * itself anew before.
 */
#ifndef IKE_LIFETIME_H
#define IKE_LIFETIME_H

#include "ike/v2/v2.h"

/* The shorter one; 0: for ever. */
uint32_t lifetime_least(uint32_t a, uint32_t b);
/* @s: seconds; 0: nothing is said. */
void lifetime_build(struct builder *b, uint32_t s);
/* What an authenticated message of the peer's says of it counts where we have begun @sa. */
void lifetime_take(struct ike_sa *sa, const struct msg *m);

#endif
