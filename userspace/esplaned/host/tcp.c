// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/tcp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "esplaned/conf/config.h"
#include "esplaned/host/mark.h"
#include "esplaned/host/tcp_port.h"
#include "esplaned/host/tcp_socket.h"
#include "lib/array.h"
#include "lib/log.h"
#include "wire/stream.h"

#define TCP_CHUNK	16384	/* octets that are read at once */
#define TCP_BURST	4	/* and how often, before other events get their turn */
#define TCP_STRANGER_FRAME	(16384 + STREAM_HEAD_LEN)
#define TCP_STRANGER_QUEUE	65536
#define TCP_QUEUE		131072

struct tcp_conn {
	TAILQ_ENTRY(tcp_conn) link;	/* in t->conns, the oldest first */
	struct tcp *t;
	uint64_t stream;
	int fd;
	struct event *readable, *writable, *timer;
	struct endpoint local, remote;
	uint32_t mark;
	bool ours, kept;
	bool spoke;			/* a message for IKE has come */
	unsigned int senseless;		/* the last so many of them made no sense */
	bool connecting;		/* ours: not there yet */
	bool prefixed;			/* ours, or the prefix has come */
	bool hung_up;			/* ours: the engine knows it no more */
	bool eof;			/* from outside: the other end has said all */
	bool failed;			/* to be closed by its timer, @why */
	const char *why;
	uint8_t *part;			/* a frame that is not whole; NULL: none */
	size_t part_len;
	uint8_t *queue;			/* what could not leave yet; NULL: none */
	size_t queue_len;
};

TAILQ_HEAD(tcp_list, tcp_conn);

static const char tcp_closed_there[] = "the other end has closed it";

struct tcp {
	struct event_base *base;
	tcp_input_fn input;
	tcp_gone_fn gone;
	void *ctx;
	struct tcp_limits limits;
	struct tcp_ports *ports;
	struct tcp_list conns;
	uint64_t last;			/* number of a connection */
	uint8_t buf[STREAM_FRAME_MAX + TCP_CHUNK];
};

static struct tcp_conn *tcp_find(const struct tcp *t, uint64_t stream)
{
	struct tcp_conn *c;

	TAILQ_FOREACH(c, &t->conns, link)
		if (c->stream == stream)
			return c;
	return NULL;
}

unsigned int tcp_count(const struct tcp *t)
{
	const struct tcp_conn *c;
	unsigned int count = 0;

	TAILQ_FOREACH(c, &t->conns, link)
		count++;
	return count;
}

static unsigned int tcp_outside(const struct tcp *t)
{
	const struct tcp_conn *c;
	unsigned int count = 0;

	TAILQ_FOREACH(c, &t->conns, link)
		count += !c->ours;
	return count;
}

size_t tcp_queued(const struct tcp *t, uint64_t stream)
{
	const struct tcp_conn *c = tcp_find(t, stream);

	return c ? c->queue_len : 0;
}

static bool tcp_is_stranger(const struct tcp_conn *c)
{
	return !c->ours && !c->kept;
}

static void tcp_conn_free(struct tcp_conn *c)
{
	struct event *ev[] = { c->readable, c->writable, c->timer };

	for (size_t i = 0; i < ARRAY_SIZE(ev); i++)
		if (ev[i])
			event_free(ev[i]);
	close(c->fd);
	TAILQ_REMOVE(&c->t->conns, c, link);
	free(c->part);
	free(c->queue);
	free(c);
}

/* From the event loop only: the engine hears of it. */
static void tcp_lose(struct tcp_conn *c, const char *why)
{
	struct tcp *t = c->t;
	uint64_t stream = c->stream;
	char peer[ADDR_STRLEN];

	log_debug("TCP connection with %s: %s", endpoint_str(&c->remote, peer), why);
	tcp_conn_free(c);
	t->gone(t->ctx, stream, why);
}

static void tcp_timer_set(struct tcp_conn *c, uint64_t ms)
{
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
			      .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	event_add(c->timer, &tv);
}

/* Wherever it is noticed: the event loop closes it, at once. */
static void tcp_fail(struct tcp_conn *c, const char *why)
{
	if (c->failed)
		return;
	c->failed = true;
	c->why = why ? why : "it has failed";
	event_del(c->readable);
	event_del(c->writable);
	event_active(c->timer, EV_TIMEOUT, 0);
}

static void tcp_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_conn *c = arg;

	tcp_lose(c, c->failed	  ? c->why :
		    c->hung_up	  ? "closed" :
		    c->eof	  ? tcp_closed_there :
		    c->connecting ? "no connection comes about: the other end does not answer" :
				    "closed: no peer has proved itself in time");
}

