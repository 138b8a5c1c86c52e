// SPDX-License-Identifier: GPL-2.0
/* IKE_FOLLOWUP_KE as responder, RFC 9370 2.2.4. */
#include "ike/core/text.h"
#include "ike/object/report.h"
#include "ike/v2/awaited.h"

/* Our value in the answer, and the secret. False: the peer's is unsound, or no memory. */
static bool followup_answer(struct awaited *a, struct v2_inbound *v)
{
	const struct msg_ke *theirs = &v->m.ke;
	struct ike *ike = a->sa->ike;
	uint8_t secret[KE_SECRET_MAX];
	const uint8_t *public;
	struct ke *ke = NULL;
	size_t len;
	bool ok;

	if (theirs->group == a->f.group[a->f.at])
		ke = ke_answer(theirs->group, theirs->data.at, theirs->data.left, ike->env.random,
			       ike->env.ctx, secret, &len);
	ok = ke && followup_add(&a->f, (struct chunk){ secret, len });
	mem_wipe(secret, sizeof(secret));
	if (ok) {
		public = ke_public(ke, &len);
		build_ke(&v->b, theirs->group, public, len);
	}
	ke_free(ke);
	return ok;
}

static enum verdict followup_refuse(struct inbound *in, uint16_t notify, const char *why)
{
	char name[NAME_STRLEN];

	report_log(in->sa->ike, in->sa->peer, LOG_INFO, "refusing the peer's IKE_FOLLOWUP_KE: %s: %s",
		   notify_text(notify, name), why);
	v2_refuse(v2_inbound(in), notify, NULL, 0);
	return VERDICT_FAIL;
}

enum verdict v2_followup_request(struct inbound *in)
{
	struct awaited *a = in->sa->awaited;
	struct v2_inbound *v = v2_inbound(in);
	enum verdict verdict = VERDICT_STAY;
	bool rekeys;

	if (!awaited_is_meant(a, &v->m))
		return followup_refuse(in, NOTIFY_STATE_NOT_FOUND, "we wait for none with its link");
	rekeys = a->spi;
	if (!followup_answer(a, v)) {
		in->sa->awaited_free(in->sa);
		return followup_refuse(in, NOTIFY_INVALID_SYNTAX,
				      "an invalid key exchange value, or no memory");
	}
	if (a->f.at < a->f.count) {
		awaited_build_link(a, &v->b);
		return VERDICT_STAY;
	}
	if (!followup_restore(&a->f, v))
		verdict = followup_refuse(in, NOTIFY_TEMPORARY_FAILURE, "it cannot be read again");
	else if (rekeys)
		verdict = v2_rekey_request(in);
	else
		v2_child_request(in);
	if (in->sa->awaited)
		in->sa->awaited_free(in->sa);
	return verdict;
}
