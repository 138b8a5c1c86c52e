// SPDX-License-Identifier: GPL-2.0
/*
 * EAP passed through to a RADIUS server, RFC 3579 2, RFC 3748 4.4: after the identity the client
 * speaks with that, and what they say is not looked into. A job carries each response there and
 * the next request, the key or the refusal back. Who guesses is not let through: each conversation
 * counts as a guess from its address until the server accepts it. The name that is said first may
 * be that of many ("anonymous"), so nothing counts against it.
 */
#include "ike/auth/eap.h"

/* Octets of a response: with all the rest they fit into a packet of RADIUS. */
#define EAP_RADIUS_MAX	3000

enum { PHASE_ASKED, PHASE_DONE, PHASE_FAILED };

void eap_radius_end(struct eap *e)
{
	struct ike *ike = e->s->sa->ike;

	if (e->conversation)
		ike->env.forget(ike->env.ctx, e->conversation);
	e->conversation = 0;
}

/* The client's packet as it was. */
static enum auth_state eap_radius_ask(struct eap *e, uint8_t type, struct chunk data)
{
	const struct ike_sa *sa = e->s->sa;
	struct ike_job job = {
		.kind = IKE_JOB_RADIUS, .tunnel = e->s->tunnel, .user = { e->user, e->user_len },
		.conversation = e->conversation, .local = &sa->local, .remote = &sa->remote,
	};
	uint8_t octets[EAP_RADIUS_MAX];
	struct writer w = writer_of(octets, sizeof(octets));
	bool begun;

	writer_u8(&w, EAP_RESPONSE);
	writer_u8(&w, e->id);
	writer_u16(&w, (uint16_t)(EAP_HEADER_LEN + data.len));
	writer_u8(&w, type);
	writer_bytes(&w, data.p, data.len);
	if (w.overflow)
		return eap_packet_fail(e, "an EAP response of %zu octets: a RADIUS server gets %d at most",
				       data.len + EAP_HEADER_LEN, EAP_RADIUS_MAX);
	job.octets = (struct chunk){ octets, w.len };
	begun = auth_job(e->s, &job);
	mem_wipe(octets, w.len);	/* it may be a password */
	if (begun)
		return AUTH_PENDING;
	return eap_packet_fail(e, "the RADIUS server cannot be asked: no memory, or it is asked too much at once");
}

/* The client's proof was for the server, and so was the name that goes with it, RFC 2865 5.1. */
static void eap_radius_done(struct eap *e, const struct ike_job_result *result)
{
	struct auth_session *s = e->s;

	e->phase = PHASE_DONE;
	s->session_s = result->session_s;
	s->framed = result->framed;
	s->key_len = result->msk.len == IKE_MSK_LEN ? IKE_MSK_LEN : 0;
	if (s->key_len)
		memcpy(s->key, result->msk.p, s->key_len);
	if (result->user.len > sizeof(e->named)) {
		snprintf(s->why, sizeof(s->why), "the RADIUS server names a user of %zu octets: %zu are allowed",
			 result->user.len, sizeof(e->named));
		return;
	}
	e->named_len = result->user.len;
	if (e->named_len)
		memcpy(e->named, result->user.p, e->named_len);
}

static void eap_radius_take(struct eap *e, const struct ike_job_result *result)
{
	struct auth_session *s = e->s;
	struct eap_packet p;

	e->last_len = 0;
	if (result->round == IKE_ROUND_FAILED) {
		e->phase = PHASE_FAILED;
		snprintf(e->why, sizeof(e->why), "%.200s", result->text);
	} else if (result->round == IKE_ROUND_DONE) {
		eap_radius_done(e, result);
	} else if (result->eap.len > sizeof(e->last)) {
		snprintf(s->why, sizeof(s->why), "the RADIUS server sends an EAP request of %zu octets: %zu are allowed, which Framed-MTU tells it",
			 result->eap.len, sizeof(e->last));
	} else if (!eap_packet_parse(result->eap, &p) || p.code != EAP_REQUEST) {
		snprintf(s->why, sizeof(s->why), "the RADIUS server sends no sound EAP request");
	} else {
		memcpy(e->last, result->eap.p, result->eap.len);
		e->last_len = result->eap.len;
	}
}

/* What the server has said, for the client. */
static enum auth_state eap_radius_go_on(struct eap *e)
{
	struct auth_session *s = e->s;

	if (s->why[0])
		return AUTH_FAILED;
	if (e->phase == PHASE_FAILED)
		return eap_packet_fail(e, "%s", e->why);
	if (e->phase == PHASE_DONE)
		return AUTH_DONE;
	memcpy(s->out, e->last, e->last_len);
	s->out_len = e->last_len;
	e->id = s->out[1];
	return AUTH_MORE;
}

static enum auth_state eap_radius_server(struct eap *e, const struct eap_packet *in)
{
	if (eap_packet_answered(e))
		return eap_radius_go_on(e);
	if (in)
		return eap_radius_ask(e, in->type, in->data);
	if (eap_packet_guesses(e))
		return AUTH_FAILED;
	e->phase = PHASE_ASKED;
	e->conversation = ++e->s->sa->ike->last_conversation;
	return eap_radius_ask(e, EAP_TYPE_IDENTITY, (struct chunk){ e->user, e->user_len });
}

const struct eap_method eap_radius = {
	.name = "radius",
	.type = EAP_TYPE_RADIUS,
	.password = true,
	.pass = true,
	.server = eap_radius_server,
	.take = eap_radius_take,
};
