// SPDX-License-Identifier: GPL-2.0
#include "ike/object/touch.h"

#include "ike/object/ike_sa.h"
#include "ike/object/peer.h"

void sa_touch(struct ike_sa *sa)
{
	if (!sa->is_touched)
		TAILQ_INSERT_TAIL(&sa->ike->touched_sas, sa, touched);
	sa->is_touched = true;
}

void peer_touch(struct peer *peer)
{
	if (!peer->is_touched)
		TAILQ_INSERT_TAIL(&peer->ike->touched_peers, peer, touched);
	peer->is_touched = true;
}

void sa_untouch(struct ike_sa *sa)
{
	if (sa->is_touched)
		TAILQ_REMOVE(&sa->ike->touched_sas, sa, touched);
	sa->is_touched = false;
}

void peer_untouch(struct peer *peer)
{
	if (peer->is_touched)
		TAILQ_REMOVE(&peer->ike->touched_peers, peer, touched);
	peer->is_touched = false;
}

struct ike_sa *sa_next_touched(struct ike *ike)
{
	struct ike_sa *sa = TAILQ_FIRST(&ike->touched_sas);

	if (sa)
		sa_untouch(sa);
	return sa;
}

struct peer *peer_next_touched(struct ike *ike)
{
	struct peer *peer = TAILQ_FIRST(&ike->touched_peers);

	if (peer)
		peer_untouch(peer);
	return peer;
}
