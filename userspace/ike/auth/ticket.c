// SPDX-License-Identifier: GPL-2.0
/*
 * A session that is resumed, RFC 5723 4.3.3: AUTH is prf(SK_p, what it covers), with no secret but
 * the keys that came of the ticket.
 */
#include "ike/auth/auth.h"
#include "suite/ikev2.h"

static enum auth_state ticket_step(struct auth_session *s, struct chunk input)
{
	const struct ike_sa *sa = s->sa;
	size_t len = prf_len(sa->prf);
	struct chunk key = { s->prover == sa->initiator ? sa->sk_pi : sa->sk_pr, len };
	struct chunk covered = { s->covered.p, s->covered.len };

	if (!prf(sa->prf, key, &covered, 1, s->mac))
		return AUTH_FAILED;
	if (!s->prover)
		return input.len == len && crypto_equal(input.p, s->mac, len) ? AUTH_DONE :
										AUTH_FAILED;
	memcpy(s->out, s->mac, len);
	s->out_len = len;
	s->number = AUTH_PSK;
	return AUTH_DONE;
}

const struct auth_ops auth_ticket_ops = {
	.name = "the session that it resumes",
	.secret = "ticket",
	.numbers = 1 << AUTH_PSK,
	.step = ticket_step,
};
