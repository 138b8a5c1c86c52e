// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "esplaned/conf/change.h"
#include "unit/esplaned/config_file.h"

#define PPK	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD	"tunnel \"office\" {\nremote = any\npsk = \"a long secret: ok\"\n"
#define A	"child a { local-ts = 10.1.0.0/24 remote-ts = 10.2.0.0/24 }\n"
#define B	"child b { local-ts = 10.1.0.0/24 remote-ts = 10.3.0.0/24 }\n"

/* What the tunnel itself has to go down for. */
static const char *const anew[] = {
	"mtu = 1400\n",
	"table = 7\n",
	"others = pass\n",
	"fwmark = 1\n",
	"routes = no\n",
	"up-script = hook\n",
	"down-script = hook\n",
	"script-timeout = 11\n",
	"ppk = \"0x" PPK "\"\nppk-id = a\n",
	"ppk = \"0x" PPK "\"\nppk-id = a\nppk-required = yes\n",
	"local = \"192.0.2.1\"\n",
	"remote = \"198.51.100.2\"\n",
	"remote = { \"198.51.100.1\", \"198.51.100.2\" }\n",
	"remote = gw.example.org\n",
	"remote = any\n",
	"local-id = a\n",
	"remote-id = b\n",
	"ike = aes256-sha256-x25519\n",
	"interface = x\n",
	"address = 10.1.0.1\n",
	"metric = 1\n",
	"encap = udp\n",
};

/* What it takes over as it is. */
static const char *const later[] = {
	"retransmit-first = 2s\n",
	"retransmit-tries = 5\n",
	"retransmit-factor = 3\n",
	"fragment-size = never\n",
	"tcp = fall-back\n",
	"tcp = yes\n",
	"tcp-port = 443\n",
	"listen-tcp = 4500\n",
	"childless = yes\n",
	"follow-redirect = yes\n",
	"redirect-to = 198.51.100.9\n",
	"resume = yes\n",
	"start = up\n",
	"start = on-demand\n",
	"mobike = no\n",
	"allow-key-export = yes\n",
	"nat-keepalive = never\n",
	"when-down = block\n",
	"ike-rekey = 1h\n",
	"reauth = 2h\n",
	"reauth-every = 4\n",
	"duplicate-ts = replace\n",
	"dpd = 31\n",
	"dpd-action = restart\n",
	"dpd-action = on-demand\n",
};

static const char *const child_anew[] = {
	"esp = aes256gcm16\n",
	"local-ts = 10.1.0.0/25\n",
	"remote-ts = { 10.2.0.0/24, 10.3.0.0/24 }\n",
	"remote-ts = 10.2.0.0/24[tcp]\n",
};

static const char *const child_later[] = {
	"rekey = 2h\n",
	"rekey-bytes = 1G\n",
	"rekey-packets = 100k\n",
	"replay-window = 64\n",
};

static struct options_change change_from(const struct config *a, const char *text)
{
	struct config *b = load_good(text);
	struct options_change change = options_compare(&a->tunnels[0], &b->tunnels[0]);

	config_free(b);
	return change;
}

/* Each of @lines alone is of this change: of the tunnel, of its only child. */
static void expect_each(const char *const *lines, size_t count, enum conf_change tunnel,
			enum conf_change child)
{
	struct config *a = load_good(ONE(""));

	for (size_t i = 0; i < count; i++) {
		struct options_change change;
		char text[1024];

		snprintf(text, sizeof(text), "tunnel \"office\" {\n" SHORT "%s}\n", lines[i]);
		change = change_from(a, text);
		if (change.tunnel != tunnel || change.child[0] != child || change.less)
			fail_msg("%d and %d: %s", change.tunnel, change.child[0], lines[i]);
	}
	config_free(a);
}

static void options_of_a_tunnel(void **state)
{
	file_write("hook", "#!/bin/sh\n", 0700);
	expect_each(anew, COUNT(anew), CONF_REPLACED, CONF_SAME);
	expect_each(later, COUNT(later), CONF_LATER, CONF_SAME);
}

static void options_of_a_child(void **state)
{
	expect_each(child_anew, COUNT(child_anew), CONF_SAME, CONF_REPLACED);
	expect_each(child_later, COUNT(child_later), CONF_SAME, CONF_LATER);
}

/* One that goes down goes down, whatever else there is. */
static void both_at_once(void **state)
{
	struct config *a = load_good(ONE(""));
	struct options_change change = change_from(a, ONE("dpd = 31\nlocal-id = a\nrekey = 2h\n"));

	assert_int_equal(change.tunnel, CONF_REPLACED);
	assert_int_equal(change.child[0], CONF_LATER);
	change = change_from(a, ONE("rekey = 2h\nesp = aes256gcm16\n"));
	assert_int_equal(change.tunnel, CONF_SAME);
	assert_int_equal(change.child[0], CONF_REPLACED);
	config_free(a);
}

/* What is written otherwise, and the number that stands for secrets. */
static void nothing_differs(void **state)
{
	struct config *a = load_good(ONE("")), *b;

	b = load_good("# moved\n\n" ONE("rekey = 60m\nretransmit-tries = 6\nstart = manual\n"));
	assert_true(tunnel_options_equal(&a->tunnels[0], &b->tunnels[0]));
	b->tunnels[0].secret++;
	assert_false(tunnel_options_equal(&a->tunnels[0], &b->tunnels[0]));
	assert_int_equal(options_compare(&a->tunnels[0], &b->tunnels[0]).tunnel, CONF_REPLACED);
	config_free(a);
	config_free(b);

	/* The flat form is one child named as its tunnel. */
	a = load_good(ONE("remote = any\n"));
	b = load_good(HEAD "child office { local-ts = 10.1.0.0/24 remote-ts = 10.2.0.0/24 }\n}\n");
	assert_true(tunnel_options_equal(&a->tunnels[0], &b->tunnels[0]));
	config_free(a);
	config_free(b);
}

static void children_that_come_and_go(void **state)
{
	struct config *a = load_good(HEAD A "}\n"), *both = load_good(HEAD A B "}\n");
	struct options_change change = change_from(a, HEAD A B "}\n");

	assert_int_equal(change.tunnel, CONF_SAME);
	assert_int_equal(change.child[0], CONF_SAME);
	assert_int_equal(change.child[1], CONF_NEW);
	assert_false(change.less);
	assert_false(tunnel_options_equal(&a->tunnels[0], &both->tunnels[0]));

	change = change_from(both, HEAD B "}\n");
	assert_int_equal(change.tunnel, CONF_SAME);
	assert_int_equal(change.child[0], CONF_SAME);	/* not by its place */
	assert_true(change.less);
	assert_false(tunnel_options_equal(&both->tunnels[0], &a->tunnels[0]));

	/* by another name it is another one */
	change = change_from(a, HEAD "child c { local-ts = 10.1.0.0/24 remote-ts = 10.2.0.0/24 }\n}\n");
	assert_int_equal(change.child[0], CONF_NEW);
	assert_true(change.less);

	/* in another order nothing differs */
	assert_int_equal(tunnel_conf_child(&both->tunnels[0].ike, "b"), 1);
	change = change_from(both, HEAD B A "}\n");
	assert_int_equal(change.child[0], CONF_SAME);
	assert_int_equal(change.child[1], CONF_SAME);
	assert_false(change.less);
	config_free(a);
	config_free(both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_a_tunnel),
		cmocka_unit_test(options_of_a_child),
		cmocka_unit_test(both_at_once),
		cmocka_unit_test(nothing_differs),
		cmocka_unit_test(children_that_come_and_go),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
