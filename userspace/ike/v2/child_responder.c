// SPDX-License-Identifier: GPL-2.0
/* CREATE_CHILD_SA for a CHILD_SA as responder, and the peer's DELETE of one. */
#include "ike/v2/child_responder.h"

#include "ike/core/text.h"
#include "ike/object/child_sa.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/stream.h"
#include "ike/v2/awaited.h"
#include "ike/v2/child_exchange.h"
#include "ike/v2/config.h"
#include "ike/v2/offer.h"
#include "ike/v2/rekey.h"

static enum verdict respond_refuse(struct inbound *in, uint16_t notify, const char *why)
{
	char name[NAME_STRLEN];

	report_log(in->sa->ike, in->sa->peer, LOG_INFO, "refusing the peer's CREATE_CHILD_SA: %s%s%s",
		   notify_text(notify, name), why[0] ? ": " : "", why);
	v2_refuse(v2_inbound(in), notify, NULL, 0);
	return VERDICT_STAY;
}

enum verdict v2_child_too_late(struct inbound *in)
{
	return respond_refuse(in, NOTIFY_TEMPORARY_FAILURE, "");
}

/* Our half of a new key exchange, and the secret. NULL: the peer's value is unsound. */
static struct ke *respond_ke(struct inbound *in, uint16_t group, uint8_t secret[KE_SECRET_MAX],
			     size_t *secret_len)
{
	const struct msg_ke *theirs = &v2_inbound(in)->m.ke;
	struct ike *ike = in->sa->ike;

	return ke_answer(group, theirs->data.at, theirs->data.left, ike->env.random, ike->env.ctx,
			 secret, secret_len);
}

static void respond_answer(struct v2_inbound *v, const struct offer_taken *taken, uint32_t spi_in,
			   const struct nonce *nr, const struct ke *ke)
{
	const uint8_t *public;
	size_t len;

	config_answer(&v->b, taken->child->peer, &v->m);
	offer_answer(&v->b, &taken->suite, taken->offer.number, spi_in);
	build_nonce(&v->b, nr->b, nr->len);
	if (ke) {
		public = ke_public(ke, &len);
		build_ke(&v->b, ke_group(ke), public, len);
	}
	offer_answer_ts(&v->b, taken);
}

/* ---- the rekey of one */

/* Ours under way for the same: both go on, and the nonces will tell. */
static void respond_meet_rival(struct ike_sa *sa, const struct child_sa *old, uint32_t spi_in,
			       struct cursor ni, const struct nonce *nr)
{
	struct child_exchange *ours = child_exchange_rekey(sa, old->spi_in);
	struct cursor low = child_nonce_cmp(ni.at, ni.left, nr->b, nr->len) < 0 ?
				    ni : cursor_of(nr->b, nr->len);

	if (!ours)
		return;
	ours->rival.spi_in = spi_in;
	ours->rival.low_len = low.left;
	memcpy(ours->rival.low, low.at, low.left);
}

/* Only the inbound SA: the other follows when the peer deletes the old pair. */
static bool respond_rekey_install(struct inbound *in, struct child_sa *pair, struct child_sa *old,
				  const struct nonce *nr)
{
	char why[IKE_WHY_MAX] = "";

	if (!pair_install(pair, false, "rekeyed by the peer", why)) {
		report_log(in->sa->ike, in->sa->peer, LOG_ERR, "the peer's rekey fails here: %s",
			   why);
		pair_remove(pair, "it could not be installed");
		return false;
	}
	pair_succeed(pair, old);
	respond_meet_rival(in->sa, old, pair->spi_in, v2_inbound(in)->m.nonce, nr);
	return true;
}

static bool respond_new_install(struct child_sa *pair, const struct offer_taken *taken,
				struct cause *cause)
{
	if (child_install(taken->child, pair, &taken->ts, cause))
		return true;
	child_failed(taken->child, cause);
	return false;
}

/* @pair has its keys, or is NULL: @cause. */
static enum verdict respond_install(struct inbound *in, struct child_sa *pair,
				    const struct offer_taken *taken, struct child_sa *old,
				    const struct nonce *nr, struct cause *cause)
{
	bool ok = pair && (old ? respond_rekey_install(in, pair, old, nr) :
				 respond_new_install(pair, taken, cause));

	return ok ? VERDICT_DONE : respond_refuse(in, NOTIFY_TEMPORARY_FAILURE, cause->text);
}

