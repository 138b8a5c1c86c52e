// SPDX-License-Identifier: GPL-2.0
/* Tickets of both roles: RFC 5723 4.1, 4.2, 6.2. */
#include "ike/v2/resume.h"

#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/ticket.h"
#include "ike/object/touch.h"
#include "ike/v2/lifetime.h"

/* ---- the client */

/* Not of a peer that a reload has put in doubt: what it has proved may be revoked. */
static bool resume_is_client(const struct ike_sa *sa)
{
	return sa->began && sa->peer && sa->peer->conf->resume && sa->epoch == sa->ike->epoch;
}

void resume_ask(struct builder *b, const struct ike_sa *sa)
{
	if (resume_is_client(sa))
		build_notify(b, NOTIFY_TICKET_REQUEST, 0, 0, 0, NULL, 0);
}

void resume_take(struct ike_sa *sa, const struct msg *m, bool again)
{
	const struct msg_notify *n = msg_notify(m, NOTIFY_TICKET_LT_OPAQUE);
	struct cursor data = n ? n->data : (struct cursor){0};
	uint32_t life_s;

	if (!resume_is_client(sa))
		return;
	if (n || msg_notify(m, NOTIFY_TICKET_NACK))
		sa->want_ticket = false;
	else if (again && msg_notify(m, NOTIFY_TICKET_ACK))
		sa->want_ticket = true;
	if (!n || !cursor_u32(&data, &life_s) || !data.left)
		return;
	if (life_s < TICKET_LIFE_LEAST_S || data.left > TICKET_NAME_MAX) {
		report_log(sa->ike, sa->peer, LOG_INFO,
			   "the peer's ticket for resumption is of no use: %zu octets, good for %u s; "
			   "at most %d, and at least %d s", data.left, life_s, TICKET_NAME_MAX,
			   TICKET_LIFE_LEAST_S);
		return;
	}
	if (life_s > TICKET_LIFE_MOST_S)
		life_s = TICKET_LIFE_MOST_S;
	if (ticket_keep(sa, (struct chunk){ data.at, data.left }, life_s))
		report_log(sa->ike, sa->peer, LOG_DEBUG,
			   "the peer has given a ticket, good for %u s", life_s);
}

/* In INFORMATIONAL: after a rekey that the peer began, and before the old one expires. */
static bool resume_wanted(const struct ike_sa *sa)
{
	return sa->want_ticket && resume_is_client(sa) && sa->peer->sa == sa;
}

static enum built resume_request(struct exchange *ex, struct cause *cause)
{
	struct builder b;

	ex->sa->want_ticket = false;
	v2_request_begin(ex, &b);
	resume_ask(&b, ex->sa);
	return v2_request_end(ex, &b, cause);
}

const struct exchange_kind v2_kind_ticket = {
	.name = "TICKET_REQUEST",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_INFORMATIONAL,
	.wanted = resume_wanted,
	.build = resume_request,
};

/* ---- the gateway */

/*
 * At most as long as the IKE SA without a rekey, counted from the last key exchange, and as what
 * the peer has proved is good for. 0: it is not worth while.
 */
static uint32_t resume_life(const struct ike_sa *sa)
{
	const struct tunnel_conf *conf = sa->peer->conf;
	uint32_t life_s = lifetime_least(sa_keys_left(sa, conf->rekey_s), TICKET_LIFE_MOST_S);
	uint64_t now = ike_now(sa->ike), left_s;

	life_s = lifetime_least(life_s, sa_proof_left(sa, conf->reauth_s));
	if (sa->certified_ms) {
		left_s = sa->certified_ms > now ? (sa->certified_ms - now) / 1000 : 0;
		life_s = left_s < life_s ? (uint32_t)left_s : life_s;
	}
	return life_s < TICKET_LIFE_LEAST_S ? 0 : life_s;
}

/* Not what a reload has put in doubt: it may have taken the peer away, RFC 5723 9.5. */
static bool resume_may_have(const struct ike_sa *sa)
{
	return !sa->began && sa->peer->conf->resume && sa->epoch == sa->ike->epoch;
}

/* TICKET_NACK: none; TICKET_ACK: later, when @sa is the one that stands. */
void resume_grant(struct builder *b, struct ike_sa *sa, const struct msg *m)
{
	uint8_t data[4 + TICKET_NAME_LEN];
	struct writer w = writer_of(data, sizeof(data));
	struct ticket *t = NULL;
	uint32_t life_s;

	if (!msg_notify(m, NOTIFY_TICKET_REQUEST))
		return;
	if (!sa->began && (!sa->peer || (sa->peer->sa != sa && sa->peer->conf->resume))) {
		build_notify(b, NOTIFY_TICKET_ACK, 0, 0, 0, NULL, 0);
		return;
	}
	life_s = resume_may_have(sa) ? resume_life(sa) : 0;
	if (life_s)
		t = ticket_grant(sa, life_s);
	if (!t) {
		build_notify(b, NOTIFY_TICKET_NACK, 0, 0, 0, NULL, 0);
		return;
	}
	writer_u32(&w, life_s);
	writer_bytes(&w, t->name.p, t->name.len);
	build_notify(b, NOTIFY_TICKET_LT_OPAQUE, 0, 0, 0, data, w.len);
}
