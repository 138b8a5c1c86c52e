// SPDX-License-Identifier: GPL-2.0
#include "ike/timer.h"

#include <stddef.h>

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
	timer->armed = false;
	timer->fire = fire;
}

/* From the end: most deadlines are the same span away, and so belong last. Equal ones fire in the order of arming. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t at)
{
	struct timer *before;

	timer_cancel(timers, timer);
	timer->at = at;
	timer->armed = true;

	TAILQ_FOREACH_REVERSE(before, timers, timers, link) {
		if (before->at <= at) {
			TAILQ_INSERT_AFTER(timers, before, timer, link);
			return;
		}
	}
	TAILQ_INSERT_HEAD(timers, timer, link);
}

void timer_cancel(struct timers *timers, struct timer *timer)
{
	if (!timer->armed)
		return;
	TAILQ_REMOVE(timers, timer, link);
	timer->armed = false;
}

uint64_t timers_next(const struct timers *timers)
{
	const struct timer *first = TAILQ_FIRST(timers);

	return first ? first->at : UINT64_MAX;
}

void timers_run(struct timers *timers, uint64_t now)
{
	struct timer *timer;

	while ((timer = TAILQ_FIRST(timers)) && timer->at <= now) {
		timer_cancel(timers, timer);
		timer->fire(timer);
	}
}
