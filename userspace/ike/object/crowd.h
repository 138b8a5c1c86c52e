/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The peers of a tunnel and their children, found by identity and by the traffic they have. With
 * remote = any there are thousands: what is compared of each lies side by side here, and a search
 * reads no other memory until something fits.
 */
#ifndef IKE_CROWD_H
#define IKE_CROWD_H

#include "ike/core/engine.h"

struct ts_pair;

struct crowd {
	struct crowd_peer *peers;	/* in no order */
	struct crowd_child *children;	/* likewise */
	unsigned int peer_count, peer_room, child_count, child_room;
};

/* False: no memory. */
bool crowd_add_peer(struct peer *peer);
void crowd_del_peer(struct peer *peer);
/* Its remote_id is another one. */
void crowd_peer_renamed(struct peer *peer);
/* @at: 0 to begin with. NULL: no more. */
struct peer *crowd_next(const struct crowd *crowd, const struct ike_id *remote_id,
			unsigned int *at);

/* False: no memory. */
bool crowd_add_child(struct child *child);
void crowd_del_child(struct child *child);
/* Its remote_ts are others. */
void crowd_child_changed(struct child *child);
/* A child in the kernel, of another peer than @peer, whose selectors overlap with @ts; or NULL. */
const struct child *crowd_overlap(const struct crowd *crowd, const struct peer *peer,
				  const struct ts_pair *ts);

/* It is empty. */
void crowd_free(struct crowd *crowd);

#endif
