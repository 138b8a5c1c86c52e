// SPDX-License-Identifier: GPL-2.0
/* A living tunnel gets another configuration: only what is another changes. */
#include "unit/ike/ike_ends.h"

/* Two children at each end; a third is ready to be added. */
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

static void add_video(struct side *s)
{
	int i = s->index;

	add_child(s, "video", i ? "10.2.2.0/24" : "10.1.2.0/24", i ? "10.1.2.0/24" : "10.2.2.0/24");
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

/* Children that a reload has taken out and that are not gone yet. */
static unsigned int left(struct side *s)
{
	const struct child *child;
	unsigned int count = 0;

	TAILQ_FOREACH(child, &peer_of(s)->children, link)
		count += !!child->left;
	return count;
}

/* What was taken out has gone at both ends, with its SAs; @up children are there. */
static void assert_clean(struct ends *p, unsigned int up)
{
	carry_all(p);
	pass(p, 2 * PAIR_LINGER_MS);
	carry_all(p);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(left(&p->s[i]), 0);
		assert_int_equal(peer_of(&p->s[i])->promised, 0);
		assert_int_equal(p->s[i].fake.in_count, up);
		assert_int_equal(p->s[i].fake.policy_count, up);
		assert_int_equal(p->s[i].fake.reserved, 0);
	}
}

/* ---- children */

static void nothing_happens_where_nothing_differs(void **state)
{
	struct ends *p = two_up(0);
	uint32_t spis[2];
	unsigned int sent = p->s[0].sent, timers = (unsigned int)p->s[0].ike->timers.reserved;

	note_spis(p, "voice", spis);
	reload(&p->s[0]);
	assert_int_equal(p->s[0].sent, sent);
	assert_int_equal(p->s[0].ike->timers.reserved, timers);
	assert_untouched(p, "voice", spis);
	ends_free(p);
}

/* By either end, of whoever began: a DELETE, and the other lives on. */
static void a_removed_child_is_deleted(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = two_up(0);
		struct side *s = &p->s[who], *other = &p->s[!who];
		uint32_t spis[2];
		unsigned int sent;

		note_spis(p, "t", spis);
		sent = s->sent;
		del_child(s, "voice");
		reload(s);
		assert_int_equal(s->sent, sent + 1);
		assert_int_equal(s->fake.policy_count, 1);
		assert_int_equal(left(s), 1);
		assert_int_equal(s->ev[IKE_EV_CHILD_DOWN].count, 1);
		carry_all(p);
		ended_in(other, IKE_EV_CHILD_DOWN, IKE_FAIL_DOWN, "the peer has deleted");
		pass(p, 2 * PAIR_LINGER_MS);
		assert_int_equal(left(s), 0);
		assert_untouched(p, "t", spis);
		assert_clean(p, 1);

		/* and the peer does not get it back */
		assert_int_equal(ike_up(other->ike, child_named(other, "voice")->id), 0);
		pass(p, 0);
		carry_all(p);
		ended_in(other, IKE_EV_CHILD_FAILED, IKE_FAIL_TS, "accepts no traffic");
		assert_untouched(p, "t", spis);
		ends_free(p);
	}
}

/* As its tunnel starts: by itself, or when a person says so. */
static void a_new_child_is_made(void **state)
{
	for (int start = START_MANUAL; start <= START_UP; start++) {
		struct ends *p = two();
		uint32_t spis[2];

		p->s[0].conf.start = (enum start_mode)start;
		ends_start(p);
		bring_up(p, 0);
		note_spis(p, "voice", spis);
		add_video(&p->s[1]);
		reload(&p->s[1]);
		add_video(&p->s[0]);
		reload(&p->s[0]);
		carry_all(p);
		if (start == START_MANUAL) {
			assert_int_equal(child_named(&p->s[0], "video")->state, CHILD_DOWN);
			assert_int_equal(side_up(&p->s[0]), 0);
			pass(p, 0);
			carry_all(p);
		}
		assert_int_equal(child_named(&p->s[0], "video")->state, CHILD_UP);
		assert_untouched(p, "voice", spis);
		assert_clean(p, 3);
		ends_free(p);
	}
}

