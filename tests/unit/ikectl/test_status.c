// SPDX-License-Identifier: GPL-2.0
/* ikectl status: the table at several widths, and the details of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ikectl/ikectl.h"

/* As the daemon sends them; with ' for ". */
static const char office[] =
	"{'name':'office','state':'up','interface':'office','remote':'gw.example.org',"
	"'start':'up','when_down':'block','local_ts':['10.1.0.0/24'],"
	"'remote_ts':['10.2.0.0/24'],'local_endpoint':'192.0.2.1:500',"
	"'remote_endpoint':'198.51.100.1:500','local_id':'paris','remote_id':'berlin',"
	"'ike_spi':{'initiator':'0000000000000001','responder':'0000000000000002'},"
	"'initiator':true,'nat':{'local':false,'remote':true},"
	"'ike':'aes128-prfsha256-sha256-x25519','age_s':7300,'esp':'aes128gcm16-esn',"
	"'encapsulation':'udp','mobike':true,'up_s':90000,'child_rekeys':2,'rekey_in_s':1000,"
	"'bytes_in':1536,'packets_in':112,'bytes_out':3221225472,'packets_out':213,"
	"'last_in_s':3,'last_out_s':61,'sas':[{'direction':'in','spi':'c0ffee01',"
	"'bytes':1536,'packets':12,'age_s':60,'idle_s':3,'driver':'gcm-aesni',"
	"'drops':{'rx-replay':4}},{'direction':'out','spi':'c0ffee02','bytes':3221225472,"
	"'packets':13,'age_s':60,'drops':{}}],'device_drops':{'tx-no-policy':5},"
	"'peers':[{'name':'office','state':'up','children':[{'name':'office',"
	"'child':'office','state':'up'}]}]}";

static const char lab[] =
	"{'name':'lab','state':'down','interface':'lab','remote':'198.51.100.7',"
	"'start':'manual','when_down':'pass','local_ts':['10.1.0.0/24'],"
	"'remote_ts':['10.77.0.0/16'],'error':'timeout',"
	"'detail':'IKE_SA_INIT was sent 6 times in 47 s','retry_in_s':9,'bytes_in':0,"
	"'bytes_out':0,'peers':[{'name':'lab','state':'down','children':[{'name':'lab',"
	"'child':'lab','state':'down'}]}]}";

static const char branch[] =
	"{'name':'branch','state':'up','interface':'branch','remote':'198.51.100.9',"
	"'start':'up','when_down':'block','local_ts':['10.1.0.0/24','10.1.0.0/24'],"
	"'remote_ts':['10.3.0.0/24','10.4.0.0/24'],'local_endpoint':'192.0.2.1:500',"
	"'remote_endpoint':'198.51.100.9:500','up_s':300,'bytes_in':30,'packets_in':3,"
	"'bytes_out':40,'packets_out':4,'encapsulation':'none','peers':[{'name':'branch',"
	"'state':'up','up_s':300,'children':[{'name':'branch/data','child':'data',"
	"'state':'up','local_ts':['10.1.0.0/24'],'remote_ts':['10.3.0.0/24'],"
	"'esp':'aes128gcm16-esn','up_s':300,'bytes_in':30,'packets_in':3,'bytes_out':40,"
	"'packets_out':4,'last_in_s':0,'narrowed':{'local_ts':[],"
	"'remote_ts':['10.3.1.0/24']},'child_rekeys':0,'sas':[]},{'name':'branch/voice',"
	"'child':'voice','state':'down','local_ts':['10.1.0.0/24'],"
	"'remote_ts':['10.4.0.0/24'],'error':'selectors',"
	"'detail':'ours are 10.1.0.0/24 and 10.4.0.0/24'}]}]}";

