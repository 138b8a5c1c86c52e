// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/mark.h"

#include <errno.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/log.h"

void mark_bypass_xfrm(int fd, uint8_t family)
{
	struct xfrm_userpolicy_info policy = {
		.action = XFRM_POLICY_ALLOW, .sel.family = family,
	};
	bool v6 = family == AF_INET6;

	for (policy.dir = XFRM_POLICY_IN; policy.dir <= XFRM_POLICY_OUT; policy.dir++)
		setsockopt(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_XFRM_POLICY : IP_XFRM_POLICY,
			   &policy, sizeof(policy));
}

void mark_set(int fd, uint32_t mark)
{
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)))
		log_debug("firewall mark %u: %s", mark, strerror(errno));
}
