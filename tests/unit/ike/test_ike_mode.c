// SPDX-License-Identifier: GPL-2.0
/* Transport mode, RFC 7296 1.3.1 and 2.23.1. */
#include "unit/ike/ike_moves.h"

#define ALL	"0.0.0.0/0 ::/0"
#define NAT	"nat"

/* Side 0 begins; with NAT before it side 1 takes all comers. */
static struct ends *ends_of(bool transport, bool other, bool nat, const char *selectors)
{
	struct ends *p = ends_new();

	if (nat) {
		set_remote(&p->s[1], "any");
		addr_parse(&p->nat, "203.0.113.9");
		p->nat_port = 1024;
	}
	p->s[0].child[0].transport = transport;
	p->s[1].child[0].transport = other;
	if (transport)
		set_ts(&p->s[0], selectors, selectors);
	if (other)
		set_ts(&p->s[1], selectors, selectors);
	ends_start(p);
	return p;
}

/* The kernel of this side has one policy, of this mode, from the one to the other. */
static void assert_between(struct side *s, bool transport, const char *local, const char *remote)
{
	const struct fake_policy *policy = &s->fake.policy[0];
	char text[TS_STRLEN];

	assert_int_equal(s->fake.policy_count, 1);
	assert_int_equal(s->fake.in_count, 1);
	assert_int_equal(policy->transport, transport);
	assert_string_equal(ts_list_str(policy->local_ts, text, sizeof(text)), local);
	assert_string_equal(ts_list_str(policy->remote_ts, text, sizeof(text)), remote);
}

static void assert_up(struct ends *p, const char *of)
{
	char a[TS_STRLEN], b[TS_STRLEN], nat[TS_STRLEN];

	snprintf(a, sizeof(a), "192.0.2.1%s", of);
	snprintf(b, sizeof(b), "192.0.2.2%s", of);
	snprintf(nat, sizeof(nat), "203.0.113.9%s", of);
	assert_between(&p->s[0], true, a, b);
	assert_between(&p->s[1], true, b, p->nat.family ? nat : a);
	for (int i = 0; i < 2; i++)
		assert_int_equal(p->s[i].ev[IKE_EV_NOTE].count, 0);	/* nobody lacks anything */
}

static void forget(struct ends *p)
{
	pass(p, 2 * PAIR_LINGER_MS);
	carry_all(p);
}

/* Up, and with new keys of either end's, and with another IKE SA of either's. */
static void it_lives(void **state)
{
	bool nat = *state && !strcmp(*state, NAT);
	struct ends *p = ends_of(true, true, nat, ALL);

	bring_up(p, 0);
	assert_up(p, "");
	for (int i = 0; i < 2; i++) {
		soft_limit(&p->s[i]);
		carry_all(p);
		forget(p);
		assert_up(p, "");
		assert_int_equal(child_of(&p->s[i])->rekeys, i + 1);
	}
	for (int i = 0; i < 2 - nat; i++) {
		reauthenticate(&p->s[i]);
		let_time_pass(p, 60);
		assert_up(p, "");
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_DOWN].count, 0);
	}
	ends_free(p);
}

/* The first child by CREATE_CHILD_SA, as a second one would be. */
static void without_a_first_child(void **state)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		p->s[i].conf.childless = true;
		p->s[i].child[0].transport = true;
		set_ts(&p->s[i], ALL, ALL);
	}
	ends_start(p);
	bring_up(p, 0);
	assert_up(p, "");
	ends_free(p);
}

static void for_a_protocol(void **state)
{
	struct ends *p = ends_of(true, true, *state, "0.0.0.0/0[gre] ::/0[gre]");

	bring_up(p, 0);
	assert_up(p, "[gre]");
	ends_free(p);
}

