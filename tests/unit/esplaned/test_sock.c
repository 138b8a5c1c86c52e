// SPDX-License-Identifier: GPL-2.0
/* IKE's sockets, in a network namespace of their own. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "esplaned/host/sock.h"

#define MARKED	"7"

static struct event_base *base;
static struct sock *s;
static char got[256];

static void on_input(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		     const uint8_t *msg, size_t len)
{
	char to[ADDR_STRLEN], from[ADDR_STRLEN];

	snprintf(got, sizeof(got), "%s > %s %.*s", endpoint_str(remote, from),
		 endpoint_str(local, to), (int)len, (const char *)msg);
	event_base_loopbreak(base);
}

static struct endpoint endpoint_of(const char *addr, uint16_t port)
{
	struct endpoint ep = { .port = port };

	assert_true(addr_parse(&ep.addr, addr));
	return ep;
}

static void on_patience(evutil_socket_t fd, short what, void *ctx)
{
	event_base_loopbreak(base);
}

/* What arrives after a datagram with @mark was sent from @from to @to. */
static const char *sent(const char *from, const char *to, uint16_t port, uint32_t mark)
{
	struct endpoint local = endpoint_of(from, port), remote = endpoint_of(to, port);
	struct event *timer = evtimer_new(base, on_patience, NULL);
	struct timeval patience = { .tv_usec = 600000 };

	got[0] = '\0';
	sock_send(s, &local, &remote, mark, (const uint8_t *)"hello", 5);
	evtimer_add(timer, &patience);
	event_base_dispatch(base);
	event_free(timer);
	return got;
}

static void addresses_and_marker(void **state)
{
	assert_string_equal(sent("192.0.2.1", "192.0.2.2", 500, 0),
			    "192.0.2.1:500 > 192.0.2.2:500 hello");
	assert_string_equal(sent("192.0.2.2", "192.0.2.1", 4500, 0),
			    "192.0.2.2:4500 > 192.0.2.1:4500 hello");
	assert_string_equal(sent("fd99::1", "fd99::3", 500, 0),
			    "[fd99::1]:500 > [fd99::3]:500 hello");
	assert_string_equal(sent("fd99::3", "fd99::1", 4500, 0),
			    "[fd99::3]:4500 > [fd99::1]:4500 hello");
}

/* Each family has a socket that the module can have. */
static void sockets_for_the_module(void **state)
{
	int v4 = sock_natt_fd(s, AF_INET), v6 = sock_natt_fd(s, AF_INET6);

	assert_true(v4 >= 0 && v6 >= 0 && v4 != v6);
}

/* Who sends from there cannot be answered without the interface. */
static void link_local_is_not_heard(void **state)
{
	assert_string_equal(sent("fe80::9", "fd99::1", 500, 0), "");
}

/* A datagram from outside of the daemon's sockets, by the device lo. */
static const char *sent_by_other(const char *to, uint16_t port)
{
	struct endpoint remote = endpoint_of(to, port);
	struct timeval patience = { .tv_usec = 600000 };
	struct event *timer = evtimer_new(base, on_patience, NULL);
	int fd = socket(remote.addr.family, SOCK_DGRAM, 0), on = 1;
	struct sockaddr_storage ss;
	socklen_t len;

	endpoint_to_sockaddr(&remote, &ss, &len);
	assert_return_code(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)), errno);
	assert_return_code(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2), errno);
	assert_return_code(sendto(fd, "hello", 5, 0, (struct sockaddr *)&ss, len), errno);
	close(fd);
	got[0] = '\0';
	evtimer_add(timer, &patience);
	event_base_dispatch(base);
	event_free(timer);
	return got;
}

/* No answer can leave from where such a datagram came to: it begins nothing. */
static void groups_are_not_heard(void **state)
{
	assert_int_equal(system("ip -6 route add multicast ff02::1 dev lo table local"), 0);
	assert_non_null(strstr(sent_by_other("192.0.2.2", 500), "> 192.0.2.2:500 hello"));
	assert_non_null(strstr(sent_by_other("fd99::3", 500), "> [fd99::3]:500 hello"));
	assert_string_equal(sent_by_other("255.255.255.255", 500), "");
	assert_string_equal(sent_by_other("fe80::9", 500), "");
	assert_string_equal(sent_by_other("ff02::1", 500), "");
}

/* The host's rules see the mark: what has it goes nowhere here, what has it not goes its way. */
static void the_mark_is_on_the_packet(void **state)
{
	assert_int_equal(system("ip rule add pref 1 fwmark " MARKED " lookup 100 && "
				"ip route add unreachable default table 100 && "
				"ip rule add pref 2 lookup local && ip rule del pref 0"), 0);
	assert_string_equal(sent("192.0.2.1", "192.0.2.2", 500, atoi(MARKED)), "");
	assert_string_equal(sent("192.0.2.1", "192.0.2.2", 4500, atoi(MARKED)), "");
	assert_string_equal(sent("192.0.2.1", "192.0.2.2", 500, 8),
			    "192.0.2.1:500 > 192.0.2.2:500 hello");
	assert_string_equal(sent("192.0.2.1", "192.0.2.2", 500, 0),
			    "192.0.2.1:500 > 192.0.2.2:500 hello");
}

