// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/outer.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stddef.h>

#include "lib/log.h"

static bool outer_is_usable(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->b[0] && a->b[0] != 127 && (a->b[0] != 169 || a->b[1] != 254);
	/* global, or unique local */
	return (a->b[0] & 0xe0) == 0x20 || (a->b[0] & 0xfe) == 0xfc;
}

unsigned int outer_addresses(const struct devices *own, struct addr *addrs, unsigned int max)
{
	const unsigned int wanted = IFF_UP | IFF_RUNNING;
	struct ifaddrs *list, *at;
	unsigned int count = 0;
	struct endpoint e;

	if (getifaddrs(&list)) {
		log_debug("the addresses of this host are not known");
		return 0;
	}
	for (at = list; at && count < max; at = at->ifa_next) {
		if (!at->ifa_addr || (at->ifa_flags & wanted) != wanted ||
		    at->ifa_flags & IFF_LOOPBACK || devices_have(own, at->ifa_name) ||
		    !endpoint_from_sockaddr(&e, at->ifa_addr) || !outer_is_usable(&e.addr))
			continue;
		addrs[count++] = e.addr;
	}
	freeifaddrs(list);
	return count;
}
