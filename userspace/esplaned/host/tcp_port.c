// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/tcp_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "esplaned/host/mark.h"
#include "esplaned/host/tcp_socket.h"
#include "lib/array.h"
#include "lib/log.h"

#define TCP_BACKLOG	64
#define TCP_PAUSE_S	1	/* without descriptors nothing is accepted for so long */
#define TCP_AGAIN_S	5	/* between tries of a port that cannot be had */
#define TCP_PORT_SOCKETS	(CONFIG_TCP_PORTS_MAX * ADDR_FAMILIES)

/* A socket of a port; IPv6 has its own, of nothing else. */
struct tcp_port {
	struct tcp_ports *t;
	uint16_t port;			/* 0: none */
	uint8_t family;
	int fd;
	struct event *ev;		/* NULL: it is not listened at, @err */
	int err;
};

struct tcp_ports {
	struct event_base *base;
	tcp_ports_accept_fn accept;
	tcp_ports_full_fn full;
	void *ctx;
	struct tcp_port port[TCP_PORT_SOCKETS];
	struct event *pause, *again;
};

static void tcp_port_on_pause(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_ports *t = arg;

	for (unsigned int i = 0; i < TCP_PORT_SOCKETS; i++)
		if (t->port[i].ev)
			event_add(t->port[i].ev, NULL);
}

/* Without descriptors what waits would wake us again and again. */
static void tcp_port_pause(struct tcp_port *p)
{
	static const struct timeval span = { .tv_sec = TCP_PAUSE_S };

	log_warn("TCP port %u: %s", p->port, strerror(errno));
	p->t->full(p->t->ctx);
	for (unsigned int i = 0; i < TCP_PORT_SOCKETS; i++)
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

	/* a link-local one says nothing without its interface, which an endpoint has not */
	if (fd >= 0 && endpoint_from_sockaddr(&remote, (struct sockaddr *)&ss) &&
	    !addr_is_link_local(&remote.addr))
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
	const struct endpoint any = { .addr.family = p->family, .port = p->port };
	struct sockaddr_storage ss;
	socklen_t len;
	int one = 1;

	p->fd = socket(p->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		return false;
	mark_bypass_xfrm(p->fd, p->family);
	mark_set(p->fd, CONFIG_FWMARK);
	endpoint_to_sockaddr(&any, &ss, &len);
	/* connections of a daemon before this one may still be in TIME_WAIT */
	if (!tcp_socket_split(p->fd, p->family) ||
	    setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(p->fd, (struct sockaddr *)&ss, len) || listen(p->fd, TCP_BACKLOG))
		return false;
	p->ev = event_new(p->t->base, p->fd, EV_READ | EV_PERSIST, tcp_port_on_connection, p);
	errno = ENOMEM;
	return p->ev && !event_add(p->ev, NULL);
}

/* The host has no IPv6, as UDP's sockets have said. */
static bool tcp_port_is_needless(const struct tcp_port *p)
{
	return p->family == AF_INET6 && p->err == EAFNOSUPPORT;
}

/* What cannot be had is tried again, and logged when it is something else. */
static void tcp_port_open(struct tcp_port *p)
{
	static const struct timeval span = { .tv_sec = TCP_AGAIN_S };
	const char *by = p->family == AF_INET6 ? " by IPv6" : "";
	int before = p->err;

	if (tcp_port_try(p)) {
		p->err = 0;
		log_info("TCP port %u: listening for IKE%s", p->port, by);
		return;
	}
	p->err = errno;
	tcp_port_close(p);
	if (tcp_port_is_needless(p))
		return;
	if (p->err != before)
		log_err("TCP port %u cannot be listened at%s: %s%s; it is tried again every %u s",
			p->port, by, strerrordesc_np(p->err), p->err == EADDRINUSE ?
			": find who has it with ss -tlpn" : "", TCP_AGAIN_S);
	event_add(p->t->again, &span);
}

static void tcp_port_on_again(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_ports *t = arg;

	for (unsigned int i = 0; i < TCP_PORT_SOCKETS; i++)
		if (t->port[i].port && !t->port[i].ev && !tcp_port_is_needless(&t->port[i]))
			tcp_port_open(&t->port[i]);
}

static struct tcp_port *tcp_port_of(const struct tcp_ports *t, uint16_t port, uint8_t family)
{
	for (unsigned int i = 0; i < TCP_PORT_SOCKETS; i++)
		if (t->port[i].port == port && (t->port[i].family == family || !port))
			return (struct tcp_port *)&t->port[i];
	return NULL;
}

const char *tcp_ports_trouble(const struct tcp_ports *t, uint16_t port)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct tcp_port *p = tcp_port_of(t, port, families[i]);

		if (!p)
			return "it is not open";
		if (!p->ev && !tcp_port_is_needless(p))
			return strerrordesc_np(p->err);
	}
	return NULL;
}

static void tcp_port_want(struct tcp_ports *t, uint16_t port, uint8_t family)
{
	struct tcp_port *p = tcp_port_of(t, port, family);

	if (!p)
		p = tcp_port_of(t, 0, family);
	if (!p || p->ev)
		return;
	p->port = port;
	p->family = family;
	tcp_port_open(p);
}

void tcp_ports_set(struct tcp_ports *t, const uint16_t *ports, unsigned int count)
{
	for (unsigned int i = 0; i < TCP_PORT_SOCKETS; i++) {
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
		tcp_port_want(t, ports[i], AF_INET);
		tcp_port_want(t, ports[i], AF_INET6);
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
	for (unsigned int i = 0; i < TCP_PORT_SOCKETS; i++)
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
	for (unsigned int i = 0; i < TCP_PORT_SOCKETS; i++)
		tcp_port_close(&t->port[i]);
	if (t->pause)
		event_free(t->pause);
	if (t->again)
		event_free(t->again);
	free(t);
}
