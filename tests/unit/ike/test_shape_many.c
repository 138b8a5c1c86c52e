// SPDX-License-Identifier: GPL-2.0
/* Fifty peers at once on one tunnel with remote = any. */
#include <stdlib.h>

#include "unit/ike/ike_ends.h"

#define PEERS	50

struct many {
	uint64_t now;
	struct side hub, spoke[PEERS];
};

static struct side *side_at(struct many *m, const struct addr *addr)
{
	for (unsigned int i = 0; i < PEERS; i++)
		if (addr_equal(&m->spoke[i].fake.addr, addr))
			return &m->spoke[i];
	return &m->hub;
}

static bool carry_one(struct many *m, struct side *from)
{
	struct letter l;

	if (!from->count)
		return false;
	l = *oldest(from);
	drop(from);
	side_input(side_at(m, &l.remote.addr), &l.remote, &l.local, l.msg, l.len);
	return true;
}

static void carry_everything(struct many *m)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned int i = 0; i < PEERS; i++) {
			more |= carry_one(m, &m->spoke[i]);
			while (carry_one(m, &m->hub))
				;
		}
	}
}

/* Spoke i has the address behind it of spoke i modulo @distinct. @replace: the later one has it. */
static struct many *many_new(unsigned int distinct, bool replace)
{
	struct many *m = calloc(1, sizeof(*m));
	char addr[32], ts[32], id[32];

	assert_non_null(m);
	m->now = 100000;
	side_init(&m->hub, &m->now, 0, "192.0.2.1");
	set_remote(&m->hub, "any");
	m->hub.conf.replace_ts = replace;
	ike_id_parse(&m->hub.conf.local_id, "gw.example.org");
	set_ts(&m->hub, "10.0.0.0/24", "10.1.0.0/16");
	side_start(&m->hub);
	for (unsigned int i = 0; i < PEERS; i++) {
		struct side *s = &m->spoke[i];

		snprintf(addr, sizeof(addr), "198.51.100.%u", i + 1);
		snprintf(ts, sizeof(ts), "10.1.%u.0/24", i % distinct);
		snprintf(id, sizeof(id), "peer%u@example.org", i);
		side_init(s, &m->now, i + 1, addr);
		set_remote(s, "192.0.2.1");
		ike_id_parse(&s->conf.local_id, id);
		set_ts(s, ts, "10.0.0.0/24");
		side_start(s);
	}
	return m;
}

static void many_free(struct many *m)
{
	side_stop(&m->hub);
	for (unsigned int i = 0; i < PEERS; i++)
		side_stop(&m->spoke[i]);
	free(m);
}

/* Peers are asked one after the other until all their messages have been carried. */
static void many_up(struct many *m, unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++) {
		assert_int_equal(side_up(&m->spoke[i]), 0);
		side_tick(&m->spoke[i]);
	}
	carry_everything(m);
}

static unsigned int peers_of_hub(struct many *m)
{
	uint32_t peer = 0;
	unsigned int count = 0;

	while ((peer = ike_peer_next(m->hub.ike, m->hub.tunnel, peer)))
		count++;
	return count;
}

static void assert_up(struct many *m, unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++) {
		struct side *s = &m->spoke[i];
		const struct fake_sa *in = fake_in(&m->hub.fake, fake_out_spi(&s->fake));

		assert_int_equal(peer_of(s)->state, PEER_UP);
		assert_non_null(in);
		assert_memory_equal(in->key, s->fake.policy[0].out.key, sizeof(in->key));
		assert_true(endpoint_equal(&fake_policy(&m->hub.fake, in->policy)->remote,
					   &s->fake.policy[0].local));
	}
}

