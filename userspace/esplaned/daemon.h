/* SPDX-License-Identifier: GPL-2.0 */
/* What ties the engine to the world: one struct daemon a process. */
#ifndef ESPLANED_DAEMON_H
#define ESPLANED_DAEMON_H

#include <event2/event.h>
#include "esplaned/conf/config.h"
#include "esplaned/control/control.h"
#include "ike/ike.h"

struct kern;
struct route;
struct sock;
struct conn;

struct daemon {
	struct event_base *base;
	struct ike *ike;
	struct sock *sock;
	struct kern *kern;
	struct route *route;
	struct control *control;
	struct conn *tunnels;
	struct event *engine_timer;
	struct event *kern_readable;	/* NULL: the module is not there yet */
	struct event *stop_timer;
	const char *config_path;
	bool stopping;
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

/*
 * Reads the file again and changes the tunnels that changed. False: nothing did, @why says why not.
 */
bool daemon_reload(struct daemon *d, json_t **changes, char why[CONFIG_WHY_MAX]);

uint64_t daemon_now(void);		/* milliseconds, monotonic */
/* To be called after each call into the engine from the loop. */
void daemon_engine_rearm(struct daemon *d);
/* Is the module there? Looked for anew. 0, or a negative errno and @why. */
int daemon_kernel_ready(struct daemon *d, char why[256]);
struct conn *daemon_conn(struct daemon *d, const char *name);

/* The commands of the control socket (commands.c). */
void daemon_request(void *ctx, struct client *c, const char *command, const char *tunnel);

#endif
