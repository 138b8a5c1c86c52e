// SPDX-License-Identifier: GPL-2.0
/* The log, names and wiping: the rest of lib/. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "suite/ikev2.h"
#include "lib/array.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "suite/proposal.h"

static int saved_stderr, reader;

/* Entries go to a pipe from here to caught(). */
static void catch(void)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	reader = fds[0];
}

static const char *caught(void)
{
	static char text[16384];
	size_t len = 0;
	ssize_t n;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	while ((n = read(reader, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(reader);
	text[len] = '\0';
	return text;
}

static const struct timespec *set_now;	/* NULL: it is as late as it is */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (!set_now)
		return __real_clock_gettime(clock, now);
	*now = *set_now;
	return 0;
}

static void escapes(const char *text, size_t len, const char *expected)
{
	char buf[256];

	assert_string_equal(log_escape(text, len, buf, sizeof(buf)), expected);
}

static void what_peers_send_is_escaped(void **state)
{
	escapes("gate.example", 12, "gate.example");
	escapes("two\nlines\r", 10, "two\\x0alines\\x0d");
	escapes("\x1b[2J", 4, "\\x1b[2J");
	escapes("a\0b", 3, "a\\x00b");
	escapes("\x7f", 1, "\\x7f");
	escapes("Zürich €", 11, "Zürich €");
	escapes("\xf0\x9f\x94\x92", 4, "\xf0\x9f\x94\x92");
	/*
	 * C1 control, cut short, overlong, surrogate, beyond Unicode, lone continuation,
	 * right-to-left override
	 */
	escapes("\xc2\x9b", 2, "\\xc2\\x9b");
	escapes("\xe2\x82", 2, "\\xe2\\x82");
	escapes("\xc0\x8a", 2, "\\xc0\\x8a");
	escapes("\xe0\x80\x8a", 3, "\\xe0\\x80\\x8a");
	escapes("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
	escapes("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80");
	escapes("\x80x", 2, "\\x80x");
	escapes("\xe2\x80\xae", 3, "\\xe2\\x80\\xae");
}

/* Cut where it must be, between characters, and always ended. */
static void escaping_keeps_to_its_buffer(void **state)
{
	char buf[16];
	size_t len;

	for (len = 1; len <= sizeof(buf); len++) {
		memset(buf, 'z', sizeof(buf));
		log_escape("a\n€\n", 6, buf, len);
		assert_true(strlen(buf) < len);
		assert_true(!strncmp("a\\x0a€\\x0a", buf, strlen(buf)));
		assert_true(strlen(buf) == 0 || strlen(buf) == 1 || strlen(buf) == 5 ||
			    strlen(buf) == 8 || strlen(buf) == 12);
		if (len < sizeof(buf))
			assert_int_equal(buf[len], 'z');
	}
	assert_string_equal(log_escape("a", 1, buf, 0), "");
}

static void one_entry_is_one_line(void **state)
{
	log_init("esplaned", LOG_STYLE_PLAIN, LOG_INFO);
	catch();
	log_info("peer \"%s\" said %d", "a\nesplaned: forged", 7);
	log_debug("not at this level");
	log_err("second");
	assert_string_equal(caught(),
			    "esplaned: peer \"a\\x0aesplaned: forged\" said 7\nesplaned: second\n");

	log_init("esplaned", LOG_STYLE_JOURNAL, LOG_WARNING);
	catch();
	log_warn("w");
	log_notice("n");
	log_err("e");
	assert_string_equal(caught(), "<4>w\n<3>e\n");
	assert_false(log_enabled(LOG_NOTICE));
	log_set_level(LOG_DEBUG);
	assert_true(log_enabled(LOG_DEBUG));
}

static void the_journal_is_known(void **state)
{
	char stream[64];
	struct stat st;
	bool known;

	unsetenv("JOURNAL_STREAM");
	assert_false(log_to_journal());
	setenv("JOURNAL_STREAM", "8:1", 1);
	assert_false(log_to_journal());
	catch();
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%lu:%lu", (unsigned long)st.st_dev,
		 (unsigned long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	known = log_to_journal();
	caught();
	assert_true(known);
	/* Inherited, with another standard error. */
	assert_false(log_to_journal());
	unsetenv("JOURNAL_STREAM");
}

static void timestamps(void **state)
{
	unsigned int year, month, day, hour, minute, second, ms;
	char rest[64];
	int n;

	log_init("esplaned", LOG_STYLE_TIME, LOG_INFO);
	catch();
	log_info("text");
	n = sscanf(caught(), "%4u-%2u-%2uT%2u:%2u:%2u.%3uZ %63[^\n]", &year, &month, &day, &hour,
		   &minute, &second, &ms, rest);
	assert_int_equal(n, 8);
	assert_true(year > 2020 && month <= 12 && day <= 31 && hour < 24 && minute < 60 &&
		    second <= 60);
	assert_string_equal(rest, "esplaned: text");
}

/* A second that is written once is not kept for the next. */
static void the_time_goes_on(void **state)
{
	static const struct { struct timespec at; const char *line; } rows[] = {
		{ { 951782399, 7000000 }, "2000-02-28T23:59:59.007Z x: text\n" },
		{ { 951782399, 999999999 }, "2000-02-28T23:59:59.999Z x: text\n" },
		{ { 951782400, 0 }, "2000-02-29T00:00:00.000Z x: text\n" },
		{ { 951782399, 1000000 }, "2000-02-28T23:59:59.001Z x: text\n" },
	};

	log_init("x", LOG_STYLE_TIME, LOG_INFO);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		set_now = &rows[i].at;
		catch();
		log_info("text");
		set_now = NULL;
		assert_string_equal(caught(), rows[i].line);
	}
}

static void long_entries_are_cut(void **state)
{
	char text[3 * LOG_LINE_MAX];
	const char *line;

	log_init("x", LOG_STYLE_PLAIN, LOG_INFO);
	memset(text, '\n', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	catch();
	errno = 77;
	log_info("%s", text);
	assert_int_equal(errno, 77);
	line = caught();
	/* each octet became four, the last three are the dots */
	assert_int_equal(strlen(line), 3 + 4 * (LOG_LINE_MAX - 3) + 3 + 1);
	assert_string_equal(line + strlen(line) - 8, "\\x0a...\n");
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

/* Entries until one is lost: as many as a pipe or socket takes that nobody reads. */
static unsigned int fill(void)
{
	unsigned int count = 0;
	char text[512];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	alarm(20);		/* a write that blocks ends the test */
	while (count++ < 10000)
		log_info("%u %s", count, text);
	alarm(0);
	return count;
}

static void a_reader_that_sleeps_stops_nobody(int fds[2], size_t least)
{
	static char text[1 << 20];
	unsigned int count = 0, last = 0, lost = 0;
	size_t len = 0;
	ssize_t n;
	char *line;

	saved_stderr = dup(STDERR_FILENO);
	log_init("x", LOG_STYLE_PLAIN, LOG_INFO);
	dup2(fds[1], STDERR_FILENO);
	fill();
	errno = 5;
	log_info("lost, too");
	n = errno;
	/* the reader wakes up */
	while (len < sizeof(text) - 1 && poll(&(struct pollfd){ .fd = fds[0], .events = POLLIN },
					      1, 0) == 1 &&
	       read(fds[0], text + len, 1) == 1)
		len++;
	text[len] = '\0';
	log_warn("again");
	log_warn("and again");
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	assert_int_equal(n, 5);
	/* whole lines, one after the other, from the first */
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_int_equal(sscanf(line, "x: %u ", &last), 1);
		assert_int_equal(last, ++count);
	}
	assert_true(len >= least);
	n = read(fds[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_int_equal(sscanf(text, "x: %u log entries are lost", &lost), 1);
	assert_int_equal(count + lost, 10001);
	line = strstr(text, "x: again\nx: and again\n");
	if (!line) {		/* a datagram each */
		n = read(fds[0], text, sizeof(text) - 1);
		text[n > 0 ? n : 0] = '\0';
		line = strstr(text, "x: again\n");
	}
	assert_non_null(line);
	close(fds[0]);
	close(fds[1]);
}

static void a_stuck_pipe_stops_nobody(void **state)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	a_reader_that_sleeps_stops_nobody(fds, 32768);
}

static void nor_does_a_stuck_socket(void **state)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	a_reader_that_sleeps_stops_nobody(fds, 8192);
}

static void nobody_is_there_to_read(void **state)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	saved_stderr = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	log_warn("nobody");
	close(STDERR_FILENO);
	log_warn("and nothing");
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	catch();
	log_warn("somebody");
	assert_string_equal(caught(), "x: 2 log entries are lost: what reads standard error was "
				      "too slow\nx: somebody\n");
}

static void memory_is_wiped(void **state)
{
	char secret[] = "correct horse", zero[sizeof(secret)] = "", *copy;

	copy = mem_dup(secret, sizeof(secret));
	assert_non_null(copy);
	assert_string_equal(copy, secret);
	mem_wipe(secret, sizeof(secret));
	assert_memory_equal(secret, zero, sizeof(secret));
	mem_free_wiped(copy, sizeof(secret));
	mem_free_wiped(NULL, 0);
	mem_wipe(NULL, 0);
	copy = mem_dup(NULL, 0);
	assert_non_null(copy);
	mem_free_wiped(copy, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_peers_send_is_escaped),
		cmocka_unit_test(escaping_keeps_to_its_buffer),
		cmocka_unit_test(one_entry_is_one_line),
		cmocka_unit_test(the_journal_is_known),
		cmocka_unit_test(timestamps),
		cmocka_unit_test(the_time_goes_on),
		cmocka_unit_test(long_entries_are_cut),
		cmocka_unit_test(a_stuck_pipe_stops_nobody),
		cmocka_unit_test(nor_does_a_stuck_socket),
		cmocka_unit_test(nobody_is_there_to_read),
		cmocka_unit_test(memory_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
