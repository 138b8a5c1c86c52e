// SPDX-License-Identifier: GPL-2.0
#include <linux/random.h>
#include <linux/esplane.h>
#include "pure/replay.h"
#include "suites.h"

#define K	0x100000000ULL	/* 2^32 */

static const u32 sizes[] = { 32, 33, 63, 64, 65, 127, 128, 1000, 1024, 8191, 8192 };

static void size_to_desc(const u32 *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u packets", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_to_desc);

static struct espl_replay *window(struct kunit *test, u32 size, u64 top)
{
	size_t bytes = sizeof(struct espl_replay) + espl_replay_map_bytes(size);
	struct espl_replay *w = kunit_kzalloc(test, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	espl_replay_init(w, size, top);
	return w;
}

#define CHECK(w, seq, verdict)	KUNIT_ASSERT_EQ(test, espl_replay_check(w, seq), verdict)
#define ADVANCE(w, seq, verdict)	KUNIT_ASSERT_EQ(test, espl_replay_advance(w, seq), verdict)

static void in_order(struct kunit *test)
{
	u32 size = *(const u32 *)test->param_value;
	struct espl_replay *w = window(test, size, 0);
	u64 seq;

	for (seq = 1; seq <= 4 * size; seq++) {
		CHECK(w, seq, ESPL_REPLAY_FRESH);
		ADVANCE(w, seq, ESPL_REPLAY_FRESH);
		ADVANCE(w, seq, ESPL_REPLAY_SEEN);
		KUNIT_ASSERT_EQ(test, w->top, seq);
	}
}

/* Exactly size numbers are inside, top being one of them. */
static void edges(struct kunit *test)
{
	u32 size = *(const u32 *)test->param_value;
	u64 top, base;

	for (base = 0; base < 130; base++) {
		struct espl_replay *w = window(test, size, 0);

		top = 3 * size + base;
		ADVANCE(w, top, ESPL_REPLAY_FRESH);
		CHECK(w, top - size, ESPL_REPLAY_STALE);
		CHECK(w, top - size + 1, ESPL_REPLAY_FRESH);
		ADVANCE(w, top - size + 1, ESPL_REPLAY_FRESH);
		ADVANCE(w, top - size + 1, ESPL_REPLAY_SEEN);
		ADVANCE(w, top - 1, ESPL_REPLAY_FRESH);
		ADVANCE(w, top + 1, ESPL_REPLAY_FRESH);
		CHECK(w, top - size + 1, ESPL_REPLAY_STALE);
		CHECK(w, top - size + 2, ESPL_REPLAY_FRESH);
		CHECK(w, top, ESPL_REPLAY_SEEN);
		CHECK(w, top - 1, ESPL_REPLAY_SEEN);
		kunit_kfree(test, w);
	}
}

static void backwards(struct kunit *test)
{
	u32 size = *(const u32 *)test->param_value;
	struct espl_replay *w = window(test, size, 0);
	u64 seq;

	for (seq = size; seq; seq--)
		ADVANCE(w, seq, ESPL_REPLAY_FRESH);
	for (seq = 1; seq <= size; seq++)
		ADVANCE(w, seq, ESPL_REPLAY_SEEN);
	KUNIT_EXPECT_EQ(test, w->top, size);
}

/* Jumps of every kind of length leave nothing behind in the ring. */
static void jumps(struct kunit *test)
{
	static const u64 by[] = { 1, 31, 32, 63, 64, 65, 127, 128, 1023, 1024, 8191, 8192, 8256,
				  16384, 1000000, K };
	u32 size = *(const u32 *)test->param_value;
	unsigned int i;
	u64 back;

	for (i = 0; i < ARRAY_SIZE(by); i++) {
		struct espl_replay *w = window(test, size, 0);

		for (back = 1; back <= 2 * size; back++)
			ADVANCE(w, back, ESPL_REPLAY_FRESH);
		ADVANCE(w, 2 * size + by[i], ESPL_REPLAY_FRESH);
		for (back = 1; back < size; back++)
			CHECK(w, 2 * size + by[i] - back,
			      back < by[i] ? ESPL_REPLAY_FRESH : ESPL_REPLAY_SEEN);
		kunit_kfree(test, w);
	}
}

/* Against a list of all numbers seen. */
static void random_order(struct kunit *test)
{
	enum { RANGE = 30000, STEPS = IS_ENABLED(CONFIG_KASAN) ? 2000 : 10000 };
	u32 size = *(const u32 *)test->param_value;
	struct espl_replay *w = window(test, size, K - RANGE / 2);
	u8 *seen = kunit_kzalloc(test, RANGE, GFP_KERNEL);
	u64 base = K - RANGE / 2 + 1, top = base - 1, seq;
	enum espl_replay_verdict want;
	unsigned int i;
	s64 at;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < STEPS; i++) {
		at = (s64)(top - base) + (s64)(get_random_u32() % (2 * size)) - size - size / 2;
		if (get_random_u32() % 4 == 0)
			at = (s64)(top - base) + 1;
		at = clamp_t(s64, at, 0, RANGE - 1);
		seq = base + at;
		want = seq + size <= top ? ESPL_REPLAY_STALE :
		       seen[at] ? ESPL_REPLAY_SEEN : ESPL_REPLAY_FRESH;
		CHECK(w, seq, want);
		ADVANCE(w, seq, want);
		if (want == ESPL_REPLAY_FRESH)
			seen[at] = 1;
		top = max(top, seq);
		KUNIT_ASSERT_EQ(test, w->top, top);
	}
}

static void zero_and_no_esn(struct kunit *test)
{
	struct espl_replay *w = window(test, 64, 0);

	ADVANCE(w, 0, ESPL_REPLAY_STALE);
	KUNIT_EXPECT_EQ(test, espl_replay_seq(w, 0, false), 0);
	KUNIT_EXPECT_EQ(test, espl_replay_seq(w, U32_MAX, false), U32_MAX);

	/* 32-bit numbers end, they do not wrap */
	ADVANCE(w, U32_MAX, ESPL_REPLAY_FRESH);
	ADVANCE(w, espl_replay_seq(w, 0, false), ESPL_REPLAY_STALE);
	ADVANCE(w, espl_replay_seq(w, 1, false), ESPL_REPLAY_STALE);
	ADVANCE(w, espl_replay_seq(w, U32_MAX, false), ESPL_REPLAY_SEEN);
}

/* What RFC 4303 A2.2 says, in its own words. */
static u64 rfc_seq(u64 top, u32 size, u32 low)
{
	u32 tl = top, th = top >> 32;

	if (tl >= size - 1)
		return (u64)(low >= tl - size + 1 ? th : th + 1) << 32 | low;
	return (u64)(low >= (u32)(tl - size + 1) ? th - 1 : th) << 32 | low;
}

static void esn_inference(struct kunit *test)
{
	u32 size = *(const u32 *)test->param_value;
	u64 tops[] = { 5 * K - 2 * size, 5 * K - size - 1, 5 * K - size, 5 * K - size + 1,
		       5 * K - 2, 5 * K - 1, 5 * K, 5 * K + 1,
		       5 * K + size - 2, 5 * K + size - 1, 5 * K + size, 5 * K + 3 * size };
	struct espl_replay *w;
	unsigned int i;
	s64 d;

	for (i = 0; i < ARRAY_SIZE(tops); i++) {
		w = window(test, size, tops[i]);
		/* from the left edge to nearly a whole subspace ahead */
		for (d = -(s64)size + 1; d < 3 * (s64)size; d++)
			KUNIT_ASSERT_EQ(test, espl_replay_seq(w, (u32)(tops[i] + d), true),
					tops[i] + d);
		KUNIT_ASSERT_EQ(test, espl_replay_seq(w, (u32)(tops[i] - size), true),
				tops[i] - size + K);
		for (d = 0; d < 200; d++) {
			u32 low = get_random_u32();

			KUNIT_ASSERT_EQ(test, espl_replay_seq(w, low, true),
					rfc_seq(tops[i], size, low));
		}
		kunit_kfree(test, w);
	}
}

/* There is nothing before 0 and nothing after 2^64. */
static void esn_ends(struct kunit *test)
{
	struct espl_replay *w = window(test, 64, 0);

	KUNIT_EXPECT_EQ(test, espl_replay_seq(w, 1, true), 1);
	KUNIT_EXPECT_EQ(test, espl_replay_seq(w, 0, true), 0);
	KUNIT_EXPECT_EQ(test, espl_replay_seq(w, U32_MAX, true), 0);
	KUNIT_EXPECT_EQ(test, espl_replay_seq(w, U32_MAX - 62, true), 0);
	KUNIT_EXPECT_EQ(test, espl_replay_seq(w, U32_MAX - 63, true), U32_MAX - 63);

	w = window(test, 64, U64_MAX - 1);
	KUNIT_EXPECT_EQ(test, espl_replay_seq(w, U32_MAX, true), U64_MAX);
	KUNIT_EXPECT_EQ(test, espl_replay_seq(w, 0, true), 0);
	KUNIT_EXPECT_EQ(test, espl_replay_seq(w, 5, true), 0);
}

/* A stream with losses and swaps crosses 2^32; only its low halves are seen. */
static void esn_crossing(struct kunit *test)
{
	u32 size = *(const u32 *)test->param_value;
	u64 first = 7 * K - 5 * size, seq, got;
	struct espl_replay *w = window(test, size, first - 1);

	for (seq = first; seq < 7 * K + 5 * size; seq += 2) {
		if (seq % 7 == 0)
			continue;
		got = espl_replay_seq(w, (u32)(seq + 1), true);
		KUNIT_ASSERT_EQ(test, got, seq + 1);
		ADVANCE(w, got, ESPL_REPLAY_FRESH);
		got = espl_replay_seq(w, (u32)seq, true);
		KUNIT_ASSERT_EQ(test, got, seq);
		ADVANCE(w, got, ESPL_REPLAY_FRESH);
		ADVANCE(w, espl_replay_seq(w, (u32)seq, true), ESPL_REPLAY_SEEN);
	}
}

/* After a start number, nothing up to it is taken, and everything beyond is. */
static void continued(struct kunit *test)
{
	u32 size = *(const u32 *)test->param_value;
	u64 top, seq;

	for (top = 10 * size; top < 10 * size + 130; top++) {
		struct espl_replay *w = window(test, size, top);

		for (seq = top - size + 1; seq <= top; seq++)
			CHECK(w, seq, ESPL_REPLAY_SEEN);
		for (seq = top + 1; seq <= top + 2 * size; seq++)
			ADVANCE(w, seq, ESPL_REPLAY_FRESH);
		kunit_kfree(test, w);
	}
}

static void bytes(struct kunit *test)
{
	/* a word more than the window, then a power of two */
	KUNIT_EXPECT_EQ(test, espl_replay_map_bytes(32), 2 * sizeof(long));
	KUNIT_EXPECT_EQ(test, espl_replay_map_bytes(64), (64 / BITS_PER_LONG) * 2 * sizeof(long));
	KUNIT_EXPECT_EQ(test, espl_replay_map_bytes(ESPLANE_REPLAY_MAX), 2048);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(in_order, size_gen_params),
	KUNIT_CASE_PARAM(edges, size_gen_params),
	KUNIT_CASE_PARAM(backwards, size_gen_params),
	KUNIT_CASE_PARAM(jumps, size_gen_params),
	KUNIT_CASE_PARAM(random_order, size_gen_params),
	KUNIT_CASE_PARAM(continued, size_gen_params),
	KUNIT_CASE_PARAM(esn_inference, size_gen_params),
	KUNIT_CASE_PARAM(esn_crossing, size_gen_params),
	KUNIT_CASE(esn_ends),
	KUNIT_CASE(zero_and_no_esn),
	KUNIT_CASE(bytes),
	{}
};

struct kunit_suite espl_replay_suite = { .name = "espl_replay", .test_cases = cases };
