/* SPDX-License-Identifier: GPL-2.0 */
/* One netlink request and its answer, with the kernel's own sentence when it refuses. */
#ifndef ESPLANED_NLTALK_H
#define ESPLANED_NLTALK_H

#include <netlink/msg.h>
#include <netlink/netlink.h>

#define NLTALK_WHY_MAX	256
#define NLTALK_OCTETS	512	/* of a request of rtnetlink's; the longest of ours has 120 */
#define NLTALK_DUMPS	8	/* so often a dump is tried whose list keeps changing */

/*
 * A blocking socket of @protocol with extended acknowledgments, on which NETLINK_ROUTE dumps only
 * what is asked for. NULL: errno says why.
 */
struct nl_sock *nltalk_open(int protocol);
/*
 * Has its header, and room for NLTALK_OCTETS: nlmsg_alloc_simple() would clear a page. NULL: no
 * memory.
 */
struct nl_msg *nltalk_request(int type, int flags);
/*
 * Sends and frees @msg, hands each answer to @valid (may be NULL), waits for the acknowledgment or
 * the end of the dump. 0, or a negative errno with a sentence in @why. -EAGAIN: what was dumped has
 * changed meanwhile, so that something may be missing: to be asked again.
 */
int nltalk(struct nl_sock *sk, struct nl_msg *msg, nl_recvmsg_msg_cb_t valid, void *arg,
	   char why[NLTALK_WHY_MAX]);

#endif
