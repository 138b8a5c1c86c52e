// SPDX-License-Identifier: GPL-2.0
#include "crypto/der.h"

#include <string.h>

static bool der_length(struct cursor *c, uint16_t *len)
{
	uint8_t first, one;

	if (!cursor_u8(c, &first))
		return false;
	*len = first;
	if (first < 0x80)
		return true;
	if (first == 0x81) {
		if (!cursor_u8(c, &one) || one < 0x80)
			return false;
		*len = one;
		return true;
	}
	return first == 0x82 && cursor_u16(c, len) && *len > 0xff;
}

bool der_next(struct cursor *c, uint8_t *tag, struct cursor *body)
{
	struct cursor at = *c;
	uint16_t len;

	if (!cursor_u8(&at, tag) || (*tag & 0x1f) == 0x1f || !der_length(&at, &len) ||
	    !cursor_sub(&at, len, body))
		return false;
	*c = at;
	return true;
}

bool der_take(struct cursor *c, uint8_t tag, struct cursor *body)
{
	struct cursor at = *c;
	uint8_t found;

	if (!der_next(&at, &found, body) || found != tag)
		return false;
	*c = at;
	return true;
}

bool der_small(struct cursor *c, uint16_t *value)
{
	struct cursor body;
	uint8_t octet;

	*value = 0;
	if (!der_take(c, DER_INTEGER, &body) || !body.left || body.left > 3 || body.at[0] & 0x80)
		return false;
	if (body.left > 1 && !body.at[0] && !(body.at[1] & 0x80))
		return false;
	if (body.left == 3 && body.at[0])
		return false;
	while (cursor_u8(&body, &octet))
		*value = (uint16_t)(*value << 8 | octet);
	return true;
}

void der_wrap(struct writer *w, size_t from, uint8_t tag)
{
	size_t len = w->len - from, head = len < 0x80 ? 2 : len < 0x100 ? 3 : 4;

	if (!writer_room(w, head) || len > 0xffff) {
		w->overflow = true;
		return;
	}
	memmove(w->buf + from + head, w->buf + from, len);
	writer_patch_u8(w, from, tag);
	if (head == 2)
		writer_patch_u8(w, from + 1, (uint8_t)len);
	else
		writer_patch_u8(w, from + 1, head == 3 ? 0x81 : 0x82);
	if (head == 3)
		writer_patch_u8(w, from + 2, (uint8_t)len);
	if (head == 4)
		writer_patch_u16(w, from + 2, (uint16_t)len);
}
