/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a person configured, and the peers that are its remote ends: one, or with remote = any as
 * many as have authenticated. The configuration never changes: a reload gives it another one, where
 * it can live on with that (ike/change.c), or makes a new tunnel.
 */
#ifndef IKE_TUNNEL_H
#define IKE_TUNNEL_H

#include "ike/core/engine.h"
#include "ike/object/crowd.h"
#include "lib/hash.h"

struct tunnel {
	TAILQ_ENTRY(tunnel) link;	/* in ike->tunnels */
	UT_hash_handle by_id;
	struct ike *ike;
	uint32_t id;
	struct tunnel_conf *conf;	/* a reference */
	struct peer_list peers;		/* in the order of their ids */
	struct crowd crowd;		/* the same peers, to search */
	bool held_down;			/* remote = any: taken down by a person */
	bool device;			/* env.device_up was called, device_down is due */
};

/* -ENOMEM, -EEXIST: the name is taken. A tunnel to one remote has its peer from here on. */
int tunnel_new(struct ike *ike, const struct tunnel_conf *conf, struct tunnel **tunnel);
/* Its peers have to be without IKE SAs. */
void tunnel_free(struct tunnel *t);
struct tunnel *tunnel_find(const struct ike *ike, uint32_t id);

/* The peer of a tunnel with one remote, or NULL. */
struct peer *tunnel_only_peer(const struct tunnel *t);
/*
 * The peer of this identity, or NULL; with one remote always that. With UNIQUE_NEVER one that has
 * no IKE SA.
 */
struct peer *tunnel_peer_known(const struct tunnel *t, const struct ike_id *remote_id);
/* How many there are of this identity: more than one with UNIQUE_NEVER only. */
unsigned int tunnel_peers_of(const struct tunnel *t, const struct ike_id *remote_id);
/* The one for another IKE SA of this identity, made if need be; NULL: no memory. */
struct peer *tunnel_peer(struct tunnel *t, const struct ike_id *remote_id);
/*
 * How well do addresses fit? 0: not at all; more is more special: a remote address counts more than
 * a local one, RFC 7296 has no rule.
 */
unsigned int tunnel_fit(const struct tunnel *t, const struct addr *local,
			const struct addr *remote);
struct ike_id tunnel_local_id(const struct tunnel *t, const struct addr *local);
/* env.device_up: before anything else of the kernel's. False: @cause. */
bool tunnel_device_up(struct tunnel *t, const struct addr *remote, struct cause *cause);
/*
 * The other peer of the tunnel that has traffic of these selectors already, or NULL: two peers on
 * one interface cannot share an address.
 */
struct ts_pair;
const struct peer *tunnel_ts_owner(const struct peer *peer, const struct ts_pair *ts);

#endif
