// SPDX-License-Identifier: GPL-2.0
/* What a person reads, from JSON as the daemon sends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ikectl/ikectl.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

typedef enum status (*show_fn)(const struct view *v, const json_t *object);
typedef void (*event_fn)(const struct view *v, const json_t *object);

static char *shown;

static json_t *parse(const char *text)
{
	json_t *object = json_loads(text, 0, NULL);

	assert_non_null(object);
	return object;
}

static FILE *shown_open(size_t *len)
{
	free(shown);
	return open_memstream(&shown, len);
}

/* @view: NULL for the plain one. */
static void expect_event(event_fn show, const struct view *view, const char *json, const char *text)
{
	struct view v = view ? *view : (struct view){ 0 };
	json_t *object = parse(json);
	size_t len;

	v.out = shown_open(&len);
	show(&v, object);
	fclose(v.out);
	json_decref(object);
	assert_string_equal(shown, text);
}

static void expect_shown(show_fn show, enum status status, const char *json, const char *text)
{
	json_t *object = parse(json);
	struct view v = { 0 };
	size_t len;

	v.out = shown_open(&len);
	assert_int_equal(show(&v, object), status);
	fclose(v.out);
	json_decref(object);
	assert_string_equal(shown, text);
}

static void steps_are_aligned(void **state)
{
	static const struct { const char *json, *text;
	} rows[] = {
		{ "{\"event\":\"step\",\"step\":\"resolve\",\"at_ms\":3,\"took_ms\":3,\"detail\":"
		  "\"gw.example.org is 198.51.100.1\"}",
		  "  resolve         0.003 s  gw.example.org is 198.51.100.1\n" },
		{ "{\"event\":\"step\",\"step\":\"ike_sa_init\",\"took_ms\":120,\"detail\":"
		  "\"x25519\"}",
		  "  IKE_SA_INIT     0.120 s  x25519\n" },
		{ "{\"event\":\"step\",\"step\":\"ike_auth\",\"took_ms\":12345,\"detail\":\"ok\"}",
		  "  IKE_AUTH       12.345 s  ok\n" },
		{ "{\"event\":\"retransmit\",\"detail\":\"IKE_SA_INIT, try 2 of 5\"}",
		  "  waiting                  IKE_SA_INIT, try 2 of 5\n" },
		{ "{\"event\":\"note\",\"detail\":\"no address\"}",
		  "  note                     no address\n" },
		{ "{\"event\":\"refused\",\"error\":\"no-proposal-ike\",\"detail\":\"d\"}",
		  "  refused                  no-proposal-ike: d\n" },
		{ "{\"event\":\"up\"}", "" },
		{ "{\"event\":\"child-up\"}", "" },
	};
	const struct view all = { .all = true };

	for (size_t i = 0; i < COUNT(rows); i++)
		expect_event(show_event, NULL, rows[i].json, rows[i].text);
	expect_event(show_event, &all,
		     "{\"event\":\"step\",\"tunnel\":\"office\",\"step\":\"routes\",\"took_ms\":1,"
		     "\"detail\":\"set\"}",
		     "  office          routes          0.001 s  set\n");
}

/* Without the time of day at its beginning. */
static void expect_monitor(const char *json, const char *text)
{
	json_t *object = parse(json);
	struct view v = { 0 };
	size_t len;

	v.out = shown_open(&len);
	show_monitor(&v, object);
	fclose(v.out);
	json_decref(object);
	if (!text[0]) {
		assert_string_equal(shown, "");
		return;
	}
	assert_true(strlen(shown) > 9);
	assert_int_equal(strspn(shown, "0123456789:"), 8);
	assert_string_equal(shown + 8, text);
}

