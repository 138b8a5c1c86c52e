// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "lib/prefix.h"

const char *prefix_str(const struct prefix *p, char buf[PREFIX_STRLEN])
{
	char text[ADDR_STRLEN];

	snprintf(buf, PREFIX_STRLEN, "%s/%u", addr_str(&p->addr, text), p->bits);
	return buf;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && addr_equal(&a->addr, &b->addr);
}

static bool prefix_bit(const struct addr *a, unsigned int i)
{
	return a->b[i / 8] >> (7 - i % 8) & 1;
}

bool prefix_contains(const struct prefix *p, const struct addr *addr)
{
	unsigned int same = 0;

	if (p->addr.family != addr->family)
		return false;
	while (same < p->bits && prefix_bit(&p->addr, same) == prefix_bit(addr, same))
		same++;
	return same == p->bits;
}

bool prefix_within(const struct prefix *inner, const struct prefix *outer)
{
	return inner->bits >= outer->bits && prefix_contains(outer, &inner->addr);
}

/* The last address of a prefix of @bits that begins at @a. */
static struct addr prefix_last(const struct addr *a, unsigned int bits)
{
	struct addr last = *a;

	for (unsigned int i = bits; i < addr_len(a) * 8; i++)
		last.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return last;
}

struct addr prefix_end(const struct prefix *p)
{
	return prefix_last(&p->addr, p->bits);
}

/* Adds 1. False: past the last address. */
static bool prefix_next(struct addr *a)
{
	for (size_t i = addr_len(a); i-- > 0;) {
		if (++a->b[i])
			return true;
	}
	return false;
}

unsigned int prefix_list(const struct ts *ts, struct prefix list[PREFIXES_MAX])
{
	unsigned int count = 0, width = (unsigned int)addr_len(&ts->start) * 8, n;
	struct addr at = ts->start, last;

	while (count < PREFIXES_MAX) {
		/* The shortest prefix that begins at @at and does not reach beyond the end. */
		for (n = width, last = at; n > 0 && !prefix_bit(&at, n - 1); n--) {
			struct addr wider = prefix_last(&at, n - 1);

			if (addr_cmp(&wider, &ts->end) > 0)
				break;
			last = wider;
		}
		list[count].addr = at;
		list[count++].bits = (uint8_t)n;
		at = last;
		if (addr_cmp(&at, &ts->end) >= 0 || !prefix_next(&at))
			break;
	}
	return count;
}
