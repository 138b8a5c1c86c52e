/* SPDX-License-Identifier: GPL-2.0 */
/* What all sockets of IKE have, over UDP and TCP. */
#ifndef ESPLANED_MARK_H
#define ESPLANED_MARK_H

#include <stdint.h>

/*
 * IKE goes in the clear even where a policy of the in-tree IPsec stack would catch it. Without that
 * stack the call fails.
 */
void mark_bypass_xfrm(int fd, uint8_t family);
/*
 * Routes that stand aside are not for what leaves here (host/aside.h), and what ICMP says of a path
 * MTU is kept where the mark leads. Without the right to do so packets have no mark.
 */
void mark_set(int fd, uint32_t mark);

#endif
