// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/clock.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/monotonic.h"

#define CLOCK_SLEPT_MS	1000	/* less is not a suspend */

struct clock {
	int due_fd;			/* the alarm */
	int jump_fd;			/* readable when the wall clock jumps: also on resume */
	struct event *due, *jump;
	uint64_t slept_ms;		/* so far, in all suspends */
	void (*tick)(void *ctx);
	void (*resumed)(void *ctx);
	void *ctx;
};

uint64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t clock_slept(void)
{
	return clock_now() - monotonic_ms();
}

static void clock_look(struct clock *c)
{
	uint64_t slept_ms = clock_slept(), before = c->slept_ms;

	if (slept_ms < before + CLOCK_SLEPT_MS)
		return;
	c->slept_ms = slept_ms;
	c->resumed(c->ctx);
}

static void clock_on_due(evutil_socket_t fd, short what, void *arg)
{
	struct clock *c = arg;
	uint64_t times;

	if (read(fd, &times, sizeof(times)) != (ssize_t)sizeof(times))
		return;		/* it was set anew meanwhile */
	clock_look(c);
	c->tick(c->ctx);
}

/* Cancelled whenever somebody sets the wall clock, which the kernel does when it resumes. */
static int clock_watch_jumps(int fd)
{
	const struct itimerspec never = { .it_value.tv_sec = (time_t)(INT64_MAX / 1000000000) };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static void clock_on_jump(evutil_socket_t fd, short what, void *arg)
{
	uint64_t times;

	if (read(fd, &times, sizeof(times)) >= 0)
		return;
	clock_watch_jumps(fd);
	clock_look(arg);
}

static struct event *clock_event(struct event_base *base, int fd, event_callback_fn fn, void *arg)
{
	struct event *ev = fd < 0 ? NULL : event_new(base, fd, EV_READ | EV_PERSIST, fn, arg);

	if (ev && event_add(ev, NULL)) {
		event_free(ev);
		return NULL;
	}
	return ev;
}

struct clock *clock_new(struct event_base *base, void (*tick)(void *ctx),
			void (*resumed)(void *ctx), void *ctx)
{
	struct clock *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->tick = tick;
	c->resumed = resumed;
	c->ctx = ctx;
	c->slept_ms = clock_slept();
	c->due_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	c->jump_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	c->due = clock_event(base, c->due_fd, clock_on_due, c);
	c->jump = clock_event(base, c->jump_fd, clock_on_jump, c);
	if (c->due && c->jump && !clock_watch_jumps(c->jump_fd))
		return c;
	clock_free(c);
	return NULL;
}

void clock_free(struct clock *c)
{
	if (!c)
		return;
	if (c->due)
		event_free(c->due);
	if (c->jump)
		event_free(c->jump);
	if (c->due_fd >= 0)
		close(c->due_fd);
	if (c->jump_fd >= 0)
		close(c->jump_fd);
	free(c);
}

void clock_set(struct clock *c, uint64_t at_ms)
{
	uint64_t now = clock_now(), wait = at_ms > now ? at_ms - now : 0;
	struct itimerspec when = { 0 };		/* disarmed */

	if (at_ms != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(wait / 1000);
		when.it_value.tv_nsec = wait ? (long)(wait % 1000 * 1000000) : 1;
	}
	timerfd_settime(c->due_fd, 0, &when, NULL);
}
