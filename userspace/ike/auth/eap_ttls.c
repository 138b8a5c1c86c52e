// SPDX-License-Identifier: GPL-2.0
/*
 * EAP-TTLS, RFC 5281, with TLS 1.3 RFC 9427: the server proves itself by certificate, then the
 * client inside of TLS by a password: in EAP, by MS-CHAP-V2 or with the password itself. TLS and
 * its packets are eap_tls.c's; the key is that of TLS.
 */
#include <string.h>

#include "ike/auth/eap.h"
#include "ike/object/tunnel.h"
#include "wire/avp.h"

_Static_assert(!(AVP_MESSAGE_MAX - IKE_INNER_MAX), "what is said inside can be parsed");
_Static_assert(!(MSCHAP_CHALLENGE_LEN + 1 - IKE_CHALLENGE_LEN), "a challenge and its identifier");

#define TTLS_RESPONSE_LEN	50	/* MS-CHAP2-Response, RFC 2548 2.3.2 */
#define TTLS_SUCCESS_LEN	43	/* MS-CHAP2-Success: identifier, "S=", 40 digits */

/* The ways that are no EAP, so that eap_verdict_server() knows what a password is. */
static const struct eap_method eap_ttls_pap = { .name = "pap", .password = true };
static const struct eap_method eap_ttls_mschapv2 = { .name = "mschapv2", .password = true };

static struct eap *eap_ttls_inner(const struct eap *e)
{
	return e->inner->priv;
}

/* A job has ended of what is said inside. */
static bool eap_ttls_resumes(const struct eap *e)
{
	return e->inner && e->inner->job_ended;
}

/* Steps the EAP inside with what the peer says in it. */
static enum auth_state eap_ttls_step(struct eap *e, struct chunk said)
{
	struct auth_session *inner = e->inner;

	inner->in = e->s->in;
	inner->ex = e->s->ex;
	return auth_step(inner, said);
}

/* Likewise a job for the other ways. */
static enum auth_state eap_ttls_ask(struct eap *e, enum ike_eap what, struct chunk octets)
{
	struct auth_session *inner = e->inner;

	inner->in = e->s->in;
	inner->ex = e->s->ex;
	return eap_packet_ask(eap_ttls_inner(e), what, octets);
}

/* Says one AVP, or several that @w has, which are wiped. */
static enum auth_state eap_ttls_say(struct eap *e, struct writer *w)
{
	enum auth_state state;

	state = w->overflow ? eap_packet_fail(e, "what is said inside of TLS is too long") :
			      eap_tls_inside(e, (struct chunk){ w->buf, w->len });
	mem_wipe(w->buf, w->cap);
	return state;
}

static enum auth_state eap_ttls_say_one(struct eap *e, uint32_t vendor, enum avp_code code,
					struct chunk value)
{
	uint8_t octets[AUTH_OUT_MAX + 16];
	struct writer w = writer_of(octets, sizeof(octets));

	avp_add(&w, vendor, code, value);
	return eap_ttls_say(e, &w);
}

/* What the inside has come to, where it is at its end or there is something to say. */
static enum auth_state eap_ttls_hand_on(struct eap *e, enum auth_state state)
{
	const struct auth_session *inner = e->inner;

	if (state == AUTH_FAILED || (state == AUTH_MORE && inner->why[0])) {
		snprintf(e->s->why, sizeof(e->s->why), "%s", inner->why);
		snprintf(e->why, sizeof(e->why), "%s", inner->why);
		e->named_why = true;
	}
	/* a server's fate is said again once that is on its way: jobs forget it */
	if (state == AUTH_MORE)
		return eap_ttls_say_one(e, 0, AVP_EAP_MESSAGE,
					(struct chunk){ inner->out, inner->out_len });
	return state;
}

/* ---- server */

/* Who it is counts from now on, instead of what it said outside. */
static enum auth_state eap_ttls_accept(struct eap *e)
{
	const struct eap *inner = eap_ttls_inner(e);

	memcpy(e->named, inner->user, inner->user_len);
	e->named_len = inner->user_len;
	return AUTH_DONE;
}

static enum auth_state eap_ttls_judged(struct eap *e, enum auth_state state)
{
	if (state == AUTH_PENDING)
		return state;
	state = eap_ttls_hand_on(e, eap_verdict_server(eap_ttls_inner(e), state));
	return state == AUTH_DONE ? eap_ttls_accept(e) : state;
}

