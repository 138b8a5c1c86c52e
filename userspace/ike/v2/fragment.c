// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/fragment.h"

#include "ike/object/partial.h"
#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/stranger.h"
#include "suite/names.h"

#define FRAGMENT_HEADERS_LEN	(MSG_HEADER_LEN + 8)	/* of the message and of the SKF payload */
#define FRAGMENT_UDP_LEN	12			/* UDP header, non-ESP marker */

/* ---- ours */

/* The least that each host takes: RFC 791, RFC 8200 5. Octets of the IP packet. */
static uint32_t fragment_size_least(const struct ike_sa *sa)
{
	return sa->remote.addr.family == AF_INET6 ? FRAGMENT_SIZE : FRAGMENT_SIZE_MIN;
}

/* Of the IP packet; FRAGMENT_NEVER: it may be of any size. */
static uint32_t fragment_size(const struct ike_sa *sa)
{
	uint32_t size = sa->peer ? sa->peer->conf->fragment_size : 0;

	if (!sa->fragments || sa->remote.stream)	/* RFC 9329 7.5 */
		return FRAGMENT_NEVER;
	if (!size)
		size = FRAGMENT_SIZE;
	return size != FRAGMENT_NEVER && sa->fragment_small && size > fragment_size_least(sa) ?
		       fragment_size_least(sa) : size;
}

/* Of the IKE message in a packet of @size. */
static size_t fragment_message(const struct ike_sa *sa, uint32_t size)
{
	return size - FRAGMENT_UDP_LEN - (sa->remote.addr.family == AF_INET6 ? 40 : 20);
}

static size_t fragment_sealed(const struct ike_sa *sa, size_t text)
{
	return FRAGMENT_HEADERS_LEN + sk_sealed_len(&sa->sk_out, text);
}

/* Octets of text in one fragment; 0: none fits. */
static size_t fragment_room(const struct ike_sa *sa)
{
	size_t most = fragment_message(sa, fragment_size(sa)), room = most;

	while (room && fragment_sealed(sa, room) > most)
		room--;
	return room;
}

struct fragment_text fragment_text(const struct builder *b, const struct msg_header *h)
{
	return (struct fragment_text){
		.h = *h,
		.first = b->w.buf[b->sk_at],
		.chain = { b->w.buf + b->sk_body + b->sk_iv_len, build_sk_plain(b) },
	};
}

bool fragment_needed(const struct ike_sa *sa, const struct fragment_text *text)
{
	uint32_t size = fragment_size(sa);

	/* whole it needs four octets less than as a fragment */
	return size != FRAGMENT_NEVER &&
	       fragment_sealed(sa, text->chain.len) - 4 > fragment_message(sa, size) &&
	       fragment_room(sa);
}

static bool fragment_seal_one(struct ike_sa *sa, const struct fragment_text *text,
			      uint16_t number, uint16_t total, struct chunk piece,
			      struct datagrams *out)
{
	uint8_t buf[IKE_OUT_MAX];
	struct builder b;
	size_t len;
	bool ok;

	build_begin(&b, buf, sizeof(buf), &text->h);
	build_skf_begin(&b, number, total, text->first, sk_iv_len(&sa->sk_out));
	writer_bytes(&b.w, piece.p, piece.len);
	len = build_sk_end(&b, sk_sealed_len(&sa->sk_out, piece.len));
	ok = len && sk_seal(&sa->sk_out, buf, b.sk_body, b.sk_plain);
	if (!ok)
		mem_wipe(buf, sizeof(buf));
	return ok && datagrams_add(out, buf, len);
}

static size_t fragment_total(const struct ike_sa *sa, size_t len)
{
	size_t room = fragment_room(sa);

	return (len + room - 1) / room;
}

bool fragment_seal(struct ike_sa *sa, const struct fragment_text *text, struct datagrams *out)
{
	size_t room = fragment_room(sa), total = fragment_total(sa, text->chain.len);
	struct chunk rest = text->chain;

	for (size_t i = 1; i <= total; i++) {
		struct chunk piece = { rest.p, rest.len < room ? rest.len : room };

		if (!fragment_seal_one(sa, text, (uint16_t)i, (uint16_t)total, piece, out))
			return false;
		rest.p += piece.len;
		rest.len -= piece.len;
	}
	return true;
}

