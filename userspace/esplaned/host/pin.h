/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pins: host routes to peers that lie within what their own tunnel protects, so that routes into
 * the tunnel, or those that block, do not swallow the tunnel's own packets. Several tunnels may
 * have one peer: pins are counted over all of them.
 */
#ifndef ESPLANED_PIN_H
#define ESPLANED_PIN_H

#include "esplaned/nl/route.h"

struct pins;

struct pins *pin_new(struct nl_sock *sk);
void pin_free(struct pins *pins);	/* the routes stay */

/*
 * Pins @peer in @table to the way that leads to it beside the interfaces of all that hold the pin:
 * @ifindex is read then and later, and is the holder's mark. The pin is held, once by each, even
 * where it cannot be laid now: 0, or a negative errno and @why (NLTALK_WHY_MAX octets).
 */
int pin_hold(struct pins *pins, uint32_t table, const struct addr *peer, const int *ifindex,
	     char *why);
void pin_drop(struct pins *pins, uint32_t table, const struct addr *peer, const int *ifindex);
bool pin_has(const struct pins *pins, const struct route *route);
/* Lays again what the kernel has dropped, and follows the ways that have changed. */
void pin_mend(struct pins *pins);

#endif
