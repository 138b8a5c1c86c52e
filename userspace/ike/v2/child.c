// SPDX-License-Identifier: GPL-2.0
/*
 * CREATE_CHILD_SA that rekeys a CHILD_SA, RFC 7296 1.3.3, 2.8, 2.17 and 2.25. child.h says which
 * end switches when. When both ends rekey at once, the CHILD_SA made with the lowest of the four
 * nonces is deleted by its maker, and the maker of the other deletes the old one.
 */
#include "ike/object/child_sa.h"
#include "ike/v2/offer.h"
#include "ike/core/selectors.h"
#include "ike/exchange/fsm.h"
#include "ike/object/tunnel.h"

#define RETRY_MIN_MS	2000	/* after TEMPORARY_FAILURE and its like */
#define RETRY_MAX_MS	5000

/* Octet by octet, the shorter of two otherwise equal ones is lower. */
static int nonce_cmp(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int diff = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return diff ? diff : (a_len > b_len) - (a_len < b_len);
}

static void rekeyed(struct child *c, uint32_t old_in, uint32_t old_out)
{
	struct tunnel *t = c->sa->tunnel;
	char text[96];

	t->child_rekeys++;
	snprintf(text, sizeof(text), "CHILD_SA %08x/%08x -> %08x/%08x", old_in, old_out, c->spi_in,
		 c->spi_out);
	tunnel_event(t, IKE_EV_CHILD_REKEYED, IKE_FAIL_NONE, text);
}

/* ---- our request */

/* Of those we have for a child the one of the IKE SA, else the first; KE_NONE: there is none. */
static uint16_t likely_group(const struct ike_sa *sa)
{
	const struct proposals *list = &sa->tunnel->conf.esp;
	uint16_t group = child_sa_group(&sa->suite);

	if (proposals_have_group(list, group))
		return group;
	for (unsigned int i = 0; i < list->count; i++) {
		group = child_sa_group(&list->p[i]);
		if (group)
			return group;
	}
	return KE_NONE;
}

static bool prepare(struct ike_sa *sa, struct child *c)
{
	struct request *req = &sa->req;
	struct ike *ike = sa->ike;
	char why[256] = "";

	if (!tunnel_spi_alloc(sa->tunnel, &req->new_spi, why)) {
		ike_log(ike, sa->tunnel, LOG_ERR, "cannot rekey: %s", why);
		return false;
	}
	req->group = c->group;
	if (!child_sa_offers(&sa->tunnel->conf.esp, req->group).count)
		req->group = likely_group(sa);
	if (req->group)
		req->ke = ke_new(req->group, ike->env.random, ike->env.ctx);
	if (req->group && !req->ke) {
		ike_log(ike, sa->tunnel, LOG_ERR,
			"cannot rekey: key exchange group %u is not to be had", req->group);
		return false;
	}
	ike_random(ike, req->nonce, sizeof(req->nonce));
	req->subject = c->spi_in;
	return true;
}

enum built v2_rekey_child_build(struct ike_sa *sa, struct builder *b, struct cause *cause)
{
	struct child *c = child_active(sa);
	const struct tunnel *t = sa->tunnel;
	struct proposals offers;
	const uint8_t *public;
	size_t len;

	if (!c || !c->want_rekey || c->successor)
		return BUILD_NOTHING;
	c->want_rekey = false;
	if (!prepare(sa, c)) {
		xchg_cancel(sa);
		child_retry(c, RETRY_MIN_MS, RETRY_MAX_MS);
		return BUILD_NOTHING;
	}
	build_notify(b, NOTIFY_REKEY_SA, PROTO_ESP, c->spi_in, 4, NULL, 0);
	offers = child_sa_offers(&t->conf.esp, sa->req.group);
	child_sa_offer(b, &offers, true, sa->req.new_spi);
	build_nonce(b, sa->req.nonce, sizeof(sa->req.nonce));
	if (sa->req.ke) {
		public = ke_public(sa->req.ke, &len);
		build_ke(b, sa->req.group, public, len);
	}
	build_ts(b, PAYLOAD_TSI, t->local_ts, t->local_ts_count);
	build_ts(b, PAYLOAD_TSR, t->remote_ts, t->remote_ts_count);
	return BUILD_READY;
}

/* ---- its answer */

