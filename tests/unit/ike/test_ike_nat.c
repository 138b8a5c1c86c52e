// SPDX-License-Identifier: GPL-2.0
/* A peer behind NAT, and where its mapping changes: RFC 7296 2.23. */
#include "unit/ike/ike_ends.h"

static struct ends *up_through_nat(void)
{
	struct ends *p = ends_new();

	set_remote(&p->s[1], "any");
	addr_parse(&p->nat, "203.0.113.9");
	p->nat_port = 1024;
	ends_start(p);
	bring_up(p, 0);
	return p;
}

static void test_nat(void **state)
{
	struct ends *p = up_through_nat();
	struct side *a = &p->s[0], *b = &p->s[1];

	assert_true(a->fake.policy[0].udp && b->fake.policy[0].udp);
	assert_true(only_sa(a)->nat_local);
	assert_true(only_sa(b)->nat_remote);
	assert_int_equal(b->fake.policy[0].remote.port, 1024);
	assert_true(addr_equal(&b->fake.policy[0].remote.addr, &p->nat));

	/*
	 * the NAT forgets: an authentic request from the new port is followed, a replay of an
	 * old one is not
	 */
	p->nat_port = 2048;
	soft_limit(a);
	carry_all(p);
	assert_int_equal(b->fake.policy[0].remote.port, 2048);
	assert_int_equal(only_sa(b)->remote.port, 2048);
	ends_free(p);
}

/* Kernel or host cannot follow: the child is not said to be up, and the peer hears of it. */
static void test_nat_is_not_followed(void **state)
{
	for (int host = 0; host < 2; host++) {
		struct ends *p = up_through_nat();
		struct side *a = &p->s[0], *b = &p->s[1];

		p->nat_port = 2048;
		b->fake.child_refuses = host ? "the route is taken" : NULL;
		b->fake.kernel_fails_at = !host;
		soft_limit(a);
		carry_all(p);
		ended_in(b, IKE_EV_CHILD_DOWN, host ? IKE_FAIL_INTERFACE : IKE_FAIL_KERNEL,
			 host ? "the route is taken" : "the kernel does not follow the peer");
		pass(p, 60000);
		carry_all(p);
		assert_int_equal(a->ev[IKE_EV_DOWN].count, 1);
		assert_true(fake_is_empty(&a->fake) && fake_is_empty(&b->fake));
		assert_int_equal(b->fake.links, b->fake.unlinks);
		ends_free(p);
	}
}

/* Where a packet on another IKE SA's SA came from says nothing of where this one's peer is. */
static void test_mapping_of_another(void **state)
{
	struct ends *p = up_through_nat();
	struct side *b = &p->s[1];
	struct ike_sa *sa = only_sa(b), *other;
	struct ike_kern_event ev = {
		.type = IKE_KERN_MAPPING, .policy = child_of(b)->id,
		.spi = child_of(b)->out->spi_in, .peer = { p->nat, 3333 },
	};

	other = sa_new(b->ike, sa->version, sa->window, false, 1);
	assert_non_null(other);
	peer_move_children(peer_of(b), sa, other);
	ike_kern_event(b->ike, &ev);
	assert_int_equal(b->fake.policy[0].remote.port, 1024);
	peer_move_children(peer_of(b), other, sa);
	ike_kern_event(b->ike, &ev);
	assert_int_equal(b->fake.policy[0].remote.port, 3333);
	sa_end(other, SA_DROP, IKE_FAIL_NONE, "");
	ends_free(p);
}

static void test_replay_moves_nobody(void **state)
{
	struct ends *p = up_through_nat();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter request;

	soft_limit(a);
	carry(a);
	carry(b);
	request = *oldest(a);
	carry_all(p);
	p->nat_port = 6666;
	give(b, &request);
	/* should it be the peer's own copy, through a new mapping: the answer finds it */
	assert_int_equal(oldest(b)->remote.port, 6666);
	assert_int_equal(b->fake.policy[0].remote.port, 1024);
	assert_int_equal(only_sa(b)->remote.port, 1024);
	ends_free(p);
}

/* What goes to an old mapping of side 0 is lost. Until neither has any. */
static void carry_to_mapping(struct ends *p)
{
	struct side *a = &p->s[0], *b = &p->s[1];

	while (a->count || b->count) {
		if (b->count && oldest(b)->remote.port != p->nat_port)
			drop(b);
		else if (!carry(b))
			carry(a);
	}
}

/*
 * MOBIKE: the responder is behind NAT, and does not know that its mapping has changed. The
 * initiator hears it from elsewhere, and asks there.
 */
static void test_mapping_of_the_responder(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.mobike = b->conf.mobike = true;
	set_remote(a, "any");
	set_remote(b, "203.0.113.9");
	p->nat = b->conf.remote;
	p->nat_port = 4500;
	ends_start(p);
	attempt(p, 1);
	assert_true(only_sa(b)->began && only_sa(b)->nat_remote && only_sa(b)->mobike.on);
	p->nat_port = 7777;
	/* while a request of the initiator's is on its way to the old one */
	soft_limit(b);
	ike_probe(a->ike);
	carry_to_mapping(p);
	for (int i = 0; i < 30; i++) {
		pass(p, 500);
		carry_to_mapping(p);
	}
	assert_int_equal(b->fake.policy[0].remote.port, 7777);
	assert_int_equal(only_sa(b)->remote.port, 7777);
	assert_int_equal(b->ev[IKE_EV_CHILD_REKEYED].count, 1);
	assert_int_equal(only_sa(b)->exchange_count, 0);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nat),
		cmocka_unit_test(test_nat_is_not_followed),
		cmocka_unit_test(test_mapping_of_another),
		cmocka_unit_test(test_replay_moves_nobody),
		cmocka_unit_test(test_mapping_of_the_responder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
