// SPDX-License-Identifier: GPL-2.0
/* What a living tunnel takes over of another configuration, and counts from its next use on. */
#include "unit/ike/ike_ends.h"

/* Two children at each end. */
static struct ends *two(void)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++)
		add_child(&p->s[i], "voice", i ? "10.2.1.0/24" : "10.1.1.0/24",
			  i ? "10.1.1.0/24" : "10.2.1.0/24");
	return p;
}

static struct ends *two_up(int initiator)
{
	struct ends *p = two();

	ends_start(p);
	bring_up(p, initiator);
	return p;
}

static void reload(struct side *s)
{
	assert_int_equal(side_reload(s), 0);
	pass(s->ends, 0);
}

/* Both have it up, and nothing of @name has been touched since @spi_in was its pair. */
static void assert_untouched(struct ends *p, const char *name, const uint32_t spi_in[2])
{
	for (int i = 0; i < 2; i++) {
		struct child *child = child_named(&p->s[i], name);

		assert_int_equal(child->state, CHILD_UP);
		assert_int_equal(pair_active(child)->spi_in, spi_in[i]);
		assert_int_equal(child->rekeys, 0);
		assert_true(child_carries(child));
		assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
		assert_int_equal(p->s[i].ev[IKE_EV_DOWN].count, 0);
	}
}

static void note_spis(struct ends *p, const char *name, uint32_t spi_in[2])
{
	for (int i = 0; i < 2; i++)
		spi_in[i] = pair_active(child_named(&p->s[i], name))->spi_in;
}

static void shorter_lifetimes_count_at_once(void **state)
{
	struct ends *p = two_up(0);
	struct side *s = &p->s[0];
	uint32_t spis[2];

	note_spis(p, "t", spis);
	pass(p, 100000);
	carry_all(p);
	s->child[1].rekey_s = 200;
	reload(s);
	assert_untouched(p, "t", spis);
	assert_true(child_status(s).rekey_ms > p->now + 1000000);
	pass(p, 110000);
	carry_all(p);
	assert_int_equal(child_named(s, "voice")->rekeys, 1);
	/* fewer octets: the kernel counts by what it was given, so new keys are made now */
	s->child[1].rekey_bytes = 1 << 20;
	reload(s);
	pass(p, 11000);
	carry_all(p);
	assert_int_equal(child_named(s, "voice")->rekeys, 2);
	/* a longer one counts for the next pair: nothing is done */
	s->child[1].rekey_bytes = 0;
	s->child[1].rekey_s = 9000;
	reload(s);
	pass(p, 11000);
	carry_all(p);
	assert_int_equal(child_named(s, "voice")->rekeys, 2);
	assert_untouched(p, "t", spis);
	ends_free(p);
}

/* What is not active yet is rekeyed when its new time is over, and not at once. */
static void a_shorter_lifetime_of_a_pair_that_waits(void **state)
{
	struct ends *p = two_up(0);
	struct side *s = &p->s[1];
	struct child *child = child_named(s, "voice");
	const struct child_sa *pair;

	soft_limit_of(child_named(&p->s[0], "voice"));
	assert_true(carry(&p->s[0]));
	pair = TAILQ_LAST(&child->pairs, child_sa_list);
	assert_int_equal(pair->state, PAIR_INBOUND);
	s->child[1].rekey_s = 1000;
	assert_int_equal(side_reload(s), 0);
	assert_false(pair->want_rekey);
	carry_all(p);
	pass(p, 20000);
	carry_all(p);
	assert_int_equal(child->rekeys, 1);
	let_time_pass(p, 1000);
	assert_int_equal(child->rekeys, 2);
	ends_free(p);
}

static void options_of_the_ike_sa(void **state)
{
	struct ends *p = two_up(0);
	struct side *s = &p->s[0];
	const struct ike_sa *sa = only_sa(s);
	unsigned int sent;

	s->conf.rekey_s = 60;
	s->conf.dpd_s = 20;
	s->conf.retry_tries = 2;
	s->conf.retry_first_ms = 500;
	sent = s->sent;
	reload(s);
	assert_ptr_equal(peer_of(s)->sa, sa);
	assert_int_equal(s->sent, sent);
	pass(p, 20100);
	assert_int_equal(s->sent, sent + 1);	/* is it there? */
	carry_all(p);
	let_time_pass(p, 40);
	assert_int_equal(s->ev[IKE_EV_IKE_REKEYED].count, 1);
	s->conf.rekey_s = 0;
	s->conf.dpd_s = 0;
	reload(s);
	let_time_pass(p, 400);
	assert_int_equal(s->ev[IKE_EV_IKE_REKEYED].count, 1);
	/* an age that is reached already */
	s->conf.rekey_s = 100;
	reload(s);
	let_time_pass(p, 11);
	assert_int_equal(s->ev[IKE_EV_IKE_REKEYED].count, 2);
	ends_free(p);
}

