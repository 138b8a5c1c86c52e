// SPDX-License-Identifier: GPL-2.0
/*
 * IKE_AUTH as responder, and the first CHILD_SA: RFC 7296 1.2, 2.15, 2.16, 2.21.2. Which tunnel is
 * meant is known here at last: those whose addresses and identities fit are tried, the most special
 * first.
 */
#include <stdlib.h>

#include "ike/auth/method.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/tunnel.h"
#include "ike/v2/accept.h"
#include "ike/v2/addke.h"
#include "ike/v2/certs.h"
#include "ike/v2/offer.h"
#include "ike/v2/ppk.h"
#include "ike/v2/proof.h"
#include "ike/v2/resume.h"
#include "ike/v2/rounds.h"
#include "ike/v2/second.h"
#include "ike/v2/v2.h"

#define TRIES_MAX		8	/* tunnels whose secret is tried for one peer */

/* The tunnels that it can be, best first: numbers, since one may go while a job is under way. */
struct auth_try {
	uint32_t tunnel[TRIES_MAX];
	unsigned int rank[TRIES_MAX];
	unsigned int count, at;
	uint32_t nearest;		/* that fits by address at least: for the log */
	uint32_t otherwise;		/* that fits, but not the way of the proof: likewise */
	char why[IKE_WHY_MAX];		/* what kept us from judging a proof; "": nothing */
};

static struct auth_try *auth_try(struct inbound *in)
{
	return in->priv;
}

static struct tunnel *auth_tunnel(struct inbound *in)
{
	struct auth_try *try = auth_try(in);

	return try->at < try->count ? tunnel_find(in->sa->ike, try->tunnel[try->at]) : NULL;
}

/* ---- which tunnel */

static bool auth_ids_fit(const struct tunnel *t, const struct ike_sa *sa, const struct msg *m)
{
	struct ike_id ours = tunnel_local_id(t, &sa->local.addr), wanted = v2_id(&m->idr);
	struct ike_id theirs = v2_id(&m->idi);

	if (!theirs.type || (m->idr.body.at && !ike_id_equal(&ours, &wanted)))
		return false;
	/* with rounds it says in them who it is: rounds.c compares that */
	return !t->conf->remote_id.type || method_theirs(t->conf)->rounds ||
	       ike_id_equal(&theirs, &t->conf->remote_id);
}

/* Has any child of it selectors in common with the offer? */
static bool auth_ts_fit(const struct tunnel *t, const struct msg *m)
{
	struct ts_pair theirs;
	bool fit = false;

	if (!offer_ts(&theirs, &m->tsr, &m->tsi))
		return false;
	for (unsigned int i = 0; i < t->conf->child_count && !fit; i++)
		fit = ts_list_overlap(t->conf->child[i].local_ts, theirs.local) &&
		      ts_list_overlap(t->conf->child[i].remote_ts, theirs.remote);
	ts_pair_clear(&theirs);
	return fit;
}

/* More is more special: the identity counts most, then addresses, then selectors. 0: not at all. */
static unsigned int auth_rank(const struct tunnel *t, const struct ike_sa *sa, const struct msg *m)
{
	unsigned int fit = tunnel_fit(t, &sa->local.addr, &sa->remote.addr);
	struct ike_id theirs = v2_id(&m->idi);

	if (!fit || !auth_ids_fit(t, sa, m))
		return 0;
	return (ike_id_equal(&theirs, &t->conf->remote_id) ? 16 : 0) + 2 * fit + auth_ts_fit(t, m);
}

/* Is it configured to prove itself the way it does? */
static bool auth_method_fits(const struct tunnel *t, const struct msg *m)
{
	const struct auth_ops *method = method_theirs(t->conf);

	if (m->kind == MSG_AUTH_BEGIN || method->rounds)
		return m->kind == MSG_AUTH_BEGIN && method->rounds;
	return auth_has_number(method, m->auth.method);
}

/* And as often? */
static bool auth_way_fits(const struct tunnel *t, const struct msg *m)
{
	return auth_method_fits(t, m) && !second_lacks(t->conf, m);
}

