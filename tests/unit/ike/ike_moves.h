/* SPDX-License-Identifier: GPL-2.0 */
/* Ends that move, and what can be seen of it. */
#ifndef UNIT_IKE_MOVES_H
#define UNIT_IKE_MOVES_H

#include "unit/ike/ike_ends.h"

/* The host has this address, and no other. */
void move(struct side *s, const char *addr);
bool is(const struct addr *addr, const char *text);
/* Asserts it of all of them, kernel and host, of all children. */
void goes(const struct side *s, const char *local, const char *remote);
/* As if the oldest message of @from had come from @addr. */
struct letter stolen(struct side *from, const char *addr);
/* Has the oldest message of @from, which @to can open, this notify? */
bool says(struct side *to, struct side *from, uint16_t type);

#endif
