// SPDX-License-Identifier: GPL-2.0
#include "ike/core/text.h"
#include "ike/object/child_sa.h"
#include "ike/object/part.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"
#include "ike/v2/child_exchange.h"
#include "ike/v2/config.h"
#include "ike/v2/offer.h"

#define CHILD_BUSY_MAX	3	/* answers TEMPORARY_FAILURE to a new child, in a row */
#define NO_MORE		"the peer makes no more SAs in this IKE SA: another one follows"

static struct child_exchange *child_exchange(const struct exchange *ex)
{
	return (void *)ex->priv;
}

int child_nonce_cmp(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int diff = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return diff ? diff : (a_len > b_len) - (a_len < b_len);
}

struct child_exchange *child_exchange_rekey(const struct ike_sa *sa, uint32_t old_in)
{
	struct exchange *ex;

	TAILQ_FOREACH(ex, &sa->exchanges, link)
		if (ex->kind == &v2_kind_rekey_child && child_exchange(ex)->old_in == old_in)
			return child_exchange(ex);
	return NULL;
}

struct child_exchange *child_exchange_new(const struct ike_sa *sa, uint32_t child)
{
	struct exchange *ex;

	TAILQ_FOREACH(ex, &sa->exchanges, link)
		if (ex->kind == &v2_kind_new_child && child_exchange(ex)->child == child)
			return child_exchange(ex);
	return NULL;
}

static bool child_makes(const struct exchange *ex)
{
	return ex->kind == &v2_kind_rekey_child || ex->kind == &v2_kind_new_child;
}

struct followup *child_exchange_followup(const struct exchange *ex)
{
	return child_makes(ex) ? &child_exchange(ex)->followup : NULL;
}

bool child_exchange_makes(const struct ike_sa *sa)
{
	const struct exchange *ex;

	TAILQ_FOREACH(ex, &sa->exchanges, link)
		if (child_makes(ex))
			return true;
	return false;
}

void child_exchange_deleted(const struct ike_sa *sa, uint32_t spi)
{
	struct child_exchange *p;
	struct exchange *ex;

	TAILQ_FOREACH(ex, &sa->exchanges, link) {
		if (!child_makes(ex))
			continue;
		p = child_exchange(ex);
		p->deleted[p->deleted_count++ % CHILD_DELETED_MAX] = spi;
	}
}

/* Was what the answer makes deleted before the answer came? */
static bool child_is_deleted(const struct child_exchange *p, uint32_t spi)
{
	for (unsigned int i = 0; i < p->deleted_count && i < CHILD_DELETED_MAX; i++)
		if (p->deleted[i] == spi)
			return true;
	return false;
}

bool child_exchange_any(const struct ike_sa *sa)
{
	const struct exchange *ex;

	TAILQ_FOREACH(ex, &sa->exchanges, link)
		if (ex->kind->about_child)
			return true;
	return false;
}

static void child_forget(struct exchange *ex)
{
	struct child_exchange *p = child_exchange(ex);
	struct child *child = child_find(ex->sa->ike, p->child);

	if (child)
		pair_spi_free(child, p->new_spi);
	ke_free(p->ke);
	followup_clear(&p->followup);
}

/* Its IKE SA has ended before the answer, which has put nothing off: another one may make it. */
static void child_new_forget(struct exchange *ex)
{
	struct child *child = child_find(ex->sa->ike, child_exchange(ex)->child);

	child_forget(ex);
	if (!child || child->state != CHILD_CONNECTING || timer_armed(&child->retry))
		return;
	child->wanted = true;
	if (child->peer->sa)
		sa_touch(child->peer->sa);
}

/* ---- the request */

/* Of those we have for a child the one of the IKE SA, else the first; KE_NONE: there is none. */
static uint16_t child_likely_group(const struct ike_sa *sa, const struct child *child)
{
	const struct proposals *list = &child->conf->esp;
	uint16_t group = suite_group(&sa->suite);

	if (proposals_have_group(list, group))
		return group;
	for (unsigned int i = 0; i < list->count; i++) {
		group = offer_group(&list->p[i]);
		if (group)
			return group;
	}
	return KE_NONE;
}