bool fragment_keep(struct exchange *ex, const struct fragment_text *text)
{
	const struct ike_sa *sa = ex->sa;
	uint32_t size = fragment_size(sa), least = fragment_size_least(sa);

	if (size == FRAGMENT_NEVER || size <= least ||
	    fragment_sealed(sa, text->chain.len) - 4 <= fragment_message(sa, least))
		return true;
	ex->text_first = text->first;
	return octets_set(&ex->text, text->chain.p, text->chain.len);
}

void fragment_divide(struct exchange *ex, const struct msg_header *h)
{
	struct fragment_text text = {
		.h = *h, .first = ex->text_first, .chain = { ex->text.p, ex->text.len },
	};
	struct datagrams smaller = {0};
	struct ike_sa *sa = ex->sa;

	if (!ex->text.p)
		return;
	sa->fragment_small = true;
	/* a division into no more than before could not be told from it: RFC 7383 2.5.2 */
	if (fragment_total(sa, text.chain.len) <= ex->msg.count ||
	    !fragment_seal(sa, &text, &smaller)) {
		datagrams_clear(&smaller);
		return;
	}
	report_log(sa->ike, sa->peer, LOG_INFO,
		   "%s is not answered: it goes out in %u fragments instead of %u",
		   ex->kind->name, smaller.count, ex->msg.count);
	datagrams_clear(&ex->msg);
	ex->msg = smaller;
	octets_clear(&ex->text);
}

/* ---- the peer's */

static void fragment_refuse(const struct v2_inbound *v, const char *fmt, unsigned long long got,
			    unsigned long long most)
{
	struct ike_sa *sa = v->in.sa;
	char number[NAME_STRLEN], text[128];

	sa->ike->counters.fragments_refused++;
	if (!ike_may_mention_stranger(sa->ike))
		return;
	snprintf(text, sizeof(text), fmt, got, most);
	report_log(sa->ike, sa->peer, LOG_WARNING, "the peer's %s %s is not taken: %s",
		   name_str(NAME_EXCHANGE, v->in.h.exchange, number),
		   inbound_is_response(&v->in) ? "response" : "request", text);
}

static void fragment_heard(const struct inbound *in, const struct partial *partial)
{
	struct ike_sa *sa = in->sa;

	sa->heard_ms = ike_now(sa->ike);
	/* where the peer has gone to small ones, or is told to, ours have the same way */
	if (!inbound_is_response(in) && partial->count == partial->total &&
	    partial->largest <= fragment_message(sa, fragment_size_least(sa)))
		sa->fragment_small = true;
}

static struct v2_inbound *fragment_join(const struct v2_inbound *v, struct partial **partial)
{
	const struct inbound *in = &v->in;
	struct v2_inbound *whole = NULL;
	size_t len;
	uint8_t *text = partial_join(*partial, &len);

	if (text) {
		whole = inbound_new(in->sa, sizeof(*whole), &in->h, text, len, &in->local,
				    &in->remote);
		mem_free_wiped(text, len);
	}
	if (!whole)
		return NULL;
	whole->in.ex = in->ex;
	whole->inner = cursor_of(whole->in.raw, len);
	whole->inner_first = (*partial)->first;
	partial_drop(partial);
	return whole;
}

struct v2_inbound *fragment_take(const struct v2_inbound *v, struct cursor inner)
{
	const struct inbound *in = &v->in;
	struct partial **partial = &in->sa->partial[inbound_is_response(in)];
	size_t most = in->sa->stranger ? STRANGER_MESSAGE_MAX : PARTIAL_OCTETS_MAX;
	struct fragment f = {
		.h = &in->h, .number = v->m.number, .total = v->m.total, .first = v->m.sk_first,
		.text = { inner.at, inner.left },
	};

	switch (partial_add(partial, &f, most)) {
	case PARTIAL_WHOLE:
		fragment_heard(in, *partial);
		return fragment_join(v, partial);
	case PARTIAL_MORE:
		fragment_heard(in, *partial);
		break;
	case PARTIAL_KNOWN:
		in->sa->ike->counters.replayed++;
		break;
	case PARTIAL_TOO_MANY:
		fragment_refuse(v, "it comes in %llu fragments, we take at most %llu", f.total,
				PARTIAL_FRAGMENTS_MAX);
		break;
	case PARTIAL_TOO_LONG:
		fragment_refuse(v, "its %llu fragments have more than %llu octets", f.total, most);
		break;
	case PARTIAL_NO_MEMORY:
		break;
	}
	return NULL;
}
