/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses, endpoints and inclusive address ranges, IPv4 and IPv6 alike. */
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
};

/*
 * A traffic selector, RFC 7296 3.13.1: both ends included. proto 0: any. Ports in host order; ICMP:
 * type << 8 | code.
 */
struct ts {
	struct addr start, end;
	uint8_t proto;
	uint16_t port_start, port_end;
};

#define ADDR_STRLEN	64	/* enough for an endpoint */
#define TS_STRLEN	192

size_t addr_len(const struct addr *a);		/* 4, 16 or 0 */
bool addr_equal(const struct addr *a, const struct addr *b);
int addr_cmp(const struct addr *a, const struct addr *b);	/* of one family */
bool addr_from_bytes(struct addr *a, const uint8_t *p, size_t len);	/* len 4 or 16 */
bool addr_parse(struct addr *a, const char *text);		/* numeric only */
const char *addr_str(const struct addr *a, char buf[ADDR_STRLEN]);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
/* 192.0.2.1:500, [2001:db8::1]:500 */
const char *endpoint_str(const struct endpoint *e, char buf[ADDR_STRLEN]);
void endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ss, socklen_t *len);
bool endpoint_from_sockaddr(struct endpoint *e, const struct sockaddr *sa);

/*
 * "10.1.0.0/24", "10.1.0.5", "10.1.0.5-10.1.0.9", each optionally followed by
 * "[tcp]", "[tcp/80]", "[udp/1000-2000]" as strongSwan writes it. False: @why says what is wrong.
 */
bool ts_parse(struct ts *ts, const char *text, const char **why);
/* As ts_parse reads it; a prefix where the range is one. */
const char *ts_str(const struct ts *ts, char buf[TS_STRLEN]);
bool ts_equal(const struct ts *a, const struct ts *b);
bool ts_contains_addr(const struct ts *ts, const struct addr *a);
bool ts_list_contains_addr(const struct ts *list, size_t count, const struct addr *a);
bool ts_contains(const struct ts *outer, const struct ts *inner);
bool ts_intersect(const struct ts *a, const struct ts *b, struct ts *out);	/* false: empty */
/* The prefix length if the range is exactly one prefix, else -1. */
int ts_prefix(const struct ts *ts);

#endif