/* Additional key exchanges follow: until they are done there is a number only. */
static enum verdict respond_await(struct inbound *in, const struct offer_taken *taken,
				  const struct ke *ke, struct chunk secret, const struct nonce *nr)
{
	struct cause cause = {0};
	uint32_t spi = offer_reserve(taken->child, &cause);
	struct awaited *a = NULL;

	if (spi) {
		respond_answer(v2_inbound(in), taken, spi, nr, ke);
		a = awaited_new(in, &taken->suite, secret, nr);
	}
	if (!a) {
		pair_spi_free(taken->child, spi);
		return respond_refuse(in, NOTIFY_TEMPORARY_FAILURE, cause.text);
	}
	a->child = taken->child->id;
	a->spi_in = spi;
	return VERDICT_STAY;
}

/* They are done, and the request is the one of then: so is the answer, unless much has changed. */
static enum verdict respond_complete(struct inbound *in, const struct offer_taken *taken,
				     struct child_sa *old, struct awaited *a)
{
	struct v2_inbound *v = v2_inbound(in);
	struct chunk first = { a->secret.p, a->secret.len };
	struct cause cause = {0};
	struct child_sa *pair;

	if (a->child != taken->child->id || memcmp(&a->suite, &taken->suite, sizeof(a->suite)))
		return respond_refuse(in, NOTIFY_TEMPORARY_FAILURE,
				      "what it was granted is not to be had any more");
	pair = offer_pair(taken, a->spi_in, in->sa, &v->m, followup_secret(&a->f, first),
			  offer_chunk(v->m.nonce), (struct chunk){ a->nr.b, a->nr.len }, &cause);
	a->spi_in = 0;
	return respond_install(in, pair, taken, old, &a->nr, &cause);
}

/* Everything agrees. @old: the pair that it rekeys, or NULL. */
static enum verdict respond_make(struct inbound *in, struct offer_taken *taken,
				 struct child_sa *old)
{
	struct v2_inbound *v = v2_inbound(in);
	uint16_t group = offer_group(&taken->suite), more[ADDKE_MAX];
	struct nonce nr = { .len = IKE_NONCE_LEN };
	uint8_t secret[KE_SECRET_MAX];
	struct cause cause = {0};
	size_t secret_len = 0;
	enum verdict verdict;
	struct ke *ke = NULL;
	struct child_sa *pair;

	if (awaited_done(in->sa))
		return respond_complete(in, taken, old, awaited_done(in->sa));

	if (group) {
		ke = respond_ke(in, group, secret, &secret_len);
		if (!ke)
			return respond_refuse(in, NOTIFY_INVALID_SYNTAX,
					      "an invalid key exchange value");
	}
	ike_random(in->sa->ike, nr.b, nr.len);
	if (proposal_addke(&taken->suite, more)) {
		verdict = respond_await(in, taken, ke, (struct chunk){ secret, secret_len }, &nr);
	} else {
		pair = offer_pair(taken, 0, in->sa, &v->m,
				  (struct ke_secret){ { secret, secret_len } },
				  offer_chunk(v->m.nonce), (struct chunk){ nr.b, nr.len }, &cause);
		if (pair)
			respond_answer(v, taken, pair->spi_in, &nr, ke);
		verdict = respond_install(in, pair, taken, old, &nr, &cause);
	}
	mem_wipe(secret, sizeof(secret));
	ke_free(ke);
	return verdict;
}

/* True: the answer asks for another group. */
static bool respond_other_group(struct inbound *in, const struct proposal *suite)
{
	struct v2_inbound *v = v2_inbound(in);
	uint16_t group = offer_group(suite);

	if (!group || v->m.ke.group == group)
		return false;
	v2_refuse_group(v, group);
	return true;
}

static struct child_sa *respond_find_pair(const struct ike_sa *sa, uint32_t spi_out)
{
	const struct child *child;
	struct child_sa *pair;

	TAILQ_FOREACH(child, &sa->peer->children, link) {
		pair = pair_by_out(child, spi_out);
		if (pair && pair->sa == sa)
			return pair;
	}
	return NULL;
}