static void auth_try_insert(struct auth_try *try, uint32_t tunnel, unsigned int rank)
{
	unsigned int at = try->count;

	while (at && try->rank[at - 1] < rank)
		at--;
	if (at == TRIES_MAX)
		return;
	if (try->count == TRIES_MAX)
		try->count--;
	memmove(&try->tunnel[at + 1], &try->tunnel[at], (try->count - at) * sizeof(*try->tunnel));
	memmove(&try->rank[at + 1], &try->rank[at], (try->count - at) * sizeof(*try->rank));
	try->tunnel[at] = tunnel;
	try->rank[at] = rank;
	try->count++;
}

static struct auth_try *auth_identify(struct inbound *in)
{
	const struct msg *m = &v2_inbound(in)->m;
	struct auth_try *try = calloc(1, sizeof(*try));
	struct ike_sa *sa = in->sa;
	struct tunnel *t;

	if (!try)
		return NULL;
	TAILQ_FOREACH(t, &sa->ike->tunnels, link) {
		unsigned int rank;

		if (!tunnel_fit(t, &sa->local.addr, &sa->remote.addr))
			continue;
		if (!try->nearest)
			try->nearest = t->id;
		rank = auth_rank(t, sa, m);
		if (rank && auth_way_fits(t, m))
			auth_try_insert(try, t->id, rank);
		else if (rank && !try->otherwise)
			try->otherwise = t->id;
	}
	return try;
}

/* Another tunnel may still be the right one; if none is, what the best one has said counts. */
static void auth_cannot_judge(struct inbound *in, const char *why)
{
	struct auth_try *try = auth_try(in);

	if (!try->why[0])
		snprintf(try->why, sizeof(try->why), "%s", why);
}

static void auth_forget_try(struct inbound *in)
{
	free(in->priv);
	in->priv = NULL;
}

/* ---- refused */

/* Which of our tunnels the log is to speak of, or NULL. */
static struct tunnel *auth_meant(const struct ike *ike, const struct auth_try *try)
{
	uint32_t id = try->count ? try->tunnel[0] : try->otherwise ? try->otherwise : try->nearest;

	return tunnel_find(ike, id);
}

/* By its address it may be the peer of @t; by what it says it is not. */
static void auth_not_meant(const struct tunnel *t, const struct ike_sa *sa, const struct msg *m,
			   struct cause *cause)
{
	char got[TUNNEL_ID_MAX], id[TUNNEL_ID_MAX], wanted[TUNNEL_ID_MAX], own[TUNNEL_ID_MAX];
	struct ike_id theirs = v2_id(&m->idi), asked = v2_id(&m->idr);
	struct ike_id ours = tunnel_local_id(t, &sa->local.addr);

	cause_set(cause, IKE_FAIL_ID,
		  "the peer calls itself %.100s and asks for %.100s; "
		  "remote-id is %.100s, local-id is %.100s",
		  ike_id_str(&theirs, got, sizeof(got)),
		  asked.type ? ike_id_str(&asked, id, sizeof(id)) :
			       "no particular identity of ours",
		  ike_id_str(&t->conf->remote_id, wanted, sizeof(wanted)),
		  ike_id_str(&ours, own, sizeof(own)));
}

/*
 * AUTHENTICATION_FAILED whatever it was, a fault of ours too: a stranger learns nothing. Ours learn
 * all.
 */
static enum verdict auth_reject(struct inbound *in)
{
	char got[TUNNEL_ID_MAX], peer[ADDR_STRLEN], who[TUNNEL_ID_MAX + ADDR_STRLEN];
	struct v2_inbound *v = v2_inbound(in);
	struct auth_try *try = auth_try(in);
	struct ike_id theirs = v2_id(&v->m.idi);
	const char *lacks;
	struct cause cause;
	struct tunnel *t;

	v2_refuse(v, NOTIFY_AUTHENTICATION_FAILED, NULL, 0);
	if (!ike_may_mention_stranger(in->sa->ike))
		return VERDICT_FAIL;
	ike_id_str(&theirs, got, sizeof(got));
	endpoint_str(&in->remote, peer);
	t = try ? auth_meant(in->sa->ike, try) : NULL;
	if (!t) {
		ike_log(in->sa->ike, LOG_WARNING,
			"IKE_AUTH from %s (%.200s): %s", peer, got,
			try ? "no tunnel is configured for it" : "no memory");
		return VERDICT_FAIL;
	}
	snprintf(who, sizeof(who), "%.140s at %s", got, peer);
	lacks = auth_method_fits(t, &v->m) ? second_lacks(t->conf, &v->m) : NULL;
	if (lacks && !try->count && try->otherwise)
		cause_set(&cause, IKE_FAIL_AUTH_LOCAL, "the peer %.200s is refused: %s", who,
			  lacks);
	else if (try->count || try->otherwise)
		proof_refused(&cause, t->conf, &v->m, who, try->why);
	else
		auth_not_meant(t, in->sa, &v->m, &cause);
	report_refused(t, &cause);
	return VERDICT_FAIL;
}

