/* SPDX-License-Identifier: GPL-2.0 */
/* TCP ports that are listened at. One that cannot be had is logged, and tried again. */
#ifndef ESPLANED_TCP_PORT_H
#define ESPLANED_TCP_PORT_H

#include <event2/event.h>
#include "esplaned/conf/config.h"

struct tcp_ports;

/* Somebody has connected: @fd is the callee's. */
typedef void (*tcp_ports_accept_fn)(void *ctx, int fd, const struct endpoint *remote);
/* Somebody waits for a descriptor: nobody is accepted for a second. */
typedef void (*tcp_ports_full_fn)(void *ctx);

/* NULL: no memory. */
struct tcp_ports *tcp_ports_new(struct event_base *base, tcp_ports_accept_fn accept,
				tcp_ports_full_fn full, void *ctx);
void tcp_ports_free(struct tcp_ports *t);
/* As of tcp_listen() and tcp_trouble(). */
void tcp_ports_set(struct tcp_ports *t, const uint16_t *ports, unsigned int count);
const char *tcp_ports_trouble(const struct tcp_ports *t, uint16_t port);

#endif
