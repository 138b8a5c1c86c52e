// SPDX-License-Identifier: GPL-2.0
/*
 * start = on-demand, dpd-action = on-demand: policies without SAs, and packets that ask for them.
 */
#include "ike/object/pause.h"
#include "lib/array.h"
#include "suite/ikev2.h"
#include "unit/ike/ike_ends.h"

#define PAUSE_MOST	70000

static struct ends *demand_new(void)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	a->conf.start = START_ON_DEMAND;
	a->conf.dpd_action = DPD_ON_DEMAND;
	a->conf.dpd_s = 10;
	for (int i = 0; i < 2; i++)
		add_child(&p->s[i], "voice", i ? "10.2.1.0/24" : "10.1.1.0/24",
			  i ? "10.1.1.0/24" : "10.2.1.0/24");
	return p;
}

static struct ends *demand(void)
{
	struct ends *p = demand_new();

	ends_start(p);
	pass(p, 0);
	return p;
}

static void ts_of(struct ts *ts, const char *text)
{
	const char *why;

	assert_true(ts_parse(ts, text, &why));
}

/* The kernel's ACQUIRE; @local NULL: nothing is known of the packet. */
static void packet(struct side *s, const char *child, const char *local, const char *remote)
{
	struct ike_kern_event ev = {
		.type = IKE_KERN_ACQUIRE, .policy = child_named(s, child)->id,
	};

	if (local) {
		ts_of(&ev.local_ts, local);
		ts_of(&ev.remote_ts, remote);
	}
	ike_kern_event(s->ike, &ev);
	side_tick(s);
}

/* The selector @at of a payload. */
static struct ts nth(const struct msg_ts *list, unsigned int at)
{
	struct cursor left = list->selectors;
	struct ts ts;

	do
		assert_true(msg_ts_next(&left, &ts));
	while (at--);
	return ts;
}

static void assert_nth(const struct msg_ts *list, unsigned int at, const char *text)
{
	struct ts ts, got = nth(list, at);

	ts_of(&ts, text);
	assert_true(ts_equal(&got, &ts));
}

static void assert_waits(struct side *s, const char *name)
{
	struct child *child = child_named(s, name);
	const struct fake_policy *policy = fake_policy(&s->fake, child->id);

	assert_true(child->waits);
	assert_int_equal(child->state, CHILD_DOWN);
	assert_non_null(policy);
	assert_true(policy->linked);
	assert_int_equal(policy->out.sa.spi, 0);
	assert_true(ts_list_equal(policy->local_ts, child->conf->local_ts));
	assert_true(ts_list_equal(policy->remote_ts, child->conf->remote_ts));
	assert_true(s->fake.last_link.waits || s->fake.waits);
}

static void assert_up(struct side *s, const char *name)
{
	const struct child *child = child_named(s, name);

	assert_int_equal(child->state, CHILD_UP);
	assert_false(child->waits);
	assert_int_not_equal(fake_policy(&s->fake, child->id)->out.sa.spi, 0);
}

/* Before any IKE; then only what a packet asks for, and what nobody asks for waits on. */
static void test_first_packet(void **state)
{
	struct ends *p = demand();
	struct side *a = &p->s[0];

	assert_int_equal(a->sent, 0);
	assert_waits(a, "t");
	assert_waits(a, "voice");
	assert_true(peer_status(a).on_demand);
	assert_false(peer_status(a).wanted);
	packet(a, "voice", "10.1.1.9[udp/5000]", "10.2.1.9[udp/53]");
	assert_int_equal(a->count, 1);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_up(a, "voice");
	assert_waits(a, "t");
	assert_int_equal(child_named(&p->s[1], "t")->state, CHILD_DOWN);
	packet(a, "t", NULL, NULL);
	carry_all(p);
	assert_up(a, "t");
	only_sa(a);
	assert_int_equal(a->ev[IKE_EV_UP].count, 1);
	ends_free(p);
}

