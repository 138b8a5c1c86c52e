// SPDX-License-Identifier: GPL-2.0
/* Pools, and the tunnels that use them or ask for an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "esplaned/conf/pack.h"
#include "unit/esplaned/config_file.h"

#define POOL(lines)	"pool \"road\" {\n" lines "}\n"
#define ADDRESSES	"addresses = { 10.9.0.0/24, fd09::/64 }\n"
#define PEERS	"tunnel \"road\" {\nremote = any\npsk = 'a long secret: ok'\n" \
		"local-ts = { 10.1.0.0/16, fd01::/48 }\npool = road\n"
#define ASKS	"tunnel \"home\" {\nremote = gw.example.org\npsk = 'a long secret: ok'\n" \
		"remote-ts = 10.1.0.0/16\naddress = request\n"

static const char whole[] =
	POOL(ADDRESSES
	     "leases = { \"alice@example.org 10.9.0.5 fd09::5\", \"bob@example.org 10.9.0.6\" }\n"
	     "dns = { 10.1.0.53, fd01::53 }\n"
	     "dns-domains = { corp.example.org, lab.example.org }\n"
	     "nbns = 10.1.0.54\n"
	     "dhcp = { 10.1.0.55, fd01::55 }\n"
	     "subnets = { 10.1.0.0/16, fd01::/48 }\n")
	PEERS "}\n";

static void is_whole(const struct pool_conf *p)
{
	char text[PREFIX_STRLEN];

	assert_string_equal(p->name, "road");
	assert_int_equal(p->range_count, 2);
	assert_int_equal(p->static_count, 2);
	assert_string_equal(addr_str(&p->statics[0].addr[1], text), "fd09::5");
	assert_int_equal(p->statics[1].addr[1].family, 0);
	assert_int_equal(p->net.dns_count, 2);
	assert_int_equal(p->net.domain_count, 2);
	assert_string_equal(p->net.domain[1], "lab.example.org");
	assert_int_equal(p->net.nbns_count, 1);
	assert_int_equal(p->net.dhcp_count, 2);
	assert_string_equal(prefix_str(&p->net.subnet[1], text), "fd01::/48");
}

static void a_pool_has_addresses_and_more(void **state)
{
	struct config *c = load_good(whole);
	static uint8_t octets[65536];
	struct writer w = writer_of(octets, sizeof(octets));
	struct pool_conf copy;
	struct cursor cursor;
	char text[256];

	assert_int_equal(c->pool_count, 1);
	is_whole(&c->pools[0]);
	assert_ptr_equal(config_pool(c, "road"), &c->pools[0]);
	assert_null(config_pool(c, "office"));
	assert_string_equal(c->tunnels[0].ike.pool, "road");
	assert_string_equal(ts_list_str(c->tunnels[0].ike.child[0].remote_ts, text, sizeof(text)),
			    "10.9.0.0/24, fd09::/64");
	/* on its way to the other process, whole and cut short at each octet */
	pack_pool(&w, &c->pools[0]);
	assert_false(w.overflow);
	cursor = cursor_of(octets, w.len);
	assert_true(unpack_pool(&cursor, &copy));
	is_whole(&copy);
	free(copy.statics);
	for (size_t len = 0; len < w.len; len++) {
		cursor = cursor_of(octets, len);
		assert_false(unpack_pool(&cursor, &copy));
		free(copy.statics);
	}
	config_free(c);
}

static void who_asks_has_no_local_ts(void **state)
{
	struct config *c = load_good(ASKS "}\n");
	const struct tunnel_conf *t = &c->tunnels[0].ike;
	char text[256];

	assert_true(t->ask_address);
	assert_int_equal(c->tunnels[0].address.family, 0);
	assert_string_equal(ts_list_str(t->child[0].local_ts, text, sizeof(text)), "0.0.0.0/0");
	config_free(c);
	c = load_good("tunnel \"home\" {\nremote = gw.example.org\npsk = 'a long secret: ok'\n"
		      "address = request\nchild \"a\" {\nremote-ts = { 10.1.0.0/16, fd01::/48 }\n}\n"
		      "child \"b\" {\nremote-ts = 10.2.0.0/16\n}\n}\n");
	t = &c->tunnels[0].ike;
	assert_string_equal(ts_list_str(t->child[0].local_ts, text, sizeof(text)),
			    "0.0.0.0/0, ::/0");
	assert_string_equal(ts_list_str(t->child[1].local_ts, text, sizeof(text)), "0.0.0.0/0");
	config_free(c);
}

