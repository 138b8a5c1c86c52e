// SPDX-License-Identifier: GPL-2.0
#include "ike/core/timer.h"

#include <stdlib.h>

bool timers_reserve(struct timers *timers, size_t n)
{
	size_t need = timers->reserved + n, room = timers->room ? timers->room : 64;
	struct timer **heap;

	while (room < need)
		room *= 2;
	if (room > timers->room) {
		heap = realloc(timers->heap, room * sizeof(*heap));
		if (!heap)
			return false;
		timers->heap = heap;
		timers->room = room;
	}
	timers->reserved = need;
	return true;
}

void timers_unreserve(struct timers *timers, size_t n)
{
	timers->reserved -= n;
}

void timers_free(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
	*timer = (struct timer){ .fire = fire };
}

bool timer_armed(const struct timer *timer)
{
	return timer->slot;
}

static bool timer_before(const struct timer *a, const struct timer *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void timer_place(struct timers *timers, struct timer *timer, size_t slot)
{
	timers->heap[slot] = timer;
	timer->slot = slot + 1;
}

static void timer_up(struct timers *timers, struct timer *timer, size_t slot)
{
	while (slot && timer_before(timer, timers->heap[(slot - 1) / 2])) {
		timer_place(timers, timers->heap[(slot - 1) / 2], slot);
		slot = (slot - 1) / 2;
	}
	timer_place(timers, timer, slot);
}

static void timer_down(struct timers *timers, struct timer *timer, size_t slot)
{
	size_t child;

	while ((child = 2 * slot + 1) < timers->count) {
		if (child + 1 < timers->count &&
		    timer_before(timers->heap[child + 1], timers->heap[child]))
			child++;
		if (timer_before(timer, timers->heap[child]))
			break;
		timer_place(timers, timers->heap[child], slot);
		slot = child;
	}
	timer_place(timers, timer, slot);
}

void timer_set(struct timers *timers, struct timer *timer, uint64_t at)
{
	timer_cancel(timers, timer);
	timer->at = at;
	timer->order = timers->order++;
	timer_up(timers, timer, timers->count++);
}

void timer_cancel(struct timers *timers, struct timer *timer)
{
	size_t slot = timer->slot - 1;
	struct timer *last;

	if (!timer->slot)
		return;
	timer->slot = 0;
	last = timers->heap[--timers->count];
	if (last == timer)
		return;
	if (slot && timer_before(last, timers->heap[(slot - 1) / 2]))
		timer_up(timers, last, slot);
	else
		timer_down(timers, last, slot);
}

uint64_t timers_next(const struct timers *timers)
{
	return timers->count ? timers->heap[0]->at : UINT64_MAX;
}

void timers_run(struct timers *timers, uint64_t now)
{
	struct timer *timer;

	while (timers->count && timers->heap[0]->at <= now) {
		timer = timers->heap[0];
		timer_cancel(timers, timer);
		timer->fire(timer);
	}
}
