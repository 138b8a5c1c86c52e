// SPDX-License-Identifier: GPL-2.0
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
#include "esplaned/conf/pack.h"
#include "lib/array.h"
#include "unit/esplaned/config_file.h"

static const char office[] =
	"tunnel \"office\" {\n"
	"	remote = gw.example.org\n"
	"	psk = 'correct horse battery'\n"
	"	esp = aes128gcm16-esn\n"
	"	rekey = 2h\n"
	"	rekey-packets = 1M\n"
	"	start = up\n"
	"	child \"data\" {\n"
	"		local-ts = 10.1.0.0/24\n"
	"		remote-ts = 10.2.0.0/24\n"
	"	}\n"
	"	child \"voice\" {\n"
	"		local-ts = { 10.1.0.0/24[udp], 10.1.1.0/24 }\n"
	"		remote-ts = 10.3.0.0/24\n"
	"		esp = { aes256gcm16-esn, aes256-sha256 }\n"
	"		rekey = never\n"
	"		rekey-bytes = 1G\n"
	"		replay-window = 64\n"
	"	}\n"
	"	replay-window = 128\n"
	"}\n";

static void children_have_selectors_and_limits_of_their_own(void **state)
{
	struct config *c = load_good(office);
	const struct tunnel_options *t = &c->tunnels[0];
	const struct child_conf *data = &t->ike.child[0], *voice = &t->ike.child[1];
	char text[PROPOSAL_STRLEN];

	assert_int_equal(t->ike.child_count, 2);
	assert_string_equal(data->name, "data");
	assert_string_equal(ts_list_str(data->remote_ts, text, sizeof(text)), "10.2.0.0/24");
	assert_string_equal(voice->name, "voice");
	assert_string_equal(ts_list_str(voice->local_ts, text, sizeof(text)),
			    "10.1.0.0/24[udp], 10.1.1.0/24");
	assert_string_equal(ts_list_str(voice->remote_ts, text, sizeof(text)), "10.3.0.0/24");

	/* What the tunnel says is the default of its children, wherever it stands. */
	assert_int_equal(data->esp.count, 1);
	assert_string_equal(proposal_str(&data->esp.p[0], text), "aes128gcm16-esn");
	assert_int_equal(data->rekey_s, 7200);
	assert_true(data->rekey_packets == 1000000);
	assert_true(data->rekey_bytes == 0);
	assert_int_equal(data->replay_window, 128);

	assert_int_equal(voice->esp.count, 2);
	assert_string_equal(proposal_str(&voice->esp.p[0], text), "aes256gcm16-esn");
	assert_int_equal(voice->rekey_s, 0);
	assert_true(voice->rekey_packets == 1000000);
	assert_true(voice->rekey_bytes == 1ULL << 30);
	assert_int_equal(voice->replay_window, 64);
	assert_true(t->esp_given[0] && t->esp_given[1]);
	config_free(c);
}

/* A tunnel with @count selectors, in which %u is a number, on either side. */
static const char *tunnel_of(const char *format, unsigned int count)
{
	static char text[65536];
	char list[24576] = "", one[64];
	size_t len = 0;

	for (unsigned int i = 0; i < count; i++) {
		snprintf(one, sizeof(one), format, i);
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					i ? ",\n" : "", one);
	}
	assert_true(len < sizeof(list));
	snprintf(text, sizeof(text),
		 "tunnel a {\nremote = 192.0.2.1\npsk = 'a long secret'\nlocal-ts = {\n%s }\n"
		 "remote-ts = {\n%s }\n}\n", list, list);
	return text;
}

