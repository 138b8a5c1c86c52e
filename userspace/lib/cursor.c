// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "lib/cursor.h"

static bool take(struct cursor *c, size_t len, const uint8_t **p)
{
	if (len > c->left)
		return false;
	*p = c->at;
	if (len)	/* an empty cursor may be NULL */
		c->at += len;
	c->left -= len;
	return true;
}

static uint64_t big_endian(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

bool cursor_u8(struct cursor *c, uint8_t *v)
{
	const uint8_t *p;

	if (!take(c, 1, &p))
		return false;
	*v = *p;
	return true;
}

bool cursor_u16(struct cursor *c, uint16_t *v)
{
	const uint8_t *p;

	if (!take(c, 2, &p))
		return false;
	*v = (uint16_t)big_endian(p, 2);
	return true;
}

bool cursor_u32(struct cursor *c, uint32_t *v)
{
	const uint8_t *p;

	if (!take(c, 4, &p))
		return false;
	*v = (uint32_t)big_endian(p, 4);
	return true;
}

bool cursor_u64(struct cursor *c, uint64_t *v)
{
	const uint8_t *p;

	if (!take(c, 8, &p))
		return false;
	*v = big_endian(p, 8);
	return true;
}

bool cursor_copy(struct cursor *c, void *out, size_t len)
{
	const uint8_t *p;

	if (!take(c, len, &p))
		return false;
	if (len)
		memcpy(out, p, len);
	return true;
}

bool cursor_skip(struct cursor *c, size_t len)
{
	const uint8_t *p;

	return take(c, len, &p);
}

bool cursor_sub(struct cursor *c, size_t len, struct cursor *sub)
{
	const uint8_t *p;

	if (!take(c, len, &p))
		return false;
	*sub = cursor_of(p, len);
	return true;
}

uint8_t *writer_room(struct writer *w, size_t len)
{
	uint8_t *p;

	if (w->overflow || len > w->cap - w->len) {
		w->overflow = true;
		return NULL;
	}
	p = w->buf + w->len;
	w->len += len;
	return p;
}

static void put(uint8_t *p, uint64_t v, size_t len)
{
	while (len--) {
		p[len] = (uint8_t)v;
		v >>= 8;
	}
}

static void write_integer(struct writer *w, uint64_t v, size_t len)
{
	uint8_t *p = writer_room(w, len);

	if (p)
		put(p, v, len);
}

void writer_u8(struct writer *w, uint8_t v)
{
	write_integer(w, v, 1);
}

void writer_u16(struct writer *w, uint16_t v)
{
	write_integer(w, v, 2);
}

void writer_u32(struct writer *w, uint32_t v)
{
	write_integer(w, v, 4);
}

void writer_u64(struct writer *w, uint64_t v)
{
	write_integer(w, v, 8);
}

void writer_bytes(struct writer *w, const void *p, size_t len)
{
	uint8_t *room = writer_room(w, len);

	if (room && len)
		memcpy(room, p, len);
}

/* What was never written, because of an overflow, cannot be patched either. */
static void patch(struct writer *w, size_t offset, uint64_t v, size_t len)
{
	if (offset > w->len || len > w->len - offset) {
		w->overflow = true;
		return;
	}
	put(w->buf + offset, v, len);
}

void writer_patch_u8(struct writer *w, size_t offset, uint8_t v)
{
	patch(w, offset, v, 1);
}

void writer_patch_u16(struct writer *w, size_t offset, uint16_t v)
{
	patch(w, offset, v, 2);
}

void writer_patch_u32(struct writer *w, size_t offset, uint32_t v)
{
	patch(w, offset, v, 4);
}
