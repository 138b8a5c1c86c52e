// SPDX-License-Identifier: GPL-2.0
/* The alarm, and a host that sleeps: its clocks are faked apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "esplaned/host/clock.h"

static long slept_s;		/* by which CLOCK_BOOTTIME is ahead */
static int jump_fd = -1;
static char happened[64];
static struct event_base *base;
static struct clock *c;

int clock_gettime(clockid_t id, struct timespec *ts)
{
	long rc = syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_BOOTTIME)
		ts->tv_sec += slept_s;
	return (int)rc;
}

/* The alarm of the wall clock is a pipe here, whose end comes when the clock is set. */
int timerfd_create(int id, int flags)
{
	int fds[2];

	if (id != CLOCK_REALTIME)
		return (int)syscall(SYS_timerfd_create, id, flags);
	assert_int_equal(pipe(fds), 0);
	jump_fd = fds[1];
	return fds[0];
}

int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	if (flags & TFD_TIMER_CANCEL_ON_SET)
		return 0;
	return (int)syscall(SYS_timerfd_settime, fd, flags, when, old);
}

ssize_t read(int fd, void *buf, size_t len)
{
	ssize_t n = syscall(SYS_read, fd, buf, len);

	return n == 1 ? -1 : n;		/* what the pipe says is ECANCELED */
}

static void on_tick(void *ctx)
{
	strcat(happened, "tick ");
	event_base_loopbreak(base);
}

static void on_resumed(void *ctx)
{
	strcat(happened, "resumed ");
}

static const char *loop_ms(long ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	happened[0] = '\0';
	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
	return happened;
}

static void rings_when_it_is_time(void **state)
{
	uint64_t began = clock_now();

	clock_set(c, began + 30);
	assert_string_equal(loop_ms(10000), "tick ");
	assert_true(clock_now() >= began + 30);
	/* once */
	assert_string_equal(loop_ms(50), "");
	/* what is past, rings at once; what is forgotten, not at all */
	clock_set(c, 1);
	assert_string_equal(loop_ms(10000), "tick ");
	clock_set(c, clock_now() + 20);
	clock_set(c, UINT64_MAX);
	assert_string_equal(loop_ms(100), "");
	clock_set(c, 0);
	clock_set(c, clock_now() + 3600000);
	assert_string_equal(loop_ms(50), "");
}

static void a_sleep_is_time_and_is_noticed(void **state)
{
	uint64_t before = clock_now();

	clock_set(c, before + 30);
	slept_s += 100;
	assert_true(clock_now() >= before + 100000);
	assert_string_equal(loop_ms(10000), "resumed tick ");
	clock_set(c, clock_now() + 10);
	assert_string_equal(loop_ms(10000), "tick ");
	/* long before the alarm */
	clock_set(c, clock_now() + 3600000);
	slept_s += 2;
	assert_int_equal(write(jump_fd, "", 1), 1);
	assert_string_equal(loop_ms(100), "resumed ");
	/* somebody set the wall clock */
	assert_int_equal(write(jump_fd, "", 1), 1);
	assert_string_equal(loop_ms(100), "");
}

static int fresh(void **state)
{
	base = event_base_new();
	c = clock_new(base, on_tick, on_resumed, NULL);
	return !c;
}

static int done(void **state)
{
	clock_free(c);
	event_base_free(base);
	close(jump_fd);
	return 0;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rings_when_it_is_time),
		TEST(a_sleep_is_time_and_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