static const char roadwarriors[] =
	"{'name':'roadwarriors','state':'up','interface':'road','remote':'any',"
	"'start':'manual','when_down':'pass','local_ts':['0.0.0.0/0'],"
	"'remote_ts':['10.50.0.0/24'],'bytes_in':300,'packets_in':3,'bytes_out':500,"
	"'packets_out':5,'peers':[{'name':'roadwarriors/alice@example.org','state':'up',"
	"'up_s':4000,'remote_endpoint':'203.0.113.5:4500',"
	"'local_endpoint':'192.0.2.1:4500','remote_id':'alice@example.org',"
	"'encapsulation':'udp','bytes_in':300,'packets_in':3,'bytes_out':500,"
	"'packets_out':5,'children':[{'name':'roadwarriors/alice@example.org',"
	"'child':'roadwarriors','state':'up','esp':'aes256gcm16','local_ts':['0.0.0.0/0'],"
	"'remote_ts':['10.50.0.2'],'up_s':4000,'bytes_in':300,'packets_in':3,"
	"'bytes_out':500,'packets_out':5}]},{'name':'roadwarriors/bob@example.org',"
	"'state':'connecting','remote_endpoint':'203.0.113.6:4500',"
	"'remote_id':'bob@example.org','bytes_in':0,'packets_in':0,'bytes_out':0,"
	"'packets_out':0,'children':[{'name':'roadwarriors/bob@example.org',"
	"'child':'roadwarriors','state':'connecting','local_ts':['0.0.0.0/0'],"
	"'remote_ts':['10.50.0.0/24']}]}]}";

static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	json_t *object;

	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	object = json_loads(copy, 0, NULL);
	free(copy);
	assert_non_null(object);
	return object;
}

/* @name NULL: the table of all. */
static char *status_text(unsigned int width, const char *name)
{
	static const char *const all[] = { office, lab, branch, roadwarriors };
	struct view v = { .width = width, .tunnel = name };
	json_t *tunnels = json_array(), *result;
	char *text;
	size_t len;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		json_t *tunnel = parse(all[i]);

		if (!name || !strcmp(text_of(tunnel, "name"), name))
			json_array_append(tunnels, tunnel);
		json_decref(tunnel);
	}
	result = json_pack("{ss so}", "result", "ok", "tunnels", tunnels);
	v.out = open_memstream(&text, &len);
	assert_int_equal(show_status(&v, result), STATUS_OK);
	fclose(v.out);
	json_decref(result);
	return text;
}

static void expect_status(unsigned int width, const char *name, const char *expected)
{
	char *text = status_text(width, name);

	assert_string_equal(text, expected);
	free(text);
}

static void a_table_140_wide(void **state)
{
	expect_status(140, NULL,
		"TUNNEL               STATE       REMOTE            SELECTORS                     ESP              IN       OUT      LAST  UP\n"
		"office               up          gw.example.org    10.1.0.0/24 <-> 10.2.0.0/24   aes128gcm16-esn  1.5 KiB  3.0 GiB  3 s   25 h\n"
		"lab                  down        198.51.100.7      10.1.0.0/24 <-> 10.77.0.0/16  -                -        -        -     -\n"
		"    the peer does not answer: IKE_SA_INIT was sent 6 times in 47 s; next attempt in 9 s; meanwhile its packets pass in the clear\n"
		"branch               up          198.51.100.9      2 children                    -                30 B     40 B     -     5 min\n"
		"  data               up          -                 10.1.0.0/24 <-> 10.3.0.0/24   aes128gcm16-esn  30 B     40 B     0 s   5 min\n"
		"      narrowed by the peer, missing: 10.3.1.0/24 there\n"
		"  voice              down        -                 10.1.0.0/24 <-> 10.4.0.0/24   -                -        -        -     -\n"
		"      the traffic selectors do not meet: ours are 10.1.0.0/24 and 10.4.0.0/24\n"
		"roadwarriors         up          any               2 peers                       -                300 B    500 B    -     -\n"
		"  alice@example.org  up          203.0.113.5:4500  0.0.0.0/0 <-> 10.50.0.2       aes256gcm16      300 B    500 B    -     66 min\n"
		"  bob@example.org    connecting  203.0.113.6:4500  0.0.0.0/0 <-> 10.50.0.0/24    -                -        -        -     -\n");
}

