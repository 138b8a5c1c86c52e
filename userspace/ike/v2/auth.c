// SPDX-License-Identifier: GPL-2.0
/* IKE_AUTH with pre-shared keys and the first CHILD_SA, RFC 7296 1.2, 2.9, 2.15, 2.21.2. */
#include "ike/object/child_sa.h"
#include "ike/v2/offer.h"
#include "ike/core/selectors.h"
#include "ike/exchange/fsm.h"
#include "ike/object/tunnel.h"

/* IDi' or IDr' of ours. */
static struct chunk own_id_body(const struct ike_id *id, uint8_t buf[TUNNEL_ID_MAX + 4])
{
	struct writer w = writer_of(buf, TUNNEL_ID_MAX + 4);

	id_body(&w, id->type, id->data, id->len);
	return (struct chunk){ buf, w.len };
}

static void build_own_auth(struct ike_sa *sa, const struct tunnel *t, struct builder *b)
{
	uint8_t body[TUNNEL_ID_MAX + 4], auth[PRF_LEN_MAX];
	struct chunk psk = { t->conf.psk, t->conf.psk_len };

	if (keys_auth(sa, sa->initiator, psk, own_id_body(&sa->local_id, body), auth))
		build_auth(b, AUTH_PSK, auth, prf_len(sa->prf));
	else
		b->w.overflow = true;	/* the message will not be sent */
}

static bool peer_auth_ok(const struct ike_sa *sa, const struct tunnel *t, const struct msg *in)
{
	const struct msg_id *id = sa->initiator ? &in->idr : &in->idi;
	struct chunk psk = { t->conf.psk, t->conf.psk_len };
	uint8_t want[PRF_LEN_MAX];
	bool ok;

	ok = in->auth.method == AUTH_PSK && in->auth.data.left == prf_len(sa->prf) &&
	     keys_auth(sa, !sa->initiator, psk, (struct chunk){ id->body.at, id->body.left },
		       want) &&
	     crypto_equal(want, in->auth.data.at, prf_len(sa->prf));
	mem_wipe(want, sizeof(want));
	return ok;
}

/*
 * INITIAL_CONTACT says that no other IKE SA exists between the two identities: other tunnels
 * may share them. One whose IKE_AUTH is under way may exist at the peer already.
 */
static bool is_first_contact(const struct tunnel *t, const struct ike_id *local)
{
	const struct tunnel *u;

	for (u = TAILQ_FIRST(&t->ike->tunnels); u; u = TAILQ_NEXT(u, link)) {
		const struct ike_sa *sa = u->sa;

		if (!sa && u->attempt && u->attempt->state == SA_AUTH_SENT)
			sa = u->attempt;
		if (u != t && sa && addr_equal(&sa->remote.addr, tunnel_towards(t)) &&
		    ike_id_equal(&sa->local_id, local))
			return false;
	}
	return true;
}

enum built v2_auth_build(struct ike_sa *sa, struct builder *b, struct cause *cause)
{
	struct tunnel *t = sa->tunnel;
	const struct ike_id *peer = &t->conf.remote_id;

	sa->local_id = tunnel_local_id(t, sa);
	build_id(b, PAYLOAD_IDI, sa->local_id.type, sa->local_id.data, sa->local_id.len);
	if (is_first_contact(t, &sa->local_id))
		build_notify(b, NOTIFY_INITIAL_CONTACT, 0, 0, 0, NULL, 0);
	if (peer->type)
		build_id(b, PAYLOAD_IDR, peer->type, peer->data, peer->len);
	build_own_auth(sa, t, b);
	child_sa_offer(b, &t->conf.esp, false, sa->reserved_spi);
	build_ts(b, PAYLOAD_TSI, t->conf.local_ts, t->conf.local_ts_count);
	build_ts(b, PAYLOAD_TSR, t->conf.remote_ts, t->conf.remote_ts_count);
	return BUILD_READY;
}

/* ---- the initiator, answered */

static enum verdict fail(struct xchg *x, enum ike_failure failure, const char *detail)
{
	cause_set(&x->cause, failure, "%s", detail);
	return VERDICT_FAIL;
}