static void a_shorter_proof(void **state)
{
	struct ends *p = two_up(0);
	struct side *s = &p->s[0];

	s->conf.reauth_s = 7200;
	reload(s);
	pass(p, 60000);
	carry_all(p);
	s->conf.reauth_s = 120;
	reload(s);
	pass(p, 61000);
	carry_all(p);
	assert_int_equal(reauthentications(s), 1);
	ends_free(p);
}

static void another_start(void **state)
{
	struct ends *p = two();
	struct side *s = &p->s[0];

	ends_start(p);
	s->conf.start = START_ON_DEMAND;
	reload(s);
	pass(p, 0);
	assert_int_equal(s->fake.policy_count, 2);
	assert_true(child_of(s)->waits);
	s->conf.start = START_MANUAL;
	reload(s);
	assert_int_equal(s->fake.policy_count, 0);
	s->conf.start = START_UP;
	reload(s);
	carry_all(p);
	assert_int_equal(child_named(s, "t")->state, CHILD_UP);
	assert_int_equal(child_named(s, "voice")->state, CHILD_UP);
	ends_free(p);
}

/* What was asked for is asked for no more when nobody tries: a packet asks anew. */
static void no_wish_without_a_try(void **state)
{
	struct ike_kern_event packet = { .type = IKE_KERN_ACQUIRE };
	struct ends *p = two();
	struct side *s = &p->s[0];

	s->conf.start = START_UP;
	ends_start(p);
	assert_int_equal(side_up(s), 0);
	s->conf.start = START_ON_DEMAND;
	reload(s);
	assert_int_equal(s->count, 0);
	assert_true(child_named(s, "voice")->waits);
	packet.policy = child_named(s, "voice")->id;
	ike_kern_event(s->ike, &packet);
	pass(p, 0);
	carry_all(p);
	assert_int_equal(child_named(s, "voice")->state, CHILD_UP);
	assert_int_equal(child_named(s, "t")->state, CHILD_DOWN);
	ends_free(p);
}

/* The peer was silent, and packets wait; now they are not to. */
static void another_dpd_action(void **state)
{
	struct ends *p = two();
	struct side *s = &p->s[0];

	s->conf.dpd_s = 20;
	s->conf.dpd_action = DPD_ON_DEMAND;
	ends_start(p);
	bring_up(p, 0);
	for (int i = 0; i < 400; i++) {
		while (drop(s))
			;
		pass(p, 1000);
	}
	assert_true(child_of(s)->waits);
	s->conf.dpd_action = DPD_CLEAR;
	reload(s);
	assert_false(peer_of(s)->demand);
	assert_int_equal(s->fake.policy_count, 0);
	ends_free(p);
}

/* It waited for packets; now it is to try for ever, whoever began it. */
static void silence_and_then_restart(void **state)
{
	for (int start = START_MANUAL; start <= START_UP; start++) {
		struct ends *p = two();
		struct side *s = &p->s[0];

		s->conf.start = start;
		s->conf.dpd_s = 20;
		s->conf.dpd_action = DPD_ON_DEMAND;
		ends_start(p);
		bring_up(p, 0);
		for (int i = 0; i < 400; i++) {
			while (drop(s))
				;
			pass(p, 1000);
		}
		assert_true(child_of(s)->waits);
		s->conf.dpd_action = DPD_RESTART;
		reload(s);
		assert_false(child_of(s)->waits);
		for (int i = 0; i < 60 && child_of(s)->state != CHILD_UP; i++) {
			pass(p, 1000);
			carry_all(p);
		}
		assert_int_equal(child_of(s)->state, CHILD_UP);
		ends_free(p);
	}
}

static unsigned int fewest;		/* children that are linked, at each child_down */

static void noted_down(void *ctx, const struct ike_child_link *link)
{
	struct fake *f = ctx;
	unsigned int count = 0;

	for (unsigned int i = 0; i < f->policy_count; i++)
		count += f->policy[i].linked && f->policy[i].id != link->child;
	if (count < fewest)
		fewest = count;
	f->unlinks++;
}

