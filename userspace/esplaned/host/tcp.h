/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IKE over TCP, RFC 9329: ports that are listened at, and connections of either end. A connection
 * is known by its number, which is never used twice: who still has that of one that is gone reaches
 * nobody. Until the engine keeps one that has come from outside, its peer is a stranger: of these
 * there are TCP_STRANGERS_MAX at most, TCP_STRANGERS_NET_MAX of a network (a /24, a /64), each for
 * TCP_STRANGER_MS at most; the oldest gives way, and before it one that has said nothing yet. A
 * connection holds one frame that is not whole, and a queue for a peer that does not read: 16 and
 * 64 KiB of a stranger, else 64 and 128 KiB, so 10 MiB and 96 MiB in the worst case. One by which
 * TCP_SENSELESS_MAX messages for IKE come one after the other that make no sense is closed.
 */
#ifndef ESPLANED_TCP_H
#define ESPLANED_TCP_H

#include <event2/event.h>
#include "esplaned/conf/config.h"
#include "lib/addr.h"

#define TCP_PORTS_MAX		CONFIG_TCP_PORTS_MAX	/* that are listened at */
#define TCP_MAX			512	/* connections from outside */
#define TCP_STRANGERS_MAX	128
#define TCP_STRANGERS_NET_MAX	32
#define TCP_STRANGER_MS		60000
#define TCP_SILENT_MS		10000	/* and of one that has said nothing to IKE yet */
#define TCP_DIALS_MAX		256U	/* connections of ours */
#define TCP_CONNECT_MS		10000	/* how long one of ours may take to be there */
#define TCP_SENSELESS_MAX	8
#define TCP_FLUSH_MS		3000	/* for what is still to be read when an end has said all */
#define TCP_WHY_MAX		256

/* @remote->stream is the connection. As of sock.h. False: there is no sense in it. */
typedef bool (*tcp_input_fn)(void *ctx, const struct endpoint *local,
			     const struct endpoint *remote, const uint8_t *msg, size_t len);
/* It is not there any more, or has never been. Not called from inside the functions below. */
typedef void (*tcp_gone_fn)(void *ctx, uint64_t stream, const char *why);

struct tcp;

struct tcp_limits {
	uint64_t stranger_ms, silent_ms, connect_ms, flush_ms;
};

/* @limits NULL: those above. NULL: no memory. */
struct tcp *tcp_new(struct event_base *base, tcp_input_fn input, tcp_gone_fn gone, void *ctx,
		    const struct tcp_limits *limits);
void tcp_free(struct tcp *t);
/*
 * At these, TCP_PORTS_MAX at most, and no others. What cannot be listened at is in the log, and is
 * tried again.
 */
void tcp_listen(struct tcp *t, const uint16_t *ports, unsigned int count);
/* Why a port is not listened at; NULL: it is. */
const char *tcp_trouble(const struct tcp *t, uint16_t port);
/*
 * A connection of ours from @local, which gets its port; what is sent before it is there waits. 0:
 * @why.
 */
uint64_t tcp_dial(struct tcp *t, struct endpoint *local, const struct endpoint *remote,
		  uint32_t mark, char why[TCP_WHY_MAX]);
/* Never blocks. By one that is gone nothing leaves. @mark: as of sock_send(). */
void tcp_send(struct tcp *t, uint64_t stream, uint32_t mark, const uint8_t *msg, size_t len);
/* Its peer is no stranger. */
void tcp_keep(struct tcp *t, uint64_t stream);
/*
 * Nobody needs it any more. One of ours is closed, when what was sent has left and the other end
 * has read it; the other end closes its own, RFC 9329 6.1, and is a stranger again until then.
 */
void tcp_hang_up(struct tcp *t, uint64_t stream);
/* Connections that there are. */
unsigned int tcp_count(const struct tcp *t);
/* Octets that wait for the other end to read. */
size_t tcp_queued(const struct tcp *t, uint64_t stream);

#endif
