// SPDX-License-Identifier: GPL-2.0
/*
 * The peer's answers to a CREATE_CHILD_SA of ours. An IKE SA's rekey and a child's are one
 * exchange: what we asked for decides, and an answer of the other shape refuses it.
 */
#include "ike/v2/child_exchange.h"
#include "ike/v2/rekey.h"

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
