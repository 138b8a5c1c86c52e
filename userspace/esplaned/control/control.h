/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control socket: JSON objects, one a line. A request is {"command": ..., "tunnel": ...}; the
 * answer is any number of objects with "event" and a last one with "result"
 * (Documentation/control.md). Nothing here knows what commands mean.
 */
#ifndef ESPLANED_CONTROL_H
#define ESPLANED_CONTROL_H

#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>

#define CONTROL_PATH		"/run/esplane/control"
#define CONTROL_LINE_MAX	4096	/* octets of a request */
#define CONTROL_BACKLOG_MAX	(1024 * 1024)	/* octets a slow client may leave unread */
#define CONTROL_CLIENTS_MAX	64
#define CONTROL_WHY_MAX		256

struct control;
struct client;

/*
 * @command and @tunnel (NULL: none) live during the call. Must answer now with client_finish, or
 * later by a watch.
 */
typedef void (*control_request_fn)(void *ctx, struct client *c, const char *command,
				   const char *tunnel);

/*
 * Listens at @path, for root and the daemon's own user. A socket that a dead daemon left is
 * replaced, a live one is not.
 */
struct control *control_new(struct event_base *base, const char *path, control_request_fn fn,
			    void *ctx, char why[CONTROL_WHY_MAX]);
/* Sends what is queued as far as the sockets take it, and removes the socket. */
void control_free(struct control *ctl);

/* Each takes over the reference to @object. */
void client_event(struct client *c, json_t *object);
void client_finish(struct client *c, json_t *result);
/*
 * Events about @tunnel (NULL: about all) go to the client from now on, until control_finish for
 * that tunnel.
 */
void client_watch(struct client *c, const char *tunnel);
void control_publish(struct control *ctl, const char *tunnel, json_t *event);
/* The result for those who watch just this tunnel. */
void control_finish(struct control *ctl, const char *tunnel, json_t *result);

json_t *control_error(const char *error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
