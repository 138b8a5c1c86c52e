/* SPDX-License-Identifier: GPL-2.0 */
/* What the control socket says of tunnels, peers and children (Documentation/control.md). */
#ifndef ESPLANED_STATUS_H
#define ESPLANED_STATUS_H

#include <jansson.h>
#include "esplaned/control/names.h"
#include "esplaned/core/state.h"

/*
 * A tunnel with its peers and their children; of those only the ones that @ref names. @whole: with
 * what takes the kernel some time to say.
 */
json_t *status_tunnel(struct daemon *d, const struct name_ref *ref, bool whole);
/* The result of `up`; NULL: some of it is still on its way. */
json_t *status_up_result(struct daemon *d, const struct name_ref *ref);
/* {"result": "ok", "tunnel": NAME} */
json_t *status_ok_result(struct daemon *d, const struct name_ref *ref);
json_t *status_counters(struct daemon *d);

#endif
