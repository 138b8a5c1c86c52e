// SPDX-License-Identifier: GPL-2.0
/* The peer in esplane.conf: its names and addresses, and who may be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "esplaned/conf/pack.h"
#include "unit/esplaned/config_file.h"

/* And their way to the engine. */
static void several_names_and_addresses(void **state)
{
	struct config *c = load_good("tunnel a { remote = { gw.example.org, 192.0.2.1, b.example } "
				     "psk = 'a long secret' local-ts = 10.1.0.1 "
				     "remote-ts = 10.2.0.1 }");
	struct tunnel_options *t = &c->tunnels[0], copy;
	static uint8_t octets[PACK_MAX];
	struct writer w = writer_of(octets, sizeof(octets));
	char text[ADDR_STRLEN];
	struct cursor cur;

	pack_tunnel(&w, t);
	assert_false(w.overflow);
	cur = cursor_of(octets, w.len);
	assert_true(unpack_tunnel(&cur, &copy, &c->lists));
	assert_string_equal(copy.ike.remote_name, "gw.example.org");
	assert_int_equal(copy.ike.more_count, 2);
	assert_string_equal(addr_str(&copy.ike.more[0].addr, text), "192.0.2.1");
	assert_string_equal(copy.ike.more[1].name, "b.example");
	assert_true(tunnel_conf_has_name(&copy.ike));
	copy.ike.more[1].name[0] = 'c';
	assert_false(tunnel_options_equal(t, &copy));
	tunnel_options_clear(&copy);
	config_free(c);
	/* what a peer cannot tell apart */
	expect_refusal("tunnel a { remote = { 192.0.2.1, 192.0.2.2 } psk = 'a long secret' "
		       "local-ts = 10.1.0.1 remote-ts = 10.2.0.1 }\n"
		       "tunnel b { remote = { 192.0.2.2, 192.0.2.3 } psk = 'a long secret' "
		       "local-ts = 10.1.0.1 remote-ts = 10.3.0.1 }\n",
		       "@:2: tunnel \"b\": no peer could tell it from tunnel \"a\": same addresses, "
		       "same identities; give one of the two another local-id or remote-id, or "
		       "make them child sections of one tunnel");
}

static void two_peers_with_one_address(void **state)
{
	struct config *c = load_good(ONE("duplicate-ts = replace\n"));

	assert_true(c->tunnels[0].ike.replace_ts);
	config_free(c);
	c = load_good(ONE("duplicate-ts = refuse\n"));
	assert_false(c->tunnels[0].ike.replace_ts);
	config_free(c);
	c = load_good(ONE(""));
	assert_false(c->tunnels[0].ike.replace_ts);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_names_and_addresses),
		cmocka_unit_test(two_peers_with_one_address),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
