// SPDX-License-Identifier: GPL-2.0
/*
 * Attempts to several addresses of a peer at once, as RFC 8305 does it for connections: one after
 * the other, PEER_RACE_MS apart, until one is answered.
 */
#include "ike/object/ike_sa.h"
#include "ike/object/peer.h"

void peer_race(struct peer *peer)
{
	if (!peer->detour.to.family && peer->raced < peer->addr_count &&
	    peer->raced < PEER_RACE_MAX)
		timer_set(&peer->ike->timers, &peer->race, ike_now(peer->ike) + PEER_RACE_MS);
}

const struct addr *peer_race_towards(const struct peer *peer)
{
	if (peer->sa || !peer->attempt || peer->attempt->state != SA_INIT_SENT ||
	    peer->attempt->end != SA_KEEP || peer->rival_count == PEER_RACE_MAX - 1)
		return NULL;
	if (peer->race_again.family)
		return &peer->race_again;
	if (peer->raced >= peer->addr_count)
		return NULL;
	return &peer->addrs[(peer->addr_at + peer->raced) % peer->addr_count];
}

void peer_race_won(struct peer *peer, struct ike_sa *sa)
{
	struct ike_sa *other;

	timer_cancel(&peer->ike->timers, &peer->race);
	peer->race_due = false;
	peer->race_again.family = 0;
	for (unsigned int i = 0; i < peer->rival_count; i++) {
		other = peer->rival[i];
		if (other == sa) {
			other = peer->attempt;
			peer->attempt = sa;
		}
		if (other)
			sa_end(other, SA_DROP, IKE_FAIL_NONE,
			       "the peer has answered at another address");
	}
	if (peer->rival_count)		/* the next attempt begins there */
		for (unsigned int i = 0; sa && i < peer->addr_count; i++)
			if (addr_equal(&peer->addrs[i], &sa->remote.addr))
				peer->addr_at = i;
	peer->rival_count = 0;
}

bool peer_race_lost(struct peer *peer, const struct ike_sa *sa)
{
	unsigned int i = 0;

	if (peer->attempt == sa) {
		if (!peer->rival_count)
			return false;
		peer->attempt = peer->rival[--peer->rival_count];
		return true;
	}
	while (i < peer->rival_count && peer->rival[i] != sa)
		i++;
	if (i == peer->rival_count)
		return false;
	peer->rival[i] = peer->rival[--peer->rival_count];
	return true;
}
