/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tunnels that come up with a packet: what waits for it, and what it begins. Failures of the peer
 * and of a child have pauses that grow, as everywhere; only, nothing is tried unless a packet asks.
 */
#ifndef IKE_DEMAND_H
#define IKE_DEMAND_H

#include "ike/core/engine.h"

/* The kernel asks for a pair for a packet of these selectors; family 0: nothing is known of it. */
void demand_asked(struct child *child, const struct ts *local, const struct ts *remote);
/* The next packet is heeded after @ms. */
void demand_retry(struct peer *peer, uint64_t ms);
/*
 * Of its children those that are down get policy, addresses and routes, if they are to wait for
 * packets, and lose them, if not. Where that fails it is tried again after a pause.
 */
void demand_lay(struct peer *peer);

#endif