/* As many selectors as a payload counts, which have to fit it, and their way to the engine. */
static void hundreds_of_selectors(void **state)
{
	static uint8_t octets[PACK_MAX];
	struct config *c = load_good(tunnel_of("10.2.%u.0/24", 255));
	struct tunnel_options *t = &c->tunnels[0];
	struct child_conf child = { 0 };
	struct tunnel_options copy = { .ike = { .child = &child } };
	struct writer w = writer_of(octets, sizeof(octets));
	struct cursor cur;

	assert_int_equal(t->ike.child[0].local_ts->count, 255);
	pack_child(&w, t, 0);
	assert_false(w.overflow);
	cur = cursor_of(octets, w.len);
	assert_true(unpack_child(&cur, &copy, 0));
	assert_true(ts_list_equal(child.remote_ts, t->ike.child[0].remote_ts));
	ts_list_put(child.local_ts);
	ts_list_put(child.remote_ts);
	config_free(c);
	config_free(load_good(tunnel_of("2001:db8:%x::/48", 153)));
	expect_refusal(tunnel_of("10.2.0.0/24[tcp/%u]", 256),
		       "@:260: tunnel \"a\": local-ts: more than 255 selectors\n"
		       "@:517: tunnel \"a\": remote-ts: more than 255 selectors");
	expect_refusal(tunnel_of("2001:db8:%x::/48", 154),
		       "@:1: tunnel \"a\": remote-ts has 6160 octets of selectors, and a side has "
		       "6144 at most, 16 of IPv4 or 40 of IPv6 each: make several children of them");
}

static void the_defaults_of_a_child(void **state)
{
	struct config *c = load_good("tunnel a { remote = any psk = 'a long secret' child b { "
				     "local-ts = 10.1.0.1 remote-ts = 10.2.0.1 } }");
	const struct tunnel_options *t = &c->tunnels[0];

	assert_int_equal(t->ike.child_count, 1);
	assert_string_equal(t->ike.child[0].name, "b");
	assert_string_equal(t->interface, "a");
	assert_int_equal(t->ike.child[0].rekey_s, 3600);
	assert_int_equal(t->ike.child[0].replay_window, 0);
	assert_true(t->ike.child[0].esp.count > 0);
	assert_false(t->esp_given[0]);
	config_free(c);
}

static void everyday_options(void **state)
{
	struct config *c;
	const struct tunnel_options *t;
	char path[128];

	file_write("hook", "#!/bin/sh\n", 0700);
	config_path_of("hook", path);
	c = load_good(ONE("mtu = 1400\ntable = 100\nfwmark = 0x2a\nroutes = no\n"
			  "up-script = hook\ndown-script = hook\nscript-timeout = 1m\n"
			  "retransmit-first = 500ms\nretransmit-tries = 4\n"));
	t = &c->tunnels[0];
	assert_int_equal(t->mtu, 1400);
	assert_int_equal(t->table, 100);
	assert_int_equal(t->ike.mark, 42);
	assert_true(t->no_routes);
	assert_string_equal(t->up_script, path);
	assert_string_equal(t->down_script, path);
	assert_int_equal(t->script_timeout_s, 60);
	assert_int_equal(t->ike.retry_first_ms, 500);
	assert_int_equal(t->ike.retry_tries, 4);
	config_free(c);

	c = load_good(ONE("routes = no\n"));	/* nobody needs it */
	assert_int_equal(c->tunnels[0].ike.mark, 0);
	config_free(c);

	c = load_good(ONE("ike = des-md5-modp768\nallow-legacy = yes\n"));
	assert_true(c->tunnels[0].allow_legacy);
	assert_string_equal(proposals_legacy(&c->tunnels[0].ike.ike), "des");
	assert_null(proposals_legacy(&c->tunnels[0].ike.child[0].esp));
	config_free(c);

	c = load_good(ONE("prefer = peer\nike = prime-128\n"));
	assert_true(c->tunnels[0].ike.ike.by_peer);
	assert_true(c->tunnels[0].ike.child[0].esp.by_peer);
	config_free(c);
	c = load_good(ONE("prefer = peer\nprefer = strongest\n"));
	assert_false(c->tunnels[0].ike.ike.by_peer);
	assert_false(c->tunnels[0].ike.child[0].esp.by_peer);
	config_free(c);

	c = load_good(ONE("table = 254\n"));
	assert_false(c->tunnels[0].allow_legacy);
	t = &c->tunnels[0];
	assert_int_equal(t->table, 0);
	assert_int_equal(t->mtu, 0);
	assert_int_equal(t->ike.mark, CONFIG_FWMARK);
	assert_false(t->no_routes);
	assert_string_equal(t->up_script, "");
	assert_int_equal(t->script_timeout_s, 10);
	assert_int_equal(t->ike.retry_first_ms, 1000);
	assert_int_equal(t->ike.retry_tries, 6);
	config_free(c);
}

