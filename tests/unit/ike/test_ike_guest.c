// SPDX-License-Identifier: GPL-2.0
/* A peer that makes several CHILD_SAs within one configured selector. */
#include "ike/object/part.h"
#include "unit/ike/ike_ends.h"

#define ANY	"any"
#define INNER	"inner first"
#define ADDKE	"asked for twice: what follows is about the same"
#define WIDER	"and more than it gets is asked for"

/* Side 0, with this remote, has one child for all networks of side 1's, which has one for each. */
static struct ends *wide(const char *remote)
{
	struct ends *p = ends_new();

	if (remote)
		set_remote(&p->s[0], remote);
	set_ts(&p->s[0], "10.1.0.0/16", "10.2.0.0/16");
	set_ts(&p->s[1], "10.2.0.0/24", "10.1.0.0/24");
	add_child(&p->s[1], "voice", "10.2.1.0/24", "10.1.1.0/24");
	add_child(&p->s[1], "video", "10.2.2.0/24", "10.1.0.0/24");
	ends_start(p);
	return p;
}

/* What side 1 has up side 0 has too, with the same pair; so many of them. */
static void assert_side_by_side(struct ends *p, unsigned int count)
{
	struct child *a, *b;

	TAILQ_FOREACH(a, &peer_of(&p->s[0])->children, link)
		TAILQ_FOREACH(b, &peer_of(&p->s[1])->children, link)
			count -= a->out && b->out && a->out->spi_out == b->out->spi_in &&
				 a->out->spi_in == b->out->spi_out &&
				 ts_list_equal(a->remote_ts, b->local_ts) &&
				 ts_list_equal(a->local_ts, b->remote_ts);
	assert_int_equal(count, 0);
}

static void forget(struct ends *p)
{
	pass(p, 2 * PAIR_LINGER_MS);
	carry_all(p);
}

static void assert_carries(struct ends *p, unsigned int count)
{
	assert_side_by_side(p, count);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p->s[i].fake.in_count, count);
		assert_int_equal(p->s[i].fake.policy_count, count);
		assert_int_equal(p->s[i].fake.reserved, 0);
	}
}

static unsigned int children(struct side *s)
{
	struct child *child;
	unsigned int count = 0;

	TAILQ_FOREACH(child, &peer_of(s)->children, link)
		count++;
	return count;
}

static void none_takes_the_place_of_another(void **state)
{
	struct ends *p = wide(*state);

	attempt(p, 1);
	forget(p);
	assert_carries(p, 3);
	assert_int_equal(children(&p->s[0]), 3);
	for (int i = 0; i < 2; i++)
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_DOWN].count, 0);
	/* at the end what the peer alone has asked for is gone */
	assert_int_equal(side_down(&p->s[1]), 0);
	carry_all(p);
	forget(p);
	assert_int_equal(children(&p->s[0]), 1);
	assert_true(fake_is_empty(&p->s[0].fake));
	ends_free(p);
}

/* Rekeyed by either end, each is itself. */
static void each_is_rekeyed(void **state)
{
	struct ends *p = wide(*state);
	struct child *child;

	attempt(p, 1);
	for (int i = 0; i < 2; i++) {
		TAILQ_FOREACH(child, &peer_of(&p->s[i])->children, link)
			soft_limit_of(child);
		carry_all(p);
		forget(p);
		assert_carries(p, 3);
		TAILQ_FOREACH(child, &peer_of(&p->s[0])->children, link)
			assert_int_equal(child->rekeys, i + 1);
	}
	ends_free(p);
}

/* Another IKE SA, of either end's, has them all. */
static void all_follow(void **state)
{
	struct ends *p = wide(*state);

	attempt(p, 1);
	for (int i = 0; i < 2; i++) {
		reauthenticate(&p->s[1]);
		let_time_pass(p, 30);
		forget(p);
		assert_carries(p, 3);
		assert_int_equal(children(&p->s[0]), 3);
	}
	ends_free(p);
}

