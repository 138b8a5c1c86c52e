// SPDX-License-Identifier: GPL-2.0
#include "wire/avp.h"

#include <string.h>

enum { FLAG_VENDOR = 0x80, FLAG_MANDATORY = 0x40 };

#define AVP_HEADER_LEN	8
#define AVP_VENDOR_LEN	4

/* One, without its padding. */
struct avp {
	uint32_t vendor, code;
	uint8_t flags;
	struct cursor value;
};

/* The last one's padding may be missing. False: it does not fit. */
static bool avp_next(struct cursor *c, struct avp *a)
{
	uint32_t word, len;
	size_t head = AVP_HEADER_LEN, padding;

	*a = (struct avp){ 0 };
	if (!cursor_u32(c, &a->code) || !cursor_u32(c, &word))
		return false;
	a->flags = (uint8_t)(word >> 24);
	len = word & 0xffffff;
	if (a->flags & FLAG_VENDOR) {
		head += AVP_VENDOR_LEN;
		if (!cursor_u32(c, &a->vendor))
			return false;
	}
	if (len < head || !cursor_sub(c, len - head, &a->value))
		return false;
	padding = -len & 3;
	return cursor_skip(c, padding < c->left ? padding : c->left);
}

/* False: there is one already. */
static bool avp_once(struct chunk *to, const struct cursor *value)
{
	if (to->len || !value->left)
		return false;
	*to = (struct chunk){ value->at, value->left };
	return true;
}

static bool avp_take_password(struct avp_message *m, const struct cursor *value)
{
	if (!avp_once(&m->password, value))
		return false;
	while (m->password.len && !m->password.p[m->password.len - 1])
		m->password.len--;
	return m->password.len;
}

static bool avp_take_eap(struct avp_message *m, const struct cursor *value)
{
	/* together they are shorter than the message */
	memcpy(m->eap + m->eap_len, value->at, value->left);
	m->eap_len += value->left;
	return true;
}

static bool avp_take_unknown(struct avp_message *m, const struct avp *a)
{
	if (a->flags & FLAG_MANDATORY && !m->is_unknown) {
		m->is_unknown = true;
		m->unknown = a->code;
	}
	return true;
}

static bool avp_take(struct avp_message *m, const struct avp *a)
{
	if (!a->vendor && a->code == AVP_USER_NAME)
		return avp_once(&m->user, &a->value);
	if (!a->vendor && a->code == AVP_USER_PASSWORD)
		return avp_take_password(m, &a->value);
	if (!a->vendor && a->code == AVP_EAP_MESSAGE)
		return avp_take_eap(m, &a->value);
	if (a->vendor == AVP_MICROSOFT && a->code == AVP_MS_CHAP_ERROR)
		return avp_once(&m->error, &a->value);
	if (a->vendor == AVP_MICROSOFT && a->code == AVP_MS_CHAP_CHALLENGE)
		return avp_once(&m->challenge, &a->value);
	if (a->vendor == AVP_MICROSOFT && a->code == AVP_MS_CHAP2_RESPONSE)
		return avp_once(&m->response, &a->value);
	if (a->vendor == AVP_MICROSOFT && a->code == AVP_MS_CHAP2_SUCCESS)
		return avp_once(&m->success, &a->value);
	return avp_take_unknown(m, a);
}

bool avp_parse(struct chunk octets, struct avp_message *m)
{
	struct cursor c = cursor_of(octets.p, octets.len);
	struct avp a;

	*m = (struct avp_message){ 0 };
	if (octets.len > AVP_MESSAGE_MAX)
		return false;
	while (c.left)
		if (!avp_next(&c, &a) || !avp_take(m, &a))
			return false;
	return true;
}

/* Head of one whose value has @len octets, which follow. */
static void avp_begin(struct writer *w, uint32_t vendor, enum avp_code code, size_t len)
{
	size_t head = AVP_HEADER_LEN + (vendor ? AVP_VENDOR_LEN : 0);
	uint32_t flags = FLAG_MANDATORY | (vendor ? FLAG_VENDOR : 0);

	if (len > AVP_MESSAGE_MAX)
		w->overflow = true;
	writer_u32(w, (uint32_t)code);
	writer_u32(w, flags << 24 | (uint32_t)(head + len));
	if (vendor)
		writer_u32(w, vendor);
}

static void avp_fill(struct writer *w, size_t len, size_t to)
{
	for (; len % to; len++)
		writer_u8(w, 0);
}

void avp_add(struct writer *w, uint32_t vendor, enum avp_code code, struct chunk value)
{
	avp_begin(w, vendor, code, value.len);
	if (value.len)
		writer_bytes(w, value.p, value.len);
	avp_fill(w, value.len, 4);
}

void avp_add_password(struct writer *w, struct chunk password)
{
	size_t blocks = (password.len + AVP_PASSWORD_BLOCK - 1) / AVP_PASSWORD_BLOCK;

	avp_begin(w, 0, AVP_USER_PASSWORD, blocks * AVP_PASSWORD_BLOCK);
	writer_bytes(w, password.p, password.len);
	avp_fill(w, password.len, AVP_PASSWORD_BLOCK);
}
