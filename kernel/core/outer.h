/* SPDX-License-Identifier: GPL-2.0 */
/* One end of the outer network, of either family: where ESP comes from or goes to. */
#ifndef _ESPL_OUTER_H
#define _ESPL_OUTER_H

#include <linux/socket.h>
#include <linux/string.h>
#include <linux/types.h>

#include "pure/selector.h"

/* All zero: none. Octets that the family does not use are 0. */
struct espl_outer {
	union espl_addr addr;
	__be16 port;		/* of UDP; 0: ESP is an IP protocol */
	u8 family;		/* AF_INET or AF_INET6 */
};

static inline void espl_outer_set_v4(struct espl_outer *to, __be32 addr, __be16 port)
{
	*to = (struct espl_outer) { .addr.v4 = addr, .port = port, .family = AF_INET };
}

static inline void espl_outer_set_v6(struct espl_outer *to, const struct in6_addr *addr,
				     __be16 port)
{
	*to = (struct espl_outer) { .addr.v6 = *addr, .port = port, .family = AF_INET6 };
}

/* Octets of the address; 0: there is none. */
static inline unsigned int espl_outer_len(const struct espl_outer *outer)
{
	if (outer->family == AF_INET)
		return sizeof(outer->addr.v4);
	return outer->family == AF_INET6 ? sizeof(outer->addr.v6) : 0;
}

/* The same host, whatever the port. */
static inline bool espl_outer_same_addr(const struct espl_outer *a, const struct espl_outer *b)
{
	if (a->family != b->family)
		return false;
	if (likely(a->family == AF_INET))
		return a->addr.v4 == b->addr.v4;
	return !memcmp(&a->addr, &b->addr, sizeof(a->addr));
}

static inline bool espl_outer_equal(const struct espl_outer *a, const struct espl_outer *b)
{
	return espl_outer_same_addr(a, b) && a->port == b->port;
}

#endif