/* Of the peer's rekey, which met ours: is ours the one with the lowest nonce? */
static bool we_lose(const struct request *req, struct cursor nr)
{
	const struct rival *rival = &req->rival;
	const uint8_t *low = req->nonce;
	size_t low_len = sizeof(req->nonce);

	if (!rival->spi_in || rival->gone)
		return false;
	if (nonce_cmp(nr.at, nr.left, low, low_len) < 0) {
		low = nr.at;
		low_len = nr.left;
	}
	return nonce_cmp(low, low_len, rival->low, rival->low_len) < 0;
}

static struct child *make_ours(struct xchg *x, const struct proposal *suite)
{
	struct ike_sa *sa = x->sa;
	struct request *req = &sa->req;
	uint8_t secret[KE_SECRET_MAX];
	size_t secret_len = 0;
	struct child *c;
	bool ok;

	if (child_sa_group(suite) &&
	    !ke_derive(req->ke, x->in->ke.data.at, x->in->ke.data.left, secret, &secret_len))
		return NULL;
	c = child_new(sa, suite, req->new_spi, child_sa_spi(&x->in->sa));
	if (c) {
		req->new_spi = 0;
		ok = child_derive(c, true, (struct chunk){ secret, secret_len },
				  (struct chunk){ req->nonce, sizeof(req->nonce) },
				  (struct chunk){ x->in->nonce.at, x->in->nonce.left });
		if (!ok) {
			child_remove(c, "its keys cannot be derived");
			c = NULL;
		}
	}
	mem_wipe(secret, sizeof(secret));
	return c;
}

static void take_over(struct child *c, struct child *old)
{
	uint32_t old_in = old->spi_in, old_out = old->spi_out;

	old->successor = 0;
	if (old->peer_deleted)
		child_linger(old, "rekeyed, and deleted by the peer");
	else
		child_retire(old, "rekeyed by us");
	rekeyed(c, old_in, old_out);
}

/* RFC 7296 2.9.2: a rekey carries all that the old one did. Ours offered no more than that. */
static bool same_selectors(const struct tunnel *t, const struct msg *in)
{
	return !in->tsi.skipped && !in->tsr.skipped &&
	       ts_all_within(in->tsi.ts, in->tsi.count, t->local_ts, t->local_ts_count) &&
	       ts_all_within(t->local_ts, t->local_ts_count, in->tsi.ts, in->tsi.count) &&
	       ts_all_within(in->tsr.ts, in->tsr.count, t->remote_ts, t->remote_ts_count) &&
	       ts_all_within(t->remote_ts, t->remote_ts_count, in->tsr.ts, in->tsr.count);
}

static bool answer_is_right(struct xchg *x, struct proposal *suite)
{
	const struct tunnel *t = x->sa->tunnel;
	uint16_t group = x->sa->req.group;
	struct proposals offers = child_sa_offers(&t->conf.esp, group);
	char local[80], remote[80], was_local[80], was_remote[80];
	const struct msg *in = x->in;

	if (!child_sa_chosen(&offers, &in->sa, group, suite) ||
	    (child_sa_group(suite) && in->ke.group != group)) {
		cause_set(&x->cause, IKE_FAIL_PROTOCOL,
			  "the peer answers our rekey with what we did not offer");
		return false;
	}
	if (same_selectors(t, in))
		return true;
	cause_set(&x->cause, IKE_FAIL_TS,
		  "the peer answers our rekey with other selectors than the CHILD_SA has: "
		  "%s === %s instead of %s === %s",
		  ts_list_text(in->tsi.ts, in->tsi.count, local, sizeof(local)),
		  ts_list_text(in->tsr.ts, in->tsr.count, remote, sizeof(remote)),
		  ts_list_text(t->local_ts, t->local_ts_count, was_local, sizeof(was_local)),
		  ts_list_text(t->remote_ts, t->remote_ts_count, was_remote, sizeof(was_remote)));
	return false;
}

enum verdict v2_child_response(struct xchg *x)
{
	struct ike_sa *sa = x->sa;
	struct child *c, *old = child_by_in(sa, sa->req.subject);
	bool lose = we_lose(&sa->req, x->in->nonce);
	struct proposal suite;
	char why[256] = "";

