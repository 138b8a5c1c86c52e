// SPDX-License-Identifier: GPL-2.0
/*
 * Ends that move without NAT traversal, or are patient: RFC 4555 3.9, 3.11; or without MOBIKE,
 * while the IKE SA is half open. Side 0 moves.
 */
#include "unit/ike/ike_moves.h"

#define HOME	"192.0.2.1"
#define AWAY	"198.51.100.1"
#define THIEF	"203.0.113.9"

static struct ends *two_configured(void)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		p->s[i].conf.mobike = true;
		add_child(&p->s[i], "voice", i ? "10.2.1.0/24" : "10.1.1.0/24",
			  i ? "10.1.1.0/24" : "10.2.1.0/24");
	}
	set_remote(&p->s[1], "any");
	return p;
}

static struct ends *up(void)
{
	struct ends *p = two_configured();

	ends_start(p);
	attempt(p, 0);
	assert_int_equal(peer_of(&p->s[0])->state, PEER_UP);
	return p;
}

/* RFC 4555 3.11: a responder waits for as long as it is told to, here for five minutes. */
static void test_patient_responder(void **state)
{
	struct ends *p = two_configured();
	struct side *a = &p->s[0], *b = &p->s[1];

	b->conf.retry_first_ms = 4000;
	b->conf.retry_tries = 20;
	ends_start(p);
	attempt(p, 0);
	ike_probe(b->ike);
	for (int s = 0; s < 298; s++) {
		while (drop(b))
			;
		pass(p, 1000);
	}
	assert_int_equal(peer_of(b)->state, PEER_UP);
	move(a, AWAY);
	carry_all(p);
	goes(b, "192.0.2.2", AWAY);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 0);
	ends_free(p);
}

/* As if the ends had said nothing of NAT in IKE_SA_INIT. */
static struct ends *up_without_nat_traversal(void)
{
	struct ends *p = up();

	for (int i = 0; i < 2; i++)
		peer_of(&p->s[i])->sa->nat_t = false;
	return p;
}

/* It is allowed, and says so of the addresses and ports that it leaves from. */
static void test_says_no_nats(void **state)
{
	static const uint8_t data[12] = { 198, 51, 100, 1, 192, 0, 2, 2, 0x11, 0x94, 0x11, 0x94 };
	struct ends *p = up_without_nat_traversal();
	struct side *a = &p->s[0], *b = &p->s[1];
	const struct msg_notify *n;
	struct letter l;
	struct msg m;

	move(a, AWAY);
	l = *oldest(a);
	open_letter(peer_of(b)->sa, &l, &m);
	n = msg_notify(&m, NOTIFY_NO_NATS_ALLOWED);
	assert_non_null(n);
	assert_int_equal(n->data.left, sizeof(data));
	assert_memory_equal(n->data.at, data, sizeof(data));
	assert_null(msg_notify(&m, NOTIFY_NAT_DETECTION_SOURCE_IP));
	carry_all(p);
	goes(a, AWAY, "192.0.2.2");
	goes(b, "192.0.2.2", AWAY);
	ends_free(p);
}

/*
 * Somebody gives our packets another source: each is refused, and said anew, by another request.
 * After some of them it is as if the peer did not follow us.
 */
static void test_nat_is_not_expected(void **state)
{
	for (unsigned int spoiled = 1; spoiled < 6; spoiled++) {
		struct ends *p = up_without_nat_traversal();
		struct side *a = &p->s[0], *b = &p->s[1];
		uint32_t id = 0;

		move(a, AWAY);
		for (unsigned int i = 0; i < spoiled; i++) {
			struct letter l = stolen(a, THIEF);

			assert_true(says(b, a, NOTIFY_UPDATE_SA_ADDRESSES));
			assert_true(!i || l.msg[23] == id + 1);
			id = l.msg[23];
			drop(a);
			give(b, &l);
			assert_true(says(a, b, NOTIFY_UNEXPECTED_NAT_DETECTED));
			assert_true(is(&oldest(b)->remote.addr, THIEF));
			carry(b);
		}
		goes(b, "192.0.2.2", HOME);
		if (spoiled < 5) {
			carry_all(p);
			goes(b, "192.0.2.2", AWAY);
			assert_int_equal(a->ev[IKE_EV_DOWN].count, 0);
		} else {
			carry_all(p);
			ended_in(a, IKE_EV_DOWN, IKE_FAIL_PEER, "does not follow us");
		}
		ends_free(p);
	}
}

