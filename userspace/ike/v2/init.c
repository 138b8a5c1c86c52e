// SPDX-License-Identifier: GPL-2.0
/* IKE_SA_INIT, RFC 7296 1.2, 2.6, 2.7 and 2.23. Nothing here is authenticated. */
#include "ike/core/text.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/stream.h"
#include "ike/v2/addke.h"
#include "ike/v2/certs.h"
#include "ike/v2/nat.h"
#include "ike/v2/offer.h"
#include "ike/v2/ppk.h"
#include "ike/v2/redirect.h"
#include "ike/v2/second.h"
#include "ike/v2/tell.h"
#include "ike/v2/v2.h"

#define ROUNDS_MAX	6	/* COOKIE and INVALID_KE_PAYLOAD answers in one attempt */
#define GRACE_MS 3000 /* after an error that anybody may have sent: a true answer may follow */

/* The request of ours, over all its rounds. */
struct init_exchange {
	bool begun;
	uint16_t group;
	struct ke *ke;
	uint8_t rounds;			/* COOKIE and INVALID_KE_PAYLOAD answers so far: bounded */
	struct v2_cookie cookie;
	uint16_t hint;			/* error notify of an unauthenticated answer */
	struct timer grace;		/* armed by the hint: a better answer may follow */
	struct ike_sa *sa;
};

static const struct tunnel_conf *init_conf(const struct ike_sa *sa)
{
	return sa->peer->conf;
}

/* ---- the initiator's side */

static void init_refused(struct init_exchange *p)
{
	char list[300], name[NAME_STRLEN];
	struct ike_sa *sa = p->sa;
	struct cause cause;

	if (p->hint == NOTIFY_NO_PROPOSAL_CHOSEN)
		cause_set(&cause, IKE_FAIL_NO_PROPOSAL_IKE,
			  "the peer takes none of our IKE proposals: %s; "
			  "compare them with the peer's",
			  proposals_text(&init_conf(sa)->ike, list, sizeof(list)));
	else
		cause_set(&cause, IKE_FAIL_PEER, "the peer refuses IKE_SA_INIT: %s",
			  notify_text(p->hint, name));
	sa_end(sa, SA_DROP, cause.failure, cause.text);
}

static void init_grace_over(struct timer *timer)
{
	init_refused(container_of(timer, struct init_exchange, grace));
}

static bool init_begin(struct exchange *ex)
{
	struct init_exchange *p = (void *)ex->priv;
	const struct proposals *list = &init_conf(ex->sa)->ike;
	const struct transform *t = list->count ? proposal_find(&list->p[0], TRANSFORM_KE) : NULL;

	if (p->begun)
		return true;
	if (!timers_reserve(&ex->sa->ike->timers, 1))
		return false;
	p->begun = true;
	p->sa = ex->sa;
	p->group = t ? t->id : KE_NONE;
	timer_init(&p->grace, init_grace_over);
	return true;
}

static void init_forget(struct exchange *ex)
{
	struct init_exchange *p = (void *)ex->priv;

	if (p->begun) {
		timer_cancel(&ex->sa->ike->timers, &p->grace);
		timers_unreserve(&ex->sa->ike->timers, 1);
	}
	ke_free(p->ke);
}

/* The first group of the proposals, or the one the peer asked for. */
static bool init_prepare(struct exchange *ex)
{
	struct init_exchange *p = (void *)ex->priv;
	struct ike_sa *sa = ex->sa;

	if (!init_begin(ex))
		return false;
	if (!p->ke)
		p->ke = ke_new(p->group, sa->ike->env.random, sa->ike->env.ctx);
	if (!sa->ni.len) {
		ike_random(sa->ike, sa->ni.b, IKE_NONCE_LEN);
		sa->ni.len = IKE_NONCE_LEN;
	}
	return p->ke;
}

static enum built init_build(struct exchange *ex, struct cause *cause)
{
	struct init_exchange *p = (void *)ex->priv;
	struct ike_sa *sa = ex->sa;
	struct msg_header h = { .spi_i = sa->spi_i };
	const uint8_t *public;
	struct builder b;
	enum built built;
	size_t len;

