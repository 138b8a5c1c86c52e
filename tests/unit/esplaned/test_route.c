// SPDX-License-Identifier: GPL-2.0
/* Routes of a tunnel whose selectors change, against a kernel that is a list. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/socket.h>

#include "esplaned/nl/nltalk.h"
#include "esplaned/nl/route.h"

#define OURS	7
#define FIB_MAX	5000

struct fib {
	struct addr dst, source;
	unsigned int bits;
	uint32_t metric, oif;
};

static struct fib fib[FIB_MAX];
static unsigned int fib_count;
static struct route *route;

struct nl_sock *nltalk_open(int protocol)
{
	return nl_socket_alloc();
}

static void addr_of(struct addr *addr, struct nlattr *attr)
{
	memset(addr, 0, sizeof(*addr));
	if (attr)
		assert_true(addr_from_bytes(addr, nla_data(attr), (size_t)nla_len(attr)));
}

/* What Linux does with RTM_NEWROUTE: destination and metric make a route what it is. */
int nltalk(struct nl_sock *sk, struct nl_msg *msg, nl_recvmsg_msg_cb_t valid, void *arg,
	   char why[NLTALK_WHY_MAX])
{
	const struct rtmsg *rtm = nlmsg_data(nlmsg_hdr(msg));
	int flags = nlmsg_hdr(msg)->nlmsg_flags;
	struct nlattr *at[RTA_MAX + 1];
	struct fib want = { .bits = rtm->rtm_dst_len };
	unsigned int i;

	assert_int_equal(nlmsg_hdr(msg)->nlmsg_type, RTM_NEWROUTE);
	assert_int_equal(rtm->rtm_protocol, ROUTE_PROTOCOL);
	assert_int_equal(nlmsg_parse(nlmsg_hdr(msg), sizeof(*rtm), at, RTA_MAX, NULL), 0);
	addr_of(&want.dst, at[RTA_DST]);
	addr_of(&want.source, at[RTA_PREFSRC]);
	want.metric = at[RTA_PRIORITY] ? nla_get_u32(at[RTA_PRIORITY]) : 0;
	want.oif = nla_get_u32(at[RTA_OIF]);
	nlmsg_free(msg);
	why[0] = '\0';
	for (i = 0; i < fib_count; i++) {
		if (fib[i].bits == want.bits && fib[i].metric == want.metric &&
		    addr_equal(&fib[i].dst, &want.dst))
			break;
	}
	if (i < fib_count && flags & NLM_F_EXCL)
		return -EEXIST;
	if (i == FIB_MAX)
		return -ENOMEM;
	fib[i] = want;
	fib_count += i == fib_count;
	return 0;
}

static int add(struct routes *to, const char *ts_text, const char *source_text)
{
	struct addr source = { 0 };
	const char *unused;
	char why[ROUTE_WHY_MAX];
	struct ts ts;
	int rc;

	assert_true(ts_parse(&ts, ts_text, &unused));
	if (source_text)
		assert_true(addr_parse(&source, source_text));
	rc = route_add(route, to, &ts, &source, why);
	if (rc)
		assert_true(strlen(why));
	return rc;
}

/* "dst/bits source", in the order of their making */
static void assert_routes(const char *want)
{
	char got[1024] = "", dst[ADDR_STRLEN], source[ADDR_STRLEN];

	for (unsigned int i = 0; i < fib_count; i++) {
		size_t at = strlen(got);

		if (fib[i].oif != OURS)
			continue;
		snprintf(got + at, sizeof(got) - at, "%s%s/%u %s", at ? ", " : "",
			 addr_str(&fib[i].dst, dst), fib[i].bits, addr_str(&fib[i].source, source));
	}
	assert_string_equal(got, want);
}

