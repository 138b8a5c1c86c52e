// SPDX-License-Identifier: GPL-2.0
/*
 * For a daemon that wants the kernel's ESP in TCP (TCP_ULP "espintcp"), on a kernel that has none,
 * as Debian's: preloaded, it takes the two octets of length off what is read and puts them before
 * what is sent, as the kernel would. ESP goes nowhere.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS_MAX	1024

static bool framed[FDS_MAX];

static bool is_framed(int fd)
{
	return fd >= 0 && fd < FDS_MAX && framed[fd];
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	typeof(setsockopt) *next = dlsym(RTLD_NEXT, "setsockopt");

	if (level != IPPROTO_TCP || name != TCP_ULP)
		return next(fd, level, name, value, len);
	if (fd < FDS_MAX)
		framed[fd] = true;
	return 0;
}

int close(int fd)
{
	typeof(close) *next = dlsym(RTLD_NEXT, "close");

	if (is_framed(fd))
		framed[fd] = false;
	return next(fd);
}

/* A frame that is not whole stays in the kernel. */
ssize_t recv(int fd, void *buf, size_t size, int flags)
{
	typeof(recv) *next = dlsym(RTLD_NEXT, "recv");
	static uint8_t frame[65536];
	uint16_t len;
	ssize_t n;

	if (!is_framed(fd))
		return next(fd, buf, size, flags);
	n = next(fd, &len, sizeof(len), MSG_PEEK | flags);
	if (n <= 0)
		return n;
	len = ntohs(len);
	if (n < 2 || len < 2 || next(fd, frame, len, MSG_PEEK | flags) < len) {
		errno = EAGAIN;
		return -1;
	}
	next(fd, frame, len, flags);
	n = len - 2u < size ? len - 2 : (ssize_t)size;
	memcpy(buf, frame + 2, (size_t)n);
	return n;
}

ssize_t read(int fd, void *buf, size_t size)
{
	typeof(read) *next = dlsym(RTLD_NEXT, "read");

	return is_framed(fd) ? recv(fd, buf, size, 0) : next(fd, buf, size);
}

ssize_t send(int fd, const void *buf, size_t size, int flags)
{
	typeof(send) *next = dlsym(RTLD_NEXT, "send");
	static uint8_t frame[65536];

	if (!is_framed(fd) || size > sizeof(frame) - 2)
		return next(fd, buf, size, flags);
	frame[0] = (uint8_t)((size + 2) >> 8);
	frame[1] = (uint8_t)(size + 2);
	memcpy(frame + 2, buf, size);
	return next(fd, frame, size + 2, flags) < 0 ? -1 : (ssize_t)size;
}

ssize_t write(int fd, const void *buf, size_t size)
{
	typeof(write) *next = dlsym(RTLD_NEXT, "write");

	return is_framed(fd) ? send(fd, buf, size, 0) : next(fd, buf, size);
}