static void refused_because(struct xchg *x, const struct msg_notify *error)
{
	const struct tunnel *t = x->sa->tunnel;
	char local[160], remote[160], name[NAME_STRLEN], id[TUNNEL_ID_MAX];

	switch (error->type) {
	case NOTIFY_AUTHENTICATION_FAILED:
		cause_set(&x->cause, IKE_FAIL_AUTH_REMOTE,
			  "the peer refuses our identity %s or our pre-shared key; "
			  "compare psk, local-id and remote-id with the peer's",
			  ike_id_str(&x->sa->local_id, id, sizeof(id)));
		break;
	case NOTIFY_NO_PROPOSAL_CHOSEN:
		cause_set(&x->cause, IKE_FAIL_NO_PROPOSAL_CHILD,
			  "the peer takes none of our ESP proposals: %s; "
			  "compare them with the peer's",
			  proposals_text(&t->conf.esp, local, sizeof(local)));
		break;
	case NOTIFY_TS_UNACCEPTABLE:
	case NOTIFY_SINGLE_PAIR_REQUIRED:
		cause_set(&x->cause, IKE_FAIL_TS,
			  "the peer accepts no traffic between %s (ours) and %s (its own); "
			  "compare local-ts and remote-ts with the peer's",
			  ts_list_text(t->conf.local_ts, t->conf.local_ts_count, local,
				       sizeof(local)),
			  ts_list_text(t->conf.remote_ts, t->conf.remote_ts_count, remote,
				       sizeof(remote)));
		break;
	default:
		cause_set(&x->cause, IKE_FAIL_PEER, "the peer refuses IKE_AUTH: %s",
			  notify_text(error->type, name));
	}
}

static bool peer_is_right(struct xchg *x)
{
	struct ike_id theirs = id_of_msg(&x->in->idr);
	const struct tunnel *t = x->sa->tunnel;
	char want[TUNNEL_ID_MAX], got[TUNNEL_ID_MAX];

	if (t->conf.remote_id.type && !ike_id_equal(&theirs, &t->conf.remote_id)) {
		cause_set(&x->cause, IKE_FAIL_ID,
			  "the peer calls itself %.180s, but remote-id is %.180s",
			  ike_id_str(&theirs, got, sizeof(got)),
			  ike_id_str(&t->conf.remote_id, want, sizeof(want)));
		return false;
	}
	if (!peer_auth_ok(x->sa, t, x->in)) {
		cause_set(&x->cause, IKE_FAIL_AUTH_LOCAL,
			  "the peer %.200s does not prove that it knows the pre-shared key "
			  "(AUTH method %u); compare psk on both ends",
			  ike_id_str(&theirs, got, sizeof(got)), x->in->auth.method);
		return false;
	}
	x->sa->remote_id = theirs;
	return true;
}

/* @ts: as the peer narrowed them. Only what we offered. */
static bool child_is_right(struct xchg *x, struct proposal *suite, struct ts_pair *ts)
{
	const struct tunnel *t = x->sa->tunnel;
	const struct msg *in = x->in;
	char local[160], remote[160];

	if (!child_sa_chosen(&t->conf.esp, &in->sa, KE_NONE, suite)) {
		cause_set(&x->cause, IKE_FAIL_NO_PROPOSAL_CHILD,
			  "the peer chose an ESP proposal that we did not offer: %s; ours: %s",
			  proposals_text(&in->sa.list, remote, sizeof(remote)),
			  proposals_text(&t->conf.esp, local, sizeof(local)));
		return false;
	}
	if (!child_sa_ts(ts, &in->tsi, &in->tsr) ||
	    !ts_all_within(ts->local, ts->local_count, t->conf.local_ts, t->conf.local_ts_count) ||
	    !ts_all_within(ts->remote, ts->remote_count, t->conf.remote_ts,
			   t->conf.remote_ts_count)) {
		cause_set(&x->cause, IKE_FAIL_TS,
			  "the peer answers with selectors beyond what we offered: %s === %s",
			  ts_list_text(in->tsi.ts, in->tsi.count, local, sizeof(local)),
			  ts_list_text(in->tsr.ts, in->tsr.count, remote, sizeof(remote)));
		return false;
	}
	return true;
}

