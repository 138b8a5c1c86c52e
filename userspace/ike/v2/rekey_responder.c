// SPDX-License-Identifier: GPL-2.0
/* The rekey of an IKE SA as responder, RFC 7296 1.3.2, 2.8.2 and 2.25.2. */
#include "ike/v2/rekey.h"

#include "ike/core/text.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/v2/awaited.h"
#include "ike/v2/child_exchange.h"
#include "ike/v2/crash.h"
#include "ike/v2/child_responder.h"
#include "ike/v2/offer.h"
#include "ike/v2/resume.h"

static enum verdict rekey_refuse(struct inbound *in, uint16_t notify)
{
	char name[NAME_STRLEN];

	report_log(in->sa->ike, in->sa->peer, LOG_INFO,
		   "refusing the peer's rekey of the IKE SA: %s", notify_text(notify, name));
	v2_refuse(v2_inbound(in), notify, NULL, 0);
	return VERDICT_FAIL;
}

static struct ike_sa *rekey_successor(struct inbound *in, const struct proposal *suite,
				      uint64_t peer_spi)
{
	const struct msg *m = &v2_inbound(in)->m;
	const struct ike_sa *old = in->sa;
	struct ike_sa *sa = sa_new(old->ike, old->version, old->window, false, peer_spi);

	if (!sa)
		return NULL;
	rekey_like(sa, old, suite);
	sa->ni.len = m->nonce.left;
	memcpy(sa->ni.b, m->nonce.at, sa->ni.len);
	ike_random(sa->ike, sa->nr.b, IKE_NONCE_LEN);
	sa->nr.len = IKE_NONCE_LEN;
	return sa;
}

static void rekey_answer(struct v2_inbound *v, const struct ike_sa *sa, const struct ke *ke,
			 uint8_t number)
{
	const struct proposal suite = suite_proposal(&sa->suite);
	struct msg_offer offer = { .number = number, .spi_len = 8, .spi = sa->spi_r };
	const uint8_t *public;
	size_t len;

	build_sa_one(&v->b, &suite, &offer);
	build_nonce(&v->b, sa->nr.b, sa->nr.len);
	public = ke_public(ke, &len);
	build_ke(&v->b, ke_group(ke), public, len);
	crash_build(&v->b, sa);
}

/* Ours under way for the same: both stand until the nonces are known, RFC 7296 2.8.2. */
static void rekey_meet_rival(struct rekey_exchange *ours, struct ike_sa *sa, struct ike_sa *old)
{
	const struct nonce *low = &sa->ni;

	if (child_nonce_cmp(sa->nr.b, sa->nr.len, low->b, low->len) < 0)
		low = &sa->nr;
	ours->rival = sa_spi(sa);
	ours->low_len = low->len;
	memcpy(ours->low, low->b, low->len);
	sa->peer = old->peer;
	fsm_command(sa, COMMAND_INHERIT, "both ends rekey the IKE SA");
}

/*
 * What the IKE SA has, if that is among what the peer offers: some derive the keys of one with
 * another PRF in a way of their own.
 */
static bool rekey_choose(const struct ike_sa *old, const struct msg_sa *offered,
			 struct proposal *suite, struct msg_offer *offer)
{
	const struct proposals *ours = &old->peer->conf->ike;
	const struct proposal same = suite_proposal(&old->suite);

	return (msg_sa_find(offered, &same, suite, offer) ||
		msg_sa_select(offered, ours, false, suite, offer)) &&
	       offer->spi_len == 8 && offer->spi;
}

/*
 * Has the peer still to delete what this one replaced? One that it forgets is kept for a minute: so
 * it can leave one behind, and not as many as it likes.
 */
static bool rekey_too_soon(const struct ike_sa *sa)
{
	const struct ike_sa *before = sa_find(sa->ike, sa->replaced);

	return before && before->state == SA_REKEYED;
}

