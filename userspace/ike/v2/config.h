/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configuration payloads, RFC 7296 2.19 and 3.15: a client asks for addresses with its first child,
 * the server leases them from the pool of its tunnel. What they are narrows each child: of the
 * client's side only these addresses are protected.
 */
#ifndef IKE_CONFIG_H
#define IKE_CONFIG_H

#include "ike/object/child.h"
#include "wire/v2/build.h"

/* ---- the client's end, where the tunnel's ask_address is set */

/* Its CFG_REQUEST, with the addresses that it had the last time. */
void config_ask(struct builder *b, const struct peer *peer);
/* Takes the CFG_REPLY of @m. False: there is no address in it, @cause. */
bool config_take(struct peer *peer, const struct msg *m, struct cause *cause);
/* Is @notify the peer's refusal of an address, or of a child without one? Then @cause says so. */
bool config_refused(const struct peer *peer, uint16_t notify, struct cause *cause);
/* What a request for @child offers of our side; the caller's. NULL: no memory. */
struct ts_list *config_local_ts(const struct child *child);

/* ---- the server's end */

/*
 * Leases what the CFG_REQUEST of @m asks for. 0, or the notify that refuses the child: @cause. 0 as
 * well where nothing is asked for and nothing is required.
 */
uint16_t config_grant(struct peer *peer, const struct msg *m, struct cause *cause);
/* The CFG_REPLY, if @m has a CFG_REQUEST; the CFG_ACK, which takes nothing, of a CFG_SET. */
void config_answer(struct builder *b, const struct peer *peer, const struct msg *m);

/* ---- both */

/*
 * Leaves of agreed selectors only those of the addresses that one end has given to the other.
 * False: nothing is left, or no memory: @cause.
 */
bool config_narrow(const struct peer *peer, struct ts_pair *ts, struct cause *cause);

#endif
