// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/rounds.h"

#include <stdlib.h>

#include "ike/object/report.h"
#include "ike/object/tunnel.h"
#include "ike/v2/accept.h"
#include "ike/v2/crash.h"
#include "ike/v2/ppk.h"
#include "ike/v2/proof.h"
#include "ike/v2/second.h"
#include "ike/v2/v2.h"

/* The first message, whose child is made once the last one has come. */
struct rounds {
	uint32_t tunnel;
	uint8_t first;			/* type of its first payload */
	struct octets inner;
	bool second;			/* the peer has proved itself once before, RFC 4739 */
	struct ike_id id;		/* as whom */
	bool awaited;			/* they begin with the next message */
	bool done;			/* only the proof with the key is missing */
	bool told;			/* it is said why the peer will be refused */
};

static void rounds_free(struct ike_sa *sa)
{
	struct rounds *r = sa->stash;

	octets_clear(&r->inner);
	free(r);
	sa->stash = NULL;
}

static void rounds_say(struct v2_inbound *v, const struct auth_session *s)
{
	build_payload(&v->b, PAYLOAD_EAP);
	writer_bytes(&v->b.w, s->out, s->out_len);
	build_payload_end(&v->b);
}

/* Once: a peer that hears of its fate in the midst of a method may not come back for the end. */
static void rounds_tell(struct inbound *in, const char *why)
{
	struct rounds *r = in->sa->stash;
	struct tunnel *t = r ? tunnel_find(in->sa->ike, r->tunnel) : NULL;
	struct cause cause;

	if (!t || r->told || !ike_may_mention_stranger(in->sa->ike))
		return;
	r->told = true;
	cause_set(&cause, IKE_FAIL_AUTH_LOCAL, "the peer does not prove who it is: %s", why);
	report_refused(t, &cause);
}

static enum verdict rounds_fail(struct inbound *in, const char *why)
{
	struct v2_inbound *v = v2_inbound(in);

	v2_refuse(v, NOTIFY_AUTHENTICATION_FAILED, NULL, 0);
	rounds_tell(in, why);
	return VERDICT_FAIL;
}

/* Steps the method with the peer's octets; what it says goes into the answer. */
static enum verdict rounds_step(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct auth_session *s = in->sa->auth[false];
	struct rounds *r = in->sa->stash;
	struct chunk data = { v->m.eap.at, v->m.eap.left };
	enum auth_state state;

	s->in = in;
	state = auth_step(s, data);
	if (state == AUTH_PENDING) {
		in->resume = rounds_step;
		return VERDICT_PENDING;
	}
	s->in = NULL;
	if (state == AUTH_FAILED) {
		rounds_fail(in, s->why);
		if (s->out_len)
			rounds_say(v, s);
		return VERDICT_FAIL;
	}
	r->done = state == AUTH_DONE;
	if (s->why[0])
		rounds_tell(in, s->why);
	rounds_say(v, s);
	return VERDICT_STAY;
}

/* Keeps the first message; NULL: no memory. */
static struct rounds *rounds_keep(struct inbound *in, const struct tunnel *t)
{
	struct v2_inbound *v = v2_inbound(in);
	struct rounds *r = calloc(1, sizeof(*r));
	struct ike_sa *sa = in->sa;

	if (!r || !octets_set(&r->inner, v->inner.at, v->inner.left)) {
		free(r);
		return NULL;
	}
	r->tunnel = t->id;
	r->first = v->inner_first;
	sa->stash = r;
	sa->stash_free = rounds_free;
	return r;
}

enum verdict rounds_begin(struct inbound *in, struct tunnel *t)
{
	return rounds_keep(in, t) ? rounds_step(in) : rounds_fail(in, "no memory");
}

enum verdict rounds_await(struct inbound *in, struct tunnel *t)
{
	struct rounds *r = rounds_keep(in, t);

	if (!r)
		return rounds_fail(in, "no memory");
	r->second = true;
	r->id = v2_id(&v2_inbound(in)->m.idi);
	r->awaited = true;
	/* each proof has its time; this comes once */
	timer_set(&in->sa->ike->timers, &in->sa->expiry, ike_now(in->sa->ike) +
		  (uint64_t)in->sa->version->timeouts[SA_INIT_ANSWERED] * 1000);
	return VERDICT_STAY;
}

enum verdict rounds_again(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct rounds *r = in->sa->stash;
	struct tunnel *t = tunnel_find(in->sa->ike, r->tunnel);

	if (!r->awaited)
		return rounds_fail(in, "it begins a proof amid another one");
	if (t && !t->conf->remote_second->rounds)
		return rounds_fail(in, "it begins EAP, and second-auth wants no EAP of it");
	if (!t || !proof_verify_second(in->sa, t, &v->m))
		return rounds_fail(in, "no memory, or the tunnel has gone");
	r->awaited = false;
	return rounds_step(in);
}

/* The last message; what the first one asked for is granted. */
static enum verdict rounds_second_proved(struct inbound *in, struct tunnel *t)
{
	struct v2_inbound *v = v2_inbound(in);
	struct auth_session *s = in->sa->auth[false];
	const struct rounds *r = in->sa->stash;
	char proved[PROOF_STRLEN];

