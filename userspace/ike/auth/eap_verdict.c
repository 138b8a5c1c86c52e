// SPDX-License-Identifier: GPL-2.0
/* What a server makes of the end of a method: who it is, which guesses count, what is said. */
#include "ike/auth/eap.h"
#include "ike/object/guess.h"

static void eap_verdict_name(struct eap *e)
{
	char why[sizeof(e->s->why)], name[100];
	struct ike_id user = eap_packet_user(e);

	memcpy(why, e->s->why, sizeof(why));
	snprintf(e->s->why, sizeof(e->s->why), "user %s: %.150s",
		 ike_id_str(&user, name, sizeof(name)), why);
}

/* What another server has proved was no guess at a password of ours: only its address counted. */
static void eap_verdict_right(struct eap *e)
{
	struct chunk proved = { e->s->id.data, e->method->pass ? 0 : e->s->id.len };

	guess_right(e->s->sa->ike, proved, &e->s->sa->init_key.asked);
}

enum auth_state eap_verdict_server(struct eap *e, enum auth_state state)
{
	if (state == AUTH_DONE)
		e->s->id = eap_packet_user(e);
	if (state == AUTH_DONE && e->method->password)
		eap_verdict_right(e);
	if ((state == AUTH_FAILED || state == AUTH_MORE) && e->s->why[0] && e->user_len &&
	    !e->named_why)
		eap_verdict_name(e);
	if (state == AUTH_DONE || state == AUTH_FAILED)
		eap_packet_verdict(e, state == AUTH_DONE ? EAP_SUCCESS : EAP_FAILURE);
	return state;
}
