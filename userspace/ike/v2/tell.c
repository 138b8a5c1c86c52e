// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/tell.h"

#include "ike/object/report.h"
#include "ike/v2/fragment.h"

#define TELL_FIRST_AT	16	/* offset of the type of the first payload in a message */

void tell_heard(struct v2_inbound *v)
{
	struct inbound *in = &v->in;

	in->exchange = (struct ike_exchange){
		.type = in->h.exchange, .id = in->h.id, .what = in->ex ? in->ex->kind->name : NULL,
		.authentic = !rules_in_clear(in->h.exchange),
		.local = &in->local, .remote = &in->remote, .heard = &v->m,
	};
}

void tell_answered(struct v2_inbound *v)
{
	struct ike_exchange *x = &v->in.exchange;

	x->took_ms = ike_now(v->in.sa->ike) - v->in.ex->first_ms;
	report_exchange(v->in.sa->ike, v->in.sa->peer, x);
}

void tell_answer(struct v2_inbound *v, const struct fragment_text *text)
{
	struct ike_exchange *x = &v->in.exchange;

	if (!x->heard)		/* it could not be read */
		return;
	if (v->b.sk_at) {
		x->said_first = text->first;
		x->said = text->chain;
	} else if (v->b.w.len > MSG_HEADER_LEN) {
		x->said_first = v->b.w.buf[TELL_FIRST_AT];
		x->said = (struct chunk){ v->b.w.buf + MSG_HEADER_LEN,
					  v->b.w.len - MSG_HEADER_LEN };
	}
	report_exchange(v->in.sa->ike, v->in.sa->peer, x);
}
