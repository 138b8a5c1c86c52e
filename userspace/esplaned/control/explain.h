/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that bears on why a tunnel is not up, or is up and passes nothing: its status, what both ends
 * have said, how the host and the kernel treat its packets, and what follows from that.
 */
#ifndef ESPLANED_EXPLAIN_H
#define ESPLANED_EXPLAIN_H

#include <jansson.h>
#include "esplaned/control/names.h"
#include "esplaned/core/state.h"

/* The result of `explain`: Documentation/control.md. */
json_t *explain_json(struct daemon *d, const struct name_ref *ref);

#endif
