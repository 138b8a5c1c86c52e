// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"

#define REQUEST_TIMEOUT	30	/* seconds for a request that has begun to arrive whole */
#define CONTROL_PAUSE_S	1	/* without descriptors nobody is accepted for so long */

struct client {
	struct client *next;
	struct control *ctl;
	struct bufferevent *bev;
	bool busy;		/* a request is being answered; the next one waits in the buffer */
	bool watching, endless;
	bool eof;		/* it will ask nothing more: to be freed when all is answered */
	bool dead;		/* to be freed when the loop is back: callers still hold it */
	struct control_about about;	/* of the watch */
	/* A result that is being sent in parts; NULL: none is. */
	enum client_part (*part)(void *ctx, struct evbuffer *out);
	void (*release)(void *ctx);
	void *part_ctx;
};

struct control {
	struct event_base *base;
	struct evconnlistener *listener;
	struct client *clients;
	unsigned int count;
	struct event *reap, *pause;
	control_request_fn fn;
	control_gone_fn gone;
	void *ctx;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void client_kill(struct client *c)
{
	struct timeval now = { 0 };

	c->dead = true;
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	event_add(c->ctl->reap, &now);
}

/*
 * A monitor that can send nothing more is gone: ordinary clients may have closed just their sending
 * half.
 */
static void client_settle(struct client *c)
{
	if (c->eof && !c->dead &&
	    ((c->watching && c->endless) ||
	     (!c->busy && !evbuffer_get_length(bufferevent_get_output(c->bev)))))
		client_kill(c);
}

static void client_parts_end(struct client *c)
{
	if (c->part)
		c->release(c->part_ctx);
	c->part = NULL;
}

static void client_free(struct client *c)
{
	c->ctl->gone(c->ctl->ctx, c);
	client_parts_end(c);
	bufferevent_free(c->bev);
	free(c);
}

static void on_reap(evutil_socket_t fd, short what, void *arg)
{
	struct control *ctl = arg;

	for (struct client **p = &ctl->clients; *p;) {
		struct client *c = *p;

		if (!c->dead) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		ctl->count--;
		client_free(c);
	}
}

/* Keeps @object. */
static void client_write(struct client *c, json_t *object)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	char *text;

	if (c->dead)
		return;
	if (evbuffer_get_length(out) > CONTROL_BACKLOG_MAX) {
		log_notice("a client of the control socket does not read its answers: dropped");
		client_kill(c);
		return;
	}
	text = json_dumps(object, JSON_COMPACT);
	if (!text || evbuffer_add(out, text, strlen(text)) || evbuffer_add(out, "\n", 1))
		client_kill(c);
	free(text);
}

void client_event(struct client *c, json_t *object)
{
	client_write(c, object);
	json_decref(object);
}

static void requests_read(struct client *c);