/* One that the peer deletes is not asked for by us, and makes no place dirty for the next. */
static void one_goes_and_comes(void **state)
{
	struct ends *p = wide(*state);
	struct child *voice = child_named(&p->s[1], "voice");

	attempt(p, 1);
	assert_int_equal(ike_down(p->s[1].ike, voice->id, "by hand"), 0);
	carry_all(p);
	forget(p);
	assert_carries(p, 2);
	assert_int_equal(children(&p->s[0]), 2);
	assert_int_equal(ike_up(p->s[1].ike, voice->id), 0);
	pass(p, 0);
	carry_all(p);
	assert_carries(p, 3);
	/* the same again is the same child's */
	assert_int_equal(children(&p->s[0]), 3);
	ends_free(p);
}

/* What a person takes down is refused until a person has it up again. */
static void down_sticks(void **state)
{
	struct ends *p = wide(*state);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct child *guest;

	attempt(p, 1);
	guest = TAILQ_NEXT(child_of(a), link);
	assert_true(guest->guest);
	assert_int_equal(ike_down(a->ike, guest->id, "by hand"), 0);
	carry_all(p);
	assert_int_equal(ike_up(b->ike, child_named(b, "voice")->id), 0);
	pass(p, 0);
	carry_all(p);
	forget(p);
	ended_in(b, IKE_EV_CHILD_FAILED, IKE_FAIL_TS, "accepts no traffic between");
	assert_carries(p, 2);
	assert_int_equal(guest->state, CHILD_DOWN);
	assert_int_equal(ike_up(a->ike, guest->id), 0);
	pass(p, 0);
	carry_all(p);
	assert_carries(p, 3);
	assert_int_equal(children(a), 3);
	ends_free(p);
}

/* Likewise of one of many: it may come again, and is asked for by nobody. */
static void down_sticks_for_one_of_many(void **state)
{
	struct ends *p = wide(ANY);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct child *guest;

	attempt(p, 1);
	guest = TAILQ_NEXT(child_of(a), link);
	assert_true(guest->guest);
	assert_int_equal(ike_down(a->ike, guest->id, "by hand"), 0);
	carry_all(p);
	forget(p);
	assert_int_equal(children(a), 3);
	assert_int_equal(ike_up(b->ike, child_named(b, "voice")->id), 0);
	pass(p, 0);
	carry_all(p);
	ended_in(b, IKE_EV_CHILD_FAILED, IKE_FAIL_TS, "accepts no traffic between");
	assert_int_equal(ike_up(a->ike, guest->id), -EDESTADDRREQ);
	pass(p, 0);
	carry_all(p);
	assert_int_equal(children(a), 2);
	assert_carries(p, 2);
	assert_int_equal(ike_up(b->ike, child_named(b, "voice")->id), 0);
	pass(p, 0);
	carry_all(p);
	assert_carries(p, 3);
	assert_int_equal(children(a), 3);
	ends_free(p);
}

/* What has gone is asked for again, and the peer answers with what a guest has: that goes on. */
static void the_peer_has_no_more(void **state)
{
	struct ends *p = wide(*state);
	struct side *a = &p->s[0], *b = &p->s[1];

	attempt(p, 1);
	assert_int_equal(ike_down(b->ike, child_of(b)->id, "by hand"), 0);
	carry_all(p);
	forget(p);
	assert_carries(p, 2);
	assert_int_equal(child_of(a)->state, CHILD_DOWN);
	assert_int_equal(ike_up(a->ike, child_of(a)->id), 0);
	pass(p, 0);
	carry_all(p);
	forget(p);
	assert_carries(p, 2);
	assert_int_equal(child_of(a)->state, CHILD_DOWN);
	ended_in(a, IKE_EV_CHILD_FAILED, IKE_FAIL_TS, "has no more for this one");
	assert_int_equal(children(a), 3);
	for (int i = 0; i < 2; i++)
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_DOWN].count, 1);
	/* it is not asked for again and again, and the peer can have it */
	let_time_pass(p, 600);
	assert_int_equal(a->ev[IKE_EV_CHILD_FAILED].count, 1);
	assert_int_equal(ike_up(b->ike, child_of(b)->id), 0);
	pass(p, 0);
	carry_all(p);
	forget(p);
	assert_carries(p, 3);
	assert_int_equal(child_of(a)->state, CHILD_UP);
	ends_free(p);
}