/* As if nothing had been said of NAT in its IKE_SA_INIT, of whichever IKE SA. */
static void forget_nat(const struct side *s)
{
	struct ike_sa *sa;

	TAILQ_FOREACH(sa, &s->ike->sas, link)
		sa->nat_t = false;
}

/* IKE_AUTH of side 0, which has said nothing of NAT in IKE_SA_INIT, comes from elsewhere. */
static void spoil_auth(struct ends *p)
{
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	a->fake.hold_jobs = true;
	carry(a);
	forget_nat(b);
	carry(b);
	forget_nat(a);
	a->fake.hold_jobs = false;
	side_tick(a);
	l = stolen(a, THIEF);
	drop(a);
	give(b, &l);
	assert_true(is(&oldest(b)->remote.addr, THIEF));
	carry(b);
}

/* Then another IKE SA is begun, from IKE_SA_INIT on: five times without a word to the user. */
static void test_nat_in_auth(void **state)
{
	for (unsigned int spoiled = 1; spoiled < 7; spoiled++) {
		struct ends *p = two_configured();
		struct side *a = &p->s[0], *b = &p->s[1];

		ends_start(p);
		start(p, 0);
		for (unsigned int i = 0; i < spoiled; i++) {
			spoil_auth(p);
			assert_int_equal(a->ev[IKE_EV_FAILED].count, i == 5);
			assert_int_equal(a->ev[IKE_EV_UP].count + b->ev[IKE_EV_UP].count, 0);
			if (i < 5)
				pass(p, 2000);
		}
		if (spoiled < 6) {
			carry_all(p);
			goes(b, "192.0.2.2", HOME);
			assert_int_equal(peer_of(a)->state, PEER_UP);
		} else {
			said(a, IKE_EV_FAILED, "UNEXPECTED_NAT_DETECTED");
		}
		ends_free(p);
	}
}

/* Without MOBIKE: the address of side 0 goes while it judges the proof of its peer. */
static struct ends *moved_half_open(int initiator, bool nat)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	if (nat)
		assert_true(addr_parse(&p->nat, THIEF));
	p->nat_port = 4501;
	set_remote(b, initiator ? nat ? THIEF : HOME : "any");
	ends_start(p);
	start(p, initiator);
	carry(&p->s[initiator]);
	carry(&p->s[!initiator]);
	if (!initiator)
		carry(a);
	a->fake.hold_jobs = true;
	carry(b);
	assert_int_equal(a->fake.job_count, 1);
	move(a, AWAY);
	a->fake.hold_jobs = false;
	side_tick(a);
	return p;
}

/* RFC 7296 2.23: the peer, which is not behind NAT itself, follows. */
static void test_half_open_behind_nat(void **state)
{
	for (int initiator = 0; initiator < 2; initiator++) {
		struct ends *p = moved_half_open(initiator, true);
		struct side *a = &p->s[0], *b = &p->s[1];

		carry_all(p);
		assert_true(is(&only_sa(a)->local.addr, AWAY));
		goes(a, AWAY, "192.0.2.2");
		goes(b, "192.0.2.2", THIEF);
		assert_int_equal(a->ev[IKE_EV_DOWN].count + b->ev[IKE_EV_DOWN].count, 0);
		ends_free(p);
	}
}

/* Else nobody follows: what has come to be from an address that is gone ends. */
static void test_half_open_without_nat(void **state)
{
	for (int initiator = 0; initiator < 2; initiator++) {
		struct ends *p = moved_half_open(initiator, false);
		struct side *a = &p->s[0], *b = &p->s[1];

		carry_all(p);
		ended_in(a, IKE_EV_DOWN, IKE_FAIL_PEER, "does not do MOBIKE");
		assert_int_equal(b->ev[IKE_EV_DOWN].count, 1);
		if (!initiator) {	/* it has to be up: from where it is now */
			pass(p, 2000);
			carry_all(p);
			goes(a, AWAY, "192.0.2.2");
			goes(b, "192.0.2.2", AWAY);
		}
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patient_responder),
		cmocka_unit_test(test_says_no_nats),
		cmocka_unit_test(test_nat_is_not_expected),
		cmocka_unit_test(test_nat_in_auth),
		cmocka_unit_test(test_half_open_behind_nat),
		cmocka_unit_test(test_half_open_without_nat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