/* Replaced alone: the new one is up where the old one was. */
static void a_changed_child_is_replaced(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = two_up(0);
		uint32_t spis[2], ids[2];

		note_spis(p, "voice", spis);
		for (int i = 0; i < 2; i++) {
			struct side *s = &p->s[i ? !who : who];

			ids[s->index] = child_named(s, "t")->id;
			set_ts(s, s->index ? "10.2.7.0/24" : "10.1.7.0/24",
			       s->index ? "10.1.7.0/24" : "10.2.7.0/24");
			reload(s);
		}
		carry_all(p);
		pass(p, 30000);
		carry_all(p);
		for (int i = 0; i < 2; i++) {
			struct child *child = child_named(&p->s[i], "t");

			assert_int_not_equal(child->id, ids[i]);
			assert_int_equal(child->state, CHILD_UP);
			assert_true(ts_list_equal(child->local_ts, p->s[i].child[0].local_ts));
		}
		assert_untouched(p, "voice", spis);
		assert_clean(p, 2);
		ends_free(p);
	}
}

/* The only child of a tunnel: the IKE SA lives on. */
static void the_only_child_is_replaced(void **state)
{
	struct ends *p = ends_new();
	const struct child_sa *pair;
	const struct ike_sa *sa;

	ends_start(p);
	bring_up(p, 0);
	sa = only_sa(&p->s[0]);
	for (int i = 1; i >= 0; i--) {
		set_esp(&p->s[i], "aes256gcm16-esn");
		reload(&p->s[i]);
	}
	carry_all(p);
	pass(p, 10000);
	carry_all(p);
	assert_ptr_equal(only_sa(&p->s[0]), sa);
	assert_int_equal(child_of(&p->s[0])->state, CHILD_UP);
	pair = pair_active(child_of(&p->s[0]));
	assert_int_equal(suite_find(&pair->suite, TRANSFORM_ENCR)->key_bits, 256);
	assert_int_equal(p->s[0].ev[IKE_EV_DOWN].count + p->s[1].ev[IKE_EV_DOWN].count, 0);
	assert_clean(p, 1);
	ends_free(p);
}

/* ---- what a person has taken down */

static void what_is_held_down_stays_down(void **state)
{
	for (int replaced = 0; replaced < 2; replaced++) {
		struct ends *p = two();
		struct side *s = &p->s[0];
		uint32_t spis[2];

		s->conf.start = START_UP;
		ends_start(p);
		bring_up(p, 0);
		note_spis(p, "t", spis);
		assert_int_equal(ike_down(s->ike, child_named(s, "voice")->id, "by hand"), 0);
		carry_all(p);
		if (replaced)
			s->child[1].replay_window = 128;
		else
			s->child[1].esp.p[0].t[0].key_bits = 256;
		reload(s);
		let_time_pass(p, 200);
		assert_int_equal(child_named(s, "voice")->state, CHILD_DOWN);
		assert_true(child_named(s, "voice")->held_down);
		/* for the peer too */
		assert_int_equal(ike_up(p->s[1].ike, child_named(&p->s[1], "voice")->id), 0);
		pass(p, 0);
		carry_all(p);
		assert_int_equal(child_named(s, "voice")->state, CHILD_DOWN);
		assert_untouched(p, "t", spis);

		/* what leaves and comes back is new */
		del_child(s, "voice");
		reload(s);
		add_child(s, "voice", "10.1.1.0/24", "10.2.1.0/24");
		reload(s);
		carry_all(p);
		assert_int_equal(child_named(s, "voice")->state, CHILD_UP);
		ends_free(p);
	}
}

static void a_tunnel_that_is_down_stays_down(void **state)
{
	struct ends *p = two();
	struct side *s = &p->s[0];

	s->conf.start = START_UP;
	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(side_down(s), 0);
	carry_all(p);
	add_video(s);
	s->child[0].replay_window = 64;
	s->conf.start = START_ON_DEMAND;
	reload(s);
	s->conf.start = START_UP;
	reload(s);
	pass(p, 200000);
	assert_int_equal(peer_of(s)->state, PEER_DOWN);
	assert_int_equal(peer_of(s)->intent, INTENT_DOWN);
	assert_int_equal(s->fake.policy_count, 0);
	assert_int_equal(side_up(s), 0);
	pass(p, 0);
	carry_all(p);
	assert_int_equal(child_named(s, "t")->state, CHILD_UP);
	ends_free(p);
}

