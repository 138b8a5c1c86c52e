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
#include "esplaned/conf/option.h"
#include "suite/ikev2.h"
#include "unit/esplaned/config_file.h"

static void the_shortest_tunnel(void **state)
{
	struct config *c = load_good(ONE(""));
	const struct tunnel_options *t = &c->tunnels[0];
	const struct child_conf *child = t->ike.child;
	char text[TS_STRLEN];

	assert_int_equal(c->count, 1);
	assert_string_equal(t->ike.name, "office");
	assert_string_equal(t->interface, "office");
	assert_int_equal(t->ike.child_count, 1);
	assert_string_equal(child->name, "office");
	assert_string_equal(ts_list_str(child->local_ts, text, sizeof(text)), "10.1.0.0/24");
	assert_string_equal(ts_list_str(child->remote_ts, text, sizeof(text)), "10.2.0.0/24");
	assert_string_equal(addr_str(&t->ike.remote, text), "198.51.100.1");
	assert_int_equal(t->psk.len, 17);
	assert_memory_equal(t->psk.b, "a long secret: ok", 17);
	assert_int_equal(child->rekey_s, 3600);
	assert_int_equal(t->ike.rekey_s, 8 * 3600);
	assert_int_equal(t->ike.reauth_s, 0);
	assert_int_equal(t->ike.reauth_every, 0);
	assert_int_equal(t->ike.unique, UNIQUE_REPLACE);
	assert_int_equal(t->ike.dpd_s, 30);
	assert_true(t->ike.ike.count > 0);
	assert_true(child->esp.count > 0);
	assert_int_equal(t->ike.start, START_MANUAL);
	assert_int_equal(t->ike.dpd_action, DPD_CLEAR);
	assert_false(t->ike.force_udp);
	assert_true(t->ike.mobike);
	assert_int_equal(t->keepalive_s, 20);
	assert_int_equal(t->ike.local.family, 0);
	config_free(c);
}

static const char whole_tunnel[] =
	"# a comment\n"
	"tunnel \"paris-berlin\" {	// another\n"
	"	local = \"192.0.2.1\"\n"
	"	remote = \"gw.example.org\"\n"
	"	local-id = \"paris@example.org\"\n"
	"	remote-id = \"gw.example.org\"\n"
	"	psk = 'correct \"horse\" # battery'\n"
	"	ike = { \"aes128gcm16-prfsha256-x25519\", \"aes256-sha256-modp2048\" }\n"
	"	esp = \"aes128gcm16-esn\"\n"
	"	local-ts = { \"10.1.0.0/24\", \"fd01::/64\" }\n"
	"	remote-ts = { \"10.2.0.0-10.2.0.9\",\n\"fd02::/64\", "
	"\"10.3.0.1[tcp/80]\" }\n"
	"	interface = \"office0\"\n"
	"	address = \"10.1.0.1/24\"\n"
	"	metric = 50\n"
	"	start = up\n"
	"	encap = udp\n"
	"	mobike = no\n"
	"	nat-keepalive = 1m\n"
	"	rekey = 90m\n"
	"	rekey-bytes = 64G\n"
	"	rekey-packets = \"2M\"\n"
	"	ike-rekey = 4h\n"
	"	reauth = 2d\n"
	"	reauth-every = 100\n"
	"	unique = keep\n"
	"	dpd = never /* off */\n"
	"	replay-window = 4096\n"
	"}\n";

static void every_option(void **state)
{
	struct config *c = load_good(whole_tunnel);
	const struct tunnel_options *t = &c->tunnels[0];
	const struct child_conf *child = t->ike.child;
	char text[PROPOSAL_STRLEN];

	assert_string_equal(t->ike.remote_name, "gw.example.org");
	assert_string_equal(t->interface, "office0");
	assert_int_equal(t->psk.len, strlen("correct \"horse\" # battery"));
	assert_memory_equal(t->psk.b, "correct \"horse\" # battery", t->psk.len);
	assert_int_equal(t->ike.ike.count, 2);
	assert_string_equal(proposal_str(&t->ike.ike.p[0], text), "aes128gcm16-prfsha256-x25519");
	assert_int_equal(child->esp.count, 1);
	assert_int_equal(child->local_ts->count, 2);
	assert_int_equal(child->remote_ts->count, 3);
	assert_int_equal(t->address_bits, 24);
	assert_int_equal(t->metric, 50);
	assert_int_equal(t->ike.start, START_UP);
	assert_int_equal(t->ike.dpd_action, DPD_RESTART);
	assert_true(t->ike.force_udp);
	assert_false(t->ike.mobike);
	assert_int_equal(t->keepalive_s, 60);
	assert_int_equal(child->rekey_s, 5400);
	assert_true(child->rekey_bytes == 64ULL << 30);
	assert_true(child->rekey_packets == 2000000);
	assert_int_equal(t->ike.rekey_s, 4 * 3600);
	assert_int_equal(t->ike.reauth_s, 2 * 86400);
	assert_int_equal(t->ike.reauth_every, 100);
	assert_int_equal(t->ike.unique, UNIQUE_KEEP);
	assert_int_equal(t->ike.dpd_s, 0);
	assert_int_equal(child->replay_window, 4096);
	assert_int_equal(t->ike.local_id.type, ID_RFC822_ADDR);
	assert_int_equal(t->ike.remote_id.type, ID_FQDN);
	config_free(c);
}

