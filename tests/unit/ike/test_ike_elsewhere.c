// SPDX-License-Identifier: GPL-2.0
/* RFC 4555: a responder that is elsewhere than it was asked, or than it has said. */
#include "unit/ike/ike_moves.h"

#define HOME	"192.0.2.1"
#define ELSEWHERE	"192.0.2.9"	/* of side 0, later */
#define THIEF	"203.0.113.9"
#define SECOND	"198.51.100.2"	/* of side 1 */

static struct ends *two(bool second)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		p->s[i].conf.mobike = true;
		add_child(&p->s[i], "voice", i ? "10.2.1.0/24" : "10.1.1.0/24",
			  i ? "10.1.1.0/24" : "10.2.1.0/24");
	}
	set_remote(&p->s[1], "any");
	if (second)
		assert_true(addr_parse(&p->s[1].fake.others[p->s[1].fake.other_count++], SECOND));
	ends_start(p);
	return p;
}

/* What goes to the thief does not arrive, of the initiator's too. Until neither has any. */
static void carry_but_to_thief(struct ends *p)
{
	struct side *a = &p->s[0], *b = &p->s[1];

	while (a->count || b->count) {
		if (a->count && is(&oldest(a)->remote.addr, THIEF))
			drop(a);
		else if (!carry(a))
			carry(b);
	}
}

/* It moves before it answers IKE_AUTH: it is asked there, and nobody else is believed. */
static void test_answered_from_elsewhere(void **state)
{
	for (int thief = 0; thief < 2; thief++) {
		const char *from = thief ? THIEF : SECOND;
		struct ends *p = two(true);
		struct side *a = &p->s[0], *b = &p->s[1];
		struct letter answer;

		start(p, 0);
		carry(a);
		carry(b);
		carry(a);
		answer = stolen(b, from);
		drop(b);
		give(a, &answer);
		assert_true(is(&oldest(a)->remote.addr, from));
		assert_true(says(b, a, NOTIFY_UPDATE_SA_ADDRESSES));
		goes(a, HOME, "192.0.2.2");
		for (int i = 0; i < 60; i++) {
			carry_but_to_thief(p);
			pass(p, 1000);
		}
		goes(a, HOME, thief ? "192.0.2.2" : SECOND);
		assert_int_equal(peer_of(a)->state, PEER_UP);
		ends_free(p);
	}
}

/* It goes away and comes back: what it has said meanwhile, from there, arrives last. */
static void test_back_again(void **state)
{
	struct ends *p = two(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter late;

	attempt(p, 0);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	move(b, SECOND);
	carry(b);			/* where it is now */
	carry(a);
	assert_true(is(&oldest(a)->remote.addr, SECOND));
	carry(a);			/* is it there? */
	late = *oldest(b);
	drop(b);
	move(b, "192.0.2.2");
	carry(b);
	give(a, &late);
	goes(a, HOME, "192.0.2.2");
	let_time_pass(p, 60);
	goes(a, HOME, "192.0.2.2");
	assert_false(peer_of(a)->sa->mobike.claimed);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 0);
	ends_free(p);
}

static void no_payloads(struct builder *b)
{
}

/* What an end says of its other addresses takes no path: Libreswan 4.10 answers it with nothing. */
static void test_list_asks_nothing_back(void **state)
{
	struct ends *p = two(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l = {0};

	attempt(p, 0);
	assert_true(addr_parse(&a->fake.others[0], THIEF));
	a->fake.other_count = 1;
	ike_host_changed(a->ike);
	assert_true(says(b, a, NOTIFY_ADDITIONAL_IP4_ADDRESS));
	assert_false(says(b, a, NOTIFY_UPDATE_SA_ADDRESSES) || says(b, a, NOTIFY_COOKIE2));
	drop(a);
	forge(peer_of(b)->sa, EXCHANGE_INFORMATIONAL, MSG_RESPONSE, peer_of(b)->sa->next_in,
	      no_payloads, &l);
	give(a, &l);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 0);
	ends_free(p);
}

/*
 * It has moved and has its old address still: asked at both, it answers from that. It is where it
 * has said all the same, and is asked again with its next request from there.
 */
static void test_answered_from_before(void **state)
{
	struct ends *p = two(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	attempt(p, 0);
	move(a, ELSEWHERE);
	carry(a);
	carry(b);			/* it follows */
	while (b->count < 2) {		/* is it there? */
		drop(b);
		pass(p, 1000);
	}
	assert_true(is(&oldest(b)->remote.addr, ELSEWHERE));
	drop(b);
	assert_true(is(&oldest(b)->remote.addr, HOME));
	carry(b);
	carry(a);
	assert_int_equal(b->count, 0);
	assert_false(peer_of(b)->sa->mobike.claimed);
	goes(b, "192.0.2.2", HOME);
	forge_request(a, EXCHANGE_INFORMATIONAL, no_payloads, &l);
	give(b, &l);
	carry(b);			/* the answer */
	assert_true(is(&oldest(b)->remote.addr, ELSEWHERE));
	carry(b);
	carry(a);
	goes(b, "192.0.2.2", ELSEWHERE);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered_from_elsewhere),
		cmocka_unit_test(test_back_again),
		cmocka_unit_test(test_answered_from_before),
		cmocka_unit_test(test_list_asks_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
