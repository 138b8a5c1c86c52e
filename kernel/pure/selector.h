/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Traffic selectors: which policy carries a flow.
 *
 * Of all that match, the one with the longest remote prefix wins, then the
 * longest local prefix, then a protocol over any, then the narrower ports
 * (remote, then local), then the newest. Ranges are split into prefixes, of
 * addresses and of ports. The cost depends on their lengths in bits, not on
 * how many selectors and policies there are.
 */
#ifndef _ESPL_SELECTOR_H
#define _ESPL_SELECTOR_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/types.h>
#include "trie.h"

struct espl_policy;
struct sk_buff;

/* Addresses are octets in network order; IPv4 uses the first 4, the rest are 0. */
union espl_addr {
	u8 b[16];
	__be32 v4;
	struct in6_addr v6;
};

/* RFC 7296 3.13.1. Ports are in host order; ICMP: type << 8 | code. */
struct espl_ts {
	union espl_addr start;	/* inclusive, start <= end */
	union espl_addr end;
	u8 family;		/* AF_INET, AF_INET6 */
	u8 proto;		/* 0: any */
	u16 port_start;		/* 0 to 65535: any; 65535 to 0: opaque */
	u16 port_end;
};

/* What is compared with selectors: the inner packet, seen from this end. */
struct espl_flow {
	union espl_addr local;
	union espl_addr remote;
	unsigned int len;	/* of the inner packet, by its own header */
	u16 local_port;
	u16 remote_port;
	u8 family;
	u8 proto;		/* of the upper layer */
	bool opaque;		/* ports cannot be known: a later fragment, or no ports in proto */
};

/*
 * The selectors of one policy, constant. Allocated with espl_ts_set_alloc(),
 * filled by the caller (local first, then remote), freed with
 * espl_ts_set_free() after an RCU grace period.
 */
struct espl_ts_set {
	struct espl_policy *policy;	/* not a reference: the owner outlives its set */
	struct list_head rules;		/* writer only */
	struct rcu_head rcu;
	unsigned int nlocal;
	unsigned int nremote;
	struct espl_ts ts[];
};

/* One for each device. Writers hold the device's mutex, readers rcu_read_lock(). */
struct espl_selectors {
	struct espl_trie remote[2];	/* IPv4, IPv6 */
	u64 age;			/* of the newest rule; writer only, and so is the next */
	unsigned int rules;		/* at most ESPL_RULES_ALL */
};

void espl_selectors_init(struct espl_selectors *sel);

/* GFP_KERNEL; NULL: no memory. */
struct espl_ts_set *espl_ts_set_alloc(struct espl_policy *policy, unsigned int nlocal,
				      unsigned int nremote);
/* At once if never inserted, else after a grace period; NULL is fine. */
void espl_ts_set_free(struct espl_ts_set *set);

/*
 * A rule is one prefix of addresses and one of ports on each side. Of a set: a
 * prefix in each of ESPLANE_TS_MAX selectors on both sides, some 20 MiB. Of a
 * device: what can be removed again in a moment.
 */
#define ESPL_RULES_MAX	65536
#define ESPL_RULES_ALL	262144

/*
 * Writer, may sleep. All or nothing: -ENOMEM, -E2BIG (more than ESPL_RULES_MAX
 * rules), -ENOSPC (more than ESPL_RULES_ALL on the device), -EINVAL (no pair of
 * one local and one remote selector can match a packet). To replace, insert the
 * new set, then remove the old one.
 */
int espl_selectors_insert(struct espl_selectors *sel, struct espl_ts_set *set);
/* Writer. Readers may meet the set until a grace period has passed. No-op if not inserted. */
void espl_selectors_remove(struct espl_selectors *sel, struct espl_ts_set *set);

/* Reader. NULL: none. The policy is valid inside the RCU section. */
struct espl_policy *espl_selectors_lookup(const struct espl_selectors *sel,
					  const struct espl_flow *flow);

/* Does the flow match these selectors of one policy? Linear in their number. */
bool espl_ts_set_match(const struct espl_ts_set *set, const struct espl_flow *flow);

/*
 * Reads the IPv4 or IPv6 header at offset off of skb, proving every length;
 * flow->len <= skb->len - off afterwards. Nothing is pulled. outbound: the
 * source is local; else the destination. -EINVAL: not a sound packet.
 */
int espl_flow_dissect(struct espl_flow *flow, const struct sk_buff *skb, unsigned int off,
		      bool outbound);

#endif /* _ESPL_SELECTOR_H */
