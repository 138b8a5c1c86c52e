// SPDX-License-Identifier: GPL-2.0
/* Of many tunnels only those are compared that have something in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "esplaned/conf/beside.h"
#include "ike/core/id.h"

#define MANY	5000

static struct tunnel_options options;
static struct child_conf child;

static struct ts_list *list(const char *text)
{
	const char *why;
	struct ts ts;

	assert_true(ts_parse(&ts, text, &why));
	return ts_list_new(&ts, 1);
}

/* Like no other number. */
static struct tunnel_options *tunnel(unsigned int number)
{
	char text[64];

	tunnel_options_clear(&options);
	snprintf(options.ike.name, sizeof(options.ike.name), "branch%u", number);
	snprintf(options.interface, sizeof(options.interface), "br%u", number);
	snprintf(text, sizeof(text), "198.18.%u.%u", number / 256, number % 256);
	assert_true(addr_parse(&options.ike.remote, text));
	snprintf(text, sizeof(text), "10.%u.%u.0/24", number / 256, number % 256);
	snprintf(child.name, sizeof(child.name), "%s", options.ike.name);
	child.local_ts = list("10.200.0.0/16");
	child.remote_ts = list(text);
	options.ike.child = malloc(sizeof(child));
	memcpy(options.ike.child, &child, sizeof(child));
	options.ike.child_count = 1;
	return &options;
}

static void expect(const struct beside *beside, const struct config *config, const char *said)
{
	char why[VALUE_WHY_MAX] = "";

	assert_int_equal(beside_check(beside, config, &options, why), !said);
	if (said && !strstr(why, said))
		fail_msg("%s: %s", said, why);
}

static void test_many(void **state)
{
	struct tunnel_options first = { 0 };
	struct config config = { .tunnels = NULL };
	struct beside beside = { 0 };

	/* one comparison would look into an array that is not there */
	for (unsigned int i = 0; i < MANY; i++) {
		tunnel(i);
		expect(&beside, &config, NULL);
		assert_true(beside_add(&beside, &options, i));
	}
	/* each has to do with the first one only: the array has one */
	first = *tunnel(0);
	memset(&options, 0, sizeof(options));
	config.tunnels = &first;
	snprintf(tunnel(MANY)->interface, sizeof(options.interface), "br0");
	expect(&beside, &config, "interface br0 is taken by tunnel \"branch0\"");
	snprintf(tunnel(MANY)->ike.name, sizeof(options.ike.name), "branch0");
	expect(&beside, &config, "it is defined twice");
	snprintf(tunnel(MANY)->ike.name, sizeof(options.ike.name), "branch0/branch0");
	expect(&beside, &config, "make it one with tunnel \"branch0\"");
	tunnel(MANY)->ike.remote = first.ike.remote;
	expect(&beside, &config, "no peer could tell it from tunnel \"branch0\"");
	tunnel(MANY)->ike.more_count = 1;
	options.ike.more[0].addr = first.ike.remote;
	expect(&beside, &config, "no peer could tell it from tunnel \"branch0\"");
	ts_list_put(tunnel(MANY)->ike.child[0].remote_ts);
	options.ike.child[0].remote_ts = list("9.255.255.255-10.0.0.255");
	expect(&beside, &config, "the route to 10.0.0.0/24 in remote-ts is tunnel \"branch0\"'s");
	options.metric = 7;
	expect(&beside, &config, NULL);
	beside_clear(&beside);
	tunnel_options_clear(&first);
	tunnel_options_clear(&options);
}

/* What is equal although its octets differ. */
static void test_equal(void **state)
{
	struct tunnel_options first;
	struct config config = { .tunnels = &first };
	struct beside beside = { 0 };

	tunnel(1)->ike.remote = (struct addr){ 0 };
	snprintf(options.ike.remote_name, sizeof(options.ike.remote_name), "gw.Example.org");
	assert_true(ike_id_parse(&options.ike.remote_id, "GW.example.org"));
	first = options;
	memset(&options, 0, sizeof(options));
	assert_true(beside_add(&beside, &first, 0));
	tunnel(2)->ike.remote = (struct addr){ 0 };
	snprintf(options.ike.remote_name, sizeof(options.ike.remote_name), "GW.example.org");
	assert_true(ike_id_parse(&options.ike.remote_id, "gw.example.org"));
	expect(&beside, &config, "no peer could tell it from tunnel \"branch1\"");
	assert_true(ike_id_parse(&options.ike.remote_id, "gw2.example.org"));
	expect(&beside, &config, NULL);
	beside_clear(&beside);
	tunnel_options_clear(&first);
	tunnel_options_clear(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
