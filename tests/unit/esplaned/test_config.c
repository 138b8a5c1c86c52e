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
#include "esplaned/conf/config.h"
#include "esplaned/conf/option.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define SHORT                                                                                      \
	"remote = \"198.51.100.1\"\npsk = \"secret\"\nlocal-ts = { \"10.1.0.0/24\" }\n"            \
	"remote-ts = { \"10.2.0.0/24\" }\n"
#define INTERFACE_RULE                                                                             \
	"1 to 15 ASCII characters without space, slash, colon and percent sign, but not all, "     \
	"default, lo, . and .."
#define ONE(lines)	"tunnel \"office\" {\n" SHORT lines "}\n"

static char dir[64];

static void path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", dir, name);
}

static void file_write(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	path_of(name, path);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static struct config *load(const char *text, char why[CONFIG_WHY_MAX])
{
	char path[128];

	file_write("t.conf", text, 0600);
	path_of("t.conf", path);
	return config_load(path, why);
}

static struct config *load_good(const char *text)
{
	char why[CONFIG_WHY_MAX];
	struct config *c = load(text, why);

	if (!c)
		fail_msg("refused: %s\n%s", why, text);
	return c;
}

/*
 * Messages are compared whole; "@" at their start stands for the file's path, "$/" elsewhere for
 * its directory.
 */
static void expect_refusal(const char *text, const char *message)
{
	char why[CONFIG_WHY_MAX], want[CONFIG_WHY_MAX] = "";
	struct config *c = load(text, why);
	size_t n = 0;

	if (c)
		fail_msg("accepted, but should be refused with: %s\n%s", message, text);
	for (; *message && n < sizeof(want) - 80; message++) {
		if (*message == '@')
			n += (size_t)sprintf(want + n, "%s/t.conf", dir);
		else if (*message == '$' && message[1] == '/')
			n += (size_t)sprintf(want + n, "%s", dir);
		else
			want[n++] = *message;
	}
	assert_string_equal(why, want);
}

static void the_shortest_tunnel(void **state)
{
	struct config *c = load_good(ONE(""));
	const struct tunnel_options *t = &c->tunnels[0];
	char text[TS_STRLEN];

	assert_int_equal(c->count, 1);
	assert_string_equal(t->ike.name, "office");
	assert_string_equal(t->interface, "office");
	assert_string_equal(ts_str(&t->ike.local_ts[0], text), "10.1.0.0/24");
	assert_string_equal(ts_str(&t->ike.remote_ts[0], text), "10.2.0.0/24");
	assert_string_equal(addr_str(&t->ike.remote, text), "198.51.100.1");
	assert_int_equal(t->ike.psk_len, 6);
	assert_memory_equal(t->ike.psk, "secret", 6);
	assert_int_equal(t->ike.rekey_s, 3600);
	assert_int_equal(t->ike.dpd_s, 30);
	assert_true(t->ike.ike.count > 0);
	assert_true(t->ike.esp.count > 0);
	assert_false(t->start_up);
	assert_false(t->ike.force_udp);
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
	"	rekey = 90m\n"
	"	rekey-bytes = 64G\n"
	"	rekey-packets = \"2M\"\n"
	"	dpd = never /* off */\n"
	"	replay-window = 4096\n"
	"}\n";

static void every_option(void **state)
{
	struct config *c = load_good(whole_tunnel);
	const struct tunnel_options *t = &c->tunnels[0];
	char text[PROPOSAL_STRLEN];

	assert_string_equal(t->remote_name, "gw.example.org");
	assert_string_equal(t->interface, "office0");
	assert_int_equal(t->ike.psk_len, strlen("correct \"horse\" # battery"));
	assert_memory_equal(t->ike.psk, "correct \"horse\" # battery", t->ike.psk_len);
	assert_int_equal(t->ike.ike.count, 2);
	assert_string_equal(proposal_str(&t->ike.ike.p[0], text), "aes128gcm16-prfsha256-x25519");
	assert_int_equal(t->ike.esp.count, 1);
	assert_int_equal(t->ike.local_ts_count, 2);
	assert_int_equal(t->ike.remote_ts_count, 3);
	assert_int_equal(t->address_bits, 24);
	assert_int_equal(t->metric, 50);
	assert_true(t->start_up);
	assert_true(t->ike.force_udp);
	assert_int_equal(t->ike.rekey_s, 5400);
	assert_true(t->ike.rekey_bytes == 64ULL << 30);
	assert_true(t->ike.rekey_packets == 2000000);
	assert_int_equal(t->ike.dpd_s, 0);
	assert_int_equal(t->ike.replay_window, 4096);
	assert_int_equal(t->ike.local_id.type, ID_RFC822_ADDR);
	assert_int_equal(t->ike.remote_id.type, ID_FQDN);
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
		assert_true(c->tunnels[0].ike.answer_only);
		assert_int_equal(c->tunnels[0].ike.psk_len, rows[i].len);
		assert_memory_equal(c->tunnels[0].ike.psk, rows[i].octets, rows[i].len);
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
		assert_int_equal(c->tunnels[0].ike.psk_len, strlen(rows[i].octets));
		assert_memory_equal(c->tunnels[0].ike.psk, rows[i].octets,
				    strlen(rows[i].octets));
		config_free(c);
	}
}

static const struct {
	const char *text, *message;
} refusal_rows[] = {
	{ "tunnel \"office\" {\nremot = \"a\"\n}\n",
	  "@:2: tunnel \"office\": there is no option remot: do you mean remote?" },
	{ "tunnel \"office\" {\n# x\n// y\n/* z\n */\nlocal_ts = \"10.0.0.0/8\"\n}\n",
	  "@:6: tunnel \"office\": there is no option local_ts: do you mean local-ts?" },
	{ "tunnel \"office\" {\nkeylife = 3\n}\n",
	  "@:2: tunnel \"office\": there is no option keylife: accepted are local, remote, "
	  "local-id, remote-id, psk, psk-file, ike, esp, local-ts, remote-ts, interface, "
	  "address, metric, start, encap, rekey, rekey-bytes, rekey-packets, dpd, "
	  "replay-window" },
	{ "conn \"office\" {\n}\n", "@:1: \"conn\" is not known here: accepted are tunnel "
				    "\"NAME\" { ... } and include(\"PATTERN\")" },
	{ "tunnel \"office\" {\npsk = x\nlocal-ts = 10.1.0.0/24\nremote-ts = 10.2.0.0/24\n}\n",
	  "@:1: tunnel \"office\": remote is missing: the peer's address or name, or any" },
	{ "tunnel \"office\" {\nremote = any\nlocal-ts = 10.1.0.0/24\nremote-ts = 10.2.0.0/24\n}\n",
	  "@:1: tunnel \"office\": psk or psk-file is missing: the secret shared with the peer" },
	{ ONE("start = \"on-demand\"\n"), "@:6: tunnel \"office\": start: \"on-demand\" is "
					  "not known: accepted are manual and up" },
	{ ONE("local = \"192.0.2\"\n"),
	  "@:6: tunnel \"office\": local: \"192.0.2\" is no address: accepted is an IPv4 "
	  "address of this host, as 192.0.2.1" },
	{ ONE("local = \"0.0.0.0\"\n"),
	  "@:6: tunnel \"office\": local: \"0.0.0.0\" is no host's address: leave local out, "
	  "the route to the peer tells which it is" },
	{ ONE("remote = \"224.0.0.1\"\n"),
	  "@:6: tunnel \"office\": remote: \"224.0.0.1\" is no host's address: a peer that "
	  "may come from anywhere is remote = any (answer only)" },
	{ ONE("esp = aes128gcm16, b\n"),
	  "@:6: tunnel \"office\": a comma out of place: several values are a list, as "
	  "{ \"a\", \"b\" }" },
	{ ONE("local = { a }\n"),
	  "@:6: tunnel \"office\": a { out of place: this option takes one value, no list" },
	{ ONE("dpd =\n"), "@:7: tunnel \"office\": a value is missing before the }" },
	{ ONE("remote = \"2001:db8::1\"\n"),
	  "@:6: tunnel \"office\": remote: \"2001:db8::1\": the outer addresses are IPv4 "
	  "only, as 198.51.100.1" },
	{ ONE("remote = \"192.0.2.300\"\n"),
	  "@:6: tunnel \"office\": remote: \"192.0.2.300\" is neither an IPv4 address nor a "
	  "host name: accepted are an address, as 198.51.100.1, a name, as gw.example.org, or "
	  "any (answer only)" },
	{ ONE("rekey = \"1w\"\n"), "@:6: tunnel \"office\": rekey: \"1w\" is no duration: "
				   "accepted are a number with s, m, h or d, as 90s or 1h, "
				   "and never" },
	{ ONE("rekey = 0h\n"),
	  "@:6: tunnel \"office\": rekey: \"0h\" is no duration: write never to turn it off" },
	{ ONE("dpd = 31d\n"),
	  "@:6: tunnel \"office\": dpd: \"31d\" is too long: at most 30d, or never" },
	{ ONE("rekey-bytes = -1\n"),
	  "@:6: tunnel \"office\": rekey-bytes: \"-1\" is no amount: accepted are a number "
	  "with k, M, G or T, as 64G, and never" },
	{ ONE("rekey-bytes = 99999999999T\n"),
	  "@:6: tunnel \"office\": rekey-bytes: \"99999999999T\" is more than 63 bits hold" },
	{ ONE("rekey-bytes = 131071k\n"),
	  "@:6: tunnel \"office\": rekey-bytes: \"131071k\" would change keys all the time: "
	  "accepted are 128M and more, and never" },
	{ ONE("rekey-packets = 99999\n"),
	  "@:6: tunnel \"office\": rekey-packets: \"99999\" would change keys all the time: "
	  "accepted are 100k and more, and never" },
	{ ONE("interface = \"a/b\"\n"),
	  "@:6: tunnel \"office\": interface: \"a/b\" is no interface name: accepted are "
	  INTERFACE_RULE },
	{ ONE("interface = default\n"),
	  "@:6: tunnel \"office\": interface: \"default\" is no interface name: accepted are "
	  INTERFACE_RULE },
	{ ONE("address = \"10.1.0.1/33\"\n"),
	  "@:6: tunnel \"office\": address: \"10.1.0.1/33\" is no address: accepted is an "
	  "address inside local-ts, as 10.1.0.1 or 10.1.0.1/24" },
	{ ONE("local-ts = \"10.1.0.0/24, 10.3.0.0/24\"\n"),
	  "@:6: tunnel \"office\": local-ts: \"10.1.0.0/24, 10.3.0.0/24\": a selector has no "
	  "blanks and no comma; several are a list: { \"10.1.0.0/24\", \"10.3.0.0/24\" }" },
	{ ONE("remote-ts = \"10.2.0.1 - 10.2.0.9\"\n"),
	  "@:6: tunnel \"office\": remote-ts: \"10.2.0.1 - 10.2.0.9\": a selector has no "
	  "blanks and no comma; several are a list: { \"10.1.0.0/24\", \"10.3.0.0/24\" }" },
	{ ONE("ike = \"aes128gcm16-prfsha256-x25519,aes256-sha256-x25519\"\n"),
	  "@:6: tunnel \"office\": ike: "
	  "\"aes128gcm16-prfsha256-x25519,aes256-sha256-x25519\": several proposals are a "
	  "list: { \"aes128gcm16-prfsha256-x25519\", \"aes256-sha256-ecp256\" }" },
	{ ONE("esp = \"aes128gcm16 aes256gcm16\"\n"),
	  "@:6: tunnel \"office\": esp: \"aes128gcm16 aes256gcm16\": several proposals are a "
	  "list: { \"aes128gcm16-esn\", \"aes256-sha256-esn\" }" },
	{ ONE("address = 10.1.1.0\n"),
	  "@:1: tunnel \"office\": address is outside local-ts: nothing that this host sends "
	  "from it would enter the tunnel" },
	{ ONE("address = fd01::1\n"),
	  "@:1: tunnel \"office\": address is outside local-ts: nothing that this host sends "
	  "from it would enter the tunnel" },
	{ ONE("replay-window = 16\n"), "@:6: tunnel \"office\": replay-window: \"16\" is "
				       "no window: accepted are 32 to 8192 packets" },
	{ ONE("encap = yes\n"), "@:6: tunnel \"office\": encap: \"yes\" is not known: "
				"accepted are auto (UDP where there is NAT) and udp "
				"(always)" },
	{ ONE("metric = x\n"), "@:6: tunnel \"office\": metric: \"x\" is no metric: "
			       "accepted are 0 to 4294967295" },
	{ ONE("psk = \"0xabc\"\n"),
	  "@:6: tunnel \"office\": psk: the secret starts with 0x but does not go on in pairs "
	  "of hexadecimal digits of 1 to 512 octets" },
	{ ONE("psk = \"\"\n"),
	  "@:6: tunnel \"office\": psk: the secret has 0 octets: accepted are 1 to 512" },
	{ ONE("psk-file = \"missing\"\n"),
	  "@:6: tunnel \"office\": psk-file: $/missing: No such file or directory; accepted "
	  "is a file with the secret in it, mode 0600" },
	{ ONE("remote = any\nstart = up\n"),
	  "@:1: tunnel \"office\": start = up needs an address to go to, but remote is any: "
	  "name the peer, or use start = manual" },
	{ "tunnel \"a-name-too-long-for-linux\" {\n" SHORT "}\n",
	  "@:1: tunnel \"a-name-too-long-for-linux\": the name is no interface name "
	  "(" INTERFACE_RULE "): give interface = \"...\"" },
	{ "tunnel all {\n" SHORT "}\n",
	  "@:1: tunnel \"all\": the name is no interface name (" INTERFACE_RULE "): give "
	  "interface = \"...\"" },
	{ "tunnel \"a b\" {\n" SHORT "}\n",
	  "@:1: \"a b\" is no name for a tunnel: accepted are 1 to 63 ASCII characters "
	  "without space and quotes" },
	{ "tunnel \"b\xc3\xbcro\" {\n" SHORT "}\n",
	  "@:1: \"b\xc3\xbcro\" is no name for a tunnel: accepted are 1 to 63 ASCII "
	  "characters without space and quotes" },
	{ ONE("") ONE(""),
	  "@:7: found duplicate title 'office': each tunnel needs a name of its own" },
	{ ONE("") "tunnel b {\n" SHORT "interface = office\n}\n",
	  "@:7: tunnel \"b\": interface office is taken by tunnel \"office\"" },
	{ "tunnel v6 { remote = any psk = x local-ts = 10.1.0.1 remote-ts = \"fd02::/64\" }",
	  "@:1: tunnel \"v6\": local-ts and remote-ts have no address family in common" },
	{ "include \"conf.d/a.conf\"\n",
	  "@:1: include needs parentheses, as include(\"conf.d/*.conf\")" },
	{ "tunnel {\n" SHORT "}\n", "@:1: the tunnel has no name: write tunnel \"NAME\" {" },
	{ "tunnel a b {\n" SHORT "}\n",
	  "@:1: after the tunnel's name comes {: write tunnel \"NAME\" {" },
	/* Each at its own line, whatever braces came before. */
	{ "/* { */ tunnel a {\n" SHORT "local-id = '@{'\n}\n\n# {\ntunnel b {\n}\n",
	  "@:10: tunnel \"b\": remote is missing: the peer's address or name, or any" },
	{ "tunnel a {\nlocal-ts = { 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5,\n10.0.0.6, "
	  "10.0.0.7, 10.0.0.8, 10.0.0.9, 10.0.0.10, 10.0.0.11, 10.0.0.12,\n10.0.0.13, 10.0.0.14, "
	  "10.0.0.15, 10.0.0.16,\n10.0.0.17,\n10.0.0.18 }\n}\n",
	  "@:5: tunnel \"a\": local-ts: more than 16 selectors" },
	{ "tunnel a {\n/* never ends\n\n", "@:2: a comment that starts here has no end" },
	{ "tunnel \"office\" {\n" SHORT, "@:1: the { in this line has no }" },
	{ "# x\n" ONE("esp = { aes128gcm16\n"), "@:2: the { in this line has no }" },
	{ "include(\"missing.conf\")\n",
	  "@:1: include: $/missing.conf: No such file or directory" },
	{ "include(\"t.conf\")\n",
	  "@:1: include: more than 8 files deep: does a file include itself?" },
	{ "include(\"a\", \"b\")\n",
	  "@:1: include takes one file or pattern, as include(\"conf.d/*.conf\")" },
};

static void refusals(void **state)
{
	for (size_t i = 0; i < COUNT(refusal_rows); i++)
		expect_refusal(refusal_rows[i].text, refusal_rows[i].message);
}

#define GOES_ON                                                                                    \
	"psk: the line goes on after its value: a secret with blanks or { } ( ) = + , # has to "   \
	"stand in quotes"
#define NO_QUOTE                                                                                   \
	"a string that starts in this line does not end in it: a quote is missing, or one inside " \
	"the string needs a backslash before it"
#define ESCAPE                                                                                     \
	"a backslash in double quotes begins an escape: write \\\\ where one is meant, or single "   \
	"quotes"
#define NO_BRACE                                                                                   \
	"the ${ in this line has no }: where no variable is meant, write it in single quotes"

/* Whatever is wrong with a secret, the sentence has no part of it. */
static void secrets_are_not_repeated(void **state)
{
	static const struct {
		const char *value, *message;
	} rows[] = {
		{ "correct horse battery", "tunnel \"X\": " GOES_ON },
		{ "correct start battery", "tunnel \"X\": " GOES_ON },
		{ "correct,horse", "tunnel \"X\": " GOES_ON },
		{ "correct=horse", "tunnel \"X\": " GOES_ON },
		{ "{ correct, horse }", "tunnel \"X\": " GOES_ON },
		{ "\"correct\" \"horse\"", "tunnel \"X\": " GOES_ON },
		{ "correct}horse", GOES_ON },
		{ "correct#horse", "a # right after a word: in quotes it is part of it, after a "
				   "blank it begins a comment" },
		{ "correct*", "a word with * or + has to stand in quotes" },
		{ "correct+horse", "a word with * or + has to stand in quotes" },
		{ "\"correct horse", NO_QUOTE },
		{ "\"correct\"horse\"", NO_QUOTE },
		{ "\"correct\\\nhorse\"", NO_QUOTE },
		{ "don't", NO_QUOTE },
		{ "\"correct\\999horse\"", ESCAPE },
		{ "\"correct\\400horse\"", ESCAPE },
		{ "\"correct\\0\"", ESCAPE },
		{ "\"correct\\x00\"", ESCAPE },
		{ "\"${correct\"", NO_BRACE },
		{ "${correct", NO_BRACE },
	};
	char text[512], message[512];

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof(text),
			 "tunnel \"X\" {\nremote = any\nlocal-ts = 10.1.0.1\nremote-ts = 10.2.0.1\n"
			 "psk = %s\n}\n",
			 rows[i].value);
		snprintf(message, sizeof(message), "@:5: %s", rows[i].message);
		expect_refusal(text, message);
	}
	/* Not of its value. */
	expect_refusal("tunnel \"X\" {\npsk \"x\"\n}\n",
		       "@:2: tunnel \"X\": missing equal sign after option 'psk'");
	expect_refusal("tunnel \"X\" {\npsk = \"x\"\npsk-fil = a b\n}\n",
		       "@:3: tunnel \"X\": there is no option psk-fil: do you mean psk-file?");
}

