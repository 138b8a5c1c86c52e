// SPDX-License-Identifier: GPL-2.0
/* The rekey of an IKE SA that we begin, and what becomes of it when the peer does the same. */
#include "ike/v2/rekey.h"

#include "ike/core/text.h"
#include "ike/object/child_sa.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/v2/child_exchange.h"
#include "ike/v2/crash.h"
#include "ike/v2/offer.h"
#include "ike/v2/resume.h"

/* After TEMPORARY_FAILURE: the peer's children go first, whose next try is at PAIR_RETRY_MAX_MS. */
#define REKEY_BUSY_MIN_MS	PAIR_RETRY_MAX_MS
#define REKEY_BUSY_MAX_MS	(2 * PAIR_RETRY_MAX_MS)
#define REKEY_REFUSED_MS	60000	/* after a refusal that is not for the moment only */

static struct rekey_exchange *rekey_exchange(const struct exchange *ex)
{
	return (void *)ex->priv;
}

struct rekey_exchange *rekey_exchange_find(const struct ike_sa *sa)
{
	struct exchange *ex;

	TAILQ_FOREACH(ex, &sa->exchanges, link)
		if (ex->kind == &v2_kind_rekey_ike)
			return rekey_exchange(ex);
	return NULL;
}

/* The peer's rekey of the same that is not decided yet, or NULL: it has deleted it itself. */
static struct ike_sa *rekey_rival(const struct ike_sa *old, const struct rekey_exchange *p)
{
	struct ike_sa *rival = p->rival ? sa_find(old->ike, p->rival) : NULL;

	return rival && rival->state == SA_ESTABLISHED && rival->end == SA_KEEP ? rival : NULL;
}

/* ---- the request */

static bool rekey_wanted(const struct ike_sa *sa)
{
	return sa->want_rekey && sa->peer && sa->peer->sa == sa && !sa->peer->attempt;
}

static void rekey_later(struct ike_sa *sa, uint64_t min_ms, uint64_t max_ms)
{
	timer_set(&sa->ike->timers, &sa->rekey,
		  ike_now(sa->ike) + min_ms + ike_jitter(sa->ike, max_ms - min_ms));
}

/* The IKE SA that it makes, which has its SPI and our nonce; NULL: not now. */
static struct ike_sa *rekey_prepare(struct exchange *ex)
{
	struct rekey_exchange *p = rekey_exchange(ex);
	struct ike_sa *old = ex->sa, *sa;
	struct ike *ike = old->ike;

	p->ke = ke_new(suite_group(&old->suite), ike->env.random, ike->env.ctx);
	sa = p->ke ? sa_new(ike, old->version, old->window, true, 0) : NULL;
	if (!sa)
		return NULL;
	p->spi = sa->spi_i;
	sa->ni.len = IKE_NONCE_LEN;
	ike_random(ike, sa->ni.b, sa->ni.len);
	return sa;
}

/*
 * With the suite that it has: some derive the keys of one with another PRF in a way of their own,
 * and the peer has accepted this one before.
 */
static enum built rekey_build(struct exchange *ex, struct cause *cause)
{
	const struct proposal same = suite_proposal(&ex->sa->suite);
	struct msg_offer offer = { .number = 1, .spi_len = 8 };
	struct rekey_exchange *p = rekey_exchange(ex);
	const struct ike_sa *sa;
	const uint8_t *public;
	struct builder b;
	size_t len;

	if (followup_goes_on(&p->followup))
		return followup_build(ex, &p->followup, cause);
	ex->sa->want_rekey = false;
	sa = rekey_prepare(ex);
	if (!sa) {
		report_log(ex->sa->ike, ex->sa->peer, LOG_ERR, "no memory to rekey the IKE SA");
		rekey_later(ex->sa, REKEY_BUSY_MIN_MS, REKEY_BUSY_MAX_MS);
		return BUILD_NOTHING;
	}
	offer.spi = sa->spi_i;
	v2_request_begin(ex, &b);
	build_sa_one(&b, &same, &offer);
	build_nonce(&b, sa->ni.b, sa->ni.len);
	public = ke_public(p->ke, &len);
	build_ke(&b, ke_group(p->ke), public, len);
	if (ex->sa->ticket)
		resume_ask(&b, ex->sa);
	return v2_request_end(ex, &b, cause);
}

/* ---- the rival */

