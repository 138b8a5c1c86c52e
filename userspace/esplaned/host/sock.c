// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "esplaned/conf/config.h"
#include "esplaned/host/mark.h"
#include "lib/log.h"

#define DATAGRAM_MAX	65536
#define BURST		64	/* datagrams read before other events get their turn */
#define MARKER_LEN	4
#define SOCK_ROOM	(2 << 20)	/* octets that wait, as the kernel counts them */

struct sock {
	struct event_base *base;
	struct {
		int fd;
		struct event *ev;
	} port[2];		/* IKE, then NAT-T */
	sock_input_fn input;
	void *ctx;
	uint8_t buf[DATAGRAM_MAX];
};

/*
 * All clients of a gateway that begins anew come within one second, while the engine computes for
 * the first: what waits for it would not fit the kernel's default of about 200 datagrams. Without
 * the right to do so the kernel takes as much as it allows.
 */
static void sock_room(int fd)
{
	int octets = SOCK_ROOM;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
}

static int sock_port_open(uint16_t port, char why[SOCK_WHY_MAX])
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	int one = 1, fragment = IP_PMTUDISC_DONT, fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		snprintf(why, SOCK_WHY_MAX, "cannot open a UDP socket: %s", strerror(errno));
		return -1;
	}
	if (setsockopt(fd, SOL_IP, IP_PKTINFO, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, &fragment, sizeof(fragment))) {
		snprintf(why, SOCK_WHY_MAX, "UDP port %u: %s", port, strerror(errno));
		goto close;
	}
	mark_bypass_xfrm(fd);
	mark_set(fd, CONFIG_FWMARK);
	sock_room(fd);
	if (!bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		return fd;
	if (errno == EADDRINUSE)
		snprintf(why, SOCK_WHY_MAX,
			 "UDP port %u is taken, most likely by another IKE daemon (esplaned, "
			 "strongSwan's charon, Libreswan's pluto, iked): find it with "
			 "ss -ulpn sport = :%u and stop it",
			 port, port);
	else
		snprintf(why, SOCK_WHY_MAX, "UDP port %u cannot be bound: %s%s", port,
			 strerror(errno), errno == EACCES ? " (esplaned needs root)" : "");
close:
	close(fd);
	return -1;
}

/* Takes off the marker; false: not IKE (a keepalive, or ESP that no module took). */
static bool sock_unmark(uint16_t port, const uint8_t **msg, size_t *len)
{
	static const uint8_t marker[MARKER_LEN];

	if (port != SOCK_PORT_NATT)
		return true;
	if (*len < MARKER_LEN || memcmp(*msg, marker, MARKER_LEN))
		return false;
	*msg += MARKER_LEN;
	*len -= MARKER_LEN;
	return true;
}

static bool sock_local_addr(struct msghdr *hdr, struct addr *addr)
{
	struct cmsghdr *c;
	struct in_pktinfo info;

	for (c = CMSG_FIRSTHDR(hdr); c; c = CMSG_NXTHDR(hdr, c)) {
		if (c->cmsg_level != SOL_IP || c->cmsg_type != IP_PKTINFO ||
		    c->cmsg_len < CMSG_LEN(sizeof(info)))
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		return addr_from_bytes(addr, (const uint8_t *)&info.ipi_addr,
				       sizeof(info.ipi_addr));
	}
	return false;
}

/* False: nothing more to read. */
static bool sock_receive(struct sock *s, int fd, uint16_t port)
{
	union { struct cmsghdr align; char b[CMSG_SPACE(sizeof(struct in_pktinfo))]; } control;
	struct iovec iov = { .iov_base = s->buf, .iov_len = sizeof(s->buf) };
	struct endpoint local = { .port = port }, remote;
	struct sockaddr_storage from;
	struct msghdr hdr = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	const uint8_t *msg = s->buf;
	ssize_t n = recvmsg(fd, &hdr, 0);
	size_t len = (size_t)n;

	if (n < 0)
		return errno != EAGAIN && errno != EBADF;
	if (hdr.msg_flags & MSG_TRUNC || !hdr.msg_namelen ||
	    !endpoint_from_sockaddr(&remote, (struct sockaddr *)&from) || !remote.port ||
	    !sock_local_addr(&hdr, &local.addr) || !sock_unmark(port, &msg, &len))
		return true;
	s->input(s->ctx, &local, &remote, msg, len);
	return true;
}

static void sock_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct sock *s = arg;
	uint16_t port = fd == s->port[1].fd ? SOCK_PORT_NATT : SOCK_PORT_IKE;

	for (int i = 0; i < BURST && sock_receive(s, fd, port); i++)
		;
}

static bool sock_listen_on(struct sock *s, int i, char why[SOCK_WHY_MAX])
{
	static const uint16_t ports[2] = { SOCK_PORT_IKE, SOCK_PORT_NATT };

	s->port[i].fd = sock_port_open(ports[i], why);
	if (s->port[i].fd < 0)
		return false;
	s->port[i].ev = event_new(s->base, s->port[i].fd, EV_READ | EV_PERSIST, sock_on_readable,
				  s);
	if (s->port[i].ev && !event_add(s->port[i].ev, NULL))
		return true;
	snprintf(why, SOCK_WHY_MAX, "no memory");
	return false;
}

