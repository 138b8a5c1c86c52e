// SPDX-License-Identifier: GPL-2.0
/* TCP connections for IKE, in a network namespace of their own: the other end is a plain socket. */
#include <errno.h>
#include <linux/in6.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "esplaned/host/tcp.h"
#include "lib/array.h"

#define PORT		4500
#define PEER_PORT	4501
#define PATIENCE_MS	500	/* of a stranger */
#define LONG_MS		3000	/* until what is waited for has not happened */

static struct event_base *base;
static struct tcp *t;
static char got[512];
static unsigned int got_count, gone_count;
static struct endpoint got_from, got_at;
static uint64_t gone;
static char gone_why[256];
static bool hang_up_at_once;

static bool on_input(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		     const uint8_t *msg, size_t len)
{
	snprintf(got, sizeof(got), "%.*s", len < 100 ? (int)len : 100, (const char *)msg);
	got_count++;
	got_from = *remote;
	got_at = *local;
	if (hang_up_at_once)
		tcp_hang_up(t, remote->stream);
	return *msg != '?';
}

static void on_gone(void *ctx, uint64_t stream, const char *why)
{
	gone = stream;
	gone_count++;
	snprintf(gone_why, sizeof(gone_why), "%s", why);
}

static void pump(unsigned int ms)
{
	struct timeval span = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_base_loopexit(base, &span);
	event_base_dispatch(base);
}

/* Until @count has reached @want. */
static void pump_until(const unsigned int *count, unsigned int want)
{
	for (unsigned int ms = 0; *count < want && ms < LONG_MS; ms += 5)
		pump(5);
	assert_int_equal(*count, want);
}

static struct sockaddr_storage name_of(const char *addr, uint16_t port, socklen_t *len)
{
	struct endpoint e = { .port = port };
	struct sockaddr_storage ss;

	assert_true(addr_parse(&e.addr, addr));
	endpoint_to_sockaddr(&e, &ss, len);
	return ss;
}

/* A peer that has connected from @addr to @there. */
static int peer_of(const char *addr, const char *there)
{
	socklen_t len;
	struct sockaddr_storage from = name_of(addr, 0, &len), to = name_of(there, PORT, &len);
	int fd = socket(from.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&from, len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, len), 0);
	pump(5);
	return fd;
}

static int peer(const char *addr)
{
	return peer_of(addr, "127.0.0.1");
}

static void say(int fd, const char *octets, size_t len)
{
	assert_int_equal(send(fd, octets, len, MSG_NOSIGNAL), (ssize_t)len);
}

#define SAY(fd, octets)	say(fd, octets, sizeof(octets) - 1)

static void hears(int fd, const char *octets, size_t len)
{
	char buf[64] = "";
	size_t have = 0;
	ssize_t n;

	for (unsigned int ms = 0; have < len && ms < LONG_MS; ms += 5) {
		pump(5);
		n = recv(fd, buf + have, sizeof(buf) - have, MSG_DONTWAIT);
		have += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(have, len);
	assert_memory_equal(buf, octets, len);
}

#define HEARS(fd, octets)	hears(fd, octets, sizeof(octets) - 1)

/* Is it closed? */
static bool is_closed(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT);

	return !n || (n < 0 && errno == ECONNRESET);
}

static void in_and_out(void **state)
{
	static const char octets[] = "IKETCP\0\xb\0\0\0\0hello\0\x7\0\0\0\0w";
	int fd = peer("127.0.0.2");

	for (size_t i = 0; i < sizeof(octets) - 1; i++) {
		say(fd, octets + i, 1);
		pump(2);
	}
	assert_int_equal(got_count, 2);
	assert_string_equal(got, "w");
	assert_int_equal(got_from.addr.b[3], 2);
	assert_int_equal(got_at.port, PORT);
	assert_true(got_from.stream);
	tcp_send(t, got_from.stream, 0, (const uint8_t *)"back", 4);
	HEARS(fd, "\0\xa\0\0\0\0back");
	tcp_send(t, got_from.stream + 1, 0, (const uint8_t *)"nobody", 6);
	assert_int_equal(gone_count, 0);
	close(fd);
	pump_until(&gone_count, 1);
	assert_int_equal(gone, got_from.stream);
	tcp_send(t, gone, 0, (const uint8_t *)"late", 4);
	tcp_keep(t, gone);
	tcp_hang_up(t, gone);
}

