/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets of TCP connections (host/tcp.h). */
#ifndef ESPLANED_TCP_SOCKET_H
#define ESPLANED_TCP_SOCKET_H

#include "lib/addr.h"

/* No delay, and the kernel notices when the other end is not there any more. */
void tcp_socket_tune(int fd);
/*
 * Of one that is to listen: IPv6 has its own sockets, of nothing else. The flow label of who comes
 * is that of the answers too (RFC 9329 6.1).
 */
bool tcp_socket_split(int fd, uint8_t family);
/* Our end of it. */
bool tcp_socket_name(int fd, struct endpoint *local);
/* One that is on its way, from @local, which gets its port; -1: errno. */
int tcp_socket_dial(struct endpoint *local, const struct endpoint *remote, uint32_t mark);

#endif
