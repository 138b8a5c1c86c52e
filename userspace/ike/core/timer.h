/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deadlines: a binary heap an engine. A timer is part of the object it serves and fires once. Those
 * of equal deadlines fire in the order of arming.
 */
#ifndef IKE_TIMER_H
#define IKE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	uint64_t at;			/* ms on the env's clock, while armed */
	uint64_t order;			/* of arming */
	size_t slot;			/* its place in the heap plus 1; 0: not armed */
	void (*fire)(struct timer *timer);
};

struct timers {
	struct timer **heap;
	size_t count, room;		/* armed; allocated */
	size_t reserved;		/* timers that exist: arming one never fails */
	uint64_t order;
};

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/* Before an object with @n timers is made: false: no memory. timers_unreserve when it is gone. */
bool timers_reserve(struct timers *timers, size_t n);
void timers_unreserve(struct timers *timers, size_t n);
void timers_free(struct timers *timers);

void timer_init(struct timer *timer, void (*fire)(struct timer *timer));
bool timer_armed(const struct timer *timer);
/* Arms it, or moves it. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t at);
void timer_cancel(struct timers *timers, struct timer *timer);
uint64_t timers_next(const struct timers *timers);	/* UINT64_MAX: none */
/* Fires what is due at @now, also what becomes due on the way. */
void timers_run(struct timers *timers, uint64_t now);

#endif