/* The next request may be read. */
static void client_answered(struct client *c)
{
	c->watching = false;
	c->busy = false;
	if (!c->dead)
		bufferevent_trigger(c->bev, EV_READ,
				    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

void client_finish(struct client *c, json_t *result)
{
	client_write(c, result);
	json_decref(result);
	client_answered(c);
}

/* One part more. */
static void client_part(struct client *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	enum client_part more = c->part(c->part_ctx, out);

	if (more == CLIENT_PART_MORE)
		return;
	client_parts_end(c);
	if (more == CLIENT_PART_FAILED || evbuffer_add(out, "\n", 1))
		client_kill(c);
	else
		client_answered(c);
}

void client_send(struct client *c, const char *begin,
		 enum client_part (*part)(void *ctx, struct evbuffer *out),
		 void (*release)(void *ctx), void *ctx)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	c->part = part;
	c->release = release;
	c->part_ctx = ctx;
	if (c->dead || evbuffer_add(out, begin, strlen(begin)))
		client_kill(c);
	else
		client_part(c);
}

void client_watch(struct client *c, const struct control_about *about, bool endless)
{
	c->about = *about;
	c->endless = endless;
	c->watching = true;
}

static bool either_any(uint32_t a, uint32_t b)
{
	return !a || !b || a == b;
}

/* A client that watches a child also gets the events of its whole peer, and the reverse. */
static bool client_watches(const struct client *c, const struct control_about *about)
{
	return c->watching && !c->dead &&
	       (!c->about.tunnel || c->about.tunnel == about->tunnel) &&
	       either_any(c->about.peer, about->peer) && either_any(c->about.child, about->child);
}

bool control_watched(const struct control *ctl, const struct control_about *about)
{
	const struct client *c = ctl ? ctl->clients : NULL;

	while (c && !client_watches(c, about))
		c = c->next;
	return c;
}

void control_publish(struct control *ctl, const struct control_about *about, json_t *event)
{
	for (struct client *c = ctl ? ctl->clients : NULL; c; c = c->next) {
		if (client_watches(c, about))
			client_write(c, event);
	}
	json_decref(event);
}

json_t *control_error(const char *error, const char *fmt, ...)
{
	char text[2048];
	json_t *value;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	value = json_string(text);
	if (!value)	/* not UTF-8 */
		value = json_string("the reason cannot be shown as text");
	return json_pack("{ss ss so}", "result", "error", "error", error, "message", value);
}

static void request_take(struct client *c, const char *line, size_t len)
{
	struct control_request req = { 0 };
	json_error_t err;
	json_t *object;
	int all = 0;

	c->busy = true;
	object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &err);
	if (!object) {
		client_finish(c, control_error("bad-request", "the request is not JSON: %s",
					       err.text));
	} else if (json_unpack_ex(object, &err, JSON_STRICT, "{ss s?s s?s s?s s?b}",
				  "command", &req.command, "tunnel", &req.tunnel, "level",
				  &req.level, "to", &req.to, "all", &all)) {
		client_finish(c, control_error("bad-request",
					       "the request is not {\"command\": text, "
					       "\"tunnel\": text, \"level\": text, \"to\": text, "
					       "\"all\": true or false}: %s",
					       err.text));
	} else {
		req.all = all;
		c->ctl->fn(c->ctl->ctx, c, &req);
	}
	json_decref(object);
}

static void requests_read(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct timeval patience = { .tv_sec = REQUEST_TIMEOUT };
	char *line;
	size_t len;

	while (!c->busy && !c->dead && (line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF))) {
		if (len)
			request_take(c, line, len);
		free(line);
	}
	if (c->dead)
		return;
	len = evbuffer_get_length(in);
	if (!c->busy && len >= CONTROL_LINE_MAX) {
		bufferevent_disable(c->bev, EV_READ);
		evbuffer_drain(in, len);
		c->eof = true;
		client_finish(c,
			      control_error("bad-request", "the request is longer than %d octets",
					    CONTROL_LINE_MAX));
		return;
	}
	bufferevent_set_timeouts(c->bev, len && !c->busy ? &patience : NULL, NULL);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	requests_read(arg);
}

/* All that there was. */
static void on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	if (c->part && !c->dead)
		client_part(c);
	client_settle(c);
}

static void on_gone(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	if (!(what & BEV_EVENT_EOF)) {
		client_kill(c);
		return;
	}
	c->eof = true;
	requests_read(c);
	client_settle(c);
}

