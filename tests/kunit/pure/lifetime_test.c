// SPDX-License-Identifier: GPL-2.0
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include "pure/lifetime.h"
#include "suites.h"

#define SOFT	ESPL_LIFETIME_SOFT
#define HARD	ESPL_LIFETIME_HARD

static const struct espl_lifetime_limits none;

/* Charges and says what should come back. */
#define CHARGE(lt, n, seg, bytes, want, want_fired) do {			\
	unsigned int fired_;							\
										\
	KUNIT_EXPECT_EQ(test, espl_lifetime_charge(lt, n, seg, bytes, 1, &fired_), want); \
	KUNIT_EXPECT_EQ(test, fired_, want_fired);				\
} while (0)

static void expect_counts(struct kunit *test, const struct espl_lifetime *lt, u64 packets,
			  u64 bytes)
{
	KUNIT_EXPECT_EQ(test, atomic64_read(&lt->packets), packets);
	KUNIT_EXPECT_EQ(test, atomic64_read(&lt->bytes), bytes);
}

static void unlimited(struct kunit *test)
{
	struct espl_lifetime lt;
	int i;

	espl_lifetime_init(&lt, &none, &none, 0);
	for (i = 0; i < 1000; i++)
		CHARGE(&lt, 40, 1400, 39 * 1400 + 7, 40, 0);
	expect_counts(test, &lt, 40000, 1000 * (39 * 1400 + 7));
	KUNIT_EXPECT_EQ(test, espl_lifetime_tick(&lt, U32_MAX), 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_next_tick(&lt, 5), 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_state(&lt), 0);
}

static void packet_limits(struct kunit *test)
{
	struct espl_lifetime_limits soft = { .packets = 3 }, hard = { .packets = 5 };
	struct espl_lifetime lt;

	espl_lifetime_init(&lt, &soft, &hard, 0);
	CHARGE(&lt, 1, 100, 100, 1, 0);
	CHARGE(&lt, 1, 100, 100, 1, 0);
	CHARGE(&lt, 1, 100, 100, 1, SOFT);
	CHARGE(&lt, 1, 100, 100, 1, 0);
	KUNIT_EXPECT_FALSE(test, espl_lifetime_dead(&lt));
	CHARGE(&lt, 1, 100, 100, 1, HARD);
	KUNIT_EXPECT_TRUE(test, espl_lifetime_dead(&lt));
	CHARGE(&lt, 1, 100, 100, 0, 0);
	expect_counts(test, &lt, 5, 500);
	KUNIT_EXPECT_EQ(test, espl_lifetime_limit(&lt, SOFT), ESPLANE_LIMIT_PACKETS);
	KUNIT_EXPECT_EQ(test, espl_lifetime_limit(&lt, HARD), ESPLANE_LIMIT_PACKETS);
}

/* A batch that crosses passes in part; both limits may fall in one. */
static void packet_batch(struct kunit *test)
{
	struct espl_lifetime_limits soft = { .packets = 30 }, hard = { .packets = 50 };
	struct espl_lifetime lt;

	espl_lifetime_init(&lt, &soft, &hard, 0);
	CHARGE(&lt, 20, 1000, 19 * 1000 + 1, 20, 0);
	CHARGE(&lt, 40, 1000, 39 * 1000 + 1, 30, SOFT | HARD);
	expect_counts(test, &lt, 50, 19 * 1000 + 1 + 30 * 1000);
	CHARGE(&lt, 40, 1000, 40000, 0, 0);
}

static void byte_limits(struct kunit *test)
{
	struct espl_lifetime_limits soft = { .bytes = 1000 }, hard = { .bytes = 3000 };
	struct espl_lifetime lt;

	espl_lifetime_init(&lt, &soft, &hard, 0);
	CHARGE(&lt, 1, 999, 999, 1, 0);
	CHARGE(&lt, 1, 1, 1, 1, SOFT);
	CHARGE(&lt, 1, 1500, 1500, 1, 0);
	/* 500 are left: 501 do not fit, and that is the end */
	CHARGE(&lt, 1, 501, 501, 0, HARD);
	expect_counts(test, &lt, 3, 2500);
	CHARGE(&lt, 1, 1, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_limit(&lt, HARD), ESPLANE_LIMIT_BYTES);

	espl_lifetime_init(&lt, &none, &hard, 0);
	CHARGE(&lt, 1, 3000, 3000, 1, HARD);
	expect_counts(test, &lt, 1, 3000);
}