static void monitor_is_aligned_and_begins_with_a_line(void **state)
{
	expect_monitor("{\"event\":\"monitor\",\"version\":\"1\",\"tunnels\":3}",
		       " watching 3 tunnels\n");
	expect_monitor("{\"event\":\"monitor\",\"version\":\"1\",\"tunnels\":1}",
		       " watching 1 tunnel\n");
	expect_monitor("{\"event\":\"step\",\"tunnel\":\"office\",\"step\":\"ike_auth\","
		       "\"took_ms\":1,\"detail\":\"x\"}",
		       " office          IKE_AUTH        0.001 s  x\n");
	/* The longest word does not move the rest. */
	expect_monitor("{\"event\":\"child-rekeyed\",\"tunnel\":\"office\",\"name\":"
		       "\"office/voice\",\"detail\":\"x\"}",
		       " office/voice    child-rekeyed            x\n");
	/* What went down says so once, and why. */
	expect_monitor("{\"event\":\"down\",\"tunnel\":\"office\",\"error\":\"down\","
		       "\"detail\":\"the daemon stops\"}",
		       " office          down                     the daemon stops\n");
	/* Refused before it was known whom it was for. */
	expect_monitor("{\"event\":\"refused\",\"error\":\"no-proposal-ike\",\"detail\":\"x\"}",
		       " -               refused                  no-proposal-ike: x\n");
	/* A tunnel that is its own only child is up once, not twice. */
	expect_monitor("{\"event\":\"child-up\",\"tunnel\":\"office\"}", "");
	expect_monitor("{\"event\":\"child-up\",\"tunnel\":\"office\",\"name\":\"office/voice\","
		       "\"detail\":\"x\"}",
		       " office/voice    child-up                 x\n");
}

static void colour_only_where_it_is_wanted(void **state)
{
	const struct view colour = { .colour = true };

	expect_event(show_event, &colour,
		     "{\"event\":\"step\",\"step\":\"routes\",\"took_ms\":1,\"detail\":\"set\"}",
		     "  routes       \033[2m   0.001 s\033[0m  set\n");
}

static void one_sentence_of_success(void **state)
{
	expect_shown(show_up, STATUS_OK,
		     "{\"result\":\"ok\",\"tunnel\":\"office\",\"interface\":\"office\","
		     "\"local\":\"192.0.2.1\",\"remote\":\"198.51.100.1\",\"encapsulation\":\"none\","
		     "\"esp\":\"aes128gcm16-esn\",\"local_ts\":[\"10.1.0.0/24\"],"
		     "\"remote_ts\":[\"10.2.0.0/24\"],\"took_ms\":420}",
		     "office is up: 10.1.0.0/24 <-> 10.2.0.0/24, aes128gcm16-esn, via "
		     "192.0.2.1 -> 198.51.100.1, 0.42 s\n");
	expect_shown(show_up, STATUS_OK,
		     "{\"result\":\"ok\",\"tunnel\":\"office\",\"local\":\"192.0.2.1\","
		     "\"remote\":\"198.51.100.1\",\"encapsulation\":\"udp\","
		     "\"esp\":\"aes256-sha256-noesn\",\"local_ts\":[\"10.1.0.0/24\","
		     "\"10.9.0.1/32\"],\"remote_ts\":[\"0.0.0.0/0\"],\"already\":true}",
		     "office is up already: 10.1.0.0/24 10.9.0.1/32 <-> 0.0.0.0/0, aes256-sha256, "
		     "via 192.0.2.1 -> 198.51.100.1 in UDP\n");
	expect_shown(show_down, STATUS_OK,
		     "{\"result\":\"ok\",\"tunnel\":\"office\",\"already\":false}",
		     "office is down\n");
	expect_shown(show_down, STATUS_OK,
		     "{\"result\":\"ok\",\"tunnel\":\"office\",\"already\":true}",
		     "office was already down\n");
	expect_shown(show_reload, STATUS_OK,
		     "{\"result\":\"ok\",\"added\":[\"a\",\"b\"],\"changed\":[],"
		     "\"removed\":[\"c\"],\"changes\":[],\"tunnels\":7}",
		     "added    a, b\nremoved  c\nconfiguration reloaded: 7 tunnels\n");
	expect_shown(show_reload, STATUS_OK,
		     "{\"result\":\"ok\",\"added\":[],\"changed\":[\"office\",\"lab\",\"x\",\"y\"],"
		     "\"removed\":[],\"changes\":["
		     "{\"name\":\"office\",\"change\":\"changed\",\"options\":true,\"children\":["
		     "{\"name\":\"data\",\"change\":\"unchanged\"},"
		     "{\"name\":\"voice\",\"change\":\"replaced\"},"
		     "{\"name\":\"video\",\"change\":\"new\"}]},"
		     "{\"name\":\"lab\",\"change\":\"changed\",\"options\":false,\"children\":["
		     "{\"name\":\"lab\",\"change\":\"changed\"},"
		     "{\"name\":\"old\",\"change\":\"removed\"}]},"
		     "{\"name\":\"same\",\"change\":\"unchanged\"},"
		     "{\"name\":\"x\",\"change\":\"replaced\"},"
		     "{\"name\":\"y\",\"change\":\"failed\"}],\"tunnels\":5}",
		     "changed  office: options, voice replaced, video new\n"
		     "changed  lab: lab changed, old removed\n"
		     "replaced x\nfailed   y\nconfiguration reloaded: 5 tunnels\n");
	expect_shown(show_names, STATUS_OK,
		     "{\"result\":\"ok\",\"names\":[\"office\",\"office/voice\"]}",
		     "office\noffice/voice\n");
}

