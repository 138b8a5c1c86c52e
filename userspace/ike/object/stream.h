/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP connections that IKE SAs go by, RFC 9329. One is a number in the peer's endpoint
 * (sa->remote.stream), which stays there when the connection has gone: nothing leaves by it then.
 * Who has opened it opens another (sa->dials); the other end takes what comes. Here is counted how
 * many IKE SAs use one, from settle, so that the outer world hears when the last has left it.
 */
#ifndef IKE_STREAM_H
#define IKE_STREAM_H

#include "ike/object/ike_sa.h"

#define STREAM_REDIAL_MS	1000	/* at least, between two of one IKE SA */

/* The peer begins by one. False: no memory to count it. */
bool stream_enter(struct ike_sa *sa);
/* It cannot carry children: the kernel has no ESP in TCP. False: it goes over UDP. */
bool stream_refuses_child(const struct ike_sa *sa, struct cause *cause);
/* A connection of ours to where @sa has its peer. False: @why, a few words. */
bool stream_dial(struct ike_sa *sa, char why[IKE_WHY_MAX]);
/* Is the connection of @sa there, as far as we know? */
bool stream_is_there(const struct ike_sa *sa);
/* One that an IKE SA has used; 0, none, is not gone. */
bool stream_is_gone(const struct ike *ike, uint64_t id);
/* As that, or another one is on its way; where the peer has to open it, it is waited for. */
bool stream_ready(struct ike_sa *sa);
/*
 * RFC 9329 6.1: the IKE SA that a connection is for, so that no other may begin by it. NULL: none,
 * or what goes by it has been rekeyed or is over.
 */
struct ike_sa *stream_sa(const struct ike *ike, uint64_t id);
/*
 * RFC 9329 6.1: a fresh, authentic request has come from @remote to @local. By a connection that
 * takes the place of another; it does not follow UDP, nor UDP it, without RFC 4555's words.
 */
void stream_follow(struct ike_sa *sa, const struct endpoint *local, const struct endpoint *remote);
/* Counts @sa where it belongs by now. */
void stream_settle(struct ike_sa *sa);
/* The outer world says so: who has opened it opens another when it has something to say. */
void stream_gone(struct ike *ike, uint64_t id, const char *why);
void streams_free(struct ike *ike);

#endif