static bool child_prepare(struct exchange *ex, struct child *child, uint16_t group)
{
	struct child_exchange *p = child_exchange(ex);
	struct ike_sa *sa = ex->sa;
	struct ike *ike = sa->ike;
	char why[IKE_WHY_MAX] = "";

	p->child = child->id;
	if (!pair_spi_alloc(child, &p->new_spi, why)) {
		report_log(ike, sa->peer, LOG_ERR, "no CREATE_CHILD_SA for %s: %s",
			   child->conf->name, why);
		return false;
	}
	p->group = group;
	if (!offer_with_group(&child->conf->esp, group).count)
		p->group = child_likely_group(sa, child);
	if (p->group)
		p->ke = ke_new(p->group, ike->env.random, ike->env.ctx);
	if (p->group && !p->ke) {
		report_log(ike, sa->peer, LOG_ERR,
			   "no CREATE_CHILD_SA for %s: key exchange group %u is not supported",
			   child->conf->name, p->group);
		return false;
	}
	ike_random(ike, p->nonce, sizeof(p->nonce));
	return true;
}

static enum built child_build(struct exchange *ex, struct child *child,
			      const struct ts_list *local_ts, struct cause *cause)
{
	struct child_exchange *p = child_exchange(ex);
	struct proposals offers = offer_with_group(&child->conf->esp, p->group);
	const uint8_t *public;
	struct builder b;
	size_t len;

	v2_request_begin(ex, &b);
	if (p->old_in)
		build_notify(&b, NOTIFY_REKEY_SA, PROTO_ESP, p->old_in, 4, NULL, 0);
	else if (child->peer->conf->ask_address && !child->peer->given)
		config_ask(&b, child->peer);
	offer_build_mode(&b, child);
	offer_build(&b, &offers, true, p->new_spi);
	build_nonce(&b, p->nonce, sizeof(p->nonce));
	if (p->ke) {
		public = ke_public(p->ke, &len);
		build_ke(&b, p->group, public, len);
	}
	if (p->old_in) {
		build_ts(&b, PAYLOAD_TSI, local_ts->ts, local_ts->count);
		build_ts(&b, PAYLOAD_TSR, child->remote_ts->ts, child->remote_ts->count);
	} else {
		offer_build_ts(&b, child, local_ts);
	}
	return v2_request_end(ex, &b, cause);
}

/* The next pair that wants new keys, or NULL. */
static struct child_sa *child_to_rekey(const struct ike_sa *sa)
{
	const struct child *child;
	struct child_sa *pair;

	if (!sa->peer)
		return NULL;
	TAILQ_FOREACH(child, &sa->peer->children, link) {
		pair = pair_active(child);
		if (pair && pair->sa == sa && !child_is_behind(child) && pair->want_rekey &&
		    !pair->successor)
			return pair;
	}
	return NULL;
}

static bool child_rekey_wanted(const struct ike_sa *sa)
{
	return child_to_rekey(sa);
}

static enum built child_rekey_build(struct exchange *ex, struct cause *cause)
{
	struct child_exchange *p = child_exchange(ex);
	struct child_sa *pair;
	struct child *child;

	if (followup_goes_on(&p->followup))
		return followup_build(ex, &p->followup, cause);
	pair = child_to_rekey(ex->sa);
	child = pair->child;
	pair->want_rekey = false;
	if (!child_prepare(ex, child, pair->group)) {
		pair_retry(pair, PAIR_RETRY_MIN_MS, PAIR_RETRY_MAX_MS);
		return BUILD_NOTHING;
	}
	p->old_in = pair->spi_in;
	return child_build(ex, child, child->local_ts, cause);
}

static bool child_new_wanted(const struct ike_sa *sa)
{
	return sa->peer && sa->peer->sa == sa && !sa->remote.stream && peer_next_child(sa->peer);
}

static enum built child_new_build(struct exchange *ex, struct cause *cause)
{
	struct followup *f = &child_exchange(ex)->followup;
	struct ts_list *local_ts;
	struct child *child;
	struct cause why;
	enum built built;
	uint16_t group;

	if (followup_goes_on(f))
		return followup_build(ex, f, cause);
	child = peer_next_child(ex->sa->peer);
	group = child->group;
	/* with a group where the first proposal has one */
	if (!group && child->conf->esp.count)
		group = offer_group(&child->conf->esp.p[0]);
	child->wanted = false;
	cause_set(&why, IKE_FAIL_KERNEL, "the request cannot be made; see the log");
	local_ts = mode_cut(child, ex->sa, &why) ? config_local_ts(child) : NULL;
	if (!local_ts || !child_prepare(ex, child, group)) {
		ts_list_put(local_ts);
		child_failed(child, &why);
		return BUILD_NOTHING;
	}
	built = child_build(ex, child, local_ts, cause);
	ts_list_put(local_ts);
	return built;
}

