// SPDX-License-Identifier: GPL-2.0
/* IKE_AUTH as initiator, and the first CHILD_SA: RFC 7296 1.2, 2.15, 2.16, 2.21.2. */
#include "ike/auth/method.h"
#include "ike/core/text.h"
#include "ike/object/child_sa.h"
#include "ike/object/part.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/ticket.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"
#include "ike/v2/addke.h"
#include "ike/v2/again.h"
#include "ike/v2/certs.h"
#include "ike/v2/config.h"
#include "ike/v2/contact.h"
#include "ike/v2/crash.h"
#include "ike/v2/lifetime.h"
#include "ike/v2/mobike.h"
#include "ike/v2/offer.h"
#include "ike/v2/ppk.h"
#include "ike/v2/proof.h"
#include "ike/v2/redirect.h"
#include "ike/v2/resume.h"
#include "ike/v2/second.h"
#include "ike/v2/v2.h"

/* The request of ours, over all its rounds. */
struct auth_exchange {
	/* AUTH_SECOND: the second proof of two begins */
	enum { AUTH_FIRST, AUTH_SECOND, AUTH_ROUNDS, AUTH_PROOF } stage;
	uint32_t child;			/* that goes with it */
	uint32_t new_spi;		/* reserved inbound SPI; ours to free */
	bool chosen;			/* the child, and who we are */
	struct octets no_ppk;		/* our proof for a handshake without the PPK */
};

static struct auth_exchange *auth_exchange(const struct exchange *ex)
{
	return (void *)ex->priv;
}

uint32_t v2_auth_reserved(const struct exchange *ex)
{
	return auth_exchange(ex)->new_spi;
}

static void auth_forget(struct exchange *ex)
{
	struct auth_exchange *p = auth_exchange(ex);
	struct child *child = child_find(ex->sa->ike, p->child);

	if (child)
		pair_spi_free(child, p->new_spi);
	octets_clear(&p->no_ppk);
	auth_end(ex->sa, true);
}

/* ---- the request */

/* What follows another IKE SA begins with a child of that. */
static struct child *auth_next_child(const struct peer *peer)
{
	struct child *child;

	if (!peer->sa)
		return peer_next_child(peer);
	TAILQ_FOREACH(child, &peer->children, link)
		if (child->state == CHILD_UP)
			return child;
	return NULL;
}

/* The child that goes with it, and a number for it; none where it is childless. */
static bool auth_choose_child(struct exchange *ex, struct cause *cause)
{
	struct auth_exchange *p = auth_exchange(ex);
	struct child *child = auth_next_child(ex->sa->peer);
	char why[IKE_WHY_MAX] = "";

	if (!child) {
		cause_set(cause, IKE_FAIL_DOWN, "no child of it is wanted any more");
		return false;
	}
	if (ex->sa->childless)
		return true;
	p->child = child->id;
	if (!mode_cut(child, ex->sa, cause))
		return false;
	if (!pair_spi_alloc(child, &p->new_spi, why)) {
		cause_set(cause, IKE_FAIL_KERNEL, "%s", why);
		return false;
	}
	return true;
}

static void auth_build_child(const struct auth_exchange *p, const struct child *child,
			     struct builder *b)
{
	offer_build_mode(b, child);
	offer_build(b, &child->conf->esp, false, p->new_spi);
	offer_build_ts(b, child, child->conf->local_ts);
}

/* Two proofs of ours; what is resumed has had them. */
static bool auth_has_second(const struct ike_sa *sa)
{
	return !sa->resumed && sa->peer->tunnel->conf->local_second;
}

