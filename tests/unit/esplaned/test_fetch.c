// SPDX-License-Identifier: GPL-2.0
/*
 * The process that fetches by HTTP, and who asks it, with a server on 127.0.0.1 that behaves as
 * asked.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "esplaned/conf/pack.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/fetcher.h"
#include "esplaned/keys/link.h"
#include "lib/log.h"

#define PATIENCE_MS	60000
#define TIMEOUT_S	15		/* a busy host may need some of it */

static pid_t server, fetcher;
static unsigned int port;
static struct fetch *f;

struct answer {
	unsigned int calls;
	size_t len;
	uint8_t first, last;
	char why[FETCH_WHY_MAX];
};

static void server_send(int fd, size_t len, uint8_t octet)
{
	static uint8_t block[65536];

	memset(block, octet, sizeof(block));
	while (len) {
		ssize_t n = send(fd, block, len < sizeof(block) ? len : sizeof(block),
				 MSG_NOSIGNAL);

		if (n <= 0)
			return;
		len -= (size_t)n;
	}
}

/* One request, until its header and body are there, and the answer that its path names. */
static void server_one(int fd)
{
	char text[2048] = "", *body = NULL;
	size_t len = 0;
	ssize_t n;

	while (!(body = strstr(text, "\r\n\r\n")) ||
	       (strstr(text, "POST") && !strstr(body, "question"))) {
		n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
		if (n <= 0)
			return;
		len += (size_t)n;
		text[len] = '\0';
	}
	if (strstr(text, "GET /list ") || (strstr(text, "POST /ocsp ") &&
					   strstr(text, "application/ocsp-request")))
		dprintf(fd, "HTTP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n"),
			server_send(fd, 100000, 'x');
	else if (strstr(text, "GET /cert "))
		dprintf(fd, "HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n", FETCH_CERT_MAX),
			server_send(fd, FETCH_CERT_MAX, 'c');
	else if (strstr(text, "GET /endless "))
		dprintf(fd, "HTTP/1.0 200 OK\r\n\r\n"), server_send(fd, 1 << 28, 'y');
	else if (strstr(text, "GET /long "))
		dprintf(fd, "HTTP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n");
	else if (strstr(text, "GET /elsewhere "))
		dprintf(fd, "HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:%u/list\r\n\r\n", port);
	else if (strstr(text, "GET /empty "))
		dprintf(fd, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(text, "GET /never "))
		recv(fd, text, sizeof(text), 0);
	else
		dprintf(fd, "HTTP/1.0 404 Not Found\r\n\r\n");
}

static void server_run(int fd)
{
	for (;;) {
		int one = accept(fd, NULL, NULL);

		if (one >= 0 && !fork()) {
			server_one(one);
			_exit(0);
		}
		close(one);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static int begin(void **state)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), fds[2];
	socklen_t len = sizeof(sin);

	if (bind(fd, (struct sockaddr *)&sin, len) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len))
		return -1;
	port = ntohs(sin.sin_port);
	server = fork();
	if (!server)
		server_run(fd);
	close(fd);
	if (!link_pair(fds))	/* of which the server has nothing */
		return -1;
	fetcher = fork();
	if (!fetcher) {
		close(fds[0]);
		_exit(fetcher_run(fds[1], TIMEOUT_S));
	}
	close(fds[1]);
	f = fetch_new(fds[0], "fetches");
	return f ? 0 : -1;
}