/* RFC 7296 2.9: what the packet is, and then all that is configured, of an IKE_AUTH's child too. */
static void test_selectors_of_the_packet(void **state)
{
	struct ends *p = demand();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;
	struct msg m;

	packet(a, "voice", "10.1.1.9[udp/5000]", "10.2.1.9[udp/53]");
	carry(a);
	carry(b);
	l = *oldest(a);
	open_letter(only_sa(b), &l, &m);
	assert_int_equal(m.tsi.count, 2);
	assert_int_equal(m.tsr.count, 2);
	assert_nth(&m.tsi, 0, "10.1.1.9[udp/5000]");
	assert_nth(&m.tsr, 0, "10.2.1.9[udp/53]");
	assert_nth(&m.tsi, 1, "10.1.1.0/24");
	carry_all(p);
	/* the whole is what was agreed on */
	assert_true(ts_list_equal(child_named(a, "voice")->local_ts,
				  child_named(a, "voice")->conf->local_ts));
	packet(a, "t", "10.1.0.9[tcp/1024]", "10.2.0.9[tcp/80]");
	l = *oldest(a);
	open_letter(only_sa(b), &l, &m);
	assert_int_equal(m.tsi.count, 2);
	assert_nth(&m.tsr, 0, "10.2.0.9[tcp/80]");
	carry_all(p);
	assert_up(a, "t");
	ends_free(p);
}

/* What is outside of the configuration is not asked for, whoever says so. */
static void test_packet_of_another(void **state)
{
	struct ends *p = demand();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;
	struct msg m;

	packet(a, "voice", "10.7.1.9[udp/5000]", "10.2.1.9[udp/53]");
	carry(a);
	carry(b);
	l = *oldest(a);
	open_letter(only_sa(b), &l, &m);
	assert_int_equal(m.tsi.count, 1);
	assert_int_equal(m.tsr.count, 1);
	carry_all(p);
	assert_up(a, "voice");
	/* of what is up nothing is asked for */
	packet(a, "voice", "10.1.1.9[udp/5000]", "10.2.1.9[udp/53]");
	assert_int_equal(a->count, 0);
	ends_free(p);
}

/* The peer has done with it: the policy stays, and the next packet asks again. */
static void test_closed(void **state)
{
	struct ends *p = demand();
	struct side *a = &p->s[0], *b = &p->s[1];

	packet(a, "t", NULL, NULL);
	packet(a, "voice", NULL, NULL);
	carry_all(p);
	assert_up(a, "t");
	assert_up(a, "voice");
	assert_int_equal(ike_down(b->ike, child_named(b, "voice")->id, "idle"), 0);
	carry_all(p);
	assert_waits(a, "voice");
	assert_up(a, "t");
	assert_int_equal(ike_up(b->ike, child_named(b, "voice")->id), 0);
	carry_all(p);
	assert_int_equal(side_down(b), 0);
	carry_all(p);
	assert_waits(a, "t");
	assert_waits(a, "voice");
	assert_int_equal(a->fake.in_count, 0);
	assert_int_equal(peer_of(a)->state, PEER_DOWN);
	assert_int_equal(side_up(b), 0);
	assert_int_equal(side_down(b), 0);
	carry_all(p);
	pass(p, 60000);
	assert_int_equal(ike_up(b->ike, b->tunnel), 0);
	carry_all(p);
	pass(p, 0);
	carry_all(p);
	assert_up(a, "t");
	ends_free(p);
}

/* It does not answer: pauses grow, and without packets nothing is tried. */
static void test_back_off(void **state)
{
	struct ends *p = demand();
	struct side *a = &p->s[0];
	uint64_t pauses[8], before;

	for (unsigned int i = 0; i < ARRAY_SIZE(pauses); i++) {
		unsigned int sent = a->sent;

		before = p->now;
		packet(a, "t", NULL, NULL);
		while (a->sent == sent && p->now < before + PAUSE_MOST)
			pass(p, 100);
		pauses[i] = p->now - before;
		assert_int_equal(peer_of(a)->state, PEER_CONNECTING);
		pass(p, 47000);		/* all tries */
		assert_int_equal(peer_of(a)->state, PEER_DOWN);
		assert_int_equal(a->ev[IKE_EV_FAILED].count, i + 1);
		assert_waits(a, "t");
		assert_waits(a, "voice");
		while (drop(a))
			;
	}
	assert_int_equal(pauses[0], 0);
	assert_in_range(pauses[ARRAY_SIZE(pauses) - 1], 10000, PAUSE_MAX_MS);
	pass(p, 600000);
	assert_int_equal(a->count, 0);
	assert_false(peer_status(a).wanted);
	packet(a, "voice", NULL, NULL);
	carry_all(p);
	assert_up(a, "voice");
	ends_free(p);
}

