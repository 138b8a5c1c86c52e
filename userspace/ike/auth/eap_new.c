// SPDX-License-Identifier: GPL-2.0
/* A conversation begins. */
#include <stdlib.h>

#include "ike/auth/eap.h"
#include "ike/object/tunnel.h"

struct eap *eap_new(struct auth_session *s)
{
	const struct tunnel *t = tunnel_find(s->sa->ike, s->tunnel);
	struct eap *e = t ? calloc(1, sizeof(*e)) : NULL;
	const struct ike_id *id;

	if (!e)
		return NULL;
	e->s = s;
	s->priv = e;
	if (!s->prover)
		return e;
	id = t->conf->eap_id.type ? &t->conf->eap_id : &s->sa->local_id;
	memcpy(e->user, id->data, id->len);
	e->user_len = id->len;
	return e;
}

struct auth_session *eap_new_inner(const struct eap *outer)
{
	static const uint8_t types[EAP_METHODS_MAX] = { EAP_TYPE_MSCHAPV2, EAP_TYPE_MD5 };
	struct auth_session *s = calloc(1, sizeof(*s));
	struct eap *e;

	if (!s)
		return NULL;
	s->sa = outer->s->sa;
	s->method = outer->s->method;
	s->tunnel = outer->s->tunnel;
	s->prover = outer->s->prover;
	e = eap_new(s);
	if (!e) {
		auth_free(s);
		return NULL;
	}
	memcpy(e->allowed, types, sizeof(types));
	return s;
}