/* From one tunnel to another of its name: what is held, and what is wanted. */
static void wishes_go_on(void **state)
{
	for (int down = 0; down < 2; down++) {
		struct ends *p = two_up(0);
		struct side *s = &p->s[0];
		struct ike_wishes *w;

		assert_int_equal(ike_down(s->ike, child_named(s, "voice")->id, "by hand"), 0);
		if (down)
			assert_int_equal(side_down(s), 0);
		carry_all(p);
		w = ike_wishes_take(s->ike, s->tunnel);
		assert_non_null(w);
		assert_int_equal(ike_tunnel_del(s->ike, s->tunnel), 0);
		carry_all(p);
		s->conf.start = START_UP;
		assert_int_equal(ike_tunnel_add(s->ike, &s->conf, &s->tunnel), 0);
		ike_wishes_give(s->ike, s->tunnel, w);
		fake_secret(&s->fake, s->tunnel, s->psk);
		memset(s->ev, 0, sizeof(s->ev));
		pass(p, 0);
		carry_all(p);
		pass(p, 100000);
		carry_all(p);
		assert_true(child_named(s, "voice")->held_down);
		assert_int_equal(child_named(s, "voice")->state, CHILD_DOWN);
		assert_int_equal(child_named(s, "t")->state, down ? CHILD_DOWN : CHILD_UP);
		assert_int_equal(s->ev[IKE_EV_FAILED].count + s->ev[IKE_EV_DOWN].count, 0);
		ends_free(p);
	}
}

static void wishes_of_many(void **state)
{
	struct ends *p = two();
	struct side *s = &p->s[1];
	struct ike_wishes *w;

	set_remote(s, "any");
	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(ike_down(s->ike, peer_of(s)->id, "by hand"), 0);
	carry_all(p);
	w = ike_wishes_take(s->ike, s->tunnel);
	assert_int_equal(ike_tunnel_del(s->ike, s->tunnel), 0);
	assert_int_equal(ike_tunnel_add(s->ike, &s->conf, &s->tunnel), 0);
	ike_wishes_give(s->ike, s->tunnel, w);
	fake_secret(&s->fake, s->tunnel, s->psk);
	carry_all(p);
	pass(p, 0);
	attempt(p, 0);
	assert_int_equal(peer_of(&p->s[0])->state == PEER_UP, false);
	assert_int_equal(peer_of(s)->intent, INTENT_DOWN);
	ike_wishes_give(s->ike, s->tunnel, NULL);
	assert_null(ike_wishes_take(s->ike, 12345));
	ends_free(p);
}

/* ---- what is under way */

/* Our CREATE_CHILD_SA for it is under way: what the peer has made of it is deleted. */
static void removed_while_it_is_made(void **state)
{
	struct ends *p = two();
	struct side *s = &p->s[0];
	uint32_t spis[2];

	p->s[0].conf.start = START_UP;
	ends_start(p);
	bring_up(p, 0);
	note_spis(p, "voice", spis);
	add_video(&p->s[1]);
	reload(&p->s[1]);
	add_video(s);
	reload(s);
	assert_true(carry(s));
	del_child(s, "video");
	reload(s);
	assert_int_equal(left(s), 1);
	carry_all(p);
	assert_untouched(p, "voice", spis);
	assert_int_equal(child_named(&p->s[1], "video")->state, CHILD_DOWN);
	assert_clean(p, 2);
	ends_free(p);
}

/* It goes with IKE_AUTH, which is under way. */
static void removed_during_the_proof(void **state)
{
	struct ends *p = two();
	struct side *s = &p->s[0];

	ends_start(p);
	start(p, 0);
	assert_true(carry(s));
	assert_true(carry(&p->s[1]));
	assert_true(carry(s));		/* IKE_AUTH, with "t" */
	del_child(s, "t");
	reload(s);
	carry_all(p);
	assert_int_equal(peer_of(s)->state, PEER_UP);
	assert_int_equal(child_named(s, "voice")->state, CHILD_UP);
	assert_int_equal(child_named(&p->s[1], "t")->state, CHILD_DOWN);
	assert_clean(p, 1);
	ends_free(p);
}

/* A rekey of its pair meets the reload: by either end, before its answer or before itself. */
static void changed_while_it_is_rekeyed(void **state)
{
	for (int who = 0; who < 2; who++)
		for (int step = 0; step < 3; step++) {
			struct ends *p = two_up(0);
			struct side *s = &p->s[0], *by = &p->s[who];
			uint32_t spis[2];

			note_spis(p, "t", spis);
			soft_limit_of(child_named(by, "voice"));
			if (step > 0)
				assert_true(carry(by));
			if (step > 1)
				assert_true(carry(&p->s[!who]));
			ts_list_put(s->child[1].remote_ts);
			s->child[1].remote_ts = ts_list_get(s->child[0].remote_ts);
			del_child(s, "t");
			reload(s);
			carry_all(p);
			let_time_pass(p, 200);
			assert_int_equal(left(s), 0);
			assert_int_equal(peer_of(s)->promised, 0);
			assert_int_equal(s->fake.in_count, p->s[1].fake.in_count);
			assert_int_equal(s->fake.reserved, 0);
			ends_free(p);
		}
}

