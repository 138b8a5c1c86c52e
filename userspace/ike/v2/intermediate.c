// SPDX-License-Identifier: GPL-2.0
/* IKE_INTERMEDIATE, RFC 9242, for the additional key exchanges of RFC 9370 2.2.2: both roles. */
#include "ike/core/text.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/v2/addke.h"

struct intermediate_exchange {
	struct ke *ke;
};

static struct intermediate_exchange *intermediate(const struct exchange *ex)
{
	return (void *)ex->priv;
}

/* ---- initiator */

static bool intermediate_wanted(const struct ike_sa *sa)
{
	return addke_next(sa) != KE_NONE;
}

static enum built intermediate_build(struct exchange *ex, struct cause *cause)
{
	struct intermediate_exchange *p = intermediate(ex);
	uint16_t group = addke_next(ex->sa);
	struct ike *ike = ex->sa->ike;
	const uint8_t *public;
	struct builder b;
	size_t len;

	p->ke = ke_new(group, ike->env.random, ike->env.ctx);
	if (!p->ke) {
		cause_set(cause, IKE_FAIL_CONFIG,
			  "key exchange group %u is not supported: take it out of ike", group);
		return BUILD_FAILED;
	}
	v2_request_begin(ex, &b);
	public = ke_public(p->ke, &len);
	build_ke(&b, group, public, len);
	return v2_request_end(ex, &b, cause);
}

static void intermediate_forget(struct exchange *ex)
{
	ke_free(intermediate(ex)->ke);
}

const struct exchange_kind v2_kind_intermediate = {
	.name = "IKE_INTERMEDIATE",
	.state = SA_AUTH_SENT,
	.exchange = EXCHANGE_IKE_INTERMEDIATE,
	.priv_size = sizeof(struct intermediate_exchange),
	.wanted = intermediate_wanted,
	.build = intermediate_build,
	.forget = intermediate_forget,
};

enum verdict v2_intermediate_response(struct inbound *in)
{
	const struct ke *ke = intermediate(in->ex)->ke;
	struct v2_inbound *v = v2_inbound(in);
	const struct msg_ke *theirs = &v->m.ke;
	uint8_t secret[KE_SECRET_MAX];
	struct ike_sa *sa = in->sa;
	size_t len;
	bool ok;

	ok = theirs->group == ke_group(ke) &&
	     ke_derive(ke, theirs->data.at, theirs->data.left, secret, &len) &&
	     addke_cover_theirs(v) && addke_take(sa, (struct chunk){ secret, len }, in->h.id);
	mem_wipe(secret, sizeof(secret));
	if (!ok) {
		cause_set(&in->cause, IKE_FAIL_PROTOCOL,
			  "the peer's IKE_INTERMEDIATE response has an invalid key exchange value "
			  "of group %u, in answer to one of group %u", theirs->group, ke_group(ke));
		return VERDICT_FAIL;
	}
	report_log(sa->ike, sa->peer, LOG_INFO, "IKE_INTERMEDIATE: %s is in the keys too",
		   transform_name(TRANSFORM_KE, ke_group(ke), 0));
	return VERDICT_DONE;
}

enum verdict v2_intermediate_refused(struct inbound *in)
{
	const struct msg_notify *error = msg_error(&v2_inbound(in)->m);
	char name[NAME_STRLEN];

	cause_set(&in->cause, IKE_FAIL_PEER, "the peer refuses IKE_INTERMEDIATE: %s",
		  error ? notify_text(error->type, name) : "the answer has no KE payload");
	return VERDICT_FAIL;
}

/* ---- responder */

/* RFC 9370 2.2.2: the group is the next one of the suite, and nothing else is taken. */
static bool intermediate_answer(struct v2_inbound *v, uint16_t group)
{
	const struct msg_ke *theirs = &v->m.ke;
	struct ike_sa *sa = v->in.sa;
	struct ike *ike = sa->ike;
	uint8_t secret[KE_SECRET_MAX];
	const uint8_t *public;
	struct ke *ke = NULL;
	size_t len;
	bool ok;

	if (group && theirs->group == group)
		ke = ke_answer(group, theirs->data.at, theirs->data.left, ike->env.random,
			       ike->env.ctx, secret, &len);
	ok = ke && addke_cover_theirs(v) && addke_owe(sa, (struct chunk){ secret, len });
	mem_wipe(secret, sizeof(secret));
	if (ok) {
		public = ke_public(ke, &len);
		build_ke(&v->b, group, public, len);
	}
	ke_free(ke);
	return ok;
}

enum verdict v2_intermediate_request(struct inbound *in)
{
	struct v2_inbound *v = v2_inbound(in);

	if (intermediate_answer(v, addke_next(in->sa)))
		return VERDICT_DONE;
	v2_refuse(v, NOTIFY_INVALID_SYNTAX, NULL, 0);
	return VERDICT_FAIL;
}
