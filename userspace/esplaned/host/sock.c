// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
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
#define SOCK_PORTS	4
#define SOCK_PREFER_PUBLIC 0x0002	/* RFC 5014 5; linux/in6.h does not go with netinet/in.h */
#define SOCK_ROOM	(2 << 20)	/* octets that wait, as the kernel counts them */

/* A socket; IPv6 has its own, of nothing else. */
struct sock_port {
	struct sock *owner;
	int fd;			/* -1: not open, or the host has no IPv6 */
	struct event *ev;
};

struct sock {
	struct event_base *base;
	struct sock_port port[SOCK_PORTS];
	sock_input_fn input;
	void *ctx;
	uint8_t buf[DATAGRAM_MAX];
};

static const struct sock_place {
	uint16_t number;
	uint8_t family;
} sock_places[SOCK_PORTS] = {
	{ SOCK_PORT_IKE, AF_INET }, { SOCK_PORT_IKE, AF_INET6 },
	{ SOCK_PORT_NATT, AF_INET }, { SOCK_PORT_NATT, AF_INET6 },
};

static const struct sock_port *sock_port_of(const struct sock *s, uint16_t number, uint8_t family)
{
	return &s->port[2 * (number == SOCK_PORT_NATT) + (family == AF_INET6)];
}

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

/* Says where datagrams come to; lets what is long be fragmented. */
static bool sock_options(int fd, uint8_t family)
{
	int one = 1, fragment = IP_PMTUDISC_DONT;

	if (family == AF_INET)
		return !setsockopt(fd, SOL_IP, IP_PKTINFO, &one, sizeof(one)) &&
		       !setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, &fragment, sizeof(fragment));
	fragment = IPV6_PMTUDISC_DONT;
	return !setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &one, sizeof(one)) &&
	       !setsockopt(fd, SOL_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one)) &&
	       !setsockopt(fd, SOL_IPV6, IPV6_MTU_DISCOVER, &fragment, sizeof(fragment)) &&
	       /* ESP without a checksum of UDP has its own (RFC 6935 5) */
	       !setsockopt(fd, SOL_UDP, UDP_NO_CHECK6_RX, &one, sizeof(one));
}

static bool sock_bind(int fd, const struct sock_place *place)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(place->number) };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(place->number) };

	if (place->family == AF_INET)
		return !bind(fd, (struct sockaddr *)&in, sizeof(in));
	return !bind(fd, (struct sockaddr *)&in6, sizeof(in6));
}

static void sock_say_bind(uint16_t port, char why[SOCK_WHY_MAX])
{
	if (errno == EADDRINUSE)
		snprintf(why, SOCK_WHY_MAX,
			 "UDP port %u is taken, most likely by another IKE daemon (esplaned, "
			 "strongSwan's charon, Libreswan's pluto, iked): find it with "
			 "ss -ulpn sport = :%u and stop it",
			 port, port);
	else
		snprintf(why, SOCK_WHY_MAX, "UDP port %u cannot be bound: %s%s", port,
			 strerror(errno), errno == EACCES ? " (esplaned needs root)" : "");
}

static int sock_port_open(const struct sock_place *place, char why[SOCK_WHY_MAX])
{
	int fd = socket(place->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err = errno;

	if (fd < 0) {
		snprintf(why, SOCK_WHY_MAX, "cannot open a UDP socket: %s", strerror(err));
		errno = err;
		return -1;
	}
	mark_bypass_xfrm(fd, place->family);
	mark_set(fd, CONFIG_FWMARK);
	sock_room(fd);
	if (!sock_options(fd, place->family)) {
		snprintf(why, SOCK_WHY_MAX, "UDP port %u: %s", place->number, strerror(errno));
	} else {
		if (sock_bind(fd, place))
			return fd;
		sock_say_bind(place->number, why);
	}
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
	struct in6_pktinfo info6;
	struct in_pktinfo info;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(hdr); c; c = CMSG_NXTHDR(hdr, c)) {
		if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO &&
		    c->cmsg_len >= CMSG_LEN(sizeof(info))) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			return addr_from_bytes(addr, (const uint8_t *)&info.ipi_addr,
					       sizeof(info.ipi_addr));
		}
		if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
		    c->cmsg_len >= CMSG_LEN(sizeof(info6))) {
			memcpy(&info6, CMSG_DATA(c), sizeof(info6));
			return addr_from_bytes(addr, (const uint8_t *)&info6.ipi6_addr,
					       sizeof(info6.ipi6_addr));
		}
	}
	return false;
}

