// SPDX-License-Identifier: GPL-2.0
/* Changes of the host's links, addresses and routes, in a network namespace of its own. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <net/if.h>

#include "esplaned/nl/address.h"
#include "esplaned/nl/route.h"
#include "esplaned/nl/rule.h"
#include "esplaned/nl/watch.h"

static struct event_base *base;
static struct watch *w;
static struct nl_sock *own;	/* as the daemon has, for its routes */
static unsigned int calls, own_calls;
static long work_ms;		/* that each takes */

static void on_changed(void *ctx, bool only_own)
{
	struct timespec ts = { .tv_nsec = work_ms * 1000000 };

	calls++;
	own_calls += only_own;
	nanosleep(&ts, NULL);
}

static void loop_ms(long ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
}

/* How often it is called, until all is quiet again */
static unsigned int calls_until_quiet(void)
{
	unsigned int before;

	for (int i = 0; i < 200 && !calls; i++)
		loop_ms(100);
	do {
		before = calls;
		loop_ms(300);
	} while (calls != before);
	return calls;
}

static unsigned int calls_after(const char *command)
{
	calls = 0;
	own_calls = 0;
	assert_int_equal(system(command), 0);
	return calls_until_quiet();
}

static void every_kind_of_change(void **state)
{
	assert_int_not_equal(calls_after("ip link set eth9 up"), 0);
	assert_int_not_equal(calls_after("ip addr add 192.0.2.1/24 dev eth9"), 0);
	assert_int_not_equal(calls_after("ip -6 addr add fd99::1/64 dev eth9 nodad"), 0);
	assert_int_not_equal(calls_after("ip route add default via 192.0.2.254"), 0);
	assert_int_not_equal(calls_after("ip -6 route add unreachable fd02::/64"), 0);
	assert_int_not_equal(calls_after("ip rule add pref 9 ipproto tcp lookup 9"), 0);
	assert_int_not_equal(calls_after("ip -6 rule add pref 9 ipproto tcp lookup 9"), 0);
	assert_int_not_equal(calls_after("ip link del eth9"), 0);
	calls = 0;
	loop_ms(300);
	assert_int_equal(calls, 0);
}

/* What the daemon lays itself is told apart, alone and beside a change by somebody else. */
static void routes_of_its_own(void **state)
{
	struct route route = {
		.dst = { { .family = AF_INET, .b = { 10, 7 } }, 16 },
		.table = ROUTE_TABLE, .unreachable = true,
	};
	const struct rule rule = { .family = AF_INET, .priority = 9, .table = 9, .proto = 6,
				   .suppress = RULE_NO_SUPPRESS };
	char why[NLTALK_WHY_MAX];

	for (int i = 0; i < 2; i++) {
		calls = 0;
		own_calls = 0;
		assert_int_equal(i ? route_del(own, &route, why) :
				     route_add(own, &route, false, why), 0);
		assert_int_equal(i ? rule_del(own, &rule, why) : rule_add(own, &rule, why), 0);
		assert_int_not_equal(calls_until_quiet(), 0);
		assert_int_equal(own_calls, calls);
	}
	assert_int_equal(route_add(own, &route, false, why), 0);
	assert_int_not_equal(calls_after("ip route del unreachable 10.7.0.0/16"), 0);
	assert_int_not_equal(calls, own_calls);
}

/* The kernel may take routes with an address that goes: whoever removed it. */
static void addresses_of_its_own(void **state)
{
	const struct prefix addr = { { .family = AF_INET, .b = { 192, 0, 2, 1 } }, 24 };
	char why[NLTALK_WHY_MAX];

	calls = 0;
	assert_int_equal(address_add(own, (int)if_nametoindex("eth9"), &addr, why), 0);
	calls_until_quiet();
	calls = 0;
	own_calls = 0;
	assert_int_equal(address_del(own, (int)if_nametoindex("eth9"), &addr, why), 0);
	assert_int_not_equal(calls_until_quiet(), 0);
	assert_int_not_equal(calls, own_calls);
}

/* More than the socket holds: some are lost, and it is called all the same, for many once. */
static void very_many(void **state)
{
	calls_after("ip link set eth9 up && ip addr add 192.0.2.1/24 dev eth9");
	assert_in_range(calls_after("for a in $(seq 0 15); do for b in $(seq 0 255); do "
				    "echo route add 10.8.$a.$b dev eth9; done; done | "
				    "ip -batch -"), 1, 16);
}

/* Work of 40 ms lets 400 ms pass. */
static void no_more_than_a_share_of_the_time(void **state)
{
	struct timespec began, ended;
	long ms;

	calls_after("ip link set eth9 up");
	work_ms = 40;
	clock_gettime(CLOCK_MONOTONIC, &began);
	calls_after("(for i in $(seq 300); do ip link set eth9 mtu $((1000 + i)); done) &");
	clock_gettime(CLOCK_MONOTONIC, &ended);
	work_ms = 0;
	ms = (ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1000000;
	assert_in_range(calls, 1, ms / 440 + 1);
}

static int fresh(void **state)
{
	char why[NLTALK_WHY_MAX];

	if (unshare(CLONE_NEWNET)) {
		print_error("a network namespace of its own: %s\n", strerror(errno));
		return -1;
	}
	base = event_base_new();
	own = nltalk_open(NETLINK_ROUTE);
	assert_non_null(own);
	w = watch_new(base, nl_socket_get_local_port(own), on_changed, NULL, why);
	return !w || !calls_after("ip link add eth9 type bridge");
}

static int done(void **state)
{
	watch_free(w);
	nl_socket_free(own);
	event_base_free(base);
	return 0;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_of_change),
		TEST(routes_of_its_own),
		TEST(addresses_of_its_own),
		TEST(very_many),
		TEST(no_more_than_a_share_of_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
