/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a gateway has sent us, RFC 5685. While there is such an address it is the only one that an
 * attempt goes to; it is forgotten with the IKE SA there, and when nobody is there.
 */
#ifndef IKE_DETOUR_H
#define IKE_DETOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

#define DETOURS_MAX		5	/* RFC 5685 7: MAX_REDIRECTS in */
#define DETOUR_PERIOD_MS	300000	/* REDIRECT_LOOP_DETECT_PERIOD */

struct detour {
	struct addr to;			/* family 0: nowhere */
	struct addr from;		/* who has sent us there */
	unsigned int count;		/* of them since @since_ms */
	uint64_t since_ms;
	bool vain;			/* it was no use: who sends us on again is not heeded */
};

/* The gateway at @from sends us on to @to. False, and nothing is done: once too often. */
bool detour_take(struct detour *d, uint64_t now, const struct addr *to, const struct addr *from);

#endif
