/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Host names to IPv4 addresses, without blocking: the hosts file and the servers of resolv.conf.
 * One resolver for all names, with a socket a server; both files are read again when they changed.
 */
#ifndef ESPLANED_RESOLVE_H
#define ESPLANED_RESOLVE_H

#include <event2/event.h>
#include "ike/core/env.h"

#define RESOLVE_CONF		"/etc/resolv.conf"
#define RESOLVE_HOSTS		"/etc/hosts"
#define RESOLVE_PATIENCE_MS	10000

struct resolver;
struct resolve;

/*
 * @count: 1 to IKE_JOB_ADDRS_MAX addresses, in the order of the answer. 0: @why is one sentence
 * that says what went wrong.
 */
typedef void (*resolve_fn)(void *ctx, const struct addr *addrs, unsigned int count,
			   const char *why);

/*
 * Told the name servers when the first look-up begins, and none (@count 0) when the last has ended:
 * they may have to be reached beside a tunnel that is not up yet.
 */
typedef void (*resolve_reach_fn)(void *ctx, const struct addr *servers, unsigned int count);

#define RESOLVE_SERVERS_MAX	8

/*
 * The paths are kept, not copied. A look-up that has not ended after @patience_ms has failed.
 * @reach: NULL, or called with @ctx.
 */
struct resolver *resolver_new(struct event_base *base, const char *conf, const char *hosts,
			      unsigned int patience_ms, resolve_reach_fn reach, void *ctx);
/* Forgets all that is looked up. The loop must not run after it. NULL is fine. */
void resolver_free(struct resolver *r);
/* An interface or address of the host has changed: the sockets are opened anew. */
void resolver_renew(struct resolver *r);

/*
 * @fn is called once, from the loop, never from here, whatever happens but resolve_cancel. NULL: no
 * memory.
 */
struct resolve *resolve_start(struct resolver *r, const char *name, resolve_fn fn, void *ctx);
/* The function will not be called any more. NULL is fine. */
void resolve_cancel(struct resolve *q);

#endif