/* ---- out */

static size_t tcp_queue_max(const struct tcp_conn *c)
{
	return tcp_is_stranger(c) ? TCP_STRANGER_QUEUE : TCP_QUEUE;
}

static void tcp_queue(struct tcp_conn *c, const struct iovec *iov, size_t count, size_t skip)
{
	size_t len = c->queue_len;
	uint8_t *grown;

	for (size_t i = 0; i < count; i++)
		len += iov[i].iov_len;
	len -= skip;
	if (len > tcp_queue_max(c)) {
		tcp_fail(c, "the other end does not read");
		return;
	}
	grown = realloc(c->queue, len);
	if (!grown) {
		tcp_fail(c, "no memory");
		return;
	}
	c->queue = grown;
	for (size_t i = 0; i < count; i++) {
		size_t drop = skip < iov[i].iov_len ? skip : iov[i].iov_len;

		memcpy(c->queue + c->queue_len, (uint8_t *)iov[i].iov_base + drop,
		       iov[i].iov_len - drop);
		c->queue_len += iov[i].iov_len - drop;
		skip -= drop;
	}
	event_add(c->writable, NULL);
}

/* What leaves at once of it; -1: the connection has failed. */
static ssize_t tcp_write(struct tcp_conn *c, struct iovec *iov, size_t count)
{
	struct msghdr hdr = { .msg_iov = iov, .msg_iovlen = count };
	ssize_t n = sendmsg(c->fd, &hdr, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	tcp_fail(c, strerrordesc_np(errno));
	return -1;
}

static void tcp_flush(struct tcp_conn *c)
{
	struct iovec iov = { .iov_base = c->queue, .iov_len = c->queue_len };
	ssize_t n = c->queue_len ? tcp_write(c, &iov, 1) : 0;

	if (n < 0)
		return;
	c->queue_len -= (size_t)n;
	if (c->queue_len) {
		memmove(c->queue, c->queue + n, c->queue_len);
		return;
	}
	free(c->queue);
	c->queue = NULL;
	event_del(c->writable);
	if (c->hung_up)
		shutdown(c->fd, SHUT_WR);
}

void tcp_send(struct tcp *t, uint64_t stream, uint32_t mark, const uint8_t *msg, size_t len)
{
	struct tcp_conn *c = tcp_find(t, stream);
	uint8_t head[STREAM_HEAD_LEN];
	struct iovec iov[2] = {
		{ .iov_base = head, .iov_len = sizeof(head) },
		{ .iov_base = (void *)msg, .iov_len = len },
	};
	ssize_t n = 0;

	if (!c || c->failed || c->hung_up || len > STREAM_MESSAGE_MAX)
		return;
	if (mark && mark != c->mark) {
		mark_set(c->fd, mark);
		c->mark = mark;
	}
	stream_head(head, len);
	if (!c->connecting && !c->queue_len)
		n = tcp_write(c, iov, 2);
	if (n >= 0 && (size_t)n < len + sizeof(head))
		tcp_queue(c, iov, 2, (size_t)n);
}

/* ---- in */

static size_t tcp_frame_max(const struct tcp_conn *c)
{
	return tcp_is_stranger(c) ? TCP_STRANGER_FRAME : STREAM_FRAME_MAX;
}

static void tcp_speaks(struct tcp_conn *c)
{
	c->spoke = true;
	if (tcp_is_stranger(c))
		tcp_timer_set(c, c->t->limits.stranger_ms);
}

/* RFC 9329 6.1: where so many come the two ends are not at the same octet any more. */
static void tcp_message(struct tcp_conn *c, const struct cursor *msg)
{
	if (!c->spoke)
		tcp_speaks(c);
	if (c->t->input(c->t->ctx, &c->local, &c->remote, msg->at, msg->left))
		c->senseless = 0;
	else if (++c->senseless == TCP_SENSELESS_MAX)
		tcp_fail(c, "too many messages that make no sense came by it");
}

/* What is whole goes to the engine. False: there is no sense in it. */
static bool tcp_take(struct tcp_conn *c, struct cursor *octets)
{
	enum stream_result result = STREAM_OTHER;
	struct cursor msg;

	if (!c->prefixed && !stream_take_prefix(octets, &c->prefixed))
		return false;
	while (c->prefixed && !c->failed && !c->hung_up && result != STREAM_MORE) {
		result = stream_take(octets, tcp_frame_max(c), &msg);
		if (result == STREAM_BROKEN)
			return false;
		if (result == STREAM_MESSAGE)
			tcp_message(c, &msg);
	}
	return true;
}

/* Keeps what is left. False: no memory. */
static bool tcp_keep_part(struct tcp_conn *c, const struct cursor *octets)
{
	uint8_t *part = NULL;

	if (octets->left) {
		part = malloc(octets->left);
		if (!part)
			return false;
		memcpy(part, octets->at, octets->left);
	}
	free(c->part);
	c->part = part;
	c->part_len = octets->left;
	return true;
}

/* What it has asked for may still be on its way: a job's answer, what the kernel did not take. */
static void tcp_half_closed(struct tcp_conn *c)
{
	if (c->ours || !c->spoke) {
		tcp_fail(c, tcp_closed_there);
		return;
	}
	c->eof = true;
	event_del(c->readable);
	tcp_timer_set(c, c->t->limits.flush_ms);
}

/* False: nothing more to read now, or ever. */
static bool tcp_receive(struct tcp_conn *c)
{
	struct tcp *t = c->t;
	struct cursor octets;
	ssize_t n;

	if (c->part_len)
		memcpy(t->buf, c->part, c->part_len);
	n = recv(c->fd, t->buf + c->part_len, TCP_CHUNK, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0)
		tcp_fail(c, strerrordesc_np(errno));
	else if (!n)
		tcp_half_closed(c);
	if (n <= 0)
		return false;
	if (c->hung_up)
		return true;
	octets = cursor_of(t->buf, c->part_len + (size_t)n);
	if (!tcp_take(c, &octets))
		tcp_fail(c, "what comes by it is not IKE in TCP (RFC 9329)");
	else if (!tcp_keep_part(c, &octets))
		tcp_fail(c, "no memory");
	return !c->failed && n == TCP_CHUNK;
}

static void tcp_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_conn *c = arg;

	for (int i = 0; i < TCP_BURST && tcp_receive(c); i++)
		;
}

