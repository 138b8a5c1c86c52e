// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/foreign.h"

#include <stdlib.h>

#include "lib/monotonic.h"

struct foreign_reader {
	struct foreign *foreign;
	const struct wants *wants;
};

static bool foreign_is_wanted(void *ctx, const struct want *want)
{
	return true;
}

/* Without memory it is met when the tunnel's own is laid. */
static void foreign_on_route(void *ctx, const struct route *route)
{
	const struct foreign_reader *reader = ctx;
	struct foreign *foreign = reader->foreign;
	struct route *more;

	if (route->protocol == ROUTE_PROTOCOL ||
	    !wants_equal(reader->wants, &route->dst, foreign_is_wanted, NULL))
		return;
	more = reallocarray(foreign->list, foreign->count + 1, sizeof(*more));
	if (!more)
		return;
	foreign->list = more;
	more[foreign->count++] = *route;
}

static void foreign_read(struct foreign *foreign, struct nl_sock *sk, const struct wants *wants)
{
	struct foreign_reader reader = { foreign, wants };
	char why[NLTALK_WHY_MAX];

	foreign_forget(foreign);
	route_dump(sk, 0, 0, foreign_on_route, &reader, why);
	foreign->known = true;
	foreign->at = monotonic_ms();
}

const struct route *foreign_find(struct foreign *foreign, struct nl_sock *sk,
				 const struct wants *wants, const struct route *want)
{
	if (!foreign->known || monotonic_ms() - foreign->at >= FOREIGN_MS)
		foreign_read(foreign, sk, wants);
	for (size_t i = 0; i < foreign->count; i++) {
		const struct route *route = &foreign->list[i];

		if (route->table == want->table && route->metric == want->metric &&
		    prefix_equal(&route->dst, &want->dst))
			return route;
	}
	return NULL;
}

void foreign_forget(struct foreign *foreign)
{
	free(foreign->list);
	*foreign = (struct foreign){ 0 };
}
