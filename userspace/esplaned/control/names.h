/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a person types to what the engine counts: "office" is a tunnel, "office/voice" a child,
 * "office/alice@example.org" one of many peers, "office/alice@example.org/voice" a child of that.
 */
#ifndef ESPLANED_NAMES_H
#define ESPLANED_NAMES_H

#include "ike/ike.h"

#define NAMES_MAX	(2 * TUNNEL_NAME_MAX + TUNNEL_ID_MAX)

/* The numbers of what a name says; peer and child are 0 where it says less. */
struct name_ref {
	uint32_t tunnel, peer, child;
};

/*
 * False: there is none such. ref->tunnel is set where the first part names a tunnel. Of a tunnel
 * with one peer, ref->peer is that one only for a child.
 */
bool names_find(const struct ike *ike, const char *name, struct name_ref *ref);
/* The number that the engine's commands take: of the child, else of the peer, else the tunnel. */
uint32_t names_id(const struct name_ref *ref);

/* As names_find reads it. Returns @buf. */
const char *names_of_peer(const struct ike *ike, const struct ike_peer_status *peer,
			  char buf[NAMES_MAX]);
const char *names_of_child(const struct ike *ike, const struct ike_peer_status *peer,
			   const struct ike_child_status *child, char buf[NAMES_MAX]);

/* Calls @fn with each name there is, or, @tunnel not 0, each of that tunnel. */
void names_each(const struct ike *ike, uint32_t tunnel, void (*fn)(void *ctx, const char *name),
		void *ctx);

#endif