/* ---- proofs */

/* The peer has proved itself; now we do, in the answer. */
static enum verdict auth_prove(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct auth_session *s = in->sa->auth[true];
	struct tunnel *t = auth_tunnel(in);

	if (!t)
		return auth_reject(in);
	switch (auth_step(s, (struct chunk){0})) {
	case AUTH_PENDING:
		in->resume = auth_prove;
		return VERDICT_PENDING;
	case AUTH_DONE:
		build_id(&v->b, PAYLOAD_IDR, in->sa->local_id.type, in->sa->local_id.data,
			 in->sa->local_id.len);
		certs_build(&v->b, s, t->conf);
		proof_build(&v->b, s);
		if (in->sa->ppk.mixed)
			build_notify(&v->b, NOTIFY_PPK_IDENTITY, 0, 0, 0, NULL, 0);
		auth_end(in->sa, true);
		if (v->m.kind == MSG_AUTH_BEGIN)
			return rounds_begin(in, t);
		return t->conf->remote_second ? rounds_await(in, t) : accept_establish(in, t, NULL);
	default:
		if (in->sa->remote_id.type || ike_may_mention_stranger(in->sa->ike))
			report_tunnel_log(t, LOG_ERR, "we cannot prove who we are: %s", s->why);
		v2_refuse(v, NOTIFY_TEMPORARY_FAILURE, NULL, 0);
		return VERDICT_FAIL;
	}
}

/* We would have to prove ourselves in rounds, RFC 7296 2.16. */
static enum verdict auth_wrong_end(struct inbound *in, struct tunnel *t)
{
	const struct auth_ops *second = t->conf->local_second;
	struct cause cause;

	v2_refuse(v2_inbound(in), NOTIFY_AUTHENTICATION_FAILED, NULL, 0);
	cause_set(&cause, IKE_FAIL_CONFIG,
		  "the peer begins, but we are to prove ourselves by %s, which only who begins can: "
		  "let this end begin (start = up, or ikectl up), or prove it by cert or psk",
		  second ? second->name : method_ours(t->conf)->name);
	if (in->sa->remote_id.type || ike_may_mention_stranger(in->sa->ike))
		report_refused(t, &cause);
	return VERDICT_FAIL;
}

/* The peer is content with what the rounds prove, RFC 5998, and so are we: we say who we are. */
static enum verdict auth_begin_alone(struct inbound *in, struct tunnel *t)
{
	struct v2_inbound *v = v2_inbound(in);
	const struct ike_id *ours = &in->sa->local_id;

	in->sa->auth[false]->alone = true;
	build_id(&v->b, PAYLOAD_IDR, ours->type, ours->data, ours->len);
	return rounds_begin(in, t);
}

static enum verdict auth_begin_proof(struct inbound *in, struct tunnel *t)
{
	const struct peer *known = NULL;
	struct ike_sa *sa = in->sa;
	struct auth_session *s;

	/* before its last proof it is a stranger; which of many peers it is says that one */
	if (v2_inbound(in)->m.kind == MSG_AUTH && !t->conf->remote_second)
		sa->remote_id = v2_id(&v2_inbound(in)->m.idi);
	if (!t->conf->remote_second)
		known = tunnel_peer_known(t, &sa->remote_id);
	if (accept_turned_away(in, t, known))
		return VERDICT_FAIL;
	if (method_ours(t->conf)->rounds || t->conf->local_second)
		return auth_wrong_end(in, t);
	sa->local_id = tunnel_local_id(t, &sa->local.addr);
	if (v2_inbound(in)->m.kind == MSG_AUTH_BEGIN && t->conf->eap_only &&
	    msg_notify(&v2_inbound(in)->m, NOTIFY_EAP_ONLY_AUTHENTICATION))
		return auth_begin_alone(in, t);
	s = proof_begin(sa, t);
	if (!s) {
		auth_cannot_judge(in, "no memory");
		return auth_reject(in);
	}
	s->in = in;
	return auth_prove(in);
}