/* The peer's stands instead of @old, which the peer is to delete. */
static void rekey_rival_wins(struct ike_sa *rival, struct ike_sa *old)
{
	if (rival->peer && (rival->peer->sa == old || rival->peer->before == old)) {
		rekey_take_over(rival, old, "by the peer, which began at the same time");
		fsm_command(old, COMMAND_YIELD, "the peer's rekey has won");
	} else {
		sa_end(rival, SA_CLOSE, IKE_FAIL_NONE, "its predecessor has gone");
	}
}

void rekey_used(struct ike_sa *sa)
{
	struct ike_sa *old = sa->replaced ? sa_find(sa->ike, sa->replaced) : NULL;
	struct rekey_exchange *ours = old ? rekey_exchange_find(old) : NULL;

	if (!ours || ours->rival != sa_spi(sa))
		return;
	ours->rival = 0;
	ours->lost = true;
	rekey_rival_wins(sa, old);
}

/* Without a rival it has come to nothing; with one that has won. */
static void rekey_forget(struct exchange *ex)
{
	struct rekey_exchange *p = rekey_exchange(ex);
	struct ike_sa *sa = p->spi ? sa_find(ex->sa->ike, p->spi) : NULL;
	struct ike_sa *rival = rekey_rival(ex->sa, p);

	if (sa && sa->state == SA_NEW)
		sa_end(sa, SA_DROP, IKE_FAIL_NONE, "it was not granted");
	if (rival)
		rekey_rival_wins(rival, ex->sa);
	ke_free(p->ke);
	followup_clear(&p->followup);
}

const struct exchange_kind v2_kind_rekey_ike = {
	.name = "CREATE_CHILD_SA",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_CREATE_CHILD_SA,
	.priv_size = sizeof(struct rekey_exchange),
	.late = true,
	.wanted = rekey_wanted,
	.build = rekey_build,
	.forget = rekey_forget,
};

/* ---- its answer */

/*
 * The IKE SA that the answer is about, its suite and the peer's SPI; NULL: the answer makes no
 * sense.
 */
static struct ike_sa *rekey_offered(struct inbound *in, struct proposal *suite, uint64_t *spi)
{
	struct rekey_exchange *p = rekey_exchange(in->ex);
	const struct msg *m = &v2_inbound(in)->m;
	struct ike_sa *old = in->sa, *sa = p->spi ? sa_find(old->ike, p->spi) : NULL;
	const struct proposals same = { .count = 1, .p = { suite_proposal(&old->suite) } };
	uint16_t group = suite_group(&old->suite);
	struct msg_offer offer;

	if (!sa || sa->state != SA_NEW || !offer_ike_chosen(&same, &m->sa, suite, &offer) ||
	    offer.spi_len != 8 || !offer.spi || m->ke.group != group ||
	    !offer_nonce_ok(m->nonce, old->prf))
		return NULL;
	*spi = offer.spi;
	return sa;
}

/* With its keys; NULL too if additional key exchanges are missing. */
static struct ike_sa *rekey_granted(struct inbound *in)
{
	struct rekey_exchange *p = rekey_exchange(in->ex);
	const struct msg *m = &v2_inbound(in)->m;
	uint8_t secret[KE_SECRET_MAX];
	struct proposal suite;
	uint64_t spi;
	struct ike_sa *sa = rekey_offered(in, &suite, &spi);
	size_t len;
	bool ok;

	if (!sa || !followup_complete(&p->followup, &suite))
		return NULL;
	rekey_like(sa, in->sa, &suite);
	sa->spi_r = spi;
	sa->nr.len = m->nonce.left;
	memcpy(sa->nr.b, m->nonce.at, sa->nr.len);
	crash_take(sa, m);
	sa->want_token = in->sa->ike->crash_known;
	ok = ke_derive(p->ke, m->ke.data.at, m->ke.data.left, secret, &len) &&
	     rekey_derive(sa, in->sa, followup_secret(&p->followup, (struct chunk){ secret, len }));
	mem_wipe(secret, sizeof(secret));
	return ok ? sa : NULL;
}

/* Was the lowest of the four nonces one of our exchange, RFC 7296 2.8.2? */
static bool rekey_we_lose(const struct ike_sa *sa, const struct rekey_exchange *p)
{
	const struct nonce *low = &sa->ni;

	if (child_nonce_cmp(sa->nr.b, sa->nr.len, low->b, low->len) < 0)
		low = &sa->nr;
	return child_nonce_cmp(low->b, low->len, p->low, p->low_len) < 0;
}