/* The peer's request for it is under way with additional key exchanges. */
static void removed_amid_key_exchanges(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = two();
		struct side *s = &p->s[who];

		p->s[0].conf.start = START_UP;
		for (int i = 0; i < 2; i++)
			set_esp(&p->s[i], "aes128gcm16-esn-x25519-ke1_ecp256");
		ends_start(p);
		start(p, 0);
		assert_true(carry(&p->s[0]) && carry(&p->s[1]));
		assert_true(carry(&p->s[0]) && carry(&p->s[1]));
		/* CREATE_CHILD_SA of "voice", its answer, and the first IKE_FOLLOWUP_KE */
		assert_true(carry(&p->s[0]) && carry(&p->s[1]) && carry(&p->s[0]));
		del_child(s, "voice");
		reload(s);
		carry_all(p);
		let_time_pass(p, 100);
		assert_int_equal(left(s), 0);
		assert_int_equal(peer_of(s)->promised, 0);
		assert_int_equal(s->fake.reserved, 0);
		assert_int_equal(s->fake.in_count, 1);
		assert_int_equal(child_named(s, "t")->state, CHILD_UP);
		ends_free(p);
	}
}

/* The IKE SA is replaced beneath it: a rekey, another proof. */
static void removed_while_the_ike_sa_is_replaced(void **state)
{
	for (int proof = 0; proof < 2; proof++)
		for (int steps = 0; steps < 4; steps++) {
			struct ends *p = two_up(0);
			struct side *s = &p->s[0];

			if (proof)
				reauthenticate(s);
			else
				assert_int_equal(ike_rekey(s->ike, peer_of(s)->id), 0);
			for (int i = 0; i < steps; i++)
				carry(&p->s[i & 1]);
			del_child(s, "voice");
			reload(s);
			carry_all(p);
			let_time_pass(p, 140);
			only_sa(s);
			assert_int_equal(child_named(s, "t")->state, CHILD_UP);
			assert_int_equal(child_named(&p->s[1], "t")->state, CHILD_UP);
			assert_int_equal(left(s), 0);
			assert_int_equal(s->fake.in_count, 1);
			assert_int_equal(p->s[1].fake.in_count, 1);
			ends_free(p);
		}
}

/* The peer is silent: what is left goes with the IKE SA, and no later. */
static void removed_from_a_silent_peer(void **state)
{
	struct ends *p = two_up(0);
	struct side *s = &p->s[0];

	del_child(s, "voice");
	reload(s);
	for (int i = 0; i < 100; i++) {
		while (drop(s))
			;
		pass(p, 1000);
	}
	assert_int_equal(peer_of(s)->state, PEER_DOWN);
	assert_int_equal(left(s), 0);
	assert_int_equal(s->fake.in_count, 0);
	ends_free(p);
}

static void a_tunnel_that_is_not_there(void **state)
{
	struct ends *p = two_up(0);
	struct side *s = &p->s[0];
	enum conf_change none[TUNNEL_CHILDREN_MAX] = { 0 };

	assert_int_equal(ike_tunnel_change(s->ike, 12345, &s->conf, none), -ENOENT);
	ends_free(p);
}

/* ---- parts, and many peers */

/* What is a part of a child that stays, stays; by its name another one may come. */
static void parts_go_with_their_child(void **state)
{
	struct ends *p = ends_new();
	struct side *s = &p->s[0];
	uint32_t spi;

	set_ts(s, "10.1.0.0/24", "10.2.0.0/24 10.2.1.0/24");
	set_ts(&p->s[1], "10.2.0.0/24", "10.1.0.0/24");
	add_child(&p->s[1], "voice", "10.2.1.0/24", "10.1.0.0/24");
	ends_start(p);
	attempt(p, 0);
	spi = pair_active(child_named(s, "t-2"))->spi_in;
	s->child[0].rekey_s = 7200;
	add_child(s, "t-2", "10.1.9.0/24", "10.2.9.0/24");
	reload(s);
	assert_int_equal(pair_active(child_named(s, "t-3"))->spi_in, spi);
	assert_int_equal(child_named(s, "t-3")->conf->rekey_s, 7200);
	assert_int_equal(child_named(s, "t-2")->state, CHILD_DOWN);
	carry_all(p);
	assert_int_equal(s->fake.policy_count, 2);
	/* with it all of them go, and it is asked for as a whole */
	set_ts(s, "10.1.0.0/24", "10.2.0.0/23");
	reload(s);
	assert_int_equal(left(s), 2);
	carry_all(p);
	pass(p, 20000);
	carry_all(p);
	assert_int_equal(left(s), 0);
	assert_int_equal(child_named(s, "t")->state, CHILD_UP);
	ends_free(p);
}