static void a_value_without_end(void **state)
{
	char text[3000];

	snprintf(text, sizeof(text), "tunnel a { remote = %02000d }\n", 0);
	expect_refusal(text, "@:1: tunnel \"a\": remote: a value of 2000 octets is too long: at "
			     "most 600");
	snprintf(text, sizeof(text), "tunnel a { psk = %02000d }\n", 1);
	expect_refusal(text, "@:1: tunnel \"a\": psk: the secret has 2000 octets: accepted are 1 "
			     "to 512");
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
	};
	static const char *const wrong[] = { "",	      "C=CH, O=Example, CN=paris",
					     "192.0.2.300",   "2001:db8::g",
					     "*.example.org", "%any6",
					     "fqdn:paris",    "email:paris",
					     "keyid:",	      "@",
					     "@#c0f",	      "paris berlin" };
	char text[512], why[CONFIG_WHY_MAX];

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
		assert_non_null(strstr(why, "is no identity: accepted are an IPv4 or IPv6 "));
		assert_non_null(strstr(why, "distinguished names are not supported"));
	}
	expect_refusal(ONE("remote-id = any\n"),
		       "@:6: tunnel \"office\": remote-id: \"any\" is no identity: leave the option "
		       "out; without remote-id, whoever knows the secret is the peer");
	expect_refusal(ONE("local-id = %any\n"),
		       "@:6: tunnel \"office\": local-id: \"%any\" is no identity: leave the option "
		       "out; without local-id it is the local address");
}