static bool allowed(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	static const char full[] = "{\"result\":\"error\",\"error\":\"busy\",\"message\":\"too many "
				   "clients use the control socket at once\"}\n";
	struct control *ctl = arg;
	struct client *c = NULL;

	if (allowed(fd) && ctl->count == CONTROL_CLIENTS_MAX)
		send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	else if (allowed(fd))
		c = calloc(1, sizeof(*c));
	if (c)
		c->bev = bufferevent_socket_new(ctl->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c || !c->bev) {
		free(c);
		close(fd);
		return;
	}
	c->ctl = ctl;
	c->next = ctl->clients;
	ctl->clients = c;
	ctl->count++;
	bufferevent_setcb(c->bev, on_read, on_written, on_gone, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, 2 * CONTROL_LINE_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* Without descriptors who waits would wake us again and again. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	static const struct timeval span = { .tv_sec = CONTROL_PAUSE_S };
	struct control *ctl = arg;

	log_warn("control socket: %s", strerror(errno));
	evconnlistener_disable(listener);
	event_add(ctl->pause, &span);
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct control *ctl = arg;

	evconnlistener_enable(ctl->listener);
}

/* Is somebody there who answers? */
static bool alive(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && !connect(fd, (const struct sockaddr *)sun, sizeof(*sun));

	if (fd >= 0)
		close(fd);
	return yes;
}

static int listen_at(struct control *ctl, char why[CONTROL_WHY_MAX])
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t mask;
	int fd, rc;

	memcpy(sun.sun_path, ctl->path, sizeof(sun.sun_path));
	if (alive(&sun)) {
		snprintf(why, CONTROL_WHY_MAX,
			 "another esplaned answers at %s: stop it, or give this one another "
			 "--control",
			 ctl->path);
		return -1;
	}
	if (!lstat(ctl->path, &st) && !S_ISSOCK(st.st_mode)) {
		snprintf(why, CONTROL_WHY_MAX,
			 "%s exists and is not a socket: give another --control", ctl->path);
		return -1;
	}
	unlink(ctl->path);	/* a dead daemon's */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mask = umask(0177);
	rc = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (!rc && !listen(fd, 16))
		return fd;
	snprintf(why, CONTROL_WHY_MAX, "cannot listen at %s: %s", ctl->path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

struct control *control_new(struct event_base *base, const char *path, control_request_fn fn,
			    control_gone_fn gone, void *ctx, char why[CONTROL_WHY_MAX])
{
	struct control *ctl;
	int fd;

	ctl = calloc(1, sizeof(*ctl));
	if (!ctl || !path[0] || strlen(path) >= sizeof(ctl->path)) {
		snprintf(why, CONTROL_WHY_MAX, "--control \"%s\": %s", path,
			 !ctl	  ? "no memory" :
			 !path[0] ? "the path is empty" :
				    "the path is too long for a socket");
		free(ctl);
		return NULL;
	}
	ctl->base = base;
	ctl->fn = fn;
	ctl->gone = gone;
	ctl->ctx = ctx;
	strcpy(ctl->path, path);
	fd = listen_at(ctl, why);
	if (fd < 0) {
		free(ctl);
		return NULL;
	}
	ctl->reap = evtimer_new(base, on_reap, ctl);
	ctl->pause = evtimer_new(base, on_pause_over, ctl);
	ctl->listener = ctl->reap && ctl->pause ?
				evconnlistener_new(base, on_accept, ctl,
						   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0,
						   fd) :
				NULL;
	if (!ctl->listener) {
		snprintf(why, CONTROL_WHY_MAX, "no memory");
		close(fd);
		control_free(ctl);
		return NULL;
	}
	evconnlistener_set_error_cb(ctl->listener, on_accept_error);
	return ctl;
}

void control_free(struct control *ctl)
{
	struct client *c;

	if (!ctl)
		return;
	while ((c = ctl->clients)) {
		ctl->clients = c->next;
		evbuffer_unfreeze(bufferevent_get_output(c->bev), 1);
		evbuffer_write(bufferevent_get_output(c->bev), bufferevent_getfd(c->bev));
		client_free(c);
	}
	if (ctl->listener)
		evconnlistener_free(ctl->listener);
	if (ctl->reap)
		event_free(ctl->reap);
	if (ctl->pause)
		event_free(ctl->pause);
	unlink(ctl->path);
	free(ctl);
}
