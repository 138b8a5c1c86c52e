// SPDX-License-Identifier: GPL-2.0
#include "ike/auth/eap.h"

#include "ike/object/tunnel.h"

/* The methods of the configuration; of a conversation that is all there is, those good for that. */
static struct eap *eap_begin(struct auth_session *s)
{
	const struct tunnel *t = tunnel_find(s->sa->ike, s->tunnel);
	struct eap *e = eap_new(s);
	unsigned int count = 0;

	for (unsigned int i = 0; e && i < EAP_METHODS_MAX && t->conf->eap[i]; i++) {
		const struct eap_method *m = eap_method_find(t->conf->eap[i]);

		if (!e->s->alone || (m && m->mutual))
			e->allowed[count++] = t->conf->eap[i];
	}
	return e;
}

/* Is there no end to it? The same step again, after a job, is no other round. */
static bool eap_endless(struct eap *e, struct chunk input)
{
	if (!eap_packet_resumes(e)) {
		e->rounds++;
		e->octets += input.len;
	}
	return e->rounds > EAP_ROUNDS_MAX || e->octets > EAP_OCTETS_MAX;
}

static enum auth_state eap_step(struct auth_session *s, struct chunk input)
{
	struct eap *e = s->priv ? s->priv : eap_begin(s);
	enum auth_state state;

	if (!e) {
		snprintf(s->why, sizeof(s->why), "no memory, or the tunnel has gone");
		return AUTH_FAILED;
	}
	if (eap_endless(e, input))
		return eap_packet_fail(e, "EAP has no end: more than %d rounds or %d octets",
				       EAP_ROUNDS_MAX, EAP_OCTETS_MAX);
	state = s->prover ? eap_client_step(e, input) : eap_server_step(e, input);
	if (state == AUTH_MORE && s->prover) {
		memcpy(e->last, s->out, s->out_len);
		e->last_len = s->out_len;
	}
	return state;
}

static void eap_take(struct auth_session *s, const struct ike_job_result *result)
{
	struct eap *e = s->priv;

	if (e->method && e->method->take) {
		e->method->take(e, result);
		return;
	}
	if (result->eap.len > sizeof(e->made)) {
		snprintf(s->why, sizeof(s->why), "the keeper of the password answers with too much");
		return;
	}
	memcpy(e->made, result->eap.p, result->eap.len);
	e->made_len = result->eap.len;
}

static void eap_free(struct auth_session *s)
{
	if (!s->priv)
		return;
	auth_free(((struct eap *)s->priv)->inner);
	eap_tls_end(s->priv);
	eap_radius_end(s->priv);
	mem_free_wiped(s->priv, sizeof(struct eap));
}

const struct auth_ops auth_eap_ops = {
	.name = "EAP",
	.secret = "password",
	.rounds = true,
	.step = eap_step,
	.take = eap_take,
	.free = eap_free,
};