/* Two tunnels may have one pool: each has the routes to its own peers. */
static void a_pool_for_two(void **state)
{
	config_free(load_good(POOL(ADDRESSES) PEERS "}\n"
			      "tunnel \"other\" {\nremote = any\npsk = 'another secret: ok'\n"
			      "local-id = other.example.org\nlocal-ts = 10.2.0.0/16\n"
			      "pool = road\n}\n"));
}

static void each_mistake_has_its_sentence(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ POOL(""), "@:1: pool \"road\": addresses is missing: what it gives, as { "
		  "\"10.9.0.0/24\" }" },
		{ POOL("addresses = 10.9.0.0/33\n"), NULL },
		{ POOL("addresses = 10.9.0.0/24[tcp]\n"), "is not a range of addresses" },
		{ POOL("addresses = 224.0.0.0/24\n"), "has addresses that no host can have" },
		{ POOL("addresses = { 10.9.0.0/24, 10.9.0.7 }\n"),
		  "\"10.9.0.7\" and 10.9.0.0/24 overlap: leave it to one of them" },
		{ POOL(ADDRESSES) "pool \"two\" {\naddresses = 10.9.0.128/25\n}\n",
		  "pool \"two\": addresses: 10.9.0.128/25 overlaps with 10.9.0.0/24 of "
		  "pool \"road\"" },
		{ POOL(ADDRESSES) POOL("addresses = 10.8.0.0/24\n"), "it is defined twice" },
		{ POOL(ADDRESSES "leases = \"alice@example.org 10.8.0.5\"\n"),
		  "leases: 10.8.0.5 of alice@example.org is not in addresses" },
		{ POOL(ADDRESSES "leases = { \"a@b.c 10.9.0.5\", \"d@b.c 10.9.0.5\" }\n"),
		  "leases: 10.9.0.5 is for a@b.c and for d@b.c" },
		{ POOL(ADDRESSES "leases = \"alice@example.org\"\n"), "has no address" },
		{ POOL(ADDRESSES "leases = \"alice@example.org 10.9.0.5 10.9.0.6\"\n"),
		  "after the identity come an IPv4 address, an IPv6 address, or both" },
		{ POOL(ADDRESSES "leases = \"any 10.9.0.5\"\n"), "is not an identity" },
		{ POOL(ADDRESSES "dns = ns.example.org\n"), "is not the address of a server" },
		{ POOL(ADDRESSES "nbns = fd01::54\n"), "use an IPv4 address" },
		{ POOL(ADDRESSES "dns-domains = \"a b\"\n"), "is not a domain" },
		{ POOL(ADDRESSES "subnets = 10.1.0.1-10.1.0.3\n"), "is not a prefix" },
		{ POOL(ADDRESSES "mtu = 1400\n"), "mtu is an option of tunnels, not of a pool" },
		{ POOL(ADDRESSES "adresses = 10.8.0.0/24\n"), "do you mean addresses?" },
		{ PEERS "}\n", "there is no pool \"road\" above" },
		{ POOL(ADDRESSES) PEERS "remote-ts = 10.9.0.0/24\n}\n",
		  "remote-ts stands beside pool" },
		{ POOL(ADDRESSES) ONE("pool = road\n"), "remote-ts stands beside pool" },
		{ ONE("dns = 10.1.0.53\n"), "dns is an option of pools, not of a tunnel" },
		{ ASKS "local-ts = 10.3.0.0/24\n}\n", "local-ts stands beside address = request" },
		{ "tunnel \"x\" {\nremote = any\npsk = 'a long secret: ok'\nremote-ts = 10.1.0.0/16\n"
		  "address = request\n}\n", "address = request needs a peer to ask" },
		{ POOL(ADDRESSES) "tunnel \"x\" {\nremote = 192.0.2.1\npsk = 'a long secret: ok'\n"
		  "local-ts = 10.1.0.0/16\npool = road\n}\n", "write remote = any" },
	};
	char said[SAID_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *c = load(rows[i].text, said);

		assert_null(c);
		if (rows[i].message && rows[i].message[0] == '@')
			expect_refusal(rows[i].text, rows[i].message);
		else if (rows[i].message && !strstr(said, rows[i].message))
			fail_msg("%s\n  does not say: %s\n  but: %s", rows[i].text, rows[i].message,
				 said);
		assert_string_not_equal(said, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_has_addresses_and_more),
		cmocka_unit_test(who_asks_has_no_local_ts),
		cmocka_unit_test(a_pool_for_two),
		cmocka_unit_test(each_mistake_has_its_sentence),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
