/* SPDX-License-Identifier: GPL-2.0 */
/* The way in: from an ESP packet to the inner packet on the netdev. */
#ifndef _ESPL_RX_H
#define _ESPL_RX_H

#include <linux/types.h>

struct espl_net;
struct sk_buff;

/*
 * skb->data is at the ESP header, the outer IP header is the network header
 * and, if @udp, the UDP header the transport header. Under RCU, BH off.
 * True: the packet is consumed. False: nobody here knows its SPI, it is
 * unchanged.
 */
bool espl_rx(struct espl_net *en, struct sk_buff *skb, bool udp);

#endif
