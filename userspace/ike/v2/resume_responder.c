// SPDX-License-Identifier: GPL-2.0
/*
 * IKE_SESSION_RESUME as gateway, RFC 5723 4.3, and the IKE_AUTH that follows. Anybody may show a
 * ticket that he has seen on the wire: it is used up only when who shows it has proved that he has
 * the keys of the session.
 */
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/ticket.h"
#include "ike/object/tunnel.h"
#include "ike/v2/accept.h"
#include "ike/v2/first.h"
#include "ike/v2/nat.h"
#include "ike/v2/offer.h"
#include "ike/v2/proof.h"
#include "ike/v2/resume.h"

static struct ticket *resume_shown(const struct ike *ike, const struct msg *m)
{
	const struct msg_notify *n = msg_notify(m, NOTIFY_TICKET_OPAQUE);

	return n ? ticket_find(ike, offer_chunk(n->data)) : NULL;
}

/* Does the tunnel of the ticket take who comes so? One that sends clients on tells them first. */
static struct tunnel *resume_tunnel(const struct first *f, const struct ticket *t)
{
	struct tunnel *tunnel = tunnel_find(f->ike, t->owner.tunnel);

	return tunnel && !tunnel->conf->redirect_to.family && first_listens(f, tunnel) &&
	       tunnel_fit(tunnel, &f->local->addr, &f->remote->addr) ? tunnel : NULL;
}

void v2_resume_accept(struct ike *ike, const struct ike_version *version,
		      const struct msg_header *h, const uint8_t *raw, size_t len,
		      const struct endpoint *local, const struct endpoint *remote)
{
	struct first f = {
		.ike = ike, .version = version, .h = h, .raw = raw, .len = len, .local = local,
		.remote = remote,
	};
	struct candidates c = { .count = 1 };
	struct tunnel *tunnel = NULL;
	struct ticket *t;

	if (!first_is_new(&f))
		return;
	t = resume_shown(ike, &f.in);
	if (t)
		tunnel = resume_tunnel(&f, t);
	if (!tunnel || !offer_nonce_ok(f.in.nonce, t->prf)) {
		first_count_refusal(ike);
		first_refuse(&f, NOTIFY_TICKET_NACK, NULL, 0);
		return;
	}
	c.t[0] = tunnel;
	c.suite = suite_proposal(&t->suite);
	c.force_udp = tunnel->conf->force_udp;
	first_enter(&f, &c);
}

/* Keys, and the answer. */
enum verdict v2_resume_request(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);
	struct ike_sa *sa = in->sa;
	struct msg_header h = { .spi_i = sa->spi_i, .spi_r = sa->spi_r };
	const struct ticket *t = resume_shown(sa->ike, &v->m);
	bool fake = sa->udp;

	v2_set_nonce(&sa->ni, v->m.nonce);
	ike_random(sa->ike, sa->nr.b, IKE_NONCE_LEN);
	sa->nr.len = IKE_NONCE_LEN;
	if (!t || !octets_set(&sa->init_i, in->raw, in->raw_len) ||
	    !octets_set(&sa->presented, t->name.p, t->name.len) || !keys_resume(sa, t))
		return VERDICT_DROP;
	sa->resumed = true;
	sa->fragments = msg_notify(&v->m, NOTIFY_FRAGMENTATION_SUPPORTED);
	nat_detect(sa, v);
	sa->udp = sa->nat_t && !in->remote.stream && (sa->nat_local || sa->nat_remote || fake);
	build_nonce(&v->b, sa->nr.b, sa->nr.len);
	if (sa->nat_t)
		nat_build(&v->b, &h, &in->local, &in->remote, fake);
	build_notify(&v->b, NOTIFY_CHILDLESS_SUPPORTED, 0, 0, 0, NULL, 0);
	if (sa->fragments)
		build_notify(&v->b, NOTIFY_FRAGMENTATION_SUPPORTED, 0, 0, 0, NULL, 0);
	return VERDICT_DONE;
}

/* ---- IKE_AUTH */

/* Both identities are those of the session, RFC 5723 4.3.3. */
static bool resume_ids_are_right(const struct ticket *t, const struct msg *m)
{
	struct chunk body = { m->idi.body.at, m->idi.body.left };
	struct ike_id wanted = v2_id(&m->idr);
	uint8_t claim[32];

	return sha256(&body, 1, claim) && !memcmp(claim, t->claim, sizeof(claim)) &&
	       (!m->idr.body.at || ike_id_equal(&wanted, &t->local_id));
}

static bool resume_proof_is_right(struct inbound *in, const struct tunnel *t)
{
	const struct msg *m = &v2_inbound(in)->m;
	struct auth_session *s = proof_verify(in->sa, t, m);
	bool ok;

	ok = s && proof_take(s, m) && auth_step(s, offer_chunk(m->auth.data)) == AUTH_DONE;
	auth_end(in->sa, false);
	return ok;
}

static bool resume_prove(struct inbound *in, const struct tunnel *t)
{
	struct v2_inbound *v = v2_inbound(in);
	const struct ike_id *ours = &in->sa->local_id;
	struct auth_session *s = proof_begin(in->sa, t);
	bool ok = s && auth_step(s, (struct chunk){0}) == AUTH_DONE;

	if (ok) {
		build_id(&v->b, PAYLOAD_IDR, ours->type, ours->data, ours->len);
		proof_build(&v->b, s);
	}
	auth_end(in->sa, true);
	return ok;
}

static enum verdict resume_reject(struct inbound *in, struct tunnel *t, const char *why)
{
	char peer[ADDR_STRLEN];
	struct cause cause;

	v2_refuse(v2_inbound(in), NOTIFY_AUTHENTICATION_FAILED, NULL, 0);
	if (!ike_may_mention_stranger(in->sa->ike))
		return VERDICT_FAIL;
	cause_set(&cause, IKE_FAIL_AUTH_LOCAL, "who wants to resume a session from %s is refused: %s",
		  endpoint_str(&in->remote, peer), why);
	if (t)
		report_refused(t, &cause);
	else
		ike_log(in->sa->ike, LOG_INFO, "%s", cause.text);
	return VERDICT_FAIL;
}

enum verdict resume_auth(struct inbound *in)
{
	struct ike_sa *sa = in->sa, *before;
	struct chunk name = { sa->presented.p, sa->presented.len };
	struct ticket *ticket = ticket_find(sa->ike, name);
	struct tunnel *t = ticket ? tunnel_find(sa->ike, ticket->owner.tunnel) : NULL;

	if (!t)
		return resume_reject(in, NULL, "its ticket has been used, or is good no more");
	if (!resume_ids_are_right(ticket, &v2_inbound(in)->m))
		return resume_reject(in, t, "it names other identities than those of the session");
	if (!resume_proof_is_right(in, t))
		return resume_reject(in, t, "it does not prove that it has the keys of the session");
	ticket_apply(ticket, sa);
	before = ticket->sa;
	ticket_free(ticket);		/* used, whatever comes of it */
	report_tunnel_log(t, LOG_INFO, "the peer has resumed its session with a ticket");
	if (accept_turned_away(in, t, before ? before->peer : tunnel_peer_known(t, &sa->remote_id)))
		return VERDICT_FAIL;
	if (!resume_prove(in, t)) {
		v2_refuse(v2_inbound(in), NOTIFY_TEMPORARY_FAILURE, NULL, 0);
		return VERDICT_FAIL;
	}
	return accept_establish(in, t, before);
}