static void auth_build_first(struct exchange *ex, struct builder *b, const struct auth_session *s)
{
	struct auth_exchange *p = auth_exchange(ex);
	const struct tunnel_conf *conf = ex->sa->peer->tunnel->conf;
	const struct child *child = child_find(ex->sa->ike, p->child);
	const struct ike_id *ours = &ex->sa->local_id, *peer = &conf->remote_id;

	build_id(b, PAYLOAD_IDI, ours->type, ours->data, ours->len);
	if (auth_has_second(ex->sa))
		second_announce(b, conf);
	if (contact_is_first(ex->sa))
		build_notify(b, NOTIFY_INITIAL_CONTACT, 0, 0, 0, NULL, 0);
	certs_build(b, s, conf);
	if (!ex->sa->resumed)
		certs_request(b, conf);
	if (peer->type)
		build_id(b, PAYLOAD_IDR, peer->type, peer->data, peer->len);
	if (!s->method->rounds)
		proof_build(b, s);
	else if (conf->eap_only)
		build_notify(b, NOTIFY_EAP_ONLY_AUTHENTICATION, 0, 0, 0, NULL, 0);
	if (ex->sa->ppk.mixed)
		ppk_build(b, conf);
	if (p->no_ppk.p)
		build_notify(b, NOTIFY_NO_PPK_AUTH, 0, 0, 0, p->no_ppk.p, p->no_ppk.len);
	if (ex->sa->peer->conf->ask_address)
		config_ask(b, ex->sa->peer);
	if (child)
		auth_build_child(p, child, b);
	if (ex->sa->peer->conf->mobike && !ex->sa->remote.stream)
		mobike_offer(b, ex->sa);
	resume_ask(b, ex->sa);
	if (!s->method->rounds && !auth_has_second(ex->sa))	/* else with the last proof */
		crash_build(b, ex->sa);
}

static void auth_build_round(struct builder *b, const struct auth_session *s)
{
	build_payload(b, PAYLOAD_EAP);
	writer_bytes(&b->w, s->out, s->out_len);
	build_payload_end(b);
}

static void auth_build_proof(struct builder *b, const struct auth_session *s)
{
	uint8_t proof[PRF_LEN_MAX];

	if (proof_of_key(s, &s->covered, true, proof))
		build_auth(b, AUTH_PSK, proof, prf_len(s->sa->prf));
	else
		b->w.overflow = true;	/* the message will not be sent */
	mem_wipe(proof, sizeof(proof));
	crash_build(b, s->sa);
}

/* Our proof with the keys that there are. */
static enum built auth_own_proof(struct exchange *ex, struct cause *cause)
{
	struct ike_sa *sa = ex->sa;
	struct auth_session *s = sa->auth[true];

	if (!s) {
		s = proof_begin(sa, sa->peer->tunnel);
		if (!s) {
			cause_set(cause, IKE_FAIL_PROTOCOL, "no memory for IKE_AUTH");
			return BUILD_FAILED;
		}
		s->ex = ex;
	}
	if (s->method->rounds)
		return BUILD_READY;
	switch (auth_step(s, (struct chunk){0})) {
	case AUTH_PENDING:
		return BUILD_PENDING;
	case AUTH_DONE:
		return BUILD_READY;
	default:
		cause_set(cause, IKE_FAIL_CONFIG, "we cannot prove who we are: %s", s->why);
		return BUILD_FAILED;
	}
}

/* RFC 8784 3: first the proof of who may go without, then the keys get the PPK. */
static enum built auth_mix_ppk(struct exchange *ex, struct cause *cause)
{
	const struct tunnel_conf *conf = ex->sa->peer->tunnel->conf;
	struct auth_exchange *p = auth_exchange(ex);
	struct ike_sa *sa = ex->sa;
	enum built built;

	if (!conf->ppk_required && !p->no_ppk.p) {
		built = auth_own_proof(ex, cause);
		if (built != BUILD_READY)
			return built;
		if (!octets_set(&p->no_ppk, sa->auth[true]->out, sa->auth[true]->out_len)) {
			cause_set(cause, IKE_FAIL_PROTOCOL, "no memory for IKE_AUTH");
			return BUILD_FAILED;
		}
		auth_end(sa, true);
	}
	switch (ppk_mix(sa, sa->peer->tunnel->id, ex, NULL)) {
	case AUTH_DONE:
		return BUILD_READY;
	case AUTH_PENDING:
		return BUILD_PENDING;
	default:
		cause_set(cause, IKE_FAIL_CONFIG, "our PPK cannot be used; see the log");
		return BUILD_FAILED;
	}
}

/* Our proof, for the first message. BUILD_READY: it can be built. */
static enum built auth_prove(struct exchange *ex, struct cause *cause)
{
	struct auth_exchange *p = auth_exchange(ex);
	struct ike_sa *sa = ex->sa;
	enum built built;

	if ((!sa->resumed && !second_possible(sa, cause)) ||
	    (!p->chosen && !auth_choose_child(ex, cause)))
		return BUILD_FAILED;
	if (!p->chosen)
		sa->local_id = sa->from ? sa->from->local_id :
					  tunnel_local_id(sa->peer->tunnel, &sa->local.addr);
	p->chosen = true;
	if (sa->ppk.use && !sa->ppk.mixed) {
		built = auth_mix_ppk(ex, cause);
		if (built != BUILD_READY)
			return built;
	} else if (!sa->ppk.use && !sa->resumed && sa->peer->tunnel->conf->ppk_required) {
		cause_set(cause, IKE_FAIL_AUTH_REMOTE,
			  "the peer uses no PPK (RFC 8784), and ppk-required = yes wants one");
		return BUILD_FAILED;
	}
	return auth_own_proof(ex, cause);
}

