// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "lib/cursor.h"

static const uint8_t bytes[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba };

static void reads_in_network_order(void **state)
{
	struct cursor c = cursor_of(bytes, sizeof(bytes));
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	assert_true(cursor_u64(&c, &u64));
	assert_true(u64 == 0x0123456789abcdefULL);
	c = cursor_of(bytes, sizeof(bytes));
	assert_true(cursor_u32(&c, &u32));
	assert_int_equal(u32, 0x01234567);
	assert_true(cursor_u16(&c, &u16));
	assert_int_equal(u16, 0x89ab);
	assert_true(cursor_u8(&c, &u8));
	assert_int_equal(u8, 0xcd);
	assert_int_equal(c.left, 4);
}

/* Every read, at every length too short for it, fails and moves nothing. */
static void short_reads_change_nothing(void **state)
{
	uint8_t out[sizeof(bytes)] = { 0xaa }, u8 = 0xaa;
	uint64_t u64 = 0xaa;
	uint32_t u32 = 0xaa;
	uint16_t u16 = 0xaa;
	struct cursor c, sub = {};
	size_t len;

	for (len = 0; len < 8; len++) {
		c = cursor_of(bytes, len);
		assert_false(cursor_u64(&c, &u64));
		assert_true(len >= 4 || !cursor_u32(&c, &u32));
		assert_true(len >= 2 || !cursor_u16(&c, &u16));
		assert_true(len >= 1 || !cursor_u8(&c, &u8));
		if (len < 1)
			assert_ptr_equal(c.at, bytes);
		c = cursor_of(bytes, len);
		assert_false(cursor_copy(&c, out, len + 1));
		assert_false(cursor_skip(&c, len + 1));
		assert_false(cursor_skip(&c, SIZE_MAX));
		assert_false(cursor_sub(&c, len + 1, &sub));
		assert_ptr_equal(c.at, bytes);
		assert_int_equal(c.left, len);
	}
	assert_true(u64 == 0xaa);
	assert_int_equal(u8, 0xaa);
	assert_int_equal(out[0], 0xaa);
	assert_null(sub.at);
}

static void sub_is_a_view(void **state)
{
	struct cursor c = cursor_of(bytes, sizeof(bytes)), sub;
	uint8_t v;

	assert_true(cursor_skip(&c, 2));
	assert_true(cursor_sub(&c, 3, &sub));
	assert_ptr_equal(sub.at, bytes + 2);
	assert_int_equal(sub.left, 3);
	assert_ptr_equal(c.at, bytes + 5);
	assert_true(cursor_skip(&sub, 3));
	assert_false(cursor_u8(&sub, &v));
	assert_int_equal(c.left, sizeof(bytes) - 5);
}

static void empty_cursor_gives_nothing(void **state)
{
	struct cursor c = cursor_of(NULL, 0), sub;
	uint8_t v;

	assert_true(cursor_skip(&c, 0));
	assert_true(cursor_copy(&c, &v, 0));
	assert_true(cursor_sub(&c, 0, &sub));
	assert_false(cursor_u8(&c, &v));
}

static void writes_in_network_order(void **state)
{
	uint8_t buf[15];
	struct writer w = writer_of(buf, sizeof(buf));
	static const uint8_t expected[] = {
		0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 1, 2, 3, 4, 5, 6, 7, 8
	};

	writer_u8(&w, 0x11);
	writer_u16(&w, 0x2233);
	writer_u32(&w, 0x44556677);
	writer_u64(&w, 0x0102030405060708ULL);
	assert_false(w.overflow);
	assert_int_equal(w.len, sizeof(buf));
	assert_memory_equal(buf, expected, sizeof(buf));
}

static void overflow_stays(void **state)
{
	uint8_t buf[4] = {}, guard[4] = {};
	struct writer w = writer_of(buf, 3);

	writer_u16(&w, 0x0102);
	writer_u16(&w, 0x0304);
	assert_true(w.overflow);
	assert_int_equal(w.len, 2);
	/* what would fit by itself is not written either: the message has a hole */
	writer_u8(&w, 0x05);
	writer_bytes(&w, guard, 1);
	assert_null(writer_room(&w, 0));
	assert_true(w.overflow);
	assert_int_equal(w.len, 2);
	assert_int_equal(buf[2], 0);
	assert_int_equal(buf[3], 0);
}

static void room_is_bounded(void **state)
{
	uint8_t buf[8];
	struct writer w = writer_of(buf, sizeof(buf));

	assert_ptr_equal(writer_room(&w, 5), buf);
	assert_ptr_equal(writer_room(&w, 3), buf + 5);
	assert_null(writer_room(&w, SIZE_MAX));
	assert_true(w.overflow);
}

static void patches_stay_inside(void **state)
{
	uint8_t buf[8] = {};
	struct writer w = writer_of(buf, sizeof(buf));
	static const uint8_t expected[] = { 9, 8, 7, 1, 2, 3, 4 };

	writer_bytes(&w, "\0\0\0\0\0\0\0", 7);
	writer_patch_u8(&w, 0, 9);
	writer_patch_u16(&w, 1, 0x0807);
	writer_patch_u32(&w, 3, 0x01020304);
	assert_false(w.overflow);
	assert_memory_equal(buf, expected, sizeof(expected));
	writer_patch_u32(&w, 4, 0xffffffff);
	assert_true(w.overflow);
	writer_patch_u8(&w, SIZE_MAX, 1);
	assert_memory_equal(buf, expected, sizeof(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_in_network_order),
		cmocka_unit_test(short_reads_change_nothing),
		cmocka_unit_test(sub_is_a_view),
		cmocka_unit_test(empty_cursor_gives_nothing),
		cmocka_unit_test(writes_in_network_order),
		cmocka_unit_test(overflow_stays),
		cmocka_unit_test(room_is_bounded),
		cmocka_unit_test(patches_stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