static void test_fifty_peers(void **state)
{
	struct many *m = many_new(PEERS, false);
	struct ike_peer_status st;
	uint32_t id = 0;

	many_up(m, 0, PEERS);
	assert_int_equal(peers_of_hub(m), PEERS);
	assert_int_equal(m->hub.fake.policy_count, PEERS);
	assert_up(m, 0, PEERS);
	while ((id = ike_peer_next(m->hub.ike, m->hub.tunnel, id))) {
		assert_true(ike_peer_status(m->hub.ike, id, &st));
		assert_int_equal(st.state, PEER_UP);
		assert_non_null(strstr(st.remote_id, "@example.org"));
	}
	/* each is rekeyed, and one goes: the others notice nothing */
	for (unsigned int i = 0; i < PEERS; i++)
		soft_limit(&m->spoke[i]);
	carry_everything(m);
	assert_up(m, 0, PEERS);
	assert_int_equal(m->hub.ev[IKE_EV_CHILD_REKEYED].count, PEERS);
	assert_int_equal(side_down(&m->spoke[7]), 0);
	carry_everything(m);
	assert_string_equal(m->hub.ev[IKE_EV_DOWN].who, "t/peer7@example.org");
	assert_up(m, 0, 7);
	assert_up(m, 8, PEERS);
	m->now += 31000;
	side_tick(&m->hub);
	assert_int_equal(peers_of_hub(m), PEERS - 1);	/* it is forgotten */
	many_free(m);
}

/*
 * Half of them have the inner addresses of the other half: they are refused with the name of who
 * has them, at both ends, and disturb nobody.
 */
static void test_same_selectors(void **state)
{
	struct many *m = many_new(PEERS / 2, false);

	many_up(m, 0, PEERS / 2);
	assert_up(m, 0, PEERS / 2);
	for (unsigned int i = PEERS / 2; i < PEERS; i++) {
		char want[64], who[64];

		many_up(m, i, i + 1);
		assert_int_equal(peer_of(&m->spoke[i])->state, PEER_DOWN);
		assert_int_equal(m->spoke[i].ev[IKE_EV_FAILED].failure, IKE_FAIL_TS);
		snprintf(want, sizeof(want), "is in use by t/peer%u@example.org", i - PEERS / 2);
		said(&m->hub, IKE_EV_REFUSED, want);
		snprintf(who, sizeof(who), "t/peer%u@example.org", i);
		assert_string_equal(m->hub.ev[IKE_EV_REFUSED].who, who);
		assert_true(fake_is_empty(&m->spoke[i].fake));
	}
	assert_int_equal(m->hub.ev[IKE_EV_REFUSED].count, PEERS / 2);
	assert_int_equal(m->hub.fake.policy_count, PEERS / 2);
	assert_int_equal(m->hub.fake.reserved, 0);
	assert_up(m, 0, PEERS / 2);

	/* who had them goes: now they are free */
	assert_int_equal(side_down(&m->spoke[0]), 0);
	carry_everything(m);
	many_up(m, PEERS / 2, PEERS / 2 + 1);
	assert_up(m, PEERS / 2, PEERS / 2 + 1);
	many_free(m);
}

/* Likewise, but the later one wins: who had them is told, and all others go on. */
static void test_the_later_one_wins(void **state)
{
	struct many *m = many_new(PEERS / 2, true);

	many_up(m, 0, PEERS / 2);
	assert_up(m, 0, PEERS / 2);
	many_up(m, PEERS / 2, PEERS / 2 + 3);
	assert_up(m, PEERS / 2, PEERS / 2 + 3);
	assert_up(m, 3, PEERS / 2);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(peer_of(&m->spoke[i])->state, PEER_DOWN);
		assert_true(fake_is_empty(&m->spoke[i].fake));
	}
	assert_int_equal(m->hub.ev[IKE_EV_REFUSED].count, 0);
	said(&m->hub, IKE_EV_DOWN, "10.1.2.0/24 is taken over by t/peer27@example.org, which came "
	     "later");
	assert_string_equal(m->hub.ev[IKE_EV_DOWN].who, "t/peer2@example.org");
	assert_int_equal(m->hub.fake.policy_count, PEERS / 2);
	assert_int_equal(m->hub.fake.in_count, PEERS / 2);
	assert_int_equal(m->hub.fake.reserved, 0);
	/* a rekey takes nothing over */
	for (unsigned int i = 3; i < PEERS / 2 + 3; i++)
		soft_limit(&m->spoke[i]);
	carry_everything(m);
	assert_up(m, 3, PEERS / 2 + 3);
	many_free(m);
}