/* The words of lib's parsers come after ours. */
static void refusals_of_proposals_and_selectors(void **state)
{
	char why[CONFIG_WHY_MAX], prefix[256];

	assert_null(load(ONE("esp = { \"aes128gcm16\",\n \"rot13\" }\n"), why));
	snprintf(prefix, sizeof(prefix), "%s/t.conf:7: tunnel \"office\": esp: \"rot13\": ", dir);
	assert_memory_equal(why, prefix, strlen(prefix));
	assert_non_null(strstr(why, "rot13"));
	assert_null(load(ONE("local-ts = \"10.1.0.0/33\"\n"), why));
	snprintf(prefix, sizeof(prefix),
		 "%s/t.conf:6: tunnel \"office\": local-ts: \"10.1.0.0/33\": ", dir);
	assert_memory_equal(why, prefix, strlen(prefix));
	assert_non_null(strstr(why, "accepted are a prefix, as 10.1.0.0/24"));
}

static void secrets_must_be_private(void **state)
{
	static const char by_file[] = "tunnel a { remote = any psk-file = key local-ts = 10.1.0.1 "
				      "remote-ts = 10.2.0.1 }";
	char why[CONFIG_WHY_MAX], path[128], want[512];
	struct config *c;

	path_of("open.conf", path);
	file_write("open.conf", ONE(""), 0644);
	assert_null(config_load(path, why));
	snprintf(want, sizeof(want),
		 "%s:3: tunnel \"office\": psk: %s holds a secret and is open to others (mode "
		 "0644): chmod 600 %s",
		 path, path, path);
	assert_string_equal(why, want);

	/* Without a secret in it the file may be open; the secret's own file may not. */
	file_write("open.conf", by_file, 0644);
	file_write("key", "from a file\n", 0640);
	assert_null(config_load(path, why));
	snprintf(want, sizeof(want),
		 "%s:1: tunnel \"a\": psk-file: %s/key holds a secret and is open to others "
		 "(mode 0640): chmod 600 %s/key",
		 path, dir, dir);
	assert_string_equal(why, want);
	file_write("key", "from a file\n", 0600);
	c = config_load(path, why);
	assert_non_null(c);
	assert_int_equal(c->tunnels[0].ike.psk_len, 11);
	assert_memory_equal(c->tunnels[0].ike.psk, "from a file", 11);
	config_free(c);

	file_write("key", "from Windows\r\n", 0600);
	assert_null(config_load(path, why));
	snprintf(want, sizeof(want),
		 "%s:1: tunnel \"a\": psk-file: %s/key ends in a carriage return, which would "
		 "belong to the secret: remove it, with tr -d '\\r' or the like",
		 path, dir);
	assert_string_equal(why, want);

	file_write("open.conf", ONE(""), 0602);
	assert_null(config_load(path, why));
	snprintf(want, sizeof(want), "%s: anybody can write it: chmod o-w %s", path, path);
	assert_string_equal(why, want);
}

