// SPDX-License-Identifier: GPL-2.0
/* The log, names and wiping: the rest of lib/. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "suite/ikev2.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "suite/names.h"
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

static void names_and_numbers(void **state)
{
	char buf[NAME_STRLEN];

	assert_string_equal(name_of(NAME_EXCHANGE, EXCHANGE_IKE_SA_INIT), "IKE_SA_INIT");
	assert_string_equal(name_of(NAME_PAYLOAD, PAYLOAD_IDI), "IDi");
	assert_string_equal(name_of(NAME_NOTIFY, 14), "NO_PROPOSAL_CHOSEN");
	assert_string_equal(name_of(NAME_NOTIFY, 16430), "IKEV2_FRAGMENTATION_SUPPORTED");
	assert_string_equal(name_of(NAME_KE, 31), "CURVE_25519");
	assert_null(name_of(NAME_NOTIFY, 40961));
	assert_string_equal(name_str(NAME_NOTIFY, 40961, buf), "notify 40961");
	assert_string_equal(name_str(NAME_TRANSFORM_TYPE, 4294967295U, buf),
			    "transform type 4294967295");
	assert_string_equal(name_str(NAME_ID, ID_FQDN, buf), "ID_FQDN");
	assert_int_equal(name_number(NAME_NOTIFY, "ts_unacceptable"), NOTIFY_TS_UNACCEPTABLE);
	assert_int_equal(name_number(NAME_NOTIFY, "nonsense"), -1);
}

/* No number twice, no name twice, and the way back leads to the same number. */
static void tables_are_sound(void **state)
{
	enum name_table table;
	unsigned int number;
	const char *name;
	int found;

	for (table = NAME_EXCHANGE; table <= NAME_AUTH; table++) {
		found = 0;
		for (number = 0; number < 65536; number++) {
			name = name_of(table, number);
			if (!name)
				continue;
			found++;
			assert_int_equal(name_number(table, name), number);
		}
		assert_true(found >= 3);
	}
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
		cmocka_unit_test(long_entries_are_cut),
		cmocka_unit_test(names_and_numbers),
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(memory_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