static void a_table_80_wide(void **state)
{
	expect_status(80, NULL,
		"TUNNEL               STATE       REMOTE            IN       OUT      UP\n"
		"office               up          gw.example.org    1.5 KiB  3.0 GiB  25 h\n"
		"    10.1.0.0/24 <-> 10.2.0.0/24\n"
		"lab                  down        198.51.100.7      -        -        -\n"
		"    10.1.0.0/24 <-> 10.77.0.0/16\n"
		"    the peer does not answer: IKE_SA_INIT was sent 6 times in 47 s; next attempt\n"
		"    in 9 s; meanwhile its packets pass in the clear\n"
		"branch               up          198.51.100.9      30 B     40 B     5 min\n"
		"  data               up          -                 30 B     40 B     5 min\n"
		"      10.1.0.0/24 <-> 10.3.0.0/24\n"
		"      narrowed by the peer, missing: 10.3.1.0/24 there\n"
		"  voice              down        -                 -        -        -\n"
		"      10.1.0.0/24 <-> 10.4.0.0/24\n"
		"      the traffic selectors do not meet: ours are 10.1.0.0/24 and 10.4.0.0/24\n"
		"roadwarriors         up          any               300 B    500 B    -\n"
		"  alice@example.org  up          203.0.113.5:4500  300 B    500 B    66 min\n"
		"      0.0.0.0/0 <-> 10.50.0.2\n"
		"  bob@example.org    connecting  203.0.113.6:4500  -        -        -\n"
		"      0.0.0.0/0 <-> 10.50.0.0/24\n");
}

static void a_table_60_wide(void **state)
{
	expect_status(60, NULL,
		"TUNNEL               STATE       REMOTE     IN       OUT\n"
		"office               up          gw.exa...  1.5 KiB  3.0 GiB\n"
		"    10.1.0.0/24 <-> 10.2.0.0/24\n"
		"lab                  down        198.51...  -        -\n"
		"    10.1.0.0/24 <-> 10.77.0.0/16\n"
		"    the peer does not answer: IKE_SA_INIT was sent 6 times\n"
		"    in 47 s; next attempt in 9 s; meanwhile its packets pass\n"
		"    in the clear\n"
		"branch               up          198.51...  30 B     40 B\n"
		"  data               up          -          30 B     40 B\n"
		"      10.1.0.0/24 <-> 10.3.0.0/24\n"
		"      narrowed by the peer, missing: 10.3.1.0/24 there\n"
		"  voice              down        -          -        -\n"
		"      10.1.0.0/24 <-> 10.4.0.0/24\n"
		"      the traffic selectors do not meet: ours are\n"
		"      10.1.0.0/24 and 10.4.0.0/24\n"
		"roadwarriors         up          any        300 B    500 B\n"
		"  alice@example.org  up          203.0....  300 B    500 B\n"
		"      0.0.0.0/0 <-> 10.50.0.2\n"
		"  bob@example.org    connecting  203.0....  -        -\n"
		"      0.0.0.0/0 <-> 10.50.0.0/24\n");
}

/* Not a terminal: scripts see all of it. */
static void without_a_width(void **state)
{
	char *wide = status_text(140, NULL), *endless = status_text(0, NULL);

	assert_string_equal(wide, endless);
	free(wide);
	free(endless);
}

static void no_line_is_longer_than_the_terminal(void **state)
{
	for (unsigned int width = 60; width < 160; width++) {
		char *text = status_text(width, NULL), *at = text, *line;

		while ((line = strsep(&at, "\n")))
			assert_in_range(text_width(line), 0, width);
		free(text);
	}
}

static void no_tunnels(void **state)
{
	json_t *result = json_pack("{ss s[]}", "result", "ok", "tunnels");
	struct view v = { .width = 80 };
	char *text;
	size_t len;

	v.out = open_memstream(&text, &len);
	show_status(&v, result);
	fclose(v.out);
	assert_string_equal(text, "there is no tunnel: add one to the configuration, then: ikectl "
				  "reload\n");
	json_decref(result);
	free(text);
}