/* Something has the routes all the time: when-down = pass would let packets go elsewhere. */
static void on_demand_without_a_gap(void **state)
{
	struct ends *p = ends_new();
	struct side *s = &p->s[0];

	s->conf.start = START_ON_DEMAND;
	ends_start(p);
	bring_up(p, 0);
	fewest = 100;
	s->ike->env.child_down = noted_down;
	set_esp(s, "aes256gcm16-esn");
	assert_int_equal(side_reload(s), 0);
	assert_int_equal(fewest, 1);
	assert_true(child_named(s, "t")->waits);
	ends_free(p);
}

/* It was tried for ever; now nobody does. */
static void no_more_tries(void **state)
{
	struct ends *p = two();
	struct side *s = &p->s[0];
	unsigned int sent;

	s->conf.start = START_UP;
	ends_start(p);
	for (int i = 0; i < 60; i++) {
		while (drop(s))
			;
		pass(p, 1000);
	}
	assert_true(timer_armed(&peer_of(s)->retry) || peer_of(s)->attempt);
	s->conf.start = START_MANUAL;
	reload(s);
	pass(p, 100000);
	while (drop(s))
		;
	sent = s->sent;
	pass(p, 1000000);
	assert_int_equal(s->sent, sent);
	ends_free(p);
}

static void counted(void *ctx, const struct ike_esp_keys *keys)
{
	++*(unsigned int *)ctx;
}

/* Of ESP one by one, of IKE by hundreds. */
static void counted_ike(void *ctx, const struct ike_sa_keys *keys)
{
	*(unsigned int *)ctx += 100;
}

/* Allowed: from the next keys on. Not any more: those that were kept are not there. */
static void keys_that_may_be_exported(void **state)
{
	struct ends *p = two_up(0);
	struct side *s = &p->s[0];
	unsigned int count = 0;
	const struct ike_keys_to to = { .ctx = &count, .ike = counted_ike, .esp = counted };

	s->conf.export_keys = true;
	reload(s);
	assert_int_equal(ike_keys(s->ike, s->tunnel, &to), 0);
	assert_int_equal(count, 0);
	soft_limit_of(child_named(s, "voice"));
	carry_all(p);
	assert_int_equal(ike_keys(s->ike, s->tunnel, &to), 0);
	assert_int_equal(count, 2);
	assert_int_equal(ike_rekey(s->ike, peer_of(s)->id), 0);
	carry_all(p);
	count = 0;
	assert_int_equal(ike_keys(s->ike, s->tunnel, &to), 0);
	assert_int_equal(count, 102);
	s->conf.export_keys = false;
	reload(s);
	assert_int_equal(ike_keys(s->ike, s->tunnel, &to), -EACCES);
	assert_false(pair_has_keys(pair_active(child_named(s, "voice"))));
	ends_free(p);
}

/* IKE_SA_INIT was while it was not allowed: whose the IKE SA is was said later. */
static void keys_of_a_stranger(void **state)
{
	for (int allowed = 0; allowed < 2; allowed++) {
		struct ends *p = two();
		struct side *s = &p->s[1];
		unsigned int count = 0;
		const struct ike_keys_to to = { .ctx = &count, .ike = counted_ike, .esp = counted };

		s->conf.export_keys = allowed;
		ends_start(p);
		start(p, 0);
		assert_true(carry(&p->s[0]));
		s->conf.export_keys = true;
		reload(s);
		carry_all(p);
		assert_int_equal(peer_of(s)->state, PEER_UP);
		assert_int_equal(ike_keys(s->ike, s->tunnel, &to), 0);
		assert_int_equal(count, allowed ? 104 : 4);
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shorter_lifetimes_count_at_once),
		cmocka_unit_test(a_shorter_lifetime_of_a_pair_that_waits),
		cmocka_unit_test(options_of_the_ike_sa),
		cmocka_unit_test(a_shorter_proof),
		cmocka_unit_test(another_start),
		cmocka_unit_test(no_wish_without_a_try),
		cmocka_unit_test(another_dpd_action),
		cmocka_unit_test(silence_and_then_restart),
		cmocka_unit_test(on_demand_without_a_gap),
		cmocka_unit_test(no_more_tries),
		cmocka_unit_test(keys_that_may_be_exported),
		cmocka_unit_test(keys_of_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
