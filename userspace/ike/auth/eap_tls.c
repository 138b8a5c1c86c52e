// SPDX-License-Identifier: GPL-2.0
/*
 * EAP-TLS, RFC 5216 and RFC 9190: certificates prove both ends to each other. TLS itself is a job;
 * here its flights are cut into packets, and put together again, RFC 5216 2.1.5. EAP-TTLS has the
 * same packets, RFC 5281 9: what is said inside of TLS is for eap_ttls.c.
 */
#include <stdlib.h>
#include <string.h>

#include "ike/auth/eap.h"
#include "ike/object/tunnel.h"
#include "lib/log.h"

enum { FLAG_LENGTH = 0x80, FLAG_MORE = 0x40, FLAG_START = 0x20 };
enum { PHASE_BEGIN, PHASE_STARTED, PHASE_SHAKING, PHASE_DONE, PHASE_FAILED };

#define EAP_TLS_PART	1000	/* octets of a flight in one packet of ours: it fits AUTH_OUT_MAX */

_Static_assert(EAP_HEADER_LEN + 5 + EAP_TLS_PART <= AUTH_OUT_MAX, "a packet of ours fits");

struct eap_tls {
	uint32_t conversation;
	struct octets in;		/* of a flight of the peer's, what has come */
	uint32_t announced;		/* octets of all of it; 0: it has not said */
	struct octets out;		/* ours; @sent octets of it have gone */
	size_t sent;
	struct octets heard;		/* inside */
	uint8_t challenge[IKE_CHALLENGE_LEN];	/* of EAP-TTLS, once TLS is at its end */
};

void eap_tls_end(struct eap *e)
{
	struct eap_tls *t = e->tls;
	struct ike *ike = e->s->sa->ike;

	if (!t)
		return;
	e->tls = NULL;
	ike->env.forget(ike->env.ctx, t->conversation);
	octets_clear(&t->in);
	octets_clear(&t->out);
	octets_clear(&t->heard);
	mem_free_wiped(t, sizeof(*t));
}

static bool eap_tls_new(struct eap *e)
{
	eap_tls_end(e);
	e->tls = calloc(1, sizeof(*e->tls));
	if (!e->tls)
		return false;
	e->tls->conversation = ++e->s->sa->ike->last_conversation;
	return true;
}

/* ---- flights and packets */

enum auth_state eap_tls_say(struct eap *e)
{
	uint8_t code = e->s->prover ? EAP_RESPONSE : EAP_REQUEST;
	struct writer w = eap_packet_begin(e, code, e->method->type);
	struct eap_tls *t = e->tls;
	size_t left = t->out.len - t->sent, part = left < EAP_TLS_PART ? left : EAP_TLS_PART;
	bool first = !t->sent && left > part;

	writer_u8(&w, (first ? FLAG_LENGTH : 0) | (left > part ? FLAG_MORE : 0));
	if (first)
		writer_u32(&w, (uint32_t)left);
	if (part)
		writer_bytes(&w, t->out.p + t->sent, part);
	t->sent += part;
	return eap_packet_end(e, &w);
}

static bool eap_tls_append(struct octets *o, const uint8_t *p, size_t len)
{
	return !len || (len <= IKE_FLIGHT_MAX - o->len && octets_append(o, p, len));
}

/* A packet of the peer's. @whole: its flight is complete. NULL, or what is wrong with it. */
static const char *eap_tls_hear(struct eap_tls *t, const struct eap_packet *in, bool *whole)
{
	struct cursor c = cursor_of(in->data.p, in->data.len);
	uint32_t announced;
	uint8_t flags = 0;

	*whole = false;
	if (c.left && !cursor_u8(&c, &flags))
		return "is empty";
	if (flags & FLAG_LENGTH) {
		if (!cursor_u32(&c, &announced) || announced > IKE_FLIGHT_MAX)
			return "announces more than we take";
		if (t->in.len && announced != t->announced)
			return "announces another length amid a flight";
		t->announced = announced;
	}
	if (!c.left && flags & FLAG_MORE)
		return "says that more comes, and has nothing";
	if (!eap_tls_append(&t->in, c.at, c.left))
		return "makes the flight longer than we take";
	*whole = !(flags & FLAG_MORE);
	if (t->announced && (*whole ? t->in.len != t->announced : t->in.len >= t->announced))
		return "has not the length that was announced";
	return NULL;
}