static enum verdict auth_try_next(struct inbound *in);

/*
 * RFC 8784 3: the PPK of @t is in the keys, if it is the one that the peer names. Without it the
 * proof is another, if the peer has sent one.
 */
static enum auth_state auth_mix_ppk(struct inbound *in, const struct tunnel *t)
{
	const struct msg *m = &v2_inbound(in)->m;
	const struct msg_notify *id = ppk_named(in->sa, m);

	if (id && ppk_is(id, t->conf))
		return ppk_mix(in->sa, t->id, NULL, in);
	if (t->conf->ppk_required)
		auth_cannot_judge(in, id ? "it has another PPK than that of ppk-id" :
					   "it uses no PPK, and ppk-required = yes wants one");
	else if (id && !msg_notify(m, NOTIFY_NO_PPK_AUTH))
		auth_cannot_judge(in, "it wants a PPK that we do not have");
	else
		return AUTH_DONE;
	return AUTH_FAILED;
}

static enum verdict auth_verify(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct auth_session *s = in->sa->auth[false];
	struct tunnel *t = auth_tunnel(in);
	enum auth_state state = AUTH_FAILED;
	char proved[PROOF_STRLEN];

	if (t && proof_take(s, &v->m))
		state = auth_step(s, offer_chunk(ppk_proof(in->sa, &v->m)));
	if (state == AUTH_PENDING) {
		in->resume = auth_verify;
		return VERDICT_PENDING;
	}
	if (state == AUTH_DONE) {
		report_tunnel_log(t, LOG_INFO, "the peer has proved itself%s%s",
				  proof_text(s, proved),
				  in->sa->ppk.mixed ? ", and has the PPK" : "");
		ppk_tell(in->sa, t);
		proof_certified(in->sa, s);
		auth_end(in->sa, false);
		return auth_begin_proof(in, t);
	}
	if (t && s->why[0])
		auth_cannot_judge(in, s->why);
	auth_try(in)->at++;
	return auth_try_next(in);
}

static enum verdict auth_try_mixed(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct tunnel *t = auth_tunnel(in);
	struct auth_session *s;

	if (!t)
		return auth_reject(in);
	switch (auth_mix_ppk(in, t)) {
	case AUTH_PENDING:
		in->resume = auth_try_mixed;
		return VERDICT_PENDING;
	case AUTH_DONE:
		break;
	default:
		auth_try(in)->at++;
		return auth_try_next(in);
	}
	s = proof_verify(in->sa, t, &v->m);
	if (!s) {
		auth_cannot_judge(in, "no memory");
		return auth_reject(in);
	}
	s->in = in;
	return s->method->rounds ? auth_begin_proof(in, t) : auth_verify(in);
}

/* The next tunnel whose secret the peer may have. */
static enum verdict auth_try_next(struct inbound *in)
{
	ppk_unmix(in->sa);
	return auth_try_mixed(in);
}

/* For a ticket that is granted with this IKE SA. */
static bool auth_note_claim(struct ike_sa *sa, const struct msg *m)
{
	struct chunk body = { m->idi.body.at, m->idi.body.left };

	return sha256(&body, 1, sa->claim);
}

enum verdict v2_auth_request(struct inbound *in)
{
	if (in->sa->resumed)
		return resume_auth(in);
	certs_take_lookup(in->sa, &v2_inbound(in)->m);
	/* RFC 9370 2.2.2: not before the additional key exchanges */
	if (addke_next(in->sa)) {
		v2_refuse(v2_inbound(in), NOTIFY_INVALID_SYNTAX, NULL, 0);
		return VERDICT_FAIL;
	}
	if (in->sa->stash && v2_inbound(in)->m.kind == MSG_AUTH)
		return rounds_second(in);
	if (!auth_note_claim(in->sa, &v2_inbound(in)->m))
		return auth_reject(in);
	in->priv = auth_identify(in);
	in->forget = auth_forget_try;
	if (!in->priv || in->sa->stash)		/* no second beginning amid rounds */
		return auth_reject(in);
	return auth_try_next(in);
}

/* IDi alone: the second proof begins. Or the first one does, of a peer that wants no child yet. */
enum verdict v2_auth_again(struct inbound *in)
{
	if (in->sa->stash)
		return rounds_again(in);
	in->kind = v2_inbound(in)->m.kind = MSG_AUTH_BEGIN;
	return v2_auth_request(in);
}
