// SPDX-License-Identifier: GPL-2.0
/* Who guesses passwords is slowed down, by name and by address. */
#include <stdlib.h>

#include "ike/auth/eap.h"
#include "ike/object/guess.h"
#include "unit/ike/ike_ends.h"

static struct chunk name(const char *text)
{
	return (struct chunk){ (const uint8_t *)text, strlen(text) };
}

static struct addr addr(const char *text)
{
	struct addr a;

	assert_true(addr_parse(&a, text));
	return a;
}

/* 0: it is judged. */
static uint64_t guess(struct ends *p, const char *user, const char *from)
{
	struct addr a = addr(from);
	bool of_name;
	uint64_t wait = guess_begin(p->s[1].ike, name(user), &a, &of_name);

	return wait ? wait + of_name * 1000000 : 0;
}

/* Ten, then one each half a minute; another name has its own. */
static void test_name(void **state)
{
	struct ends *p = ends_new();

	ends_start(p);
	for (int i = 0; i < GUESSES_OF_NAME; i++)
		assert_int_equal(guess(p, "alice", i & 1 ? "192.0.2.1" : "198.51.100.1"), 0);
	assert_int_equal(guess(p, "alice", "203.0.113.9"), 1000000 + GUESS_FORGOTTEN_MS);
	assert_int_equal(guess(p, "bob", "203.0.113.9"), 0);
	pass(p, GUESS_FORGOTTEN_MS - 1);
	assert_int_equal(guess(p, "alice", "203.0.113.9"), 1000000 + 1);
	pass(p, 1);
	assert_int_equal(guess(p, "alice", "203.0.113.9"), 0);
	assert_int_equal(guess(p, "alice", "203.0.113.9"), 1000000 + GUESS_FORGOTTEN_MS);
	/* all is forgotten in the end */
	pass(p, GUESSES_OF_NAME * GUESS_FORGOTTEN_MS);
	for (int i = 0; i < GUESSES_OF_NAME; i++)
		assert_int_equal(guess(p, "alice", "192.0.2.1"), 0);
	assert_int_not_equal(guess(p, "alice", "192.0.2.1"), 0);
	ends_free(p);
}

/* Whatever the names; of IPv6 a whole /64. */
static void test_address(void **state)
{
	struct ends *p = ends_new();
	char user[32], from[64];

	ends_start(p);
	for (int i = 0; i < GUESSES_OF_ADDR; i++) {
		snprintf(user, sizeof(user), "user %d", i);
		snprintf(from, sizeof(from), "2001:db8::%x", i + 1);
		assert_int_equal(guess(p, user, from), 0);
	}
	assert_int_equal(guess(p, "alice", "2001:db8::ffff"), GUESS_FORGOTTEN_MS);
	assert_int_equal(guess(p, "alice", "2001:db8:0:1::1"), 0);
	ends_free(p);
}

/* Who is right is not kept from coming back, and frees nobody else of his address. */
static void test_right(void **state)
{
	struct addr from = addr("192.0.2.1");
	struct ends *p = ends_new();
	char user[32];

	ends_start(p);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(guess(p, "alice", "192.0.2.1"), 0);
		guess_right(p->s[1].ike, name("alice"), &from);
	}
	for (int i = 0; i < GUESSES_OF_ADDR; i++) {
		snprintf(user, sizeof(user), "user %d", i);
		assert_int_equal(guess(p, user, "192.0.2.1"), 0);
	}
	assert_int_equal(guess(p, "alice", "192.0.2.1"), GUESS_FORGOTTEN_MS);
	ends_free(p);
}

/* The table is bounded: who was tried longest ago is forgotten. */
static void test_many_names(void **state)
{
	struct ends *p = ends_new();
	char user[32], from[32];

	ends_start(p);
	for (int i = 0; i < GUESSES_OF_NAME; i++)
		assert_int_equal(guess(p, "alice", "192.0.2.1"), 0);
	for (int i = 0; i < GUESSED_MAX / 2 - 1; i++) {
		pass(p, 1);
		snprintf(user, sizeof(user), "user %d", i);
		snprintf(from, sizeof(from), "10.1.%d.%d", i / 256, i % 256);
		assert_int_not_equal(guess(p, "alice", "203.0.113.9"), 0);
		assert_int_equal(guess(p, user, from), 0);
	}
	pass(p, 1);
	assert_int_equal(guess(p, "one more", "10.2.0.1"), 0);
	assert_int_equal(guess(p, "alice", "203.0.113.9"), 0);
	ends_free(p);
}

/* Through EAP: after too many even the right password is not listened to, for a while. */
static void test_through_eap(void **state)
{
	static const char *const types[] = { "\4", "\32" };

	for (int i = 0; i < 2; i++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0], *b = &p->s[1];

		a->conf.local_auth = b->conf.remote_auth = &auth_eap_ops;
		memcpy(a->conf.eap, types[i], 1);
		memcpy(b->conf.eap, types[i], 1);
		assert_true(ike_id_parse(&a->conf.eap_id, "alice"));
		fake_password(&a->fake, "", "looking-glass");
		fake_password(&b->fake, "alice", "wonderland");
		ends_start(p);
		for (int j = 0; j < GUESSES_OF_NAME; j++) {
			attempt(p, 0);
			said(b, IKE_EV_REFUSED, "user alice: a wrong password");
			pass(p, 1500);
		}
		fake_password(&a->fake, "", "wonderland");
		attempt(p, 0);
		said(b, IKE_EV_REFUSED, "user alice: too many wrong passwords for this name: the next is listened to in ");
		pass(p, 1500);
		assert_int_equal(b->ev[IKE_EV_UP].count, 0);
		pass(p, GUESS_FORGOTTEN_MS);
		bring_up(p, 0);
		ends_free(p);
	}
}

/* Who pretends to be at another's address once he has begun uses up the tries of his own. */
static void test_pretended_address(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.local_auth = b->conf.remote_auth = &auth_eap_ops;
	memcpy(a->conf.eap, "\4", 1);
	memcpy(b->conf.eap, "\4", 1);
	assert_true(ike_id_parse(&a->conf.eap_id, "alice"));
	fake_password(&a->fake, "", "looking-glass");
	fake_password(&b->fake, "alice", "wonderland");
	set_remote(b, "any");
	ends_start(p);
	for (int i = 0; i < GUESSES_OF_ADDR - 1; i++)
		assert_int_equal(guess(p, "", "203.0.113.9"), 0);
	for (int i = 0; i < 2; i++) {
		p->nat.family = AF_UNSPEC;
		start(p, 0);
		carry(a);
		carry(b);
		p->nat = addr("203.0.113.9");
		p->nat_port = 4500;
		carry_all(p);
		said(b, IKE_EV_REFUSED, "user alice: a wrong password");
		pass(p, 1500);
	}
	assert_int_equal(guess(p, "", "203.0.113.9"), 0);
	assert_int_not_equal(guess(p, "", "203.0.113.9"), 0);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),	   cmocka_unit_test(test_address),
		cmocka_unit_test(test_right),	   cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_through_eap),  cmocka_unit_test(test_pretended_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
