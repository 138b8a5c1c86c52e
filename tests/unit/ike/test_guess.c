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

static void right(struct ends *p, const char *user, const char *from)
{
	struct addr a = addr(from);

	assert_int_equal(guess(p, user, from), 0);
	guess_right(p->s[1].ike, name(user), &a);
}

/* Strangers use up what a name has, at an address each. */
static void use_up(struct ends *p, const char *user)
{
	char from[32];

	for (int i = 0; i < GUESSES_OF_NAME; i++) {
		snprintf(from, sizeof(from), "198.51.%d.1", i);
		assert_int_equal(guess(p, user, from), 0);
	}
	assert_int_equal(guess(p, user, "203.0.113.9"), 1000000 + GUESS_FORGOTTEN_MS);
}

/* Where a name has proved right it has tries that strangers do not use up. */
static void test_home(void **state)
{
	struct ends *p = ends_new();

	ends_start(p);
	right(p, "alice", "2001:db8::1");
	use_up(p, "alice");
	use_up(p, "bob");
	for (int i = 0; i < GUESSES_OF_NAME - 1; i++)
		assert_int_equal(guess(p, "alice", "2001:db8::2"), 0);
	right(p, "alice", "2001:db8::1");
	for (int i = 0; i < GUESSES_OF_NAME; i++)
		assert_int_equal(guess(p, "alice", "2001:db8::1"), 0);
	assert_int_equal(guess(p, "alice", "2001:db8::1"), 1000000 + GUESS_FORGOTTEN_MS);
	/* it helps no stranger, nobody elsewhere, and no other name there */
	assert_int_equal(guess(p, "alice", "203.0.113.9"), 1000000 + GUESS_FORGOTTEN_MS);
	assert_int_equal(guess(p, "alice", "2001:db8:0:1::1"), 1000000 + GUESS_FORGOTTEN_MS);
	assert_int_equal(guess(p, "bob", "2001:db8::1"), 1000000 + GUESS_FORGOTTEN_MS);
	/* it counts against the address too */
	for (int i = 0; i < GUESSES_OF_ADDR - 2 * GUESSES_OF_NAME + 1; i++)
		assert_int_equal(guess(p, "", "2001:db8::1"), 0);
	assert_int_equal(guess(p, "carol", "2001:db8::1"), GUESS_FORGOTTEN_MS);
	ends_free(p);
}

/* What is wrong there does not count against the name elsewhere. */
static void test_wrong_at_home(void **state)
{
	struct ends *p = ends_new();

	ends_start(p);
	right(p, "alice", "192.0.2.1");
	for (int i = 0; i < GUESSES_OF_NAME; i++)
		assert_int_equal(guess(p, "alice", "192.0.2.1"), 0);
	assert_int_equal(guess(p, "alice", "192.0.2.1"), 1000000 + GUESS_FORGOTTEN_MS);
	pass(p, GUESS_FORGOTTEN_MS);
	assert_int_equal(guess(p, "alice", "192.0.2.1"), 0);
	assert_int_equal(guess(p, "alice", "192.0.2.1"), 1000000 + GUESS_FORGOTTEN_MS);
	use_up(p, "alice");
	ends_free(p);
}

/* A name has a few of them: the one where it has not been for longest is forgotten. */
static void test_homes_of_a_name(void **state)
{
	struct ends *p = ends_new();
	char from[32];

	ends_start(p);
	right(p, "bob", "192.0.2.9");
	for (int i = 0; i < GUESS_HOMES_OF_NAME; i++) {
		pass(p, 1);
		snprintf(from, sizeof(from), "192.0.2.%d", i);
		right(p, "alice", from);
	}
	pass(p, 1);
	right(p, "alice", "192.0.2.0");
	pass(p, 1);
	right(p, "alice", "192.0.2.200");
	use_up(p, "alice");
	use_up(p, "bob");
	assert_int_equal(guess(p, "alice", "192.0.2.0"), 0);
	assert_int_not_equal(guess(p, "alice", "192.0.2.1"), 0);
	for (int i = 2; i < GUESS_HOMES_OF_NAME; i++) {
		snprintf(from, sizeof(from), "192.0.2.%d", i);
		assert_int_equal(guess(p, "alice", from), 0);
	}
	assert_int_equal(guess(p, "alice", "192.0.2.200"), 0);
	assert_int_equal(guess(p, "bob", "192.0.2.9"), 0);
	ends_free(p);
}

/* There is room for so many. */
static void test_many_homes(void **state)
{
	struct ends *p = ends_new();
	char user[32];

	ends_start(p);
	right(p, "alice", "192.0.2.1");
	for (int i = 1; i < GUESS_HOMES_MAX; i++) {
		pass(p, 1);
		snprintf(user, sizeof(user), "user %d", i);
		right(p, user, "192.0.2.2");
	}
	use_up(p, "alice");
	assert_int_equal(guess(p, "alice", "192.0.2.1"), 0);
	right(p, "bob", "192.0.2.2");
	assert_int_not_equal(guess(p, "alice", "192.0.2.1"), 0);
	ends_free(p);
}

/* Side 0 is to prove by @type that it is alice. */
static struct ends *eap_ends(const char *type, const char *password)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.local_auth = b->conf.remote_auth = &auth_eap_ops;
	memcpy(a->conf.eap, type, 1);
	memcpy(b->conf.eap, type, 1);
	assert_true(ike_id_parse(&a->conf.eap_id, "alice"));
	fake_password(&a->fake, "", password);
	fake_password(&b->fake, "alice", "wonderland");
	return p;
}

/* Through EAP: after too many even the right password is not listened to, for a while. */
static void test_through_eap(void **state)
{
	static const char *const types[] = { "\4", "\32" };

	for (int i = 0; i < 2; i++) {
		struct ends *p = eap_ends(types[i], "looking-glass");
		struct side *a = &p->s[0], *b = &p->s[1];

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
	struct ends *p = eap_ends("\4", "looking-glass");
	struct side *a = &p->s[0], *b = &p->s[1];

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

/* Who has been in gets in again from there, whatever strangers do. */
static void test_home_through_eap(void **state)
{
	struct ends *p = eap_ends("\32", "wonderland");
	struct side *a = &p->s[0], *b = &p->s[1];

	ends_start(p);
	bring_up(p, 0);
	side_down(a);
	carry_all(p);
	use_up(p, "alice");
	attempt(p, 0);
	assert_int_equal(b->ev[IKE_EV_UP].count, 2);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),	   cmocka_unit_test(test_address),
		cmocka_unit_test(test_right),	   cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_home),	   cmocka_unit_test(test_wrong_at_home),
		cmocka_unit_test(test_homes_of_a_name), cmocka_unit_test(test_many_homes),
		cmocka_unit_test(test_through_eap), cmocka_unit_test(test_home_through_eap),
		cmocka_unit_test(test_pretended_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