/* Where the mark has a route of its own, its source address is the one of that route. */
static void the_mark_chooses_the_source(void **state)
{
	struct addr remote = endpoint_of("198.51.100.1", 0).addr, local;
	char text[ADDR_STRLEN];

	assert_int_equal(system("ip route add 198.51.100.0/24 dev lo src 192.0.2.1 && "
				"ip route add default dev lo src 192.0.2.2 table 100 && "
				"ip rule add pref 1 fwmark " MARKED " lookup 100"), 0);
	assert_true(sock_source_for(&remote, 0, &local));
	assert_string_equal(addr_str(&local, text), "192.0.2.1");
	assert_true(sock_source_for(&remote, atoi(MARKED), &local));
	assert_string_equal(addr_str(&local, text), "192.0.2.2");
}

/* A route, and no address to go by it that answers could come to. */
static void no_source_but_the_link(void **state)
{
	struct addr remote = endpoint_of("2001:db8:5::1", 0).addr, local;
	char text[ADDR_STRLEN];

	assert_int_equal(system("ip link add d0 type veth peer name d1 && ip link set d1 up && "
				"ip link set d0 up addrgenmode none && "
				"ip addr add fe80::5/64 dev d0 nodad && "
				"ip route add 2001:db8:5::/64 dev d0 && "
				"ip addr del fd99::1/128 dev lo && "
				"ip addr del fd99::3/128 dev lo"), 0);
	assert_false(sock_source_for(&remote, 0, &local));
	assert_int_equal(system("ip addr add fd99::3/128 dev lo nodad && "
				"ip addr add fd99::1/128 dev lo nodad"), 0);
	assert_true(sock_source_for(&remote, 0, &local));
	assert_memory_equal(addr_str(&local, text), "fd99::", 6);
}

/* Privacy addresses are for those who ask for them: a tunnel lasts longer. */
static void the_source_lasts(void **state)
{
	struct addr remote = endpoint_of("2001:db8::2", 0).addr, local;
	char text[ADDR_STRLEN];

	assert_int_equal(system("sysctl -qw net.ipv6.conf.lo.use_tempaddr=2 && "
				"ip addr add 2001:db8::1/64 dev lo mngtmpaddr && "
				"ip -6 route add 2001:db8::/64 dev lo && "
				"ip -6 -o addr show dev lo temporary | grep -q 2001:db8:"), 0);
	assert_true(sock_source_for(&remote, 0, &local));
	assert_string_equal(addr_str(&local, text), "2001:db8::1");
}

static void whose_address(void **state)
{
	struct endpoint own = endpoint_of("192.0.2.1", 0), not = endpoint_of("192.0.2.77", 0),
			 own6 = endpoint_of("fd99::1", 0), not6 = endpoint_of("fd99::2", 0);
	char why[SOCK_WHY_MAX];

	assert_true(sock_local_ok(&own.addr, why));
	assert_true(sock_local_ok(&own6.addr, why));
	assert_false(sock_local_ok(&not.addr, why));
	assert_string_equal(why, "local 192.0.2.77 is not an address of this host");
	assert_false(sock_local_ok(&not6.addr, why));
	assert_string_equal(why, "local fd99::2 is not an address of this host");
}

static void the_port_is_taken(void **state)
{
	char why[SOCK_WHY_MAX];

	assert_null(sock_new(base, on_input, NULL, why));
	assert_non_null(strstr(why, "UDP port 500 is taken"));
}

static int fresh(void **state)
{
	char why[SOCK_WHY_MAX];

	if (unshare(CLONE_NEWNET)) {
		print_error("a network namespace of its own: %s\n", strerror(errno));
		return -1;
	}
	base = event_base_new();
	s = sock_new(base, on_input, NULL, why);
	return !s || !sock_open_natt(s, why) ||
	       system("ip link set lo up && ip addr add 192.0.2.1/32 dev lo && "
		      "ip addr add 192.0.2.2/32 dev lo && ip addr add fd99::1/128 dev lo nodad && "
		      "ip addr add fd99::3/128 dev lo nodad && ip addr add fe80::9/128 dev lo nodad && "
		      /* the kernel takes them from a workqueue */
		      "for i in $(seq 100); do ip -6 -o addr show dev lo tentative | grep -q . || "
		      "exit 0; sleep 0.05; done; false");
}

static int done(void **state)
{
	sock_free(s);
	event_base_free(base);
	return 0;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_and_marker),
		TEST(sockets_for_the_module),
		TEST(link_local_is_not_heard),
		TEST(groups_are_not_heard),
		TEST(the_mark_is_on_the_packet),
		TEST(the_mark_chooses_the_source),
		TEST(no_source_but_the_link),
		TEST(the_source_lasts),
		TEST(whose_address),
		TEST(the_port_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
