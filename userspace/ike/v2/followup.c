// SPDX-License-Identifier: GPL-2.0
/* IKE_FOLLOWUP_KE: what both roles share, and the initiator's requests. */
#include "ike/v2/followup.h"

/* ---- both */

void followup_clear(struct followup *f)
{
	octets_clear(&f->message);
	octets_clear(&f->secrets);
	octets_clear(&f->link);
	ke_free(f->ke);
	*f = (struct followup){0};
}

static bool followup_done(const struct followup *f)
{
	return f->count && f->at == f->count && !f->failed;
}

bool followup_complete(const struct followup *f, const struct proposal *suite)
{
	uint16_t groups[ADDKE_MAX];

	return !proposal_addke(suite, groups) || followup_done(f);
}

struct ke_secret followup_secret(const struct followup *f, struct chunk first)
{
	return (struct ke_secret){ first, { f->secrets.p, f->secrets.len } };
}

bool followup_restore(const struct followup *f, struct v2_inbound *v)
{
	struct cursor chain = cursor_of(f->message.p, f->message.len);

	return msg_parse_payloads(chain, f->first, &v->m) == MSG_OK;
}

bool followup_keep(struct followup *f, const struct v2_inbound *v, const struct proposal *suite)
{
	f->count = proposal_addke(suite, f->group);
	f->first = v->inner_first;
	return octets_set(&f->message, v->inner.at, v->inner.left);
}

bool followup_add(struct followup *f, struct chunk secret)
{
	f->at++;
	f->failed |= !octets_append(&f->secrets, secret.p, secret.len);
	return !f->failed;
}

/* ---- initiator */

/* RFC 9370 2.2.4: octets of the responder's own, which the next request brings back. */
static bool followup_take_link(struct followup *f, const struct msg *m)
{
	const struct msg_notify *link = msg_notify(m, NOTIFY_ADDITIONAL_KEY_EXCHANGE);

	return link && link->data.left && octets_set(&f->link, link->data.at, link->data.left);
}

static void followup_next(struct inbound *in)
{
	exchange_go_on(in->ex, EXCHANGE_IKE_FOLLOWUP_KE);
	in->ex = NULL;
}

bool followup_begin(struct followup *f, struct inbound *in, const struct proposal *suite)
{
	struct v2_inbound *v = v2_inbound(in);
	uint16_t groups[ADDKE_MAX];

	if (f->count || !proposal_addke(suite, groups))
		return false;
	if (!followup_keep(f, v, suite) || !followup_take_link(f, &v->m)) {
		f->failed = true;
		return false;
	}
	followup_next(in);
	return true;
}

bool followup_goes_on(const struct followup *f)
{
	return f->count;
}

enum built followup_build(struct exchange *ex, struct followup *f, struct cause *cause)
{
	struct ike *ike = ex->sa->ike;
	const uint8_t *public;
	struct builder b;
	size_t len;

	ke_free(f->ke);
	f->ke = ke_new(f->group[f->at], ike->env.random, ike->env.ctx);
	if (!f->ke) {
		cause_set(cause, IKE_FAIL_PROTOCOL,
			  "no memory for an additional key exchange of a CREATE_CHILD_SA");
		return BUILD_FAILED;
	}
	v2_request_begin(ex, &b);
	public = ke_public(f->ke, &len);
	build_ke(&b, ke_group(f->ke), public, len);
	build_notify(&b, NOTIFY_ADDITIONAL_KEY_EXCHANGE, 0, 0, 0, f->link.p, f->link.len);
	return v2_request_end(ex, &b, cause);
}

bool followup_take(struct followup *f, struct inbound *in)
{
	const struct msg *m = &v2_inbound(in)->m;
	uint8_t secret[KE_SECRET_MAX];
	size_t len;

	f->failed |= !f->ke || m->ke.group != ke_group(f->ke) ||
		     !ke_derive(f->ke, m->ke.data.at, m->ke.data.left, secret, &len) ||
		     !followup_add(f, (struct chunk){ secret, len });
	mem_wipe(secret, sizeof(secret));
	if (f->failed || f->at == f->count)
		return false;
	f->failed = !followup_take_link(f, m);
	if (!f->failed)
		followup_next(in);
	return !f->failed;
}