/* As many ports as the daemon listens at, and one more. */
static void too_many_ports(void **state)
{
	char text[4096], said[SAID_MAX];
	struct config *c;
	size_t len = 0;

	for (int i = 0; i < CONFIG_TCP_PORTS_MAX + 2; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len,
			"tunnel t%d { remote = 192.0.2.%d psk = \"a long secret: ok\" "
			"local-ts = 10.1.0.0/24 remote-ts = 10.2.%d.0/24 listen-tcp = %d }\n",
			i, i + 1, i, i > CONFIG_TCP_PORTS_MAX ? 4400 : 4500 - i);
		if (i != CONFIG_TCP_PORTS_MAX - 1)
			continue;
		c = load(text, said);
		assert_non_null(c);
		config_free(c);
	}
	expect_refusal(text, "@:9: tunnel \"t8\": listen-tcp = 4492 is one port more than the 8 that "
		       "all tunnels may have: give it one of theirs\n"
		       "@:10: tunnel \"t9\": listen-tcp = 4400 is one port more than the 8 that "
		       "all tunnels may have: give it one of theirs");
}

/* How messages go out. */
static void exchange_options(void **state)
{
	static const struct {
		const char *factor, *size;
		uint32_t percent, octets;
	} rows[] = {
		{ "2", "1280", 200, FRAGMENT_SIZE },
		{ "1.8", "1400", 180, 1400 },
		{ "1.05", "never", 105, FRAGMENT_NEVER },
		{ "4", "576", 400, 576 },
		{ "4.00", "65535", 400, 65535 },
	};
	struct config *c = load_good(ONE(""));
	char text[512];

	assert_int_equal(c->tunnels[0].ike.retry_percent, 200);
	assert_int_equal(c->tunnels[0].ike.fragment_size, FRAGMENT_SIZE);
	assert_false(c->tunnels[0].ike.childless);
	config_free(c);
	c = load_good(ONE("childless = yes\n"));
	assert_true(c->tunnels[0].ike.childless);
	assert_false(c->tunnels[0].ike.follow_redirect);
	assert_false(c->tunnels[0].ike.resume);
	assert_int_equal(c->tunnels[0].ike.redirect_to.family, 0);
	config_free(c);
	c = load_good(ONE("tcp = fall-back\nlisten-tcp = 8443\n"));
	assert_int_equal(c->tunnels[0].ike.tcp, TCP_FALL_BACK);
	assert_int_equal(c->tunnels[0].ike.tcp_port, 4500);
	assert_int_equal(c->tunnels[0].ike.listen_tcp, 8443);
	config_free(c);
	c = load_good(ONE("tcp = yes\ntcp-port = 443\n"));
	assert_int_equal(c->tunnels[0].ike.tcp, TCP_ALWAYS);
	assert_int_equal(c->tunnels[0].ike.tcp_port, 443);
	assert_int_equal(c->tunnels[0].ike.listen_tcp, 0);
	config_free(c);
	c = load_good(ONE("resume = yes\n"));
	assert_true(c->tunnels[0].ike.resume);
	config_free(c);
	c = load_good(ONE("follow-redirect = yes\nredirect-to = 198.51.100.9\n"));
	assert_true(c->tunnels[0].ike.follow_redirect);
	assert_int_equal(c->tunnels[0].ike.redirect_to.b[3], 9);
	config_free(c);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text),
			 ONE("retransmit-factor = %s\nfragment-size = %s\n"), rows[i].factor,
			 rows[i].size);
		c = load_good(text);
		assert_int_equal(c->tunnels[0].ike.retry_percent, rows[i].percent);
		assert_int_equal(c->tunnels[0].ike.fragment_size, rows[i].octets);
		config_free(c);
	}
}

