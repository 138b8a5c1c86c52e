/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses and endpoints, IPv4 and IPv6 alike. */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* family is AF_INET or AF_INET6, or 0 for none; octets in network order, the rest of @b is zero. */
struct addr {
	uint8_t family;
	uint8_t b[16];
};

/* port in host order */
struct endpoint {
	struct addr addr;
	uint16_t port;
	uint64_t stream;		/* of who is reached by TCP: the connection; 0: by UDP */
};

#define ADDR_STRLEN	64	/* enough for an endpoint */

/* What there is once for each family is an array: IPv4, then IPv6. */
#define ADDR_FAMILIES	2

static inline unsigned int addr_index(const struct addr *a)
{
	return a->family == AF_INET6;
}

size_t addr_len(const struct addr *a);		/* 4, 16 or 0 */
bool addr_equal(const struct addr *a, const struct addr *b);
int addr_cmp(const struct addr *a, const struct addr *b);	/* of one family */
/* The /24 that it is in, or the /64: what one customer of a network usually has. */
struct addr addr_net(const struct addr *a);
bool addr_same_net(const struct addr *a, const struct addr *b);
/* Can another host be reached there: not of this network or link, nor of a group or reserved? */
bool addr_is_hosts(const struct addr *a);
bool addr_is_loopback(const struct addr *a);	/* IPv4's: ::1 is no host's above */
/* fe80::/10, which says nothing without an interface; IPv4's 169.254/16 is as good as others. */
bool addr_is_link_local(const struct addr *a);
bool addr_from_bytes(struct addr *a, const uint8_t *p, size_t len);	/* len 4 or 16 */
bool addr_parse(struct addr *a, const char *text);		/* numeric only */
const char *addr_str(const struct addr *a, char buf[ADDR_STRLEN]);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
/* 192.0.2.1:500, [2001:db8::1]:500 */
const char *endpoint_str(const struct endpoint *e, char buf[ADDR_STRLEN]);
void endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ss, socklen_t *len);
bool endpoint_from_sockaddr(struct endpoint *e, const struct sockaddr *sa);

#endif
