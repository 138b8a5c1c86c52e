// SPDX-License-Identifier: GPL-2.0
/*
 * Routes and addresses through rtnetlink, in a network namespace of its own; and dumps that change
 * while they are read, by a kernel that is an array.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "esplaned/nl/address.h"
#include "esplaned/nl/link.h"
#include "esplaned/nl/route.h"
#include "esplaned/nl/rule.h"

static struct nl_sock *sk;
static char why[NLTALK_WHY_MAX];

static struct prefix prefix_of(const char *text, uint8_t bits)
{
	struct prefix p = { .bits = bits };

	assert_true(addr_parse(&p.addr, text));
	return p;
}

static struct route route_to(const char *text, uint8_t bits)
{
	return (struct route){ .dst = prefix_of(text, bits), .table = ROUTE_TABLE };
}

static int link_index(const char *name)
{
	return (int)if_nametoindex(name);
}

static void made_found_and_removed(void **state)
{
	struct route r = route_to("10.2.0.0", 24), there, other;

	r.ifindex = link_index("eth9");
	assert_false(route_find(sk, &r, &there));
	assert_int_equal(route_add(sk, &r, false, why), 0);
	assert_int_equal(route_add(sk, &r, false, why), -EEXIST);
	assert_true(route_find(sk, &r, &there));
	assert_int_equal(there.ifindex, r.ifindex);
	assert_int_equal(there.protocol, ROUTE_PROTOCOL);
	assert_true(there.usable);
	other = r;
	other.metric = 1;
	assert_false(route_find(sk, &other, &there));
	other.ifindex = 0;
	other.unreachable = true;
	assert_int_equal(route_add(sk, &other, false, why), 0);
	assert_true(route_find(sk, &other, &there));
	assert_true(there.unreachable);
	assert_false(there.usable);
	assert_int_equal(route_del(sk, &other, why), 0);
	assert_int_equal(route_del(sk, &other, why), -ESRCH);
	assert_true(route_find(sk, &r, &there));
	/* what it leads to, in place */
	assert_true(addr_parse(&r.gateway, "192.0.2.9"));
	assert_int_equal(route_add(sk, &r, true, why), 0);
	assert_true(route_find(sk, &r, &there));
	assert_true(addr_equal(&there.gateway, &r.gateway));
	assert_int_equal(route_del(sk, &r, why), 0);
}

static void anothers_is_not_touched(void **state)
{
	struct route r = route_to("10.2.0.0", 24), there;

	r.ifindex = link_index("eth9");
	assert_int_equal(system("ip route add 10.2.0.0/24 dev eth9"), 0);
	assert_int_equal(route_add(sk, &r, false, why), -EEXIST);
	assert_int_equal(route_del(sk, &r, why), -ESRCH);
	assert_true(route_find(sk, &r, &there));
	assert_int_not_equal(there.protocol, ROUTE_PROTOCOL);
}

static void ipv6_says_its_metric(void **state)
{
	struct route r = route_to("fd02::", 64), there;

	r.metric = route_metric(AF_INET6, 0);
	r.ifindex = link_index("eth9");
	assert_int_equal(route_add(sk, &r, false, why), 0);
	assert_true(route_find(sk, &r, &there));
	r.metric = route_metric(AF_INET6, 7);
	r.ifindex = 0;
	r.unreachable = true;
	assert_int_equal(route_add(sk, &r, false, why), 0);
	assert_true(route_find(sk, &r, &there));
	assert_true(there.unreachable);
	assert_int_equal(route_metric(AF_INET, 0), 0);
}

static void what_others_lay_is_read(void **state)
{
	struct route r = route_to("10.3.0.0", 24), there;
	struct addr peer;

	assert_int_equal(system("ip route add 10.3.0.0/24 nexthop via 203.0.113.1 dev eth9 onlink "
				"nexthop via 192.0.2.3 dev eth9"), 0);
	assert_int_equal(system("ip route add 10.4.0.0/24 via inet6 fd99::9 dev eth9"), 0);
	assert_int_equal(system("ip route add blackhole 10.5.0.0/24"), 0);
	assert_int_equal(system("ip route add 10.6.0.0/24 dev eth9 table 1000"), 0);
	assert_true(route_find(sk, &r, &there));
	assert_true(there.usable && there.onlink);
	assert_true(addr_parse(&peer, "203.0.113.1"));
	assert_true(addr_equal(&there.gateway, &peer));
	r = route_to("10.4.0.0", 24);
	assert_true(route_find(sk, &r, &there));
	assert_true(addr_parse(&peer, "fd99::9"));
	assert_true(addr_equal(&there.gateway, &peer));
	/* and laid likewise: RFC 5549 */
	there.dst = prefix_of("10.4.1.0", 24);
	assert_int_equal(route_add(sk, &there, false, why), 0);
	assert_true(route_find(sk, &there, &r));
	assert_true(addr_equal(&r.gateway, &peer));
	r = route_to("10.5.0.0", 24);
	assert_true(route_find(sk, &r, &there));
	assert_false(there.usable || there.unreachable);
	r = route_to("10.6.0.0", 24);
	assert_false(route_find(sk, &r, &there));
	r.table = 1000;
	assert_true(route_find(sk, &r, &there));
	r.table = 1001;		/* has never been */
	assert_false(route_find(sk, &r, &there));
}

