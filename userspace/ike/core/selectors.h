/* SPDX-License-Identifier: GPL-2.0 */
/* Lists of traffic selectors, RFC 7296 2.9; pure. */
#ifndef IKE_SELECTORS_H
#define IKE_SELECTORS_H

#include "lib/addr.h"

/*
 * All intersections, those within another left out. How many; 0: nothing in common. At most
 * @max.
 */
unsigned int ts_narrow(const struct ts *a, unsigned int a_count, const struct ts *b,
		       unsigned int b_count, struct ts *out, unsigned int max);
/* Is each of @inner within one of @outer? */
bool ts_all_within(const struct ts *inner, unsigned int inner_count, const struct ts *outer,
		   unsigned int outer_count);

#endif
