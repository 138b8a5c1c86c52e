/* SPDX-License-Identifier: GPL-2.0 */
/* Events as messages to the multicast group of the namespace that is the device's home. */
#ifndef _ESPL_NOTIFY_H
#define _ESPL_NOTIFY_H

#include "core/event.h"

/* For espl_event_init(). */
extern const struct espl_event_sink espl_notify;

#endif