static void a_ppk(void **state)
{
	struct config *c = load_good("tunnel a { remote = any psk = \"correct horse\" "
				     "ppk = \"0x00ff10ff20ff30ff40ff50ff60ff70ff00ff10ff20ff30ff40ff50ff60ff70ff\" ppk-id = \"ppk of 2026\" "
				     "ppk-required = yes local-ts = 10.1.0.1 remote-ts = 10.2.0.1 }");
	const struct tunnel_options *t = &c->tunnels[0];

	assert_int_equal(t->ppk.len, 32);
	assert_memory_equal(t->ppk.b, "\x00\xff\x10", 3);
	assert_string_equal(t->ike.ppk_id, "ppk of 2026");
	assert_true(t->ike.ppk_required);
	config_free(c);
}

static void secrets_in_other_notations(void **state)
{
	static const struct { const char *text; const char *octets; size_t len;
	} rows[] = {
		{ "0x00ff10", "\x00\xff\x10", 3 },
		{ "0sc2VjcmV0", "secret", 6 },
		{ "0sc2VjcmU=", "secre", 5 },
		{ "0", "0", 1 },
		{ "\\101\\x42\\\\\\\"'$\\q", "AB\\\"'$q", 7 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[512];
		struct config *c;

		snprintf(text, sizeof(text),
			 "tunnel a { remote = any psk = \"%s\" local-ts = 10.1.0.1 remote-ts = "
			 "10.2.0.1 }",
			 rows[i].text);
		c = load_good(text);
		assert_true(c->tunnels[0].ike.any);
		assert_int_equal(c->tunnels[0].psk.len, rows[i].len);
		assert_memory_equal(c->tunnels[0].psk.b, rows[i].octets, rows[i].len);
		config_free(c);
	}
}

/* As Documentation/configuration.md has it. */
static void quotes(void **state)
{
	static const struct {
		const char *text, *octets;
	} rows[] = {
		{ "'a\\\\b\\'c\\d\\n\"${e}'", "a\\b'c\\d\\n\"${e}" },
		{ "\"a\\\\b\\\"c\\td'${ESPLANE_UNSET}e\"", "a\\b\"c\td'e" },
		{ "\"${ESPLANE_SET}\"", "it's {set}" },
		{ "${ESPLANE_SET}", "it's {set}" },
	};

	unsetenv("ESPLANE_UNSET");
	setenv("ESPLANE_SET", "it's {set}", 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[512];
		struct config *c;

		snprintf(text, sizeof(text), ONE("psk = %s\n"), rows[i].text);
		c = load_good(text);
		assert_int_equal(c->tunnels[0].psk.len, strlen(rows[i].octets));
		assert_memory_equal(c->tunnels[0].psk.b, rows[i].octets,
				    strlen(rows[i].octets));
		config_free(c);
	}
}

static void identities(void **state)
{
	static const struct {
		const char *text;
		uint8_t type;
		const char *octets;
	} rows[] = {
		{ "192.0.2.1", ID_IPV4_ADDR, "\xc0\x00\x02\x01" },
		{ "2001:db8::1", ID_IPV6_ADDR, "\x20\x01\x0d\xb8" },
		{ "gw.example.org", ID_FQDN, "gw.example.org" },
		{ "a", ID_FQDN, "a" },
		{ "@gw.example.org", ID_FQDN, "gw.example.org" },
		{ "@12345", ID_FQDN, "12345" },
		{ "@any", ID_FQDN, "any" },
		{ "paris@example.org", ID_RFC822_ADDR, "paris@example.org" },
		{ "@#c0ffee", ID_KEY_ID, "\xc0\xff\xee" },
		{ "keyid:a b", ID_KEY_ID, "a b" },
		{ "C=CH, CN=ab", ID_DER_ASN1_DN,
		  "\x30\x1a\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02\x43\x48\x31\x0b\x30\x09"
		  "\x06\x03\x55\x04\x03\x0c\x02\x61\x62" },
	};
	static const char *const wrong[] = { "",	      "C=CH, O=Example, XY=paris",
					     "192.0.2.300",   "2001:db8::g",
					     "*.example.org", "%any6",
					     "fqdn:paris",    "email:paris",
					     "keyid:",	      "@",
					     "@#c0f",	      "paris berlin" };
	char text[512], why[SAID_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *c;

		snprintf(text, sizeof(text), "tunnel \"office\" {\n" SHORT "remote-id = '%s'\n}\n",
			 rows[i].text);
		c = load_good(text);
		assert_int_equal(c->tunnels[0].ike.remote_id.type, rows[i].type);
		assert_memory_equal(c->tunnels[0].ike.remote_id.data, rows[i].octets,
				    strlen(rows[i].octets));
		if (rows[i].type == ID_FQDN)
			assert_int_equal(c->tunnels[0].ike.remote_id.len, strlen(rows[i].octets));
		config_free(c);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		snprintf(text, sizeof(text), "tunnel \"office\" {\n" SHORT "local-id = '%s'\n}\n",
			 wrong[i]);
		if (load(text, why))
			fail_msg("accepted as an identity: %s", wrong[i]);
		assert_non_null(strstr(why, "is not an identity; use an IPv4 or IPv6 "));
	}
	expect_refusal(ONE("remote-id = any\n"),
		"@:6: tunnel \"office\": remote-id: \"any\" is not an identity: leave the option "
		"out; without remote-id, whoever knows the secret, or has a certificate of ca, is the "
		"peer");
	expect_refusal(ONE("local-id = %any\n"),
		"@:6: tunnel \"office\": local-id: \"%any\" is not an identity: leave the option "
		"out; without local-id it is the local address");
}

static void secrets_must_be_private(void **state)
{
	static const char by_file[] = "tunnel a { remote = any psk-file = key local-ts = 10.1.0.1 "
				      "remote-ts = 10.2.0.1 }";
	char why[SAID_MAX], path[128], want[512];
	struct config *c;

	config_path_of("open.conf", path);
	file_write("open.conf", ONE(""), 0644);
	assert_null(load_path(path, why));
	snprintf(want, sizeof(want),
		 "%s:3: tunnel \"office\": psk: %s holds a secret and is open to others (mode "
		 "0644): chmod 600 %s",
		 path, path, path);
	assert_string_equal(why, want);

	/* Without a secret in it the file may be open; the secret's own file may not. */
	file_write("open.conf", by_file, 0644);
	file_write("key", "from a file\n", 0640);
	assert_null(load_path(path, why));
	snprintf(want, sizeof(want),
		 "%s:1: tunnel \"a\": psk-file: %s/key holds a secret and is open to others "
		 "(mode 0640): chmod 600 %s/key",
		 path, config_dir, config_dir);
	assert_string_equal(why, want);
	file_write("key", "from a file\n", 0600);
	c = load_path(path, why);
	assert_non_null(c);
	assert_int_equal(c->tunnels[0].psk.len, 11);
	assert_memory_equal(c->tunnels[0].psk.b, "from a file", 11);
	config_free(c);

	file_write("key", "from Windows\r\n", 0600);
	assert_null(load_path(path, why));
	snprintf(want, sizeof(want),
		 "%s:1: tunnel \"a\": psk-file: %s/key ends in a carriage return, which would "
		 "belong to the secret: remove it, with tr -d '\\r' or the like",
		 path, config_dir);
	assert_string_equal(why, want);

	file_write("open.conf", ONE(""), 0602);
	assert_null(load_path(path, why));
	snprintf(want, sizeof(want), "%s: anybody can write it: chmod o-w %s", path, path);
	assert_string_equal(why, want);
}

static void includes(void **state)
{
	char sub[128], why[SAID_MAX], want[256];
	struct config *c;

	config_path_of("conf.d", sub);
	mkdir(sub, 0700);
	for (int i = 0; i < 20; i++) {
		char name[64], text[512];

		snprintf(name, sizeof(name), "conf.d/%02d.conf", i);
		snprintf(text, sizeof(text),
			 "tunnel t%d {\n" SHORT "remote-id = t%d\nremote-ts = 10.3.%d.0/24\n}\n",
			 i, i, i);
		file_write(name, text, 0600);
	}
	c = load_good("include(\"conf.d/*.conf\")\ninclude(\"conf.d/*.none\")\n" ONE(""));
	assert_int_equal(c->count, 21);
	assert_string_equal(c->tunnels[0].ike.name, "office");
	assert_string_equal(c->tunnels[20].ike.name, "t19");
	config_free(c);

	file_write("conf.d/07.conf", "\ntunnel office {\n" SHORT "}\n", 0600);
	assert_null(load("include(\"conf.d/07.conf\")\n" ONE(""), why));
	snprintf(want, sizeof(want),
		 "%s/conf.d/07.conf:2: tunnel \"office\": it is defined twice: each tunnel needs a "
		 "name of its own",
		 config_dir);
	assert_string_equal(why, want);
	file_write("conf.d/07.conf", "tunnel office {\nremote = \"%\"\n}\n", 0600);
	assert_null(load("include(\"conf.d/07.conf\")\n", why));
	snprintf(want, sizeof(want), "%s/conf.d/07.conf:2: ", config_dir);
	assert_memory_equal(why, want, strlen(want));
}

/* A refusal leaves nothing behind that the next reading could stumble over. */
static void a_refusal_is_forgotten(void **state)
{
	char why[SAID_MAX];
	struct config *c;

	assert_null(load("tunnel \"office\" {\npsk = \"no end\n", why));
	assert_null(load("tunnel \"office\" { remote = ", why));
	c = load_good(ONE(""));
	assert_int_equal(c->count, 1);
	config_free(c);
	c = load_good("  # nothing\n\n");
	assert_int_equal(c->count, 0);
	config_free(c);
	assert_null(load("tunnel \"office\" {\npsk = \"\\999\"\n}\n", why));
	assert_null(load("tunnel \"office\" {\npsk = \"${x\"\n}\n", why));
	c = load_good("\xef\xbb\xbf" ONE("#* x */\n")); /* with a byte order mark */
	assert_int_equal(c->count, 1);
	config_free(c);
	assert_null(load_path("/nonexistent/esplane.conf", why));
	assert_string_equal(why, "/nonexistent/esplane.conf: No such file or directory");
}

static void nearest(void **state)
{
	assert_string_equal(option_nearest("Remote_TS", OPTION_TUNNEL), "remote-ts");
	assert_string_equal(option_nearest("interfaces", OPTION_TUNNEL), "interface");
	assert_string_equal(option_nearest("pks", OPTION_TUNNEL), "psk");
	assert_null(option_nearest("auto", OPTION_TUNNEL));
	assert_null(option_nearest("leftsubnet", OPTION_TUNNEL));
}

/* As the way a tunnel comes up lets one expect. */
static void dpd_action(void **state)
{
	static const struct {
		const char *lines;
		enum start_mode start;
		enum dpd_action want;
	} defaults[] = {
		{ "", START_MANUAL, DPD_CLEAR },
		{ "start = up\n", START_UP, DPD_RESTART },
		{ "start = on-demand\n", START_ON_DEMAND, DPD_ON_DEMAND },
		{ "start = on-demand\ndpd-action = clear\n", START_ON_DEMAND, DPD_CLEAR },
		{ "dpd-action = on-demand\n", START_MANUAL, DPD_ON_DEMAND },
		{ "dpd-action = restart\nstart = up\n", START_UP, DPD_RESTART },
	};

	for (size_t i = 0; i < COUNT(defaults); i++) {
		char text[512];
		struct config *c;

		snprintf(text, sizeof(text), ONE("%s"), defaults[i].lines);
		c = load_good(text);
		if (c->tunnels[0].ike.dpd_action != defaults[i].want ||
		    c->tunnels[0].ike.start != defaults[i].start)
			fail_msg("wrong dpd-action of: %s", defaults[i].lines);
		config_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shortest_tunnel),
		cmocka_unit_test(every_option),
		cmocka_unit_test(dpd_action),
		cmocka_unit_test(a_ppk),
		cmocka_unit_test(secrets_in_other_notations),
		cmocka_unit_test(quotes),
		cmocka_unit_test(identities),
		cmocka_unit_test(secrets_must_be_private),
		cmocka_unit_test(includes),
		cmocka_unit_test(a_refusal_is_forgotten),
		cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
