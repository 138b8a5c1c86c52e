// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "lib/addr.h"

size_t addr_len(const struct addr *a)
{
	return a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !addr_cmp(a, b);
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

struct addr addr_net(const struct addr *a)
{
	struct addr net = { .family = a->family };

	memcpy(net.b, a->b, a->family == AF_INET6 ? 8 : 3);
	return net;
}

bool addr_same_net(const struct addr *a, const struct addr *b)
{
	const struct addr nets[] = { addr_net(a), addr_net(b) };

	return addr_equal(&nets[0], &nets[1]);
}

/* The prefixes of RFC 6052 and RFC 8215: who is behind NAT64. */
static bool addr_is_translated(const struct addr *a)
{
	static const uint8_t prefix[4] = { 0x00, 0x64, 0xff, 0x9b };

	return !memcmp(a->b, prefix, sizeof(prefix));
}

bool addr_is_hosts(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->b[0] && a->b[0] < 224;
	return (a->b[0] || addr_is_translated(a)) && a->b[0] < 0xff && !addr_is_link_local(a);
}

bool addr_is_loopback(const struct addr *a)
{
	return a->family == AF_INET && a->b[0] == 127;
}

bool addr_is_link_local(const struct addr *a)
{
	return a->family == AF_INET6 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

bool addr_from_bytes(struct addr *a, const uint8_t *p, size_t len)
{
	if (len != 4 && len != 16)
		return false;
	*a = (struct addr){ .family = len == 4 ? AF_INET : AF_INET6 };
	memcpy(a->b, p, len);
	return true;
}

bool addr_parse(struct addr *a, const char *text)
{
	struct addr out = {};

	out.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(out.family, text, out.b) != 1)
		return false;
	*a = out;
	return true;
}

const char *addr_str(const struct addr *a, char buf[ADDR_STRLEN])
{
	if (!addr_len(a) || !inet_ntop(a->family, a->b, buf, ADDR_STRLEN))
		snprintf(buf, ADDR_STRLEN, "none");
	return buf;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->stream == b->stream && addr_equal(&a->addr, &b->addr);
}

const char *endpoint_str(const struct endpoint *e, char buf[ADDR_STRLEN])
{
	char text[ADDR_STRLEN];
	bool v6 = e->addr.family == AF_INET6;

	/* 45 octets of address at most, then brackets and port: it always fits */
	snprintf(buf, ADDR_STRLEN, v6 ? "[%.45s]:%u" : "%.45s:%u", addr_str(&e->addr, text),
		 e->port);
	return buf;
}

void endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = e->addr.family;
	if (e->addr.family == AF_INET6) {
		in6->sin6_port = htons(e->port);
		memcpy(&in6->sin6_addr, e->addr.b, 16);
		*len = sizeof(*in6);
	} else {
		in->sin_port = htons(e->port);
		memcpy(&in->sin_addr, e->addr.b, 4);
		*len = sizeof(*in);
	}
}

bool endpoint_from_sockaddr(struct endpoint *e, const struct sockaddr *sa)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof(in));
		*e = (struct endpoint){ .port = ntohs(in.sin_port) };
		return addr_from_bytes(&e->addr, (const uint8_t *)&in.sin_addr, 4);
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		*e = (struct endpoint){ .port = ntohs(in6.sin6_port) };
		return addr_from_bytes(&e->addr, (const uint8_t *)&in6.sin6_addr, 16);
	default:
		return false;
	}
}
