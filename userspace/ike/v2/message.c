// SPDX-License-Identifier: GPL-2.0
/* IKEv2 messages of ours: numbers, protection. RFC 7296 2.1 to 2.3, 3.1, 3.14. */
#include "ike/v2/message.h"

#include "ike/core/id.h"

/* Protected unless it belongs to IKE_SA_INIT. */
static void message_begin(const struct ike_sa *sa, struct builder *b, uint8_t *buf,
			  uint8_t exchange, bool response, uint32_t id)
{
	struct msg_header h = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = exchange, .id = id,
		.flags = (sa->initiator ? MSG_INITIATOR : 0) | (response ? MSG_RESPONSE : 0),
	};

	build_begin(b, buf, IKE_OUT_MAX, &h);
	if (exchange != EXCHANGE_IKE_SA_INIT)
		build_sk_begin(b, sk_iv_len(&sa->sk_out));
}

/* 0: too long, or the crypto library failed. */
static size_t message_seal(struct ike_sa *sa, struct builder *b)
{
	size_t len;

	if (!b->sk_at)
		return build_end(b);
	len = build_sk_end(b, sk_sealed_len(&sa->sk_out, build_sk_plain(b)));
	if (!len || !sk_seal(&sa->sk_out, b->w.buf, b->sk_body, b->sk_plain))
		return 0;
	return len;
}

/* ---- ours */

void v2_request_begin(struct exchange *ex, struct builder *b)
{
	struct ike_sa *sa = ex->sa;
	bool init = ex->kind->exchange == EXCHANGE_IKE_SA_INIT;

	/* IKE_SA_INIT is message 0 however often it must be repeated with other contents */
	ex->id = init ? 0 : sa->next_out;
	message_begin(sa, b, sa->ike->out, ex->kind->exchange, false, ex->id);
}

enum built v2_request_end(struct exchange *ex, struct builder *b, struct cause *cause)
{
	struct ike_sa *sa = ex->sa;
	size_t len = message_seal(sa, b);

	if (!len || !datagrams_add(&ex->msg, b->w.buf, len)) {
		cause_set(cause, IKE_FAIL_PROTOCOL,
			  "%s cannot be built: no memory, or it would be too long",
			  ex->kind->name);
		return BUILD_FAILED;
	}
	sa->next_out = ex->id + 1;
	return BUILD_READY;
}

bool v2_always(const struct ike_sa *sa)
{
	return true;
}

/* ---- the peer's */

void message_answer_begin(struct v2_inbound *v)
{
	message_begin(v->in.sa, &v->b, v->answer, v->in.h.exchange, true, v->in.h.id);
}

bool message_finish(struct inbound *in, struct datagrams *answer)
{
	struct v2_inbound *v = v2_inbound(in);
	size_t len = message_seal(in->sa, &v->b);

	if (!len || !datagrams_add(answer, v->b.w.buf, len))
		return false;
	if (in->h.exchange == EXCHANGE_IKE_SA_INIT && !in->sa->init_r.p &&
	    !octets_set(&in->sa->init_r, v->b.w.buf, len))
		return false;
	in->sa->next_in = in->h.id + 1;
	return true;
}

/* RFC 7296 2.21.3: INVALID_SYNTAX ends the IKE SA at both ends; our DELETE is for who forgets it. */
void v2_refuse(struct v2_inbound *v, uint16_t notify, const void *data, size_t len)
{
	if (notify == NOTIFY_INVALID_SYNTAX && v->in.sa->state == SA_ESTABLISHED &&
	    !v->in.cause.failure)
		cause_set(&v->in.cause, IKE_FAIL_PROTOCOL, "the peer's request was malformed");
	message_answer_begin(v);
	build_notify(&v->b, notify, 0, 0, 0, data, len);
}

void v2_refuse_group(struct v2_inbound *v, uint16_t group)
{
	uint8_t data[2];
	struct writer w = writer_of(data, sizeof(data));

	writer_u16(&w, group);
	v2_refuse(v, NOTIFY_INVALID_KE_PAYLOAD, data, sizeof(data));
}

struct ike_id v2_id(const struct msg_id *id)
{
	return id_of_octets(id->type, (struct chunk){ id->data.at, id->data.left });
}
