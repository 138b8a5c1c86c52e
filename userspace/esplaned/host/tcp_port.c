// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/tcp_port.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "esplaned/host/mark.h"
#include "lib/log.h"

#define TCP_BACKLOG	64
#define TCP_PAUSE_S	1	/* without descriptors nothing is accepted for so long */
#define TCP_AGAIN_S	5	/* between tries of a port that cannot be had */

struct tcp_port {
	struct tcp_ports *t;
	uint16_t port;			/* 0: none */
	int fd;
	struct event *ev;		/* NULL: it is not listened at, @err */
	int err;
};

struct tcp_ports {
	struct event_base *base;
	tcp_ports_accept_fn accept;
	tcp_ports_full_fn full;
	void *ctx;
	struct tcp_port port[CONFIG_TCP_PORTS_MAX];
	struct event *pause, *again;
};

static void tcp_port_on_pause(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_ports *t = arg;

	for (unsigned int i = 0; i < CONFIG_TCP_PORTS_MAX; i++)
		if (t->port[i].ev)
			event_add(t->port[i].ev, NULL);
}

/* Without descriptors what waits would wake us again and again. */
static void tcp_port_pause(struct tcp_port *p)
{
	static const struct timeval span = { .tv_sec = TCP_PAUSE_S };

	log_warn("TCP port %u: %s", p->port, strerror(errno));
	p->t->full(p->t->ctx);
	for (unsigned int i = 0; i < CONFIG_TCP_PORTS_MAX; i++)
		if (p->t->port[i].ev)
			event_del(p->t->port[i].ev);
	event_add(p->t->pause, &span);
}

static void tcp_port_on_connection(evutil_socket_t listener, short what, void *arg)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	struct tcp_port *p = arg;
	struct endpoint remote = { 0 };
	int fd = accept4(listener, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0 && endpoint_from_sockaddr(&remote, (struct sockaddr *)&ss))
		p->t->accept(p->t->ctx, fd, &remote);
	else if (fd >= 0)
		close(fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		tcp_port_pause(p);
}

static void tcp_port_close(struct tcp_port *p)
{
	if (p->ev)
		event_free(p->ev);
	if (p->fd >= 0)
		close(p->fd);
	p->ev = NULL;
	p->fd = -1;
}

static bool tcp_port_try(struct tcp_port *p)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(p->port) };
	int one = 1;

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		return false;
	mark_bypass_xfrm(p->fd, AF_INET);
	mark_set(p->fd, CONFIG_FWMARK);
	/* connections of a daemon before this one may still be in TIME_WAIT */
	if (setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(p->fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(p->fd, TCP_BACKLOG))
		return false;
	p->ev = event_new(p->t->base, p->fd, EV_READ | EV_PERSIST, tcp_port_on_connection, p);
	errno = ENOMEM;
	return p->ev && !event_add(p->ev, NULL);
}

/* What cannot be had is tried again, and logged when it is something else. */
static void tcp_port_open(struct tcp_port *p)
{
	static const struct timeval span = { .tv_sec = TCP_AGAIN_S };
	int before = p->err;

	if (tcp_port_try(p)) {
		p->err = 0;
		log_info("TCP port %u: listening for IKE", p->port);
		return;
	}
	p->err = errno;
	tcp_port_close(p);
	if (p->err != before)
		log_err("TCP port %u cannot be listened at: %s%s; it is tried again every %u s",
			p->port, strerrordesc_np(p->err), p->err == EADDRINUSE ?
			": find who has it with ss -tlpn" : "", TCP_AGAIN_S);
	event_add(p->t->again, &span);
}

static void tcp_port_on_again(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_ports *t = arg;

	for (unsigned int i = 0; i < CONFIG_TCP_PORTS_MAX; i++)
		if (t->port[i].port && !t->port[i].ev)
			tcp_port_open(&t->port[i]);
}

static struct tcp_port *tcp_port_of(const struct tcp_ports *t, uint16_t port)
{
	for (unsigned int i = 0; i < CONFIG_TCP_PORTS_MAX; i++)
		if (t->port[i].port == port)
			return (struct tcp_port *)&t->port[i];
	return NULL;
}

const char *tcp_ports_trouble(const struct tcp_ports *t, uint16_t port)
{
	const struct tcp_port *p = tcp_port_of(t, port);

	return !p ? "it is not open" : p->ev ? NULL : strerrordesc_np(p->err);
}

void tcp_ports_set(struct tcp_ports *t, const uint16_t *ports, unsigned int count)
{
	for (unsigned int i = 0; i < CONFIG_TCP_PORTS_MAX; i++) {
		struct tcp_port *p = &t->port[i];
		unsigned int at = 0;

		while (at < count && ports[at] != p->port)
			at++;
		if (at < count || !p->port)
			continue;
		tcp_port_close(p);
		*p = (struct tcp_port){ .t = t, .fd = -1 };
	}
	for (unsigned int i = 0; i < count; i++) {
		struct tcp_port *p = tcp_port_of(t, ports[i]);

		if (!p)
			p = tcp_port_of(t, 0);
		if (!p || p->ev)
			continue;
		p->port = ports[i];
		tcp_port_open(p);
	}
}

struct tcp_ports *tcp_ports_new(struct event_base *base, tcp_ports_accept_fn accept,
				tcp_ports_full_fn full, void *ctx)
{
	struct tcp_ports *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->base = base;
	t->accept = accept;
	t->full = full;
	t->ctx = ctx;
	for (unsigned int i = 0; i < CONFIG_TCP_PORTS_MAX; i++)
		t->port[i] = (struct tcp_port){ .t = t, .fd = -1 };
	t->pause = event_new(base, -1, 0, tcp_port_on_pause, t);
	t->again = event_new(base, -1, 0, tcp_port_on_again, t);
	if (t->pause && t->again)
		return t;
	tcp_ports_free(t);
	return NULL;
}

void tcp_ports_free(struct tcp_ports *t)
{
	for (unsigned int i = 0; i < CONFIG_TCP_PORTS_MAX; i++)
		tcp_port_close(&t->port[i]);
	if (t->pause)
		event_free(t->pause);
	if (t->again)
		event_free(t->again);
	free(t);
}