/* The peer has made it, and nobody needs it: a DELETE follows. */
static void rekey_discard(struct ike_sa *sa, const char *why)
{
	fsm_command(sa, COMMAND_INHERIT, why);
	sa_end(sa, SA_CLOSE, IKE_FAIL_NONE, why);
}

static bool rekey_is_ours(const struct inbound *in)
{
	return in->ex->kind == &v2_kind_rekey_ike;
}

enum verdict rekey_exchange_granted(struct inbound *in)
{
	struct rekey_exchange *p = rekey_exchange(in->ex);
	struct proposal suite;
	uint64_t spi;
	struct ike_sa *rival, *sa = rekey_offered(in, &suite, &spi);

	if (sa && followup_begin(&p->followup, in, &suite))
		return VERDICT_STAY;
	sa = rekey_granted(in);
	if (!sa) {
		/* the peer has moved the children to where we cannot reach them */
		cause_set(&in->cause, IKE_FAIL_PROTOCOL,
			  "the peer answers our rekey of the IKE SA with what we did not offer");
		return VERDICT_STAY;
	}
	rival = rekey_rival(in->sa, p);
	if (!in->sa->peer || (rival && rekey_we_lose(sa, p))) {
		rekey_discard(sa, "the peer's rekey has won");
		return VERDICT_STAY;	/* rekey_forget() does the rest */
	}
	if (rival)
		fsm_command(rival, COMMAND_YIELD, "our rekey has won");
	p->rival = 0;
	rekey_take_over(sa, in->sa, "by us");
	if (sa->want_ticket)
		resume_take(sa, &v2_inbound(in)->m, true);
	return VERDICT_DONE;
}

/* The old one is over, or the rival has won already. */
enum verdict v2_rekey_late(struct inbound *in)
{
	struct ike_sa *sa = rekey_is_ours(in) ? rekey_granted(in) : NULL;

	if (sa)
		rekey_discard(sa, "granted too late");
	return VERDICT_STAY;
}

/* Not for the moment only. What it has been made with is all that we ask for: see rekey_build(). */
static void rekey_refused_because(const struct ike_sa *sa, const struct msg_notify *error,
				  struct cause *cause)
{
	static const char advice[] = "it goes on, and ikectl reauth at the end that began it makes "
				     "another one instead";
	char name[NAME_STRLEN], suite[PROPOSAL_STRLEN];

	if (!error)
		cause_set(cause, IKE_FAIL_PROTOCOL,
			  "the peer's answer to our rekey of the IKE SA has neither an SA nor an "
			  "error; %s", advice);
	else if (error->type == NOTIFY_NO_PROPOSAL_CHOSEN)
		cause_set(cause, IKE_FAIL_NO_PROPOSAL_IKE,
			  "the peer refuses to rekey the IKE SA: it takes %s no more, with which it "
			  "was made (NO_PROPOSAL_CHOSEN); %s",
			  suite_str(&sa->suite, suite), advice);
	else
		cause_set(cause, IKE_FAIL_PEER, "the peer refuses to rekey the IKE SA: %s; %s",
			  notify_text(error->type, name), advice);
}

enum verdict rekey_exchange_refused(struct inbound *in)
{
	const struct msg_notify *error = msg_error(&v2_inbound(in)->m);
	struct ike_sa *sa = in->sa;
	struct cause cause;

	if (rekey_rival(sa, rekey_exchange(in->ex)))
		return VERDICT_STAY;	/* it has won */
	if (error && error->type == NOTIFY_TEMPORARY_FAILURE) {
		report_log(sa->ike, sa->peer, LOG_INFO,
			   "the peer puts our rekey of the IKE SA off (TEMPORARY_FAILURE)");
		rekey_later(sa, REKEY_BUSY_MIN_MS, REKEY_BUSY_MAX_MS);
		return VERDICT_STAY;
	}
	if (error && error->type == NOTIFY_NO_ADDITIONAL_SAS &&
	    peer_follow_up(sa->peer, "the peer does not rekey IKE SAs: another one follows")) {
		sa->instead = true;
		return VERDICT_STAY;
	}
	rekey_refused_because(sa, error, &cause);
	rekey_later(sa, REKEY_REFUSED_MS, 2 * REKEY_REFUSED_MS);
	report_peer(sa->peer, IKE_EV_REKEY_FAILED, &cause);
	return VERDICT_STAY;
}