enum verdict v2_auth_response(struct xchg *x)
{
	const struct msg_notify *error = msg_error(x->in);
	struct ike_sa *sa = x->sa;
	struct tunnel *t = sa->tunnel;
	struct ts_pair ts = {0};
	struct proposal suite;
	char why[256] = "";
	struct child *c;

	if (!peer_is_right(x))
		return VERDICT_FAIL;
	tunnel_step(t, IKE_STEP_AUTH, "the peer is authenticated");
	if (error) {
		refused_because(x, error);
		return VERDICT_FAIL;
	}
	if (!x->in->sa.list.count || !x->in->tsi.count || !x->in->tsr.count)
		return fail(x, IKE_FAIL_PROTOCOL,
			    "the peer's IKE_AUTH response has neither a CHILD_SA nor a reason");
	if (!child_is_right(x, &suite, &ts))
		return VERDICT_FAIL;

	c = child_new(sa, &suite, sa->reserved_spi, child_sa_spi(&x->in->sa));
	if (!c)
		return fail(x, IKE_FAIL_KERNEL, "no memory");
	sa->reserved_spi = 0;
	if (!child_derive(c, true, (struct chunk){0}, (struct chunk){ sa->ni.b, sa->ni.len },
			  (struct chunk){ sa->nr.b, sa->nr.len }))
		return fail(x, IKE_FAIL_PROTOCOL, "the keys of the CHILD_SA cannot be derived");
	if (!tunnel_install(t, c, &ts, why))
		return fail(x, IKE_FAIL_KERNEL, why);
	octets_clear(&sa->init_i);
	octets_clear(&sa->init_r);
	tunnel_up(t, sa, false);
	return VERDICT_DONE;
}

/* No AUTH in it: but protected by keys only the other end of IKE_SA_INIT has. */
enum verdict v2_auth_refused(struct xchg *x)
{
	const struct msg_notify *error = msg_error(x->in);

	if (error && error->type == NOTIFY_TEMPORARY_FAILURE &&
	    tunnel_try_again(x->sa->tunnel, x->sa, "the peer is busy with an attempt of its own"))
		return VERDICT_DONE;
	if (error)
		refused_because(x, error);
	else
		cause_set(&x->cause, IKE_FAIL_PROTOCOL,
			  "the peer's IKE_AUTH response lacks IDr or AUTH; "
			  "does it want another way of authentication than psk?");
	return VERDICT_DONE;
}

enum verdict v2_auth_abandoned(struct xchg *x)
{
	return x->in->seen[PAYLOAD_AUTH] ? VERDICT_STAY : VERDICT_FAIL;
}

/* ---- the responder */

static bool ids_match(const struct tunnel *t, const struct ike_sa *sa, const struct msg *in,
		      const struct ike_id *theirs)
{
	struct ike_id ours = tunnel_local_id(t, sa), wanted = id_of_msg(&in->idr);

	if (in->idr.body.at && !ike_id_equal(&ours, &wanted))
		return false;
	return !t->conf.remote_id.type || ike_id_equal(theirs, &t->conf.remote_id);
}

static bool narrow(const struct tunnel *t, const struct msg *in, struct ts_pair *ts)
{
	ts->local_count = ts_narrow(t->conf.local_ts, t->conf.local_ts_count, in->tsr.ts,
				    in->tsr.count, ts->local, TUNNEL_TS_MAX);
	ts->remote_count = ts_narrow(t->conf.remote_ts, t->conf.remote_ts_count, in->tsi.ts,
				     in->tsi.count, ts->remote, TUNNEL_TS_MAX);
	return ts->local_count && ts->remote_count;
}

/* How near a tunnel comes to what the peer wants. */
enum fit { FIT_NOTHING, FIT_ADDRESS, FIT_ID, FIT_PSK, FIT_SELECTORS };

static enum fit fit(const struct tunnel *t, const struct ike_sa *sa, const struct msg *in,
		    const struct ike_id *theirs)
{
	struct ts_pair ts;

	if (!tunnel_matches(t, &sa->local.addr, &sa->remote.addr))
		return FIT_NOTHING;
	if (!theirs->type || !ids_match(t, sa, in, theirs))
		return FIT_ADDRESS;
	if (!peer_auth_ok(sa, t, in))
		return FIT_ID;
	return narrow(t, in, &ts) ? FIT_SELECTORS : FIT_PSK;
}