	if (!init_prepare(ex)) {
		cause_set(cause, IKE_FAIL_CONFIG,
			  "key exchange group %u is not supported: take it out of ike", p->group);
		return BUILD_FAILED;
	}
	v2_request_begin(ex, &b);
	cookie_build(&b, &p->cookie);
	build_sa(&b, &init_conf(sa)->ike, NULL);
	public = ke_public(p->ke, &len);
	build_ke(&b, p->group, public, len);
	build_nonce(&b, sa->ni.b, sa->ni.len);
	nat_build(&b, &h, &sa->local, &sa->remote, init_conf(sa)->force_udp);
	certs_announce(&b, init_conf(sa));
	build_notify(&b, NOTIFY_FRAGMENTATION_SUPPORTED, 0, 0, 0, NULL, 0);
	ppk_announce(&b, init_conf(sa));
	if (addke_offered(&init_conf(sa)->ike))
		build_notify(&b, NOTIFY_INTERMEDIATE_SUPPORTED, 0, 0, 0, NULL, 0);
	redirect_offer(&b, sa);
	built = v2_request_end(ex, &b, cause);
	if (built == BUILD_READY && !octets_set(&sa->init_i, ex->msg.d[0].p, ex->msg.d[0].len)) {
		cause_set(cause, IKE_FAIL_PROTOCOL, "no memory");
		return BUILD_FAILED;
	}
	return built;
}

const struct exchange_kind v2_kind_init = {
	.name = "IKE_SA_INIT",
	.state = SA_INIT_SENT,
	.exchange = EXCHANGE_IKE_SA_INIT,
	.priv_size = sizeof(struct init_exchange),
	.wanted = v2_always,
	.build = init_build,
	.forget = init_forget,
};

static bool init_take_group(struct init_exchange *p, const struct msg_notify *n)
{
	struct cursor data = n->data;
	uint16_t group;

	if (!cursor_u16(&data, &group) || group == p->group ||
	    !proposals_have_group(&init_conf(p->sa)->ike, group))
		return false;
	p->group = group;
	ke_free(p->ke);
	p->ke = NULL;
	return true;
}

/*
 * Not a full answer. An error is remembered, not believed: the retransmission goes on until
 * the grace is over.
 */
enum verdict v2_init_notify(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct init_exchange *p = (void *)in->ex->priv;
	const struct msg_notify *group = msg_notify(&v->m, NOTIFY_INVALID_KE_PAYLOAD);
	const struct msg_notify *error = msg_error(&v->m);
	struct ike_sa *sa = in->sa;

	if (redirect_at_init(in))
		return VERDICT_FAIL;	/* it goes without a word */
	if (p->rounds < ROUNDS_MAX &&
	    (cookie_take(&p->cookie, &v->m) || (group && init_take_group(p, group)))) {
		p->rounds++;
		/* of a refusal of another request */
		timer_cancel(&sa->ike->timers, &p->grace);
		exchange_again(in->ex);
		in->ex = NULL;
		return VERDICT_STAY;
	}
	/* a repeated INVALID_KE_PAYLOAD, after we have obeyed it, is not a refusal */
	if (error && !(error == group && p->rounds) && !timer_armed(&p->grace)) {
		p->hint = error->type;
		tell_answered(v);
		/* RFC 9329 6.4: by a connection nobody else can say something better */
		timer_set(&sa->ike->timers, &p->grace,
			  ike_now(sa->ike) + (sa->remote.stream &&
					      in->remote.stream == sa->remote.stream ?
						      0 : GRACE_MS));
	}
	return VERDICT_DROP;
}

void v2_set_nonce(struct nonce *nonce, struct cursor data)
{
	nonce->len = data.left <= sizeof(nonce->b) ? data.left : sizeof(nonce->b);
	memcpy(nonce->b, data.at, nonce->len);
}

static bool init_derive(struct ike_sa *sa, const struct ke *ke, const struct msg_ke *peer)
{
	uint8_t secret[KE_SECRET_MAX];
	size_t len;
	bool ok;

	ok = ke_derive(ke, peer->data.at, peer->data.left, secret, &len) &&
	     keys_derive(sa, (struct ke_secret){ { secret, len } }, NULL);
	mem_wipe(secret, sizeof(secret));
	return ok;
}

