/* SPDX-License-Identifier: GPL-2.0 */
/* What the sender of an inner packet is told. */
#ifndef _ESPL_ICMP_H
#define _ESPL_ICMP_H

#include <linux/types.h>

struct sk_buff;

/*
 * Destination unreachable to the sender of @skb, which stays the caller's; the
 * codes are those of ICMP and of ICMPv6. BH off.
 */
void espl_icmp_unreachable(struct sk_buff *skb, u8 code4, u8 code6);

#endif