/* No leak by default: who starts by itself blocks, unless it is told not to. */
static void when_down(void **state)
{
	static const struct {
		const char *lines;
		enum when_down want;
	} rows[] = {
		{ "", WHEN_DOWN_PASS },
		{ "start = manual\n", WHEN_DOWN_PASS },
		{ "start = up\n", WHEN_DOWN_BLOCK },
		{ "start = up\nwhen-down = pass\n", WHEN_DOWN_PASS },
		{ "start = on-demand\n", WHEN_DOWN_BLOCK },
		{ "start = on-demand\nwhen-down = pass\n", WHEN_DOWN_PASS },
		{ "when-down = block\n", WHEN_DOWN_BLOCK },
		{ "start = up\nroutes = no\n", WHEN_DOWN_PASS },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[512];
		struct config *c;

		snprintf(text, sizeof(text), ONE("%s"), rows[i].lines);
		c = load_good(text);
		if (c->tunnels[0].when_down != rows[i].want)
			fail_msg("wrong when-down of: %s", rows[i].lines);
		config_free(c);
	}
}

static void a_script_is_roots_alone(void **state)
{
	char path[128], want[512];

	config_path_of("open", path);
	file_write("open", "#!/bin/sh\n", 0775);
	snprintf(want, sizeof(want),
		 "@:6: tunnel \"office\": up-script: %s is run by root and others can write it: "
		 "chmod go-w %s",
		 path, path);
	expect_refusal(ONE("up-script = open\n"), want);
}

#define HEAD	"tunnel \"office\" {\nremote = any\npsk = 'a long secret'\n"
#define TS(l, r) "local-ts = " l "\nremote-ts = " r "\n"
#define PAIR	TS("10.1.0.0/24", "10.2.0.0/24")
#define OTHER(remote, lines)	"tunnel b {\nremote = " remote "\npsk = 'a long secret'\n" lines "}\n"
#define BESIDE(remote, lines)	ONE("") OTHER(remote, lines)

