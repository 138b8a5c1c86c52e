// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/contact.h"

#include "ike/object/peer.h"
#include "ike/object/tunnel.h"

/* Has the peer an attempt of its own under way? Then its IKE SA may be the one that wins. */
static bool contact_peer_begins(const struct ike_sa *ours)
{
	const struct ike_sa *sa;

	TAILQ_FOREACH(sa, &ours->ike->strangers, stranger_link)
		if (sa->state == SA_INIT_ANSWERED &&
		    addr_equal(&sa->init_key.asked, &ours->remote.addr))
			return true;
	return false;
}

static bool contact_same_pair(const struct ike_sa *ours, const struct ike_id *remote,
			      const struct ike_sa *other)
{
	if (!ike_id_equal(&other->local_id, &ours->local_id))
		return false;
	return addr_equal(&other->remote.addr, &ours->remote.addr) ||
	       (remote->type && ike_id_equal(&other->remote_id, remote));
}

bool contact_is_first(const struct ike_sa *ours)
{
	const struct ike_id *remote = &ours->peer->tunnel->conf->remote_id;
	const struct ike_sa *sa;

	TAILQ_FOREACH(sa, &ours->ike->sas, link)
		if (sa->peer && sa->peer != ours->peer &&
		    (sa->state == SA_AUTH_SENT || sa->state == SA_ESTABLISHED) &&
		    contact_same_pair(ours, remote, sa))
			return false;
	return !ours->peer->sa && !contact_peer_begins(ours);
}