/* Nor does a child that the peer refuses while another is up ask with each packet. */
static void test_child_back_off(void **state)
{
	struct ends *p = demand();
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int sent;

	assert_int_equal(ike_down(b->ike, child_named(b, "voice")->id, "not today"), -EALREADY);
	packet(a, "t", NULL, NULL);
	carry_all(p);
	for (int i = 0; i < 8; i++) {
		packet(a, "voice", NULL, NULL);
		carry_all(p);
		pass(p, 1000);
		carry_all(p);
	}
	sent = a->sent;
	packet(a, "voice", NULL, NULL);
	packet(a, "voice", NULL, NULL);
	assert_int_equal(a->sent, sent);
	assert_true(child_named(a, "voice")->waits);
	assert_up(a, "t");
	assert_int_equal(ike_up(b->ike, child_named(b, "voice")->id), 0);
	for (int i = 0; i < PAUSE_MAX_MS; i += 1000) {
		pass(p, 1000);
		carry_all(p);
	}
	assert_up(a, "voice");
	ends_free(p);
}

/* Somebody removes b's policy of @name: b ends that child, and does not begin it anew. */
static void end(struct ends *p, const char *name)
{
	struct ike_kern_event ev = {
		.type = IKE_KERN_GONE, .policy = child_named(&p->s[1], name)->id,
	};

	fake_policy_gone(&p->s[1].fake, ev.policy);
	ike_kern_event(p->s[1].ike, &ev);
	carry_all(p);
	assert_waits(&p->s[0], name);
}

/* b ends at once what a packet of a's has made. How long the packet had to wait, ms. */
static uint64_t up_for_a_moment(struct ends *p, const char *name)
{
	struct side *a = &p->s[0];
	uint64_t before = p->now;

	packet(a, name, NULL, NULL);
	carry_all(p);
	while (child_named(a, name)->state != CHILD_UP && p->now < before + PAUSE_MOST) {
		pass(p, 100);
		carry_all(p);
	}
	before = p->now - before;
	assert_up(a, name);
	end(p, name);
	return before;
}

/* Again and again; @beside: another child of the same peer, which stays, or NULL. */
static void up_and_down(const char *name, const char *beside)
{
	struct ends *p = demand();
	struct side *a = &p->s[0];
	uint64_t pauses[8];

	if (beside)
		packet(a, beside, NULL, NULL);
	carry_all(p);
	for (unsigned int i = 0; i < ARRAY_SIZE(pauses); i++)
		pauses[i] = up_for_a_moment(p, name);
	assert_int_equal(pauses[0], 0);
	assert_int_equal(pauses[1], 0);		/* it may have happened once */
	assert_in_range(pauses[2], PAUSE_MIN_MS, 2 * PAUSE_MIN_MS);
	assert_in_range(pauses[ARRAY_SIZE(pauses) - 1], 10000, PAUSE_MAX_MS);
	packet(a, name, NULL, NULL);
	let_time_pass(p, (PAUSE_MAX_MS + PAUSE_BRIEF_MS) / 1000);
	end(p, name);				/* up for a while: it is forgotten */
	assert_int_equal(up_for_a_moment(p, name), 0);
	assert_int_equal(up_for_a_moment(p, name), 0);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, beside ? 0 : 11);
	ends_free(p);
}

static void test_up_and_down_at_once(void **state)
{
	up_and_down("t", NULL);
	up_and_down("voice", "t");
}

/* All of it, but what the peer says of its end is lost. */
static void carry_but_deletes(struct ends *p)
{
	struct side *a = &p->s[0], *b = &p->s[1];

	while (a->count || b->count) {
		carry(a);
		if (b->count && oldest(b)->msg[18] == EXCHANGE_INFORMATIONAL)
			drop(b);
		else
			carry(b);
	}
}

