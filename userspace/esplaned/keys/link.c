// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/link.h"

#include <errno.h>
#include <sys/socket.h>

/* Beyond net.core.wmem_max, which root may exceed. */
static void link_widen(int fd)
{
	const int octets = LINK_ROOM;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
}

bool link_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return false;
	link_widen(fds[0]);
	link_widen(fds[1]);
	return true;
}

struct writer link_begin(uint8_t *buf, enum link_kind kind)
{
	struct writer w = writer_of(buf, LINK_MAX);

	writer_u8(&w, (uint8_t)kind);
	return w;
}

bool link_send(int fd, const struct writer *w, bool wait)
{
	ssize_t n;

	if (w->overflow) {
		errno = EMSGSIZE;
		return false;
	}
	do
		n = send(fd, w->buf, w->len, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

ssize_t link_recv(int fd, uint8_t *buf, bool wait)
{
	struct iovec iov = { .iov_base = buf, .iov_len = LINK_MAX };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do
		n = recvmsg(fd, &hdr, wait ? 0 : MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	return hdr.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}