	if (!answer_is_right(x, &suite))
		return VERDICT_STAY;
	c = make_ours(x, &suite);
	if (!c) {
		cause_set(&x->cause, IKE_FAIL_PROTOCOL,
			  "the keys of the new CHILD_SA cannot be derived");
		return VERDICT_STAY;
	}
	/*
	 * the peer's rekey of the same has won, or is complete: nothing is sent on ours, but
	 * something may come
	 */
	lose = lose || !old || (old->state != CHILD_ACTIVE && !old->peer_deleted);
	if (!child_install(c, !lose, "rekeyed by us", why)) {
		child_remove(c, "the kernel refuses it");
		cause_set(&x->cause, IKE_FAIL_KERNEL, "%s", why);
		return VERDICT_STAY;
	}
	if (lose)
		child_retire(c, "the peer's rekey has won");
	else
		take_over(c, old);
	return VERDICT_DONE;
}

/*
 * INVALID_KE_PAYLOAD, RFC 7296 1.3: once more with the group the peer wants, if that is one of
 * ours. NO_PROPOSAL_CHOSEN to an offer without groups: once more with one.
 */
static bool take_group(struct ike_sa *sa, struct child *c, const struct msg_notify *error)
{
	struct cursor data = error->data;
	uint16_t group = KE_NONE;

	if (error->type == NOTIFY_NO_PROPOSAL_CHOSEN && !sa->req.group) {
		group = likely_group(sa);
	} else if (error->type == NOTIFY_INVALID_KE_PAYLOAD && !c->group_asked &&
		   cursor_u16(&data, &group)) {
		c->group_asked = true;
		if (group == sa->req.group || !proposals_have_group(&sa->tunnel->conf.esp, group))
			group = KE_NONE;
	}
	if (!group)
		return false;
	c->group = group;
	c->want_rekey = true;
	return true;
}

enum verdict v2_child_refused(struct xchg *x)
{
	const struct msg_notify *error = msg_error(x->in);
	struct ike_sa *sa = x->sa;
	struct child *c = child_by_in(sa, sa->req.subject);
	char name[NAME_STRLEN];

	if (!c || c->state != CHILD_ACTIVE || c->successor)
		return VERDICT_STAY;	/* the peer's own rekey has made ours needless */
	if (!error) {
		cause_set(&x->cause, IKE_FAIL_PROTOCOL,
			  "the peer's answer to our rekey is neither yes nor no");
	} else if (c->peer_deleted || error->type == NOTIFY_CHILD_SA_NOT_FOUND) {
		cause_set(&x->cause, IKE_FAIL_DOWN,
			  "the peer has deleted the CHILD_SA that we wanted to rekey");
	} else if (!take_group(sa, c, error)) {
		c->group = KE_NONE;
		c->group_asked = false;
		ike_log(sa->ike, sa->tunnel,
			error->type == NOTIFY_TEMPORARY_FAILURE ? LOG_INFO : LOG_WARNING,
			"the peer refuses to rekey the CHILD_SA: %s; trying again",
			notify_text(error->type, name));
		child_retry(c, RETRY_MIN_MS, RETRY_MAX_MS);
	}
	return VERDICT_STAY;
}

/* ---- the peer's request */

static enum verdict refuse(struct xchg *x, uint16_t notify)
{
	char name[NAME_STRLEN];

	ike_log(x->sa->ike, x->sa->tunnel, LOG_INFO, "refusing the peer's CREATE_CHILD_SA: %s",
		notify_text(notify, name));
	xchg_refuse(x, notify, NULL, 0);
	return VERDICT_STAY;
}

/* Ours under way for the same: both go on, and the nonces will tell. */
static void meet_rival(struct ike_sa *sa, const struct child *old, uint32_t spi_in,
		       struct cursor ni, const struct nonce *nr)
{
	struct rival *rival = &sa->req.rival;
	struct cursor low =
		nonce_cmp(ni.at, ni.left, nr->b, nr->len) < 0 ? ni : cursor_of(nr->b, nr->len);

	if (!sa->req.active || sa->req.exchange != EXCHANGE_CREATE_CHILD_SA ||
	    sa->req.subject != old->spi_in)
		return;
	rival->spi_in = spi_in;
	rival->low_len = low.left;
	memcpy(rival->low, low.at, low.left);
}

/* The CHILD_SA the peer wants to rekey, if that makes sense now, RFC 7296 2.25.1. */
static struct child *find_old(struct xchg *x, enum verdict *verdict)
{
	const struct msg_notify *n = msg_notify(x->in, NOTIFY_REKEY_SA);
	struct ike_sa *sa = x->sa;
	struct child *old;

