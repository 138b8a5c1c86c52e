/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Clients of the control socket that wait for the end of what they asked for: up, or new keys. The
 * engine's events say that the end has come; the results are sent once the engine may be asked.
 */
#ifndef ESPLANED_WAITS_H
#define ESPLANED_WAITS_H

#include "esplaned/control/control.h"
#include "esplaned/control/names.h"

enum wait_for {
	WAIT_UP,	/* the peer or child is up, or the attempt has failed */
	WAIT_REKEY,	/* the child, or the IKE SA of the peer, has new keys, or is down */
	WAIT_REAUTH,	/* another IKE SA has followed that of the peer, or could not */
};

struct wait;

/*
 * The result for what has come up or has new keys; the reference is the caller's. NULL: some of it
 * is still on its way.
 */
typedef json_t *(*waits_result_fn)(void *ctx, const struct name_ref *ref, enum wait_for what);

/*
 * @c gets one result when all @count of @refs have come to their end: that of the only one, or,
 * with @all, {"result": ..., "tunnels": [one of each]}. False: no memory.
 */
bool waits_add(struct wait **list, struct client *c, enum wait_for what,
	       const struct name_ref *refs, unsigned int count, bool all);
/* The end of one of them is known already: @result, whose reference is taken over. */
void waits_settle(struct wait **list, const struct client *c, const struct name_ref *ref,
		  json_t *result);
/* An event of the engine; may be called from inside it. @took_ms: the whole attempt. */
void waits_event(struct wait **list, const struct ike_event *ev, uint64_t took_ms);
/* Not from inside the engine: sends the results that are due. */
void waits_flush(struct wait **list, waits_result_fn fn, void *ctx);
/* Clients that wait for a tunnel that was removed are told @why. */
void waits_tunnel_gone(struct wait **list, uint32_t tunnel, const char *why);
void waits_client_gone(struct wait **list, const struct client *c);
void waits_free(struct wait **list);

#endif
