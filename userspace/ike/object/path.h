/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ways that an IKE SA and its children take, RFC 4555. That in the IKE SA itself is proven: the
 * peer has answered on it, and ESP goes there and nowhere else. Where the peer says that it has
 * moved, or where we mean to find it, that is a claim: our requests go both ways until an answer
 * that nobody else can have made has come from there. So no peer, though authenticated, aims our
 * ESP at somebody else.
 */
#ifndef IKE_PATH_H
#define IKE_PATH_H

#include "ike/object/ike_sa.h"

#define PATHS_MAX	(SA_ADDRS_MAX + IKE_JOB_ADDRS_MAX + 1)

struct path path_of(const struct ike_sa *sa);
/* By its ends alone. */
bool path_equal(const struct path *a, const struct path *b);
/* The claim is proven, or needs no proof: other IKE SAs of the peer, children and pins follow. */
void path_take(struct ike_sa *sa, const struct path *path);
/* @path is to be proven; an earlier claim is not any more. False: no way leads there. */
bool path_claim(struct ike_sa *sa, const struct path *path);
/* The claim has come to nothing: what was proven before is the way. */
void path_unclaim(struct ike_sa *sa);
/* A request that went several ways was answered from @from: is the peer to be found there? */
void path_heard(struct ike_sa *sa, const struct path *from);
/*
 * Where else the peer may be found, where it does not answer: by the addresses it is configured
 * with and those it has told. Pins them. Returns how many.
 */
unsigned int path_others(struct ike_sa *sa, struct path others[PATHS_MAX]);
/* Is there no way at all from this host? */
bool path_is_stranded(const struct ike_sa *sa);
/* Addresses of this host beside the one in use that the peer may be told. Returns how many. */
unsigned int path_own(const struct ike_sa *sa, struct addr own[SA_ADDRS_MAX]);
/* The host has other addresses or routes: the path follows, and the peer will be told. */
void path_host_changed(struct ike_sa *sa);

/*
 * The IKE SA carries the children once more: what was said of addresses meanwhile went by another,
 * and may not have arrived.
 */
void path_say_again(struct ike_sa *sa);

#endif