static void what_is_not_for_ike(void **state)
{
	int fd = peer("127.0.0.2");

	SAY(fd, "IKETCP\0\3\xff\0\xa\1\2\3\4\0\0\0\1\0\7\0\0\0\0x");
	pump_until(&got_count, 1);
	assert_string_equal(got, "x");
	close(fd);
}

static void no_sense(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
	} bad[] = {
		{ "GET / HTTP/1.1", 14 }, { "IKETLS", 6 }, { "IKETCP\0\0", 8 },
		{ "IKETCP\0\5\0\0\0", 11 }, { "IKETCP\0\6\0\0\0\0", 12 },
		{ "IKETCP\x41\0", 8 },		/* longer than a stranger's may be */
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		int fd = peer("127.0.0.2");

		say(fd, bad[i].octets, bad[i].len);
		pump_until(&gone_count, i + 1);
		assert_true(is_closed(fd));
		close(fd);
	}
	assert_int_equal(got_count, 0);
	assert_int_equal(tcp_count(t), 0);
}

/* Many, one after the other: it is closed, whoever has it. */
static void senseless(void **state)
{
	int fd = peer("127.0.0.2"), other = peer("127.0.0.3");

	SAY(fd, "IKETCP\0\7\0\0\0\0x");
	SAY(other, "IKETCP\0\7\0\0\0\0x");
	pump_until(&got_count, 2);
	for (int i = 0; i < 3; i++) {
		for (int k = 1; k < TCP_SENSELESS_MAX; k++)
			SAY(fd, "\0\7\0\0\0\0?");
		SAY(fd, "\0\7\0\0\0\0x");
	}
	pump_until(&got_count, 2 + 3 * TCP_SENSELESS_MAX);
	pump(20);
	assert_int_equal(gone_count, 0);
	tcp_keep(t, got_from.stream);
	for (int k = 0; k < TCP_SENSELESS_MAX + 1; k++)
		SAY(fd, "\0\7\0\0\0\0?");
	pump_until(&gone_count, 1);
	assert_non_null(strstr(gone_why, "make no sense"));
	assert_int_equal(got_count, 2 + 4 * TCP_SENSELESS_MAX);
	assert_true(is_closed(fd));
	assert_false(is_closed(other));
	close(fd);
	close(other);
}

/* Who has proved itself may say more at once, and stays. Nobody needs it any more: a stranger. */
static void strangers_have_little_time(void **state)
{
	int fd = peer("127.0.0.2"), silent = peer("127.0.0.3");
	uint64_t kept;

	SAY(fd, "IKETCP\0\7\0\0\0\0x");
	pump_until(&got_count, 1);
	kept = got_from.stream;
	tcp_keep(t, kept);
	SAY(fd, "\x41\0\0\0\0\0");
	pump_until(&gone_count, 1);
	assert_int_not_equal(gone, kept);
	assert_non_null(strstr(gone_why, "no peer has proved itself"));
	assert_true(is_closed(silent));
	pump(PATIENCE_MS);
	assert_false(is_closed(fd));
	tcp_hang_up(t, kept);
	pump_until(&gone_count, 2);
	assert_int_equal(gone, kept);
	close(fd);
	close(silent);
}

/* Octet by octet it has no more time than at once. */
static void a_slow_one(void **state)
{
	int fd = peer("127.0.0.2");

	SAY(fd, "IKETCP\x10\0");
	for (int ms = 0; !gone_count && ms < LONG_MS; ms += 20) {
		send(fd, "", 1, MSG_NOSIGNAL);
		pump(20);
	}
	assert_int_equal(gone_count, 1);
	close(fd);
}

