// SPDX-License-Identifier: GPL-2.0
#include "wire/v2/payload.h"

#define VERSION_2_0	0x20
/* offsets in the header, RFC 7296 3.1 */
#define NEXT_AT		16
#define LENGTH_AT	24

void build_begin(struct builder *b, void *buf, size_t cap, const struct msg_header *h)
{
	*b = (struct builder){ .w = writer_of(buf, cap < MSG_LEN_MAX ? cap : MSG_LEN_MAX),
			       .next_at = NEXT_AT };
	writer_u64(&b->w, h->spi_i);
	writer_u64(&b->w, h->spi_r);
	writer_u8(&b->w, PAYLOAD_NONE);
	writer_u8(&b->w, VERSION_2_0);
	writer_u8(&b->w, h->exchange);
	writer_u8(&b->w, h->flags);
	writer_u32(&b->w, h->id);
	writer_u32(&b->w, 0);
}

size_t build_end(struct builder *b)
{
	writer_patch_u32(&b->w, LENGTH_AT, (uint32_t)b->w.len);
	return b->w.overflow ? 0 : b->w.len;
}

void build_payload(struct builder *b, uint8_t type)
{
	writer_patch_u8(&b->w, b->next_at, type);
	b->payload_at = b->w.len;
	b->next_at = b->w.len;
	writer_u8(&b->w, PAYLOAD_NONE);
	writer_u8(&b->w, 0);
	writer_u16(&b->w, 0);
}

void build_payload_end(struct builder *b)
{
	writer_patch_u16(&b->w, b->payload_at + 2, (uint16_t)(b->w.len - b->payload_at));
}

static void begin_sealed(struct builder *b, size_t iv_len)
{
	b->sk_at = b->payload_at;
	b->sk_body = b->w.len;
	b->sk_iv_len = iv_len;
	writer_room(&b->w, iv_len);
}

void build_sk_begin(struct builder *b, size_t iv_len)
{
	build_payload(b, PAYLOAD_SK);
	begin_sealed(b, iv_len);
}

void build_skf_begin(struct builder *b, uint16_t number, uint16_t total, uint8_t first,
		     size_t iv_len)
{
	build_payload(b, PAYLOAD_SKF);
	writer_patch_u8(&b->w, b->next_at, number == 1 ? first : PAYLOAD_NONE);
	writer_u16(&b->w, number);
	writer_u16(&b->w, total);
	begin_sealed(b, iv_len);
}

size_t build_sk_plain(const struct builder *b)
{
	return b->w.overflow ? 0 : b->w.len - b->sk_body - b->sk_iv_len;
}

size_t build_sk_end(struct builder *b, size_t sealed)
{
	size_t around = b->sk_iv_len + build_sk_plain(b);

	b->sk_plain = build_sk_plain(b);
	if (sealed < around) {
		b->w.overflow = true;
		return 0;
	}
	writer_room(&b->w, sealed - around);
	writer_patch_u16(&b->w, b->sk_at + 2, (uint16_t)(b->sk_body - b->sk_at + sealed));
	return build_end(b);
}

void write_spi(struct writer *w, uint64_t spi, uint8_t len)
{
	if (len == 4)
		writer_u32(w, (uint32_t)spi);
	else if (len == 8)
		writer_u64(w, spi);
	else if (len)
		w->overflow = true;
}

void build_ke(struct builder *b, uint16_t group, const void *data, size_t len)
{
	build_payload(b, PAYLOAD_KE);
	writer_u16(&b->w, group);
	writer_u16(&b->w, 0);
	writer_bytes(&b->w, data, len);
	build_payload_end(b);
}

void build_nonce(struct builder *b, const void *nonce, size_t len)
{
	build_payload(b, PAYLOAD_NONCE);
	writer_bytes(&b->w, nonce, len);
	build_payload_end(b);
}

/* A number of one octet and three reserved ones, as ID and AUTH payloads begin. */
static void write_kind(struct writer *w, uint8_t kind)
{
	writer_u8(w, kind);
	writer_u8(w, 0);
	writer_u16(w, 0);
}

void id_body(struct writer *w, uint8_t id_type, const void *data, size_t len)
{
	write_kind(w, id_type);
	writer_bytes(w, data, len);
}

void build_id(struct builder *b, uint8_t type, uint8_t id_type, const void *data, size_t len)
{
	build_payload(b, type);
	id_body(&b->w, id_type, data, len);
	build_payload_end(b);
}

void build_auth(struct builder *b, uint8_t method, const void *data, size_t len)
{
	build_payload(b, PAYLOAD_AUTH);
	write_kind(&b->w, method);
	writer_bytes(&b->w, data, len);
	build_payload_end(b);
}

void build_cert(struct builder *b, uint8_t type, uint8_t encoding, const struct chunk *data,
		size_t count)
{
	build_payload(b, type);
	writer_u8(&b->w, encoding);
	for (size_t i = 0; i < count; i++)
		writer_bytes(&b->w, data[i].p, data[i].len);
	build_payload_end(b);
}

void build_notify(struct builder *b, uint16_t type, uint8_t protocol, uint64_t spi, uint8_t spi_len,
		  const void *data, size_t len)
{
	build_payload(b, PAYLOAD_NOTIFY);
	writer_u8(&b->w, protocol);
	writer_u8(&b->w, spi_len);
	writer_u16(&b->w, type);
	write_spi(&b->w, spi, spi_len);
	writer_bytes(&b->w, data, len);
	build_payload_end(b);
}

void build_delete(struct builder *b, uint8_t protocol, const uint32_t *spis, size_t count)
{
	size_t i;

	build_payload(b, PAYLOAD_DELETE);
	writer_u8(&b->w, protocol);
	writer_u8(&b->w, count ? 4 : 0);
	writer_u16(&b->w, (uint16_t)count);
	for (i = 0; i < count; i++)
		writer_u32(&b->w, spis[i]);
	build_payload_end(b);
}
