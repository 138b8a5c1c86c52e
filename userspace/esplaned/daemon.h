/* SPDX-License-Identifier: GPL-2.0 */
/* What ties the engine to the world: one struct daemon a process. */
#ifndef ESPLANED_DAEMON_H
#define ESPLANED_DAEMON_H

#include <event2/event.h>
#include "esplaned/control/control.h"
#include "esplaned/tunnels.h"
#include "esplaned/waits.h"
#include "ike/ike.h"

struct clock;
struct devices;
struct hook;
struct job;
struct kern;
struct keys;
struct progress;
struct resolver;
struct sock;
struct watch;

struct daemon {
	struct event_base *base;
	struct ike *ike;
	struct sock *sock;
	struct kern *kern;
	struct devices *devices;
	struct keys *keys;		/* the process with the secrets */
	struct resolver *resolver;
	struct watch *watch;		/* of the host's links, addresses and routes */
	struct clock *clock;
	struct control *control;
	struct tunnels tunnels;
	struct waits waits;
	struct job *jobs;
	struct hook *hooks;
	struct progress *progress;	/* publish.c */
	struct event *kern_readable;	/* NULL: the module is not there yet */
	struct event *keepalive_timer, *stop_timer;
	bool stopping;
	bool orphan;			/* keys is gone: end, and leave the tunnels as they are */
};

/*
 * Opens what only one daemon can have, and changes nothing: a start that fails here leaves a dead
 * daemon's tunnels as they are. False: the reason is logged.
 */
bool daemon_open(struct daemon *d, const char *control_path);
/* Clears away what a dead daemon left, and opens the rest. False: the reason is logged. */
bool daemon_take_over(struct daemon *d);
/* Makes the tunnels of @config, takes it over, and starts those that are to be up. */
void daemon_start(struct daemon *d, struct config *config);
/* Takes all tunnels down and leaves the loop when the peers know, or have had time enough. */
void daemon_stop(struct daemon *d);
void daemon_close(struct daemon *d);

#endif
