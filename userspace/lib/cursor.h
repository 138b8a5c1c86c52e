/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only pointer arithmetic on packets. A read that does not fit fails and leaves the cursor
 * where it was; a write that does not fit sets @overflow, which stays set. Integers are in network
 * order on the wire, host order here.
 */
#ifndef LIB_CURSOR_H
#define LIB_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *at;
	size_t left;
};

static inline struct cursor cursor_of(const void *p, size_t len)
{
	return (struct cursor){ .at = p, .left = len };
}

bool cursor_u8(struct cursor *c, uint8_t *v);
bool cursor_u16(struct cursor *c, uint16_t *v);
bool cursor_u32(struct cursor *c, uint32_t *v);
bool cursor_u64(struct cursor *c, uint64_t *v);
bool cursor_copy(struct cursor *c, void *out, size_t len);
bool cursor_skip(struct cursor *c, size_t len);
/* The next @len octets as a cursor of their own, a view into the same memory. */
bool cursor_sub(struct cursor *c, size_t len, struct cursor *sub);

struct writer {
	uint8_t *buf;
	size_t len, cap;
	bool overflow;
};

static inline struct writer writer_of(void *p, size_t cap)
{
	return (struct writer){ .buf = p, .cap = cap };
}

void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v);
void writer_u32(struct writer *w, uint32_t v);
void writer_u64(struct writer *w, uint64_t v);
void writer_bytes(struct writer *w, const void *p, size_t len);
/* @len octets to be filled by the caller, or NULL on overflow. */
uint8_t *writer_room(struct writer *w, size_t len);
/* Overwrites what was written before at @offset. */
void writer_patch_u8(struct writer *w, size_t offset, uint8_t v);
void writer_patch_u16(struct writer *w, size_t offset, uint16_t v);
void writer_patch_u32(struct writer *w, size_t offset, uint32_t v);

#endif