/* What is up and what is not; the exit status is the first failure's. */
static void several_children(void **state)
{
	expect_shown(show_up, STATUS_NO_MATCH,
		     "{\"result\":\"ok\",\"tunnel\":\"office\",\"local\":\"192.0.2.1\","
		     "\"remote\":\"198.51.100.1\",\"encapsulation\":\"none\",\"took_ms\":420,"
		     "\"children\":[{\"name\":\"office/voice\",\"state\":\"up\","
		     "\"esp\":\"aes128gcm16-esn\",\"local_ts\":[\"10.1.0.0/24\"],"
		     "\"remote_ts\":[\"10.2.0.0/24\"]},{\"name\":\"office/lab\",\"state\":\"down\","
		     "\"error\":\"selectors\",\"detail\":\"ours are 10.9.0.0/24\"}]}",
		     "office is up: 2 children, via 192.0.2.1 -> 198.51.100.1, 0.42 s\n"
		     "  office/voice: 10.1.0.0/24 <-> 10.2.0.0/24, aes128gcm16-esn\n"
		     "  office/lab is not up: the traffic selectors do not meet: ours are "
		     "10.9.0.0/24\n");
}

static void all_of_them(void **state)
{
	expect_shown(show_up, STATUS_NO_ANSWER,
		     "{\"result\":\"error\",\"error\":\"some-failed\",\"tunnels\":["
		     "{\"result\":\"ok\",\"tunnel\":\"a\",\"local\":\"192.0.2.1\","
		     "\"remote\":\"198.51.100.1\",\"esp\":\"aes128gcm16\",\"local_ts\":"
		     "[\"10.1.0.0/24\"],\"remote_ts\":[\"10.2.0.0/24\"]},{\"result\":\"error\","
		     "\"error\":\"timeout\",\"tunnel\":\"b\",\"message\":\"IKE_SA_INIT\"}]}",
		     "a is up: 10.1.0.0/24 <-> 10.2.0.0/24, aes128gcm16, via 192.0.2.1 -> "
		     "198.51.100.1\nb is not up: the peer does not answer: IKE_SA_INIT\n");
	expect_shown(show_down, STATUS_OK,
		     "{\"result\":\"ok\",\"tunnels\":[{\"result\":\"ok\",\"tunnel\":\"a\","
		     "\"already\":false},{\"result\":\"ok\",\"tunnel\":\"b\",\"already\":true}]}",
		     "a is down\nb was already down\n");
	expect_shown(show_up, STATUS_OK, "{\"result\":\"ok\",\"tunnels\":[]}",
		     "no tunnel can be started from here\n");
}