static void includes(void **state)
{
	char sub[128], why[CONFIG_WHY_MAX], want[256];
	struct config *c;

	path_of("conf.d", sub);
	mkdir(sub, 0700);
	for (int i = 0; i < 20; i++) {
		char name[64], text[512];

		snprintf(name, sizeof(name), "conf.d/%02d.conf", i);
		snprintf(text, sizeof(text), "tunnel t%d {\n" SHORT "}\n", i);
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
		 "%s/conf.d/07.conf:2: tunnel \"office\" is defined twice: each tunnel needs a "
		 "name of its own",
		 dir);
	assert_string_equal(why, want);
	file_write("conf.d/07.conf", "tunnel office {\nremote = \"%\"\n}\n", 0600);
	assert_null(load("include(\"conf.d/07.conf\")\n", why));
	snprintf(want, sizeof(want), "%s/conf.d/07.conf:2: ", dir);
	assert_memory_equal(why, want, strlen(want));
}

/* A refusal leaves nothing behind that the next reading could stumble over. */
static void a_refusal_is_forgotten(void **state)
{
	char why[CONFIG_WHY_MAX];
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
	assert_null(config_load("/nonexistent/esplane.conf", why));
	assert_string_equal(why, "/nonexistent/esplane.conf: No such file or directory");
}