static void tcp_on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_conn *c = arg;
	socklen_t len = sizeof(int);
	int err = 0;

	if (c->connecting) {
		getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
		if (err) {
			tcp_fail(c, strerrordesc_np(err));
			return;
		}
		c->connecting = false;
		event_add(c->readable, NULL);
		if (!c->hung_up)
			event_del(c->timer);
	}
	tcp_flush(c);
}

/* ---- connections */

/* Takes @fd over, also where it fails. */
static struct tcp_conn *tcp_conn_new(struct tcp *t, int fd)
{
	struct tcp_conn *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	c->t = t;
	c->fd = fd;
	c->stream = ++t->last;
	c->readable = event_new(t->base, fd, EV_READ | EV_PERSIST, tcp_on_readable, c);
	c->writable = event_new(t->base, fd, EV_WRITE | EV_PERSIST, tcp_on_writable, c);
	c->timer = event_new(t->base, -1, 0, tcp_on_timer, c);
	TAILQ_INSERT_TAIL(&t->conns, c, link);
	if (c->readable && c->writable && c->timer)
		return c;
	tcp_conn_free(c);
	return NULL;
}

uint64_t tcp_dial(struct tcp *t, struct endpoint *local, const struct endpoint *remote,
		  uint32_t mark, char why[TCP_WHY_MAX])
{
	const struct iovec prefix = { (void *)stream_prefix, sizeof(stream_prefix) };
	struct endpoint from = *local;
	struct tcp_conn *c;
	int fd;

	if (!mark)
		mark = CONFIG_FWMARK;
	if (tcp_count(t) - tcp_outside(t) >= TCP_DIALS_MAX) {
		snprintf(why, TCP_WHY_MAX, "%u connections of ours are there", TCP_DIALS_MAX);
		return 0;
	}
	fd = tcp_socket_dial(&from, remote, mark);
	if (fd < 0) {
		snprintf(why, TCP_WHY_MAX, "%s", strerror(errno));
		return 0;
	}
	c = tcp_conn_new(t, fd);
	if (!c) {
		snprintf(why, TCP_WHY_MAX, "no memory");
		return 0;
	}
	c->ours = c->connecting = c->prefixed = true;
	c->mark = mark;
	c->local = *local = from;
	c->remote = *remote;
	c->remote.stream = c->stream;
	tcp_timer_set(c, t->limits.connect_ms);
	event_add(c->writable, NULL);
	tcp_queue(c, &prefix, 1, 0);
	return c->stream;
}