static void suites(void **state)
{
	static const struct { const char *suite, *text;
	} rows[] = {
		{ "aes128gcm16-esn", "aes128gcm16-esn" },
		{ "aes256gcm16-noesn", "aes256gcm16" },
		{ "aes128-sha256-noesn", "aes128-sha256" },
		/* as people write it */
		{ "aes128-prfsha256-sha256-x25519", "aes128-sha256-x25519" },
		{ "aes128-sha256-prfsha256-x25519", "aes128-sha256-x25519" },
		{ "aes128-sha256-prfsha384-x25519", "aes128-sha256-prfsha384-x25519" },
		{ "aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x25519" },
		{ "rot13", "rot13" },
		{ "", "" },
	};
	char buf[256];

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(text_suite(rows[i].suite, buf, sizeof(buf)), rows[i].text);
}

static void lines(void **state)
{
	char text[64], *wrapped;
	size_t len;
	FILE *f;

	assert_int_equal(text_width("Z\303\274rich"), 6);
	strcpy(text, "Z\303\274rich-Oerlikon");
	text_shorten(text, 8);
	assert_string_equal(text, "Z\303\274ric...");
	text_shorten(text, 8);
	assert_string_equal(text, "Z\303\274ric...");
	text_shorten(text, 4);
	assert_string_equal(text, "Z...");
	f = open_memstream(&wrapped, &len);
	text_wrap(f, "  key ", "one two three four five six seven", 24);
	text_wrap(f, "  key ", "one two three four five six seven", 0);
	text_wrap(f, "", "", 24);
	fclose(f);
	assert_string_equal(wrapped, "  key one two three four\n      five six seven\n"
				     "  key one two three four five six seven\n\n");
	free(wrapped);
}

