/* SPDX-License-Identifier: GPL-2.0 */
/* Objects as attributes. Each function returns -EMSGSIZE, and undoes its part, when full. */
#ifndef _ESPL_ENCODE_H
#define _ESPL_ENCODE_H

#include <linux/types.h>

struct espl_policy;
struct espl_device;
struct espl_outer;
struct espl_sa;
struct espl_cipher;
struct espl_crypto_asked;
struct espl_integ;
struct sk_buff;

/*
 * Octets of the longest message: a policy with ESPLANE_TS_MAX selectors on both sides, some 240 of
 * IPv6. With what an skb adds it is eight pages: more in one piece may not be found.
 */
enum { ESPL_MSG_MAX = 32256 };

/* Both under dev->lock. Keys are never encoded. */
int espl_encode_policy(struct sk_buff *msg, const struct espl_policy *policy);
int espl_encode_sa(struct sk_buff *msg, const struct espl_sa *sa);

/* The same, at the top of a message, with the device; an SA with where its peer has moved to. */
int espl_encode_policy_msg(struct sk_buff *msg, const struct espl_policy *policy);
int espl_encode_sa_msg(struct sk_buff *msg, struct espl_sa *sa);

/* PEER_ADDR, and PEER_PORT if it has one. Any context. */
int espl_encode_peer(struct sk_buff *msg, const struct espl_outer *peer);

/* IFINDEX and DEVICE_ID. Any context. */
int espl_encode_device(struct sk_buff *msg, const struct espl_device *dev);
int espl_encode_device_stats(struct sk_buff *msg, const struct espl_device *dev);
/*
 * An algorithm that this kernel has; 0 and nothing encoded if it has not. May sleep. @asked: of
 * this message.
 */
int espl_encode_cipher(struct sk_buff *msg, const struct espl_cipher *cipher,
		       struct espl_crypto_asked *asked);
int espl_encode_integ(struct sk_buff *msg, const struct espl_integ *integ);

#endif