const struct exchange_kind v2_kind_rekey_child = {
	.name = "CREATE_CHILD_SA",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_CREATE_CHILD_SA,
	.priv_size = sizeof(struct child_exchange),
	.about_child = true,
	.wanted = child_rekey_wanted,
	.build = child_rekey_build,
	.forget = child_forget,
};

const struct exchange_kind v2_kind_new_child = {
	.name = "CREATE_CHILD_SA",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_CREATE_CHILD_SA,
	.priv_size = sizeof(struct child_exchange),
	.about_child = true,
	.wanted = child_new_wanted,
	.build = child_new_build,
	.forget = child_new_forget,
};

/* ---- its answer */

/* Both ends rekeyed at once: does our exchange have the lowest nonce, RFC 7296 2.8.1? */
static bool child_we_lose(const struct child_exchange *p, struct cursor nr)
{
	const struct rival *rival = &p->rival;
	const uint8_t *low = p->nonce;
	size_t low_len = sizeof(p->nonce);

	if (!rival->spi_in || rival->gone)
		return false;
	if (child_nonce_cmp(nr.at, nr.left, low, low_len) < 0) {
		low = nr.at;
		low_len = nr.left;
	}
	return child_nonce_cmp(low, low_len, rival->low, rival->low_len) < 0;
}

/* The pair that the answer makes, with its keys; NULL: it cannot be. */
static struct child_sa *child_make_pair(struct inbound *in, struct child *child,
					const struct proposal *suite)
{
	struct v2_inbound *v = v2_inbound(in);
	struct child_exchange *p = child_exchange(in->ex);
	uint8_t secret[KE_SECRET_MAX];
	size_t secret_len = 0;
	struct child_sa *pair = NULL;
	bool ok;

	ok = followup_complete(&p->followup, suite) &&
	     (!offer_group(suite) ||
	      ke_derive(p->ke, v->m.ke.data.at, v->m.ke.data.left, secret, &secret_len));
	if (ok)
		pair = pair_new(child, in->sa, suite, p->new_spi, offer_spi(&v->m.sa));
	if (pair) {
		p->new_spi = 0;
		ok = pair_derive(pair, true,
				 followup_secret(&p->followup,
						 (struct chunk){ secret, secret_len }),
				 (struct chunk){ p->nonce, sizeof(p->nonce) },
				 offer_chunk(v->m.nonce));
	}
	mem_wipe(secret, sizeof(secret));
	if (ok || !pair)
		return pair;
	pair_retire(pair, "its keys cannot be derived");
	return NULL;
}

/* The answer is refused, but the peer has made a CHILD_SA of it: it is told to delete that. */
static void child_reject_answer(struct inbound *in, struct child *child, const char *why)
{
	struct v2_inbound *v = v2_inbound(in);
	struct child_exchange *p = child_exchange(in->ex);

	if (p->new_spi && v->m.sa.count && !child_is_deleted(p, offer_spi(&v->m.sa)))
		offer_reject(child, in->sa, &v->m.sa, &p->new_spi, why);
}

static bool child_suite_is_right(struct inbound *in, const struct child *child,
				 struct proposal *suite)
{
	const struct msg *m = &v2_inbound(in)->m;
	uint16_t group = child_exchange(in->ex)->group;
	struct proposals offers = offer_with_group(&child->conf->esp, group);

	return offer_chosen(&offers, &m->sa, group, suite) &&
	       (!offer_group(suite) || m->ke.group == group) &&
	       offer_nonce_ok(m->nonce, in->sa->prf);
}

/* RFC 7296 2.9.2: a rekey carries all that the old one did. Ours offered no more than that. */
static bool child_same_selectors(const struct child *child, const struct ts_pair *ts)
{
	return ts_list_same(ts->local, child->local_ts) &&
	       ts_list_same(ts->remote, child->remote_ts);
}

static bool child_rekey_is_right(struct inbound *in, const struct child *child,
				 struct proposal *suite, struct cause *cause)
{
	const struct msg *m = &v2_inbound(in)->m;
	char local[80], remote[80], was_local[80], was_remote[80];
	struct mode_names names;
	struct ts_pair ts;
	bool same;

