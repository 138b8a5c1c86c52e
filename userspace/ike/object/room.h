/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules that the kernel cuts selectors into are those of an interface, 262,144 for all that
 * connect to it. With remote = any these are strangers to one another, and what each of them may
 * take is bounded.
 */
#ifndef IKE_ROOM_H
#define IKE_ROOM_H

#include <stdbool.h>

struct cause;
struct child;
struct ts_pair;

/* For one peer, beside what its tunnel is configured for. */
#define ROOM_RULES	4096

/* May @child have these selectors? False: @cause. */
bool room_for(const struct child *child, const struct ts_pair *ts, struct cause *cause);

#endif
