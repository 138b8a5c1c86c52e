// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/wants.h"

#include <stdlib.h>
#include <string.h>

static int wants_compare(const struct prefix *a, const struct prefix *b)
{
	int rc = (int)a->addr.family - (int)b->addr.family;

	if (!rc)
		rc = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));
	return rc ? rc : (int)a->bits - (int)b->bits;
}

static int wants_order(const void *left, const void *right)
{
	const struct want *a = left, *b = right;

	return wants_compare(&a->dst, &b->dst);
}

/* The first that is not before @dst. */
static size_t wants_first(const struct wants *wants, const struct prefix *dst)
{
	size_t from = 0, to = wants->count;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (wants_compare(&wants->list[mid].dst, dst) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static void wants_count(struct wants *wants, const struct want *want, size_t by)
{
	wants->lengths[addr_index(&want->dst.addr)][want->dst.bits] += by;
}

/* @list, in order, from the end on: there is room behind those that are there. */
static void wants_merge(struct wants *wants, const struct want *list, size_t count)
{
	size_t at = wants->count;

	wants->count += count;
	while (count) {
		struct want *to = &wants->list[at + count - 1];

		if (at && wants_order(&wants->list[at - 1], &list[count - 1]) > 0)
			*to = wants->list[--at];
		else
			*to = list[--count];
	}
}

void wants_del(struct wants *wants, const struct device *dev)
{
	size_t kept = 0;

	for (size_t i = 0; i < wants->count; i++) {
		if (wants->list[i].dev == dev)
			wants_count(wants, &wants->list[i], (size_t)-1);
		else
			wants->list[kept++] = wants->list[i];
	}
	wants->count = kept;
}

/* @again: it has wanted something before. */
static bool wants_put(struct wants *wants, struct device *dev, const struct wanted *wanted,
		      bool again)
{
	size_t count = wanted->count + wanted->picked_count;
	struct want *list = calloc(count + 1, sizeof(*list)), *more;

	more = reallocarray(wants->list, wants->count + count + 1, sizeof(*more));
	if (more)
		wants->list = more;
	if (!list || !more) {
		free(list);
		return false;
	}
	for (size_t i = 0; i < wanted->count; i++)
		list[i] = (struct want){ wanted->list[i], dev, false };
	for (size_t i = 0; i < wanted->picked_count; i++)
		list[wanted->count + i] = (struct want){ wanted->picked[i].to.dst, dev, true };
	qsort(list, count, sizeof(*list), wants_order);
	if (again)
		wants_del(wants, dev);
	for (size_t i = 0; i < count; i++)
		wants_count(wants, &list[i], 1);
	wants_merge(wants, list, count);
	free(list);
	return true;
}

bool wants_add(struct wants *wants, struct device *dev, const struct wanted *wanted)
{
	return wants_put(wants, dev, wanted, false);
}

bool wants_change(struct wants *wants, struct device *dev, const struct wanted *wanted)
{
	return wants_put(wants, dev, wanted, true);
}

void wants_clear(struct wants *wants)
{
	free(wants->list);
	*wants = (struct wants){ 0 };
}

bool wants_equal(const struct wants *wants, const struct prefix *dst, wants_fn fn, void *ctx)
{
	size_t i = wants_first(wants, dst);

	while (i < wants->count && prefix_equal(&wants->list[i].dst, dst)) {
		if (fn(ctx, &wants->list[i++]))
			return true;
	}
	return false;
}

bool wants_inside(const struct wants *wants, const struct prefix *dst, wants_fn fn, void *ctx)
{
	size_t i = wants_first(wants, dst);

	for (; i < wants->count && prefix_within(&wants->list[i].dst, dst); i++) {
		if (wants->list[i].dst.bits > dst->bits && fn(ctx, &wants->list[i]))
			return true;
	}
	return false;
}

bool wants_round(const struct wants *wants, const struct prefix *dst, wants_fn fn, void *ctx)
{
	struct prefix round = *dst;

	while (round.bits-- > 0) {
		round.addr.b[round.bits / 8] &= (uint8_t)(0xff00 >> round.bits % 8);
		if (wants->lengths[addr_index(&dst->addr)][round.bits] &&
		    wants_equal(wants, &round, fn, ctx))
			return true;
	}
	return false;
}
