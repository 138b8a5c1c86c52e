/* SPDX-License-Identifier: GPL-2.0 */
/* Deadlines. One sorted list an engine; a timer is part of the object it serves and fires once. */
#ifndef IKE_TIMER_H
#define IKE_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct timer {
	TAILQ_ENTRY(timer) link;
	uint64_t at;			/* ms on the env's clock, while armed */
	bool armed;
	void (*fire)(struct timer *timer);
};

TAILQ_HEAD(timers, timer);

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

void timer_init(struct timer *timer, void (*fire)(struct timer *timer));
/* Arms it, or moves it. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t at);
void timer_cancel(struct timers *timers, struct timer *timer);
uint64_t timers_next(const struct timers *timers);	/* UINT64_MAX: none */
/* Fires what is due at @now, also what becomes due on the way. */
void timers_run(struct timers *timers, uint64_t now);

#endif