/* The CHILD_SA the peer wants to rekey, if that makes sense now, RFC 7296 2.25.1. */
static struct child_sa *respond_find_old(struct inbound *in, uint32_t spi)
{
	struct v2_inbound *v = v2_inbound(in);
	struct child_sa *old = respond_find_pair(in->sa, spi);

	if (!old && child_exchange_makes(in->sa)) {
		respond_refuse(in, NOTIFY_TEMPORARY_FAILURE, "its answer to us is under way");
		return NULL;
	}
	if (!old || old->peer_deleted) {
		build_notify(&v->b, NOTIFY_CHILD_SA_NOT_FOUND, PROTO_ESP, spi, 4, NULL, 0);
		return NULL;
	}
	if (old->state != PAIR_ACTIVE || old->successor) {
		respond_refuse(in, NOTIFY_TEMPORARY_FAILURE, "");
		return NULL;
	}
	return old;
}

static enum verdict respond_narrowed(struct inbound *in)
{
	const struct msg *m = &v2_inbound(in)->m;
	char local[160], remote[160];

	report_log(in->sa->ike, in->sa->peer, LOG_WARNING,
		   "the peer's rekey would not carry all that the CHILD_SA does, only %s === %s",
		   offer_ts_text(&m->tsr, local, sizeof(local)),
		   offer_ts_text(&m->tsi, remote, sizeof(remote)));
	return respond_refuse(in, NOTIFY_TS_UNACCEPTABLE, "");
}

static enum verdict respond_rekey(struct inbound *in, uint32_t spi)
{
	const struct msg *m = &v2_inbound(in)->m;
	struct child_sa *old = respond_find_old(in, spi);
	struct offer_taken taken = {0};
	struct cause cause = {0};
	struct ts_pair theirs;
	bool all;

	if (!old)
		return VERDICT_STAY;
	taken.child = old->child;
	if (old->child->conf->transport && !offer_mode_is_right(old->child, m, &cause))
		return respond_refuse(in, NOTIFY_NO_PROPOSAL_CHOSEN, cause.text);
	if (!offer_select(&old->child->conf->esp, &m->sa, false, &taken.suite, &taken.offer))
		return respond_refuse(in, NOTIFY_NO_PROPOSAL_CHOSEN, "");
	/* RFC 7296 2.9.2: a rekey carries all that the old one did */
	all = offer_ts_here(in->sa, old->child, m, true, &theirs, &taken.names) &&
	      ts_list_within(old->child->local_ts, theirs.local) &&
	      ts_list_within(old->child->remote_ts, theirs.remote);
	ts_pair_clear(&theirs);
	if (!all)
		return respond_narrowed(in);
	if (respond_other_group(in, &taken.suite))
		return VERDICT_STAY;
	taken.ts = (struct ts_pair){ old->child->local_ts, old->child->remote_ts };
	return respond_make(in, &taken, old);
}

/* ---- a new one */

/* We make the same at this moment: of the two the one of who began the IKE SA goes on. */
static bool respond_ours_goes_on(const struct inbound *in, const struct child *child)
{
	return child->state == CHILD_CONNECTING && in->sa->began &&
	       child_exchange_new(in->sa, child->id);
}

/*
 * May it have been under way when our own request made @pair? As the first since then it may have
 * been for long, where nothing has arrived.
 */
static bool respond_was_under_way(const struct inbound *in, const struct child_sa *pair)
{
	bool first = pair->installed_ms >= in->sa->established_ms && in->h.id == pair->next_in;

	return ike_now(in->sa->ike) <
	       pair->installed_ms + (first ? PAIR_ASKED_MS : PAIR_SWITCH_MS);
}

/*
 * The pair of the IKE SA before that the new one is to follow. Or the one that our own request has
 * just made, of the same selectors: the peer's for it was under way meanwhile. Later, or of a pair
 * that the peer has made, it means that the peer has lost it.
 */
static struct child_sa *respond_first(const struct inbound *in, const struct offer_taken *taken)
{
	const struct child *child = taken->child;
	struct child_sa *pair = pair_active(child);