struct sock *sock_new(struct event_base *base, sock_input_fn input, void *ctx,
		      char why[SOCK_WHY_MAX])
{
	struct sock *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(why, SOCK_WHY_MAX, "no memory");
		return NULL;
	}
	s->base = base;
	s->input = input;
	s->ctx = ctx;
	s->port[0].fd = -1;
	s->port[1].fd = -1;
	if (sock_listen_on(s, 0, why))
		return s;
	sock_free(s);
	return NULL;
}

bool sock_open_natt(struct sock *s, char why[SOCK_WHY_MAX])
{
	return sock_listen_on(s, 1, why);
}

void sock_free(struct sock *s)
{
	if (!s)
		return;
	for (int i = 2; i--;) {	/* 500 last: it is the mark of the daemon */
		if (s->port[i].ev)
			event_free(s->port[i].ev);
		if (s->port[i].fd >= 0)
			close(s->port[i].fd);
	}
	free(s);
}

int sock_natt_fd(const struct sock *s)
{
	return s->port[1].fd;
}

union sock_control {
	struct cmsghdr align;
	char b[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint32_t))];
};

/* Appends a control message to @hdr, whose buffer is zeroed and has room. */
static void sock_control_add(struct msghdr *hdr, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)((char *)hdr->msg_control + hdr->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	hdr->msg_controllen += CMSG_SPACE(len);
}

static void sock_send_parts(struct sock *s, const struct endpoint *local,
			    const struct endpoint *remote, uint32_t mark, struct iovec *iov,
			    size_t count)
{
	union sock_control control = { 0 };
	struct in_pktinfo info = { 0 };
	struct sockaddr_storage to;
	struct msghdr hdr = {
		.msg_name = &to, .msg_iov = iov, .msg_iovlen = count, .msg_control = &control,
	};
	char text[ADDR_STRLEN];

	endpoint_to_sockaddr(remote, &to, &hdr.msg_namelen);
	if (local->addr.family == AF_INET) {
		memcpy(&info.ipi_spec_dst, local->addr.b, sizeof(info.ipi_spec_dst));
		sock_control_add(&hdr, SOL_IP, IP_PKTINFO, &info, sizeof(info));
	}
	if (mark && mark != CONFIG_FWMARK)
		sock_control_add(&hdr, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (sendmsg(s->port[local->port == SOCK_PORT_NATT].fd, &hdr, MSG_NOSIGNAL) < 0)
		log_debug("to %s: %s", endpoint_str(remote, text), strerror(errno));
}

void sock_send(struct sock *s, const struct endpoint *local, const struct endpoint *remote,
	       uint32_t mark, const uint8_t *msg, size_t len)
{
	static uint8_t marker[MARKER_LEN];
	struct iovec iov[2] = {
		{ .iov_base = marker, .iov_len = sizeof(marker) },
		{ .iov_base = (void *)msg, .iov_len = len },
	};
	bool natt = local->port == SOCK_PORT_NATT;

	sock_send_parts(s, local, remote, mark, natt ? iov : iov + 1, natt ? 2 : 1);
}

void sock_keepalive(struct sock *s, const struct endpoint *local, const struct endpoint *remote,
		    uint32_t mark)
{
	static uint8_t octet = 0xff;
	struct iovec iov = { .iov_base = &octet, .iov_len = 1 };

	sock_send_parts(s, local, remote, mark, &iov, 1);
}

bool sock_source_for(const struct addr *remote, uint32_t mark, struct addr *local)
{
	struct endpoint to = { .addr = *remote, .port = SOCK_PORT_IKE }, from;
	struct sockaddr_storage ss;
	socklen_t len;
	bool ok;
	int fd;

	fd = socket(remote->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	endpoint_to_sockaddr(&to, &ss, &len);
	mark_set(fd, mark ? mark : CONFIG_FWMARK);
	ok = !connect(fd, (struct sockaddr *)&ss, len);
	len = sizeof(ss);
	ok = ok && !getsockname(fd, (struct sockaddr *)&ss, &len) &&
	     endpoint_from_sockaddr(&from, (struct sockaddr *)&ss);
	close(fd);
	if (ok)
		*local = from.addr;
	return ok;
}

/* ip_nonlocal_bind allows any: who sets it has reasons. */
bool sock_local_ok(const struct addr *local, char why[SOCK_WHY_MAX])
{
	struct endpoint any_port = { .addr = *local };
	struct sockaddr_storage ss;
	char text[ADDR_STRLEN];
	socklen_t len;
	int fd, rc;

	fd = socket(local->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		snprintf(why, SOCK_WHY_MAX, "cannot open a UDP socket: %s", strerror(errno));
		return false;
	}
	endpoint_to_sockaddr(&any_port, &ss, &len);
	rc = bind(fd, (struct sockaddr *)&ss, len);
	if (rc && errno == EADDRNOTAVAIL)
		snprintf(why, SOCK_WHY_MAX, "local %s is not an address of this host",
			 addr_str(local, text));
	else if (rc)
		snprintf(why, SOCK_WHY_MAX, "local %s: %s", addr_str(local, text), strerror(errno));
	close(fd);
	return !rc;
}
