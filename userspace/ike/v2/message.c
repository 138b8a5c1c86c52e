// SPDX-License-Identifier: GPL-2.0
/* IKEv2 messages of ours: numbers, protection. RFC 7296 2.1 to 2.3, 3.1, 3.14. */
#include "ike/v2/message.h"

#include "ike/core/id.h"
#include "ike/v2/addke.h"
#include "ike/v2/fragment.h"
#include "ike/v2/tell.h"

static struct msg_header message_header(const struct ike_sa *sa, uint8_t exchange, uint8_t response,
					uint32_t id)
{
	return (struct msg_header){
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = exchange, .id = id,
		.flags = (sa->initiator ? MSG_INITIATOR : 0) | response,
	};
}

static struct msg_header message_header_of(const struct exchange *ex)
{
	return message_header(ex->sa, ex->exchange, 0, ex->id);
}

static struct msg_header message_header_to(const struct inbound *in)
{
	return message_header(in->sa, in->h.exchange, MSG_RESPONSE, in->h.id);
}

/* Protected unless it belongs to a first exchange. */
static void message_begin(const struct ike_sa *sa, struct builder *b, uint8_t *buf, size_t cap,
			  const struct msg_header *h)
{
	build_begin(b, buf, cap, h);
	if (!rules_in_clear(h->exchange))
		build_sk_begin(b, sk_iv_len(&sa->sk_out));
}

/* As one datagram or several. False: too long, no memory, or the crypto library failed. */
static bool message_seal(struct ike_sa *sa, struct builder *b, const struct fragment_text *text,
			 struct datagrams *out)
{
	size_t len;

	if (!b->sk_at) {
		len = build_end(b);
		return len && datagrams_add(out, b->w.buf, len);
	}
	if (b->w.overflow)
		return false;
	if (fragment_needed(sa, text))
		return fragment_seal(sa, text, out);
	len = build_sk_end(b, sk_sealed_len(&sa->sk_out, build_sk_plain(b)));
	return len && sk_seal(&sa->sk_out, b->w.buf, b->sk_body, b->sk_plain) &&
	       datagrams_add(out, b->w.buf, len);
}

/* ---- ours */

void v2_request_begin(struct exchange *ex, struct builder *b)
{
	struct ike_sa *sa = ex->sa;
	bool first = rules_in_clear(ex->exchange);
	struct msg_header h;

	/* the first one is message 0 however often it must be repeated with other contents */
	ex->id = first ? 0 : sa->next_out;
	h = message_header_of(ex);
	message_begin(sa, b, sa->ike->out, sizeof(sa->ike->out), &h);
}

enum built v2_request_end(struct exchange *ex, struct builder *b, struct cause *cause)
{
	struct msg_header h = message_header_of(ex);
	struct fragment_text text = fragment_text(b, &h);
	struct ike_sa *sa = ex->sa;

	if ((ex->exchange == EXCHANGE_IKE_INTERMEDIATE && !addke_cover_ours(sa, b)) ||
	    (b->sk_at && !fragment_keep(ex, &text)) || !message_seal(sa, b, &text, &ex->msg)) {
		cause_set(cause, IKE_FAIL_PROTOCOL,
			  "%s cannot be built: no memory, or it would be too long",
			  ex->kind->name);
		return BUILD_FAILED;
	}
	sa->next_out = ex->id + 1;
	return BUILD_READY;
}

void message_divide(struct exchange *ex)
{
	struct msg_header h = message_header_of(ex);

	fragment_divide(ex, &h);
}

bool v2_always(const struct ike_sa *sa)
{
	return true;
}

/* ---- the peer's */

void message_answer_begin(struct v2_inbound *v)
{
	struct msg_header h = message_header_to(&v->in);

	message_begin(v->in.sa, &v->b, inbound_room(&v->in, &v->b.w), v->in.room_len, &h);
}

bool message_finish(struct inbound *in, struct datagrams *answer)
{
	struct v2_inbound *v = v2_inbound(in);
	struct msg_header h = message_header_to(in);
	struct fragment_text text = fragment_text(&v->b, &h);
	bool owes = addke_owes(in->sa);

	tell_answer(v, &text);
	if ((owes && !addke_cover_ours(in->sa, &v->b)) ||
	    !message_seal(in->sa, &v->b, &text, answer) ||
	    (owes && !addke_pay(in->sa, in->h.id)))
		return false;
	if (rules_in_clear(in->h.exchange) && !in->sa->init_r.p &&
	    !octets_set(&in->sa->init_r, answer->d[0].p, answer->d[0].len))
		return false;
	in->sa->next_in = in->h.id + 1;
	return true;
}

/*
 * RFC 7296 2.21.3: INVALID_SYNTAX ends the IKE SA at both ends; our DELETE is for who forgets it.
 */
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
