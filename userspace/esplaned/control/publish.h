/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's events, for people: to the log and to the clients of the control socket. Reports
 * only: nothing here acts on them.
 */
#ifndef ESPLANED_PUBLISH_H
#define ESPLANED_PUBLISH_H

#include "esplaned/control/control.h"
#include "esplaned/core/state.h"

/* env.event: called inside the engine. */
void publish_event(struct daemon *d, const struct ike_event *ev);
/* A step of ours in bringing a peer up: "interface", "routes". @peer 0: it is not known. */
void publish_step(struct daemon *d, const struct tunnel_entry *t, uint32_t peer, const char *step,
		 const char *detail);
/* A sentence that a person should know, to the log and to those who watch. */
void publish_note(struct daemon *d, const struct tunnel_entry *t, uint32_t peer, const char *text);
/* The steps of the running attempt so far, for a client that joins. */
void publish_replay(struct daemon *d, uint32_t tunnel, struct client *c);
/* The same as a list of events. */
json_t *publish_attempt(struct daemon *d, uint32_t tunnel);
/* Forgets the steps of all peers of a tunnel. */
void publish_forget(struct daemon *d, uint32_t tunnel);

#endif
