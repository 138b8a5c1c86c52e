// SPDX-License-Identifier: GPL-2.0
/* A peer with several names and addresses: who is asked when, and who wins. */
#include <string.h>

#include "unit/ike/ike_ends.h"

#define DEAD	"198.51.100.7"

static void add_more(struct side *s, const char *addr, const char *name)
{
	struct remote_conf *more = &s->conf.more[s->conf.more_count++];

	assert_true(s->conf.more_count <= TUNNEL_MORE_MAX);
	if (addr)
		assert_true(addr_parse(&more->addr, addr));
	snprintf(more->name, sizeof(more->name), "%s", name);
}

/* Where the oldest message goes; "": there is none. */
static const char *towards(struct side *s)
{
	static char text[ADDR_STRLEN];

	return oldest(s) ? addr_str(&oldest(s)->remote.addr, text) : "";
}

static unsigned int sas_of(struct side *s)
{
	struct ike_sa *sa;
	unsigned int count = 0;

	TAILQ_FOREACH(sa, &s->ike->sas, link)
		count++;
	return count;
}

/* The first is silent: a quarter of a second later the second is asked, and answers. */
static void test_the_first_that_answers(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];
	char addr[ADDR_STRLEN];

	set_remote(a, DEAD);
	add_more(a, "192.0.2.2", "");
	ends_start(p);
	start(p, 0);
	assert_string_equal(a->ev[IKE_EV_STEP].detail, DEAD ", and 1 more");
	assert_string_equal(towards(a), DEAD);
	assert_true(drop(a));
	pass(p, PEER_RACE_MS - 1);
	assert_int_equal(a->count, 0);
	pass(p, 1);
	assert_int_equal(a->count, 1);
	assert_string_equal(towards(a), "192.0.2.2");
	assert_int_equal(sas_of(a), 2);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->ev[IKE_EV_UP].count, 1);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	assert_int_equal(sas_of(a), 1);
	assert_string_equal(addr_str(&only_sa(a)->remote.addr, addr), "192.0.2.2");
	/* the other one is given up without a word */
	pass(p, 120000);
	while (oldest(a)) {
		assert_string_not_equal(towards(a), DEAD);
		assert_true(carry(a));
		carry_all(p);
	}
	/* and the next time this one is asked first */
	assert_int_equal(side_down(a), 0);
	carry_all(p);
	start(p, 0);
	assert_string_equal(towards(a), "192.0.2.2");
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/* A host without IPv6, or without IPv4: addresses without a route are passed over at once. */
static void test_no_route_to_the_first(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	set_remote(a, DEAD);
	add_more(a, "192.0.2.2", "");
	assert_true(addr_parse(&a->fake.no_route_to, DEAD));
	ends_start(p);
	start(p, 0);
	assert_string_equal(towards(a), "192.0.2.2");
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	ends_free(p);
}

/* Of all there is none: one failure says so, of the first. */
static void test_no_route_to_any(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	set_remote(a, DEAD);
	add_more(a, "192.0.2.2", "");
	a->fake.no_route = true;
	ends_start(p);
	start(p, 0);
	assert_int_equal(a->count, 0);
	assert_string_equal(a->ev[IKE_EV_FAILED].detail, "there is no route to " DEAD);
	ends_free(p);
}