static void where_a_packet_would_go(void **state)
{
	const struct pick port = { .proto = 6, .sport = { 5, 5 }, .dport = { 80, 81 } };
	const struct pick any = { 0 };
	struct addr peer;
	struct route r;

	assert_true(addr_parse(&peer, "198.51.100.1"));
	assert_int_equal(route_get(sk, &peer, 0, &any, &r, why), -ENETUNREACH);
	assert_int_equal(system("ip route add default via 192.0.2.254"), 0);
	assert_int_equal(route_get(sk, &peer, 0, &any, &r, why), 0);
	assert_int_equal(r.ifindex, link_index("eth9"));
	assert_int_equal(system("ip rule add fwmark 7 lookup 100; "
				"ip route add unreachable default table 100"), 0);
	assert_int_equal(route_get(sk, &peer, 0, &any, &r, why), 0);
	assert_int_not_equal(route_get(sk, &peer, 7, &any, &r, why), 0);
	assert_int_equal(route_get(sk, &peer, 0, &port, &r, why), 0);
	assert_int_equal(system("ip rule add ipproto tcp sport 5 dport 80 lookup 100"), 0);
	assert_int_not_equal(route_get(sk, &peer, 0, &port, &r, why), 0);
	assert_int_equal(route_get(sk, &peer, 0, &any, &r, why), 0);
}

static void addresses(void **state)
{
	struct prefix p = prefix_of("10.1.0.1", 24);
	int ifindex = link_index("eth9");
	struct addr found;
	const char *wrong;
	struct ts ts;

	assert_true(ts_parse(&ts, "10.1.0.0/24", &wrong));
	assert_false(address_inside(sk, &ts, 0, &found));
	assert_int_equal(address_add(sk, ifindex, &p, why), 0);
	assert_int_equal(address_add(sk, ifindex, &p, why), -EEXIST);
	assert_true(address_inside(sk, &ts, 0, &found));
	assert_true(addr_equal(&found, &p.addr));
	assert_false(address_inside(sk, &ts, ifindex, &found));
	/* no route to the network came with it */
	assert_int_not_equal(system("ip route show 10.1.0.0/24 | grep -q ."), 0);
	assert_int_equal(address_del(sk, ifindex, &p, why), 0);
	assert_false(address_inside(sk, &ts, 0, &found));
}

/* An interface of a kind that this kernel may not have. */
static void interfaces(void **state)
{
	int ifindex = 0, rc;

	assert_int_not_equal(link_add(sk, "eth9", "office", 0, &ifindex, why), 0);
	assert_int_equal(ifindex, 0);
	rc = link_add(sk, "office", "office", 0, &ifindex, why);
	if (rc) {
		assert_int_equal(rc, -EOPNOTSUPP);
		assert_non_null(strstr(why, "modprobe esplane"));
	}
	assert_int_equal(ifindex, link_index("office"));
	assert_int_equal(link_up(sk, 7777, why), -ENODEV);
	assert_int_equal(link_del(sk, 7777, why), -ENODEV);
}

/* The fake kernel: answers to a dump, in parts, the first @interrupted times inconsistent. */

static struct {
	bool on;
	unsigned int asked, interrupted, sent;
	uint32_t seq;
} fake;

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	const struct nlmsghdr *hdr = msg->msg_iov->iov_base;

	if (!fake.on)
		return syscall(SYS_sendmsg, fd, msg, flags);
	fake.seq = hdr->nlmsg_seq;
	fake.asked++;
	fake.sent = 0;
	return (ssize_t)msg->msg_iov->iov_len;
}