static int end(void **state)
{
	int status;

	fetch_free(f);	/* then the fetcher ends by itself */
	waitpid(fetcher, &status, 0);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

static void on_done(void *ctx, struct chunk octets, const char *why)
{
	struct answer *a = ctx;

	a->calls++;
	a->len = octets.len;
	a->first = octets.len ? octets.p[0] : 0;
	a->last = octets.len ? octets.p[octets.len - 1] : 0;
	snprintf(a->why, sizeof(a->why), "%s", octets.len ? "" : why);
}

static struct fetch_ask *ask(struct answer *a, const char *path, bool ocsp)
{
	struct trust_need need = { .ocsp = ocsp };

	*a = (struct answer){ 0 };
	snprintf(need.url, sizeof(need.url), "http://127.0.0.1:%u%s", port, path);
	if (ocsp)
		need.request_len = (size_t)snprintf((char *)need.request, sizeof(need.request), "question");
	return fetch_start(f, &need, on_done, a);
}

static void wait_for(const struct answer *a)
{
	struct pollfd fd = { .fd = fetch_fd(f), .events = POLLIN };

	while (!a->calls) {
		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		assert_true(fetch_read(f));
	}
	assert_int_equal(a->calls, 1);
}

static void refused(const char *path, const char *why)
{
	struct answer a;

	assert_non_null(ask(&a, path, false));
	wait_for(&a);
	assert_int_equal(a.len, 0);
	assert_string_equal(a.why, why);
}

static void what_is_there(void **state)
{
	struct answer list, response;

	assert_non_null(ask(&list, "/list", false));
	assert_non_null(ask(&response, "/ocsp", true));
	wait_for(&list);
	wait_for(&response);
	assert_int_equal(list.len, 100000);
	assert_int_equal(list.last, 'x');
	assert_int_equal(response.len, 100000);
}

static void what_is_not(void **state)
{
	struct trust_need need = { .url = "file:///etc/passwd" };
	struct answer a = { 0 };

	refused("/none", "the server answers 404");
	refused("/elsewhere", "the server answers 302, and no redirection is followed");
	refused("/endless", "it is longer than 4194304 octets");
	refused("/long", "it is longer than 4194304 octets");
	refused("/empty", "the server sends nothing");
	assert_non_null(fetch_start(f, &need, on_done, &a));
	wait_for(&a);
	assert_string_equal(a.why, "Unsupported protocol");
}

/* A server that never answers keeps nobody else waiting, and is given up. */
static void one_that_never_answers(void **state)
{
	struct answer never, list, forgotten;
	struct fetch_ask *one;

	assert_non_null(ask(&never, "/never", false));
	one = ask(&forgotten, "/list", false);
	assert_non_null(one);
	fetch_cancel(one);
	assert_non_null(ask(&list, "/list", false));
	wait_for(&list);
	wait_for(&never);
	assert_int_equal(never.len, 0);
	assert_int_equal(forgotten.calls, 0);
}

static void too_many(void **state)
{
	static struct answer a[FETCH_ASKS_MAX + 1];

	for (unsigned int i = 0; i < FETCH_ASKS_MAX; i++)
		assert_non_null(ask(&a[i], "/list", false));
	assert_null(ask(&a[FETCH_ASKS_MAX], "/list", false));
	for (unsigned int i = 0; i < FETCH_ASKS_MAX; i++)
		wait_for(&a[i]);
}

static struct fetch_ask *ask_cert_from(struct answer *a, const char *path, const char *from)
{
	struct addr addr;
	char url[64];

	assert_true(addr_parse(&addr, from));
	*a = (struct answer){ 0 };
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, path);
	return fetch_start_cert(f, url, &addr, on_done, a);
}

static struct fetch_ask *ask_cert(struct answer *a, const char *path)
{
	return ask_cert_from(a, path, "192.0.2.1");
}

/* What strangers have us fetch is short, and leaves room for others. */
static void certificates(void **state)
{
	static struct answer a[FETCH_CERTS_MAX + 1], list;
	char from[INET6_ADDRSTRLEN];

	assert_non_null(ask_cert(&a[0], "/list"));
	wait_for(&a[0]);
	assert_string_equal(a[0].why, "it is longer than 16384 octets");
	assert_non_null(ask_cert(&a[0], "/endless"));
	wait_for(&a[0]);
	assert_string_equal(a[0].why, "it is longer than 16384 octets");
	for (unsigned int i = 0; i < FETCH_CERTS_MAX; i++) {
		snprintf(from, sizeof(from), i % 4 < 2 ? "192.0.%u.%u" : "2001:db8:0:%u::%u",
			 i / 4, i);
		assert_non_null(ask_cert_from(&a[i], "/cert", from));
	}
	assert_null(ask_cert_from(&a[FETCH_CERTS_MAX], "/cert", "203.0.113.1"));
	assert_non_null(ask(&list, "/list", false));
	for (unsigned int i = 0; i < FETCH_CERTS_MAX; i++) {
		wait_for(&a[i]);
		assert_int_equal(a[i].len, FETCH_CERT_MAX);
	}
	wait_for(&list);
	assert_int_equal(list.len, 100000);
	assert_non_null(ask_cert(&a[0], "/cert"));
	wait_for(&a[0]);
}

/* One network has two places, and leaves the others to others. */
static void one_network(void **state)
{
	struct answer a[4];

	assert_non_null(ask_cert_from(&a[0], "/cert", "192.0.2.1"));
	assert_non_null(ask_cert_from(&a[1], "/cert", "192.0.2.255"));
	assert_null(ask_cert_from(&a[2], "/cert", "192.0.2.7"));
	assert_non_null(ask_cert_from(&a[2], "/cert", "192.0.3.7"));
	wait_for(&a[0]);
	assert_non_null(ask_cert_from(&a[3], "/cert", "192.0.2.7"));
	for (int i = 1; i < 4; i++)
		wait_for(&a[i]);
}

/* Nobody is asked more often than that. */
static uint32_t asked_for(int fd)
{
	uint8_t msg[LINK_MAX];
	ssize_t n = link_recv(fd, msg, false);
	struct cursor c = cursor_of(msg, n > 0 ? (size_t)n : 0);
	uint32_t id = 0;
	uint8_t kind;

	assert_true(n == -EAGAIN || (cursor_u8(&c, &kind) && cursor_u32(&c, &id)));
	return id;
}

