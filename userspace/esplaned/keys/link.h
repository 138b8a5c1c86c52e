/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages between the processes of the daemon, over a pair of SOCK_SEQPACKET sockets: one message
 * is one packet, a kind in its first octet, then what the kind has, integers in network order,
 * texts with their length in front (conf/pack.h).
 */
#ifndef ESPLANED_LINK_H
#define ESPLANED_LINK_H

#include <stdbool.h>
#include <sys/types.h>
#include "lib/cursor.h"

/* Octets of the longest: a MAC over an IKE_SA_INIT message of 64 KiB and a little more. */
#define LINK_MAX	(64 * 1024 + 1024)
/* With the number of a secret: what a second proof rests on, RFC 4739. */
#define LINK_SECOND	UINT32_C(0x80000000)
/*
 * Octets that may wait for the other end, each way: a proof of every stranger that there may be and
 * of a thousand tunnels that start at once. A peer for whose proof there is no room is refused.
 */
#define LINK_ROOM	(8 * 1024 * 1024)

enum link_kind {
	/* network to secrets */
	LINK_LOAD = 1, /* request u32: read the configuration */
	LINK_MAC,      /* job u32, secret u32 (or with LINK_SECOND), prf u16, the octets */
	LINK_HOOK,     /* id u32, secret u32, up u8, facts (facts.h) */
	LINK_SIGN,     /* likewise, with hashes u16 (crypto/signature.h) in place of prf */
	LINK_EAP,      /* job u32, secret u32, enum ike_eap u8, user u16 and octets, octets */
	LINK_TLS,      /* job u32, secret u32, scheme u16, octets (crypto/tls.h: tls_sign) */
	LINK_LEASE,    /* an entry (ledger.h); likewise from secrets to supervisor */
	LINK_RADIUS,   /* job u32, secret u32, check u8, octets (vault_radius.h) */
	LINK_DNS,      /* secret u32, up u8, net (conf/pack.h); to supervisor: interface, up, net */
	/* secrets to network */
	LINK_POOL,	/* request u32, a pool (conf/pack.h) */
	LINK_LIST,	/* request u32, more u8: it goes on, a part of a list (keys/parcel.h) */
	LINK_TUNNEL,	/* request u32, its revocation lists, a tunnel (conf/pack.h) */
	LINK_CHILD,	/* request u32, the next of its children */
	LINK_LOADED,	/* request u32, ok u8, text: what is wrong */
	LINK_MAC_DONE,	/* job u32, ok u8, the MAC or a text: what is wrong */
	LINK_HOOK_DONE, /* id u32, text: what went wrong, or "" */
	LINK_SIGN_DONE, /* job u32, ok u8, AUTH method u8 and data, or a text: what is wrong */
	LINK_EAP_DONE,	/* job u32, ok u8, octets or a text: what is wrong */
	LINK_TLS_DONE,	/* job u32, ok u8, the signature or a text: what is wrong */
	LINK_RADIUS_DONE, /* job u32, ok u8, octets or a text: what is wrong */
	/* secrets to supervisor, and back */
	LINK_RUN, /* id u32, group u32, seconds u32, path, count u8, environment */
	LINK_RAN, /* id u32, text: what went wrong, or "" */
	/* network to fetcher, and back: parts as often as needed, then the end */
	LINK_FETCH,	 /* id u32, enum fetch_kind u8, address text, the request */
	LINK_FETCH_PART, /* id u32, octets */
	LINK_FETCH_END,	 /* id u32, text: what went wrong, or "" */
	/* network to secrets */
	LINK_PPK, /* as LINK_MAC; the octets are keys, and the answer is LINK_MAC_DONE */
	/* network to the one that asks DNSSEC; back as from the fetcher */
	LINK_DNSSEC, /* id u32, name text, path of the trust anchors text */
	/* supervisor to network, in the place of one of these two */
	LINK_FETCH_LOST, /* it has ended, and with it what it was asked */
	LINK_FETCH_BACK, /* it can be asked again */
};

bool link_pair(int fds[2]);
/* Begins a message in @buf, of LINK_MAX octets. */
struct writer link_begin(uint8_t *buf, enum link_kind kind);
/* False: errno; EAGAIN where @wait is false and there is no room; EMSGSIZE. */
bool link_send(int fd, const struct writer *w, bool wait);
/*
 * The next message into @buf, of LINK_MAX octets. 0: the other end is gone. Negative errno: EAGAIN
 * where @wait is false and there is none, EMSGSIZE: longer than any message there is.
 */
ssize_t link_recv(int fd, uint8_t *buf, bool wait);

#endif
