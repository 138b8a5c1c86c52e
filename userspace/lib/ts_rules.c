// SPDX-License-Identifier: GPL-2.0
#include "lib/ts.h"

static bool ts_rules_bit(const uint8_t *b, unsigned int i)
{
	return b[i / 8] >> (7 - i % 8) & 1;
}

/*
 * Half a range: from @b up to the next value whose bits behind the first @bits are zero, or
 * (@upper) from such a value up to @b. How many prefixes it takes; 0: it is one of @bits.
 */
static unsigned int ts_rules_side(const uint8_t *b, unsigned int bits, unsigned int width,
				  bool upper)
{
	unsigned int last = width, count = 1;

	while (last > bits && ts_rules_bit(b, last - 1) == upper)
		last--;
	if (last == bits)
		return 0;
	for (unsigned int i = bits; i < last - 1; i++)
		count += ts_rules_bit(b, i) == upper;
	return count;
}

/* The fewest prefixes that make up the range of @width bits; it is not empty. */
static unsigned int ts_rules_prefixes(const uint8_t *start, const uint8_t *end,
				      unsigned int width)
{
	unsigned int bits = 0, low, high;

	while (bits < width && ts_rules_bit(start, bits) == ts_rules_bit(end, bits))
		bits++;
	if (bits == width)
		return 1;
	/* its halves, of which each begins or ends in the middle */
	low = ts_rules_side(start, bits + 1, width, false);
	high = ts_rules_side(end, bits + 1, width, true);
	if (!low && !high)
		return 1;
	return (low ? low : 1) + (high ? high : 1);
}

static unsigned int ts_rules_ports(const struct ts *ts)
{
	const uint8_t start[] = { (uint8_t)(ts->port_start >> 8), (uint8_t)ts->port_start };
	const uint8_t end[] = { (uint8_t)(ts->port_end >> 8), (uint8_t)ts->port_end };

	return ts_is_opaque(ts) ? 1 : ts_rules_prefixes(start, end, 16);
}

static unsigned int ts_rules_of(const struct ts *ts)
{
	return ts_rules_ports(ts) * ts_rules_prefixes(ts->start.b, ts->end.b,
						      (unsigned int)addr_len(&ts->start) * 8);
}

uint64_t ts_list_rules(const struct ts_list *local, const struct ts_list *remote)
{
	unsigned int theirs[TS_LIST_MAX], ours;
	uint64_t rules = 0;

	for (unsigned int r = 0; r < ts_list_count(remote) && r < TS_LIST_MAX; r++)
		theirs[r] = ts_rules_of(&remote->ts[r]);
	for (unsigned int l = 0; l < ts_list_count(local); l++) {
		ours = ts_rules_of(&local->ts[l]);
		for (unsigned int r = 0; r < ts_list_count(remote) && r < TS_LIST_MAX; r++)
			if (ts_can_pair(&local->ts[l], &remote->ts[r]))
				rules += (uint64_t)ours * theirs[r];
	}
	return rules;
}
