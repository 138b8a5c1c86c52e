/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attempts of ours at one address, of all tunnels: a gateway that guards itself against floods
 * drops what one address begins beyond a handful of half-open IKE SAs (strongSwan: 5), and whose
 * first message it drops waits for the retransmission. So PACE_MAX are under way at a time, the
 * other peers wait for their turn. One that is not over after PACE_MS is not waited for: a gateway
 * that is away, or refuses one tunnel without a word, is not what the others wait for.
 */
#ifndef IKE_PACE_H
#define IKE_PACE_H

#include "ike/object/ike_sa.h"

#define PACE_MAX	4
#define PACE_MS		2000

struct peer;

/* Counts @sa, or ceases to, as its state wants. */
void pace_count(struct ike_sa *sa);
/*
 * May an attempt of @peer's at @to begin now? False: it waits. It is touched when it is its turn,
 * if peer->begin is set then.
 */
bool pace_may_begin(struct peer *peer, const struct addr *to);
bool pace_waits(const struct peer *peer);
/* It does not wait any more, or does not use its turn. */
void pace_leave(struct peer *peer);
/* For the end of the engine, when its IKE SAs are gone and its peers are not. */
void paces_free(struct ike *ike);

#endif