static void what_reload_compares(void **state)
{
	static const char *const changes[] = {
		"local = \"192.0.2.1\"\n",
		"remote = \"198.51.100.2\"\n",
		"remote = gw.example.org\n",
		"remote = any\n",
		"local-id = a\n",
		"remote-id = b\n",
		"psk = secrez\n",
		"psk = secret2\n",
		"ike = aes256-sha256-x25519\n",
		"esp = aes256gcm16\n",
		"local-ts = 10.1.0.0/25\n",
		"remote-ts = { 10.2.0.0/24, 10.3.0.0/24 }\n",
		"interface = x\n",
		"address = 10.1.0.1\n",
		"metric = 1\n",
		"start = up\n",
		"encap = udp\n",
		"rekey = 2h\n",
		"rekey-bytes = 1G\n",
		"rekey-packets = 100k\n",
		"dpd = 31\n",
		"replay-window = 64\n",
	};
	struct config *a = load_good(ONE("")), *b = load_good("# moved\n\n" ONE("rekey = 60m\n"));

	assert_true(tunnel_options_equal(&a->tunnels[0], &b->tunnels[0]));
	config_free(b);
	for (size_t i = 0; i < COUNT(changes); i++) {
		char text[1024];

		snprintf(text, sizeof(text), "tunnel \"office\" {\n" SHORT "%s}\n", changes[i]);
		b = load_good(text);
		if (tunnel_options_equal(&a->tunnels[0], &b->tunnels[0]))
			fail_msg("not noticed: %s", changes[i]);
		config_free(b);
	}
	config_free(a);
}

static void nearest(void **state)
{
	assert_string_equal(option_nearest("Remote_TS"), "remote-ts");
	assert_string_equal(option_nearest("interfaces"), "interface");
	assert_string_equal(option_nearest("pks"), "psk");
	assert_null(option_nearest("auto"));
	assert_null(option_nearest("leftsubnet"));
}

static int make_dir(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/esplane-config.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shortest_tunnel),
		cmocka_unit_test(every_option),
		cmocka_unit_test(secrets_in_other_notations),
		cmocka_unit_test(quotes),
		cmocka_unit_test(refusals),
		cmocka_unit_test(secrets_are_not_repeated),
		cmocka_unit_test(a_value_without_end),
		cmocka_unit_test(identities),
		cmocka_unit_test(refusals_of_proposals_and_selectors),
		cmocka_unit_test(secrets_must_be_private),
		cmocka_unit_test(includes),
		cmocka_unit_test(a_refusal_is_forgotten),
		cmocka_unit_test(what_reload_compares),
		cmocka_unit_test(nearest),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