	if (child_is_deleted(child_exchange(in->ex), offer_spi(&m->sa))) {
		cause_set(cause, IKE_FAIL_DOWN, "the peer has deleted what it made of our rekey");
		return false;
	}
	if (!child_suite_is_right(in, child, suite)) {
		cause_set(cause, IKE_FAIL_NO_PROPOSAL_CHILD,
			  "the peer answers our rekey with what we did not offer");
		return false;
	}
	if (!offer_mode_is_right(child, m, cause))
		return false;
	same = offer_ts_here(in->sa, child, m, false, &ts, &names) &&
	       child_same_selectors(child, &ts);
	ts_pair_clear(&ts);
	if (!same)
		cause_set(cause, IKE_FAIL_TS,
			  "the peer answers our rekey with other selectors than the CHILD_SA has: "
			  "%s === %s instead of %s === %s",
			  offer_ts_text(&m->tsi, local, sizeof(local)),
			  offer_ts_text(&m->tsr, remote, sizeof(remote)),
			  ts_list_str(child->local_ts, was_local, sizeof(was_local)),
			  ts_list_str(child->remote_ts, was_remote, sizeof(was_remote)));
	return same;
}

static void child_take_over(struct child_sa *pair, struct child_sa *old)
{
	uint32_t old_in = old->spi_in, old_out = old->spi_out;

	pair_inherit(pair, old);
	old->successor = 0;
	if (old->peer_deleted)
		pair_linger(old, "rekeyed, and deleted by the peer");
	else
		pair_retire(old, "rekeyed by us");
	child_rekeyed(pair->child, pair, old_in, old_out);
}

/* Our rekey came to nothing: the old pair lives to its hard limit, and is tried again. */
static void child_rekey_again(struct child_sa *old)
{
	old->group = KE_NONE;
	old->group_asked = false;
	pair_retry(old, PAIR_RETRY_MIN_MS, PAIR_RETRY_MAX_MS);
}

/* Likewise, and not for the moment only. */
static void child_rekey_failed(struct child_sa *old, const struct cause *cause)
{
	if (!old || old->state != PAIR_ACTIVE || old->successor)
		return;
	child_rekey_again(old);
	report_child(old->child, IKE_EV_REKEY_FAILED, cause);
}

static void child_rekey_response(struct inbound *in, struct child *child)
{
	struct child_exchange *p = child_exchange(in->ex);
	struct child_sa *pair, *old = pair_by_in(child, p->old_in);
	bool lose = child_we_lose(p, v2_inbound(in)->m.nonce);
	char why[IKE_WHY_MAX] = "";
	struct proposal suite;
	struct cause cause;

	cause_set(&cause, IKE_FAIL_PROTOCOL, "the keys of the new CHILD_SA cannot be derived");
	pair = child_rekey_is_right(in, child, &suite, &cause) ?
		       child_make_pair(in, child, &suite) : NULL;
	if (!pair) {
		child_reject_answer(in, child, cause.text);
		child_rekey_failed(old, &cause);
		return;
	}
	/*
	 * the peer's rekey of the same has won, or is complete, or it has deleted the old one and
	 * made another: nothing is sent on ours, but something may come
	 */
	lose = lose || !old || old->state != PAIR_ACTIVE;
	if (!child_carries(child)) {
		pair_retire(pair, "its child is gone");
	} else if (!pair_install(pair, !lose, "rekeyed by us", why)) {
		cause_set(&cause, IKE_FAIL_KERNEL, "the new CHILD_SA: %s", why);
		pair_retire(pair, "the kernel refuses it");
		child_rekey_failed(old, &cause);
	} else if (lose) {
		pair_retire(pair, "the peer's rekey has won");
	} else {
		child_take_over(pair, old);
	}
}

static void child_new_response(struct inbound *in, struct child *child)
{
	struct v2_inbound *v = v2_inbound(in);
	struct peer *peer = child->peer;
	struct cause cause = {0};
	char text[160];
	struct child_sa *pair = NULL;
	struct child *part = NULL;
	struct proposal suite;
	struct ts_pair ts = {0};

	child->group_asked = false;
	if (!child_suite_is_right(in, child, &suite))
		cause_set(&cause, IKE_FAIL_NO_PROPOSAL_CHILD,
			  "the peer chose an ESP proposal that we did not offer: %s",
			  offer_text(&v->m.sa, text, sizeof(text)));
	else if (!offer_ts_answered(in->sa, child, &v->m, &ts, &cause))
		;
	else if (child_is_deleted(child_exchange(in->ex), offer_spi(&v->m.sa)))
		cause_set(&cause, IKE_FAIL_DOWN, "the peer has deleted it already");
	else if (child->held_down)
		cause_set(&cause, IKE_FAIL_DOWN, "taken down meanwhile");
	else if ((!peer->conf->ask_address || peer->given ||
		  config_take(peer, &v->m, &cause)) && config_narrow(peer, &ts, &cause) &&
		 offer_claim(peer, &ts, &cause))
		part = part_for(child, &ts, &cause);	/* the peer has made another meanwhile */
	if (part) {
		child = part;
		pair = child_make_pair(in, child, &suite);
	}
	if (!pair) {
		if (!cause.failure)
			cause_set(&cause, IKE_FAIL_PROTOCOL, "its keys cannot be derived");
		report_log(peer->ike, peer, LOG_WARNING, "%s: %s", child->conf->name, cause.text);
		child_reject_answer(in, child, cause.text);
		child_failed(child, &cause);
	} else if (!offer_install(child, pair, &ts, &v->m, &cause)) {
		child_failed(child, &cause);
	}
	ts_pair_clear(&ts);
}

