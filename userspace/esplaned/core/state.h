/* SPDX-License-Identifier: GPL-2.0 */
/* What ties the engine to the world: one struct daemon a process. */
#ifndef ESPLANED_STATE_H
#define ESPLANED_STATE_H

#include <event2/event.h>
#include "esplaned/core/tunnels.h"
#include "ike/ike.h"

struct client;
struct clock;
struct control;
struct devices;
struct hook;
struct job;
struct kern;
struct keys;
struct progress;
struct radius_socks;
struct radius_talk;
struct resolver;
struct sock;
struct talk;
struct tcp;
struct told;
struct wait;
struct watch;

struct daemon {
	struct event_base *base;
	struct ike *ike;
	struct sock *sock;
	struct tcp *tcp;
	struct kern *kern;
	struct devices *devices;
	struct keys *keys;		/* the process with the secrets */
	struct resolver *resolver;
	struct watch *watch;		/* of the host's links, addresses and routes */
	struct clock *clock;
	struct control *control;
	struct tunnels tunnels;
	struct wait *waits;
	struct job *jobs;
	struct talk *talks;		/* of TLS, that go on */
	struct radius_talk *radius;	/* of EAP with a RADIUS server, that go on */
	uint32_t radius_span_ms;	/* a request's time; 0: RADIUS_SPAN_MS */
	struct radius_socks *radius_socks;	/* NULL: none was asked yet */
	struct cert_cache *cert_cache;	/* of peers; NULL: none yet */
	struct hook *hooks;
	struct progress *progress;	/* control/publish.c */
	struct told *told;		/* control/told.c */
	struct event *fetched;		/* something has been fetched (keys/fetch.h) */
	struct event *named;		/* likewise a key in DNS */
	struct event *kern_readable;	/* NULL: the module is not there yet */
	struct event *keepalive_timer, *stop_timer;
	bool stopping;
	bool orphan;			/* keys is gone: end, and leave the tunnels as they are */
};

#endif
