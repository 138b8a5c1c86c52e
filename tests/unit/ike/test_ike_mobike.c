// SPDX-License-Identifier: GPL-2.0
/* Ends that move: RFC 4555. Side 0 begins, and moves where nothing else is said. */
#include "unit/ike/ike_moves.h"

#define HOME	"192.0.2.1"
#define AWAY	"198.51.100.1"
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

static struct ends *up(bool second)
{
	struct ends *p = two(second);

	attempt(p, 0);
	assert_int_equal(peer_of(&p->s[0])->state, PEER_UP);
	assert_int_equal(p->s[0].fake.policy_count, 2);
	assert_int_equal(p->s[1].fake.policy_count, 2);
	return p;
}

/* What goes to the thief does not arrive. Until neither has any. */
static void carry_true(struct ends *p)
{
	struct side *a = &p->s[0], *b = &p->s[1];

	while (a->count || b->count) {
		if (b->count && is(&oldest(b)->remote.addr, THIEF))
			drop(b);
		else if (!carry(b))
			carry(a);
	}
}

/* ---- agreement */

static void test_agreed(void **state)
{
	struct ends *p = up(true);

	for (int i = 0; i < 2; i++) {
		const struct ike_sa *sa = peer_of(&p->s[i])->sa;

		assert_true(sa->mobike.on && !sa->udp);
		assert_true(peer_status(&p->s[i]).mobike);
		/* another path may have a NAT */
		assert_int_equal(sa->local.port, 4500);
		assert_int_equal(sa->remote.port, 4500);
	}
	assert_int_equal(peer_of(&p->s[0])->sa->mobike.more_count, 1);
	assert_true(is(&peer_of(&p->s[0])->sa->mobike.more[0], SECOND));
	ends_free(p);
}

/* Then an address that goes takes the IKE SA with it; the next one has the new one. */
static void test_one_alone_does_not(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0], *b = &p->s[1];

		p->s[i].conf.mobike = true;
		set_remote(b, "any");
		ends_start(p);
		bring_up(p, 0);
		assert_false(only_sa(a)->mobike.on);
		assert_false(only_sa(b)->mobike.on);
		a->fake.others[a->fake.other_count++] = a->fake.addr;
		move(a, AWAY);
		assert_int_equal(a->count, 0);
		goes(a, HOME, "192.0.2.2");
		a->fake.other_count = 0;
		ike_host_changed(a->ike);
		assert_true(is(&oldest(a)->local.addr, AWAY));
		carry_all(p);
		ended_in(a, IKE_EV_DOWN, IKE_FAIL_PEER, "does not do MOBIKE");
		pass(p, 2000);
		carry_all(p);
		goes(a, AWAY, "192.0.2.2");
		goes(b, "192.0.2.2", AWAY);
		ends_free(p);
	}
}

/* The peer follows one that is behind NAT. */
static void test_untold_behind_nat(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	addr_parse(&p->nat, THIEF);
	p->nat_port = 4501;
	set_remote(b, "any");
	ends_start(p);
	bring_up(p, 0);
	p->nat_port = 7777;
	move(a, AWAY);
	carry_all(p);
	goes(a, AWAY, "192.0.2.2");
	assert_int_equal(b->fake.policy[0].remote.port, 7777);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 0);
	ends_free(p);
}

/* Inside a tunnel's own networks nobody is to be looked for. */
static void test_protected_addresses_are_not_told(void **state)
{
	struct ends *p = two(false);
	struct side *b = &p->s[1];

	assert_true(addr_parse(&b->fake.others[0], "10.2.1.1"));
	assert_true(addr_parse(&b->fake.others[1], SECOND));
	b->fake.other_count = 2;
	attempt(p, 0);
	assert_int_equal(peer_of(&p->s[0])->sa->mobike.more_count, 1);
	assert_true(is(&peer_of(&p->s[0])->sa->mobike.more[0], SECOND));
	ends_free(p);
}

/* ---- the initiator moves */

