// SPDX-License-Identifier: GPL-2.0
/*
 * The peer's answers to a CREATE_CHILD_SA of ours, and to the IKE_FOLLOWUP_KEs that belong to it.
 * An IKE SA's rekey and a child's are one exchange: what we asked for decides, and an answer of the
 * other shape refuses it.
 */
#include "ike/v2/child_exchange.h"
#include "ike/v2/rekey.h"

static struct followup *create_followup(const struct inbound *in)
{
	struct rekey_exchange *p = (void *)in->ex->priv;

	return in->ex->kind == &v2_kind_rekey_ike ? &p->followup : child_exchange_followup(in->ex);
}

static bool create_rekeys(const struct inbound *in)
{
	return in->ex->kind == &v2_kind_rekey_ike;
}

enum verdict v2_rekey_response(struct inbound *in)
{
	return create_rekeys(in) ? rekey_exchange_granted(in) : child_exchange_refused(in);
}

enum verdict v2_child_response(struct inbound *in)
{
	return create_rekeys(in) ? rekey_exchange_refused(in) : child_exchange_granted(in);
}

enum verdict v2_child_refused(struct inbound *in)
{
	return create_rekeys(in) ? rekey_exchange_refused(in) : child_exchange_refused(in);
}

/* The last one makes of it what the answer to the CREATE_CHILD_SA would have without them. */
enum verdict v2_followup_response(struct inbound *in)
{
	struct followup *f = create_followup(in);
	struct v2_inbound *v = v2_inbound(in);

	if (msg_error(&v->m))
		return v2_child_refused(in);
	if (followup_take(f, in))
		return VERDICT_STAY;
	if (!followup_restore(f, v))
		return v2_child_refused(in);
	return create_rekeys(in) ? rekey_exchange_granted(in) : child_exchange_granted(in);
}

/* The IKE SA is over, or replaced: what the peer has made is deleted; of more nothing comes. */
enum verdict v2_followup_late(struct inbound *in)
{
	struct followup *f = create_followup(in);
	struct v2_inbound *v = v2_inbound(in);

	if (!create_rekeys(in) || v->m.kind != MSG_FOLLOWUP || msg_error(&v->m) || !f->count ||
	    f->at + 1 < f->count || followup_take(f, in) || !followup_restore(f, v))
		return VERDICT_STAY;
	return v2_rekey_late(in);
}
