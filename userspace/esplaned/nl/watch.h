/* SPDX-License-Identifier: GPL-2.0 */
/* Are the host's links, addresses, routes and rules still what they were? rtnetlink tells. */
#ifndef ESPLANED_WATCH_H
#define ESPLANED_WATCH_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include "esplaned/nl/nltalk.h"

struct watch;

/*
 * @changed is called from the loop some time after a change, once for many. A host whose routes
 * change all the time does not get it more often than lets it be a tenth of the work. @own: nothing
 * but routes and rules that the netlink socket with @own_port laid or removed, as the daemon does
 * for each peer. NULL: @why.
 */
struct watch *watch_new(struct event_base *base, uint32_t own_port,
			void (*changed)(void *ctx, bool own), void *ctx, char why[NLTALK_WHY_MAX]);
void watch_free(struct watch *w);	/* NULL is fine */

#endif