static void test_moves(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];

	move(a, AWAY);
	/* the peer is where it was: what goes there goes at once */
	goes(a, AWAY, "192.0.2.2");
	assert_true(is(&oldest(a)->local.addr, AWAY));
	assert_true(says(b, a, NOTIFY_UPDATE_SA_ADDRESSES));
	carry(a);
	/* the peer asks first */
	goes(b, "192.0.2.2", HOME);
	carry(b);
	assert_true(says(a, b, NOTIFY_COOKIE2));
	/* RFC 4555 3.8 allows it; Libreswan brings COOKIE2 back only then */
	assert_true(says(a, b, NOTIFY_NAT_DETECTION_SOURCE_IP));
	assert_true(is(&oldest(b)->remote.addr, AWAY));
	carry(b);
	goes(b, "192.0.2.2", HOME);
	carry(a);
	goes(b, "192.0.2.2", AWAY);
	assert_false(carry(a) || carry(b));
	/* and back */
	move(a, HOME);
	carry_all(p);
	goes(a, HOME, "192.0.2.2");
	goes(b, "192.0.2.2", HOME);
	assert_int_equal(a->ev[IKE_EV_DOWN].count + b->ev[IKE_EV_DOWN].count, 0);
	ends_free(p);
}

/* A change while the answer to the last one is under way: that says nothing any more. */
static void test_moves_twice(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];

	move(a, AWAY);
	carry(a);
	move(a, "198.51.100.77");
	/* what is under way goes by the new way */
	assert_true(is(&oldest(a)->local.addr, "198.51.100.77"));
	carry_all(p);
	goes(a, "198.51.100.77", "192.0.2.2");
	goes(b, "192.0.2.2", "198.51.100.77");
	ends_free(p);
}

/* The first answer, which says that there is a NAT, comes when a has moved on. */
static void test_old_answer_says_nothing(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter update, answer;

	move(a, AWAY);
	update = stolen(a, THIEF);
	drop(a);
	give(b, &update);
	answer = *oldest(b);
	drop(b);
	move(a, "198.51.100.77");
	while (drop(a))
		;
	give(a, &answer);
	assert_false(peer_of(a)->sa->udp);
	assert_true(says(b, a, NOTIFY_UPDATE_SA_ADDRESSES));
	ends_free(p);
}

static void test_no_way_for_a_while(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];

	a->fake.no_route = true;
	ike_host_changed(a->ike);
	ike_probe(a->ike);
	pass(p, 200000);
	while (drop(a))
		;
	assert_int_equal(peer_of(a)->state, PEER_UP);
	a->fake.no_route = false;
	move(a, AWAY);
	carry_all(p);
	goes(b, "192.0.2.2", AWAY);
	/* but not for ever */
	a->fake.no_route = true;
	ike_host_changed(a->ike);
	ike_probe(a->ike);
	pass(p, 400000);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 1);
	ends_free(p);
}

/* ---- where ESP must not go */

static void test_thief_gets_nothing(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter update;

	move(a, AWAY);
	update = stolen(a, THIEF);
	give(b, &update);
	drop(b);			/* the answer */
	/* b asks there, and there alone, where nobody answers */
	for (int i = 0; i < 2; i++) {
		assert_true(is(&oldest(b)->remote.addr, THIEF));
		drop(b);
		assert_int_equal(b->count, 0);
		pass(p, i ? 2000 : 1000);
		goes(b, "192.0.2.2", HOME);
	}
	/* then on the old path too; a's own copy moves nobody: it may be a replay */
	carry_true(p);
	goes(b, "192.0.2.2", HOME);
	/* a request of a's that is newer says where it is */
	ike_probe(a->ike);
	carry_true(p);
	goes(b, "192.0.2.2", AWAY);
	ends_free(p);
}

static void guess(struct builder *b)
{
	static const uint8_t cookie[16];

	build_notify(b, NOTIFY_COOKIE2, 0, 0, 0, cookie, sizeof(cookie));
}

static void test_cookie2(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *sa = peer_of(a)->sa;
	struct letter l = {0};

	move(a, AWAY);
	carry(a);
	carry(b);
	drop(b);
	/* an answer without having seen the question */
	forge(sa, EXCHANGE_INFORMATIONAL, MSG_RESPONSE, sa->next_in, guess, &l);
	give(b, &l);
	ended_in(b, IKE_EV_DOWN, IKE_FAIL_PROTOCOL, "COOKIE2");
	assert_int_equal(b->fake.policy_count, 0);
	ends_free(p);
}