static enum built auth_build(struct exchange *ex, struct cause *cause)
{
	struct auth_exchange *p = auth_exchange(ex);
	enum built built;
	struct builder b;

	if (p->stage <= AUTH_SECOND) {
		built = p->stage == AUTH_FIRST ? auth_prove(ex, cause) : second_prove(ex, cause);
		if (built != BUILD_READY)
			return built;
	}
	v2_request_begin(ex, &b);
	if (p->stage == AUTH_FIRST)
		auth_build_first(ex, &b, ex->sa->auth[true]);
	else if (p->stage == AUTH_SECOND)
		second_build(&b, ex->sa);
	else if (p->stage == AUTH_ROUNDS)
		auth_build_round(&b, ex->sa->auth[true]);
	else
		auth_build_proof(&b, ex->sa->auth[true]);
	return v2_request_end(ex, &b, cause);
}

static bool auth_wanted(const struct ike_sa *sa)
{
	return addke_next(sa) == KE_NONE;
}

const struct exchange_kind v2_kind_auth = {
	.name = "IKE_AUTH",
	.state = SA_AUTH_SENT,
	.exchange = EXCHANGE_IKE_AUTH,
	.priv_size = sizeof(struct auth_exchange),
	.wanted = auth_wanted,
	.build = auth_build,
	.forget = auth_forget,
};

/* ---- refused */

static void auth_refused_because(struct inbound *in, const struct msg_notify *error,
				 struct cause *cause)
{
	const struct child *child = child_find(in->sa->ike, auth_exchange(in->ex)->child);
	const struct tunnel_conf *conf = in->sa->peer->tunnel->conf;
	char ours[160], name[NAME_STRLEN], id[TUNNEL_ID_MAX], asked[TUNNEL_ID_MAX];
	bool second = conf->local_second && auth_exchange(in->ex)->stage != AUTH_FIRST;

	if (error->type == NOTIFY_AUTHENTICATION_FAILED && second)
		second_refused(in->sa, cause);
	else if (error->type == NOTIFY_AUTHENTICATION_FAILED)
		cause_set(cause, IKE_FAIL_AUTH_REMOTE,
			  "the peer refused: wrong %s%s, local-id or remote-id; "
			  "we are %.180s, and asked for %.180s",
			  method_ours(conf)->secret, in->sa->ppk.mixed ? ", ppk" : "",
			  ike_id_str(&in->sa->local_id, id, sizeof(id)),
			  ike_id_str(&conf->remote_id, asked, sizeof(asked)));
	else if (config_refused(in->sa->peer, error->type, cause))
		return;
	else if (error->type == NOTIFY_NO_PROPOSAL_CHOSEN && child)
		cause_set(cause, IKE_FAIL_NO_PROPOSAL_CHILD,
			  "the peer takes none of our ESP proposals: %s; "
			  "compare them with the peer's",
			  proposals_text(&child->conf->esp, ours, sizeof(ours)));
	else if ((error->type == NOTIFY_TS_UNACCEPTABLE ||
		  error->type == NOTIFY_SINGLE_PAIR_REQUIRED) && child)
		offer_ts_refused(cause, child, error->type);
	else
		cause_set(cause, IKE_FAIL_PEER, "the peer refuses IKE_AUTH: %s",
			  notify_text(error->type, name));
}

/* No AUTH in it: but protected by keys only the other end of IKE_SA_INIT has. */
enum verdict v2_auth_refused(struct inbound *in)
{
	const struct msg_notify *error = msg_error(&v2_inbound(in)->m);
	char name[NAME_STRLEN];

	resume_used(in->sa);
	if (error && again_attempt(in->sa, error->type))
		return VERDICT_DONE;
	if (in->sa->resumed) {
		resume_give_up(in->sa, error ? notify_text(error->type, name) : "no IDr or AUTH");
		return VERDICT_DONE;
	}
	if (error)
		auth_refused_because(in, error, &in->cause);
	else
		cause_set(&in->cause, IKE_FAIL_PROTOCOL,
			  "the peer's IKE_AUTH response lacks IDr or AUTH; "
			  "does it want another way of authentication than %s?",
			  method_ours(in->sa->peer->tunnel->conf)->name);
	return VERDICT_DONE;
}

