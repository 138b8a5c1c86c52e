/* SPDX-License-Identifier: GPL-2.0 */
/* Which addresses of pools are bound to whom, for people. */
#ifndef ESPLANED_LEASES_H
#define ESPLANED_LEASES_H

#include <jansson.h>

struct ike;

/* By pool and address. */
json_t *leases_json(const struct ike *ike);

#endif