static void say(struct fetch *to, int fd, enum link_kind kind, uint32_t id, const char *text)
{
	uint8_t msg[LINK_MAX];
	struct writer w = link_begin(msg, kind);

	writer_u32(&w, id);
	if (kind == LINK_FETCH_PART)
		writer_bytes(&w, text, strlen(text));
	else
		pack_text(&w, text);
	assert_true(link_send(fd, &w, true));
	assert_true(fetch_read(to));
}

/* Proofs that wait for the key of one name share its look-up, whoever gives up or comes late. */
static void one_look_up_of_a_name(void **state)
{
	static struct answer a[FETCH_ASKS_MAX + 2];
	struct fetch_ask *first, *ask;
	struct answer other = {0};
	struct fetch *dns;
	uint32_t id, two;
	int fds[2];

	assert_true(link_pair(fds));
	dns = fetch_new(fds[0], "asks DNSSEC");
	first = fetch_start_key(dns, "gw.example.org", "/a", on_done, &a[0]);
	id = asked_for(fds[1]);
	assert_int_not_equal(id, 0);
	for (unsigned int i = 1; i <= FETCH_ASKS_MAX; i++)
		assert_non_null(fetch_start_key(dns, "gw.example.org", "/a", on_done, &a[i]));
	assert_int_equal(asked_for(fds[1]), 0);
	ask = fetch_start_key(dns, "gw.example.org", "/b", on_done, &other);
	two = asked_for(fds[1]);
	assert_true(ask && two && two != id);
	say(dns, fds[1], LINK_FETCH_PART, id, "k");
	fetch_cancel(first);
	assert_non_null(fetch_start_key(dns, "gw.example.org", "/a", on_done,
					&a[FETCH_ASKS_MAX + 1]));
	say(dns, fds[1], LINK_FETCH_PART, id, "ey");
	say(dns, fds[1], LINK_FETCH_END, id, "");
	assert_int_equal(a[0].calls + other.calls, 0);
	for (unsigned int i = 1; i < FETCH_ASKS_MAX + 2; i++) {
		assert_int_equal(a[i].calls, 1);
		assert_true(a[i].len == 3 && a[i].first == 'k' && a[i].last == 'y');
	}
	fetch_cancel(ask);
	assert_int_equal(asked_for(fds[1]), 0);
	/* a later one asks anew, and none of those counts any more */
	for (unsigned int i = 0; i < FETCH_ASKS_MAX; i++) {
		char name[32];

		snprintf(name, sizeof(name), "gw%u.example.org", i);
		assert_non_null(fetch_start_key(dns, name, "/a", on_done, &other));
		assert_int_not_equal(asked_for(fds[1]), 0);
	}
	assert_null(fetch_start_key(dns, "gw.example.org", "/a", on_done, &other));
	close(fds[1]);
	assert_false(fetch_read(dns));
	assert_int_equal(other.calls, FETCH_ASKS_MAX);
	fetch_free(dns);
}

/* One that ends, or says what it cannot say, has nobody wait for ever. */
static void a_fetcher_that_ends(void **state)
{
	uint8_t msg[LINK_MAX];
	struct fetch *other;
	struct trust_need need = { .url = "http://127.0.0.1/" };
	struct answer a[2] = { 0 };
	struct writer w;
	int fds[2];

	for (int sound = 0; sound < 2; sound++) {
		assert_true(link_pair(fds));
		other = fetch_new(fds[0], "fetches");
		assert_non_null(fetch_start(other, &need, on_done, &a[sound]));
		w = link_begin(msg, sound ? LINK_FETCH_END : LINK_RUN);
		writer_u32(&w, 7);	/* of one that nobody has asked for */
		pack_text(&w, "");
		assert_true(link_send(fds[1], &w, true));
		assert_int_equal(fetch_read(other), sound);
		close(fds[1]);
		if (sound)
			assert_false(fetch_read(other));
		assert_int_equal(a[sound].calls, 1);
		assert_string_equal(a[sound].why, "the process that fetches has ended");
		assert_null(fetch_start(other, &need, on_done, &a[sound]));
		fetch_free(other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there),
		cmocka_unit_test(what_is_not),
		cmocka_unit_test(one_that_never_answers),
		cmocka_unit_test(too_many),
		cmocka_unit_test(certificates),
		cmocka_unit_test(one_network),
		cmocka_unit_test(one_look_up_of_a_name),
		cmocka_unit_test(a_fetcher_that_ends),
	};

	signal(SIGPIPE, SIG_IGN);
	log_init("test", LOG_STYLE_PLAIN, LOG_EMERG);
	return cmocka_run_group_tests(tests, begin, end);
}