	report_tunnel_log(t, LOG_INFO, "the peer has proved itself a second time%s",
			  proof_text(s, proved));
	/* a key that is shared proves nobody's name */
	in->sa->remote_id = s->method->certs ? s->id : r->id;
	proof_certified(in->sa, s);
	auth_end(in->sa, false);
	crash_take(in->sa, &v->m);	/* before the first message is read again in its place */
	if (msg_parse_payloads(cursor_of(r->inner.p, r->inner.len), r->first, &v->m) != MSG_OK)
		return rounds_fail(in, "no memory");
	if (accept_turned_away(in, t, tunnel_peer_known(t, &in->sa->remote_id)))
		return VERDICT_FAIL;
	return accept_establish(in, t, NULL);
}

static enum verdict rounds_second_verify(struct inbound *in)
{
	const struct msg_auth *auth = &v2_inbound(in)->m.auth;
	struct auth_session *s = in->sa->auth[false];
	struct rounds *r = in->sa->stash;
	struct tunnel *t = tunnel_find(in->sa->ike, r->tunnel);
	enum auth_state state = AUTH_FAILED;

	if (t)
		state = auth_step(s, (struct chunk){ auth->data.at, auth->data.left });
	if (state == AUTH_PENDING) {
		in->resume = rounds_second_verify;
		return VERDICT_PENDING;
	}
	if (state == AUTH_DONE)
		return rounds_second_proved(in, t);
	return rounds_fail(in, s->why[0] ? s->why :
			   "its second proof is wrong: compare second-psk-file on both ends");
}

enum verdict rounds_second(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct rounds *r = in->sa->stash;
	struct tunnel *t = tunnel_find(in->sa->ike, r->tunnel);
	char why[IKE_WHY_MAX];
	struct auth_session *s;

	if (!r->awaited)
		return rounds_fail(in, "it begins a proof amid another one");
	r->awaited = false;
	if (second_follows(&v->m))
		return rounds_fail(in, "it announces one proof more (ANOTHER_AUTH_FOLLOWS) than "
				   "there is to be");
	s = t ? proof_verify_second(in->sa, t, &v->m) : NULL;
	if (!s)
		return rounds_fail(in, "no memory, or the tunnel has gone");
	if (!proof_take(s, &v->m)) {
		snprintf(why, sizeof(why), "its second proof has AUTH method %u, and second-auth wants %s",
			 v->m.auth.method, s->method->name);
		return rounds_fail(in, s->why[0] ? s->why : why);
	}
	s->in = in;
	return second_is_wrong_id(t->conf, &r->id, s, why) ? rounds_fail(in, why) :
							     rounds_second_verify(in);
}

enum verdict v2_auth_round(struct inbound *in)
{
	const struct rounds *r = in->sa->stash;

	if (!r || r->done || !in->sa->auth[false])
		return rounds_fail(in, "an unexpected EAP payload");
	return rounds_step(in);
}

static bool rounds_id_is_right(struct inbound *in, const struct tunnel *t)
{
	char got[TUNNEL_ID_MAX], want[TUNNEL_ID_MAX], why[IKE_WHY_MAX];
	const struct ike_sa *sa = in->sa;

	if (!t->conf->remote_id.type || ike_id_equal(&sa->remote_id, &t->conf->remote_id))
		return true;
	snprintf(why, sizeof(why), "it is %.100s, but remote-id is %.100s",
		 ike_id_str(&sa->remote_id, got, sizeof(got)),
		 ike_id_str(&t->conf->remote_id, want, sizeof(want)));
	rounds_fail(in, why);
	return false;
}

/* The last message: the proof with the key; what the first one asked for is granted. */
enum verdict v2_auth_proof(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct auth_session *s = in->sa->auth[false];
	struct rounds *r = in->sa->stash;
	struct msg_auth theirs = { v->m.auth.method, ppk_proof(in->sa, &v->m) };
	struct octets ours = {0};
	uint8_t proof[PRF_LEN_MAX];
	struct tunnel *t = r ? tunnel_find(in->sa->ike, r->tunnel) : NULL;
	bool ok;

	if (second_follows(&v->m))
		return rounds_fail(in, "it announces one proof more (ANOTHER_AUTH_FOLLOWS) than "
				   "there is to be");
	if (!t || !r->done || !s || (s->alone && !s->key_len) ||
	    !proof_of_key_ok(s, &s->covered, true, &theirs))
		return rounds_fail(in, "its proof with the key is wrong");
	crash_take(in->sa, &v->m);	/* before the first message is read again in its place */
	ok = proof_own_covered(in->sa, &ours) && proof_of_key(s, &ours, false, proof) &&
	     msg_parse_payloads(cursor_of(r->inner.p, r->inner.len), r->first, &v->m) == MSG_OK;
	octets_clear(&ours);
	if (!ok)
		return rounds_fail(in, "no memory");
	in->sa->remote_id = s->id;
	proof_certified(in->sa, s);
	auth_end(in->sa, false);
	/* again: it may be another day, and now it is known which of many peers it is */
	ok = (r->second || rounds_id_is_right(in, t)) &&
	     !accept_turned_away(in, t, tunnel_peer_known(t, &in->sa->remote_id));
	if (ok)
		build_auth(&v->b, AUTH_PSK, proof, prf_len(in->sa->prf));
	mem_wipe(proof, sizeof(proof));
	return ok ? accept_establish(in, t, NULL) : VERDICT_FAIL;
}