/* One end has tunnel mode: nothing is up, and both say why. */
static void the_other_has_tunnel_mode(void **state)
{
	struct ends *p = ends_of(true, false, false, "192.0.2.0/24");

	set_ts(&p->s[1], "192.0.2.0/24", "192.0.2.0/24");
	side_restart(&p->s[1]);
	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_CHILD_FAILED, IKE_FAIL_MODE, "the peer wants tunnel mode");
	let_time_pass(p, 60);
	for (int i = 0; i < 2; i++)
		assert_true(fake_is_empty(&p->s[i].fake));
	ends_free(p);

	p = ends_of(false, true, false, "192.0.2.0/24");
	set_ts(&p->s[0], "192.0.2.0/24", "192.0.2.0/24");
	side_restart(&p->s[0]);
	attempt(p, 0);
	assert_int_equal(p->s[1].ev[IKE_EV_REFUSED].failure, IKE_FAIL_MODE);
	said(&p->s[1], IKE_EV_REFUSED, "the peer wants tunnel mode, and child t has mode = transport");
	let_time_pass(p, 60);
	for (int i = 0; i < 2; i++)
		assert_true(fake_is_empty(&p->s[i].fake));
	ends_free(p);
}

/* Of two children that could take it, that of the mode asked for. */
static void the_mode_chooses(void **state)
{
	for (int transport = 0; transport < 2; transport++) {
		struct ends *p = ends_new();
		struct side *b = &p->s[1];

		set_ts(&p->s[0], "192.0.2.1", "192.0.2.2");
		p->s[0].child[0].transport = transport;
		set_ts(b, "192.0.2.0/24", "192.0.2.0/24");
		add_child(b, "hosts", ALL, ALL);
		b->child[1].transport = true;
		ends_start(p);
		attempt(p, 0);
		assert_between(b, transport, "192.0.2.2", "192.0.2.1");
		assert_int_equal(child_named(b, transport ? "hosts" : "t")->state, CHILD_UP);
		ends_free(p);
	}
}

/* Its selectors are not those of the ends: no request is made. */
static void selectors_of_others(void **state)
{
	struct ends *p = ends_of(true, true, false, "10.0.0.0/8");

	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_MODE,
		 "no selectors between 192.0.2.1 and 192.0.2.2");
	ends_free(p);
}

/* Packets wait for it, before the ends are known; also those of another source of this host. */
static void packets_wait_for_it(void **state)
{
	static const char *const sources[] = { "192.0.2.1[icmp]", "198.51.100.9[icmp]" };

	for (int i = 0; i < 2; i++) {
		struct ends *p = ends_of(true, true, false, ALL);
		struct ike_kern_event ev = { .type = IKE_KERN_ACQUIRE };
		struct side *a = &p->s[0];
		const char *why;

		a->conf.start = START_ON_DEMAND;
		set_ts(a, ALL, "192.0.2.2");
		side_restart(a);
		pass(p, 0);
		assert_int_equal(a->fake.policy_count, 1);
		assert_false(a->fake.policy[0].transport);	/* it has no ends */
		ev.policy = child_of(a)->id;
		assert_true(ts_parse(&ev.local_ts, sources[i], &why));
		assert_true(ts_parse(&ev.remote_ts, "192.0.2.2[icmp]", &why));
		ike_kern_event(a->ike, &ev);
		side_tick(a);
		carry_all(p);
		assert_up(p, "");
		ends_free(p);
	}
}

/* Without MOBIKE, which is about tunnel mode: all is made anew. */
static void an_address_changes(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	for (int i = 0; i < 2; i++) {
		p->s[i].child[0].transport = true;
		set_ts(&p->s[i], ALL, ALL);
	}
	set_remote(&p->s[1], "any");
	ends_start(p);
	bring_up(p, 0);
	move(a, "192.0.2.77");
	let_time_pass(p, 60);
	ended_in(a, IKE_EV_CHILD_DOWN, IKE_FAIL_DOWN, "address");
	assert_between(a, true, "192.0.2.77", "192.0.2.2");
	assert_between(&p->s[1], true, "192.0.2.2", "192.0.2.77");
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_lives),
		cmocka_unit_test_prestate(it_lives, NAT),
		cmocka_unit_test(without_a_first_child),
		cmocka_unit_test(for_a_protocol),
		cmocka_unit_test_prestate(for_a_protocol, NAT),
		cmocka_unit_test(the_other_has_tunnel_mode),
		cmocka_unit_test(the_mode_chooses),
		cmocka_unit_test(selectors_of_others),
		cmocka_unit_test(packets_wait_for_it),
		cmocka_unit_test(an_address_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