	if (!n || n->protocol != PROTO_ESP || n->spi_len != 4) {
		*verdict = refuse(x, NOTIFY_NO_ADDITIONAL_SAS);	/* a tunnel is one child */
		return NULL;
	}
	old = child_by_out(sa, n->spi);
	if (!old || old->peer_deleted) {
		build_notify(&x->b, NOTIFY_CHILD_SA_NOT_FOUND, PROTO_ESP, n->spi, 4, NULL, 0);
		*verdict = VERDICT_STAY;
		return NULL;
	}
	if (old->state != CHILD_ACTIVE || old->successor) {
		*verdict = refuse(x, NOTIFY_TEMPORARY_FAILURE);
		return NULL;
	}
	return old;
}

/* Our half of a new key exchange, and the secret. */
static struct ke *answer_ke(struct xchg *x, uint16_t group, uint8_t secret[KE_SECRET_MAX],
			    size_t *secret_len)
{
	struct ike *ike = x->sa->ike;
	struct ke *ke = ke_new(group, ike->env.random, ike->env.ctx);

	if (!ke || !ke_derive(ke, x->in->ke.data.at, x->in->ke.data.left, secret, secret_len)) {
		ke_free(ke);
		return NULL;
	}
	return ke;
}

static void build_answer(struct xchg *x, const struct child *c, uint8_t number,
			 const struct nonce *nr, const struct ke *ke)
{
	const struct tunnel *t = x->sa->tunnel;
	const uint8_t *public;
	size_t len;

	child_sa_answer(&x->b, &c->suite, number, c->spi_in);
	build_nonce(&x->b, nr->b, nr->len);
	if (ke) {
		public = ke_public(ke, &len);
		build_ke(&x->b, ke_group(ke), public, len);
	}
	build_ts(&x->b, PAYLOAD_TSI, t->remote_ts, t->remote_ts_count);
	build_ts(&x->b, PAYLOAD_TSR, t->local_ts, t->local_ts_count);
}

/* The new CHILD_SA, its inbound SA in the kernel. NULL: it failed, and nothing has changed. */
static struct child *install_theirs(struct xchg *x, const struct proposal *suite,
				    const struct msg_offer *offer, struct chunk secret,
				    const struct nonce *nr)
{
	struct cursor ni = x->in->nonce;
	struct ike_sa *sa = x->sa;
	char why[256] = "";
	struct child *c;
	uint32_t spi;

	if (!tunnel_spi_alloc(sa->tunnel, &spi, why)) {
		ike_log(sa->ike, sa->tunnel, LOG_ERR, "the peer's rekey fails here: %s", why);
		return NULL;
	}
	c = child_new(sa, suite, spi, offer->spi);
	if (!c) {
		tunnel_spi_free(sa->tunnel, spi);
		return NULL;
	}
	if (child_derive(c, false, secret, (struct chunk){ ni.at, ni.left },
			 (struct chunk){ nr->b, nr->len }) &&
	    child_install(c, false, "rekeyed by the peer", why))
		return c;
	ike_log(sa->ike, sa->tunnel, LOG_ERR, "the peer's rekey fails here: %s", why);
	child_remove(c, "it could not be installed");
	return NULL;
}

/* Everything agrees. */
static enum verdict make_theirs(struct xchg *x, struct child *old, const struct proposal *suite,
				unsigned int index)
{
	const struct msg_offer *offer = &x->in->sa.offer[index];
	uint16_t group = child_sa_group(suite);
	struct nonce nr = { .len = IKE_NONCE_LEN };
	uint8_t secret[KE_SECRET_MAX];
	size_t secret_len = 0;
	struct ke *ke = NULL;
	struct child *c;

	if (group) {
		ke = answer_ke(x, group, secret, &secret_len);
		if (!ke)
			return refuse(x, NOTIFY_INVALID_SYNTAX);
	}
	ike_random(x->sa->ike, nr.b, nr.len);
	c = install_theirs(x, suite, offer, (struct chunk){ secret, secret_len }, &nr);
	if (c) {
		build_answer(x, c, offer->number, &nr, ke);
		child_succeed(c, old);
		meet_rival(x->sa, old, c->spi_in, x->in->nonce, &nr);
	}
	mem_wipe(secret, sizeof(secret));
	ke_free(ke);
	return c ? VERDICT_DONE : refuse(x, NOTIFY_TEMPORARY_FAILURE);
}

