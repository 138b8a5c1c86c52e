/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Routes of others to what tunnels want, which those of the tunnels would meet. A host may have a
 * million routes, and a thousand tunnels begin at once: they are read once in a while.
 */
#ifndef ESPLANED_FOREIGN_H
#define ESPLANED_FOREIGN_H

#include "esplaned/host/wants.h"
#include "esplaned/nl/route.h"

#define FOREIGN_MS	1000u		/* so long what was read counts */

struct foreign {
	struct route *list;
	size_t count;
	bool known;
	uint64_t at;			/* when it was read */
};

/* The one that has the destination, table and metric of @want. @wants: what it is read for. */
const struct route *foreign_find(struct foreign *foreign, struct nl_sock *sk,
				 const struct wants *wants, const struct route *want);
/* The host's routes, or what is wanted, are others now. */
void foreign_forget(struct foreign *foreign);

#endif