void tcp_keep(struct tcp *t, uint64_t stream)
{
	struct tcp_conn *c = tcp_find(t, stream);

	if (!c || !tcp_is_stranger(c) || c->failed)
		return;
	c->kept = true;
	if (!c->eof)
		event_del(c->timer);
}

void tcp_hang_up(struct tcp *t, uint64_t stream)
{
	struct tcp_conn *c = tcp_find(t, stream);

	if (!c || c->failed || c->hung_up)
		return;
	if (c->kept) {
		c->kept = false;
		if (!c->eof)
			tcp_timer_set(c, t->limits.stranger_ms);
	} else if (c->ours) {
		c->hung_up = true;
		tcp_timer_set(c, t->limits.flush_ms);
		if (c->connecting)
			tcp_fail(c, "closed");
		else if (!c->queue_len)
			shutdown(c->fd, SHUT_WR);
	}
}

/* ---- who comes */

struct tcp_crowd {
	unsigned int count;
	struct tcp_conn *oldest;
	struct tcp_conn *silent;	/* the oldest of those that have said nothing, or all */
};

static void tcp_crowd_add(struct tcp_crowd *crowd, struct tcp_conn *c)
{
	crowd->count++;
	if (!crowd->oldest)
		crowd->oldest = c;
	if (!crowd->silent && (!c->spoke || c->eof))
		crowd->silent = c;
}

/* The one that is to give way, if one has come from @addr; NULL: there is room. */
static struct tcp_conn *tcp_oldest(struct tcp *t, const struct addr *addr, bool full)
{
	struct tcp_crowd all = { 0 }, near = { 0 };
	struct tcp_conn *c;

	TAILQ_FOREACH(c, &t->conns, link) {
		if (!tcp_is_stranger(c) || c->failed)
			continue;
		tcp_crowd_add(&all, c);
		if (addr_same_net(&c->remote.addr, addr))
			tcp_crowd_add(&near, c);
	}
	if (near.count >= TCP_STRANGERS_NET_MAX)
		return near.silent ? near.silent : near.oldest;
	if (all.count < TCP_STRANGERS_MAX && tcp_outside(t) < TCP_MAX && !full)
		return NULL;
	return all.silent ? all.silent : all.oldest;
}

static void tcp_enter(void *ctx, int fd, const struct endpoint *remote)
{
	struct tcp *t = ctx;
	struct tcp_conn *c = tcp_oldest(t, &remote->addr, false);

	if (c)
		tcp_lose(c, "closed: newer connections need its place");
	if (tcp_outside(t) >= TCP_MAX) {
		close(fd);
		return;
	}
	c = tcp_conn_new(t, fd);
	if (!c)
		return;
	c->remote = *remote;
	c->remote.stream = c->stream;
	c->mark = CONFIG_FWMARK;	/* its listener's */
	tcp_socket_tune(fd);
	if (!tcp_socket_name(fd, &c->local) || event_add(c->readable, NULL)) {
		tcp_conn_free(c);
		return;
	}
	tcp_timer_set(c, t->limits.silent_ms);
}

/* One gives way for what waits. */
static void tcp_out_of_descriptors(void *ctx)
{
	static const struct addr nowhere;
	struct tcp_conn *c = tcp_oldest(ctx, &nowhere, true);

	if (c)
		tcp_lose(c, "closed: newer connections need its place");
}

const char *tcp_trouble(const struct tcp *t, uint16_t port)
{
	return tcp_ports_trouble(t->ports, port);
}

void tcp_listen(struct tcp *t, const uint16_t *ports, unsigned int count)
{
	tcp_ports_set(t->ports, ports, count);
}

struct tcp *tcp_new(struct event_base *base, tcp_input_fn input, tcp_gone_fn gone, void *ctx,
		    const struct tcp_limits *limits)
{
	struct tcp *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->base = base;
	t->input = input;
	t->gone = gone;
	t->ctx = ctx;
	t->limits = limits ? *limits :
			     (struct tcp_limits){ TCP_STRANGER_MS, TCP_SILENT_MS, TCP_CONNECT_MS,
						  TCP_FLUSH_MS };
	TAILQ_INIT(&t->conns);
	t->ports = tcp_ports_new(base, tcp_enter, tcp_out_of_descriptors, t);
	if (t->ports)
		return t;
	free(t);
	return NULL;
}

void tcp_free(struct tcp *t)
{
	if (!t)
		return;
	while (!TAILQ_EMPTY(&t->conns))
		tcp_conn_free(TAILQ_FIRST(&t->conns));
	tcp_ports_free(t->ports);
	free(t);
}
