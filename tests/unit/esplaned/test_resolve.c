// SPDX-License-Identifier: GPL-2.0
/* Names, asked of a name server in the same loop: one that answers, fails, or says nothing. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "esplaned/host/resolve.h"

#define PATIENCE_MS	1500

static struct event_base *base;
static struct resolver *resolver;
static struct event *server_ev;
static int server = -1;
static char dir[32], conf[64], hosts[64];
static unsigned int asked;	/* queries that the server has seen */

/* A query's name, in dots and small letters. Returns the length of its question. */
static size_t name_of(const uint8_t *q, char *name)
{
	size_t at = 12, out = 0;

	while (q[at]) {
		memcpy(name + out, q + at + 1, q[at]);
		out += q[at];
		name[out++] = '.';
		at += 1u + q[at];
	}
	name[out - 1] = '\0';
	for (size_t i = 0; i < out; i++)
		name[i] = (char)tolower(name[i]);
	return at + 1 + 4 - 12;
}

/*
 * "nN.test" has N addresses, 192.0.2.1 and so on, and none of IPv6, which a host that has it asks
 * for too; "none.test" none; others are unknown.
 */
static void on_query(evutil_socket_t fd, short what, void *arg)
{
	uint8_t q[512] = { 0 }, a[1024];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	unsigned int n = 0;
	char name[256];
	size_t len;
	bool v6;

	if (recvfrom(fd, q, sizeof(q), 0, (struct sockaddr *)&from, &from_len) < 17)
		return;
	len = name_of(q, name);
	v6 = q[12 + len - 3] == 28;	/* AAAA */
	asked += !v6;
	if (!strncmp(name, "silent", 6))
		return;
	memcpy(a, q, 12 + len);
	memset(a + 6, 0, 6);
	a[2] = 0x81;
	a[3] = 0x80;
	if (sscanf(name, "n%u", &n) != 1)
		a[3] |= strcmp(name, "none.test") ? 3 : 0;
	n = v6 ? 0 : n;
	a[7] = (uint8_t)n;
	len += 12;
	for (unsigned int i = 1; i <= n; i++, len += 16) {
		static const uint8_t record[12] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4 };

		memcpy(a + len, record, 12);
		memcpy(a + len + 12, (uint8_t[]){ 192, 0, 2, (uint8_t)i }, 4);
	}
	sendto(fd, a, len, 0, (struct sockaddr *)&from, from_len);
}

static struct {
	unsigned int begun, ended;
	char servers[ADDR_STRLEN];
} reached;

static void on_reach(void *ctx, const struct addr *servers, unsigned int count)
{
	assert_ptr_equal(ctx, &reached);
	reached.begun += count != 0;
	reached.ended += !count;
	if (count)
		addr_str(&servers[0], reached.servers);
}

struct answer {
	unsigned int times, count;
	struct addr addrs[IKE_JOB_ADDRS_MAX];
	char why[IKE_WHY_MAX];
};

static unsigned int left;	/* answers that are missing */

static void on_resolved(void *ctx, const struct addr *addrs, unsigned int count, const char *why)
{
	struct answer *a = ctx;

	a->times++;
	a->count = count;
	assert_true(count <= IKE_JOB_ADDRS_MAX && (count || why));
	if (count)
		memcpy(a->addrs, addrs, count * sizeof(*addrs));
	snprintf(a->why, sizeof(a->why), "%s", why ? why : "");
	if (!--left)
		event_base_loopexit(base, NULL);
}

static void loop(unsigned int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
}