static void no_payloads(struct builder *b)
{
}

static void test_cookie2_is_missing(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *sa = peer_of(a)->sa;
	struct letter l = {0};

	move(a, AWAY);
	carry(a);
	forge(sa, EXCHANGE_INFORMATIONAL, MSG_RESPONSE, sa->next_in, no_payloads, &l);
	give(b, &l);
	ended_in(b, IKE_EV_DOWN, IKE_FAIL_PROTOCOL, "COOKIE2");
	ends_free(p);
}

/* It proves itself from where its IKE_SA_INIT did not come from. */
static void test_spoofed_from_the_start(void **state)
{
	struct ends *p = two(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter proof;

	start(p, 0);
	carry(a);
	carry(b);
	proof = stolen(a, THIEF);
	drop(a);
	give(b, &proof);
	goes(b, "192.0.2.2", HOME);
	assert_true(is(&oldest(b)->remote.addr, THIEF));
	drop(b);
	assert_true(is(&oldest(b)->remote.addr, THIEF));
	assert_true(peer_of(b)->sa->mobike.claimed);
	/* nobody answers there */
	for (int i = 0; i < 20; i++) {
		carry_true(p);
		pass(p, 1000);
	}
	goes(b, "192.0.2.2", HOME);
	assert_false(peer_of(b)->sa->mobike.claimed);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/* Nor do the children of the IKE SA that stands follow another's proof to there. */
static void test_spoofed_as_it_reauthenticates(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter proof;

	assert_int_equal(ike_reauthenticate(a->ike, a->tunnel), 0);
	carry(a);
	carry(b);
	proof = stolen(a, THIEF);
	drop(a);
	give(b, &proof);
	said(b, IKE_EV_REAUTHENTICATED, "by the peer");
	for (int i = 0; i < 20; i++) {
		goes(b, "192.0.2.2", HOME);
		carry_true(p);
		pass(p, 1000);
	}
	goes(b, "192.0.2.2", HOME);
	said(a, IKE_EV_REAUTHENTICATED, "by us");
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

static void test_unacceptable(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	move(a, AWAY);
	l = stolen(a, "224.0.0.1");
	drop(a);
	give(b, &l);
	assert_true(says(a, b, NOTIFY_UNACCEPTABLE_ADDRESSES));
	goes(b, "192.0.2.2", HOME);
	carry_all(p);
	pass(p, 5000);
	carry_all(p);
	/* all anew, from where it is */
	goes(a, AWAY, "192.0.2.2");
	goes(b, "192.0.2.2", AWAY);
	ends_free(p);
}

/* ---- the responder */

static void test_responder_moves(void **state)
{
	struct ends *p = up(true);
	struct side *a = &p->s[0], *b = &p->s[1];

	/* a better route alone: the initiator decides */
	b->fake.others[1] = b->fake.addr;
	b->fake.other_count = 2;
	move(b, SECOND);
	carry_all(p);
	goes(b, "192.0.2.2", HOME);
	goes(a, HOME, "192.0.2.2");
	/* its address goes */
	b->fake.other_count = 0;
	ike_host_changed(b->ike);
	goes(b, SECOND, HOME);
	assert_true(says(a, b, NOTIFY_NO_ADDITIONAL_ADDRESSES));
	carry_all(p);
	goes(a, HOME, SECOND);
	assert_int_equal(peer_of(a)->sa->mobike.more_count, 0);
	ends_free(p);
}

/* It does not answer where it was: it is found at its other address. */
static void test_responder_is_looked_for(void **state)
{
	struct ends *p = up(true);
	struct side *a = &p->s[0], *b = &p->s[1];
	bool second = false;

	ike_probe(a->ike);
	for (int i = 0; i < 200 && !second; i++) {
		while (a->count) {
			struct letter l = *oldest(a);

			drop(a);
			second |= is(&l.remote.addr, SECOND);
			if (is(&l.remote.addr, SECOND))
				give(b, &l);
		}
		if (!second)
			pass(p, 500);
	}
	assert_true(second);
	goes(a, HOME, "192.0.2.2");
	/* it answers there; a asks it again, there alone, and moves */
	carry(b);
	assert_true(says(b, a, NOTIFY_UPDATE_SA_ADDRESSES));
	assert_true(is(&oldest(a)->remote.addr, SECOND));
	goes(a, HOME, "192.0.2.2");
	carry_all(p);
	goes(a, HOME, SECOND);
	goes(b, SECOND, HOME);
	ends_free(p);
}

/* What goes to an address that nobody has any more does not arrive. */
static void carry_to(struct side *from, struct side *to, const char *addr)
{
	while (from->count) {
		struct letter l = *oldest(from);

		drop(from);
		if (is(&l.remote.addr, addr))
			give(to, &l);
	}
}

/* The initiator has said where it is, then the responder loses its own address: it still knows. */
static void test_both_move(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];

	move(a, AWAY);
	carry(a);
	while (b->count)	/* the answer, and the question whether it is there */
		drop(b);
	move(b, SECOND);
	assert_true(peer_of(b)->sa->mobike.claimed);
	assert_true(is(&peer_of(b)->sa->mobike.claim.local.addr, SECOND));
	for (int i = 0; i < 60; i++) {
		carry_to(b, a, AWAY);
		carry_to(a, b, SECOND);
		pass(p, 500);
	}
	goes(b, SECOND, AWAY);
	goes(a, AWAY, SECOND);
	ends_free(p);
}

/* ---- beside rekeys */

static void test_rekey_while_it_moves(void **state)
{
	for (int order = 0; order < 4; order++) {
		struct ends *p = up(false);
		struct side *a = &p->s[0], *b = &p->s[1];

		if (order & 1)
			assert_int_equal(ike_rekey(b->ike, peer_of(b)->id), 0);
		move(a, AWAY);
		if (!(order & 1))
			assert_int_equal(ike_rekey(b->ike, peer_of(b)->id), 0);
		if (order & 2) {	/* the rekey arrives first, and its answer */
			carry(b);
			while (a->count > 1) {
				struct letter l = *oldest(a);

				drop(a);
				if (l.msg[18] == EXCHANGE_CREATE_CHILD_SA)
					give(b, &l);
			}
		}
		carry_all(p);
		pass(p, 30000);
		carry_all(p);
		goes(a, AWAY, "192.0.2.2");
		goes(b, "192.0.2.2", AWAY);
		assert_int_equal(a->ev[IKE_EV_IKE_REKEYED].count, 1);
		assert_true(peer_of(a)->sa->mobike.on && peer_of(b)->sa->mobike.on);
		/* and it goes on so */
		move(a, HOME);
		carry_all(p);
		goes(b, "192.0.2.2", HOME);
		ends_free(p);
	}
}

/* ---- NAT */

static void test_into_a_nat_and_out(void **state)
{
	struct ends *p = up(false);
	struct side *a = &p->s[0], *b = &p->s[1];

	addr_parse(&p->nat, THIEF);
	p->nat_port = 4501;
	move(a, "10.99.0.1");
	carry_all(p);
	assert_true(peer_of(a)->sa->nat_local && peer_of(b)->sa->nat_remote);
	assert_true(a->fake.policy[0].udp && b->fake.policy[1].udp);
	goes(a, "10.99.0.1", "192.0.2.2");
	goes(b, "192.0.2.2", THIEF);
	/* its mapping changes: a asks what the peer sees of it */
	ike_probe(a->ike);
	carry_all(p);
	p->nat_port = 7777;
	ike_probe(a->ike);
	carry_all(p);
	assert_int_equal(b->fake.policy[0].remote.port, 7777);
	p->nat.family = 0;
	move(a, AWAY);
	carry_all(p);
	assert_false(a->fake.policy[0].udp || b->fake.policy[1].udp);
	goes(b, "192.0.2.2", AWAY);
	ends_free(p);
}

/* It has changed before a could ask for the first time: nothing to compare the answer with. */
static void test_mapping_changes_at_once(void **state)
{
	struct ends *p = two(false);
	struct side *a = &p->s[0], *b = &p->s[1];

	addr_parse(&p->nat, THIEF);
	p->nat_port = 4501;
	attempt(p, 0);
	assert_int_equal(b->fake.policy[0].remote.port, 4501);
	p->nat_port = 7777;
	ike_probe(a->ike);
	carry(a);
	/* b answers; that it asks by itself, too, is lost: not every peer does */
	assert_int_equal(b->count, 2);
	if (!(oldest(b)->msg[19] & MSG_RESPONSE)) {
		drop(b);
		carry(b);
	} else {
		carry(b);
		drop(b);
	}
	assert_int_equal(a->count, 1);
	assert_true(says(b, a, NOTIFY_UPDATE_SA_ADDRESSES));
	carry_all(p);
	pass(p, 4000);
	carry_all(p);
	assert_int_equal(b->fake.policy[0].remote.port, 7777);
	ends_free(p);
}

/* The kernel sees it sooner. */
static void test_mapping_is_asked(void **state)
{
	struct ends *p = two(false);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_kern_event ev = { .type = IKE_KERN_MAPPING };

	addr_parse(&p->nat, THIEF);
	p->nat_port = 4501;
	attempt(p, 0);
	p->nat_port = 7777;
	ev.policy = child_of(b)->id;
	ev.spi = child_of(b)->out->spi_in;
	ev.peer = (struct endpoint){ p->nat, 7777 };
	ike_kern_event(b->ike, &ev);
	assert_int_equal(b->fake.policy[0].remote.port, 4501);
	assert_int_equal(oldest(b)->remote.port, 7777);
	carry_all(p);
	assert_int_equal(b->fake.policy[0].remote.port, 7777);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

static const uint8_t *no_nats;

static void fill_no_nats(struct builder *b)
{
	build_notify(b, NOTIFY_UPDATE_SA_ADDRESSES, 0, 0, 0, NULL, 0);
	build_notify(b, NOTIFY_NO_NATS_ALLOWED, 0, 0, 0, no_nats, 12);
}

static void test_no_nats_allowed(void **state)
{
	static const uint8_t right[12] = { 198, 51, 100, 1, 192, 0, 2, 2, 0x11, 0x94, 0x11, 0x94 };
	static const uint8_t wrong[12] = { 198, 51, 100, 3, 192, 0, 2, 2, 0x11, 0x94, 0x11, 0x94 };

	for (int i = 0; i < 2; i++) {
		struct ends *p = up(false);
		struct side *a = &p->s[0], *b = &p->s[1];
		struct letter l = {0};

		no_nats = i ? right : wrong;
		forge_request(a, EXCHANGE_INFORMATIONAL, fill_no_nats, &l);
		addr_parse(&l.local.addr, AWAY);
		give(b, &l);
		assert_int_equal(says(a, b, NOTIFY_UNEXPECTED_NAT_DETECTED), !i);
		assert_int_equal(peer_of(b)->sa->mobike.claimed, i);
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agreed),
		cmocka_unit_test(test_one_alone_does_not),
		cmocka_unit_test(test_untold_behind_nat),
		cmocka_unit_test(test_protected_addresses_are_not_told),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_moves_twice),
		cmocka_unit_test(test_old_answer_says_nothing),
		cmocka_unit_test(test_no_way_for_a_while),
		cmocka_unit_test(test_thief_gets_nothing),
		cmocka_unit_test(test_cookie2),
		cmocka_unit_test(test_cookie2_is_missing),
		cmocka_unit_test(test_spoofed_from_the_start),
		cmocka_unit_test(test_spoofed_as_it_reauthenticates),
		cmocka_unit_test(test_unacceptable),
		cmocka_unit_test(test_responder_moves),
		cmocka_unit_test(test_responder_is_looked_for),
		cmocka_unit_test(test_both_move),
		cmocka_unit_test(test_rekey_while_it_moves),
		cmocka_unit_test(test_into_a_nat_and_out),
		cmocka_unit_test(test_mapping_changes_at_once),
		cmocka_unit_test(test_mapping_is_asked),
		cmocka_unit_test(test_no_nats_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
