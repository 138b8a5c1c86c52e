/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Datagrams that the local stack has cut for the device's MTU, put together again: transport mode
 * carries whole ones only (RFC 4303 3.1.1, RFC 4301 7). The kernel's own reassembly does it, within
 * its limits of memory and time, under a name of the device's, and holds nothing of ours.
 */
#ifndef _ESPL_GATHER_H
#define _ESPL_GATHER_H

struct net_device;
struct sk_buff;

/*
 * Takes a fragment, at its IP header. 0: @skb is the whole datagram now, still the caller's, and
 * may be fragmented again. -EINPROGRESS: kept until the others come. Else it could not be used:
 * IPv6 without nf_defrag_ipv6 (-EOPNOTSUPP), or no memory. BH off.
 */
int espl_gather(const struct net_device *netdev, struct sk_buff *skb);

#endif
