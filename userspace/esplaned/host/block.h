/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The routes that block: unreachable ones to what tunnels are to protect (when-down = "block"),
 * which win over the host's default route and lose to those into a tunnel. Two tunnels may block
 * the same addresses, so they are counted.
 */
#ifndef ESPLANED_BLOCK_H
#define ESPLANED_BLOCK_H

#include "esplaned/nl/route.h"

struct blocks;

struct blocks *block_new(struct nl_sock *sk);
void block_free(struct blocks *blocks);	/* the routes stay */

/* Routes of tunnels have this metric: those that block get a higher one, the old ones too. */
void block_raise(struct blocks *blocks, uint32_t metric);
/*
 * A route like it that a dead predecessor laid is taken over. An error leaves nothing held:
 * -EEXIST: another's is in the way. @why: NLTALK_WHY_MAX octets.
 */
int block_hold(struct blocks *blocks, uint32_t table, const struct prefix *dst, char *why);
void block_drop(struct blocks *blocks, uint32_t table, const struct prefix *dst);
/* From now on what is dropped stays in the kernel: the next daemon takes it over. */
void block_keep(struct blocks *blocks);
/* Is this one of them? */
bool block_has(const struct blocks *blocks, const struct route *route);
/* Lays again what somebody has removed. */
void block_mend(struct blocks *blocks);

#endif
