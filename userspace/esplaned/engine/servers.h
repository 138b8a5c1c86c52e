/* SPDX-License-Identifier: GPL-2.0 */
/* The name servers that peers give: the system has them as long as the tunnel is up. */
#ifndef ESPLANED_SERVERS_H
#define ESPLANED_SERVERS_H

#include "esplaned/core/state.h"

/* Tells what has changed since the last call. */
void servers_flush(struct daemon *d);
/* The tunnel is about to go. */
void servers_drop(struct daemon *d, struct tunnel_entry *t);

#endif