/* The answer as text: addresses, or why not */
static const char *ask(const char *name)
{
	static char text[1024];
	char one[ADDR_STRLEN];
	struct answer a = { 0 };

	left = 1;
	assert_non_null(resolve_start(resolver, name, on_resolved, &a));
	assert_int_equal(a.times, 0);	/* never from inside the call */
	loop(20000);
	assert_int_equal(a.times, 1);
	if (!a.count) {
		snprintf(text, sizeof(text), "%s", a.why);
		return text;
	}
	text[0] = '\0';
	for (unsigned int i = 0; i < a.count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 addr_str(&a.addrs[i], one));
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void all_addresses_of_a_name(void **state)
{
	char *twenty;

	assert_string_equal(ask("n1.test"), "192.0.2.1");
	assert_string_equal(ask("n3.test"), "192.0.2.1 192.0.2.2 192.0.2.3");
	twenty = strdup(ask("n20.test"));
	assert_string_equal(strrchr(twenty, ' '), " 192.0.2.16");
	free(twenty);
	assert_string_equal(ask("198.51.100.7"), "198.51.100.7");
	/* of the hosts file, where one is there twice */
	assert_string_equal(ask("both.test"), "192.0.2.71 192.0.2.72");
}

static void why_not(void **state)
{
	assert_string_equal(ask("gone.test"),
			    "gone.test cannot be resolved: there is no such name");
	assert_string_equal(ask("none.test"), "none.test cannot be resolved: the name servers "
					      "failed, or know no address of it");
	assert_string_equal(ask("silent.test"), "silent.test cannot be resolved: no name server "
						"answered within 1 seconds");
	assert_string_equal(ask("n1.test"), "192.0.2.1");
}

static void files_are_read_again(void **state)
{
	assert_string_equal(ask("new.test"), "new.test cannot be resolved: there is no such name");
	write_file(hosts, "192.0.2.9 new.test\n");
	assert_string_equal(ask("new.test"), "192.0.2.9");
	asked = 0;
	resolver_renew(resolver);
	assert_string_equal(ask("n1.test"), "192.0.2.1");
	assert_int_equal(asked, 1);
	write_file(conf, "nameserver 127.0.0.9\n");	/* nobody */
	assert_non_null(strstr(ask("n1.test"), "n1.test cannot be resolved: "));
	assert_int_equal(asked, 1);
}

/* More than what may be in flight, with fewer descriptors than names. */
static void four_hundred_at_once(void **state)
{
	static struct answer answers[400];
	const struct rlimit few = { 32, 1024 };
	struct rlimit before;
	char name[32];

	getrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	memset(answers, 0, sizeof(answers));
	left = 400;
	for (unsigned int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), i % 4 ? "n2.x%u.test" : "silent%u.test", i);
		assert_non_null(resolve_start(resolver, name, on_resolved, &answers[i]));
	}
	loop(20000);
	setrlimit(RLIMIT_NOFILE, &before);
	for (unsigned int i = 0; i < 400; i++) {
		assert_int_equal(answers[i].times, 1);
		assert_int_equal(answers[i].count, i % 4 ? 2 : 0);
	}
	assert_int_equal(reached.begun, 1);
	assert_int_equal(reached.ended, 1);
	assert_string_equal(reached.servers, "127.0.0.1");
}

static void no_descriptor_is_left(void **state)
{
	struct rlimit before, none;
	int fd = open("/dev/null", O_RDONLY);

	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = (rlim_t)fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	/* not even to read the files */
	assert_string_equal(ask("n1.test"),
			    "n1.test cannot be resolved: no socket to a name server");
	setrlimit(RLIMIT_NOFILE, &before);
	close(fd);
	assert_string_equal(ask("n1.test"), "192.0.2.1");
}

static void cancelled(void **state)
{
	struct answer a = { 0 };

	left = 1;
	resolve_cancel(resolve_start(resolver, "n1.test", on_resolved, &a));
	resolve_cancel(resolve_start(resolver, "both.test", on_resolved, &a));
	resolve_cancel(resolve_start(resolver, "silent.test", on_resolved, &a));
	resolve_cancel(NULL);
	loop(PATIENCE_MS + 500);
	assert_int_equal(a.times, 0);
	assert_int_equal(reached.begun, 3);
	assert_int_equal(reached.ended, 3);
}

static int fresh(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(53) };
	int octets = 4 << 20;

	if (unshare(CLONE_NEWNET) || system("ip link set lo up")) {
		print_error("a network namespace of its own: %s\n", strerror(errno));
		return -1;
	}
	base = event_base_new();
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	/* As many as are asked at once: a query that is lost would be sent again much later. */
	setsockopt(server, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
	if (bind(server, (struct sockaddr *)&sin, sizeof(sin)))
		return -1;
	server_ev = event_new(base, server, EV_READ | EV_PERSIST, on_query, NULL);
	event_add(server_ev, NULL);
	snprintf(conf, sizeof(conf), "%s/resolv.conf", dir);
	snprintf(hosts, sizeof(hosts), "%s/hosts", dir);
	write_file(conf, "nameserver 127.0.0.1\n");
	write_file(hosts, "192.0.2.71 both.test\n192.0.2.72 both.test\n192.0.2.71 both.test\n");
	resolver = resolver_new(base, conf, hosts, PATIENCE_MS, on_reach, &reached);
	asked = 0;
	memset(&reached, 0, sizeof(reached));
	return !resolver;
}

static int done(void **state)
{
	for (int i = 0; i < 8; i++)	/* what was given up is freed by libevent's callbacks */
		event_base_loop(base, EVLOOP_NONBLOCK);
	resolver_free(resolver);
	event_free(server_ev);
	close(server);
	event_base_free(base);
	unlink(conf);
	unlink(hosts);
	return 0;
}

static int directory_make(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/esplane-resolve-XXXXXX");
	return !mkdtemp(dir);
}

static int directory_remove(void **state)
{
	return rmdir(dir);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_addresses_of_a_name),
		TEST(why_not),
		TEST(files_are_read_again),
		TEST(four_hundred_at_once),
		TEST(no_descriptor_is_left),
		TEST(cancelled),
	};

	return cmocka_run_group_tests(tests, directory_make, directory_remove);
}