/* A client begins with its identity, as if it had been asked, RFC 5281 11.2.1. */
static enum auth_state eap_ttls_serve_eap(struct eap *e, struct chunk said)
{
	struct eap *inner = eap_ttls_inner(e);
	enum auth_state state;

	if (inner->method == &eap_ttls_pap || inner->method == &eap_ttls_mschapv2)
		return eap_packet_fail(e, "it begins EAP inside of TLS amid another way");
	if (!inner->asked && said.len > 1)
		inner->id = said.p[1];
	inner->asked = true;
	state = eap_ttls_step(e, said);
	if (state == AUTH_PENDING)
		return state;
	state = eap_ttls_hand_on(e, state);
	return state == AUTH_DONE ? eap_ttls_accept(e) : state;
}

static bool eap_ttls_name(struct eap *e, const struct eap_method *way, struct chunk user)
{
	struct eap *inner = eap_ttls_inner(e);

	if (inner->method || inner->asked || user.len > sizeof(inner->user)) {
		eap_packet_fail(e, inner->method || inner->asked ?
				"it begins another way amid one inside of TLS" :
				"its name inside of TLS is too long");
		return false;
	}
	inner->method = way;
	memcpy(inner->user, user.p, user.len);
	inner->user_len = user.len;
	return true;
}

static enum auth_state eap_ttls_serve_pap(struct eap *e, const struct avp_message *m)
{
	struct eap *inner = eap_ttls_inner(e);

	if (eap_packet_answered(inner))
		return eap_ttls_judged(e, inner->s->why[0] ? AUTH_FAILED : AUTH_DONE);
	if (!eap_ttls_name(e, &eap_ttls_pap, m->user))
		return AUTH_FAILED;
	return eap_ttls_judged(e, eap_ttls_ask(e, IKE_EAP_PAP_CHECK, m->password));
}

/* The password was right: the server says that it knows it too. */
static enum auth_state eap_ttls_welcome(struct eap *e, uint8_t id)
{
	struct eap *inner = eap_ttls_inner(e);
	uint8_t octets[TTLS_SUCCESS_LEN];
	struct writer w = writer_of(octets, sizeof(octets));

	if (inner->made_len != IKE_EAP_MSCHAP_LEN)
		return eap_packet_fail(e, "the keeper of the password answers with too little");
	e->welcomed = true;
	writer_u8(&w, id);
	writer_bytes(&w, "S=", 2);
	eap_mschapv2_hex(&w, MADE_PROOF(inner), MSCHAP_PROOF_LEN);
	return eap_ttls_say_one(e, AVP_MICROSOFT, AVP_MS_CHAP2_SUCCESS,
				(struct chunk){ octets, w.len });
}

/* The challenge is of TLS: an answer to another one is another conversation's, RFC 5281 11.1. */
static enum auth_state eap_ttls_serve_mschapv2(struct eap *e, const struct avp_message *m)
{
	const uint8_t *challenge = eap_tls_challenge(e), *r = m->response.p;
	uint8_t octets[2 * MSCHAP_CHALLENGE_LEN + MSCHAP_RESPONSE_LEN];
	struct writer w = writer_of(octets, sizeof(octets));
	struct eap *inner = eap_ttls_inner(e);

	if (e->welcomed)
		return eap_packet_fail(e, "it proves itself inside of TLS twice");
	if (m->response.len != TTLS_RESPONSE_LEN || m->challenge.len != MSCHAP_CHALLENGE_LEN ||
	    memcmp(m->challenge.p, challenge, MSCHAP_CHALLENGE_LEN) ||
	    r[0] != challenge[MSCHAP_CHALLENGE_LEN])
		return eap_packet_fail(e, "its MS-CHAP-V2 inside of TLS answers another challenge");
	if (eap_packet_answered(inner))
		return inner->s->why[0] ? eap_ttls_judged(e, AUTH_FAILED) :
					  eap_ttls_welcome(e, r[0]);
	if (!eap_ttls_name(e, &eap_ttls_mschapv2, m->user))
		return AUTH_FAILED;
	writer_bytes(&w, challenge, MSCHAP_CHALLENGE_LEN);
	writer_bytes(&w, r + 2, MSCHAP_CHALLENGE_LEN);
	writer_bytes(&w, r + TTLS_RESPONSE_LEN - MSCHAP_RESPONSE_LEN, MSCHAP_RESPONSE_LEN);
	return eap_ttls_judged(e, eap_ttls_ask(e, IKE_EAP_MSCHAP_CHECK,
					       (struct chunk){ octets, w.len }));
}

