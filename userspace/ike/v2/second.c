// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/second.h"

#include "ike/auth/auth.h"
#include "ike/core/id.h"
#include "ike/object/peer.h"
#include "ike/object/tunnel.h"
#include "ike/v2/certs.h"
#include "ike/v2/crash.h"
#include "ike/v2/proof.h"

void second_answer(struct builder *b, struct ike_sa *sa)
{
	struct tunnel *t;

	TAILQ_FOREACH(t, &sa->ike->tunnels, link)
		sa->several |= t->conf->remote_second &&
			       tunnel_fit(t, &sa->local.addr, &sa->remote.addr);
	if (sa->several)
		build_notify(b, NOTIFY_MULTIPLE_AUTH_SUPPORTED, 0, 0, 0, NULL, 0);
}

void second_heard(struct ike_sa *sa, const struct msg *m)
{
	sa->several = msg_notify(m, NOTIFY_MULTIPLE_AUTH_SUPPORTED);
}

bool second_possible(const struct ike_sa *sa, struct cause *cause)
{
	const struct tunnel_conf *conf = sa->peer->tunnel->conf;

	if (conf->remote_second)
		cause_set(cause, IKE_FAIL_CONFIG,
			  "the peer is to prove itself a second time by %s, which only who begins "
			  "can: let the peer begin", conf->remote_second->name);
	else if (conf->local_second && !sa->several)
		cause_set(cause, IKE_FAIL_AUTH_REMOTE,
			  "the peer takes one proof only (no MULTIPLE_AUTH_SUPPORTED, RFC 4739), and "
			  "second-auth wants two: let the peer ask for the second one, or leave "
			  "second-auth out");
	else
		return true;
	return false;
}

void second_announce(struct builder *b, const struct tunnel_conf *conf)
{
	if (!conf->local_second)
		return;
	build_notify(b, NOTIFY_MULTIPLE_AUTH_SUPPORTED, 0, 0, 0, NULL, 0);
	build_notify(b, NOTIFY_ANOTHER_AUTH_FOLLOWS, 0, 0, 0, NULL, 0);
}

/* Who we are in it: the name that EAP will prove, or whom it names itself. */
static struct ike_id second_id(const struct ike_sa *sa)
{
	const struct tunnel_conf *conf = sa->peer->tunnel->conf;
	const struct ike_id *user = &conf->eap_id;

	if (!conf->local_second->rounds)
		return conf->second_id.type ? conf->second_id : sa->local_id;
	return user->type ? id_of_user((struct chunk){ user->data, user->len }) : sa->local_id;
}

enum built second_prove(struct exchange *ex, struct cause *cause)
{
	struct ike_sa *sa = ex->sa;
	struct auth_session *s = sa->auth[true];
	struct ike_id id = second_id(sa);

	if (!s || !s->second) {
		s = proof_begin_second(sa, sa->peer->tunnel, &id);
		if (!s) {
			cause_set(cause, IKE_FAIL_PROTOCOL, "no memory for IKE_AUTH");
			return BUILD_FAILED;
		}
		s->ex = ex;
	}
	if (s->method->rounds)
		return BUILD_READY;
	switch (auth_step(s, (struct chunk){0})) {
	case AUTH_PENDING:
		return BUILD_PENDING;
	case AUTH_DONE:
		return BUILD_READY;
	default:
		cause_set(cause, IKE_FAIL_CONFIG,
			  "we cannot prove who we are a second time: %s", s->why);
		return BUILD_FAILED;
	}
}

void second_build(struct builder *b, const struct ike_sa *sa)
{
	const struct auth_session *s = sa->auth[true];
	struct ike_id id = second_id(sa);

	build_id(b, PAYLOAD_IDI, id.type, id.data, id.len);
	if (s->method->rounds)
		return;
	certs_build(b, s, sa->peer->tunnel->conf);
	proof_build(b, s);
	crash_build(b, sa);	/* it is the last message */
}

bool second_is_said(const struct ike_sa *sa)
{
	const struct auth_session *s = sa->auth[true];

	return s && s->second && !s->method->rounds && sa->remote_id.type;
}

void second_refused(const struct ike_sa *sa, struct cause *cause)
{
	char user[TUNNEL_ID_MAX], machine[TUNNEL_ID_MAX];
	const struct auth_ops *method = sa->peer->tunnel->conf->local_second;
	struct ike_id id = second_id(sa);

	cause_set(cause, IKE_FAIL_AUTH_REMOTE,
		  "the peer took the first proof, of %.180s, and refused the second one, of %.180s: "
		  "wrong %s%s", ike_id_str(&sa->local_id, machine, sizeof(machine)),
		  ike_id_str(&id, user, sizeof(user)),
		  method->rounds ? "eap-identity or " : "second-id or second-",
		  method->rounds ? method->secret : method->certs ? "cert" : "psk-file");
}

bool second_of_theirs(struct inbound *in)
{
	if (!second_follows(&v2_inbound(in)->m))
		return false;
	cause_set(&in->cause, IKE_FAIL_AUTH_LOCAL,
		  "the peer wants to prove itself once more (ANOTHER_AUTH_FOLLOWS, RFC 4739), and "
		  "nothing here says how: let it do so once");
	return true;
}

bool second_awaited(const struct msg *m)
{
	return !m->seen[PAYLOAD_SA] && !m->seen[PAYLOAD_CP] && !msg_error(m);
}

const char *second_lacks(const struct tunnel_conf *conf, const struct msg *m)
{
	if (!conf->remote_second)
		return second_follows(m) ?
		       "it announces a second proof (ANOTHER_AUTH_FOLLOWS), and second-auth is not "
		       "set: give second-auth, or let it prove itself once" : NULL;
	if (!second_follows(m))
		return "it announces no second proof (ANOTHER_AUTH_FOLLOWS, RFC 4739), and "
		       "second-auth wants one after the first";
	return msg_notify(m, NOTIFY_MULTIPLE_AUTH_SUPPORTED) ? NULL :
	       "it announces a second proof (ANOTHER_AUTH_FOLLOWS) without "
	       "MULTIPLE_AUTH_SUPPORTED, RFC 4739";
}

bool second_follows(const struct msg *m)
{
	return msg_notify(m, NOTIFY_ANOTHER_AUTH_FOLLOWS);
}

const char *second_is_wrong_id(const struct tunnel_conf *conf, const struct ike_id *first,
			       const struct auth_session *s, char why[IKE_WHY_MAX])
{
	char got[TUNNEL_ID_MAX], want[TUNNEL_ID_MAX];
	const struct ike_id *wanted = &conf->second_id;

	/* whoever has the key of all can call himself as he likes */
	if (!wanted->type && !s->method->certs)
		wanted = first;
	if (!wanted->type || ike_id_equal(&s->id, wanted))
		return NULL;
	snprintf(why, IKE_WHY_MAX, "its second proof is of %.80s, but %s %.80s",
		 ike_id_str(&s->id, got, sizeof(got)),
		 wanted == first ? "without second-id it has to be of the same as the first, of" :
				   "second-id is", ike_id_str(wanted, want, sizeof(want)));
	return why;
}
