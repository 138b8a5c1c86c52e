/* SPDX-License-Identifier: GPL-2.0 */
/* What the control socket says of whole tunnels (Documentation/control.md). */
#ifndef ESPLANED_STATUS_TUNNEL_H
#define ESPLANED_STATUS_TUNNEL_H

#include <jansson.h>
#include "esplaned/control/names.h"
#include "esplaned/core/state.h"

struct client;

/*
 * A tunnel with its peers and their children; of those only the ones that @ref names. With what
 * takes the kernel some time to say.
 */
json_t *status_tunnel(struct daemon *d, const struct name_ref *ref);
/*
 * Answers @c: with what @ref names, or all tunnels where it names none. Peer after peer as the
 * client reads, so that thousands of them neither fill the memory nor stop the daemon's work: those
 * that come or go meanwhile may be there or not.
 */
void status_send(struct daemon *d, struct client *c, const struct name_ref *ref);

#endif