static struct tunnel *identify(struct ike_sa *sa, const struct msg *in,
			       const struct ike_id *theirs, enum fit *best)
{
	struct tunnel *t, *found = NULL;

	*best = FIT_NOTHING;
	for (t = TAILQ_FIRST(&sa->ike->tunnels); t; t = TAILQ_NEXT(t, link)) {
		enum fit f = fit(t, sa, in, theirs);

		if (f > *best) {
			*best = f;
			found = t;
		}
	}
	return found;
}

/* AUTHENTICATION_FAILED whatever it was: a stranger learns nothing. Ours learn all. */
static enum verdict reject(struct xchg *x, struct tunnel *t, enum fit best,
			   const struct ike_id *theirs)
{
	char got[TUNNEL_ID_MAX], wanted[TUNNEL_ID_MAX], id[TUNNEL_ID_MAX], peer[ADDR_STRLEN],
		text[IKE_DETAIL_MAX];
	struct ike_id asked = id_of_msg(&x->in->idr), ours;

	xchg_refuse(x, NOTIFY_AUTHENTICATION_FAILED, NULL, 0);
	if (!ike_may_mention_stranger(x->sa->ike))
		return VERDICT_FAIL;
	ike_id_str(theirs, got, sizeof(got));
	endpoint_str(x->remote, peer);
	if (!t) {
		ike_log(x->sa->ike, NULL, LOG_WARNING,
			"IKE_AUTH from %s (%.200s): no tunnel is configured for it", peer, got);
	} else if (best == FIT_ID) {
		snprintf(text, sizeof(text),
			 "the peer %.180s at %s does not prove that it knows the pre-shared key "
			 "(AUTH method %u); compare psk on both ends",
			 got, peer, x->in->auth.method);
		tunnel_attempt_failed(t, x->sa, IKE_FAIL_AUTH_LOCAL, text);
	} else {
		ours = tunnel_local_id(t, x->sa);
		snprintf(text, sizeof(text),
			 "the peer calls itself %.100s and wants %.100s; "
			 "remote-id is %.100s, local-id is %.100s",
			 got, ike_id_str(&asked, id, sizeof(id)),
			 ike_id_str(&t->conf.remote_id, wanted, sizeof(wanted)),
			 ike_id_str(&ours, peer, sizeof(peer)));
		tunnel_attempt_failed(t, x->sa, IKE_FAIL_ID, text);
	}
	return VERDICT_FAIL;
}

/*
 * What the IKE_SA_INIT agreed on was acceptable to some tunnel for these addresses; is it to
 * this one?
 */
static bool ike_suite_ok(const struct tunnel *t, const struct ike_sa *sa)
{
	struct proposals theirs = { .count = 1, .p = { sa->suite } };
	struct proposal same;
	unsigned int index;

	return proposal_select(&t->conf.ike, &theirs, false, &same, &index);
}

/* The peer is who it says, but there is no CHILD_SA: IDr and AUTH are in the answer already. */
static void refuse_child(struct xchg *x, struct tunnel *t, uint16_t notify)
{
	char ours[150], ours_r[100], theirs[150], theirs_r[100];
	const struct msg *in = x->in;
	struct cause *cause = &x->cause;

	build_notify(&x->b, notify, 0, 0, 0, NULL, 0);
	if (notify == NOTIFY_NO_PROPOSAL_CHOSEN)
		cause_set(cause, IKE_FAIL_NO_PROPOSAL_CHILD,
			  "no ESP proposal in common; ours: %s; the peer's: %s",
			  proposals_text(&t->conf.esp, ours, sizeof(ours)),
			  proposals_text(&in->sa.list, theirs, sizeof(theirs)));
	else if (notify == NOTIFY_TS_UNACCEPTABLE)
		cause_set(cause, IKE_FAIL_TS,
			  "no selectors in common; ours: %s === %s; the peer's: %s === %s",
			  ts_list_text(t->conf.local_ts, t->conf.local_ts_count, ours,
				       sizeof(ours)),
			  ts_list_text(t->conf.remote_ts, t->conf.remote_ts_count, ours_r,
				       sizeof(ours_r)),
			  ts_list_text(in->tsr.ts, in->tsr.count, theirs, sizeof(theirs)),
			  ts_list_text(in->tsi.ts, in->tsi.count, theirs_r, sizeof(theirs_r)));
	tunnel_attempt_failed(t, x->sa, cause->failure, cause->text);
}

