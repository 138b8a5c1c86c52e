// SPDX-License-Identifier: GPL-2.0
/* Which of a name's addresses is gone to next. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "esplaned/host/resolve.h"

/* @names: "123" are 192.0.2.1, .2 and .3. */
static const char *pick(const char *names, const char *after)
{
	struct evutil_addrinfo list[4] = { 0 };
	struct sockaddr_in sin[4] = { 0 };
	static char text[ADDR_STRLEN];
	struct addr last = { 0 }, picked;
	unsigned int n = 0;

	for (; *names; names++, n++) {
		sin[n].sin_family = AF_INET;
		sin[n].sin_addr.s_addr = htonl(0xc0000200 + (uint32_t)(*names - '0'));
		list[n].ai_addr = (struct sockaddr *)&sin[n];
		if (n)
			list[n - 1].ai_next = &list[n];
	}
	if (after)
		addr_parse(&last, after);
	return resolve_pick(n ? list : NULL, &last, &picked) ? addr_str(&picked, text) : "none";
}

static void test_first(void **state)
{
	assert_string_equal(pick("", NULL), "none");
	assert_string_equal(pick("12", NULL), "192.0.2.1");
	assert_string_equal(pick("21", NULL), "192.0.2.2");
	assert_string_equal(pick("12", "198.51.100.1"), "192.0.2.1");
}

static void test_next(void **state)
{
	assert_string_equal(pick("1", "192.0.2.1"), "192.0.2.1");
	assert_string_equal(pick("123", "192.0.2.1"), "192.0.2.2");
	assert_string_equal(pick("123", "192.0.2.2"), "192.0.2.3");
	assert_string_equal(pick("123", "192.0.2.3"), "192.0.2.1");
	/* /etc/hosts may say one twice */
	assert_string_equal(pick("112", "192.0.2.1"), "192.0.2.2");
	assert_string_equal(pick("112", "192.0.2.2"), "192.0.2.1");
	assert_string_equal(pick("11", "192.0.2.1"), "192.0.2.1");
	/* the server has turned its list round */
	assert_string_equal(pick("12", "192.0.2.1"), "192.0.2.2");
	assert_string_equal(pick("21", "192.0.2.1"), "192.0.2.2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