enum verdict v2_auth_abandoned(struct inbound *in)
{
	const struct msg *m = &v2_inbound(in)->m;

	return m->seen[PAYLOAD_AUTH] || m->kind == MSG_AUTH_GRANTED ||
	       (m->kind == MSG_AUTH_NO_CHILD && second_is_said(in->sa)) ?
	       VERDICT_STAY : VERDICT_FAIL;
}

/* ---- accepted */

/* What the peer made of the child that went with it; false: @cause. */
static bool auth_child_is_right(const struct v2_inbound *v, const struct child *child,
				struct proposal *suite, struct ts_pair *ts, struct cause *cause)
{
	const struct child_conf *conf = child->conf;
	char local[160], remote[160];
	const struct msg *m = &v->m;

	if (!offer_chosen(&conf->esp, &m->sa, KE_NONE, suite)) {
		cause_set(cause, IKE_FAIL_NO_PROPOSAL_CHILD,
			  "the peer chose an ESP proposal that we did not offer: %s; ours: %s",
			  offer_text(&m->sa, remote, sizeof(remote)),
			  proposals_text(&conf->esp, local, sizeof(local)));
		return false;
	}
	return offer_ts_answered(v->in.sa, child, m, ts, cause);
}

static bool auth_make_child(struct inbound *in, struct child *child, struct cause *cause)
{
	struct v2_inbound *v = v2_inbound(in);
	struct auth_exchange *p = auth_exchange(in->ex);
	struct ike_sa *sa = in->sa;
	struct ts_pair ts = {0};
	struct proposal suite;
	struct child_sa *pair;
	bool ok;

	if (child->peer->conf->ask_address && !config_take(child->peer, &v->m, cause))
		return false;
	if (child->held_down) {
		cause_set(cause, IKE_FAIL_DOWN, "taken down meanwhile");
		return false;
	}
	if (!auth_child_is_right(v, child, &suite, &ts, cause))
		return false;
	child = config_narrow(child->peer, &ts, cause) ? part_for(child, &ts, cause) : NULL;
	if (!child) {
		ts_pair_clear(&ts);
		return false;
	}
	pair = pair_new(child, sa, &suite, p->new_spi, offer_spi(&v->m.sa));
	if (pair)
		p->new_spi = 0;
	if (!pair || !pair_derive(pair, true, (struct ke_secret){0},
				  (struct chunk){ sa->ni.b, sa->ni.len },
				  (struct chunk){ sa->nr.b, sa->nr.len })) {
		cause_set(cause, IKE_FAIL_PROTOCOL,
			  "the keys of the CHILD_SA cannot be derived");
		if (pair)
			pair_retire(pair, cause->text);
		ts_pair_clear(&ts);
		return false;
	}
	ok = offer_install(child, pair, &ts, &v->m, cause);
	ts_pair_clear(&ts);
	return ok;
}

/* The peer is authenticated: the IKE SA stands, whatever becomes of the child. */
static enum verdict auth_accepted(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	const struct msg_notify *error = msg_error(&v->m);
	struct ike_sa *sa = in->sa;
	struct child *child = child_find(sa->ike, auth_exchange(in->ex)->child);
	bool alone = sa->auth[true] && sa->auth[true]->alone;
	char proved[PROOF_STRLEN];
	struct cause cause = {0};

	report_step(sa->peer, IKE_STEP_AUTH, "the peer is authenticated%s%s",
		    proof_text(alone ? sa->auth[true] : sa->auth[false], proved),
		    sa->ppk.mixed ? ", and has the PPK" : "");
	if (sa->from) {
		resume_apply(sa);
	} else {
		ppk_tell(sa, sa->peer->tunnel);
		proof_certified(sa, sa->auth[alone]);
	}
	auth_end(sa, false);
	if (redirect_at_auth(in))
		return VERDICT_FAIL;
	sa_forget_proof(sa);
	peer_take_sa(sa->peer, sa, false);
	crash_take(sa, &v->m);
	mobike_agree(in, &v->m);
	lifetime_take(sa, &v->m);
	resume_take(sa, &v->m, true);
	if (!child) {
		/* An address that is not given now is asked for with the first child. */
		if (sa->peer->conf->ask_address)
			config_take(sa->peer, &v->m, &cause);
		return VERDICT_DONE;
	}
	if (error && error->type == NOTIFY_SINGLE_PAIR_REQUIRED && part_single(child))
		return VERDICT_DONE;
	if (error)
		auth_refused_because(in, error, &cause);
	else if (!v->m.sa.count || !v->m.tsi.count || !v->m.tsr.count)
		cause_set(&cause, IKE_FAIL_PROTOCOL,
			  "the peer's IKE_AUTH response has neither a CHILD_SA nor an error");
	else if (auth_make_child(in, child, &cause))
		return VERDICT_DONE;
	else if (auth_exchange(in->ex)->new_spi)
		offer_reject(child, sa, &v->m.sa, &auth_exchange(in->ex)->new_spi, cause.text);
	child_failed(child, &cause);
	return VERDICT_DONE;
}

