// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/again.h"

#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"
#include "suite/ikev2.h"

#define AGAIN_MAX	5	/* in a row */

/* RFC 7296 2.25, RFC 4555 3.9. NULL: it does not pass. */
static const char *again_why(uint16_t error)
{
	switch (error) {
	case NOTIFY_TEMPORARY_FAILURE:
		return "the peer is busy with an attempt of its own";
	case NOTIFY_UNEXPECTED_NAT_DETECTED:
		return "somebody on the way has changed the addresses of our packet";
	default:
		return NULL;
	}
}

bool again_attempt(struct ike_sa *sa, uint16_t error)
{
	const char *why = again_why(error);
	struct peer *peer = sa->peer;
	struct ike *ike = sa->ike;

	if (!why || sa != peer->attempt || peer->busy >= AGAIN_MAX)
		return false;
	peer->busy++;
	peer->attempt = NULL;
	report_log(ike, peer, LOG_INFO, "trying again in a moment: %s", why);
	if (!peer->sa) {
		timer_set(&ike->timers, &peer->retry, ike_now(ike) + 1000 + ike_jitter(ike, 1000));
		return true;
	}
	sa_touch(peer->sa);	/* its own rekey has waited */
	sa_term(peer->sa, 1000 + ike_jitter(ike, 1000));
	return true;
}
