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

typedef void (*show_fn)(const struct view *v, const json_t *object);

static char *shown;

static json_t *parse(const char *text)
{
	json_t *object = json_loads(text, 0, NULL);

	assert_non_null(object);
	return object;
}

/* @view: NULL for the plain one. */
static void expect_shown(show_fn show, const struct view *view, const char *json, const char *text)
{
	struct view v = view ? *view : (struct view){ 0 };
	json_t *object = parse(json);
	size_t len;

	free(shown);
	v.out = open_memstream(&shown, &len);
	show(&v, object);
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
		  "  resolve        0.003 s  gw.example.org is 198.51.100.1\n" },
		{ "{\"event\":\"step\",\"step\":\"ike_sa_init\",\"took_ms\":120,\"detail\":"
		  "\"x25519\"}",
		  "  IKE_SA_INIT    0.120 s  x25519\n" },
		{ "{\"event\":\"step\",\"step\":\"ike_auth\",\"took_ms\":12345,\"detail\":\"ok\"}",
		  "  IKE_AUTH      12.345 s  ok\n" },
		{ "{\"event\":\"retransmit\",\"detail\":\"IKE_SA_INIT, try 2 of 5\"}",
		  "  waiting                 IKE_SA_INIT, try 2 of 5\n" },
		{ "{\"event\":\"note\",\"detail\":\"no address\"}",
		  "  note                    no address\n" },
		{ "{\"event\":\"up\"}", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		expect_shown(show_event, NULL, rows[i].json, rows[i].text);
}

static void colour_only_where_it_is_wanted(void **state)
{
	const struct view colour = { .colour = true };

	expect_shown(show_event, &colour,
		     "{\"event\":\"step\",\"step\":\"routes\",\"took_ms\":1,\"detail\":\"set\"}",
		     "  routes      \033[2m   0.001 s\033[0m  set\n");
}

static void one_sentence_of_success(void **state)
{
	expect_shown(show_up, NULL,
		     "{\"result\":\"ok\",\"tunnel\":\"office\",\"interface\":\"office\","
		     "\"local\":\"192.0.2.1\",\"remote\":\"198.51.100.1\",\"encapsulation\":\"none\","
		     "\"esp\":\"aes128gcm16-esn\",\"local_ts\":[\"10.1.0.0/24\"],"
		     "\"remote_ts\":[\"10.2.0.0/24\"],\"took_ms\":420}",
		     "office is up: 10.1.0.0/24 <-> 10.2.0.0/24, AES-128-GCM-16 with ESN, via "
		     "192.0.2.1 -> 198.51.100.1, 0.42 s\n");
	expect_shown(show_up, NULL,
		     "{\"result\":\"ok\",\"tunnel\":\"office\",\"local\":\"192.0.2.1\","
		     "\"remote\":\"198.51.100.1\",\"encapsulation\":\"udp\","
		     "\"esp\":\"aes256-sha256-noesn\",\"local_ts\":[\"10.1.0.0/24\","
		     "\"10.9.0.1/32\"],\"remote_ts\":[\"0.0.0.0/0\"],\"already\":true}",
		     "office is up already: 10.1.0.0/24 10.9.0.1/32 <-> 0.0.0.0/0, AES-256-CBC "
		     "and HMAC-SHA2-256-128, via 192.0.2.1 -> 198.51.100.1 in UDP\n");
	expect_shown(show_down, NULL, "{\"result\":\"ok\",\"tunnel\":\"office\",\"already\":false}",
		     "office is down\n");
	expect_shown(show_down, NULL, "{\"result\":\"ok\",\"tunnel\":\"office\",\"already\":true}",
		     "office was already down\n");
	expect_shown(show_reload, NULL,
		     "{\"result\":\"ok\",\"added\":[\"a\",\"b\"],\"changed\":[],"
		     "\"removed\":[\"c\"],\"tunnels\":7}",
		     "added    a, b\nremoved  c\nthe configuration is read again: 7 tunnels\n");
}

static void suites(void **state)
{
	static const struct { const char *suite, *text;
	} rows[] = {
		{ "aes128gcm16-esn", "AES-128-GCM-16 with ESN" },
		{ "aes256gcm16-noesn", "AES-256-GCM-16" },
		{ "chacha20poly1305-esn", "ChaCha20-Poly1305 with ESN" },
		{ "aes128-sha256-noesn", "AES-128-CBC and HMAC-SHA2-256-128" },
		{ "rot13", "rot13" },
		{ "", "" },
	};
	char buf[256];

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(suite_text(rows[i].suite, buf, sizeof(buf)), rows[i].text);
}