/* ---- the peer's proof */

static bool auth_id_is_right(struct inbound *in, const struct ike_id *theirs)
{
	const struct tunnel_conf *conf = in->sa->peer->tunnel->conf;
	char want[TUNNEL_ID_MAX], got[TUNNEL_ID_MAX];
	const struct ticket *from = in->sa->from;
	const struct ike_id *wanted = from ? &from->remote_id : &conf->remote_id;

	if (theirs->type && (!wanted->type || ike_id_equal(theirs, wanted)))
		return true;
	cause_set(&in->cause, IKE_FAIL_ID, "the peer calls itself %.180s, but %s is %.180s",
		  ike_id_str(theirs, got, sizeof(got)),
		  from ? "whose session it resumes" : "remote-id",
		  ike_id_str(wanted, want, sizeof(want)));
	return false;
}

static enum verdict auth_not_proved(struct inbound *in, const char *why)
{
	const struct msg *m = &v2_inbound(in)->m;
	struct ike_id theirs = v2_id(&m->idr);
	char got[TUNNEL_ID_MAX];

	if (in->sa->resumed) {
		cause_set(&in->cause, IKE_FAIL_AUTH_LOCAL, "the peer does not prove that it has the "
			  "keys of the session that it resumes");
		return VERDICT_FAIL;
	}
	proof_refused(&in->cause, in->sa->peer->tunnel->conf, m,
		      ike_id_str(&theirs, got, sizeof(got)), why);
	return VERDICT_FAIL;
}

static enum verdict auth_next_round(struct inbound *in);

/* Of two proofs of ours the first is over: RFC 4739. */
static enum verdict auth_begin_second(struct inbound *in)
{
	struct auth_exchange *p = auth_exchange(in->ex);

	if (p->stage != AUTH_FIRST || !second_awaited(&v2_inbound(in)->m)) {
		cause_set(&in->cause, IKE_FAIL_AUTH_REMOTE,
			  "the peer is content with one proof of ours, and second-auth wants two: "
			  "let it ask for the second one");
		return VERDICT_FAIL;
	}
	p->stage = AUTH_SECOND;
	exchange_again(in->ex);
	in->ex = NULL;
	return VERDICT_STAY;
}

/* What comes after the peer's proof, or with it. */
static enum verdict auth_proved(struct inbound *in)
{
	if (v2_inbound(in)->m.kind == MSG_AUTH_ROUND)
		return auth_next_round(in);
	return auth_has_second(in->sa) ? auth_begin_second(in) : auth_accepted(in);
}

static enum verdict auth_verify(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct auth_session *s = in->sa->auth[false];
	struct chunk data = { v->m.auth.data.at, v->m.auth.data.left };

	switch (auth_step(s, data)) {
	case AUTH_PENDING:
		in->resume = auth_verify;
		return VERDICT_PENDING;
	case AUTH_DONE:
		in->sa->remote_id = v2_id(&v->m.idr);
		return auth_proved(in);
	default:
		return auth_not_proved(in, s->why);
	}
}

/* Without PPK_IDENTITY in it the answer is that of a handshake without. */
static bool auth_ppk_answered(struct inbound *in)
{
	const struct tunnel_conf *conf = in->sa->peer->tunnel->conf;
	struct ike_sa *sa = in->sa;

	if (!sa->ppk.mixed || msg_notify(&v2_inbound(in)->m, NOTIFY_PPK_IDENTITY))
		return true;
	if (conf->ppk_required) {
		cause_set(&in->cause, IKE_FAIL_AUTH_REMOTE,
			  "the peer has not the PPK \"%s\", and ppk-required = yes wants it",
			  conf->ppk_id);
		return false;
	}
	ppk_unmix(sa);
	return true;
}

