// SPDX-License-Identifier: GPL-2.0
#include "ike/core/timer.h"

#include <stddef.h>

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
	timer->armed = false;
	timer->fire = fire;
}

/*
 * From the end: most deadlines are the same span away, and so belong last. Equal ones fire in
 * the order of arming.
 */
void timer_set(struct timers *timers, struct timer *timer, uint64_t at)
{
	struct timer *before;

	timer_cancel(timers, timer);
	timer->at = at;
	timer->armed = true;

	before = TAILQ_LAST(timers, timers);
	while (before && before->at > at)
		before = TAILQ_PREV(before, timers, link);
	if (before)
		TAILQ_INSERT_AFTER(timers, before, timer, link);
	else
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