static void each_of_many_peers(void **state)
{
	struct ends *p = two();
	struct side *s = &p->s[1];
	uint32_t spis[2];

	set_remote(s, "any");
	ends_start(p);
	bring_up(p, 0);
	note_spis(p, "t", spis);
	del_child(s, "voice");
	add_video(s);
	reload(s);
	carry_all(p);
	assert_int_equal(child_named(&p->s[0], "voice")->state, CHILD_DOWN);
	assert_int_equal(child_named(s, "video")->state, CHILD_DOWN);	/* the peer asks for it */
	assert_untouched(p, "t", spis);
	pass(p, 2 * PAIR_LINGER_MS);
	del_child(&p->s[0], "voice");
	add_video(&p->s[0]);
	p->s[0].conf.start = START_UP;
	reload(&p->s[0]);
	carry_all(p);
	assert_int_equal(child_named(s, "video")->state, CHILD_UP);
	assert_untouched(p, "t", spis);
	assert_clean(p, 2);
	ends_free(p);
}

/* Of selectors that many share, without a pool, we would offer all: each peer asks itself. */
static void many_ask_for_what_is_replaced(void **state)
{
	struct ends *p = ends_new();
	struct side *s = &p->s[1];

	set_remote(s, "any");
	ends_start(p);
	bring_up(p, 0);
	set_esp(s, "aes256gcm16-esn");
	reload(s);
	assert_false(child_of(s)->wanted && !child_of(s)->left);
	carry_all(p);
	pass(p, 2 * PAIR_LINGER_MS);
	carry_all(p);
	assert_int_equal(child_of(s)->state, CHILD_DOWN);
	assert_int_equal(s->fake.in_count, 0);
	ends_free(p);
}

/* The kernel says soft once, also where a limit of time is far away by now. */
static void a_soft_limit_counts_beside_a_shorter_one(void **state)
{
	struct ends *p = two_up(0);
	struct side *s = &p->s[0];
	uint32_t rekeys = child_of(s)->rekeys;

	s->child[0].rekey_s /= 2;
	reload(s);
	assert_true(timer_armed(&pair_active(child_of(s))->timer));
	soft_limit(s);
	carry_all(p);
	assert_true(child_of(s)->rekeys > rekeys);
	ends_free(p);
}

/* In an attempt that has not chosen its child yet. */
static void replaced_before_the_proof(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	ends_start(p);
	start(p, 0);
	carry(a);
	set_ts(a, "10.1.0.0/25", "10.2.0.0/24");
	reload(a);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_happens_where_nothing_differs),
		cmocka_unit_test(a_removed_child_is_deleted),
		cmocka_unit_test(a_new_child_is_made),
		cmocka_unit_test(a_changed_child_is_replaced),
		cmocka_unit_test(the_only_child_is_replaced),
		cmocka_unit_test(what_is_held_down_stays_down),
		cmocka_unit_test(a_tunnel_that_is_down_stays_down),
		cmocka_unit_test(wishes_go_on),
		cmocka_unit_test(wishes_of_many),
		cmocka_unit_test(removed_while_it_is_made),
		cmocka_unit_test(removed_during_the_proof),
		cmocka_unit_test(changed_while_it_is_rekeyed),
		cmocka_unit_test(removed_amid_key_exchanges),
		cmocka_unit_test(removed_while_the_ike_sa_is_replaced),
		cmocka_unit_test(removed_from_a_silent_peer),
		cmocka_unit_test(a_tunnel_that_is_not_there),
		cmocka_unit_test(parts_go_with_their_child),
		cmocka_unit_test(each_of_many_peers),
		cmocka_unit_test(many_ask_for_what_is_replaced),
		cmocka_unit_test(a_soft_limit_counts_beside_a_shorter_one),
		cmocka_unit_test(replaced_before_the_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