/* ---- TLS */

static struct ike_id eap_tls_peer(const struct eap *e)
{
	const struct tunnel *t = tunnel_find(e->s->sa->ike, e->s->tunnel);

	if (!e->s->prover)
		return eap_packet_user(e);
	if (t && t->conf->aaa_id.type)
		return t->conf->aaa_id;
	return e->s->sa->remote_id;
}

/* All of ours is with the peer: its flight, or what is said inside. */
static enum auth_state eap_tls_ask(struct eap *e, struct chunk say)
{
	struct ike_id id = eap_tls_peer(e);
	struct ike_job job = {
		.kind = IKE_JOB_TLS, .tunnel = e->s->tunnel, .id = &id, .client = e->s->prover,
		.conversation = e->tls->conversation, .type = e->method->type,
		.octets = { e->tls->in.p, e->tls->in.len }, .say = say,
	};

	if (!say.len) {
		octets_clear(&e->tls->out);
		e->tls->sent = 0;
	}
	octets_clear(&e->tls->heard);
	e->phase = PHASE_SHAKING;
	if (auth_job(e->s, &job))
		return AUTH_PENDING;
	return eap_packet_fail(e, "TLS cannot go on: no memory, or too many do it");
}

enum auth_state eap_tls_inside(struct eap *e, struct chunk octets)
{
	return eap_tls_ask(e, octets);
}

bool eap_tls_is_open(const struct eap *e)
{
	return e->tls && e->phase == PHASE_DONE && e->tls->sent == e->tls->out.len;
}

struct chunk eap_tls_heard(const struct eap *e)
{
	return (struct chunk){ e->tls->heard.p, e->tls->heard.len };
}

const uint8_t *eap_tls_challenge(const struct eap *e)
{
	return e->tls->challenge;
}

/* TLS is at its end. NULL, or what is missing. */
static const char *eap_tls_take_end(struct eap *e, const struct ike_job_result *result)
{
	struct auth_session *s = e->s;

	if (result->msk.len != IKE_MSK_LEN)
		return "TLS gives no key";
	if (e->method->tunnel && result->challenge.len != IKE_CHALLENGE_LEN)
		return "TLS gives no challenge";
	if (result->heard.len > IKE_INNER_MAX ||
	    !eap_tls_append(&e->tls->heard, result->heard.p, result->heard.len))
		return "no memory, or it says too much inside of TLS";
	memcpy(s->key, result->msk.p, IKE_MSK_LEN);
	s->key_len = IKE_MSK_LEN;
	if (e->method->tunnel)
		memcpy(e->tls->challenge, result->challenge.p, IKE_CHALLENGE_LEN);
	s->valid_s = result->valid_s;
	if (result->subject)
		log_escape(result->subject, strlen(result->subject), s->subject,
			   sizeof(s->subject));
	e->phase = PHASE_DONE;
	return NULL;
}

void eap_tls_take(struct eap *e, const struct ike_job_result *result)
{
	struct auth_session *s = e->s;
	const char *wrong = NULL;

	octets_clear(&e->tls->in);
	e->tls->announced = 0;
	if (!eap_tls_append(&e->tls->out, result->eap.p, result->eap.len)) {
		wrong = "no memory";
	} else if (result->round == IKE_ROUND_FAILED) {
		e->phase = PHASE_FAILED;
		snprintf(e->why, sizeof(e->why), "%.200s", result->text);
	} else if (result->round == IKE_ROUND_DONE) {
		wrong = eap_tls_take_end(e, result);
	}
	if (wrong)
		snprintf(s->why, sizeof(s->why), "%s", wrong);
}