static const char two_tunnels[] =
	"{\"result\":\"ok\",\"tunnels\":[{\"name\":\"office\",\"state\":\"up\","
	"\"interface\":\"office\",\"remote\":\"gw.example.org\",\"local_ts\":[\"10.1.0.0/24\"],"
	"\"remote_ts\":[\"10.2.0.0/24\"],\"local_endpoint\":\"192.0.2.1:500\","
	"\"remote_endpoint\":\"198.51.100.1:500\",\"local_id\":\"paris\","
	"\"remote_id\":\"berlin\",\"ike_spi\":{\"initiator\":\"0000000000000001\","
	"\"responder\":\"0000000000000002\"},\"initiator\":true,\"nat\":{\"local\":false,"
	"\"remote\":true},\"ike\":\"aes128gcm16-prfsha256-x25519\",\"age_s\":7300,"
	"\"esp\":\"aes128gcm16-esn\",\"encapsulation\":\"udp\",\"child_rekeys\":2,"
	"\"rekey_in_s\":1000,\"sas\":[{\"direction\":\"in\",\"spi\":\"c0ffee01\",\"bytes\":1536,"
	"\"packets\":12,\"age_s\":60,\"idle_s\":3,\"driver\":\"gcm-aesni\","
	"\"drops\":{\"rx-replay\":4}},{\"direction\":\"out\",\"spi\":\"c0ffee02\","
	"\"bytes\":3221225472,\"packets\":13,\"age_s\":60,\"drops\":{}}],"
	"\"device_drops\":{\"tx-no-policy\":5}},{\"name\":\"lab\",\"state\":\"down\","
	"\"interface\":\"lab\",\"remote\":\"any\",\"local_ts\":[\"10.1.0.0/24\"],"
	"\"remote_ts\":[\"10.77.0.0/16\"],\"error\":\"timeout\",\"detail\":\"no "
	"answer\",\"retry_in_s\":9}]}";

static void a_table_of_all(void **state)
{
	expect_shown(show_status, NULL, two_tunnels,
		     "TUNNEL  STATE  REMOTE          SELECTORS                     "
		     "ESP              IN       OUT\n"
		     "office  up     gw.example.org  10.1.0.0/24 <-> 10.2.0.0/24   "
		     "aes128gcm16-esn  1.5 KiB  3.0 GiB\n"
		     "lab     down   any             10.1.0.0/24 <-> 10.77.0.0/16  "
		     "-                -        -\n");
	expect_shown(show_status, NULL, "{\"result\":\"ok\",\"tunnels\":[]}",
		     "there is no tunnel: add one to the configuration, then: ikectl reload\n");
}

static void details_of_one(void **state)
{
	const struct view one = { .tunnel = "office" };
	json_t *result = parse(two_tunnels);
	char *second;

	expect_shown(show_status, &one, two_tunnels,
		     "office is up\n"
		     "  remote         gw.example.org\n"
		     "  via            192.0.2.1:500 -> 198.51.100.1:500\n"
		     "  local id       paris\n"
		     "  remote id      berlin\n"
		     "  interface      office\n"
		     "  selectors      10.1.0.0/24 <-> 10.2.0.0/24\n"
		     "  IKE SA         aes128gcm16-prfsha256-x25519, we began, age 2 h\n"
		     "  IKE SPIs       0000000000000001 0000000000000002\n"
		     "  NAT            in front of the peer\n"
		     "  ESP            AES-128-GCM-16 with ESN, in UDP\n"
		     "  rekeys         2 so far, next in 16 min\n"
		     "  in             spi c0ffee01, 1.5 KiB in 12 packets, age 60 s, idle 3 s, "
		     "gcm-aesni\n"
		     "  in dropped     4 rx-replay\n"
		     "  out            spi c0ffee02, 3.0 GiB in 13 packets, age 60 s\n"
		     "  dropped        5 tx-no-policy\n");
	json_array_remove(json_object_get(result, "tunnels"), 0);
	second = json_dumps(result, 0);
	expect_shown(show_status, &one, second,
		     "lab is down\n"
		     "  because        timeout: no answer\n"
		     "  next attempt   in 9 s\n"
		     "  remote         any\n"
		     "  interface      lab\n"
		     "  selectors      10.1.0.0/24 <-> 10.77.0.0/16\n");
	free(second);
	json_decref(result);
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
		{ "auth-remote", STATUS_AUTH, "the peer refuses us: DETAIL", "psk" },
		{ "auth-local", STATUS_AUTH, "the peer does not know the secret: DETAIL",
		  "to the last octet" },
		{ "identity", STATUS_AUTH, "the peer is not who it should be: DETAIL",
		  "remote-id" },
		{ "selectors", STATUS_NO_MATCH, "the traffic selectors do not meet: DETAIL",
		  "remote-ts" },
		{ "kernel", STATUS_FAILED, "the kernel module refuses it: DETAIL", "dmesg" },
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

static void unknown_tunnels_and_no_daemon(void **state)
{
	json_t *result = parse("{\"result\":\"error\",\"error\":\"no-such-tunnel\",\"message\":"
			       "\"there is no tunnel \\\"x\\\"\",\"known\":[\"lab\",\"office\"]}");
	struct view v = { .control = "/run/esplane/control" };
	char *text;
	size_t len;

	v.err = open_memstream(&text, &len);
	assert_int_equal(show_failure(&v, result), STATUS_NO_TUNNEL);
	fclose(v.err);
	assert_string_equal(text,
			    "ikectl: there is no tunnel \"x\"\nThe tunnels are: lab, office\n");
	free(text);
	expect_no_daemon(&v, "Connection refused",
			 "start it as root: systemctl start esplaned; why it ended is in "
			 "journalctl -u esplaned");
	expect_no_daemon(&v, "Permission denied",
			 "run ikectl as root, or as the user that esplaned runs as");
	json_decref(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_aligned),
		cmocka_unit_test(colour_only_where_it_is_wanted),
		cmocka_unit_test(one_sentence_of_success),
		cmocka_unit_test(suites),
		cmocka_unit_test(a_table_of_all),
		cmocka_unit_test(details_of_one),
		cmocka_unit_test(failures),
		cmocka_unit_test(unknown_tunnels_and_no_daemon),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(shown);
	return failed;
}