static size_t fake_answer(uint8_t *buf)
{
	bool whole = fake.asked > fake.interrupted;
	struct nlmsghdr *hdr = (struct nlmsghdr *)buf;
	struct rtmsg *rtm = NLMSG_DATA(hdr);
	struct rtattr *rta = RTM_RTA(rtm);

	memset(buf, 0, 128);
	hdr->nlmsg_seq = fake.seq;
	hdr->nlmsg_flags = NLM_F_MULTI | (whole ? 0 : NLM_F_DUMP_INTR);
	if (fake.sent++ > 2) {
		hdr->nlmsg_type = NLMSG_DONE;
		hdr->nlmsg_len = NLMSG_LENGTH(4);
		return hdr->nlmsg_len;
	}
	hdr->nlmsg_type = RTM_NEWROUTE;
	rtm->rtm_family = AF_INET;
	rtm->rtm_table = ROUTE_TABLE;
	rtm->rtm_type = RTN_UNREACHABLE;
	rtm->rtm_dst_len = 32;
	rta->rta_type = RTA_DST;
	rta->rta_len = RTA_LENGTH(4);
	/* the last part has the one that is looked for */
	inet_pton(AF_INET, whole && fake.sent == 3 ? "10.9.9.9" : "10.9.9.1", RTA_DATA(rta));
	hdr->nlmsg_len = NLMSG_LENGTH(sizeof(*rtm)) + RTA_LENGTH(4);
	return hdr->nlmsg_len;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	uint8_t answer[128];
	unsigned int sent = fake.sent;
	size_t len;

	if (!fake.on)
		return syscall(SYS_recvmsg, fd, msg, flags);
	len = fake_answer(answer);
	if (flags & MSG_PEEK)
		fake.sent = sent;
	if (msg->msg_iov->iov_len < len) {
		msg->msg_flags |= MSG_TRUNC;
		return (ssize_t)len;
	}
	memcpy(msg->msg_iov->iov_base, answer, len);
	memcpy(msg->msg_name, &kernel, sizeof(kernel));
	msg->msg_namelen = sizeof(kernel);
	msg->msg_controllen = 0;
	msg->msg_flags = 0;
	return (ssize_t)len;
}

/* With NLM_F_DUMP_INTR the list that was read may lack what was there all the time. */
static void an_interrupted_dump_is_read_again(void **state)
{
	struct route r = route_to("10.9.9.9", 32), there;
	struct rtmsg rtm = { .rtm_family = AF_INET };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);

	nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO);
	fake.on = true;
	fake.interrupted = 1;
	assert_int_equal(nltalk(sk, msg, NULL, NULL, why), -EAGAIN);
	assert_int_equal(fake.sent, 4);	/* to its end, which would be in the way of the next */
	fake.asked = 0;
	fake.interrupted = 3;
	assert_true(route_find(sk, &r, &there));
	assert_int_equal(fake.asked, 4);
	/* not for ever */
	fake.asked = 0;
	fake.interrupted = 1000;
	assert_false(route_find(sk, &r, &there));
	assert_int_equal(fake.asked, NLTALK_DUMPS);
}

static int fresh(void **state)
{
	if (unshare(CLONE_NEWNET)) {
		print_error("a network namespace of its own: %s\n", strerror(errno));
		return -1;
	}
	sk = nltalk_open(NETLINK_ROUTE);
	return !sk || system("ip link add eth9 type bridge && ip addr add 192.0.2.1/24 dev eth9 && "
			     "ip addr add fd99::1/64 dev eth9 nodad && ip link set eth9 up");
}

static int done(void **state)
{
	fake.on = false;
	nl_socket_free(sk);
	return 0;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

/* With all that one can have there is room for it. */
static void the_longest_rule(void **state)
{
	const struct rule rule = {
		.family = AF_INET6, .priority = 1000, .mark = 1, .own = true, .proto = IPPROTO_UDP,
		.sport = { 1000, 2000 }, .dport = { 3000, 4000 },
		.dst = prefix_of("2001:db8:1:2:3:4:5:6", 128), .table = 77, .suppress = 5,
	};

	assert_int_equal(rule_add(sk, &rule, why), 0);
	assert_int_equal(rule_del(sk, &rule, why), 0);
	assert_int_equal(rule_del(sk, &rule, why), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(made_found_and_removed),
		TEST(anothers_is_not_touched),
		TEST(ipv6_says_its_metric),
		TEST(what_others_lay_is_read),
		TEST(where_a_packet_would_go),
		TEST(addresses),
		TEST(interfaces),
		TEST(the_longest_rule),
		TEST(an_interrupted_dump_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
