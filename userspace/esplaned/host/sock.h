/* SPDX-License-Identifier: GPL-2.0 */
/* UDP 500 and 4500, IPv4 and IPv6. The non-ESP marker (RFC 3948 2.2) comes and goes here. */
#ifndef ESPLANED_SOCK_H
#define ESPLANED_SOCK_H

#include <event2/event.h>
#include "lib/addr.h"

#define SOCK_PORT_IKE	500
#define SOCK_PORT_NATT	4500
#define SOCK_WHY_MAX	256

typedef void (*sock_input_fn)(void *ctx, const struct endpoint *local,
			      const struct endpoint *remote, const uint8_t *msg, size_t len);

struct sock;

/* Opens 500. NULL: @why says who may hold the port and how to find out. */
struct sock *sock_new(struct event_base *base, sock_input_fn input, void *ctx,
		      char why[SOCK_WHY_MAX]);
/* Opens 4500. False: as above. */
bool sock_open_natt(struct sock *s, char why[SOCK_WHY_MAX]);
void sock_free(struct sock *s);
/* The socket on 4500, for the module; -1 before it is open, and where the host has no IPv6. */
int sock_natt_fd(const struct sock *s, uint8_t family);
/*
 * Never blocks: what cannot leave is lost, as datagrams are. @mark: the firewall mark of the
 * packet; 0: CONFIG_FWMARK, which peers are answered with that no tunnel is known of.
 */
void sock_send(struct sock *s, const struct endpoint *local, const struct endpoint *remote,
	       uint32_t mark, const uint8_t *msg, size_t len);
/* One octet 0xff, RFC 3948 2.3. */
void sock_keepalive(struct sock *s, const struct endpoint *local, const struct endpoint *remote,
		    uint32_t mark);
/* The address the system would use towards @remote for packets with @mark. False: no route. */
bool sock_source_for(const struct addr *remote, uint32_t mark, struct addr *local);
/* Is @local an address that this host can send from? False: @why says it. */
bool sock_local_ok(const struct addr *local, char why[SOCK_WHY_MAX]);

#endif