	if (child_is_behind(child))
		return offer_first(taken);
	if (!pair || pair->sa != in->sa || !pair->ours || !respond_was_under_way(in, pair) ||
	    !ts_list_equal(taken->ts.local, child->local_ts) ||
	    !ts_list_equal(taken->ts.remote, child->remote_ts))
		return NULL;
	return pair;
}

/*
 * The second of two: as after a rekey nothing is sent on it before the peer deletes the first, or
 * what we send overtakes the answer. A peer that keeps both has the second after a while.
 */
static enum verdict respond_second(struct inbound *in, struct offer_taken *taken,
				   struct child_sa *first)
{
	enum verdict verdict;

	if (!pair_is_free_for(first, in->sa) ||
	    (first->sa && child_exchange_rekey(first->sa, first->spi_in)))
		return respond_refuse(in, NOTIFY_TEMPORARY_FAILURE, "it is being rekeyed");
	verdict = respond_make(in, taken, first);
	if (first->successor)
		pair_switch_later(first);
	return verdict;
}

static enum verdict respond_new(struct inbound *in)
{
	const struct msg *m = &v2_inbound(in)->m;
	struct peer *peer = in->sa->peer;
	struct offer_taken taken = {0};
	struct cause cause = {0};
	struct child_sa *first;
	enum verdict verdict;
	uint16_t notify;

	if (in->sa != peer->sa)
		return respond_refuse(in, NOTIFY_TEMPORARY_FAILURE,
				      "another IKE SA has followed this one");
	notify = config_grant(peer, m, &cause);
	if (!notify)
		notify = offer_take(peer, in->sa, m, false, &taken, &cause);
	if (notify)
		return respond_refuse(in, notify, cause.text);
	first = respond_first(in, &taken);
	if (respond_ours_goes_on(in, taken.child))
		verdict = respond_refuse(in, NOTIFY_TEMPORARY_FAILURE, "we are making it ourselves");
	else if (respond_other_group(in, &taken.suite))
		verdict = VERDICT_STAY;
	else if (first)
		verdict = respond_second(in, &taken, first);
	else
		verdict = respond_make(in, &taken, NULL);
	ts_pair_clear(&taken.ts);
	return verdict;
}

enum verdict v2_child_request(struct inbound *in)
{
	const struct msg *m = &v2_inbound(in)->m;
	const struct msg_notify *n = msg_notify(m, NOTIFY_REKEY_SA);
	struct cause cause;

	v2_child_heard(in->sa);
	/* RFC 7296 2.25.2: not while we rekey the IKE SA */
	if (!in->sa->peer || rekey_exchange_find(in->sa))
		return v2_child_too_late(in);
	if (!offer_nonce_ok(m->nonce, in->sa->prf))
		return respond_refuse(in, NOTIFY_INVALID_SYNTAX, "its nonce is too short");
	if (stream_refuses_child(in->sa, &cause))
		return respond_refuse(in, NOTIFY_NO_PROPOSAL_CHOSEN, cause.text);
	if (n && n->protocol == PROTO_ESP && n->spi_len == 4)
		return respond_rekey(in, n->spi);
	if (n)
		return respond_refuse(in, NOTIFY_NO_ADDITIONAL_SAS, "only ESP SAs can be rekeyed");
	return respond_new(in);
}

/* ---- from one IKE SA to another */

/* The next pair that is to give way to one on @sa; @with_auth: to one of IKE_AUTH only. */
static struct child_sa *respond_heir(const struct ike_sa *sa, bool with_auth)
{
	const struct child *child;
	struct child_sa *pair, *old;

	TAILQ_FOREACH(child, &sa->peer->children, link)
		TAILQ_FOREACH(pair, &child->pairs, link) {
			if (pair->sa != sa || pair->state != PAIR_INBOUND ||
			    (with_auth && !pair->with_auth))
				continue;
			old = pair_predecessor(pair);
			if (old && old->sa != sa && old->state == PAIR_ACTIVE)
				return old;
		}
	return NULL;
}

