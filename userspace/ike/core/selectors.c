// SPDX-License-Identifier: GPL-2.0
#include "ike/core/selectors.h"

bool ts_all_within(const struct ts *inner, unsigned int inner_count, const struct ts *outer,
		   unsigned int outer_count)
{
	for (unsigned int i = 0; i < inner_count; i++) {
		unsigned int o = 0;

		while (o < outer_count && !ts_contains(&outer[o], &inner[i]))
			o++;
		if (o == outer_count)
			return false;
	}
	return true;
}

/* Adds @ts unless it is within one already there; throws out those within it. */
static unsigned int add(struct ts *list, unsigned int count, unsigned int max, const struct ts *ts)
{
	unsigned int kept = 0;

	if (ts_all_within(ts, 1, list, count))
		return count;
	for (unsigned int i = 0; i < count; i++)
		if (!ts_contains(ts, &list[i]))
			list[kept++] = list[i];
	if (kept < max)
		list[kept++] = *ts;
	return kept;
}

unsigned int ts_narrow(const struct ts *a, unsigned int a_count, const struct ts *b,
		       unsigned int b_count, struct ts *out, unsigned int max)
{
	unsigned int count = 0;
	struct ts common;

	for (unsigned int i = 0; i < a_count; i++)
		for (unsigned int j = 0; j < b_count; j++)
			if (ts_intersect(&a[i], &b[j], &common))
				count = add(out, count, max, &common);
	return count;
}
