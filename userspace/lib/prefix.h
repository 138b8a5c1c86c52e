/* SPDX-License-Identifier: GPL-2.0 */
/* Address prefixes, IPv4 and IPv6 alike: what routes lead to. */
#ifndef LIB_PREFIX_H
#define LIB_PREFIX_H

#include "lib/ts.h"

/* The bits of @addr behind the first @bits are zero. */
struct prefix {
	struct addr addr;
	uint8_t bits;
};

#define PREFIX_STRLEN	(ADDR_STRLEN + 4)
#define PREFIXES_MAX	256	/* no range has more */

/* "10.1.0.0/16" */
const char *prefix_str(const struct prefix *p, char buf[PREFIX_STRLEN]);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
bool prefix_contains(const struct prefix *p, const struct addr *addr);
struct addr prefix_end(const struct prefix *p);	/* its last address */
bool prefix_within(const struct prefix *inner, const struct prefix *outer);
/*
 * The fewest prefixes that make up the addresses of @ts, in order. Returns how many, at least one.
 */
unsigned int prefix_list(const struct ts *ts, struct prefix list[PREFIXES_MAX]);

#endif
