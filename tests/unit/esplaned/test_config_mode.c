// SPDX-License-Identifier: GPL-2.0
/* mode = transport, and what its selectors come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "unit/esplaned/config_file.h"

#define HEAD	"tunnel \"office\" {\npsk = 'a long secret that nobody guesses'\n"

static void assert_ts(const char *options, const char *local, const char *remote)
{
	char text[1024], got[256];
	const struct child_conf *c;
	struct config *config;

	snprintf(text, sizeof(text), HEAD "mode = transport\n%s}\n", options);
	config = load_good(text);
	c = &config->tunnels[0].ike.child[0];
	assert_true(c->transport);
	assert_false(config->tunnels[0].ike.mobike);
	assert_string_equal(ts_list_str(c->local_ts, got, sizeof(got)), local);
	assert_string_equal(ts_list_str(c->remote_ts, got, sizeof(got)), remote);
	config_free(config);
}

static void selectors_are_the_ends(void **state)
{
	assert_ts("remote = 192.0.2.2\n", "0.0.0.0/0, ::/0", "192.0.2.2");
	assert_ts("local = 192.0.2.1\nremote = 192.0.2.2\n", "192.0.2.1", "192.0.2.2");
	assert_ts("remote = { 192.0.2.2, 198.51.100.2 }\n", "0.0.0.0/0, ::/0",
		  "192.0.2.2, 198.51.100.2");
	assert_ts("remote = gw.example.org\n", "0.0.0.0/0, ::/0", "0.0.0.0/0, ::/0");
	assert_ts("remote = any\nlocal-ts = [udp/1701]\nremote-ts = [udp]\n",
		  "0.0.0.0/0[udp/1701], ::/0[udp/1701]", "0.0.0.0/0[udp], ::/0[udp]");
	assert_ts("remote = 2001:db8::2\nlocal-ts = [gre]\nremote-ts = [gre]\n",
		  "0.0.0.0/0[gre], ::/0[gre]", "2001:db8::2[gre]");
	assert_ts("remote = 192.0.2.2\nremote-ts = 192.0.2.0/24[tcp]\n", "0.0.0.0/0, ::/0",
		  "192.0.2.2[tcp]");
}

static void a_child_has_a_mode(void **state)
{
	struct config *c = load_good(HEAD "remote = 192.0.2.2\n"
				     "child \"gre\" {\nmode = transport\nlocal-ts = [gre]\n}\n"
				     "child \"net\" {\nlocal-ts = 10.1.0.0/24\n"
				     "remote-ts = 10.2.0.0/24\n}\n}\n");

	assert_true(c->tunnels[0].ike.child[0].transport);
	assert_false(c->tunnels[0].ike.child[1].transport);
	config_free(c);
}

/* Where the peers' addresses are not known yet no route of theirs is the same. */
static void names_claim_no_route(void **state)
{
	config_free(load_good(HEAD "remote = a.example.org\nmode = transport\n}\n"
			      "tunnel \"b\" {\npsk = 'another secret that nobody guesses'\n"
			      "remote = b.example.org\nmode = transport\n}\n"));
}

static const struct {
	const char *text, *message;
} rows[] = {
	{ HEAD "remote = 192.0.2.2\nmode = beet\nlocal-ts = 10.1.0.1\n"
	  "remote-ts = 10.2.0.1\n}\n",
	  "@:4: tunnel \"office\": mode: \"beet\" is not known; use tunnel or transport" },
	{ HEAD "remote = 192.0.2.2\nmode = transport\nremote-ts = 10.2.0.0/24\n}\n",
	  "@:1: tunnel \"office\": remote-ts has nothing of the address in remote: in mode = "
	  "transport leave it out, or write the protocol alone, as [gre]" },
	{ HEAD "remote = 192.0.2.2\nmode = transport\naddress = request\n}\n",
	  "@:1: tunnel \"office\": mode = transport goes between the ends' own addresses, and "
	  "address = request gives one inside of the tunnel: use mode = tunnel" },
	{ HEAD "remote = 192.0.2.2\nmode = transport\nsplit = yes\n}\n",
	  "@:1: tunnel \"office\": split = yes is about pairs of networks, and mode = transport has "
	  "none: leave one of the two out" },
	{ HEAD "remote = 192.0.2.2\nmode = transport\n}\ntunnel \"b\" {\n"
	  "psk = 'another secret that nobody guesses'\nremote = 192.0.2.3\n"
	  "local-ts = 10.1.0.1\nremote-ts = 192.0.2.2\n}\n",
	  "@:6: tunnel \"b\": the route to 192.0.2.2/32 in remote-ts is tunnel \"office\"'s "
	  "already: give one of the two another metric or table, or routes = no" },
	{ HEAD "remote = gw.example.org\nmode = transport\nstart = on-demand\n}\n",
	  "@:1: tunnel \"office\": start = on-demand with mode = transport needs the peer's "
	  "address: write it in remote in the place of its name" },
};

static void what_does_not_go_with_it(void **state)
{
	for (unsigned int i = 0; i < COUNT(rows); i++)
		expect_refusal(rows[i].text, rows[i].message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_are_the_ends),
		cmocka_unit_test(a_child_has_a_mode),
		cmocka_unit_test(names_claim_no_route),
		cmocka_unit_test(what_does_not_go_with_it),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
