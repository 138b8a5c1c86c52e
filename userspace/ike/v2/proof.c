// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/proof.h"

#include "ike/auth/method.h"
#include "ike/object/tunnel.h"
#include "ike/v2/certs.h"
#include "suite/names.h"

static bool proof_covered(const struct ike_sa *sa, const struct ike_id *id,
			  struct octets *covered)
{
	uint8_t body[TUNNEL_ID_MAX + 4];
	struct writer w = writer_of(body, sizeof(body));

	id_body(&w, id->type, id->data, id->len);
	return keys_covered(sa, sa->initiator, (struct chunk){ body, w.len }, covered);
}

bool proof_own_covered(const struct ike_sa *sa, struct octets *covered)
{
	return proof_covered(sa, &sa->local_id, covered);
}

struct auth_session *proof_begin(struct ike_sa *sa, const struct tunnel *t)
{
	struct octets covered;

	if (!proof_own_covered(sa, &covered))
		return NULL;
	return auth_begin(sa, t->id, sa->resumed ? &auth_ticket_ops : method_ours(t->conf), true,
			  &covered);
}

struct auth_session *proof_begin_second(struct ike_sa *sa, const struct tunnel *t,
					const struct ike_id *id)
{
	struct auth_session *s;
	struct octets covered;

	if (!proof_covered(sa, id, &covered))
		return NULL;
	s = auth_begin(sa, t->id, t->conf->local_second, true, &covered);
	if (s)
		s->second = true;
	return s;
}

static struct auth_session *proof_verify_by(struct ike_sa *sa, const struct tunnel *t,
					    const struct auth_ops *method, const struct msg *m)
{
	const struct msg_id *id = sa->initiator ? &m->idr : &m->idi;
	struct chunk body = { id->body.at, id->body.left };
	struct auth_session *s;
	struct octets covered;

	if (!keys_covered(sa, !sa->initiator, body, &covered))
		return NULL;
	s = auth_begin(sa, t->id, method, false, &covered);
	if (s)
		s->id = v2_id(id);
	return s;
}

struct auth_session *proof_verify(struct ike_sa *sa, const struct tunnel *t, const struct msg *m)
{
	return proof_verify_by(sa, t, sa->resumed ? &auth_ticket_ops : method_theirs(t->conf), m);
}

struct auth_session *proof_verify_second(struct ike_sa *sa, const struct tunnel *t,
					 const struct msg *m)
{
	struct auth_session *s = proof_verify_by(sa, t, t->conf->remote_second, m);

	if (s)
		s->second = true;
	return s;
}

bool proof_take(struct auth_session *s, const struct msg *m)
{
	s->number = m->auth.method;
	return auth_has_number(s->method, s->number) && (!s->method->certs || certs_take(s, m));
}

void proof_refused(struct cause *cause, const struct tunnel_conf *conf, const struct msg *m,
		   const char *who, const char *why)
{
	const struct auth_ops *method = method_theirs(conf);
	char number[NAME_STRLEN];

	if (!m->seen[PAYLOAD_AUTH])
		cause_set(cause, IKE_FAIL_AUTH_LOCAL,
			  "the peer %.200s wants to prove itself in EAP, but is configured to do "
			  "it by %s%s", who, method->name,
			  conf->remote_second ? " first (second-auth)" : "");
	else if (!auth_has_number(method, m->auth.method) || method->rounds)
		cause_set(cause, IKE_FAIL_AUTH_LOCAL,
			  "the peer %.200s proves itself by %s (AUTH method %u), but is configured "
			  "to do it by %s", who, name_str(NAME_AUTH, m->auth.method, number),
			  m->auth.method, method->name);
	else if (why[0] && method->certs)
		cause_set(cause, IKE_FAIL_AUTH_LOCAL,
			  "the peer %.200s does not prove who it is: %s", who, why);
	else if (why[0])
		cause_set(cause, IKE_FAIL_AUTH_LOCAL,
			  "the proof of the peer %.200s cannot be verified: %s", who, why);
	else
		cause_set(cause, IKE_FAIL_AUTH_LOCAL,
			  "the peer %.200s does not prove that it knows the pre-shared key "
			  "(AUTH method %u); compare psk on both ends", who, m->auth.method);
}

void proof_certified(struct ike_sa *sa, const struct auth_session *s)
{
	uint64_t valid_s = s->valid_s, until;

	if (s->session_s && (!valid_s || s->session_s < valid_s))
		valid_s = s->session_s;
	until = ike_now(sa->ike) + valid_s * 1000;
	/* of two proofs the one that ends first */
	if (valid_s && (!sa->certified_ms || until < sa->certified_ms))
		sa->certified_ms = until;
	sa->session_s = s->session_s;
	sa->framed = s->framed;
}

const char *proof_text(const struct auth_session *s, char buf[PROOF_STRLEN])
{
	size_t len;

	len = snprintf(buf, PROOF_STRLEN, " by %s%s%s", s->method->name,
		       s->subject[0] ? " of " : "", s->subject);
	if (s->valid_s && len < PROOF_STRLEN)
		snprintf(buf + len, PROOF_STRLEN - len, ", certified for %llu days",
			 (unsigned long long)(s->valid_s / 86400));
	return buf;
}

void proof_build(struct builder *b, const struct auth_session *s)
{
	build_auth(b, s->number, s->out, s->out_len);
}

bool proof_of_key(const struct auth_session *rounds, const struct octets *covered,
		  bool of_initiator, uint8_t out[PRF_LEN_MAX])
{
	const struct ike_sa *sa = rounds->sa;
	struct chunk key = { rounds->key, rounds->key_len };
	struct chunk octets = { covered->p, covered->len };

	if (!key.len)
		key = (struct chunk){ of_initiator ? sa->sk_pi : sa->sk_pr, prf_len(sa->prf) };
	return auth_psk(sa->prf, key, &octets, 1, out);
}

bool proof_of_key_ok(const struct auth_session *rounds, const struct octets *covered,
		     bool of_initiator, const struct msg_auth *auth)
{
	size_t len = prf_len(rounds->sa->prf);
	uint8_t want[PRF_LEN_MAX];
	bool ok;

	ok = auth->method == AUTH_PSK && auth->data.left == len &&
	     proof_of_key(rounds, covered, of_initiator, want) &&
	     crypto_equal(want, auth->data.at, len);
	mem_wipe(want, sizeof(want));
	return ok;
}
