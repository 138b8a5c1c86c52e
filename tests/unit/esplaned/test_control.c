// SPDX-License-Identifier: GPL-2.0
/* The control socket with a daemon that only echoes: lines, events, results, watches, limits. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <event2/buffer.h>
#include "esplaned/control/control.h"

static struct event_base *base;
static struct control *ctl;
static char path[64];
static unsigned int asked, gone;
static struct client *waiting;		/* the last one that watches a tunnel */

#define PARTS		100
#define PART_LEN	20000

static unsigned int parts, released;	/* asked for; of answers in parts */

/* Digits, up to a part that fails, or the last one. @ctx: which fails. */
static enum client_part on_part(void *ctx, struct evbuffer *out)
{
	char digits[PART_LEN];

	if (++parts == (uintptr_t)ctx)
		return CLIENT_PART_FAILED;
	memset(digits, '1', sizeof(digits));
	assert_int_equal(evbuffer_add(out, digits, sizeof(digits)), 0);
	if (parts < PARTS)
		return CLIENT_PART_MORE;
	assert_int_equal(evbuffer_add(out, "}", 1), 0);
	return CLIENT_PART_LAST;
}

static void on_release(void *ctx)
{
	released++;
}

/* "watch": everything, for ever; of tunnel "12.3": tunnel 1, peer 2, child 3, until finish(). */
static void on_request(void *ctx, struct client *c, const struct control_request *req)
{
	struct control_about about = { 0 };

	asked++;
	if (!strcmp(req->command, "watch")) {
		if (req->tunnel)
			about = (struct control_about){ (uint32_t)req->tunnel[0] - '0',
							(uint32_t)req->tunnel[1] - '0',
							(uint32_t)req->tunnel[2] - '0' };
		client_watch(c, &about, !req->tunnel);
		waiting = req->tunnel ? c : waiting;
		return;
	}
	if (!strcmp(req->command, "parts")) {
		parts = released = 0;
		client_send(c, "{\"n\":", on_part, on_release,
			    (void *)(uintptr_t)(req->tunnel ? atoi(req->tunnel) : 0));
		return;
	}
	client_event(c, json_pack("{ss ss}", "event", "seen", "command", req->command));
	client_finish(c, json_pack("{ss ss* sb}", "result", "ok", "tunnel", req->tunnel, "all",
				   req->all));
}

static void on_gone(void *ctx, struct client *c)
{
	gone++;
	waiting = waiting == c ? NULL : waiting;
}

static void finish(void)
{
	client_finish(waiting, json_pack("{ss}", "result", "ok"));
}