static void other_selectors_get_routes_and_the_first_stay(void **state)
{
	struct routes to = { .ifindex = OURS };
	struct addr a;

	assert_int_equal(add(&to, "10.9.0.5", "10.1.0.1"), 0);
	assert_int_equal(add(&to, "10.9.0.7", "10.1.0.1"), 0);
	assert_int_equal(add(&to, "10.9.0.5", "10.1.0.1"), 0);
	assert_int_equal(to.count, 2);
	assert_routes("10.9.0.5/32 10.1.0.1, 10.9.0.7/32 10.1.0.1");
	assert_true(addr_parse(&a, "10.9.0.7"));
	assert_true(routes_contain(&to, &a));
	assert_true(addr_parse(&a, "10.9.0.6"));
	assert_false(routes_contain(&to, &a));
	routes_forget(&to);
	assert_false(routes_contain(&to, &a));
}

/* Ranges that overlap share prefixes; ports share all of them. */
static void shared_prefixes_are_one_route(void **state)
{
	struct routes to = { .ifindex = OURS };

	assert_int_equal(add(&to, "10.2.0.1-10.2.0.6", NULL), 0);
	assert_int_equal(add(&to, "10.2.0.1-10.2.0.5", NULL), 0);
	assert_int_equal(add(&to, "10.2.0.1[tcp/80]", NULL), 0);
	assert_routes("10.2.0.1/32 none, 10.2.0.2/31 none, 10.2.0.4/31 none, 10.2.0.6/32 none");
	routes_forget(&to);
}

static void another_source_replaces_in_place(void **state)
{
	struct routes to = { .ifindex = OURS, .metric = 50 };

	assert_int_equal(add(&to, "0.0.0.0/0", "10.1.0.1"), 0);
	assert_int_equal(add(&to, "0.0.0.0/0", "10.1.0.2"), 0);
	assert_routes("0.0.0.0/1 10.1.0.2, 128.0.0.0/1 10.1.0.2");
	assert_int_equal(add(&to, "0.0.0.0/0", NULL), 0);
	assert_routes("0.0.0.0/1 none, 128.0.0.0/1 none");
	assert_int_equal(to.count, 2);
	routes_forget(&to);
}

static void what_somebody_removed_is_laid_again(void **state)
{
	struct routes to = { .ifindex = OURS };

	assert_int_equal(add(&to, "fd09::/64", NULL), 0);
	fib_count = 0;
	assert_int_equal(add(&to, "fd09::/64", NULL), 0);
	assert_routes("fd09::/64 none");
	assert_int_equal(to.count, 1);
	routes_forget(&to);
}

static void anothers_route_is_an_error_and_stays(void **state)
{
	struct routes theirs = { .ifindex = 2 }, to = { .ifindex = OURS };

	assert_int_equal(add(&theirs, "10.9.0.7", NULL), 0);
	assert_int_equal(add(&to, "10.9.0.5", NULL), 0);
	assert_int_equal(add(&to, "10.9.0.7", NULL), -EEXIST);
	assert_int_equal(add(&to, "10.9.0.7", "10.1.0.1"), -EEXIST);
	assert_int_equal(to.count, 1);
	assert_routes("10.9.0.5/32 none");
	assert_int_equal(fib[0].oif, 2);
	to.metric = 50;
	assert_int_equal(add(&to, "10.9.0.7", NULL), 0);
	routes_forget(&theirs);
	routes_forget(&to);
}

static void there_is_an_end(void **state)
{
	struct routes to = { .ifindex = OURS };
	char text[32];

	for (unsigned int i = 0; i < ROUTES_MAX; i++) {
		snprintf(text, sizeof(text), "10.9.%u.%u", i / 256, i % 256);
		assert_int_equal(add(&to, text, NULL), 0);
	}
	assert_int_equal(add(&to, "10.10.0.1", NULL), -ENOSPC);
	assert_int_equal(add(&to, "10.9.0.1", "10.1.0.1"), 0);
	assert_int_equal(fib_count, ROUTES_MAX);
	routes_forget(&to);
}

static int fresh(void **state)
{
	fib_count = 0;
	route = route_new();
	return !route;
}

static int done(void **state)
{
	route_free(route);
	return 0;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(other_selectors_get_routes_and_the_first_stay),
		TEST(shared_prefixes_are_one_route),
		TEST(another_source_replaces_in_place),
		TEST(what_somebody_removed_is_laid_again),
		TEST(anothers_route_is_an_error_and_stays),
		TEST(there_is_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
