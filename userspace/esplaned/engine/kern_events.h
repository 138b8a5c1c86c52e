/* SPDX-License-Identifier: GPL-2.0 */
/* The module's events, to the engine. */
#ifndef ESPLANED_KERN_EVENTS_H
#define ESPLANED_KERN_EVENTS_H

#include "esplaned/core/state.h"

/* Listens to the module's events from now on, no more to those of one that was there before. */
int kern_events_open(struct daemon *d, char why[IKE_WHY_MAX]);
void kern_events_close(struct daemon *d);

#endif