static void the_oldest_of_a_network_gives_way(void **state)
{
	int fd[TCP_STRANGERS_NET_MAX + 1], far = peer("127.1.0.1");
	char addr[32];

	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i++) {
		snprintf(addr, sizeof(addr), "127.0.0.%u", 2 + i);
		fd[i] = peer(addr);
	}
	pump_until(&gone_count, 1);
	assert_true(is_closed(fd[0]));
	assert_false(is_closed(fd[1]));
	assert_false(is_closed(far));
	assert_int_equal(tcp_count(t), TCP_STRANGERS_NET_MAX + 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	close(far);
}

/* Who has begun to speak IKE stays before one that is only there. */
static void the_silent_one_gives_way(void **state)
{
	int fd[TCP_STRANGERS_NET_MAX + 1];
	char addr[32];

	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i++) {
		snprintf(addr, sizeof(addr), "127.0.0.%u", 2 + i);
		fd[i] = peer(addr);
		if (!i) {
			SAY(fd[0], "IKETCP\0\7\0\0\0\0x");
			pump_until(&got_count, 1);
		}
	}
	pump_until(&gone_count, 1);
	assert_false(is_closed(fd[0]));
	assert_true(is_closed(fd[1]));
	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
}

/* In all, from many networks: one that is kept stays. */
static void the_oldest_of_all_gives_way(void **state)
{
	int fd[TCP_STRANGERS_MAX + 1], kept = peer("127.200.0.1");
	char addr[32];

	SAY(kept, "IKETCP\0\7\0\0\0\0x");
	pump_until(&got_count, 1);
	tcp_keep(t, got_from.stream);
	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i++) {
		snprintf(addr, sizeof(addr), "127.0.%u.1", i);
		fd[i] = peer(addr);
	}
	pump_until(&gone_count, 1);
	assert_true(is_closed(fd[0]));
	assert_false(is_closed(kept));
	assert_int_equal(tcp_count(t), TCP_STRANGERS_MAX + 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	close(kept);
}

/* What it does not read fills the kernel's buffers, then the queue, then it is over. */
static void who_does_not_read(void **state)
{
	static uint8_t message[16000];
	int fd = peer("127.0.0.2");
	unsigned int sent = 0;

	SAY(fd, "IKETCP\0\7\0\0\0\0x");
	pump_until(&got_count, 1);
	tcp_keep(t, got_from.stream);
	while (!gone_count && sent++ < 4000) {
		tcp_send(t, got_from.stream, 0, message, sizeof(message));
		pump(0);
	}
	assert_int_equal(gone_count, 1);
	assert_string_equal(gone_why, "the other end does not read");
	close(fd);
}

/* What octet @at of many messages of ours is, each with 1000 octets of its own number. */
static uint8_t expected(size_t at)
{
	static const uint8_t head[] = { 0x03, 0xee, 0, 0, 0, 0 };

	return at % 1006 < 6 ? head[at % 1006] : (uint8_t)(at / 1006);
}

/* What is queued comes when it reads again, whole and in order. */
static void who_reads_late(void **state)
{
	static uint8_t message[1000], buf[65536];
	int fd = peer("127.0.0.2");
	size_t sent = 0, have = 0;

	SAY(fd, "IKETCP\0\7\0\0\0\0x");
	pump_until(&got_count, 1);
	tcp_keep(t, got_from.stream);
	while (!tcp_queued(t, got_from.stream) && sent < 20000) {
		memset(message, (int)sent++, sizeof(message));
		tcp_send(t, got_from.stream, 0, message, sizeof(message));
	}
	for (unsigned int ms = 0; have < sent * 1006 && ms < LONG_MS; ms++) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

		for (ssize_t i = 0; i < n; i++, have++)
			assert_int_equal(buf[i], expected(have));
		pump(1);
	}
	assert_int_equal(have, sent * 1006);
	assert_int_equal(tcp_queued(t, got_from.stream), 0);
	assert_int_equal(gone_count, 0);
	close(fd);
}

