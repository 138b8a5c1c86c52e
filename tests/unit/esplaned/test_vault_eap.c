// SPDX-License-Identifier: GPL-2.0
/* Passwords themselves, as PAP has them, in the process that has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "esplaned/conf/pack.h"
#include "esplaned/conf/user.h"
#include "esplaned/keys/vault_eap.h"
#include "ike/core/env.h"

static struct user alice = { .name = "alice", .password = "wonder land" };
static struct tunnel_options t = { .password = "looking glass", .users = &alice,
				   .user_count = 1 };
static uint8_t said[1024];
static struct writer w;

static void ask(enum ike_eap what, const char *user, const void *in, size_t len)
{
	uint8_t octets[1024];
	struct writer q = writer_of(octets, sizeof(octets));
	struct cursor c;

	writer_u8(&q, (uint8_t)what);
	writer_u16(&q, (uint16_t)strlen(user));
	writer_bytes(&q, user, strlen(user));
	if (len)
		writer_bytes(&q, in, len);
	c = cursor_of(octets, q.len);
	w = writer_of(said, sizeof(said));
	assert_true(vault_eap_answer(&t, &c, &w));
}

static void refused(const char *why)
{
	struct cursor c = cursor_of(said + 1, w.len - 1);
	char text[256];

	assert_int_equal(said[0], 0);
	assert_true(unpack_text(&c, text, sizeof(text)));
	assert_string_equal(text, why);
	assert_null(memmem(said, w.len, t.password, strlen(t.password)));
}

/* Only a tunnel that says so gives its password away. */
static void who_gets_one(void **state)
{
	for (int way = TTLS_EAP; way <= TTLS_PAP; way++) {
		t.ike.ttls = (enum tunnel_ttls)way;
		ask(IKE_EAP_PAP_ANSWER, "alice", NULL, 0);
		if (way != TTLS_PAP) {
			refused("the password is for no server to know: ttls-inner is not pap");
			continue;
		}
		assert_int_equal(said[0], 1);
		assert_int_equal(w.len, 1 + strlen(t.password));
		assert_memory_equal(said + 1, t.password, strlen(t.password));
	}
}

static void who_is_right(void **state)
{
	static const struct {
		const char *user, *password, *why;
	} rows[] = {
		{ "alice", "wonder land", NULL },
		{ "alice", "wonder lane", "a wrong password" },
		{ "alice", "wonder lan", "a wrong password" },
		{ "alice", "wonder land!", "a wrong password" },
		{ "alice", "", "a wrong password" },
		{ "alice", "looking glass", "a wrong password" },
		{ "mallory", "wonder land", "no such user" },
		{ "mallory", "", "no such user" },
	};
	uint8_t long_one[300] = "wonder land";

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ask(IKE_EAP_PAP_CHECK, rows[i].user, rows[i].password, strlen(rows[i].password));
		if (rows[i].why) {
			refused(rows[i].why);
			continue;
		}
		assert_int_equal(said[0], 1);
		assert_int_equal(w.len, 1);
	}
	ask(IKE_EAP_PAP_CHECK, "alice", long_one, sizeof(long_one));
	refused("a wrong password");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_gets_one),
		cmocka_unit_test(who_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