static void details_of_one(void **state)
{
	expect_status(80, "office",
		"office is up\n"
		"  up for         25 h\n"
		"  remote         gw.example.org\n"
		"  interface      office\n"
		"  when down      block: its packets are refused\n"
		"  via            192.0.2.1:500 -> 198.51.100.1:500 in UDP, may move\n"
		"  local id       paris\n"
		"  remote id      berlin\n"
		"  IKE SA         aes128-sha256-x25519, we began, age 2 h\n"
		"  IKE SPIs       0000000000000001 0000000000000002\n"
		"  NAT            in front of the peer\n"
		"  selectors      10.1.0.0/24 <-> 10.2.0.0/24\n"
		"  ESP            aes128gcm16-esn\n"
		"  total          in 1.5 KiB in 112 packets, out 3.0 GiB in 213 packets\n"
		"  last packet    in 3 s ago, out 61 s ago\n"
		"  rekeys         2 so far, next in 16 min\n"
		"  in             spi c0ffee01, 1.5 KiB in 12 packets, age 60 s, idle 3 s,\n"
		"                 gcm-aesni\n"
		"  in dropped     4 rx-replay\n"
		"  out            spi c0ffee02, 3.0 GiB in 13 packets, age 60 s\n"
		"  dropped        5 tx-no-policy\n");
}

static void details_of_one_that_is_down(void **state)
{
	expect_status(80, "lab",
		"lab is down\n"
		"  because        the peer does not answer: IKE_SA_INIT was sent 6 times in 47 s\n"
		"  next attempt   in 9 s\n"
		"  remote         198.51.100.7\n"
		"  interface      lab\n"
		"  when down      pass: its packets leave by other routes, in the clear\n"
		"  selectors      10.1.0.0/24 <-> 10.77.0.0/16\n");
}

static void details_of_several_children(void **state)
{
	expect_status(80, "branch",
		"branch is up\n"
		"  up for         5 min\n"
		"  remote         198.51.100.9\n"
		"  interface      branch\n"
		"  when down      block: its packets are refused\n"
		"  via            192.0.2.1:500 -> 198.51.100.9:500\n"
		"  child branch/data is up\n"
		"    up for         5 min\n"
		"    selectors      10.1.0.0/24 <-> 10.3.0.0/24\n"
		"    missing there  10.3.1.0/24\n"
		"    ESP            aes128gcm16-esn\n"
		"    total          in 30 B in 3 packets, out 40 B in 4 packets\n"
		"    last packet    in 0 s ago\n"
		"    rekeys         0 so far\n"
		"  child branch/voice is down\n"
		"    because        the traffic selectors do not meet: ours are 10.1.0.0/24 and\n"
		"                   10.4.0.0/24\n"
		"    selectors      10.1.0.0/24 <-> 10.4.0.0/24\n");
}

static void details_of_several_peers(void **state)
{
	expect_status(80, "roadwarriors",
		"roadwarriors is up\n"
		"  remote         any\n"
		"  interface      road\n"
		"  when down      pass: its packets leave by other routes, in the clear\n"
		"  peer roadwarriors/alice@example.org is up\n"
		"    up for         66 min\n"
		"    via            192.0.2.1:4500 -> 203.0.113.5:4500 in UDP\n"
		"    remote id      alice@example.org\n"
		"    child roadwarriors/alice@example.org is up\n"
		"      up for         66 min\n"
		"      selectors      0.0.0.0/0 <-> 10.50.0.2\n"
		"      ESP            aes256gcm16\n"
		"      total          in 300 B in 3 packets, out 500 B in 5 packets\n"
		"  peer roadwarriors/bob@example.org is connecting\n"
		"    remote id      bob@example.org\n"
		"    child roadwarriors/bob@example.org is connecting\n"
		"      selectors      0.0.0.0/0 <-> 10.50.0.0/24\n");
}

/* What is not known yet is not said: no suite, no second SPI, no NAT. */
static void details_while_connecting(void **state)
{
	struct view v = { .tunnel = "x" };
	json_t *result, *tunnels = json_array();
	char *text;
	size_t len;

	json_array_append_new(tunnels, parse("{'name':'x','state':'connecting','remote':"
		"'192.0.2.2','interface':'x','local_ts':['10.1.0.0/24'],'remote_ts':"
		"['10.2.0.0/24'],'ike_spi':{'initiator':'0000000000000001'},'initiator':true}"));
	result = json_pack("{ss so}", "result", "ok", "tunnels", tunnels);
	v.out = open_memstream(&text, &len);
	show_status(&v, result);
	fclose(v.out);
	assert_string_equal(text,
			    "x is connecting\n"
			    "  remote         192.0.2.2\n"
			    "  interface      x\n"
			    "  IKE SA         we began\n"
			    "  IKE SPIs       0000000000000001\n"
			    "  selectors      10.1.0.0/24 <-> 10.2.0.0/24\n");
	json_decref(result);
	free(text);
}