/* The step is done: what it has made is for the peer. */
static enum auth_state eap_tls_go_on(struct eap *e)
{
	bool failed = e->phase == PHASE_FAILED, server = !e->s->prover;

	if (e->s->why[0])
		return AUTH_FAILED;
	/* a client answers the server's alert with nothing: EAP-Failure follows, RFC 5216 2.1.3 */
	if (failed && !e->tls->out.len && server)
		return eap_packet_fail(e, "%s", e->why);
	if (e->phase == PHASE_SHAKING && !e->tls->out.len)
		return eap_packet_fail(e, "TLS has nothing to say, and is not at its end");
	/* the alert goes out first, RFC 5216 2.1.3 */
	if (failed && server)
		snprintf(e->s->why, sizeof(e->s->why), "%s", e->why);
	if (e->phase == PHASE_DONE && e->method->tunnel)
		return e->method->tunnel(e);
	e->proved = e->phase == PHASE_DONE;
	return eap_tls_say(e);
}

/* What is the same in both roles. */
static enum auth_state eap_tls_listen(struct eap *e, const struct eap_packet *in)
{
	struct eap_tls *t = e->tls;
	const char *wrong;
	bool whole;

	if (t->sent < t->out.len)
		return in->data.len > 1 ?
			       eap_packet_fail(e, "it speaks before it has heard our flight") :
			       eap_tls_say(e);
	wrong = eap_tls_hear(t, in, &whole);
	if (wrong)
		return eap_packet_fail(e, "a packet of %s %s", e->method->name, wrong);
	if (!whole) {
		octets_clear(&t->out);
		t->sent = 0;
		return eap_tls_say(e);
	}
	return eap_tls_ask(e, (struct chunk){ 0 });
}

/* ---- server */

static enum auth_state eap_tls_start(struct eap *e)
{
	struct writer w = eap_packet_begin(e, EAP_REQUEST, e->method->type);

	if (!eap_tls_new(e))
		return eap_packet_fail(e, "no memory");
	e->phase = PHASE_STARTED;
	writer_u8(&w, FLAG_START);
	return eap_packet_end(e, &w);
}

enum auth_state eap_tls_server(struct eap *e, const struct eap_packet *in)
{
	if (!in)
		return eap_tls_start(e);
	if (eap_packet_answered(e))
		return eap_tls_go_on(e);
	if (e->tls->sent == e->tls->out.len) {
		if (e->phase == PHASE_FAILED)
			return eap_packet_fail(e, "%s", e->why);
		if (e->phase == PHASE_DONE && in->data.len <= 1 && !e->method->tunnel)
			return AUTH_DONE;
		if (in->data.len <= 1)
			return eap_packet_fail(e, "an empty packet of %s", e->method->name);
	}
	return eap_tls_listen(e, in);
}

/* ---- client */

/* Nothing of the server's can follow. */
static bool eap_tls_is_over(const struct eap *e)
{
	if (e->tls->sent < e->tls->out.len)
		return false;
	return e->phase == PHASE_FAILED || (e->phase == PHASE_DONE && !e->method->tunnel);
}

enum auth_state eap_tls_client(struct eap *e, const struct eap_packet *in)
{
	bool start = in->data.len && in->data.p[0] & FLAG_START;

	if (eap_packet_answered(e))
		return eap_tls_go_on(e);
	if (!e->tls) {
		if (!start)
			return eap_packet_fail(e, "%s begins without its start", e->method->name);
		return eap_tls_new(e) ? eap_tls_ask(e, (struct chunk){ 0 }) :
					eap_packet_fail(e, "no memory");
	}
	if (start)
		return eap_packet_fail(e, "%s starts again", e->method->name);
	if (eap_tls_is_over(e))
		return eap_packet_fail(e, "%s goes on after its end", e->method->name);
	return eap_tls_listen(e, in);
}

const struct eap_method eap_tls = {
	.name = "tls",
	.type = EAP_TYPE_TLS,
	.mutual = true,
	.server = eap_tls_server,
	.client = eap_tls_client,
	.take = eap_tls_take,
};