/* IDr and AUTH. */
static enum verdict auth_begin_verify(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct ike_id theirs = v2_id(&v->m.idr);
	struct auth_session *s;

	if (!auth_id_is_right(in, &theirs) || !auth_ppk_answered(in))
		return VERDICT_FAIL;
	s = proof_verify(in->sa, in->sa->peer->tunnel, &v->m);
	if (!s)
		return auth_not_proved(in, "no memory");
	s->in = in;
	return proof_take(s, &v->m) ? auth_verify(in) : auth_not_proved(in, s->why);
}

/* Its proof is in the rounds only, RFC 5998: until then it is whom it says. */
static enum verdict auth_begin_alone(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct ike_id theirs = v2_id(&v->m.idr);

	if (!auth_id_is_right(in, &theirs))
		return VERDICT_FAIL;
	if (!proof_verify(in->sa, in->sa->peer->tunnel, &v->m))
		return auth_not_proved(in, "no memory");
	in->sa->remote_id = theirs;
	in->sa->auth[true]->alone = true;
	return auth_next_round(in);
}

enum verdict v2_auth_response(struct inbound *in)
{
	const struct auth_session *ours = in->sa->auth[true];
	struct v2_inbound *v = v2_inbound(in);

	resume_used(in->sa);
	if (second_of_theirs(in))
		return VERDICT_FAIL;
	if (resume_is_void(in->sa)) {
		resume_give_up(in->sa, "a reload meanwhile");
		return VERDICT_FAIL;
	}
	if (v->m.kind == MSG_AUTH)
		return auth_begin_verify(in);
	/* after rounds: the peer has to have proved itself before, and again with the key */
	if (!ours || auth_exchange(in->ex)->stage != AUTH_PROOF || !in->sa->auth[false] ||
	    !in->sa->remote_id.type || (ours->alone && !ours->key_len) ||
	    !proof_of_key_ok(ours, &in->sa->auth[false]->covered, false, &v->m.auth))
		return auth_not_proved(in, "");
	return auth_accepted(in);
}

/* After our last proof the peer has said all of its own. Before, it refuses, or cannot grant. */
enum verdict v2_auth_granted(struct inbound *in)
{
	if (second_is_said(in->sa))
		return auth_accepted(in);
	if (v2_inbound(in)->m.kind == MSG_AUTH_GRANTED)
		return auth_not_proved(in, "");
	v2_auth_refused(in);
	return VERDICT_FAIL;
}

/* ---- rounds, RFC 7296 2.16 */

static enum verdict auth_next_round(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct auth_session *s = in->sa->auth[true];
	struct chunk data = { v->m.eap.at, v->m.eap.left };

	s->in = in;
	switch (auth_step(s, data)) {
	case AUTH_PENDING:
		in->resume = auth_next_round;
		return VERDICT_PENDING;
	case AUTH_MORE:
		auth_exchange(in->ex)->stage = AUTH_ROUNDS;
		break;
	case AUTH_DONE:
		auth_exchange(in->ex)->stage = AUTH_PROOF;
		break;
	case AUTH_FAILED:
		cause_set(&in->cause, IKE_FAIL_AUTH_REMOTE, "%s failed: %s", s->method->name,
			  s->why);
		if (s->over)	/* there is nobody left who would answer a DELETE */
			sa_end(in->sa, SA_DROP, IKE_FAIL_AUTH_REMOTE, in->cause.text);
		return s->over ? VERDICT_STAY : VERDICT_FAIL;
	}
	s->in = NULL;
	exchange_again(in->ex);
	in->ex = NULL;
	return VERDICT_STAY;
}

enum verdict v2_auth_more(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	const struct auth_session *s = in->sa->auth[true];

	if (second_of_theirs(in))
		return VERDICT_FAIL;
	if (!s || !s->method->rounds) {
		cause_set(&in->cause, IKE_FAIL_PROTOCOL, "the peer asks for EAP, which we do not do");
		return VERDICT_FAIL;
	}
	if (in->sa->remote_id.type)
		return auth_next_round(in);
	if (v->m.idr.body.at && v->m.seen[PAYLOAD_AUTH])
		return auth_begin_verify(in);
	if (v->m.idr.body.at && in->sa->peer->tunnel->conf->eap_only)
		return auth_begin_alone(in);
	return auth_not_proved(in, "it sent no IDr and AUTH before EAP");
}