static void certificate_says(int left, bool detail, const char *expected)
{
	struct view v = { .width = 100, .tunnel = detail ? "lab" : NULL };
	json_t *tunnel = parse(lab), *result;
	char *text;
	size_t len;

	json_object_set_new(tunnel, "certificate", json_string("/etc/esplane/a.pem"));
	json_object_set_new(tunnel, "certificate_until", json_string("2027-01-01 00:00:00 UTC"));
	json_object_set_new(tunnel, "certificate_left_s", json_integer(left));
	result = json_pack("{s[o]}", "tunnels", tunnel);
	v.out = open_memstream(&text, &len);
	assert_int_equal(show_status(&v, result), STATUS_OK);
	fclose(v.out);
	if (expected ? !strstr(text, expected) : !!strstr(text, "certificate"))
		fail_msg("not \"%s\": %s", expected, text);
	json_decref(result);
	free(text);
}

static void a_certificate_that_ends(void **state)
{
	certificate_says(31 * 86400, false, NULL);
	certificate_says(29 * 86400, false, "its certificate expires on 2027-01-01 00:00:00 UTC");
	certificate_says(0, false, "its certificate has expired on 2027-01-01 00:00:00 UTC");
	certificate_says(31 * 86400, true, "/etc/esplane/a.pem, until 2027-01-01 00:00:00 UTC\n");
	certificate_says(60, true, "a.pem, until 2027-01-01 00:00:00 UTC: have it renewed\n");
	certificate_says(0, true, "a.pem, expired since 2027-01-01 00:00:00 UTC: have it renewed\n");
}

static void tcp_says(const char *remote, bool detail, const char *expected)
{
	struct view v = { .width = 100, .tunnel = detail ? "lab" : NULL };
	json_t *tunnel = parse(lab), *result;
	char *text;
	size_t len;

	json_object_set_new(tunnel, "remote", json_string(remote));
	json_object_set_new(tunnel, "transport", json_string("tcp"));
	json_object_set_new(tunnel, "local_endpoint", json_string("192.0.2.1:40001"));
	json_object_set_new(tunnel, "remote_endpoint", json_string("198.51.100.7:443"));
	json_object_set_new(tunnel, "listen_tcp", json_integer(4500));
	json_object_set_new(tunnel, "listen_tcp_error", json_string("Address already in use"));
	result = json_pack("{s[o]}", "tunnels", tunnel);
	v.out = open_memstream(&text, &len);
	assert_int_equal(show_status(&v, result), STATUS_OK);
	fclose(v.out);
	if (expected ? !strstr(text, expected) : !!strstr(text, "goes over TCP"))
		fail_msg("not \"%s\": %s", expected, text);
	json_decref(result);
	free(text);
}

/* Of a tunnel whose peers have lines of their own only these say it. */
static void over_tcp(void **state)
{
	tcp_says("198.51.100.7", false,
		 "    IKE goes over TCP, 192.0.2.1:40001 to 198.51.100.7:443: no packets can\n"
		 "    TCP port 4500 is not listened at: Address already in use\n");
	tcp_says("any", false, NULL);
	tcp_says("198.51.100.7", true,
		 "  via            192.0.2.1:40001 -> 198.51.100.7:443, IKE over TCP\n");
	tcp_says("198.51.100.7", true,
		 "  listens at     TCP port 4500, in vain: Address already in use\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_that_ends),
		cmocka_unit_test(a_table_140_wide),
		cmocka_unit_test(a_table_80_wide),
		cmocka_unit_test(a_table_60_wide),
		cmocka_unit_test(without_a_width),
		cmocka_unit_test(no_line_is_longer_than_the_terminal),
		cmocka_unit_test(no_tunnels),
		cmocka_unit_test(details_of_one),
		cmocka_unit_test(details_of_one_that_is_down),
		cmocka_unit_test(details_of_several_children),
		cmocka_unit_test(details_of_several_peers),
		cmocka_unit_test(details_while_connecting),
		cmocka_unit_test(over_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
