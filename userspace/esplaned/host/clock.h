/* SPDX-License-Identifier: GPL-2.0 */
/* The engine's clock and its alarm, both of which go on while the host is suspended. */
#ifndef ESPLANED_CLOCK_H
#define ESPLANED_CLOCK_H

#include <event2/event.h>
#include <stdint.h>

struct clock;

/* Milliseconds, monotonic, suspended time included. */
uint64_t clock_now(void);

/*
 * @tick when the time of clock_set has come; @resumed when the host has slept for more than a
 * second, and then before @tick. Both from the loop. NULL: no memory, or no descriptors.
 */
struct clock *clock_new(struct event_base *base, void (*tick)(void *ctx),
			void (*resumed)(void *ctx), void *ctx);
void clock_free(struct clock *c);	/* NULL is fine */
/* On clock_now's scale; what was set before is forgotten. UINT64_MAX: never. */
void clock_set(struct clock *c, uint64_t at_ms);

#endif