static const struct {
	const char *text, *message;
} rows[] = {
	{ HEAD "child a {\nlocal-ts = 10.1.0.1\n}\n}\n",
	  "@:4: tunnel \"office\", child \"a\": remote-ts is missing: the networks behind the peer, "
	  "as { \"10.2.0.0/24\" }" },
	{ HEAD "child a {\n}\n\nchild b {\n" PAIR "}\n}\n",
	  "@:4: tunnel \"office\", child \"a\": local-ts is missing: the networks on this side, as "
	  "{ \"10.1.0.0/24\" }\n"
	  "@:4: tunnel \"office\", child \"a\": remote-ts is missing: the networks behind the peer, "
	  "as { \"10.2.0.0/24\" }" },
	{ HEAD "local-ts = 10.1.0.0/24\nchild a {\n" PAIR "}\n}\n",
	  "@:1: tunnel \"office\": local-ts stands beside child sections: move it into one of "
	  "them" },
	{ HEAD "child a {\n" PAIR "}\nchild a {\n" PAIR "}\n}\n",
	  "@:8: tunnel \"office\": child \"a\" is defined twice: each child needs a name of its "
	  "own" },
	{ HEAD "child a {\n" PAIR "}\nesp = { aes128gcm16 }\nchild b {\n" PAIR "}\n}\n",
	  "@:1: tunnel \"office\": child \"a\" and child \"b\" both protect 10.1.0.0/24 to "
	  "10.2.0.0/24: leave it to one of them" },
	{ HEAD "child \"a/b\" {\n" PAIR "}\n}\n",
	  "@:4: \"a/b\" cannot name a child; use 1 to 63 ASCII characters without space, slash and "
	  "quotes" },
	{ HEAD "child {\n" PAIR "}\n}\n",
	  "@:4: tunnel \"office\": the child has no name: write child \"NAME\" {" },
	{ HEAD "child a {\n" PAIR "remote = 192.0.2.1\n}\n}\n",
	  "@:7: tunnel \"office\", child \"a\": remote is an option of the tunnel, not of a child: "
	  "write it beside the child sections" },
	{ HEAD "child a {\n" PAIR "reky = 1h\n}\n}\n",
	  "@:7: tunnel \"office\", child \"a\": there is no option reky: do you mean rekey?" },
	{ HEAD "child a {\n" PAIR "auto = 1h\n}\n}\n",
	  "@:7: tunnel \"office\", child \"a\": there is no option auto; use esp, local-ts, "
	  "remote-ts, mode, rekey, rekey-bytes, rekey-packets, replay-window, split" },
	{ HEAD "child a {\n" TS("10.1.0.0/24", "fd02::/64") "}\n}\n",
	  "@:1: tunnel \"office\": child \"a\": local-ts and remote-ts have no address family in "
	  "common" },
	{ HEAD "address = 10.9.0.1\nchild a {\n" PAIR
	  "}\nchild b {\n" TS("10.3.0.0/24", "10.4.0.0/24") "}\n}\n",
	  "@:1: tunnel \"office\": address is outside local-ts: nothing that this host sends from "
	  "it would enter the tunnel" },
	/* Beside another tunnel. */
	{ BESIDE("198.51.100.1", TS("10.1.0.0/24", "10.7.0.0/24")),
	  "@:7: tunnel \"b\": no peer could tell it from tunnel \"office\": same addresses, same "
	  "identities; give one of the two another local-id or remote-id, or make them child "
	  "sections of one tunnel" },
	{ ONE("local = 192.0.2.1\nlocal-id = 192.0.2.1\n")
	  "tunnel b {\n" SHORT "local = 192.0.2.1\nremote-ts = 10.7.0.0/24\n}\n",
	  "@:9: tunnel \"b\": no peer could tell it from tunnel \"office\": same addresses, same "
	  "identities; give one of the two another local-id or remote-id, or make them child "
	  "sections of one tunnel" },
	{ BESIDE("198.51.100.2", PAIR),
	  "@:7: tunnel \"b\": the route to 10.2.0.0/24 in remote-ts is tunnel \"office\"'s already: "
	  "give one of the two another metric or table, or routes = no" },
	{ BESIDE("198.51.100.2", TS("10.1.0.0/24", "10.1.255.0-10.2.0.255")),
	  "@:7: tunnel \"b\": the route to 10.2.0.0/24 in remote-ts is tunnel \"office\"'s already: "
	  "give one of the two another metric or table, or routes = no" },
	{ BESIDE("198.51.100.2",
		 "child x {\n" TS("10.1.0.0/24", "10.7.0.0/24") "}\nchild y {\n"
		 TS("10.1.0.0/24", "{ 10.8.0.0/24, 10.2.0.0/24[tcp/80] }") "}\n"),
	  "@:7: tunnel \"b\": the route to 10.2.0.0/24 in remote-ts is tunnel \"office\"'s already: "
	  "give one of the two another metric or table, or routes = no" },
	{ HEAD "others = pass\n" TS("10.1.0.0/24", "10.2.0.0/24[tcp/80]") "}\n"
	  OTHER("198.51.100.2", "others = pass\n" TS("10.1.0.0/16[tcp]", "10.2.0.0/24[tcp/80]")),
	  "@:8: tunnel \"b\": the route to 10.2.0.0/24 in remote-ts is tunnel \"office\"'s already: "
	  "give one of the two another metric or table, or routes = no" },
	/* of a table of the administrator's no rule of ours picks */
	{ HEAD "others = pass\ntable = 100\n" TS("10.1.0.0/24", "10.2.0.0/24[tcp/80]") "}\n"
	  OTHER("198.51.100.2", "others = pass\ntable = 100\n"
			TS("10.1.0.0/24", "10.2.0.0/24[udp]")),
	  "@:9: tunnel \"b\": the route to 10.2.0.0/24 in remote-ts is tunnel \"office\"'s already: "
	  "give one of the two another metric or table, or routes = no" },
	{ "tunnel \"office/voice\" {\n" SHORT "interface = a\n}\n" HEAD
	  "child voice {\n" TS("10.1.0.0/24", "10.7.0.0/24") "}\n}\n",
	  "@:8: tunnel \"office\": its name and that of a child make it one with tunnel "
	  "\"office/voice\": rename the child" },
};