/* One proposal, each transform one of ours, with the group whose value it has. */
static bool init_suite_ok(const struct v2_inbound *v, uint16_t group, struct proposal *suite)
{
	const struct transform *ke;
	struct msg_offer offer;

	if (!offer_ike_chosen(&init_conf(v->in.sa)->ike, &v->m.sa, suite, &offer))
		return false;
	ke = proposal_find(suite, TRANSFORM_KE);
	return v->m.ke.group == group && ke && ke->id == group &&
	       offer_nonce_ok(v->m.nonce, proposal_find(suite, TRANSFORM_PRF)->id);
}

/* Anybody may have sent it. */
static enum verdict init_ignore(struct ike_sa *sa, const char *what)
{
	if (ike_may_mention_stranger(sa->ike))
		report_log(sa->ike, sa->peer, LOG_WARNING,
			   "ignoring an IKE_SA_INIT response with %s", what);
	return VERDICT_DROP;
}

/* The initiator may, if the responder says that it can, RFC 6023 3. */
static void init_set_childless(struct v2_inbound *v)
{
	struct ike_sa *sa = v->in.sa;
	bool can = msg_notify(&v->m, NOTIFY_CHILDLESS_SUPPORTED);
	struct cause cause;

	sa->childless = can && (init_conf(sa)->childless || sa->remote.stream);
	if (!can && stream_refuses_child(sa, &cause))
		sa_end(sa, SA_DROP, cause.failure, cause.text);
	else if (init_conf(sa)->childless && !can)
		report_log(sa->ike, sa->peer, LOG_INFO,
			   "the peer makes no childless IKE SA: the first child goes with IKE_AUTH");
}

void v2_init_answered(struct v2_inbound *v)
{
	struct ike_sa *sa = v->in.sa;
	char text[PROPOSAL_STRLEN];

	sa->fragments = msg_notify(&v->m, NOTIFY_FRAGMENTATION_SUPPORTED);
	sa->ppk.use = !sa->resumed && init_conf(sa)->ppk_id[0] &&
		      msg_notify(&v->m, NOTIFY_USE_PPK);
	if (sa->peer)
		peer_race_won(sa->peer, sa);
	init_set_childless(v);
	second_heard(sa, &v->m);
	nat_detect(sa, v);
	certs_take_hashes(sa, &v->m);
	certs_take_lookup(sa, &v->m);
	sa->udp = sa->nat_t && !sa->remote.stream &&
		  (sa->nat_local || sa->nat_remote || init_conf(sa)->force_udp);
	/* RFC 4555 3.3: another path may have a NAT */
	if (!sa->remote.stream && sa->local.port != IKE_NATT_PORT &&
	    (sa->udp || (sa->nat_t && init_conf(sa)->mobike))) {
		sa->local.port = IKE_NATT_PORT;
		sa->remote.port = IKE_NATT_PORT;
	}
	tell_answered(v);
	report_step(sa->peer, IKE_STEP_INIT, "%s%s%s%s", suite_str(&sa->suite, text),
		    sa->remote.stream ? ", over TCP" : "",
		    sa->resumed ? ", resumed with a ticket" : "",
		    !sa->udp	   ? "" :
		    sa->nat_local  ? ", we are behind NAT: ESP in UDP" :
		    sa->nat_remote ? ", the peer is behind NAT: ESP in UDP" :
				     ", ESP in UDP as configured");
}

enum verdict v2_init_response(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct init_exchange *p = (void *)in->ex->priv;
	struct ike_sa *sa = in->sa;
	uint16_t more[ADDKE_MAX];
	struct proposal suite;

	if (!in->h.spi_r || !init_suite_ok(v, p->group, &suite))
		return init_ignore(sa, "a choice we did not offer");
	if (proposal_addke(&suite, more) && !msg_notify(&v->m, NOTIFY_INTERMEDIATE_SUPPORTED))
		return init_ignore(sa, "additional key exchanges, but no IKE_INTERMEDIATE");
	sa->suite = proposal_suite(&suite);
	sa->spi_r = in->h.spi_r;
	v2_set_nonce(&sa->nr, v->m.nonce);
	if (!octets_set(&sa->init_r, in->raw, in->raw_len) ||
	    !init_derive(sa, p->ke, &v->m.ke)) {
		/* a better one may follow */
		sa->suite = (struct suite){0};
		sa->spi_r = 0;
		return init_ignore(sa, "an invalid key exchange value");
	}
	v2_init_answered(v);
	return VERDICT_DONE;
}
