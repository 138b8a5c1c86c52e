// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/mark.h"

#include <errno.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/log.h"

void mark_bypass_xfrm(int fd)
{
	struct xfrm_userpolicy_info policy = {
		.action = XFRM_POLICY_ALLOW, .sel.family = AF_INET,
	};

	for (policy.dir = XFRM_POLICY_IN; policy.dir <= XFRM_POLICY_OUT; policy.dir++)
		setsockopt(fd, SOL_IP, IP_XFRM_POLICY, &policy, sizeof(policy));
}

void mark_set(int fd, uint32_t mark)
{
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)))
		log_debug("firewall mark %u: %s", mark, strerror(errno));
}
