// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/lifetime.h"

#include "ike/object/report.h"

uint32_t lifetime_least(uint32_t a, uint32_t b)
{
	return a && (!b || a < b) ? a : b;
}

void lifetime_build(struct builder *b, uint32_t s)
{
	uint8_t data[4];
	struct writer w = writer_of(data, sizeof(data));

	if (!s)
		return;
	writer_u32(&w, s);
	build_notify(b, NOTIFY_AUTH_LIFETIME, 0, 0, 0, data, sizeof(data));
}

void lifetime_take(struct ike_sa *sa, const struct msg *m)
{
	const struct msg_notify *n = msg_notify(m, NOTIFY_AUTH_LIFETIME);
	struct cursor data;
	uint32_t s;

	if (!n || !sa->began)
		return;
	data = n->data;
	if (data.left != 4 || !cursor_u32(&data, &s))
		return;
	report_log(sa->ike, sa->peer, LOG_INFO,
		   "the peer wants us to authenticate ourselves anew within %u s", s);
	sa_proof_lasts(sa, s);
}
