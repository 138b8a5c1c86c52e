/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control socket: JSON objects, one a line. A request is {"command": ..., "tunnel": ...}; the
 * answer is any number of objects with "event" and a last one with "result"
 * (Documentation/control.md). Nothing here knows what commands and numbers mean.
 */
#ifndef ESPLANED_CONTROL_H
#define ESPLANED_CONTROL_H

#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CONTROL_PATH		"/run/esplane/control"
#define CONTROL_LINE_MAX	4096	/* octets of a request */
#define CONTROL_BACKLOG_MAX	(1024 * 1024)	/* octets a slow client may leave unread */
#define CONTROL_CLIENTS_MAX	64
#define CONTROL_WHY_MAX		256

struct control;
struct client;
struct evbuffer;

/* Strings live during the call; NULL: not given. */
struct control_request {
	const char *command, *tunnel, *level, *to;
	bool all;
};

/* What an event is about, or what a client wants to hear of. 0: anything. */
struct control_about {
	uint32_t tunnel, peer, child;
};

/* Must answer now with client_finish, or later: the client then waits. */
typedef void (*control_request_fn)(void *ctx, struct client *c, const struct control_request *req);
/* The client is about to be freed: forget it. */
typedef void (*control_gone_fn)(void *ctx, struct client *c);

/*
 * Listens at @path, for root and the daemon's own user. A socket that a dead daemon left is
 * replaced, a live one is not.
 */
struct control *control_new(struct event_base *base, const char *path, control_request_fn fn,
			    control_gone_fn gone, void *ctx, char why[CONTROL_WHY_MAX]);
/* Sends what is queued as far as the sockets take it, and removes the socket. NULL is fine. */
void control_free(struct control *ctl);

/* Each takes over the reference to @object. */
void client_event(struct client *c, json_t *object);
void client_finish(struct client *c, json_t *result);

enum client_part {
	CLIENT_PART_MORE,	/* to be asked again when the client has read what there is */
	CLIENT_PART_LAST,
	CLIENT_PART_FAILED,	/* no memory: the connection is closed */
};

/*
 * A result that is long, one JSON object in parts: @begin, then what @part appends to @out, as the
 * client reads. Between two of them the loop does its other work. @release: in the end, also of a
 * client that goes before it.
 */
void client_send(struct client *c, const char *begin,
		 enum client_part (*part)(void *ctx, struct evbuffer *out),
		 void (*release)(void *ctx), void *ctx);
/*
 * Events about @about go to the client from now on, until client_finish. @endless: no result will
 * ever follow, so a client that closes its sending half is gone.
 */
void client_watch(struct client *c, const struct control_about *about, bool endless);
/* Does any client watch this subject? An event that is not kept is worth making only then. */
bool control_watched(const struct control *ctl, const struct control_about *about);
/* To all clients that watch its subject. NULL @ctl: to none. Takes over the reference. */
void control_publish(struct control *ctl, const struct control_about *about, json_t *event);

/* {"result": "error", ...} */
json_t *control_error(const char *error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