static void loop(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static int client_open(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(sun.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	loop();
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	loop();
}

static void expect(int fd, const char *text)
{
	char buf[8192];
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	assert_string_equal(buf, text);
}

static bool is_closed(int fd)
{
	char c;

	loop();
	return read(fd, &c, 1) == 0;
}

static void requests_and_results(void **state)
{
	int fd = client_open();

	say(fd, "{\"command\":\"status\"}\n");
	expect(fd, "{\"event\":\"seen\",\"command\":\"status\"}\n{\"result\":\"ok\",\"all\":false}\n");
	/* A line may come in pieces, and several at once; empty ones are nothing. */
	say(fd, "\n{\"command\":\"up\",");
	expect(fd, "");
	say(fd, "\"tunnel\":\"a\"}\n{\"command\":\"x\"}\n");
	expect(fd, "{\"event\":\"seen\",\"command\":\"up\"}\n{\"result\":\"ok\",\"tunnel\":\"a\","
	       "\"all\":false}\n{\"event\":\"seen\",\"command\":\"x\"}\n{\"result\":\"ok\","
	       "\"all\":false}\n");
	say(fd, "{\"command\":\"x\",\"all\":true}\n");
	expect(fd, "{\"event\":\"seen\",\"command\":\"x\"}\n{\"result\":\"ok\",\"all\":true}\n");
	close(fd);
}

static void what_is_not_a_request(void **state)
{
	static const char *const rows[] = {
		"nonsense\n",
		"[]\n",
		"{}\n",
		"{\"command\":1}\n",
		"{\"command\":\"a\",\"tunnel\":null}\n",
		"{\"command\":\"a\",\"more\":1}\n",
		"{\"command\":\"a\",\"all\":1}\n",
		"{\"command\":\"a\",\"command\":\"b\"}\n",
		"{\"command\":\"a\\u0000b\"}\n",
		"\"\xff\"\n",
	};
	unsigned int before = asked;
	int fd = client_open();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		static const char start[] = "{\"result\":\"error\",\"error\":\"bad-request\","
					    "\"message\":\"the request is not ";
		char buf[1024];
		ssize_t n;

		say(fd, rows[i]);
		n = read(fd, buf, sizeof(buf));
		assert_true(n > (ssize_t)sizeof(start));
		assert_memory_equal(buf, start, sizeof(start) - 1);
	}
	assert_int_equal(asked, before);
	close(fd);
}

static void a_line_without_end(void **state)
{
	char much[CONTROL_LINE_MAX + 1];
	int fd = client_open();

	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	say(fd, much);
	expect(fd, "{\"result\":\"error\",\"error\":\"bad-request\",\"message\":\"the request is "
		   "longer than 4096 octets\"}\n");
	assert_true(is_closed(fd));
	close(fd);
}

/* An event about a tunnel, a peer and a child of those numbers. */
static void publish(uint32_t tunnel, uint32_t peer, uint32_t child)
{
	const struct control_about about = { tunnel, peer, child };
	char text[16];

	snprintf(text, sizeof(text), "%u%u%u", tunnel, peer, child);
	control_publish(ctl, &about, json_pack("{ss}", "e", text));
	loop();
}

static bool watched(uint32_t tunnel)
{
	return control_watched(ctl, &(struct control_about){ .tunnel = tunnel });
}

static void watches(void **state)
{
	int one = client_open(), all = client_open();
	unsigned int before;

	assert_false(watched(1));
	say(one, "{\"command\":\"watch\",\"tunnel\":\"100\"}\n{\"command\":\"next\"}\n");
	assert_true(watched(1));
	assert_false(watched(2));
	say(all, "{\"command\":\"watch\"}\n");
	assert_true(watched(2));
	publish(1, 2, 3);
	publish(2, 0, 0);
	publish(0, 0, 0);
	expect(one, "{\"e\":\"123\"}\n");
	expect(all, "{\"e\":\"123\"}\n{\"e\":\"200\"}\n{\"e\":\"000\"}\n");
	/*
	 * The result ends the watch and lets the next request through; who watches everything goes
	 * on.
	 */
	finish();
	loop();
	expect(one, "{\"result\":\"ok\"}\n{\"event\":\"seen\",\"command\":\"next\"}\n{\"result\":"
		    "\"ok\",\"all\":false}\n");
	publish(1, 0, 0);
	expect(one, "");
	expect(all, "{\"e\":\"100\"}\n");
	before = gone;
	close(one);
	close(all);
	loop();
	assert_false(watched(1));
	publish(1, 0, 0);
	assert_int_equal(gone, before + 2);
}

/* Of a child: what is about it, and about its peer and tunnel as a whole. */
static void watches_of_a_child(void **state)
{
	int fd = client_open();

	say(fd, "{\"command\":\"watch\",\"tunnel\":\"123\"}\n");
	publish(1, 2, 3);
	publish(1, 2, 4);
	publish(1, 5, 0);
	publish(1, 2, 0);
	publish(1, 0, 0);
	publish(6, 2, 3);
	expect(fd, "{\"e\":\"123\"}\n{\"e\":\"120\"}\n{\"e\":\"100\"}\n");
	close(fd);
	publish(1, 2, 3);
	assert_null(waiting);
}

static void a_client_that_stops_sending_still_gets_its_answer(void **state)
{
	int fd = client_open();

	say(fd, "{\"command\":\"watch\",\"tunnel\":\"100\"}\n");
	shutdown(fd, SHUT_WR);
	loop();
	finish();
	loop();
	expect(fd, "{\"result\":\"ok\"}\n");
	assert_true(is_closed(fd));
	close(fd);
}

static void a_slow_client_is_dropped(void **state)
{
	const struct control_about about = { .tunnel = 1 };
	char *filler = malloc(60000);
	int fd = client_open();
	char buf[65536];

	memset(filler, 'x', 59999);
	filler[59999] = '\0';
	say(fd, "{\"command\":\"watch\"}\n");
	for (int i = 0; i < 100; i++)
		control_publish(ctl, &about, json_pack("{ss}", "event", filler));
	loop();
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	assert_true(is_closed(fd));
	close(fd);
	free(filler);
}

/* An answer in parts is made as it is read, and the next request waits for its end. */
static void an_answer_in_parts(void **state)
{
	size_t len = 0, want = strlen("{\"n\":") + PARTS * PART_LEN + strlen("}\n");
	int fd = client_open();
	char buf[PART_LEN];
	ssize_t n;

	say(fd, "{\"command\":\"parts\"}\n{\"command\":\"version\"}\n");
	assert_in_range(parts, 1, PARTS / 2);
	while (len < want) {
		n = read(fd, buf, want - len < sizeof(buf) ? want - len : sizeof(buf));
		assert_true(n > 0);
		len += (size_t)n;
		loop();
	}
	assert_int_equal(buf[n - 1], '\n');
	assert_int_equal(parts, PARTS);
	assert_int_equal(released, 1);
	expect(fd, "{\"event\":\"seen\",\"command\":\"version\"}\n"
		   "{\"result\":\"ok\",\"all\":false}\n");
	close(fd);
}

static void an_answer_in_parts_that_ends_early(void **state)
{
	int fd = client_open();
	char buf[PART_LEN];

	say(fd, "{\"command\":\"parts\"}\n");
	assert_int_equal(released, 0);
	close(fd);
	loop();
	assert_int_equal(released, 1);
	fd = client_open();
	say(fd, "{\"command\":\"parts\",\"tunnel\":\"3\"}\n");
	while (read(fd, buf, sizeof(buf)) > 0)
		loop();
	assert_true(is_closed(fd));
	assert_int_equal(released, 1);
	assert_int_equal(parts, 3);
	close(fd);
	fd = client_open();
	say(fd, "{\"command\":\"parts\",\"tunnel\":\"1\"}\n");
	expect(fd, "");
	assert_int_equal(released, 1);
	close(fd);
}

static void too_many_clients(void **state)
{
	int fds[CONTROL_CLIENTS_MAX], extra;

	loop();
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		fds[i] = client_open();
	extra = client_open();
	expect(extra, "{\"result\":\"error\",\"error\":\"busy\",\"message\":\"too many clients "
		      "use the control socket at once\"}\n");
	assert_true(is_closed(extra));
	close(extra);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		close(fds[i]);
	loop();
	requests_and_results(state);
}

/* Without descriptors a client waits, and the loop does not spin over it. */
static void no_descriptors(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct timeval some = { .tv_usec = 300000 }, more = { .tv_sec = 1 };
	struct rlimit was, none;
	clock_t spent;

	loop();
	getrlimit(RLIMIT_NOFILE, &was);
	none = (struct rlimit){ (rlim_t)fd + 1, was.rlim_max };
	while (dup(fd) >= 0 && none.rlim_cur < 64)
		none.rlim_cur++;
	setrlimit(RLIMIT_NOFILE, &none);
	strcpy(sun.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	spent = clock();
	event_base_loopexit(base, &some);
	event_base_dispatch(base);
	assert_true(clock() - spent < CLOCKS_PER_SEC / 10);
	setrlimit(RLIMIT_NOFILE, &was);
	for (int more_fd = fd + 1; more_fd < 64; more_fd++)
		close(more_fd);
	say(fd, "{\"command\":\"up\"}\n");
	event_base_loopexit(base, &more);
	event_base_dispatch(base);
	expect(fd, "{\"event\":\"seen\",\"command\":\"up\"}\n{\"result\":\"ok\",\"all\":false}\n");
	close(fd);
	loop();
}

/* What a daemon that was killed leaves. */
static void leave_socket(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(sun.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(close(fd), 0);
}

static void the_socket(void **state)
{
	char why[CONTROL_WHY_MAX], want[CONTROL_WHY_MAX];
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* A live daemon's socket is not taken over ... */
	assert_null(control_new(base, path, on_request, on_gone, NULL, why));
	snprintf(want, sizeof(want),
		 "another esplaned answers at %s: stop it, or give this one another --control",
		 path);
	assert_string_equal(why, want);
	assert_null(control_new(base, "/nonexistent/control", on_request, on_gone, NULL, why));
	assert_string_equal(why,
			    "cannot listen at /nonexistent/control: No such file or directory");
	assert_null(control_new(base, "", on_request, on_gone, NULL, why));
	assert_string_equal(why, "--control \"\": the path is empty");
	control_free(ctl);
	assert_int_equal(access(path, F_OK), -1);
	/* ... nor is a file that is none, ... */
	assert_int_equal(close(creat(path, 0600)), 0);
	assert_null(control_new(base, path, on_request, on_gone, NULL, why));
	snprintf(want, sizeof(want), "%s exists and is not a socket: give another --control", path);
	assert_string_equal(why, want);
	assert_int_equal(unlink(path), 0);
	/* ... a dead one's is. */
	leave_socket();
	ctl = control_new(base, path, on_request, on_gone, NULL, why);
	assert_non_null(ctl);
	requests_and_results(state);
}

static int setup(void **state)
{
	char why[CONTROL_WHY_MAX];

	snprintf(path, sizeof(path), "/tmp/esplane-control.%d", (int)getpid());
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	ctl = control_new(base, path, on_request, on_gone, NULL, why);
	return ctl ? 0 : -1;
}

static int teardown(void **state)
{
	control_free(ctl);
	event_base_free(base);
	return access(path, F_OK) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_and_results),
		cmocka_unit_test(what_is_not_a_request),
		cmocka_unit_test(a_line_without_end),
		cmocka_unit_test(watches),
		cmocka_unit_test(watches_of_a_child),
		cmocka_unit_test(a_client_that_stops_sending_still_gets_its_answer),
		cmocka_unit_test(a_slow_client_is_dropped),
		cmocka_unit_test(an_answer_in_parts),
		cmocka_unit_test(an_answer_in_parts_that_ends_early),
		cmocka_unit_test(too_many_clients),
		cmocka_unit_test(no_descriptors),
		cmocka_unit_test(the_socket),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