/*
 * The peer is busy, for it is about to end: it is asked again, with pauses, and then no more. Where
 * that was all, no timer keeps the next packet from beginning anew.
 */
static void test_peer_is_busy(void **state)
{
	struct ends *p = demand();
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int sent;

	ike_down(b->ike, child_named(b, "t")->id, "not today");
	assert_int_equal(side_up(a), 0);
	pass(p, 0);
	carry(a);
	carry(b);
	carry(a);
	assert_int_equal(side_down(b), 0);
	carry_but_deletes(p);
	assert_int_equal(peer_of(a)->state, PEER_CONNECTING);
	sent = a->sent;
	pass(p, PAIR_RETRY_MIN_MS - 1);
	assert_int_equal(a->sent, sent);
	for (int i = 0; i < 40 && peer_of(a)->state != PEER_DOWN; i++) {
		pass(p, 1000);
		carry_but_deletes(p);
	}
	assert_int_equal(peer_of(a)->state, PEER_DOWN);
	said(a, IKE_EV_CHILD_FAILED, "the peer refuses the child: TEMPORARY_FAILURE");
	pass(p, 600000);
	while (drop(a) || drop(b))
		;
	sent = a->sent;
	packet(a, "t", NULL, NULL);
	packet(a, "voice", NULL, NULL);
	pass(p, PAUSE_MOST);
	assert_int_not_equal(a->sent, sent);
	ends_free(p);
}

/* What a person lets up again in the midst of an attempt waits for packets at once. */
static void test_let_up_in_between(void **state)
{
	struct ends *p = demand_new();
	struct side *a = &p->s[0];

	a->conf.start = START_MANUAL;
	ends_start(p);
	bring_up(p, 0);
	pass(p, 10000 + 47000);
	assert_waits(a, "t");
	packet(a, "t", NULL, NULL);
	assert_int_equal(peer_of(a)->state, PEER_CONNECTING);
	ike_down(a->ike, child_named(a, "voice")->id, "by hand");
	assert_null(fake_policy(&a->fake, child_named(a, "voice")->id));
	assert_int_equal(side_up(a), -EINPROGRESS);
	side_tick(a);
	assert_waits(a, "voice");
	ends_free(p);
}

/* The kernel neither takes the SAs nor then the policy as it was: what waits is laid anew. */
static void test_kernel_keeps_another(void **state)
{
	struct ends *p = demand_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_ts(b, "10.2.0.0/25", "10.1.0.0/25");
	ends_start(p);
	pass(p, 0);
	assert_waits(a, "t");
	start(p, 1);
	carry(b);
	carry(a);
	a->fake.kernel_fails_at = 3;	/* SPI, policy, SAs; the policy again */
	a->fake.kernel_fails_more = 1;
	carry(b);
	assert_int_equal(a->fake.kernel_fails_more, 0);
	assert_waits(a, "t");
	ends_free(p);
}

/* A person's word: nothing waits, and the kernel's late event begins nothing. */
static void test_down(void **state)
{
	struct ends *p = demand();
	struct side *a = &p->s[0];
	struct ike_kern_event late = { .type = IKE_KERN_ACQUIRE };

	late.policy = child_named(a, "t")->id;
	assert_int_equal(ike_down(a->ike, child_named(a, "voice")->id, "by hand"), 0);
	assert_null(fake_policy(&a->fake, child_named(a, "voice")->id));
	assert_waits(a, "t");
	assert_int_equal(side_down(a), 0);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	assert_true(fake_is_empty(&a->fake));
	assert_int_equal(a->fake.links, a->fake.unlinks);
	assert_int_equal(side_down(a), -EALREADY);
	ike_kern_event(a->ike, &late);
	pass(p, 600000);
	assert_int_equal(a->sent, 0);
	/* up: all of it now, and after the end what waits */
	assert_int_equal(side_up(a), 0);
	pass(p, 0);
	carry_all(p);
	assert_up(a, "t");
	assert_up(a, "voice");
	assert_int_equal(side_down(&p->s[1]), 0);
	carry_all(p);
	assert_waits(a, "t");
	assert_waits(a, "voice");
	ends_free(p);
}

