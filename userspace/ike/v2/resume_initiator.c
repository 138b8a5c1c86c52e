// SPDX-License-Identifier: GPL-2.0
/* IKE_SESSION_RESUME as client, RFC 5723 4.3. Nothing here is authenticated. */
#include "ike/core/text.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/ticket.h"
#include "ike/object/touch.h"
#include "ike/v2/nat.h"
#include "ike/v2/offer.h"
#include "ike/v2/resume.h"
#include "ike/v2/tell.h"

#define ROUNDS_MAX	6	/* answers with a cookie in one attempt */
#define TERM_LEAST_MS	10000	/* before one that is resumed is to be followed up */

struct resume_exchange {
	uint8_t rounds;
	struct v2_cookie cookie;
};

/*
 * Not for what is to follow an IKE SA: that is there for new proofs. Not where a gateway has sent
 * us on to another one: that does not know the ticket.
 */
static bool resume_is_due(const struct ike_sa *sa)
{
	const struct peer *peer = sa->peer;

	return peer && peer->attempt == sa && !sa->ni.len && !peer->sa && peer->conf->resume &&
	       !peer->detour.to.family && ticket_is_there(peer);
}

/* While it is under way no other attempt has it, and none once it is used: RFC 5723 4.3.1. */
static bool resume_prepare(struct ike_sa *sa)
{
	if (!sa->from)
		sa->from = ticket_take(sa->peer);
	if (!sa->from)
		return false;
	sa->resumed = true;
	if (!sa->ni.len) {
		ike_random(sa->ike, sa->ni.b, IKE_NONCE_LEN);
		sa->ni.len = IKE_NONCE_LEN;
	}
	return true;
}

static enum built resume_build(struct exchange *ex, struct cause *cause)
{
	struct resume_exchange *p = (void *)ex->priv;
	struct ike_sa *sa = ex->sa;
	struct msg_header h = { .spi_i = sa->spi_i };
	struct builder b;
	enum built built;

	if (!resume_prepare(sa))
		return BUILD_NOTHING;
	v2_request_begin(ex, &b);
	cookie_build(&b, &p->cookie);
	build_nonce(&b, sa->ni.b, sa->ni.len);
	build_notify(&b, NOTIFY_TICKET_OPAQUE, 0, 0, 0, sa->from->name.p, sa->from->name.len);
	nat_build(&b, &h, &sa->local, &sa->remote, sa->peer->conf->force_udp);
	build_notify(&b, NOTIFY_FRAGMENTATION_SUPPORTED, 0, 0, 0, NULL, 0);
	built = v2_request_end(ex, &b, cause);
	if (built == BUILD_READY && !octets_set(&sa->init_i, ex->msg.d[0].p, ex->msg.d[0].len)) {
		cause_set(cause, IKE_FAIL_PROTOCOL, "no memory");
		return BUILD_FAILED;
	}
	return built;
}

const struct exchange_kind v2_kind_resume = {
	.name = "IKE_SESSION_RESUME",
	.state = SA_INIT_SENT,
	.exchange = EXCHANGE_IKE_SESSION_RESUME,
	.priv_size = sizeof(struct resume_exchange),
	.wanted = resume_is_due,
	.build = resume_build,
};

/* ---- answered */

void resume_used(struct ike_sa *sa)
{
	if (sa->from)
		sa->from->used = true;
}

void resume_apply(struct ike_sa *sa)
{
	uint64_t now = ike_now(sa->ike), until = sa->from->term_ms;

	ticket_apply(sa->from, sa);
	if (until)
		sa_term(sa, until > now + TERM_LEAST_MS ? until - now : TERM_LEAST_MS);
}

bool resume_is_void(const struct ike_sa *sa)
{
	return sa->from && sa->from->epoch != sa->ike->epoch;
}

/*
 * The peer is tried again: the same to people. Where others go on to other addresses it is one of
 * them: it does not wait for those, which may be dead.
 */
void resume_give_up(struct ike_sa *sa, const char *why)
{
	struct peer *peer = sa->peer;

	report_log(sa->ike, peer, LOG_NOTICE,
		   "the session is not resumed (%s): a full handshake follows", why);
	if (!peer || peer->attempt != sa)
		return;
	if (peer->rival_count) {
		peer->race_again = sa->remote.addr;
		peer->race_due = true;
		peer_touch(peer);
		return;
	}
	peer_race_won(peer, sa);
	peer->attempt = NULL;
	if (!peer->sa)
		timer_set(&peer->ike->timers, &peer->retry, ike_now(peer->ike));
}

enum verdict v2_resume_response(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct ike_sa *sa = in->sa;

	if (!in->h.spi_r || !offer_nonce_ok(v->m.nonce, sa->from->prf))
		return VERDICT_DROP;
	sa->spi_r = in->h.spi_r;
	v2_set_nonce(&sa->nr, v->m.nonce);
	if (!octets_set(&sa->init_r, in->raw, in->raw_len) || !keys_resume(sa, sa->from)) {
		sa->spi_r = 0;		/* a better one may follow */
		return VERDICT_DROP;
	}
	v2_init_answered(v);
	return VERDICT_DONE;
}

/* TICKET_NACK, another error, or REDIRECT, of anybody: IKE_SA_INIT follows, and says the rest. */
enum verdict v2_resume_notify(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct resume_exchange *p = (void *)in->ex->priv;
	const struct msg_notify *error = msg_error(&v->m);
	char name[NAME_STRLEN];

	if (p->rounds < ROUNDS_MAX && cookie_take(&p->cookie, &v->m)) {
		p->rounds++;
		exchange_again(in->ex);
		in->ex = NULL;
		return VERDICT_STAY;
	}
	if (!error && !msg_notify(&v->m, NOTIFY_TICKET_NACK) &&
	    !msg_notify(&v->m, NOTIFY_REDIRECT))
		return VERDICT_DROP;	/* the same cookie once more */
	tell_answered(v);
	in->sa->from->doubted = true;
	resume_give_up(in->sa, notify_text(error ? error->type : NOTIFY_TICKET_NACK, name));
	return VERDICT_FAIL;
}