enum verdict child_exchange_granted(struct inbound *in)
{
	struct child *child = child_find(in->sa->ike, child_exchange(in->ex)->child);
	struct proposal suite;

	if (!child)
		return VERDICT_STAY;
	if (child_suite_is_right(in, child, &suite) &&
	    followup_begin(child_exchange_followup(in->ex), in, &suite))
		return VERDICT_STAY;
	if (child_exchange(in->ex)->old_in)
		child_rekey_response(in, child);
	else
		child_new_response(in, child);
	return VERDICT_STAY;
}

/* ---- refused */

/*
 * INVALID_KE_PAYLOAD, RFC 7296 1.3: once more with the group the peer wants, if that is one of
 * ours. NO_PROPOSAL_CHOSEN to an offer without groups: once more with one.
 */
static uint16_t child_other_group(struct inbound *in, const struct child *child, bool asked,
				  const struct msg_notify *error)
{
	struct child_exchange *p = child_exchange(in->ex);
	struct cursor data = error->data;
	uint16_t group = KE_NONE;

	if (error->type == NOTIFY_NO_PROPOSAL_CHOSEN && !p->group)
		return child_likely_group(in->sa, child);
	if (error->type == NOTIFY_INVALID_KE_PAYLOAD && !asked && cursor_u16(&data, &group) &&
	    group != p->group && proposals_have_group(&child->conf->esp, group))
		return group;
	return KE_NONE;
}

/* What a person can do about NO_PROPOSAL_CHOSEN where no group was asked for, else "". */
static const char *child_pfs_hint(const struct inbound *in, const struct child *child,
				  const struct msg_notify *error)
{
	if (!error || error->type != NOTIFY_NO_PROPOSAL_CHOSEN ||
	    child_likely_group(in->sa, child))
		return "";
	return "; if it wants perfect forward secrecy (pfs), esp needs a group: aes128gcm16-x25519";
}

/* Busy, perhaps with the same: another try in a moment, without a word to the user. */
static bool child_is_put_off(const struct msg_notify *error)
{
	return error && (error->type == NOTIFY_TEMPORARY_FAILURE ||
			 error->type == NOTIFY_STATE_NOT_FOUND);
}

static void child_rekey_refused_because(struct inbound *in, const struct child *child,
					const struct msg_notify *error, struct cause *cause)
{
	static const char later[] = "; its keys go on, and it is asked again";
	char text[160], name[NAME_STRLEN];

	if (!error)
		cause_set(cause, IKE_FAIL_PROTOCOL,
			  "the peer's answer to our rekey of the CHILD_SA has neither an SA nor an "
			  "error%s", later);
	else if (error->type == NOTIFY_NO_PROPOSAL_CHOSEN)
		cause_set(cause, IKE_FAIL_NO_PROPOSAL_CHILD,
			  "the peer refuses to rekey the CHILD_SA (NO_PROPOSAL_CHOSEN): %s; compare "
			  "esp with the peer's%s%s",
			  proposals_text(&child->conf->esp, text, sizeof(text)),
			  child_pfs_hint(in, child, error), later);
	else if (error->type == NOTIFY_TS_UNACCEPTABLE)
		cause_set(cause, IKE_FAIL_TS,
			  "the peer refuses to rekey the CHILD_SA (TS_UNACCEPTABLE): compare "
			  "local-ts and remote-ts with the peer's%s", later);
	else
		cause_set(cause, IKE_FAIL_PEER, "the peer refuses to rekey the CHILD_SA: %s%s",
			  notify_text(error->type, name), later);
}

