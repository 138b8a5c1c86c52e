/* SPDX-License-Identifier: GPL-2.0 */
/* A tunnel as the shell sees it: its attempts to come up, its interface, addresses and routes. */
#ifndef ESPLANED_CONN_H
#define ESPLANED_CONN_H

#include "esplaned/daemon.h"
#include "esplaned/nl/route.h"

struct resolve;

enum conn_pending {
	PENDING_UP	= 1,	/* the engine says it carries traffic */
	PENDING_ENDED	= 2,	/* the engine says an attempt failed, or it is down */
	PENDING_BROKEN	= 4,	/* interface, address or routes failed: take it down */
	PENDING_GONE	= 8,	/* somebody removed the interface */
	PENDING_RETRY	= 16,
};

struct conn {
	struct conn *next;
	struct daemon *d;
	struct tunnel_options opt;
	bool wanted;			/* up until told otherwise */
	bool attempting;		/* we are bringing it up */
	bool was_up;			/* between the engine's UP and DOWN */
	int ifindex;			/* 0: there is no interface */
	bool routed;			/* the interface is up, with address and routes */
	struct routes routes;		/* into it, since it was made */
	bool pinned;
	struct addr pin;
	struct addr tried;		/* by the last attempt of ours; family 0: there was none */
	struct endpoint local, remote;	/* of the newest child, as the kernel got it */
	struct ts local_ts[TUNNEL_TS_MAX];	/* likewise, as negotiated */
	struct ts remote_ts[TUNNEL_TS_MAX];
	uint8_t local_ts_count, remote_ts_count;
	uint64_t began_ms, step_ms;	/* of the attempt, of its last step */
	unsigned int failures;		/* attempts in a row, for the back-off */
	uint64_t retry_at_ms;		/* 0: no retry is waiting */
	enum ike_failure failure;	/* of the last end, or of a peer that was refused */
	bool no_answer;			/* to our last attempt: a name's next address may do */
	const char *error;		/* its name on the control socket, NULL: none */
	char detail[512];
	unsigned int pending;		/* enum conn_pending, done from the loop */
	struct event *work, *retry, *refresh, *keepalive;
	struct resolve *resolve;
};

/* NULL: no memory, or the engine refuses it (logged). */
struct conn *conn_new(struct daemon *d, const struct tunnel_options *opt);
/* Takes it down, removes its interface, forgets it. */
void conn_del(struct conn *t);

/*
 * Starts an attempt now; events and a result follow. -EALREADY: it is up. -EINPROGRESS.
 * -EDESTADDRREQ: answer only.
 */
int conn_up(struct conn *t);
/* -EALREADY: it was down. */
int conn_down(struct conn *t);

/*
 * A tunnel that waits for its peer offers what the kernel cannot do: that is logged. Those that
 * start by themselves hear of it at each attempt.
 */
void conn_check_esp(struct conn *t);

/* Called by the engine's environment. */
void conn_event(struct conn *t, const struct ike_event *ev);
/* The interface's index, made if need be; or a negative errno. */
int conn_device(struct conn *t, char why[256]);
void conn_child(struct conn *t, const struct kern_child *child);
void conn_device_gone(struct conn *t);

/*
 * address.c: addresses and routes of an interface. 0, or a negative errno and @why. @note: empty,
 * or a sentence for the user.
 */
int conn_plumb(struct conn *t, char note[512], char why[256]);
/* The routes stay, and lead round @peer from now on. On failure nothing has changed. */
int conn_repin(struct conn *t, const struct addr *peer, char why[256]);
void conn_unplumb(struct conn *t);

/* status.c */
/* @whole: with what takes the kernel some time to say. */
json_t *conn_status(struct conn *t, bool whole);
json_t *conn_summary(struct conn *t);	/* of a tunnel that is up: for the result of up */
const char *failure_name(enum ike_failure failure);

#endif