static bool make_child(struct xchg *x, struct tunnel *t, const struct ts_pair *ts,
		       const struct proposal *suite, unsigned int index)
{
	struct ike_sa *sa = x->sa;
	char why[256] = "";
	struct child *c;
	uint32_t spi;

	if (!tunnel_spi_alloc(t, &spi, why)) {
		cause_set(&x->cause, IKE_FAIL_KERNEL, "%s", why);
		return false;
	}
	c = child_new(sa, suite, spi, x->in->sa.offer[index].spi);
	if (!c) {
		tunnel_spi_free(t, spi);
		cause_set(&x->cause, IKE_FAIL_KERNEL, "no memory");
		return false;
	}
	if (!child_derive(c, false, (struct chunk){0}, (struct chunk){ sa->ni.b, sa->ni.len },
			  (struct chunk){ sa->nr.b, sa->nr.len }) ||
	    !tunnel_install(t, c, ts, why)) {
		child_remove(c, "it could not be installed");
		cause_set(&x->cause, IKE_FAIL_KERNEL, "%s", why);
		return false;
	}
	child_sa_answer(&x->b, suite, x->in->sa.offer[index].number, spi);
	build_ts(&x->b, PAYLOAD_TSI, ts->remote, ts->remote_count);
	build_ts(&x->b, PAYLOAD_TSR, ts->local, ts->local_count);
	return true;
}

static enum verdict accept_peer(struct xchg *x, struct tunnel *t)
{
	struct ike_sa *sa = x->sa;
	const struct msg *in = x->in;
	struct ts_pair ts = {0};
	struct proposal suite;
	unsigned int index;

	sa->tunnel = t;
	sa->local_id = tunnel_local_id(t, sa);
	build_id(&x->b, PAYLOAD_IDR, sa->local_id.type, sa->local_id.data, sa->local_id.len);
	build_own_auth(sa, t, &x->b);
	octets_clear(&sa->init_i);
	octets_clear(&sa->init_r);
	if (!child_sa_select(&t->conf.esp, &in->sa, true, &suite, &index))
		refuse_child(x, t, NOTIFY_NO_PROPOSAL_CHOSEN);
	else if (!narrow(t, in, &ts))
		refuse_child(x, t, NOTIFY_TS_UNACCEPTABLE);
	else if (!make_child(x, t, &ts, &suite, index))
		refuse_child(x, t, NOTIFY_NO_ADDITIONAL_SAS);
	else
		tunnel_up(t, sa, msg_notify(in, NOTIFY_INITIAL_CONTACT));
	return VERDICT_DONE;
}

enum verdict v2_auth_request(struct xchg *x)
{
	struct ike_id theirs = id_of_msg(&x->in->idi);
	char ours[300], got[PROPOSAL_STRLEN];
	struct tunnel *t;
	enum fit best;

	t = identify(x->sa, x->in, &theirs, &best);
	if (best < FIT_PSK)
		return reject(x, t, best, &theirs);
	x->sa->remote_id = theirs;
	if (!ike_suite_ok(t, x->sa)) {
		xchg_refuse(x, NOTIFY_NO_PROPOSAL_CHOSEN, NULL, 0);
		cause_set(&x->cause, IKE_FAIL_NO_PROPOSAL_IKE,
			  "no IKE proposal in common; ours: %s; the peer's: %.180s",
			  proposals_text(&t->conf.ike, ours, sizeof(ours)),
			  proposal_str(&x->sa->suite, got));
		tunnel_attempt_failed(t, x->sa, x->cause.failure, x->cause.text);
		return VERDICT_FAIL;
	}
	if (tunnel_prefers_ours(t, x->sa)) {
		ike_log(x->sa->ike, t, LOG_INFO,
			"both ends began at once: ours goes on, the peer's is put off");
		xchg_refuse(x, NOTIFY_TEMPORARY_FAILURE, NULL, 0);
		return VERDICT_FAIL;
	}
	return accept_peer(x, t);
}