static void byte_batch(struct kunit *test)
{
	struct espl_lifetime_limits hard = { .bytes = 10000 };
	struct espl_lifetime lt;

	espl_lifetime_init(&lt, &none, &hard, 0);
	CHARGE(&lt, 8, 1400, 7 * 1400 + 201, 7, HARD);
	expect_counts(test, &lt, 7, 9800);

	espl_lifetime_init(&lt, &none, &hard, 0);
	CHARGE(&lt, 8, 1400, 7 * 1400 + 200, 8, HARD);
	expect_counts(test, &lt, 8, 10000);
}

static void bytes_and_packets(struct kunit *test)
{
	struct espl_lifetime_limits hard = { .bytes = 3500, .packets = 4 };
	struct espl_lifetime lt;

	espl_lifetime_init(&lt, &none, &hard, 0);
	CHARGE(&lt, 6, 1000, 6000, 3, HARD);
	expect_counts(test, &lt, 3, 3000);
}

static void seconds(struct kunit *test)
{
	struct espl_lifetime_limits soft = { .seconds = 10 }, hard = { .seconds = 20 };
	struct espl_lifetime lt;
	unsigned int fired;

	espl_lifetime_init(&lt, &soft, &hard, 1000);
	KUNIT_EXPECT_EQ(test, espl_lifetime_next_tick(&lt, 1000), 10);
	KUNIT_EXPECT_EQ(test, espl_lifetime_next_tick(&lt, 1009), 1);
	KUNIT_EXPECT_EQ(test, espl_lifetime_tick(&lt, 1009), 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_tick(&lt, 1010), SOFT);
	KUNIT_EXPECT_EQ(test, espl_lifetime_tick(&lt, 1010), 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_next_tick(&lt, 1010), 10);
	KUNIT_EXPECT_EQ(test, espl_lifetime_charge(&lt, 1, 9, 9, 1011, &fired), 1);
	KUNIT_EXPECT_EQ(test, lt.used, 1011);
	KUNIT_EXPECT_EQ(test, espl_lifetime_tick(&lt, 1025), HARD);
	KUNIT_EXPECT_EQ(test, espl_lifetime_tick(&lt, 1026), 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_next_tick(&lt, 1026), 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_charge(&lt, 1, 9, 9, 1027, &fired), 0);
	KUNIT_EXPECT_EQ(test, lt.used, 1011);
	KUNIT_EXPECT_EQ(test, espl_lifetime_limit(&lt, HARD), ESPLANE_LIMIT_SECONDS);
}

/* The machine has slept: the first packet comes before any timer has run. */
static void slept(struct kunit *test)
{
	struct espl_lifetime_limits soft = { .seconds = 10 }, hard = { .seconds = 20 };
	struct espl_lifetime lt;
	unsigned int fired;

	espl_lifetime_init(&lt, &soft, &hard, 1000);
	KUNIT_EXPECT_EQ(test, espl_lifetime_charge(&lt, 1, 9, 9, 1009, &fired), 1);
	KUNIT_EXPECT_EQ(test, fired, 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_charge(&lt, 1, 9, 9, 1010, &fired), 1);
	KUNIT_EXPECT_EQ(test, fired, SOFT);
	KUNIT_EXPECT_EQ(test, espl_lifetime_charge(&lt, 1, 9, 9, 1019, &fired), 1);
	KUNIT_EXPECT_EQ(test, fired, 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_charge(&lt, 1, 9, 9, 5000, &fired), 0);
	KUNIT_EXPECT_EQ(test, fired, HARD);
	KUNIT_EXPECT_EQ(test, espl_lifetime_limit(&lt, HARD), ESPLANE_LIMIT_SECONDS);
	KUNIT_EXPECT_EQ(test, espl_lifetime_tick(&lt, 5001), 0);
	expect_counts(test, &lt, 3, 27);

	espl_lifetime_init(&lt, &soft, &hard, 1000);
	KUNIT_EXPECT_EQ(test, espl_lifetime_charge(&lt, 1, 9, 9, 5000, &fired), 0);
	KUNIT_EXPECT_EQ(test, fired, SOFT | HARD);
	expect_counts(test, &lt, 0, 0);
}

/* Soft in packets, hard in seconds: each is told once, with its own reason. */
static void mixed(struct kunit *test)
{
	struct espl_lifetime_limits soft = { .packets = 1, .seconds = 5 }, hard = { .seconds = 20 };
	struct espl_lifetime lt;

	espl_lifetime_init(&lt, &soft, &hard, 0);
	CHARGE(&lt, 1, 64, 64, 1, SOFT);
	KUNIT_EXPECT_EQ(test, espl_lifetime_tick(&lt, 6), 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_next_tick(&lt, 6), 14);
	KUNIT_EXPECT_EQ(test, espl_lifetime_tick(&lt, 20), HARD);
	KUNIT_EXPECT_EQ(test, espl_lifetime_limit(&lt, SOFT), ESPLANE_LIMIT_PACKETS);
	KUNIT_EXPECT_EQ(test, espl_lifetime_limit(&lt, HARD), ESPLANE_LIMIT_SECONDS);
}

