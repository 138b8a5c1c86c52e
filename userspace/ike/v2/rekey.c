// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/rekey.h"

#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/ticket.h"
#include "ike/v2/mobike.h"

void rekey_like(struct ike_sa *sa, const struct ike_sa *old, const struct proposal *suite)
{
	sa->began = old->began;
	sa->replaced = sa_spi(old);
	sa->local = old->local;
	sa->remote = old->remote;
	sa->dials = old->dials;
	sa->mark = old->mark;
	sa->nat_t = old->nat_t;
	sa->nat_local = old->nat_local;
	sa->nat_remote = old->nat_remote;
	sa->udp = old->udp;
	sa->childless = old->childless;
	sa->follows = old->follows;
	sa->fragments = old->fragments;
	sa->fragment_small = old->fragment_small;
	sa->suite = proposal_suite(suite);
	sa->local_id = old->local_id;
	sa->remote_id = old->remote_id;
	sa->certified_ms = old->certified_ms;
	sa->framed = old->framed;
	sa->session_s = old->session_s;
	sa->proved_ms = old->proved_ms;
	sa->epoch = old->epoch;
	memcpy(sa->claim, old->claim, sizeof(sa->claim));
}

bool rekey_derive(struct ike_sa *sa, const struct ike_sa *old, struct ke_secret secret)
{
	bool ok = keys_derive(sa, secret, old);

	sa_forget_proof(sa);		/* there is none: the first IKE SA had it */
	return ok;
}

/* Where is the peer? The IKE SA that was heard last knows. */
static void rekey_follow(struct ike_sa *sa, const struct ike_sa *old)
{
	if (endpoint_equal(&sa->remote, &old->remote) && endpoint_equal(&sa->local, &old->local))
		return;
	if (sa->heard_ms > old->heard_ms) {
		peer_moved(sa->peer);
		return;
	}
	sa->remote = old->remote;
	sa->local = old->local;
}

/* A rekey proves nothing: the time for that goes on. */
static void rekey_keep_term(struct ike_sa *sa, struct ike_sa *old)
{
	uint32_t every = sa->began ? sa->peer->conf->reauth_every : 0;

	sa->rekeys = old->rekeys + 1;
	sa->want_successor = old->want_successor;
	if (every && sa->rekeys >= every)
		sa_term(sa, 0);
	else if (timer_armed(&old->term))
		timer_set(&sa->ike->timers, &sa->term, old->term.at);
	sa_term_never(old);
}

/* RFC 5723 6.2: the ticket was for the old one. */
static void rekey_leave_ticket(struct ike_sa *sa, struct ike_sa *old)
{
	sa->want_ticket |= sa->began && old->ticket && !sa->ticket;
	ticket_free(old->ticket);
}

void rekey_take_over(struct ike_sa *sa, struct ike_sa *old, const char *by)
{
	struct peer *peer = old->peer;

	sa->peer = peer;
	sa->send_on = old->send_on;
	sa->passed_by = old->passed_by;
	if (peer->sa == old)
		peer->sa = sa;
	else if (peer->before == old)
		peer->before = sa;
	peer_move_children(peer, old, sa);
	if (old->mobike.on)
		mobike_inherit(sa, old);
	else
		rekey_follow(sa, old);
	sa_watch(old, 0);
	sa_rekey_after(old, 0);
	if (sa->state == SA_NEW)
		fsm_command(sa, COMMAND_INHERIT, "an IKE SA is rekeyed");
	sa_watch(sa, peer->conf->dpd_s);
	if (peer->sa == sa)
		sa_rekey_after(sa, peer->conf->rekey_s);
	rekey_keep_term(sa, old);
	rekey_leave_ticket(sa, old);
	report_text(peer, IKE_EV_IKE_REKEYED, by);
}