/* Of a name's addresses only those that local can reach. */
static void test_of_the_family_of_local(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	assert_true(addr_parse(&a->conf.local, "192.0.2.1"));
	set_remote(a, "2001:db8::7");
	add_more(a, "192.0.2.2", "");
	ends_start(p);
	start(p, 0);
	assert_string_equal(towards(a), "192.0.2.2");
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/* Who answers in time has no rival. */
static void test_one_that_answers_at_once(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	add_more(a, DEAD, "");
	ends_start(p);
	bring_up(p, 0);
	pass(p, 10000);
	assert_int_equal(a->count, 0);
	assert_int_equal(sas_of(a), 1);
	ends_free(p);
}

/* Both answer: the later one's answer changes nothing, and the peer keeps one IKE SA. */
static void test_both_answer(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter late;

	add_more(a, "192.0.2.3", "");
	ends_start(p);
	start(p, 0);
	pass(p, PEER_RACE_MS);
	assert_int_equal(a->count, 2);
	assert_true(carry(a));
	assert_true(carry(a));		/* the peer has this address, too */
	assert_int_equal(b->count, 2);
	assert_int_equal(b->ike->counters.half_open, 2);
	late = *oldest(b);
	assert_true(drop(b));
	assert_true(carry(b));		/* the second has won */
	give(a, &late);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_int_equal(sas_of(a), 1);
	/* what is half open there ends by itself */
	pass(p, 60000);
	carry_all(p);
	assert_int_equal(b->ike->counters.half_open, 0);
	assert_int_equal(sas_of(b), 1);
	ends_free(p);
}

/* Nobody answers: one failure, said once, and no more attempts at once than there may be. */
static void test_nobody_answers(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];
	unsigned int most = 0;

	for (unsigned int i = 3; i < 9; i++) {
		char text[ADDR_STRLEN];

		snprintf(text, sizeof(text), "198.51.100.%u", i);
		add_more(a, text, "");
	}
	ends_start(p);
	start(p, 0);
	for (unsigned int i = 0; i < 120; i++) {
		pass(p, 500);
		if (sas_of(a) > most)
			most = sas_of(a);
		while (drop(a))
			;
	}
	assert_int_equal(most, PEER_RACE_MAX);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 1);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_TIMEOUT);
	assert_int_equal(sas_of(a), 0);
	/* the next attempt asks the others first */
	start(p, 0);
	assert_string_equal(towards(a), "198.51.100.6");
	assert_int_equal(side_down(a), 0);
	pass(p, 1000);
	assert_int_equal(sas_of(a), 0);
	ends_free(p);
}

/* The one that refuses a ticket answers: the others are not waited for, which may be dead. */
static void test_a_ticket_is_refused(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.resume = b->conf.resume = true;
	a->conf.dpd_action = DPD_RESTART;
	add_more(a, DEAD, "");
	ends_start(p);
	bring_up(p, 0);
	side_restart(b);
	ike_probe(a->ike);
	while (peer_of(a)->sa) {
		drop(a);
		pass(p, 1000);
	}
	while (!a->count)
		pass(p, 100);
	pass(p, PEER_RACE_MS);
	assert_int_equal(peer_of(a)->rival_count, 1);
	assert_int_equal(oldest(a)->msg[18], EXCHANGE_IKE_SESSION_RESUME);
	carry(a);
	drop(a);			/* to the other one */
	assert_int_equal(b->count, 1);
	carry(b);
	assert_int_equal(a->count, 1);
	assert_int_equal(oldest(a)->msg[18], EXCHANGE_IKE_SA_INIT);
	assert_string_equal(towards(a), "192.0.2.2");
	assert_int_equal(sas_of(a), 2);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(sas_of(a), 1);
	ends_free(p);
}

/* Names and addresses are one list, each address once; a name that is not known is no reason. */
static void test_names_among_them(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	set_remote(a, "any");
	a->conf.any = false;
	snprintf(a->conf.remote_name, sizeof(a->conf.remote_name), "gone.example.org");
	add_more(a, "192.0.2.2", "");
	add_more(a, NULL, "gw.example.org");
	fake_resolves(&a->fake, "gw.example.org", "192.0.2.2 " DEAD);
	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(peer_of(a)->addr_count, 2);
	assert_int_equal(side_down(a), 0);
	carry_all(p);
	/* the addresses stay when none of the names is known any more */
	fake_resolves(&a->fake, "gw.example.org", "");
	attempt(p, 0);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/* The peer begins while two of ours are under way. */
static void test_the_peer_begins(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	add_more(a, DEAD, "");
	ends_start(p);
	start(p, 0);
	pass(p, PEER_RACE_MS);
	assert_int_equal(sas_of(a), 2);
	while (drop(a))
		;
	attempt(p, 1);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	pass(p, 60000);
	carry_all(p);
	assert_int_equal(sas_of(a), 1);
	assert_int_equal(sas_of(b), 1);
	assert_null(peer_of(a)->attempt);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_that_answers),
		cmocka_unit_test(test_no_route_to_the_first),
		cmocka_unit_test(test_no_route_to_any),
		cmocka_unit_test(test_of_the_family_of_local),
		cmocka_unit_test(test_one_that_answers_at_once),
		cmocka_unit_test(test_both_answer),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_a_ticket_is_refused),
		cmocka_unit_test(test_names_among_them),
		cmocka_unit_test(test_the_peer_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