static enum auth_state eap_ttls_serve(struct eap *e, const struct avp_message *m)
{
	if (m->eap_len)
		return eap_ttls_serve_eap(e, (struct chunk){ m->eap, m->eap_len });
	if (m->user.len && m->password.len)
		return eap_ttls_serve_pap(e, m);
	if (m->user.len && m->challenge.len && m->response.len)
		return eap_ttls_serve_mschapv2(e, m);
	return eap_packet_fail(e, "it proves itself inside of TLS in another way than EAP, MS-CHAP-V2 or PAP");
}

/* ---- client */

static enum auth_state eap_ttls_answer_eap(struct eap *e, const struct avp_message *m)
{
	struct eap *inner = eap_ttls_inner(e);
	enum auth_state state;

	if (m->eap_len)
		state = eap_ttls_step(e, (struct chunk){ m->eap, m->eap_len });
	else if (!inner->asked)
		state = eap_packet_identity(inner);
	else
		return eap_packet_fail(e, "the server says no EAP inside of TLS");
	e->proved = inner->proved;
	if (state == AUTH_PENDING)
		return state;
	memcpy(e->why, inner->why, sizeof(e->why));	/* for EAP-Failure, which follows outside */
	/* EAP-Success inside: the one outside follows */
	return state == AUTH_DONE ? eap_tls_say(e) : eap_ttls_hand_on(e, state);
}

static enum auth_state eap_ttls_answer_pap(struct eap *e, const struct avp_message *m)
{
	uint8_t octets[TUNNEL_ID_MAX + IKE_EAP_OUT_MAX + 64];
	struct writer w = writer_of(octets, sizeof(octets));
	struct eap *inner = eap_ttls_inner(e);

	if (!eap_packet_answered(inner)) {
		if (e->proved)
			return eap_packet_fail(e, "the server wants %s, but ttls-inner is pap",
					       m->eap_len ? "EAP inside of TLS" :
							    "more than the password");
		return eap_ttls_hand_on(e, eap_ttls_ask(e, IKE_EAP_PAP_ANSWER,
							(struct chunk){ 0 }));
	}
	if (inner->s->why[0] || !inner->made_len)
		return eap_packet_fail(e, "the password cannot be given: %s", inner->s->why);
	avp_add(&w, 0, AVP_USER_NAME, (struct chunk){ e->user, e->user_len });
	avp_add_password(&w, (struct chunk){ inner->made, inner->made_len });
	mem_wipe(inner->made, sizeof(inner->made));
	e->proved = true;
	return eap_ttls_say(e, &w);
}

/* Challenge and answer; the challenge is of TLS. */
static enum auth_state eap_ttls_respond(struct eap *e)
{
	static const uint8_t zeros[8];
	uint8_t octets[TUNNEL_ID_MAX + 128], value[TTLS_RESPONSE_LEN];
	struct writer w = writer_of(octets, sizeof(octets)), v = writer_of(value, sizeof(value));
	const uint8_t *challenge = eap_tls_challenge(e);
	struct eap *inner = eap_ttls_inner(e);

	if (inner->s->why[0] || inner->made_len != IKE_EAP_MSCHAP_LEN)
		return eap_packet_fail(e, "the answer to the challenge cannot be made: %s",
				       inner->s->why);
	writer_u8(&v, challenge[MSCHAP_CHALLENGE_LEN]);
	writer_u8(&v, 0);
	writer_bytes(&v, inner->challenge, MSCHAP_CHALLENGE_LEN);
	writer_bytes(&v, zeros, sizeof(zeros));
	writer_bytes(&v, MADE_RESPONSE(inner), MSCHAP_RESPONSE_LEN);
	avp_add(&w, 0, AVP_USER_NAME, (struct chunk){ e->user, e->user_len });
	avp_add(&w, AVP_MICROSOFT, AVP_MS_CHAP_CHALLENGE,
		(struct chunk){ challenge, MSCHAP_CHALLENGE_LEN });
	avp_add(&w, AVP_MICROSOFT, AVP_MS_CHAP2_RESPONSE, (struct chunk){ value, v.len });
	inner->asked = true;
	return eap_ttls_say(e, &w);
}

