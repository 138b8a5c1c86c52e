/* SPDX-License-Identifier: GPL-2.0 */
/* Why the module drops packets, as people read it. */
#ifndef ESPLANED_STAT_H
#define ESPLANED_STAT_H

#include "esplaned/nl/kern.h"

struct nlattr;

/* Adds what @stats, a nest of ESPLANE_STAT_A_*, counts; "rx-replay" and the like. */
void stat_read(struct kern_sa_info *info, const struct nlattr *stats);

#endif
