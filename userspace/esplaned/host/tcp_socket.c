// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/tcp_socket.h"

#include <errno.h>
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

int tcp_socket_dial(struct endpoint *local, const struct endpoint *remote, uint32_t mark)
{
	const struct endpoint from = { .addr = local->addr };
	struct sockaddr_storage ss;
	int fd, err, one = 1;
	socklen_t len;

	if (remote->addr.family != AF_INET) {	/* as the ports that are listened at, so far */
		errno = EAFNOSUPPORT;
		return -1;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	mark_bypass_xfrm(fd, AF_INET);
	mark_set(fd, mark);
	tcp_socket_tune(fd);
	setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	endpoint_to_sockaddr(&from, &ss, &len);
	if (!bind(fd, (struct sockaddr *)&ss, len)) {
		endpoint_to_sockaddr(remote, &ss, &len);
		if ((!connect(fd, (struct sockaddr *)&ss, len) || errno == EINPROGRESS) &&
		    tcp_socket_name(fd, local))
			return fd;
	}
	err = errno;
	close(fd);
	errno = err;
	return -1;
}