static enum auth_state eap_ttls_welcomed(struct eap *e, const struct avp_message *m)
{
	char text[TTLS_SUCCESS_LEN] = "";

	if (m->error.len)
		return eap_packet_fail(e, "the server refuses %.*s: wrong password or user name",
				       (int)e->user_len, (const char *)e->user);
	if (m->success.len >= TTLS_SUCCESS_LEN)
		memcpy(text, m->success.p + 1, sizeof(text) - 1);
	if (!eap_mschapv2_proves(eap_ttls_inner(e), text))
		return eap_packet_fail(e, "the server does not prove that it knows the password of %.*s",
				       (int)e->user_len, (const char *)e->user);
	e->welcomed = e->proved = true;
	return eap_tls_say(e);
}

static enum auth_state eap_ttls_answer_mschapv2(struct eap *e, const struct avp_message *m)
{
	uint8_t octets[2 * MSCHAP_CHALLENGE_LEN];
	struct writer w = writer_of(octets, sizeof(octets));
	struct eap *inner = eap_ttls_inner(e);

	if (eap_packet_answered(inner))
		return eap_ttls_respond(e);
	if (e->welcomed)
		return eap_packet_fail(e, "the server goes on inside of TLS after its end");
	if (inner->asked)
		return eap_ttls_welcomed(e, m);
	ike_random(e->s->sa->ike, inner->challenge, sizeof(inner->challenge));
	writer_bytes(&w, eap_tls_challenge(e), MSCHAP_CHALLENGE_LEN);
	writer_bytes(&w, inner->challenge, MSCHAP_CHALLENGE_LEN);
	return eap_ttls_hand_on(e, eap_ttls_ask(e, IKE_EAP_MSCHAP_ANSWER,
						(struct chunk){ octets, w.len }));
}

static enum auth_state eap_ttls_answer(struct eap *e, const struct avp_message *m)
{
	const struct tunnel *t = tunnel_find(e->s->sa->ike, e->s->tunnel);

	if (!t)
		return eap_packet_fail(e, "the tunnel has gone");
	switch (t->conf->ttls) {
	case TTLS_PAP:
		return eap_ttls_answer_pap(e, m);
	case TTLS_MSCHAPV2:
		return eap_ttls_answer_mschapv2(e, m);
	default:
		return eap_ttls_answer_eap(e, m);
	}
}

/* ---- both */

/* TLS is at its end: the server has proved itself to the client, and nobody else hears us. */
static enum auth_state eap_ttls_tunnel(struct eap *e)
{
	struct chunk heard = eap_tls_heard(e);
	bool begins = !e->inner, server = !e->s->prover;
	struct avp_message m;
	enum auth_state state;

	if (begins)
		e->inner = eap_new_inner(e);
	if (!e->inner)
		return eap_packet_fail(e, "no memory");
	/* who has said something, or waits for the client to begin, has only packets to send */
	if (!heard.len && (server || !begins) && !eap_ttls_resumes(e)) {
		if (server)
			snprintf(e->s->why, sizeof(e->s->why), "%s", e->why);
		return eap_tls_say(e);
	}
	if (!avp_parse(heard, &m))
		return eap_packet_fail(e, "what it says inside of TLS is malformed");
	if (m.is_unknown)
		state = eap_packet_fail(e, "it says something inside of TLS that has to be understood, and is not: AVP %u",
					m.unknown);
	else
		state = server ? eap_ttls_serve(e, &m) : eap_ttls_answer(e, &m);
	mem_wipe(&m, sizeof(m));
	return state;
}

static enum auth_state eap_ttls_server(struct eap *e, const struct eap_packet *in)
{
	if (in && eap_ttls_resumes(e))
		return eap_ttls_tunnel(e);
	if (in && eap_tls_is_open(e) && in->data.len <= 1 && e->welcomed)
		return eap_ttls_judged(e, AUTH_DONE);
	return eap_tls_server(e, in);
}

static enum auth_state eap_ttls_client(struct eap *e, const struct eap_packet *in)
{
	return eap_ttls_resumes(e) ? eap_ttls_tunnel(e) : eap_tls_client(e, in);
}

const struct eap_method eap_ttls = {
	.name = "ttls",
	.type = EAP_TYPE_TTLS,
	.server = eap_ttls_server,
	.client = eap_ttls_client,
	.take = eap_tls_take,
	.tunnel = eap_ttls_tunnel,
};