/* In the midst of an attempt, and of an IKE SA. */
static void test_down_in_between(void **state)
{
	for (int moved = 0; moved < 4; moved++) {
		struct ends *p = demand();
		struct side *a = &p->s[0];

		packet(a, "t", NULL, NULL);
		for (int i = 0; i < moved; i++)
			carry(&p->s[i % 2]);
		assert_int_equal(side_down(a), 0);
		carry_all(p);
		pass(p, 60000);
		carry_all(p);
		assert_true(fake_is_empty(&a->fake));
		assert_int_equal(a->fake.links, a->fake.unlinks);
		assert_int_equal(peer_of(&p->s[1])->state, PEER_DOWN);
		ends_free(p);
	}
}

/* The peer is dead: of a tunnel of any start what was up waits for packets. */
static void test_dead_peer(void **state)
{
	for (enum start_mode start = START_MANUAL; start <= START_ON_DEMAND; start++) {
		struct ends *p = demand_new();
		struct side *a = &p->s[0];

		a->conf.start = start;
		ends_start(p);
		pass(p, 0);
		side_up(a);
		pass(p, 0);
		carry_all(p);
		assert_up(a, "t");
		pass(p, 10000 + 47000);
		assert_int_equal(peer_of(a)->state, PEER_DOWN);
		assert_int_equal(a->ev[IKE_EV_DOWN].failure, IKE_FAIL_TIMEOUT);
		assert_false(peer_status(a).wanted);
		assert_waits(a, "t");
		assert_int_equal(a->fake.in_count, 0);
		while (drop(a))
			;
		side_restart(&p->s[1]);
		pass(p, 600000);
		assert_int_equal(a->count, 0);
		packet(a, "t", NULL, NULL);
		carry_all(p);
		assert_up(a, "t");
		ends_free(p);
	}
}

/* The module is missing when it starts, or the interface is taken from it: it waits soon again. */
static void test_laid_again(void **state)
{
	struct ends *p = demand_new();
	struct side *a = &p->s[0];
	struct ike_kern_event gone = { .type = IKE_KERN_GONE };

	ends_start(p);
	a->fake.device_refuses = "there is no module";
	pass(p, 0);
	assert_int_equal(a->fake.policy_count, 0);
	assert_string_equal(peer_status(a).detail, "there is no module");
	pass(p, 600000);
	a->fake.device_refuses = NULL;
	pass(p, PAUSE_MAX_MS);
	assert_waits(a, "t");
	assert_waits(a, "voice");
	gone.policy = child_named(a, "t")->id;
	fake_policy_gone(&a->fake, gone.policy);
	a->fake.unlinks++;		/* with the policy the fake has forgotten it */
	ike_kern_event(a->ike, &gone);
	assert_waits(a, "t");
	a->fake.kernel_refuses = "no memory";
	fake_policy_gone(&a->fake, gone.policy);
	a->fake.unlinks++;
	ike_kern_event(a->ike, &gone);
	assert_false(child_named(a, "t")->waits);
	a->fake.kernel_refuses = NULL;
	pass(p, PAUSE_MAX_MS);
	assert_waits(a, "t");
	packet(a, "t", NULL, NULL);
	carry_all(p);
	assert_up(a, "t");
	ends_free(p);
}

/* The peer begins, or a person: what waits is the child that they make. */
static void test_others_begin(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct ends *p = demand();
		struct side *a = &p->s[0];

		bring_up(p, i);
		assert_up(a, "t");
		assert_up(a, "voice");
		assert_int_equal(a->fake.policy_count, 2);
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_packet),
		cmocka_unit_test(test_selectors_of_the_packet),
		cmocka_unit_test(test_packet_of_another),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_child_back_off),
		cmocka_unit_test(test_up_and_down_at_once),
		cmocka_unit_test(test_peer_is_busy),
		cmocka_unit_test(test_let_up_in_between),
		cmocka_unit_test(test_kernel_keeps_another),
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_down_in_between),
		cmocka_unit_test(test_dead_peer),
		cmocka_unit_test(test_laid_again),
		cmocka_unit_test(test_others_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