/* A link-local one says nothing without its interface; from a group's nobody sends. */
static bool sock_can_answer(const struct addr *local, const struct addr *remote)
{
	return !addr_is_link_local(remote) && addr_is_hosts(local);
}

/* False: nothing more to read. */
static bool sock_receive(struct sock *s, int fd, uint16_t port)
{
	union { struct cmsghdr align; char b[CMSG_SPACE(sizeof(struct in6_pktinfo))]; } control;
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
	    !sock_local_addr(&hdr, &local.addr) || !sock_can_answer(&local.addr, &remote.addr) ||
	    !sock_unmark(port, &msg, &len))
		return true;
	s->input(s->ctx, &local, &remote, msg, len);
	return true;
}

static void sock_on_readable(evutil_socket_t fd, short what, void *arg)
{
	const struct sock_port *p = arg;
	uint16_t number = sock_places[p - p->owner->port].number;

	for (int i = 0; i < BURST && sock_receive(p->owner, fd, number); i++)
		;
}

static bool sock_listen_on(struct sock *s, int i, char why[SOCK_WHY_MAX])
{
	struct sock_port *p = &s->port[i];

	p->fd = sock_port_open(&sock_places[i], why);
	/* a kernel without it */
	if (p->fd < 0 && errno == EAFNOSUPPORT && sock_places[i].family == AF_INET6) {
		log_info("UDP port %u: no IPv6 on this host", sock_places[i].number);
		return true;
	}
	if (p->fd < 0)
		return false;
	p->ev = event_new(s->base, p->fd, EV_READ | EV_PERSIST, sock_on_readable, p);
	if (p->ev && !event_add(p->ev, NULL))
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
	for (int i = 0; i < SOCK_PORTS; i++)
		s->port[i] = (struct sock_port){ .owner = s, .fd = -1 };
	if (sock_listen_on(s, 0, why) && sock_listen_on(s, 1, why))
		return s;
	sock_free(s);
	return NULL;
}

bool sock_open_natt(struct sock *s, char why[SOCK_WHY_MAX])
{
	return sock_listen_on(s, 2, why) && sock_listen_on(s, 3, why);
}

void sock_free(struct sock *s)
{
	if (!s)
		return;
	for (int i = SOCK_PORTS; i--;) {	/* 500 last: it is the mark of the daemon */
		if (s->port[i].ev)
			event_free(s->port[i].ev);
		if (s->port[i].fd >= 0)
			close(s->port[i].fd);
	}
	free(s);
}

int sock_natt_fd(const struct sock *s, uint8_t family)
{
	return sock_port_of(s, SOCK_PORT_NATT, family)->fd;
}

union sock_control {
	struct cmsghdr align;
	char b[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t))];
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
	struct in6_pktinfo info6 = { 0 };
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
	} else if (local->addr.family == AF_INET6) {
		memcpy(&info6.ipi6_addr, local->addr.b, sizeof(info6.ipi6_addr));
		sock_control_add(&hdr, SOL_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
	}
	if (mark && mark != CONFIG_FWMARK)
		sock_control_add(&hdr, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (sendmsg(sock_port_of(s, local->port, remote->addr.family)->fd, &hdr, MSG_NOSIGNAL) < 0)
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
	int lasting = SOCK_PREFER_PUBLIC;
	struct sockaddr_storage ss;
	socklen_t len;
	bool ok;
	int fd;

	fd = socket(remote->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	endpoint_to_sockaddr(&to, &ss, &len);
	mark_set(fd, mark ? mark : CONFIG_FWMARK);
	/* one of those that change each day (RFC 8981) would not last as long as a tunnel */
	if (remote->family == AF_INET6)
		setsockopt(fd, SOL_IPV6, IPV6_ADDR_PREFERENCES, &lasting, sizeof(lasting));
	ok = !connect(fd, (struct sockaddr *)&ss, len);
	len = sizeof(ss);
	ok = ok && !getsockname(fd, (struct sockaddr *)&ss, &len) &&
	     endpoint_from_sockaddr(&from, (struct sockaddr *)&ss);
	close(fd);
	/* what has lost its addresses of IPv6 still has that of its link, and routes */
	ok = ok && !addr_is_link_local(&from.addr);
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