static void refusals_of_children_and_neighbours(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		expect_refusal(rows[i].text, rows[i].message);
}

static void neighbours_that_get_on(void **state)
{
	static const char *const texts[] = {
		/* A longer prefix goes first; a range of other prefixes. */
		BESIDE("198.51.100.2", TS("10.1.0.0/24", "10.2.0.0/16")),
		BESIDE("198.51.100.2", TS("10.1.0.0/24", "10.2.0.0-10.2.0.254")),
		BESIDE("198.51.100.2", PAIR "metric = 10\n"),
		/* Rules tell protocols and ports apart. */
		BESIDE("198.51.100.2", "others = pass\n" TS("10.1.0.0/24", "10.2.0.0/24[tcp]")),
		BESIDE("198.51.100.2", "others = pass\n" TS("10.1.0.0/24[gre]", "10.2.0.0/24")),
		HEAD "others = pass\n" TS("10.1.0.0/24", "10.2.0.0/24[tcp/80]") "}\n"
		OTHER("198.51.100.2", "others = pass\n" TS("10.1.0.0/24", "10.2.0.0/24[tcp/81]")),
		BESIDE("198.51.100.2", PAIR "table = 100\n"),
		BESIDE("198.51.100.2", PAIR "routes = no\n"),
		BESIDE("198.51.100.1", TS("10.1.0.0/24", "10.7.0.0/24") "remote-id = b\n"),
		BESIDE("198.51.100.1", TS("10.1.0.0/24", "10.7.0.0/24") "local-id = b\n"),
		BESIDE("gw.example.org", TS("10.1.0.0/24", "10.7.0.0/24")),
		BESIDE("any", TS("10.1.0.0/24", "10.7.0.0/24")),
		/* Children share the routes of their tunnel. */
		HEAD "child a {\n" PAIR "}\nchild b {\n" TS("10.3.0.0/24", "10.2.0.0/24") "}\n}\n",
		HEAD "child a {\n" PAIR "}\nchild b {\n" TS("10.1.0.0/24", "10.2.0.0/24[tcp]")
		"}\n}\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		config_free(load_good(texts[i]));
}

static void two_default_routes(void **state)
{
	expect_refusal("tunnel a { remote = 192.0.2.1 psk = 'a long secret' local-ts = 10.1.0.1 "
		       "remote-ts = 0.0.0.0/0 }\n"
		       "tunnel b { remote = 192.0.2.2 psk = 'a long secret' local-ts = 10.1.0.1 "
		       "remote-ts = 0.0.0.0/0 }\n",
		       "@:2: tunnel \"b\": the route to 0.0.0.0/0 in remote-ts is tunnel \"a\"'s "
		       "already: give one of the two another metric or table, or routes = no");
}

/* One run says all of it. */
static void all_mistakes_of_a_file(void **state)
{
	expect_refusal("tunnel a {\n" /* 1 */
		"remot = x\n"
		"psk = x\n"
		"local-ts = { 10.1.0.0/33, nonsense }\n"
		"remote-ts = 10.2.0.0/24\n"
		"rekey = 1w\n" /* 6 */
		"dpdd = { 3, 4 }\n"
		"}\n"
		"conn b {\n}\n" /* 9 */
		"tunnel c {\nmetric\n}\n"
		"include(\"missing\")\n" /* 14 */
		"tunnel d {\nremote = any\npsk = 'a long secret'\nchild e {\nrekey = never\n"
		"esp = b\nlocal-ts = 10.1.0.1\nremote-ts = 10.2.0.1\n}\n}\n"
		"tunnel f {\npsk = \"no end\n}\n",
		"@:2: tunnel \"a\": there is no option remot: do you mean remote?\n"
		"@:4: tunnel \"a\": local-ts: \"10.1.0.0/33\": the prefix length must be a "
		"number from 0 to 32; use a prefix, as 10.1.0.0/24, an address, a range, "
		"as 10.1.0.5-10.1.0.9, each with [tcp/80] or the like after it\n"
		"@:6: tunnel \"a\": rekey: \"1w\" is not a duration; use a number with s, m, "
		"h or d, as 90s or 1h, or never\n"
		"@:7: tunnel \"a\": there is no option dpdd: do you mean dpd?\n"
		"@:9: \"conn\" is not known here; use tunnel \"NAME\" { ... }, pool "
		       "\"NAME\" { ... } and "
		"include(\"PATTERN\")\n"
		"@:13: tunnel \"c\": metric needs an equal sign, as metric = \"...\"\n"
		"@:20: tunnel \"d\", child \"e\": esp: \"b\": \"b\" is not an algorithm; "
		"use aes128gcm16, aes256gcm16, chacha20poly1305, aes128, aes256, sha256, sha384, "
		"sha512, x25519, ecp256, ecp384, modp2048, modp3072, esn, noesn, or another of esplane.conf(5)\n"
		"@:26: a string that starts in this line does not end in it: a quote is "
		"missing, or one inside the string needs a backslash before it\n"
		"@:14: include: $/missing: No such file or directory");
}

static void words_of_nothing(void **state)
{
	expect_refusal("mtux = 3\ntunnel a {\nremote = any\npsk = 'a long secret'\nrekeys {\n"
		       "rekey = never\n}\n}\nmetric = { a, b } conn = x tunnel b {\n"
		       "metric = y\nremote = any\npsk = 'a long secret'\n" PAIR "}\n",
		       "@:1: \"mtux\" is not known here; use tunnel \"NAME\" { ... }, pool "
		       "\"NAME\" { ... } and "
		       "include(\"PATTERN\")\n"
		       "@:5: tunnel \"a\": there is no option rekeys: do you mean rekey?\n"
		       "@:9: \"metric\" is not known here; use tunnel \"NAME\" { ... }, pool "
		       "\"NAME\" { ... } and "
		       "include(\"PATTERN\")\n"
		       "@:9: \"conn\" is not known here; use tunnel \"NAME\" { ... }, pool "
		       "\"NAME\" { ... } and "
		       "include(\"PATTERN\")\n"
		       "@:10: tunnel \"b\": metric: \"y\" is not a metric: use 0 to 4294967295");
}

#define PPK	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void weak_secrets(void **state)
{
	static const struct {
		const char *psk, *says;
	} weak[] = {
		{ "short", "the secret has fewer than 8 octets" },
		{ "0x00112233445566", "the secret has fewer than 8 octets" },
		{ "password", "the secret looks like a word" },
		{ "20261125", "the secret is a short number" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaa", "the secret is one character over and over" },
	};
	static const char *const strong[] = {
		"correct horse battery staple", "0x00112233445566778899aabbccddeeff",
		"0sAAECAwQFBgcICQoLDA0ODw==", "x7Kq2Lm9", "correcthorsebatterystaple",
	};
	char text[512], said[SAID_MAX], want[512], path[128];
	struct config *c;

	config_path_of("t.conf", path);
	for (size_t i = 0; i < COUNT(weak); i++) {
		snprintf(text, sizeof(text), "\ntunnel a { remote = any psk = \"%s\" local-ts = "
			 "10.1.0.1 remote-ts = 10.2.0.1 }", weak[i].psk);
		snprintf(want, sizeof(want),
			 "warning: %s:2: tunnel \"a\": psk: %s and can be guessed: use a random "
			 "one, as openssl rand -base64 24 writes it",
			 path, weak[i].says);
		c = load(text, said);
		assert_non_null(c);
		assert_string_equal(said, want);
		config_free(c);
	}
	c = load(ONE("ppk = \"0x00112233445566\"\nppk-id = a\n"), said);
	assert_non_null(c);
	assert_non_null(strstr(said, "ppk: it has 7 octets, and a quantum computer halves"));
	config_free(c);
	for (size_t i = 0; i < COUNT(strong); i++) {
		snprintf(text, sizeof(text), ONE("psk = \"%s\"\n"), strong[i]);
		c = load(text, said);
		assert_non_null(c);
		assert_string_equal(said, "");
		config_free(c);
	}
}

static void packing_and_unpacking_agree(void **state)
{
	struct config *c = load_good(office);
	struct tunnel_options *t = &c->tunnels[0], copy;
	uint8_t head[PACK_MAX], child[2][PACK_MAX];
	struct writer wh = writer_of(head, sizeof(head)), wc[2];
	struct cursor cur;

	t->secret = 77;
	pack_tunnel(&wh, t);
	assert_false(wh.overflow);
	cur = cursor_of(head, wh.len);
	assert_true(unpack_tunnel(&cur, &copy, &c->lists));
	assert_int_equal(copy.ike.child_count, 2);
	for (unsigned int i = 0; i < 2; i++) {
		wc[i] = writer_of(child[i], PACK_MAX);
		pack_child(&wc[i], t, i);
		assert_false(wc[i].overflow);
		cur = cursor_of(child[i], wc[i].len);
		assert_true(unpack_child(&cur, &copy, i));
	}
	assert_true(tunnel_options_equal(t, &copy));
	assert_int_equal(copy.psk.len, 0);
	tunnel_options_clear(&copy);

	/* A part of it is refused, whatever is missing. */
	for (size_t len = 0; len < wh.len; len++) {
		cur = cursor_of(head, len);
		assert_false(unpack_tunnel(&cur, &copy, &c->lists));
		tunnel_options_clear(&copy);
	}
	cur = cursor_of(head, wh.len);
	assert_true(unpack_tunnel(&cur, &copy, &c->lists));
	for (size_t len = 0; len < wc[1].len; len++) {
		cur = cursor_of(child[1], len);
		assert_false(unpack_child(&cur, &copy, 1));
		ts_list_put(copy.ike.child[1].local_ts);
		ts_list_put(copy.ike.child[1].remote_ts);
	}
	copy.ike.child[1].local_ts = copy.ike.child[1].remote_ts = NULL;
	tunnel_options_clear(&copy);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_many_ports),
		cmocka_unit_test(children_have_selectors_and_limits_of_their_own),
		cmocka_unit_test(hundreds_of_selectors),
		cmocka_unit_test(the_defaults_of_a_child),
		cmocka_unit_test(everyday_options),
		cmocka_unit_test(exchange_options),
		cmocka_unit_test(when_down),
		cmocka_unit_test(a_script_is_roots_alone),
		cmocka_unit_test(refusals_of_children_and_neighbours),
		cmocka_unit_test(neighbours_that_get_on),
		cmocka_unit_test(two_default_routes),
		cmocka_unit_test(all_mistakes_of_a_file),
		cmocka_unit_test(words_of_nothing),
		cmocka_unit_test(weak_secrets),
		cmocka_unit_test(packing_and_unpacking_agree),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
