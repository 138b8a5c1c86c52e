// SPDX-License-Identifier: GPL-2.0
#include "ike/object/detour.h"

bool detour_take(struct detour *d, uint64_t now, const struct addr *to, const struct addr *from)
{
	if (!d->count || now - d->since_ms > DETOUR_PERIOD_MS) {
		d->count = 0;
		d->since_ms = now;
	}
	if (d->count == DETOURS_MAX)
		return false;
	d->count++;
	d->from = *from;
	d->to = *to;
	return true;
}
