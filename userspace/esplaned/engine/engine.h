/* SPDX-License-Identifier: GPL-2.0 */
/* The engine's clock, and what has to follow each call into the engine. */
#ifndef ESPLANED_ENGINE_H
#define ESPLANED_ENGINE_H

#include "esplaned/core/state.h"

/* False: no memory. */
bool engine_open(struct daemon *d, const struct ike_env *env);
void engine_close(struct daemon *d);

/*
 * To be called from the loop after each call into the engine that may change something: sets its
 * next deadline, and sends the results that have become known.
 */
void engine_settled(struct daemon *d);

/* Listens at the TCP ports that the tunnels say. */
void engine_listen(struct daemon *d);

#endif
