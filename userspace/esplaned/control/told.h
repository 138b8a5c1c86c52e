/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What peers have let us know in exchanges that failed: for `ikectl explain`. Nothing acts on it.
 * Of each tunnel the last refusal of the peer's and the last one of ours, and the identity that it
 * last gave.
 */
#ifndef ESPLANED_TOLD_H
#define ESPLANED_TOLD_H

#include <jansson.h>
#include "esplaned/core/state.h"

/* EXCHANGE and REFUSED events; others tell nothing. */
void told_event(struct daemon *d, const struct ike_event *ev);
/*
 * "refused_us", "we_refused", "identity" into @object, as far as there are any
 * (Documentation/control.md).
 */
void told_json(const struct daemon *d, uint32_t tunnel, json_t *object);
void told_forget(struct daemon *d, uint32_t tunnel);

#endif