/* @sa stands, with keys. */
static enum verdict rekey_done(struct ike_sa *sa, struct ike_sa *old, struct rekey_exchange *ours)
{
	if (!ours) {
		rekey_take_over(sa, old, "by the peer");
		return VERDICT_DONE;
	}
	rekey_meet_rival(ours, sa, old);
	return VERDICT_STAY;
}

/* What additional key exchanges have followed. */
static enum verdict rekey_complete(struct inbound *in, struct awaited *a,
				   struct rekey_exchange *ours)
{
	struct ike_sa *old = in->sa, *sa = sa_find(old->ike, a->spi);
	struct chunk first = { a->secret.p, a->secret.len };

	if (!sa || sa->state != SA_NEW || sa->end != SA_KEEP ||
	    !rekey_derive(sa, old, followup_secret(&a->f, first)))
		return rekey_refuse(in, NOTIFY_TEMPORARY_FAILURE);
	return rekey_done(sa, old, ours);
}

/* Answers, and what follows: another key exchange, or @sa. */
static enum verdict rekey_answer_for(struct inbound *in, struct ike_sa *sa,
				     const struct msg_offer *offer, struct rekey_exchange *ours)
{
	struct v2_inbound *v = v2_inbound(in);
	const struct msg_ke *theirs = &v->m.ke;
	const struct proposal suite = suite_proposal(&sa->suite);
	enum verdict verdict = VERDICT_FAIL;
	uint8_t secret[KE_SECRET_MAX];
	uint16_t groups[ADDKE_MAX];
	struct ike *ike = sa->ike;
	struct awaited *a;
	struct chunk first;
	struct ke *ke;

	ke = ke_answer(theirs->group, theirs->data.at, theirs->data.left, ike->env.random,
		       ike->env.ctx, secret, &first.len);
	first.p = secret;
	if (ke)
		rekey_answer(v, sa, ke, offer->number);
	if (ke && proposal_addke(&suite, groups)) {
		a = awaited_new(in, &suite, first, &sa->nr);
		if (a)
			a->spi = sa_spi(sa);
		verdict = a ? VERDICT_STAY : VERDICT_FAIL;
	} else if (ke && rekey_derive(sa, in->sa, (struct ke_secret){ first })) {
		verdict = rekey_done(sa, in->sa, ours);
	}
	mem_wipe(secret, sizeof(secret));
	ke_free(ke);
	return verdict;
}

enum verdict v2_rekey_request(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct ike_sa *sa, *old = in->sa;
	struct rekey_exchange *ours;
	struct proposal suite;
	struct msg_offer offer;
	enum verdict verdict;
	uint16_t group;

	v2_child_heard(old);
	ours = rekey_exchange_find(old);
	/* RFC 7296 2.25.2: not while a CHILD_SA is being made, rekeyed or deleted */
	if (!old->peer || child_exchange_any(old) || rekey_too_soon(old) || (ours && ours->rival))
		return rekey_refuse(in, NOTIFY_TEMPORARY_FAILURE);
	if (awaited_done(old))
		return rekey_complete(in, awaited_done(old), ours);
	if (!rekey_choose(old, &v->m.sa, &suite, &offer))
		return rekey_refuse(in, NOTIFY_NO_PROPOSAL_CHOSEN);
	if (!offer_nonce_ok(v->m.nonce, proposal_find(&suite, TRANSFORM_PRF)->id))
		return rekey_refuse(in, NOTIFY_INVALID_SYNTAX);
	group = offer_group(&suite);
	if (v->m.ke.group != group) {
		v2_refuse_group(v, group);
		return VERDICT_FAIL;
	}
	sa = rekey_successor(in, &suite, offer.spi);
	if (!sa)
		return rekey_refuse(in, NOTIFY_TEMPORARY_FAILURE);
	verdict = rekey_answer_for(in, sa, &offer, ours);
	if (verdict != VERDICT_FAIL) {
		resume_grant(&v->b, sa, &v->m);
		return verdict;
	}
	sa_end(sa, SA_DROP, IKE_FAIL_NONE, "no keys");
	return rekey_refuse(in, NOTIFY_TEMPORARY_FAILURE);
}
