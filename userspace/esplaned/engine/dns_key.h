/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer's raw public keys as DNS has them (IPSECKEY, RFC 4025), proven by DNSSEC: looked up when
 * the peer proves itself, kept for a while.
 */
#ifndef ESPLANED_DNS_KEY_H
#define ESPLANED_DNS_KEY_H

#include "esplaned/core/state.h"

#define DNS_KEY_KEEP_S	300	/* at most, and as long as the records may be kept */
#define DNS_KEY_AGAIN_S	5	/* after a failure; strangers cause no more */

struct fetch_ask;

/*
 * Is what is known of the tunnel's name not too old? Then it is t->named, or t->unnamed says why
 * there is none.
 */
bool dns_key_known(const struct tunnel_entry *t, uint64_t now_ms);
/* Asks. NULL: it cannot begin. */
struct fetch_ask *dns_key_ask(struct daemon *d, const struct tunnel_entry *t,
			      void (*done)(void *ctx, struct chunk octets, const char *why),
			      void *ctx);
/* What came of it: @octets (keys/dnssec.h); of none: @why says why. */
void dns_key_learn(struct tunnel_entry *t, struct chunk octets, const char *why, uint64_t now_ms);

#endif