/* The peer shuts down its half: the connection is over, and what it was told before arrives. */
static void half_way(void **state)
{
	int fd = peer("127.0.0.2");

	SAY(fd, "IKETCP\0\7\0\0\0\0x");
	pump_until(&got_count, 1);
	tcp_send(t, got_from.stream, 0, (const uint8_t *)"ok", 2);
	shutdown(fd, SHUT_WR);
	pump_until(&gone_count, 1);
	HEARS(fd, "\0\x8\0\0\0\0ok");
	assert_true(is_closed(fd));
	close(fd);
}

/* What it has asked for is ready only when it has long said that this was all. */
static void half_way_and_late(void **state)
{
	int fd = peer("127.0.0.2");

	SAY(fd, "IKETCP\0\7\0\0\0\0x");
	shutdown(fd, SHUT_WR);
	pump_until(&got_count, 1);
	pump(PATIENCE_MS / 4);
	assert_int_equal(gone_count, 0);
	tcp_keep(t, got_from.stream);
	tcp_send(t, got_from.stream, 0, (const uint8_t *)"late", 4);
	HEARS(fd, "\0\xa\0\0\0\0late");
	pump_until(&gone_count, 1);
	assert_string_equal(gone_why, "the other end has closed it");
	assert_true(is_closed(fd));
	close(fd);
}

/* The engine is done with it while it reads what came. */
static void hung_up_within(void **state)
{
	int fd = peer("127.0.0.2");

	hang_up_at_once = true;
	SAY(fd, "IKETCP\0\7\0\0\0\0x\0\7\0\0\0\0y");
	pump_until(&got_count, 2);
	close(fd);
	pump_until(&gone_count, 1);
}

