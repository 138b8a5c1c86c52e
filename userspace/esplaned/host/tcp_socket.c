// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/tcp_socket.h"

#include <errno.h>
#include <linux/in6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "esplaned/host/mark.h"
#include "lib/array.h"
#include "lib/log.h"

#define TCP_IDLE_S	60	/* then the kernel asks whether the other end is there, */
#define TCP_ASK_S	15	/* so often, */
#define TCP_DEAD_MS	20000	/* and gives up a connection that answers nothing */

void tcp_socket_tune(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ SOL_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ SOL_TCP, TCP_KEEPIDLE, TCP_IDLE_S },
		{ SOL_TCP, TCP_KEEPINTVL, TCP_ASK_S },
		{ SOL_TCP, TCP_USER_TIMEOUT, TCP_DEAD_MS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			       sizeof(int)))
			log_debug("TCP option %d: %s", options[i].name, strerror(errno));
}

bool tcp_socket_name(int fd, struct endpoint *local)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	return !getsockname(fd, (struct sockaddr *)&ss, &len) &&
	       endpoint_from_sockaddr(local, (struct sockaddr *)&ss);
}

/* As it has come, every answer has it. Without a right to that they have labels by chance. */
static bool tcp_socket_reflect(int fd)
{
	struct in6_flowlabel_req req = {
		.flr_action = IPV6_FL_A_GET, .flr_flags = IPV6_FL_F_REFLECT,
	};

	return !setsockopt(fd, SOL_IPV6, IPV6_FLOWLABEL_MGR, &req, sizeof(req));
}

bool tcp_socket_split(int fd, uint8_t family)
{
	int one = 1;

	if (family == AF_INET)
		return true;
	if (!tcp_socket_reflect(fd))
		log_debug("IPv6 flow labels: %s", strerror(errno));
	return !setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &one, sizeof(one));
}

/* FNV-1a, of 32 bits. */
static uint32_t tcp_socket_hash(const uint8_t *at, size_t len)
{
	uint32_t hash = 2166136261;

	while (len--)
		hash = (hash ^ *at++) * 16777619;
	return hash;
}

/*
 * RFC 9329 6.1: it stays with the next connection to the peer, so that routers which share out by
 * it send that the same way. The kernel takes those above 0x80000 for its own, where it is told to.
 */
static void tcp_socket_label(int fd, struct sockaddr_in6 *to)
{
	struct in6_flowlabel_req req = {
		.flr_dst = to->sin6_addr, .flr_action = IPV6_FL_A_GET, .flr_share = IPV6_FL_S_ANY,
		.flr_flags = IPV6_FL_F_CREATE,
	};
	int one = 1;

	if (to->sin6_family != AF_INET6)
		return;
	req.flr_label = htonl((tcp_socket_hash(to->sin6_addr.s6_addr, 16) % 0x7ffff) + 1);
	if (!setsockopt(fd, SOL_IPV6, IPV6_FLOWLABEL_MGR, &req, sizeof(req)) &&
	    !setsockopt(fd, SOL_IPV6, IPV6_FLOWINFO_SEND, &one, sizeof(one)))
		to->sin6_flowinfo = req.flr_label;
	else
		log_debug("IPv6 flow labels: %s", strerror(errno));
}

int tcp_socket_dial(struct endpoint *local, const struct endpoint *remote, uint32_t mark)
{
	const struct endpoint from = { .addr = local->addr };
	struct sockaddr_storage ss;
	int fd, err, one = 1;
	socklen_t len;

	fd = socket(remote->addr.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	mark_bypass_xfrm(fd, remote->addr.family);
	mark_set(fd, mark);
	tcp_socket_tune(fd);
	setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	endpoint_to_sockaddr(&from, &ss, &len);
	if (!bind(fd, (struct sockaddr *)&ss, len)) {
		endpoint_to_sockaddr(remote, &ss, &len);
		tcp_socket_label(fd, (struct sockaddr_in6 *)&ss);
		if ((!connect(fd, (struct sockaddr *)&ss, len) || errno == EINPROGRESS) &&
		    tcp_socket_name(fd, local))
			return fd;
	}
	err = errno;
	close(fd);
	errno = err;
	return -1;
}
