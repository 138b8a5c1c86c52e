/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets to RADIUS servers: one UDP socket a server, connected to it, open while a request waits.
 * The identifier of a request tells whose answer it is, so a server has at most 256 at a time.
 */
#ifndef ESPLANED_RADIUS_SOCK_H
#define ESPLANED_RADIUS_SOCK_H

#include <event2/event.h>
#include <stdbool.h>
#include "lib/addr.h"
#include "lib/mem.h"

#define RADIUS_SOCK_SERVERS_MAX	64	/* that are known at a time: asked, or silent */
#define RADIUS_SOCK_SILENCE_MS	60000	/* for so long one that did not answer is asked last */

struct radius_socks;
struct radius_sock;

/* A datagram of the server's with the identifier of this request; its proof is not looked at. */
typedef void (*radius_sock_fn)(void *ctx, struct chunk packet);

struct radius_socks *radius_socks_new(struct event_base *base);	/* NULL: no memory */
void radius_socks_free(struct radius_socks *all);		/* NULL is fine */

/* An identifier of the server's, until it is given back. NULL: @why, a few words. */
struct radius_sock *radius_sock_take(struct radius_socks *all, const struct endpoint *server,
				     radius_sock_fn fn, void *ctx, uint8_t *id, const char **why);
/* @fn is not called any more. NULL is fine. */
void radius_sock_give(struct radius_sock *s, uint8_t id);
/* Never blocks: what cannot leave is lost. */
void radius_sock_send(struct radius_sock *s, struct chunk packet);

/* Has it left a request without an answer not long ago? */
bool radius_sock_is_silent(const struct radius_socks *all, const struct endpoint *server);
void radius_sock_heard(struct radius_sock *s, bool answered);

#endif