static int listener_at(const char *addr)
{
	socklen_t len;
	struct sockaddr_storage ss = name_of(addr, PEER_PORT, &len);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static int listener(void)
{
	return listener_at("127.0.0.1");
}

static uint64_t dial_to(struct endpoint *local, const char *from, const char *to)
{
	struct endpoint remote = { .port = PEER_PORT };
	char why[TCP_WHY_MAX];
	uint64_t stream;

	*local = (struct endpoint){ .port = 0 };
	assert_true(addr_parse(&remote.addr, to));
	assert_true(addr_parse(&local->addr, from));
	stream = tcp_dial(t, local, &remote, 0, why);
	assert_true(stream);
	return stream;
}

static uint64_t dial(struct endpoint *local)
{
	return dial_to(local, "127.0.0.9", "127.0.0.1");
}

static void one_of_ours(void **state)
{
	int fd = listener(), there;
	struct endpoint local;
	uint64_t stream = dial(&local);

	assert_int_not_equal(local.port, 0);
	tcp_send(t, stream, 7, (const uint8_t *)"early", 5);
	pump(5);
	there = accept(fd, NULL, NULL);
	HEARS(there, "IKETCP\0\xb\0\0\0\0early");
	SAY(there, "\0\7\0\0\0\0x");
	pump_until(&got_count, 1);
	assert_int_equal(got_from.stream, stream);
	assert_int_equal(got_from.port, PEER_PORT);
	assert_true(endpoint_equal(&got_at, &local));
	pump(PATIENCE_MS + 100);
	assert_int_equal(gone_count, 0);
	tcp_send(t, stream, 0, (const uint8_t *)"last", 4);
	tcp_hang_up(t, stream);
	SAY(there, "\0\7\0\0\0\0y");	/* what comes late breaks nothing of it */
	HEARS(there, "\0\xa\0\0\0\0last");
	pump(5);
	assert_true(is_closed(there));
	assert_int_equal(tcp_count(t), 1);
	close(there);
	pump(5);
	assert_int_equal(tcp_count(t), 0);
	assert_int_equal(got_count, 1);
	close(fd);
}

/* What the last packet from the other end had. */
static uint32_t label_of(int fd)
{
	struct in6_flowlabel_req req = {
		.flr_action = IPV6_FL_A_GET, .flr_flags = IPV6_FL_F_REMOTE,
	};
	socklen_t len = sizeof(req);

	assert_int_equal(getsockopt(fd, SOL_IPV6, IPV6_FLOWLABEL_MGR, &req, &len), 0);
	return ntohl(req.flr_label);
}

static void ours_by_ipv6(void **state)
{
	int fd = listener_at("::1"), there;
	struct endpoint local;
	uint32_t label = 0;

	for (int i = 0; i < 3; i++) {
		uint64_t stream = dial_to(&local, "::1", "::1");

		assert_int_not_equal(local.port, 0);
		tcp_send(t, stream, 7, (const uint8_t *)"early", 5);
		pump(5);
		there = accept(fd, NULL, NULL);
		HEARS(there, "IKETCP\0\xb\0\0\0\0early");
		SAY(there, "\0\7\0\0\0\0x");
		pump_until(&got_count, (unsigned int)i + 1);
		assert_int_equal(got_from.stream, stream);
		assert_true(endpoint_equal(&got_at, &local));
		/* RFC 9329 6.1: it stays with the next connection */
		assert_true(label_of(there) && (!i || label_of(there) == label));
		label = label_of(there);
		close(there);
		pump_until(&gone_count, (unsigned int)i + 1);
	}
	close(fd);
}

/* And it comes back as it has come, where the host lets it. */
static void theirs_by_ipv6(void **state)
{
	static const uint16_t port[] = { PORT };
	struct in6_flowlabel_req req = {
		.flr_label = htonl(0x12345), .flr_action = IPV6_FL_A_GET,
		.flr_share = IPV6_FL_S_ANY, .flr_flags = IPV6_FL_F_CREATE,
	};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	socklen_t len;
	struct sockaddr_storage to = name_of("::1", PORT, &len);

	tcp_listen(t, port, 0);
	assert_int_equal(system("sysctl -qw net.ipv6.flowlabel_consistency=0"), 0);
	tcp_listen(t, port, 1);
	memcpy(&req.flr_dst, &((struct sockaddr_in6 *)&to)->sin6_addr, 16);
	((struct sockaddr_in6 *)&to)->sin6_flowinfo = req.flr_label;
	assert_int_equal(setsockopt(fd, SOL_IPV6, IPV6_FLOWLABEL_MGR, &req, sizeof(req)), 0);
	assert_int_equal(setsockopt(fd, SOL_IPV6, IPV6_FLOWINFO_SEND, &one, sizeof(one)), 0);
	assert_int_equal(setsockopt(fd, SOL_IPV6, IPV6_FLOWINFO, &one, sizeof(one)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, len), 0);
	SAY(fd, "IKETCP\0\7\0\0\0\0x");
	pump_until(&got_count, 1);
	assert_true(got_from.addr.family == AF_INET6 && got_from.addr.b[15] == 1);
	assert_int_equal(got_at.port, PORT);
	tcp_send(t, got_from.stream, 0, (const uint8_t *)"back", 4);
	HEARS(fd, "\0\xa\0\0\0\0back");
	assert_int_equal(label_of(fd), 0x12345);
	close(fd);
	pump_until(&gone_count, 1);
}

static void nobody_there(void **state)
{
	struct endpoint local;
	uint64_t stream = dial(&local);

	assert_int_equal(gone_count, 0);
	pump_until(&gone_count, 1);
	assert_int_equal(gone, stream);
	assert_string_equal(gone_why, "Connection refused");
}

static void no_way(void **state)
{
	struct endpoint local = { .port = 0 }, remote = { .port = PEER_PORT };
	char why[TCP_WHY_MAX];

	assert_true(addr_parse(&remote.addr, "198.51.100.1"));
	assert_true(addr_parse(&local.addr, "127.0.0.9"));
	assert_int_equal(tcp_dial(t, &local, &remote, 0, why), 0);
	assert_true(why[0]);
	assert_int_equal(tcp_count(t), 0);
}

/* Nothing answers: the kernel would go on for minutes. */
static void no_answer(void **state)
{
	struct endpoint local;
	int fd = listener();

	assert_int_equal(system("nft 'add table t; add chain t c { type filter hook input priority "
				"0; }; add rule t c tcp dport 4501 drop'"), 0);
	dial(&local);
	pump_until(&gone_count, 1);
	assert_non_null(strstr(gone_why, "does not answer"));
	close(fd);
}

static void ports(void **state)
{
	static const uint16_t other[] = { PEER_PORT }, both[] = { PEER_PORT, PORT };
	int fd = peer("127.0.0.2"), more = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len;
	struct sockaddr_storage to = name_of("127.0.0.1", PORT, &len);

	tcp_listen(t, other, 1);
	assert_int_not_equal(connect(more, (struct sockaddr *)&to, len), 0);
	close(more);
	SAY(fd, "IKETCP\0\7\0\0\0\0x");		/* what there is stays */
	pump_until(&got_count, 1);
	tcp_listen(t, both, 2);
	more = peer("127.0.0.3");
	SAY(more, "IKETCP\0\7\0\0\0\0x");
	pump_until(&got_count, 2);
	close(fd);
	close(more);
}

/* Somebody else has the port: it is tried again. */
static void port_in_use(void **state)
{
	static const uint16_t both[] = { PEER_PORT, PORT };
	int fd = listener();

	tcp_listen(t, both, 2);
	assert_null(tcp_trouble(t, PORT));
	assert_string_equal(tcp_trouble(t, PEER_PORT), "Address already in use");
	close(fd);
	for (unsigned int ms = 0; tcp_trouble(t, PEER_PORT) && ms < 8000; ms += 100)
		pump(100);
	assert_null(tcp_trouble(t, PEER_PORT));
	tcp_listen(t, both + 1, 1);
	assert_non_null(tcp_trouble(t, PEER_PORT));
	fd = listener_at("::1");
	tcp_listen(t, both, 2);
	assert_string_equal(tcp_trouble(t, PEER_PORT), "Address already in use");
	close(fd);
}

static int fresh_with(uint64_t patience)
{
	const struct tcp_limits limits = { patience, patience, patience, PATIENCE_MS };
	static const uint16_t port[] = { PORT };

	if (unshare(CLONE_NEWNET) || system("ip link set lo up"))
		return -1;
	base = event_base_new();
	t = tcp_new(base, on_input, on_gone, NULL, &limits);
	got_count = gone_count = 0;
	hang_up_at_once = false;
	got_from = (struct endpoint){ .port = 0 };
	tcp_listen(t, port, 1);
	return 0;
}

static int fresh(void **state)
{
	return fresh_with(PATIENCE_MS);
}

static int fresh_patient(void **state)
{
	return fresh_with(60000);
}

static int done(void **state)
{
	tcp_free(t);
	event_base_free(base);
	return 0;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

#define PATIENT(f)	cmocka_unit_test_setup_teardown(f, fresh_patient, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_and_out),
		TEST(what_is_not_for_ike),
		TEST(no_sense),
		TEST(senseless),
		TEST(strangers_have_little_time),
		TEST(a_slow_one),
		PATIENT(the_oldest_of_a_network_gives_way),
		PATIENT(the_silent_one_gives_way),
		PATIENT(the_oldest_of_all_gives_way),
		TEST(who_does_not_read),
		TEST(who_reads_late),
		TEST(half_way),
		TEST(half_way_and_late),
		TEST(hung_up_within),
		TEST(one_of_ours),
		TEST(ours_by_ipv6),
		TEST(theirs_by_ipv6),
		TEST(nobody_there),
		TEST(no_way),
		TEST(no_answer),
		TEST(ports),
		TEST(port_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