/* What is given back can be had again, unless the limit has fired. */
static void refunds(struct kunit *test)
{
	struct espl_lifetime lt;
	const struct espl_lifetime_limits hard = { .packets = 3 };

	espl_lifetime_init(&lt, &none, &hard, 0);
	CHARGE(&lt, 2, 64, 128, 2, 0);
	espl_lifetime_refund(&lt, 64);
	KUNIT_EXPECT_EQ(test, atomic64_read(&lt.packets), 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&lt.bytes), 64);
	CHARGE(&lt, 2, 64, 128, 2, HARD);
	espl_lifetime_refund(&lt, 64);
	KUNIT_EXPECT_EQ(test, atomic64_read(&lt.packets), 2);
	CHARGE(&lt, 1, 64, 64, 0, 0);
}

static void ended_by_sequence(struct kunit *test)
{
	struct espl_lifetime lt;

	espl_lifetime_init(&lt, &none, &none, 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_end(&lt, ESPLANE_LIMIT_SEQUENCE), HARD);
	KUNIT_EXPECT_EQ(test, espl_lifetime_end(&lt, ESPLANE_LIMIT_SEQUENCE), 0);
	KUNIT_EXPECT_EQ(test, espl_lifetime_limit(&lt, HARD), ESPLANE_LIMIT_SEQUENCE);
	CHARGE(&lt, 1, 64, 64, 0, 0);
}

struct racer {
	struct espl_lifetime *lt;
	struct completion done;
	u64 packets;
	u64 bytes;
	unsigned int soft;
	unsigned int hard;
};

static int race(void *data)
{
	struct racer *r = data;
	unsigned int n, got, fired;

	do {
		n = 1 + get_random_u32() % 40;
		got = espl_lifetime_charge(r->lt, n, 100, 100 * n, 1, &fired);
		r->packets += got;
		r->bytes += 100 * got;
		r->soft += !!(fired & SOFT);
		r->hard += !!(fired & HARD);
		if (n % 8 == 0)
			cond_resched();
	} while (got == n);
	kthread_complete_and_exit(&r->done, 0);
}

/* Every packet up to the limit passes, not one more, whoever asks. */
static void race_to_the_limit(struct kunit *test)
{
	enum { RACERS = 4, LIMIT = 100003 };
	struct espl_lifetime_limits soft = { .packets = LIMIT / 2 }, hard = { .packets = LIMIT };
	struct racer *r = kunit_kcalloc(test, RACERS, sizeof(*r), GFP_KERNEL);
	struct espl_lifetime *lt = kunit_kzalloc(test, sizeof(*lt), GFP_KERNEL);
	unsigned int round, i, soft_events, hard_events;
	u64 packets, bytes;

	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_NOT_NULL(test, lt);
	for (round = 0; round < 5; round++) {
		espl_lifetime_init(lt, &soft, &hard, 0);
		memset(r, 0, RACERS * sizeof(*r));
		for (i = 0; i < RACERS; i++) {
			r[i].lt = lt;
			init_completion(&r[i].done);
			if (IS_ERR(kthread_run(race, &r[i], "espl_race/%u", i))) {
				KUNIT_FAIL(test, "no thread");
				complete(&r[i].done);
			}
		}
		packets = bytes = soft_events = hard_events = 0;
		for (i = 0; i < RACERS; i++) {
			wait_for_completion(&r[i].done);
			packets += r[i].packets;
			bytes += r[i].bytes;
			soft_events += r[i].soft;
			hard_events += r[i].hard;
		}
		KUNIT_EXPECT_EQ(test, packets, LIMIT);
		KUNIT_EXPECT_EQ(test, soft_events, 1);
		KUNIT_EXPECT_EQ(test, hard_events, 1);
		expect_counts(test, lt, LIMIT, bytes);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(unlimited),
	KUNIT_CASE(packet_limits),
	KUNIT_CASE(packet_batch),
	KUNIT_CASE(byte_limits),
	KUNIT_CASE(byte_batch),
	KUNIT_CASE(bytes_and_packets),
	KUNIT_CASE(seconds),
	KUNIT_CASE(slept),
	KUNIT_CASE(mixed),
	KUNIT_CASE(refunds),
	KUNIT_CASE(ended_by_sequence),
	KUNIT_CASE(race_to_the_limit),
	{}
};

struct kunit_suite espl_lifetime_suite = { .name = "espl_lifetime", .test_cases = cases };
