/* SPDX-License-Identifier: GPL-2.0 */
/* The process that speaks IKE, from its start to its end. */
#ifndef ESPLANED_DAEMON_H
#define ESPLANED_DAEMON_H

#include "esplaned/core/state.h"

struct config;

/*
 * Opens what only one daemon can have, and changes nothing: a start that fails here leaves a dead
 * daemon's tunnels as they are. False: the reason is logged.
 */
bool daemon_open(struct daemon *d, const char *control_path);
/* Clears away what a dead daemon left, and opens the rest. False: the reason is logged. */
bool daemon_take_over(struct daemon *d);
/* Makes the tunnels of @config, takes it over, and starts those that are to be up. */
void daemon_start(struct daemon *d, struct config *config);
/*
 * Takes all tunnels down and leaves the loop when the peers know, or have had time enough.
 * @restart: the next daemon is about to start, so what blocks meanwhile stays.
 */
void daemon_stop(struct daemon *d, bool restart);
void daemon_close(struct daemon *d);

#endif
