/* SPDX-License-Identifier: GPL-2.0 */
/* The way out: from a packet given to the netdev to ESP on the outer network. */
#ifndef _ESPL_TX_H
#define _ESPL_TX_H

struct espl_policy;
struct espl_device;
struct sk_buff;

/* A packet, or a GSO super-packet, at its IP header. Consumes it. Under RCU, BH off. */
void espl_tx(struct espl_device *dev, struct sk_buff *skb);

/* Sends what has waited for the outbound SA of @policy. Process context. */
void espl_tx_waiting(struct espl_policy *policy);

#endif
