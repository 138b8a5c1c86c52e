/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tunnels as octets: how they go from the process that reads the configuration to the one that
 * speaks IKE, and how two of them are compared. Without psk and key: @secret stands for them.
 * Lists of certificates as their digests; without revocation lists, which may change while a tunnel
 * runs. Equal options give equal octets.
 */
#ifndef ESPLANED_PACK_H
#define ESPLANED_PACK_H

#include "esplaned/conf/config.h"
#include "lib/cursor.h"

/* Enough for a tunnel without its children, and for a child. */
#define PACK_MAX	16384

void pack_pool(struct writer *w, const struct pool_conf *pool);
/* False: not sound, or no memory; @pool->statics is to be freed in either case. */
bool unpack_pool(struct cursor *c, struct pool_conf *pool);

void pack_tunnel(struct writer *w, const struct tunnel_options *t);
void pack_child(struct writer *w, const struct tunnel_options *t, unsigned int index);

/*
 * The reverse. False: not sound, or no memory; tunnel_options_clear gives up what was made in
 * either case. unpack_tunnel makes room for the children, unpack_child fills the child of that
 * index. Lists of certificates are in @lists.
 */
bool unpack_tunnel(struct cursor *c, struct tunnel_options *t, const struct lists *lists);
bool unpack_child(struct cursor *c, struct tunnel_options *t, unsigned int index);

/* Parts of them, which other messages have too. */
void pack_text(struct writer *w, const char *text);
void pack_addr(struct writer *w, const struct addr *a);
void pack_id(struct writer *w, const struct ike_id *id);
bool unpack_id(struct cursor *c, struct ike_id *id);
void pack_net(struct writer *w, const struct internal_net *net);
bool unpack_net(struct cursor *c, struct internal_net *net);
void pack_ts_list(struct writer *w, const struct ts_list *list);
/* False: it does not fit into @size octets, or has a zero octet. */
bool unpack_text(struct cursor *c, char *text, size_t size);
bool unpack_addr(struct cursor *c, struct addr *a);
void pack_list(struct writer *w, const struct chunk_list *list);
/* False: it is not in @lists. */
bool unpack_list(struct cursor *c, const struct lists *lists, struct chunk_list **list);
/* At most @max selectors; none is NULL. */
bool unpack_ts_list(struct cursor *c, unsigned int max, struct ts_list **list);

#endif