static enum verdict refuse_narrowed(struct xchg *x)
{
	char local[160], remote[160];
	const struct msg *in = x->in;

	ike_log(x->sa->ike, x->sa->tunnel, LOG_WARNING,
		"the peer's rekey would not carry all that the CHILD_SA does, only %s === %s",
		ts_list_text(in->tsr.ts, in->tsr.count, local, sizeof(local)),
		ts_list_text(in->tsi.ts, in->tsi.count, remote, sizeof(remote)));
	return refuse(x, NOTIFY_TS_UNACCEPTABLE);
}

enum verdict v2_child_request(struct xchg *x)
{
	const struct msg *in = x->in;
	const struct tunnel *t = x->sa->tunnel;
	enum verdict verdict;
	struct proposal suite;
	unsigned int index;
	struct child *old;
	uint8_t data[2];
	struct writer w = writer_of(data, sizeof(data));

	old = find_old(x, &verdict);
	if (!old)
		return verdict;
	if (!child_sa_select(&t->conf.esp, &in->sa, false, &suite, &index))
		return refuse(x, NOTIFY_NO_PROPOSAL_CHOSEN);
	/* RFC 7296 2.9.2: a rekey carries all that the old one did */
	if (!ts_all_within(t->local_ts, t->local_ts_count, in->tsr.ts, in->tsr.count) ||
	    !ts_all_within(t->remote_ts, t->remote_ts_count, in->tsi.ts, in->tsi.count))
		return refuse_narrowed(x);
	if (child_sa_group(&suite) && in->ke.group != child_sa_group(&suite)) {
		writer_u16(&w, child_sa_group(&suite));
		xchg_refuse(x, NOTIFY_INVALID_KE_PAYLOAD, data, sizeof(data));
		return VERDICT_STAY;
	}
	return make_theirs(x, old, &suite, index);
}

enum verdict v2_child_too_late(struct xchg *x)
{
	return refuse(x, NOTIFY_TEMPORARY_FAILURE);
}

/* ---- the peer's DELETE of a CHILD_SA */

static bool active_deleted(struct xchg *x, struct child *c)
{
	struct child *successor = child_by_in(x->sa, c->successor);
	const struct request *req = &x->sa->req;
	uint32_t old_in = c->spi_in, old_out = c->spi_out;

	if (successor) {
		if (!child_switch(successor, "the peer has deleted the old one")) {
			cause_set(&x->cause, IKE_FAIL_KERNEL,
				  "the kernel refuses the new outbound SA");
			return true;
		}
		child_linger(c, "deleted by the peer after its rekey");
		rekeyed(successor, old_in, old_out);
	} else if (req->active && req->exchange == EXCHANGE_CREATE_CHILD_SA &&
		   req->subject == c->spi_in) {
		c->peer_deleted = true;	/* the answer to our rekey decides */
	} else {
		cause_set(&x->cause, IKE_FAIL_DOWN, "the peer has deleted the CHILD_SA");
	}
	return true;
}

/*
 * The peer's rekey has lost against ours, or the peer thinks better of it: then the old one
 * wants another.
 */
static void inbound_deleted(struct ike_sa *sa, struct child *c)
{
	struct child *old = child_predecessor(c);
	struct request *req = &sa->req;

	if (req->rival.spi_in == c->spi_in)
		req->rival.gone = true;
	if (old)
		old->successor = 0;
	if (old && old->state == CHILD_ACTIVE && req->subject != old->spi_in)
		child_retry(old, RETRY_MIN_MS, RETRY_MAX_MS);
	child_linger(c, "deleted by the peer");
}

bool v2_child_deleted(struct xchg *x, uint32_t spi_out, uint32_t *spi_in)
{
	struct child *c = child_by_out(x->sa, spi_out);

	if (!c)
		return false;
	*spi_in = c->spi_in;
	switch (c->state) {
	case CHILD_ACTIVE:
		return active_deleted(x, c);
	case CHILD_INBOUND:
		inbound_deleted(x->sa, c);
		return true;
	case CHILD_DELETING:
		/* both at once: the answer does not name it, RFC 7296 1.4.1 */
		child_linger(c, "deleted by both");
		return false;
	default:
		child_linger(c, "deleted by the peer");
		return true;
	}
}
