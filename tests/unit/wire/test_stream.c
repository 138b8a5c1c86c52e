// SPDX-License-Identifier: GPL-2.0
/* The prefix and the frames of RFC 9329, cut at every octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wire/stream.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define OCTETS(text)	{ (const uint8_t *)(text), sizeof(text) - 1 }

static void the_prefix(void **state)
{
	static const char text[] = "IKETCP\0\7";
	struct cursor c;
	bool whole;

	for (size_t n = 0; n < 6; n++) {
		c = cursor_of(text, n);
		assert_true(stream_take_prefix(&c, &whole));
		assert_false(whole);
		assert_int_equal(c.left, n);
	}
	c = cursor_of(text, sizeof(text) - 1);
	assert_true(stream_take_prefix(&c, &whole));
	assert_true(whole);
	assert_int_equal(c.left, 2);
}

/* At the first octet that differs, not only when six have come. */
static void another_prefix(void **state)
{
	static const char *const others[] = { "G", "IKETLS", "IKETCQ", "\0\7", "IKEtcp" };
	struct cursor c;
	bool whole;

	for (size_t i = 0; i < COUNT(others); i++) {
		c = cursor_of(others[i], others[i][0] ? strlen(others[i]) : 2);
		assert_false(stream_take_prefix(&c, &whole));
	}
}

static void a_message(void **state)
{
	static const uint8_t octets[] = "\0\x9\0\0\0\0abc\0\x7\0\0";
	struct cursor c, msg = { 0 };

	for (size_t n = 0; n < 9; n++) {
		c = cursor_of(octets, n);
		assert_int_equal(stream_take(&c, STREAM_FRAME_MAX, &msg), STREAM_MORE);
		assert_int_equal(c.left, n);
	}
	c = cursor_of(octets, 13);
	assert_int_equal(stream_take(&c, STREAM_FRAME_MAX, &msg), STREAM_MESSAGE);
	assert_int_equal(msg.left, 3);
	assert_memory_equal(msg.at, "abc", 3);
	assert_int_equal(c.left, 4);
	assert_int_equal(stream_take(&c, STREAM_FRAME_MAX, &msg), STREAM_MORE);
}

/* RFC 9329 3, 3.2 and 6.6: what is not for IKE is taken, and the next frame is found. */
static void others(void **state)
{
	static const struct cursor frames[] = {
		OCTETS("\0\x2"), OCTETS("\0\x3\xff"), OCTETS("\0\x6\1\2\3\4"),
		OCTETS("\0\xa\1\2\3\4\0\0\0\1"), OCTETS("\0\x7\0\0\0\1x"),
	};
	uint8_t octets[32];
	struct cursor c, msg;

	for (size_t i = 0; i < COUNT(frames); i++) {
		memcpy(octets, frames[i].at, frames[i].left);
		memcpy(octets + frames[i].left, "\0\x7\0\0\0\0m", 7);
		c = cursor_of(octets, frames[i].left + 7);
		assert_int_equal(stream_take(&c, STREAM_FRAME_MAX, &msg), STREAM_OTHER);
		assert_int_equal(stream_take(&c, STREAM_FRAME_MAX, &msg), STREAM_MESSAGE);
		assert_int_equal(msg.left, 1);
		assert_int_equal(c.left, 0);
	}
}

static void broken(void **state)
{
	static const struct cursor frames[] = {
		OCTETS("\0\0"), OCTETS("\0\1"), OCTETS("\0\3\0"),
		OCTETS("\0\4\xff\xff"), OCTETS("\0\5\0\0\0"), OCTETS("\0\6\0\0\0\0"),
	};
	struct cursor c, msg;

	for (size_t i = 0; i < COUNT(frames); i++) {
		c = frames[i];
		assert_int_equal(stream_take(&c, STREAM_FRAME_MAX, &msg), STREAM_BROKEN);
	}
}

/* A length that nobody will wait for is refused before its octets come. */
static void too_long(void **state)
{
	static const uint8_t octets[] = { 0x40, 0x01 };
	struct cursor c = cursor_of(octets, 2), msg;

	assert_int_equal(stream_take(&c, 0x4000, &msg), STREAM_BROKEN);
	assert_int_equal(stream_take(&c, 0x4001, &msg), STREAM_MORE);
}

static void heads(void **state)
{
	uint8_t head[STREAM_HEAD_LEN];

	stream_head(head, 3);
	assert_memory_equal(head, "\0\x9\0\0\0\0", 6);
	stream_head(head, STREAM_MESSAGE_MAX);
	assert_memory_equal(head, "\xff\xff\0\0\0\0", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_prefix),	   cmocka_unit_test(another_prefix),
		cmocka_unit_test(a_message),	   cmocka_unit_test(others),
		cmocka_unit_test(broken),	   cmocka_unit_test(too_long),
		cmocka_unit_test(heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