/* Side 1's "host" is within its "t", or "t" within that, which is up first. */
static struct ends *nested(const char *which)
{
	bool inner_first = which && !strcmp(which, INNER);
	bool wider = which && !strcmp(which, WIDER);
	const char *net = "10.2.0.0/24", *host = "10.2.0.66";
	struct ends *p = ends_new();

	set_ts(&p->s[0], "10.1.0.0/16", "10.2.0.0/16");
	set_ts(&p->s[1], inner_first ? host : net, "10.1.0.0/24");
	add_child(&p->s[1], "other", inner_first ? net : host,
		  wider ? "10.0.0.0/8" : "10.1.0.0/24");
	for (int i = 0; i < 2 && (wider || (which && !strcmp(which, ADDKE))); i++)
		set_esp(&p->s[i], "aes128gcm16-esn-x25519-ke1_ecp256");
	ends_start(p);
	attempt(p, 1);
	forget(p);
	return p;
}

/* RFC 7296 2.9.1: what the peer sends to the host in a CHILD_SA of its own takes nobody's place. */
static void one_within_another(void **state)
{
	struct ends *p = nested(*state);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct child *other = child_named(b, "other");

	assert_carries(p, 2);
	assert_int_equal(children(a), 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(p->s[i].ev[IKE_EV_CHILD_DOWN].count, 0);
	/* deleted and made again, each is where it was */
	for (struct child *child = child_of(b); child; child = child == other ? NULL : other) {
		assert_int_equal(ike_down(b->ike, child->id, "by hand"), 0);
		carry_all(p);
		forget(p);
		assert_carries(p, 1);
		assert_int_equal(ike_up(b->ike, child->id), 0);
		pass(p, 0);
		carry_all(p);
		assert_carries(p, 2);
		assert_int_equal(children(a), 2);
	}
	ends_free(p);
}

static void both_are_rekeyed(void **state)
{
	struct ends *p = nested(*state);
	struct child *child;

	for (int i = 0; i < 2; i++) {
		TAILQ_FOREACH(child, &peer_of(&p->s[i])->children, link)
			soft_limit_of(child);
		carry_all(p);
		forget(p);
		assert_carries(p, 2);
	}
	assert_int_equal(children(&p->s[0]), 2);
	ends_free(p);
}

/* With another IKE SA, of whoever's, both follow. */
static void both_follow(void **state)
{
	struct ends *p = nested(*state);

	for (int i = 0; i < 4; i++) {
		reauthenticate(&p->s[i % 2]);
		let_time_pass(p, 30);
		forget(p);
		assert_carries(p, 2);
		assert_int_equal(children(&p->s[0]), 2);
	}
	ends_free(p);
}

/* The peer has lost one of them, and makes it again: that takes its own place. */
static void one_is_lost(void **state)
{
	struct ends *p = nested(*state);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct cause cause = {0};

	cause_set(&cause, IKE_FAIL_NONE, "lost");
	for (int i = 0; i < 2; i++) {
		struct child *child = i ? child_named(b, "other") : child_of(b);

		child_down(child, &cause);
		assert_int_equal(ike_up(b->ike, child->id), 0);
		pass(p, 0);
		carry_all(p);
		forget(p);
		assert_carries(p, 2);
		assert_int_equal(children(a), 2);
	}
	ends_free(p);
}

/*
 * The peer has lost all, and begins with what a guest has: that ends with the IKE SA before, and
 * what it was a part of takes its place, RFC 7296 2.4.
 */
static void the_first_is_first_again(void **state)
{
	struct ends *p = wide(*state);
	struct side *a = &p->s[0], *b = &p->s[1];

	attempt(p, 1);
	forget(p);
	assert_carries(p, 3);
	del_child(b, "voice");
	del_child(b, "video");
	set_ts(b, "10.2.1.0/24", "10.1.1.0/24");
	side_restart(b);
	attempt(p, 1);
	let_time_pass(p, 60);
	assert_carries(p, 1);
	assert_int_equal(children(a), 1);
	assert_false(child_of(a)->guest);
	assert_int_equal(child_of(a)->state, CHILD_UP);
	assert_int_equal(a->ev[IKE_EV_CHILD_DOWN].count, 2);
	ends_free(p);
}

/* A peer has so many, and no more: the next is put off, and what is up stays up. */
static void they_are_limited(void **state)
{
	struct ends *p = wide(*state);
	struct cause cause = {0};
	struct child *child;
	struct ts_pair ts;
	const char *why;
	struct ts net;

	attempt(p, 1);
	child = child_of(&p->s[0]);
	assert_true(ts_parse(&net, "10.1.9.0/24", &why));
	ts.local = ts_list_new(&net, 1);
	assert_true(ts_parse(&net, "10.2.9.0/24", &why));
	ts.remote = ts_list_new(&net, 1);
	assert_true(part_is_beside(child, &ts));
	for (unsigned int i = 3; i < TUNNEL_CHILDREN_MAX; i++)
		assert_non_null(part_guest(child, &ts, &cause));
	assert_null(part_guest(child, &ts, &cause));
	assert_non_null(strstr(cause.text, "no room"));
	ts_pair_clear(&ts);
	side_tick(&p->s[0]);
	/* none of them has come up: they are gone again */
	assert_int_equal(children(&p->s[0]), 3);
	assert_carries(p, 3);
	ends_free(p);
}

/* Of those that share an interface none takes all the room for rules that its kernel has. */
static void rules_are_limited(void **state)
{
	static const char *const ranges[] = { "10.2.0.1-10.2.255.254[tcp/1-65534]",
					      "10.1.0.1-10.1.255.254[tcp/1-65534]" };
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_remote(a, "any");
	set_ts(a, "10.1.0.0/16", "10.2.0.0/16");
	set_ts(b, ranges[0], ranges[1]);
	ends_start(p);
	attempt(p, 1);
	ended_in(a, IKE_EV_CHILD_FAILED, IKE_FAIL_TS, "a peer may have 4097");
	assert_int_equal(a->fake.policy_count, 0);
	assert_int_equal(a->fake.in_count, 0);
	assert_int_equal(b->ev[IKE_EV_CHILD_UP].count, 0);
	/* what the tunnel is configured for it gets */
	ends_free(p);
	p = ends_new();
	set_ts(&p->s[0], ranges[1], ranges[0]);
	set_ts(&p->s[1], ranges[0], ranges[1]);
	set_remote(&p->s[0], "any");
	ends_start(p);
	bring_up(p, 1);
	assert_carries(p, 1);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_takes_the_place_of_another),
		cmocka_unit_test_prestate(none_takes_the_place_of_another, ANY),
		cmocka_unit_test(each_is_rekeyed),
		cmocka_unit_test_prestate(each_is_rekeyed, ANY),
		cmocka_unit_test(all_follow),
		cmocka_unit_test_prestate(all_follow, ANY),
		cmocka_unit_test(one_goes_and_comes),
		cmocka_unit_test_prestate(one_goes_and_comes, ANY),
		cmocka_unit_test(down_sticks),
		cmocka_unit_test(down_sticks_for_one_of_many),
		cmocka_unit_test(the_peer_has_no_more),
		cmocka_unit_test(one_within_another),
		cmocka_unit_test_prestate(one_within_another, INNER),
		cmocka_unit_test_prestate(one_within_another, ADDKE),
		cmocka_unit_test_prestate(one_within_another, WIDER),
		cmocka_unit_test(both_are_rekeyed),
		cmocka_unit_test_prestate(both_are_rekeyed, INNER),
		cmocka_unit_test_prestate(both_are_rekeyed, ADDKE),
		cmocka_unit_test_prestate(both_are_rekeyed, WIDER),
		cmocka_unit_test(both_follow),
		cmocka_unit_test_prestate(both_follow, INNER),
		cmocka_unit_test_prestate(both_follow, ADDKE),
		cmocka_unit_test(one_is_lost),
		cmocka_unit_test_prestate(one_is_lost, INNER),
		cmocka_unit_test_prestate(one_is_lost, ADDKE),
		cmocka_unit_test(the_first_is_first_again),
		cmocka_unit_test_prestate(the_first_is_first_again, ANY),
		cmocka_unit_test(they_are_limited),
		cmocka_unit_test_prestate(they_are_limited, ANY),
		cmocka_unit_test(rules_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
