/* SPDX-License-Identifier: GPL-2.0 */
/*
 * UDP sockets that carry ESP, RFC 3948. The daemon's own socket is attached:
 * ESP is taken from it, IKE still reaches the daemon. When the daemon dies, a
 * kernel socket on the same address and port, the heir, keeps its tunnels
 * going; it holds no reference to the namespace.
 */
#ifndef _ESPL_SOCKET_H
#define _ESPL_SOCKET_H

struct espl_net;
struct netlink_ext_ack;

/* All in process context. */
void espl_sockets_init(struct espl_net *en);
/* Attaches the socket behind @fd; replaces another on the same address and port. */
int espl_socket_attach(struct espl_net *en, int fd, struct netlink_ext_ack *extack);
/* Gives every socket back to its owner, and closes the heirs. */
void espl_sockets_flush(struct espl_net *en);
/* The namespace goes; all its devices have left. */
void espl_sockets_leave(struct espl_net *en);

#endif