/* One peer comes anew, and keeps its own addresses: it does not stand in its own way. */
static void test_one_restarts(void **state)
{
	struct many *m = many_new(PEERS, false);

	many_up(m, 0, PEERS);
	side_restart(&m->spoke[3]);
	many_up(m, 3, 4);
	assert_up(m, 0, PEERS);
	assert_int_equal(peers_of_hub(m), PEERS);
	assert_int_equal(m->hub.ev[IKE_EV_DOWN].count, 0);
	assert_int_equal(m->hub.fake.policy_count, PEERS);
	m->now += PAIR_LEAVE_MS;
	side_tick(&m->hub);
	assert_int_equal(m->hub.fake.in_count, PEERS);
	many_free(m);
}

/* Two of the same identity, each of which knows of no other IKE SA. */
static void test_unique(void **state)
{
	for (enum tunnel_unique unique = UNIQUE_REPLACE; unique <= UNIQUE_NEVER; unique++) {
		struct many *m = many_new(PEERS, false);
		bool both = unique == UNIQUE_NEVER;

		m->hub.conf.unique = unique;
		side_restart(&m->hub);
		m->spoke[1].conf.local_id = m->spoke[0].conf.local_id;
		side_restart(&m->spoke[1]);
		many_up(m, 0, 1);
		many_up(m, 1, 2);
		assert_up(m, 1, 2);	/* it says INITIAL_CONTACT */
		assert_int_equal(peers_of_hub(m), both ? 2 : 1);
		assert_int_equal(m->hub.fake.policy_count, both ? 2 : 1);
		if (both)
			assert_up(m, 0, 2);
		many_free(m);
	}
}

/* unique = keep: while the first IKE SA answers, no second one without INITIAL_CONTACT. */
static void test_unique_keep(void **state)
{
	struct many *m = many_new(PEERS, false);
	struct side *s = &m->spoke[0];
	uint64_t before;

	m->hub.conf.unique = UNIQUE_KEEP;
	side_restart(&m->hub);
	many_up(m, 0, 1);
	before = peer_of(s)->sa->spi_i;
	assert_int_equal(ike_reauthenticate(s->ike, s->tunnel), 0);
	carry_everything(m);
	ended_in(&m->hub, IKE_EV_REFUSED, IKE_FAIL_ID, "comes a second time, from 198.51.100.1");
	assert_int_equal(peer_of(s)->sa->spi_i, before);
	assert_int_equal(peer_of(&m->hub)->sa->spi_i, before);
	assert_int_equal(peer_of(&m->hub)->sa->next_out, 1);	/* it was asked, and lives */
	assert_int_equal(peer_of(&m->hub)->sa->exchange_count, 0);
	assert_up(m, 0, 1);
	many_free(m);
}

/* unique = never has a limit, and one that was taken down stays down. */
static void test_unique_never(void **state)
{
	struct many *m = many_new(PEERS, false);
	uint32_t first;

	m->hub.conf.unique = UNIQUE_NEVER;
	side_restart(&m->hub);
	for (unsigned int i = 1; i < 20; i++) {
		m->spoke[i].conf.local_id = m->spoke[0].conf.local_id;
		side_restart(&m->spoke[i]);
	}
	many_up(m, 0, 17);
	assert_int_equal(peers_of_hub(m), 16);
	assert_up(m, 0, 16);
	ended_in(&m->hub, IKE_EV_REFUSED, IKE_FAIL_ID, "it is there 16 times already");
	assert_int_not_equal(peer_of(&m->spoke[16])->state, PEER_UP);
	first = ike_peer_next(m->hub.ike, m->hub.tunnel, 0);
	assert_int_equal(ike_down(m->hub.ike, first, "taken down"), 0);
	carry_everything(m);
	many_up(m, 17, 18);
	assert_int_not_equal(peer_of(&m->spoke[17])->state, PEER_UP);
	assert_up(m, 1, 16);
	many_free(m);
}

/*
 * A peer chooses the SPI that it receives by, perhaps the one of another, whose packets show it:
 * what is taken away for the one stays with the other.
 */
static void test_same_spi(void **state)
{
	struct many *m = many_new(PEERS, false);
	uint32_t spi;

	many_up(m, 0, 1);
	spi = m->spoke[0].fake.in[0].sa.spi;
	m->spoke[1].fake.next_spi = spi;
	many_up(m, 1, 2);
	assert_int_equal(m->spoke[1].fake.in[0].sa.spi, spi);
	assert_up(m, 0, 2);
	assert_int_equal(side_down(&m->spoke[1]), 0);
	carry_everything(m);
	assert_int_equal(m->hub.fake.policy_count, 1);
	assert_int_equal(fake_out_spi(&m->hub.fake), spi);
	assert_up(m, 0, 1);
	many_free(m);
}

