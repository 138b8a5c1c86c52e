// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/second.h"

#include "ike/core/id.h"
#include "ike/object/peer.h"
#include "ike/object/tunnel.h"
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

/* Who we are in it: the name that EAP will prove. */
static struct ike_id second_id(const struct ike_sa *sa)
{
	const struct ike_id *user = &sa->peer->tunnel->conf->eap_id;

	return user->type ? id_of_user((struct chunk){ user->data, user->len }) : sa->local_id;
}

bool second_begin(struct ike_sa *sa)
{
	struct ike_id id = second_id(sa);

	return proof_begin_second(sa, sa->peer->tunnel, &id);
}

void second_build(struct builder *b, const struct ike_sa *sa)
{
	struct ike_id id = second_id(sa);

	build_id(b, PAYLOAD_IDI, id.type, id.data, id.len);
}

void second_refused(const struct ike_sa *sa, struct cause *cause)
{
	char user[TUNNEL_ID_MAX], machine[TUNNEL_ID_MAX];
	struct ike_id id = second_id(sa);

	cause_set(cause, IKE_FAIL_AUTH_REMOTE,
		  "the peer took the first proof, of %.180s, and refused the second one, of %.180s: "
		  "wrong eap-identity or %s",
		  ike_id_str(&sa->local_id, machine, sizeof(machine)),
		  ike_id_str(&id, user, sizeof(user)),
		  sa->peer->tunnel->conf->local_second->secret);
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
		       "set: give second-auth = eap, or let it prove itself once" : NULL;
	if (!second_follows(m))
		return "it announces no second proof (ANOTHER_AUTH_FOLLOWS, RFC 4739), and "
		       "second-auth wants one by EAP after the first";
	return msg_notify(m, NOTIFY_MULTIPLE_AUTH_SUPPORTED) ? NULL :
	       "it announces a second proof (ANOTHER_AUTH_FOLLOWS) without "
	       "MULTIPLE_AUTH_SUPPORTED, RFC 4739";
}

bool second_follows(const struct msg *m)
{
	return msg_notify(m, NOTIFY_ANOTHER_AUTH_FOLLOWS);
}