/* Each failure: an exit status, what is wrong with both sides' words, what to do. */
static void failures(void **state)
{
	static const struct {
		const char *error;
		enum status status;
		const char *what, *advice;
	} rows[] = {
		{ "timeout", STATUS_NO_ANSWER, "the peer does not answer: DETAIL",
		  "UDP ports 500 and 4500" },
		{ "resolve", STATUS_NO_ANSWER, "DETAIL", "/etc/resolv.conf" },
		{ "no-proposal-ike", STATUS_NO_MATCH, "no IKE proposal suits both sides: DETAIL",
		  "option ike" },
		{ "no-proposal-child", STATUS_NO_MATCH, "no ESP proposal suits both sides: DETAIL",
		  "option esp" },
		{ "auth-remote", STATUS_AUTH, "not up: DETAIL", "local-id" },
		{ "auth-local", STATUS_AUTH, "the peer's proof is not taken: DETAIL",
		  "to the last octet" },
		{ "identity", STATUS_AUTH, "the peer is not who it should be: DETAIL",
		  "remote-id" },
		{ "selectors", STATUS_NO_MATCH, "the traffic selectors do not meet: DETAIL",
		  "remote-ts" },
		{ "address", STATUS_NO_MATCH, "no address for this host inside the tunnel: DETAIL",
		  NULL },
		{ "kernel", STATUS_FAILED, "the kernel module refused: DETAIL", "dmesg" },
		{ "kernel-module", STATUS_NO_MODULE, "DETAIL",
		  "modprobe esplane" },
		{ "interface", STATUS_FAILED, "cannot be set up: DETAIL", NULL },
		{ "peer", STATUS_FAILED, "the peer answered with an error: DETAIL",
		  "the peer's log" },
		{ "protocol", STATUS_FAILED, "the peer's message makes no sense: DETAIL",
		  "--log-level debug" },
		{ "from-the-future", STATUS_FAILED, "DETAIL", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct view v = { 0 };
		json_t *result = json_pack("{ss ss ss ss}", "result", "error", "error",
					   rows[i].error, "tunnel", "office", "message", "DETAIL");
		char *text, start[] = "ikectl: office is not up: ";
		size_t len;

		v.err = open_memstream(&text, &len);
		assert_int_equal(show_failure(&v, result), rows[i].status);
		assert_int_equal(failure_status(rows[i].error), rows[i].status);
		fclose(v.err);
		assert_memory_equal(text, start, sizeof(start) - 1);
		assert_non_null(strstr(text, rows[i].what));
		assert_int_equal(!rows[i].advice, !strstr(text, "\nWhat to do: "));
		if (rows[i].advice)
			assert_non_null(strstr(text, rows[i].advice));
		json_decref(result);
		free(text);
	}
}

/* U12: what the daemon says of a wrong secret is a whole sentence: it is said once. */
static void a_wrong_secret_is_said_once(void **state)
{
	static const char said[] = "the peer refused: wrong psk, local-id or remote-id; we are "
				   "paris@example.org, and asked for gw.example.org";
	char text[512];

	assert_string_equal(failure_sentence("auth-remote", said, text, sizeof(text)), said);
}

static void expect_no_daemon(struct view *v, const char *why, const char *advice)
{
	char *text, *expected;
	size_t len;

	v->err = open_memstream(&text, &len);
	show_no_daemon(v, why);
	fclose(v->err);
	assert_true(asprintf(&expected,
			     "ikectl: esplaned does not answer at /run/esplane/control: %s\n"
			     "What to do: %s.\n", why, advice) > 0);
	assert_string_equal(text, expected);
	free(expected);
	free(text);
}

static void expect_unknown(const char *typed, unsigned int count, const char *text)
{
	static const char *const names[] = { "office", "lab", "office/voice", "home", "paris",
					     "berlin", "london", "madrid", "rome" };
	struct view v = { .tunnel = typed };
	json_t *known = json_array();
	json_t *result;
	char *said;
	size_t len;

	for (unsigned int i = 0; i < count; i++)
		json_array_append_new(known, json_string(names[i]));
	result = json_pack("{ss ss ss so}", "result", "error", "error", "no-such-tunnel", "message",
			   "there is none", "known", known);
	v.err = open_memstream(&said, &len);
	assert_int_equal(show_failure(&v, result), STATUS_NO_TUNNEL);
	fclose(v.err);
	assert_string_equal(said, text);
	free(said);
	json_decref(result);
}

static void unknown_tunnels(void **state)
{
	expect_unknown("x", 2, "ikectl: there is none\nThe tunnels are: office, lab\n");
	expect_unknown("x", 9, "ikectl: there is none\nThere are 9 names: ikectl status shows "
			       "them\n");
	expect_unknown("x", 0, "ikectl: there is none\nThere is no tunnel: add one to the "
			       "configuration, then: ikectl reload\n");
	/* a letter more, less, changed, two swapped */
	expect_unknown("offfice", 9, "ikectl: there is none\nDo you mean \"office\"?\n");
	expect_unknown("ofice", 9, "ikectl: there is none\nDo you mean \"office\"?\n");
	expect_unknown("offive", 9, "ikectl: there is none\nDo you mean \"office\"?\n");
	expect_unknown("lba", 9, "ikectl: there is none\nDo you mean \"lab\"?\n");
	expect_unknown("office/voise", 9, "ikectl: there is none\nDo you mean \"office/voice\"?\n");
}

static void no_daemon(void **state)
{
	struct view v = { .control = "/run/esplane/control" };

	expect_no_daemon(&v, "Connection refused",
			 "start it as root: systemctl start esplaned; why it ended is in "
			 "journalctl -u esplaned");
	expect_no_daemon(&v, "Permission denied",
			 "run ikectl as root, or as the user that esplaned runs as");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_aligned),
		cmocka_unit_test(monitor_is_aligned_and_begins_with_a_line),
		cmocka_unit_test(colour_only_where_it_is_wanted),
		cmocka_unit_test(one_sentence_of_success),
		cmocka_unit_test(several_children),
		cmocka_unit_test(all_of_them),
		cmocka_unit_test(suites),
		cmocka_unit_test(lines),
		cmocka_unit_test(failures),
		cmocka_unit_test(a_wrong_secret_is_said_once),
		cmocka_unit_test(unknown_tunnels),
		cmocka_unit_test(no_daemon),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(shown);
	return failed;
}
