// SPDX-License-Identifier: GPL-2.0
/* EAP as client, RFC 3748 2 and 5: it answers, in the one method that both accept. */
#include "ike/auth/eap.h"

#include "lib/log.h"

/* For a person to read: it goes to the log, once a conversation. */
static enum auth_state eap_client_notified(struct eap *e, const struct eap_packet *in)
{
	struct writer w = eap_packet_begin(e, EAP_RESPONSE, EAP_TYPE_NOTIFICATION);
	char text[200];

	if (!e->notified)
		ike_log(e->s->sa->ike, LOG_NOTICE, "the EAP server says: %s",
			log_escape((const char *)in->data.p,
				   in->data.len < 64 ? in->data.len : 64, text, sizeof(text)));
	e->notified = true;
	return eap_packet_end(e, &w);
}

/* What we would do instead, RFC 3748 5.3.1. */
static enum auth_state eap_client_nak(struct eap *e, const struct eap_packet *in)
{
	struct writer w = eap_packet_begin(e, EAP_RESPONSE, EAP_TYPE_NAK);
	char name[32], list[128];

	snprintf(e->why, sizeof(e->why), "the server asks for %s, eap has %s",
		 eap_method_name(in->type, name), eap_method_list(e->allowed, list));
	for (unsigned int i = 0; i < EAP_METHODS_MAX && e->allowed[i]; i++)
		writer_u8(&w, e->allowed[i]);
	return eap_packet_end(e, &w);
}

static bool eap_client_allows(const struct eap *e, uint8_t type)
{
	for (unsigned int i = 0; i < EAP_METHODS_MAX && e->allowed[i]; i++)
		if (e->allowed[i] == type)
			return eap_method_find(type);
	return false;
}

static enum auth_state eap_client_asked(struct eap *e, const struct eap_packet *in)
{
	if (in->type == EAP_TYPE_IDENTITY)
		return e->method ? eap_packet_fail(e, "it asks who we are in the midst of %s",
						   e->method->name) :
				   eap_packet_identity(e);
	if (in->type == EAP_TYPE_NOTIFICATION)
		return eap_client_notified(e, in);
	if (!e->method) {
		if (in->type == EAP_TYPE_NAK || !eap_client_allows(e, in->type))
			return eap_client_nak(e, in);
		e->method = eap_method_find(in->type);
		e->why[0] = '\0';
	}
	if (in->type != e->method->type)
		return eap_packet_fail(e, "it begins another method in the midst of %s",
				       e->method->name);
	return e->method->client(e, in);
}

enum auth_state eap_client_step(struct eap *e, struct chunk input)
{
	struct eap_packet in;

	if (!eap_packet_parse(input, &in) || in.code == EAP_RESPONSE)
		return eap_packet_fail(e, "a malformed EAP packet");
	if (in.code == EAP_FAILURE) {
		e->s->over = true;
		return eap_packet_fail(e, "the server refuses %.*s%s%s", (int)e->user_len,
				       (const char *)e->user, e->why[0] ? ": " : "", e->why);
	}
	if (in.code == EAP_SUCCESS)
		return e->proved ? AUTH_DONE :
				   eap_packet_fail(e, "EAP-Success before the end of a method%s%s",
						   e->why[0] ? ": " : "", e->why);
	/* a copy of what was answered: the answer again, RFC 3748 4.1 */
	if (e->asked && in.id == e->id && in.type == e->type && !eap_packet_resumes(e) &&
	    e->last_len) {
		memcpy(e->s->out, e->last, e->last_len);
		e->s->out_len = e->last_len;
		return AUTH_MORE;
	}
	e->id = in.id;
	e->type = in.type;
	e->asked = true;
	return eap_client_asked(e, &in);
}
