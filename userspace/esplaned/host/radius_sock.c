// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/radius_sock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "esplaned/host/clock.h"
#include "wire/radius.h"

#define RADIUS_SOCK_IDS		256
#define RADIUS_SOCK_TURN	16	/* datagrams of a turn of the loop */

struct radius_sock_request {
	radius_sock_fn fn;		/* NULL: the identifier is free */
	void *ctx;
};

struct radius_sock {
	struct radius_sock *next;
	struct radius_socks *all;
	struct endpoint server;
	struct event *readable;		/* NULL: it is not open */
	unsigned int count;		/* requests */
	uint8_t last;			/* identifier that was taken */
	uint64_t silent_until;		/* ms, of clock_now() */
	struct radius_sock_request request[RADIUS_SOCK_IDS];
};

struct radius_socks {
	struct event_base *base;
	struct radius_sock *first;
	uint8_t packet[RADIUS_PACKET_MAX];
};

struct radius_socks *radius_socks_new(struct event_base *base)
{
	struct radius_socks *all = calloc(1, sizeof(*all));

	if (all)
		all->base = base;
	return all;
}

static void radius_sock_close(struct radius_sock *s)
{
	if (!s->readable)
		return;
	close(event_get_fd(s->readable));
	event_free(s->readable);
	s->readable = NULL;
}

static void radius_sock_free(struct radius_sock *s)
{
	struct radius_sock **at = &s->all->first;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	radius_sock_close(s);
	free(s);
}

void radius_socks_free(struct radius_socks *all)
{
	while (all && all->first)
		radius_sock_free(all->first);
	free(all);
}

static struct radius_sock *radius_sock_find(const struct radius_socks *all,
					    const struct endpoint *server)
{
	struct radius_sock *s = all->first;

	while (s && !endpoint_equal(&s->server, server))
		s = s->next;
	return s;
}

/* A server that nobody asks gives way to another one. */
static struct radius_sock *radius_sock_new(struct radius_socks *all, const struct endpoint *server)
{
	struct radius_sock *s, *idle = NULL;
	unsigned int count = 0;

	for (s = all->first; s; s = s->next, count++)
		idle = s->count ? idle : s;
	if (count >= RADIUS_SOCK_SERVERS_MAX && !idle)
		return NULL;
	if (count >= RADIUS_SOCK_SERVERS_MAX)
		radius_sock_free(idle);
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->all = all;
	s->server = *server;
	s->next = all->first;
	all->first = s;
	return s;
}

/* Any of the functions that it calls may give requests back, which closes it at the last one. */
static void radius_sock_on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct radius_sock *s = ctx;
	uint8_t *packet = s->all->packet;

	for (unsigned int i = 0; i < RADIUS_SOCK_TURN && s->readable; i++) {
		ssize_t n = recv(fd, packet, RADIUS_PACKET_MAX, MSG_DONTWAIT);
		struct radius_sock_request *r;

		if (n < 0)
			return;
		r = n < RADIUS_HEADER_LEN ? NULL : &s->request[packet[1]];
		if (r && r->fn)
			r->fn(r->ctx, (struct chunk){ packet, (size_t)n });
	}
}

static bool radius_sock_open(struct radius_sock *s)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	endpoint_to_sockaddr(&s->server, &ss, &len);
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	if (!connect(fd, (struct sockaddr *)&ss, len))
		s->readable = event_new(s->all->base, fd, EV_READ | EV_PERSIST,
					radius_sock_on_readable, s);
	if (s->readable && !event_add(s->readable, NULL))
		return true;
	if (s->readable)
		event_free(s->readable);
	s->readable = NULL;
	close(fd);
	return false;
}

struct radius_sock *radius_sock_take(struct radius_socks *all, const struct endpoint *server,
				     radius_sock_fn fn, void *ctx, uint8_t *id, const char **why)
{
	struct radius_sock *s = radius_sock_find(all, server);

	if (!s)
		s = radius_sock_new(all, server);
	*why = "no memory, or too many servers are asked at once";
	if (!s)
		return NULL;
	*why = "too many requests wait for it";
	if (s->count == RADIUS_SOCK_IDS)
		return NULL;
	*why = "it cannot be reached from here";
	if (!s->readable) {
		crypto_random(&s->last, sizeof(s->last));
		if (!radius_sock_open(s))
			return NULL;
	}
	while (s->request[++s->last].fn)
		;
	*id = s->last;
	s->request[*id] = (struct radius_sock_request){ .fn = fn, .ctx = ctx };
	s->count++;
	return s;
}

void radius_sock_give(struct radius_sock *s, uint8_t id)
{
	if (!s)
		return;
	s->request[id].fn = NULL;
	if (!--s->count)
		radius_sock_close(s);
}

void radius_sock_send(struct radius_sock *s, struct chunk packet)
{
	/* an error that an ICMP message has left behind is reported instead: that is not a loss */
	if (send(event_get_fd(s->readable), packet.p, packet.len, MSG_DONTWAIT) < 0)
		send(event_get_fd(s->readable), packet.p, packet.len, MSG_DONTWAIT);
}

bool radius_sock_is_silent(const struct radius_socks *all, const struct endpoint *server)
{
	const struct radius_sock *s = radius_sock_find(all, server);

	return s && clock_now() < s->silent_until;
}

void radius_sock_heard(struct radius_sock *s, bool answered)
{
	s->silent_until = answered ? 0 : clock_now() + RADIUS_SOCK_SILENCE_MS;
}