static void child_rekey_refused(struct inbound *in, struct child *child,
				const struct msg_notify *error)
{
	struct child_sa *old = pair_by_in(child, child_exchange(in->ex)->old_in);
	bool old_deleted = old && old->peer_deleted;
	struct ike_sa *sa = in->sa;
	struct cause cause;
	uint16_t group;

	if (!old || old->state != PAIR_ACTIVE || old->successor)
		return;		/* the peer's own rekey has made ours needless */
	if (error && (old->peer_deleted || error->type == NOTIFY_CHILD_SA_NOT_FOUND)) {
		cause_set(&cause, IKE_FAIL_DOWN,
			  "the peer has deleted the CHILD_SA that we wanted to rekey");
		pair_linger(old, cause.text);
		child_lost(child, &cause);
		/* RFC 7296 2.25: it has lost it, and a new one may be had */
		child->wanted = !old_deleted && !child->held_down;
		return;
	}
	if (error && error->type == NOTIFY_NO_ADDITIONAL_SAS && peer_follow_up(sa->peer, NO_MORE)) {
		old->instead = true;
		return;
	}
	group = error ? child_other_group(in, child, old->group_asked, error) : KE_NONE;
	if (group) {
		old->group_asked |= error->type == NOTIFY_INVALID_KE_PAYLOAD;
		old->group = group;
		old->want_rekey = true;
		return;
	}
	if (child_is_put_off(error)) {
		report_log(sa->ike, sa->peer, LOG_INFO,
			   "child %s: the peer puts our rekey off", child->conf->name);
		child_rekey_again(old);
		return;
	}
	child_rekey_refused_because(in, child, error, &cause);
	child_rekey_failed(old, &cause);
}

static bool child_try_again(struct child *child)
{
	if (child->state != CHILD_CONNECTING || child->failures >= CHILD_BUSY_MAX)
		return false;
	report_log(child->ike, child->peer, LOG_INFO,
		   "child %s is asked for again in a moment: the peer is busy", child->conf->name);
	child_retry_later(child, PAIR_RETRY_MIN_MS + ike_jitter(child->ike, PAIR_RETRY_MIN_MS));
	return true;
}

static void child_new_refused(struct inbound *in, struct child *child,
			      const struct msg_notify *error)
{
	char text[160], name[NAME_STRLEN];
	uint16_t group = KE_NONE;
	struct cause cause;

	/* taken down meanwhile, or the peer has made it */
	if (child->held_down || (child->state == CHILD_UP && !child_is_behind(child)))
		return;
	if (error)
		group = child_other_group(in, child, child->group_asked, error);
	child->group = group;
	child->group_asked = group && error->type == NOTIFY_INVALID_KE_PAYLOAD;
	if (group && (child->state == CHILD_CONNECTING || child_is_behind(child))) {
		child->wanted = true;
		return;
	}
	if ((child_is_put_off(error) && child_try_again(child)) ||
	    (error && error->type == NOTIFY_SINGLE_PAIR_REQUIRED && part_single(child)))
		return;
	if (!error)
		cause_set(&cause, IKE_FAIL_PROTOCOL,
			  "the peer's CREATE_CHILD_SA response has neither an SA nor an error");
	else if (config_refused(child->peer, error->type, &cause))
		;
	else if (error->type == NOTIFY_NO_PROPOSAL_CHOSEN)
		cause_set(&cause, IKE_FAIL_NO_PROPOSAL_CHILD,
			  "the peer takes none of our ESP proposals: %s; "
			  "compare them with the peer's%s",
			  proposals_text(&child->conf->esp, text, sizeof(text)),
			  child_pfs_hint(in, child, error));
	else if (error->type == NOTIFY_TS_UNACCEPTABLE ||
		 error->type == NOTIFY_SINGLE_PAIR_REQUIRED)
		offer_ts_refused(&cause, child, error->type);
	else
		cause_set(&cause, IKE_FAIL_PEER, "the peer refuses the child: %s",
			  notify_text(error->type, name));
	child_failed(child, &cause);
	if (error && error->type == NOTIFY_TEMPORARY_FAILURE)
		child_retry_later(child, PAIR_RETRY_MIN_MS);
}

enum verdict child_exchange_refused(struct inbound *in)
{
	const struct msg_notify *error = msg_error(&v2_inbound(in)->m);
	struct child *child = child_find(in->sa->ike, child_exchange(in->ex)->child);

	if (child && child_exchange(in->ex)->old_in)
		child_rekey_refused(in, child, error);
	else if (child)
		child_new_refused(in, child, error);
	return VERDICT_STAY;
}
