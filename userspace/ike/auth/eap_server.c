// SPDX-License-Identifier: GPL-2.0
/* EAP as server, RFC 3748 2 and 5: the client says who it is, then one method after the other. */
#include "ike/auth/eap.h"

/* The best that is allowed and not refused; NULL: none is left. */
static const struct eap_method *eap_server_choose(const struct eap *e, unsigned int *at)
{
	for (*at = 0; *at < EAP_METHODS_MAX && e->allowed[*at]; (*at)++) {
		const struct eap_method *m = eap_method_find(e->allowed[*at]);

		if (m && !(e->refused >> *at & 1))
			return m;
	}
	return NULL;
}

static enum auth_state eap_server_begin(struct eap *e)
{
	struct writer w;

	ike_random(e->s->sa->ike, &e->id, sizeof(e->id));
	w = eap_packet_begin(e, EAP_REQUEST, EAP_TYPE_IDENTITY);
	return eap_packet_end(e, &w);
}

static enum auth_state eap_server_method(struct eap *e)
{
	char list[128];
	unsigned int at;

	e->phase = 0;
	e->method = eap_server_choose(e, &at);
	if (e->method)
		return e->method->server(e, NULL);
	return eap_packet_fail(e, "it wants none of our EAP methods: %s",
			       eap_method_list(e->allowed, list));
}

static enum auth_state eap_server_identity(struct eap *e, const struct eap_packet *in)
{
	if (!in->data.len || in->data.len > sizeof(e->user))
		return eap_packet_fail(e, "its EAP identity has %zu octets: not 1 to %zu",
				       in->data.len, sizeof(e->user));
	memcpy(e->user, in->data.p, in->data.len);
	e->user_len = in->data.len;
	return eap_server_method(e);
}

/* Only in answer to the first request of a method, RFC 3748 5.3.1: what it wants instead. */
static enum auth_state eap_server_nak(struct eap *e, const struct eap_packet *in)
{
	unsigned int at;

	eap_server_choose(e, &at);
	e->refused |= UINT32_C(1) << at;
	for (unsigned int i = 0; i < EAP_METHODS_MAX && e->allowed[i]; i++)
		if (!in->data.len || !memchr(in->data.p, e->allowed[i], in->data.len))
			e->refused |= UINT32_C(1) << i;
	return eap_server_method(e);
}

static enum auth_state eap_server_answer(struct eap *e, struct chunk input)
{
	struct eap_packet in;
	char name[32];

	if (!eap_packet_parse(input, &in) || in.code != EAP_RESPONSE)
		return eap_packet_fail(e, "a malformed EAP response");
	if (in.id != e->id)
		return eap_packet_fail(e, "an EAP response to request %u, we sent %u", in.id,
				       e->id);
	if (!e->method)
		return in.type == EAP_TYPE_IDENTITY ?
			       eap_server_identity(e, &in) :
			       eap_packet_fail(e, "no EAP identity");
	if (e->method->pass)
		return e->method->server(e, &in);
	if (in.type == EAP_TYPE_NAK && e->phase <= 1 && !eap_packet_resumes(e))
		return eap_server_nak(e, &in);
	if (in.type != e->method->type)
		return eap_packet_fail(e, "an EAP response of %s, we asked for %s",
				       eap_method_name(in.type, name), e->method->name);
	return e->method->server(e, &in);
}

enum auth_state eap_server_step(struct eap *e, struct chunk input)
{
	return eap_verdict_server(e, e->asked ? eap_server_answer(e, input) : eap_server_begin(e));
}