static void respond_follow(struct ike_sa *sa, bool with_auth)
{
	struct child_sa *old;

	while (sa->peer && (old = respond_heir(sa, with_auth))) {
		if (!child_follow(old->child, old, "the peer has it"))
			return;		/* the next message, or its timer, tries again */
		/* the peer is to delete it, or its IKE SA, but not for ever */
		pair_retire(old, "another IKE SA's has followed");
		if (old->sa)
			pair_retry(old, PAIR_SWITCH_MS, PAIR_SWITCH_MS);
	}
}

void v2_child_heard(struct ike_sa *sa)
{
	rekey_used(sa);
	respond_follow(sa, false);
}

void v2_child_answered(struct ike_sa *sa)
{
	respond_follow(sa, true);
}

/* ---- the peer's DELETE of a CHILD_SA */

static void respond_active_deleted(struct inbound *in, struct child_sa *pair)
{
	struct child *child = pair->child;
	struct child_sa *successor = pair_by_in(child, pair->successor);
	uint32_t old_in = pair->spi_in, old_out = pair->spi_out;
	struct cause cause;

	if (successor && successor->sa != in->sa && in->sa->passed_by) {
		pair->sa = NULL;	/* until the peer has that one: peer_let_follow() */
	} else if (successor) {
		if (!pair_switch(successor, "the peer has deleted the old one")) {
			cause_set(&in->cause, IKE_FAIL_KERNEL,
				  "the kernel refuses the new outbound SA");
			return;
		}
		pair_linger(pair, "deleted by the peer after its rekey");
		child_rekeyed(child, successor, old_in, old_out);
	} else if (child_exchange_rekey(in->sa, pair->spi_in)) {
		pair->peer_deleted = true;	/* the answer to our rekey decides */
		in->sa->hurry = true;		/* until then nothing we send arrives */
	} else {
		cause_set(&cause, IKE_FAIL_DOWN, "the peer has deleted the CHILD_SA");
		pair_linger(pair, cause.text);
		child_lost(child, &cause);
	}
}

/*
 * What was to follow a pair without an IKE SA had given way to a third IKE SA's, and is deleted:
 * the peer is beyond both. A peer that often makes another would never let that follow in time.
 */
static void respond_passed_over(struct child *child)
{
	struct child_sa *active = pair_active(child);

	if (active && !active->sa && pair_has_heir(active) &&
	    child_follow(child, active, "the peer has deleted what gave way to it"))
		pair_retire(active, "another IKE SA's has followed");
}

/*
 * The peer's rekey has lost against ours, or the peer thinks better of it: then the old one
 * wants another. With an IKE SA that has ended the peer has no old one either.
 */
static void respond_inbound_deleted(struct ike_sa *sa, struct child_sa *pair)
{
	struct child_sa *old = pair_predecessor(pair);
	struct child_exchange *ours = old ? child_exchange_rekey(sa, old->spi_in) : NULL;
	struct cause cause;

	if (ours && ours->rival.spi_in == pair->spi_in)
		ours->rival.gone = true;
	if (old)
		old->successor = 0;
	pair_linger(pair, "deleted by the peer");
	if (!old)
		respond_passed_over(pair->child);
	if (!old || old->state != PAIR_ACTIVE || ours)
		return;
	if (old->sa) {
		pair_retry(old, PAIR_RETRY_MIN_MS, PAIR_RETRY_MAX_MS);
		return;
	}
	cause_set(&cause, IKE_FAIL_DOWN, "the peer has deleted the CHILD_SA that was to follow");
	pair_linger(old, cause.text);
	child_lost(old->child, &cause);
}

bool v2_child_deleted(struct inbound *in, uint32_t spi_out, uint32_t *spi_in)
{
	struct child_sa *pair = in->sa->peer ? respond_find_pair(in->sa, spi_out) : NULL;

	if (!pair) {
		child_exchange_deleted(in->sa, spi_out);
		return false;
	}
	*spi_in = pair->spi_in;
	switch (pair->state) {
	case PAIR_ACTIVE:
		respond_active_deleted(in, pair);
		return true;
	case PAIR_INBOUND:
		respond_inbound_deleted(in->sa, pair);
		return true;
	case PAIR_DELETING:
		/* both at once: the answer does not name it, RFC 7296 1.4.1 */
		pair_linger(pair, "deleted by both");
		return false;
	default:
		pair_linger(pair, "deleted by the peer");
		return true;
	}
}