/* The hub takes all of them down, and keeps them down. */
static void test_all_down(void **state)
{
	struct many *m = many_new(PEERS, false);

	many_up(m, 0, PEERS);
	assert_int_equal(side_down(&m->hub), 0);
	carry_everything(m);
	assert_true(fake_is_empty(&m->hub.fake));
	for (unsigned int i = 0; i < PEERS; i++)
		assert_int_equal(peer_of(&m->spoke[i])->state, PEER_DOWN);
	many_up(m, 0, 1);
	assert_int_equal(m->hub.fake.policy_count, 0);
	assert_int_equal(side_up(&m->hub), -EDESTADDRREQ);
	for (int i = 0; i < 10; i++) {
		m->now += 2000;
		side_tick(&m->spoke[0]);
		side_tick(&m->hub);
		carry_everything(m);
	}
	assert_up(m, 0, 1);
	many_free(m);
}

static uint32_t peer_named(struct many *m, const char *name)
{
	struct ike_peer_status st;
	uint32_t peer = 0;

	while ((peer = ike_peer_next(m->hub.ike, m->hub.tunnel, peer)))
		if (ike_peer_status(m->hub.ike, peer, &st) && !strcmp(st.remote_id, name))
			return peer;
	return 0;
}

/* The hub takes one peer down, and keeps it down until it is taken back. */
static void test_one_down(void **state)
{
	struct many *m = many_new(PEERS, false);
	struct ike_peer_status st;
	uint32_t peer;

	many_up(m, 0, 2);
	peer = peer_named(m, "peer1@example.org");
	assert_int_equal(ike_down(m->hub.ike, peer, "taken down by the user"), 0);
	carry_everything(m);
	many_up(m, 1, 2);
	assert_true(ike_peer_status(m->hub.ike, peer, &st));
	assert_true(st.held_down);
	assert_int_equal(st.state, PEER_DOWN);
	assert_int_equal(m->hub.fake.policy_count, 1);
	assert_up(m, 0, 1);
	/* the others come, it does not even when it comes anew */
	many_up(m, 2, 3);
	side_restart(&m->spoke[1]);
	many_up(m, 1, 2);
	assert_int_equal(m->hub.fake.policy_count, 2);
	assert_int_equal(ike_up(m->hub.ike, peer), -EDESTADDRREQ);
	for (int i = 0; i < 10; i++) {
		m->now += 2000;
		side_tick(&m->spoke[1]);
		side_tick(&m->hub);
		carry_everything(m);
	}
	assert_up(m, 0, 3);
	many_free(m);
}

/* The hub takes one child down; it may come again once any of tunnel, peer and child is wanted. */
static void test_one_child_is_let_in_again(void **state)
{
	for (int what = 0; what < 3; what++) {
		struct many *m = many_new(PEERS, false);
		struct side *hub = &m->hub;
		struct peer *peer;

		many_up(m, 0, 2);
		peer = peer_of(hub);
		assert_int_equal(ike_down(hub->ike, TAILQ_FIRST(&peer->children)->id, "down"), 0);
		assert_int_equal(ike_up(hub->ike, what == 0 ? hub->tunnel :
						  what == 1 ? peer->id :
							      TAILQ_FIRST(&peer->children)->id),
				 -EDESTADDRREQ);
		assert_false(TAILQ_FIRST(&peer->children)->held_down);
		carry_everything(m);
		assert_int_equal(peer_of(&m->spoke[0])->state, PEER_DOWN);
		many_up(m, 0, 1);
		assert_up(m, 0, 2);
		many_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fifty_peers),
		cmocka_unit_test(test_same_selectors),
		cmocka_unit_test(test_the_later_one_wins),
		cmocka_unit_test(test_one_restarts),
		cmocka_unit_test(test_unique),
		cmocka_unit_test(test_unique_keep),
		cmocka_unit_test(test_unique_never),
		cmocka_unit_test(test_same_spi),
		cmocka_unit_test(test_all_down),
		cmocka_unit_test(test_one_down),
		cmocka_unit_test(test_one_child_is_let_in_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
