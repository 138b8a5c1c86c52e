// SPDX-License-Identifier: GPL-2.0
/* The addresses that a host is reached at. */
#include "unit/esplaned/fake_host.h"

#include "esplaned/host/outer.h"

/* All of them, a blank between. */
static const char *outer(void)
{
	static char text[512];
	struct addr addrs[16];
	char one[ADDR_STRLEN];
	unsigned int count = outer_addresses(all, addrs, 16);
	size_t at = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? " " : "",
				       addr_str(&addrs[i], one));
	return text;
}

/* The kernel says a moment later that a link runs. */
static void runs(const char *device)
{
	assert_int_equal(run("for i in $(seq 100); do ip link show %s | grep -q 'state UP' && "
			     "exit 0; sleep 0.1; done; exit 1", device), 0);
}

static void what_counts(void **state)
{
	struct tunnel t;

	runs("eth9");
	assert_string_equal(outer(), "192.0.2.1 fd99::1");
	/* loopback and link-local ones do not */
	run("ip addr add 192.0.2.77/32 dev lo && ip addr add 169.254.1.1/16 dev eth9");
	assert_string_equal(outer(), "192.0.2.1 fd99::1");
	/* nor those of our own interfaces */
	tunnel_fill(&t, "office", "10.2.0.0/16", NULL);
	tunnel_open(&t);
	assert_int_equal(up(&t, PEER), 0);
	run("ip addr add 10.1.0.1/24 dev office");
	assert_string_equal(outer(), "192.0.2.1 fd99::1");
	tunnel_close(&t);
	/* nor those of an interface that is down */
	run("ip addr add 198.51.100.7/24 dev eth7");
	runs("eth7");
	assert_string_equal(outer(), "192.0.2.1 198.51.100.7 fd99::1");
	run("ip link set eth7 down");
	assert_null(strstr(outer(), "198.51.100.7"));
}

static void as_many_as_fit(void **state)
{
	struct addr addrs[1];

	runs("eth9");
	assert_int_equal(outer_addresses(all, addrs, 1), 1);
	assert_int_equal(outer_addresses(all, addrs, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_counts),
		TEST(as_many_as_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
