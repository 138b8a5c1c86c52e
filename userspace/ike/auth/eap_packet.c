// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>

#include "ike/auth/eap.h"
#include "ike/core/id.h"
#include "ike/object/guess.h"
#include "suite/ikev2.h"

bool eap_packet_parse(struct chunk octets, struct eap_packet *p)
{
	struct cursor c = cursor_of(octets.p, octets.len);
	uint16_t len;

	*p = (struct eap_packet){0};
	if (!cursor_u8(&c, &p->code) || !cursor_u8(&c, &p->id) || !cursor_u16(&c, &len) ||
	    len > octets.len || !cursor_sub(&c, len - (octets.len - c.left), &c))
		return false;
	switch (p->code) {
	case EAP_REQUEST:
	case EAP_RESPONSE:
		if (!cursor_u8(&c, &p->type) || !p->type)
			return false;
		p->data = (struct chunk){ c.at, c.left };
		return true;
	case EAP_SUCCESS:
	case EAP_FAILURE:
		return !c.left;
	default:
		return false;
	}
}

struct ike_id eap_packet_user(const struct eap *e)
{
	struct chunk name = { e->user, e->user_len };

	if (e->named_len)
		name = (struct chunk){ e->named, e->named_len };
	return id_of_user(name);
}

struct writer eap_packet_begin(struct eap *e, uint8_t code, uint8_t type)
{
	struct writer w = writer_of(e->s->out, sizeof(e->s->out));

	if (code == EAP_REQUEST) {
		e->id++;		/* another one each time, RFC 3748 4.1 */
		e->asked = true;
	}
	writer_u8(&w, code);
	writer_u8(&w, e->id);
	writer_u16(&w, 0);
	writer_u8(&w, type);
	return w;
}

enum auth_state eap_packet_end(struct eap *e, const struct writer *w)
{
	struct writer done = *w;

	if (w->overflow)
		return eap_packet_fail(e, "our EAP packet is too long");
	writer_patch_u16(&done, 2, (uint16_t)w->len);
	e->s->out_len = w->len;
	return AUTH_MORE;
}

enum auth_state eap_packet_identity(struct eap *e)
{
	struct writer w = eap_packet_begin(e, EAP_RESPONSE, EAP_TYPE_IDENTITY);

	writer_bytes(&w, e->user, e->user_len);
	return eap_packet_end(e, &w);
}

void eap_packet_verdict(struct eap *e, uint8_t code)
{
	struct writer w = writer_of(e->s->out, sizeof(e->s->out));

	writer_u8(&w, code);
	writer_u8(&w, e->id);
	writer_u16(&w, 4);
	e->s->out_len = w.len;
}

enum auth_state eap_packet_fail(struct eap *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->s->why, sizeof(e->s->why), fmt, ap);
	va_end(ap);
	return AUTH_FAILED;
}

/* A server's client that has been wrong too often is not listened to. */
bool eap_packet_guesses(struct eap *e)
{
	const struct ike_sa *sa = e->s->sa;
	struct chunk user = { e->user, e->user_len };
	uint64_t wait;
	bool name;

	if (e->s->prover)
		return false;
	if (e->method && e->method->pass)
		user.len = 0;
	wait = guess_begin(sa->ike, user, &sa->init_key.asked, &name);
	if (wait)
		eap_packet_fail(e, "too many wrong passwords %s: the next is listened to in %llu s",
				name ? "for this name" : "from its address",
				(unsigned long long)(wait + 999) / 1000);
	return wait;
}

enum auth_state eap_packet_ask(struct eap *e, enum ike_eap what, struct chunk octets)
{
	struct ike_job job = {
		.kind = IKE_JOB_EAP, .tunnel = e->s->tunnel, .eap = what, .octets = octets,
		.user = { e->user, e->user_len },
	};

	if (eap_packet_guesses(e))
		return AUTH_FAILED;
	if (auth_job(e->s, &job))
		return AUTH_PENDING;
	return eap_packet_fail(e, "the password cannot be asked for: no memory, or its keeper is busy");
}

bool eap_packet_answered(struct eap *e)
{
	bool ended = e->s->job_ended;

	e->s->job_ended = false;
	return ended;
}

bool eap_packet_resumes(const struct eap *e)
{
	return e->s->job_ended || (e->inner && e->inner->job_ended);
}
