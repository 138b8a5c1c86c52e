// SPDX-License-Identifier: GPL-2.0
/* Who wants a prefix, more or less of it: what one look at all of them finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "esplaned/host/wants.h"

#define DEVICES		60
#define PREFIXES	5

struct device {
	struct wanted wanted;
	struct prefix list[PREFIXES];
	struct wanted_pick picked[1];
	bool there;
};

static struct device devs[DEVICES];
static int fail_at = -1;		/* which allocation from now on, from 0 */

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return fail_at >= 0 && !fail_at-- ? NULL : __real_calloc(n, size);
}

void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fail_at >= 0 && !fail_at-- ? NULL : __real_reallocarray(p, n, size);
}

static uint32_t seed = 1;

static uint32_t next_random(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Few addresses, so that they lie within each other. */
static struct prefix random_prefix(void)
{
	struct prefix p = { .addr.family = next_random(2) ? AF_INET : AF_INET6 };

	p.bits = (uint8_t)next_random(p.addr.family == AF_INET ? 33 : 129);
	for (unsigned int bit = 0; bit < p.bits; bit++) {
		if (!next_random(5))
			p.addr.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		if (bit == 3 && next_random(8))		/* the rest is zero */
			break;
	}
	return p;
}

struct counted {
	unsigned int count;
	uint64_t sum;
	unsigned int most;
};

static bool on_want(void *ctx, const struct want *want)
{
	struct counted *c = ctx;

	c->sum += (uint64_t)(want->dev - devs) * 2 + want->picked + 1000;
	return ++c->count == c->most;
}

/* Those of one device, as on_want() gets them: 0 equal, 1 inside, 2 round. */
static void count_device(struct device *dev, const struct prefix *dst, int kind, struct counted *c)
{
	for (unsigned int i = 0; i < PREFIXES + 1; i++) {
		const struct prefix *p = i < PREFIXES ? &dev->list[i] : &dev->picked[0].to.dst;
		const struct want want = { *p, dev, i == PREFIXES };

		if (kind == 0 ? prefix_equal(p, dst) :
		    kind == 1 ? prefix_within(p, dst) && p->bits > dst->bits :
				prefix_within(dst, p) && p->bits < dst->bits)
			on_want(c, &want);
	}
}

static unsigned int assert_same(const struct wants *wants, const struct prefix *dst)
{
	bool (*const look[])(const struct wants *, const struct prefix *, wants_fn, void *) = {
		wants_equal, wants_inside, wants_round,
	};
	unsigned int all = 0;

	for (int kind = 0; kind < 3; kind++) {
		struct counted want = { 0 }, got = { 0 }, one = { .most = 1 };

		for (unsigned int i = 0; i < DEVICES; i++) {
			if (devs[i].there)
				count_device(&devs[i], dst, kind, &want);
		}
		assert_false(look[kind](wants, dst, on_want, &got));
		assert_int_equal(got.count, want.count);
		assert_int_equal(got.sum, want.sum);
		assert_int_equal(look[kind](wants, dst, on_want, &one), want.count > 0);
		assert_int_equal(one.count, want.count > 0);
		all += want.count;
	}
	return all;
}

static void as_one_look_at_all(void **state)
{
	struct wants wants = { 0 };
	unsigned int found = 0;

	for (unsigned int turn = 0; turn < 400; turn++) {
		struct device *dev = &devs[next_random(DEVICES)];
		struct prefix dst = random_prefix();

		wants_del(&wants, dev);
		dev->there = !dev->there || next_random(2);
		for (unsigned int i = 0; i < PREFIXES; i++)
			dev->list[i] = random_prefix();
		dev->picked[0].to.dst = random_prefix();
		dev->wanted = (struct wanted){
			.list = dev->list, .count = PREFIXES, .picked = dev->picked,
			.picked_count = 1,
		};
		if (dev->there)
			assert_true(wants_add(&wants, dev, &dev->wanted));
		found += assert_same(&wants, &dst);
		found += assert_same(&wants, &dev->list[0]);
	}
	assert_true(found > 1000);
	for (unsigned int i = 0; i < DEVICES; i++)
		wants_del(&wants, &devs[i]);
	assert_int_equal(wants.count, 0);
	for (unsigned int i = 0; i < WANTS_BITS; i++)
		assert_int_equal(wants.lengths[0][i] + wants.lengths[1][i], 0);
	wants_clear(&wants);
}

static struct prefix prefix_of(const char *net, uint8_t bits)
{
	struct prefix p = { .bits = bits };

	assert_true(addr_parse(&p.addr, net));
	return p;
}

static unsigned int wanted_by(const struct wants *wants, const struct prefix *dst)
{
	struct counted c = {0};

	wants_equal(wants, dst, on_want, &c);
	return c.count;
}

/* A change takes the place of what was wanted, or without memory changes nothing. */
static void changed_or_as_it_was(void **state)
{
	struct prefix was = prefix_of("10.1.0.0", 16), now = prefix_of("10.2.0.0", 16);
	struct wanted before = { .list = &was, .count = 1 }, after = { .list = &now, .count = 1 };
	struct wants wants = {0};

	assert_true(wants_add(&wants, &devs[0], &before));
	assert_true(wants_add(&wants, &devs[1], &before));
	for (int i = 0; i < 2; i++) {
		fail_at = i;
		assert_false(wants_change(&wants, &devs[0], &after));
		assert_int_equal(fail_at, -1);
		assert_int_equal(wanted_by(&wants, &was), 2);
		assert_int_equal(wanted_by(&wants, &now), 0);
	}
	assert_true(wants_change(&wants, &devs[0], &after));
	assert_int_equal(wanted_by(&wants, &was), 1);
	assert_int_equal(wanted_by(&wants, &now), 1);
	assert_int_equal(wants.count, 2);
	wants_clear(&wants);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_one_look_at_all),
		cmocka_unit_test(changed_or_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
