/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Host names to IPv4 addresses, without blocking: /etc/hosts and the servers of /etc/resolv.conf,
 * both read anew each time.
 */
#ifndef ESPLANED_RESOLVE_H
#define ESPLANED_RESOLVE_H

#include <event2/event.h>
#include <event2/util.h>
#include "lib/addr.h"

struct resolve;

/* @addr NULL: @why says what went wrong. Called once, from the loop, never from resolve_start. */
typedef void (*resolve_fn)(void *ctx, const struct addr *addr, const char *why);

/* @after: not this one again, if the name has others; family 0: the first. */
struct resolve *resolve_start(struct event_base *base, const char *name, const struct addr *after,
			      resolve_fn fn, void *ctx);
/*
 * The address of the list that follows @after, from the last to the first, or the first of all:
 * servers turn the list round. False: it has none.
 */
bool resolve_pick(const struct evutil_addrinfo *list, const struct addr *after,
		  struct addr *picked);
/* The function will not be called any more. NULL is fine. */
void resolve_cancel(struct resolve *r);

#endif
