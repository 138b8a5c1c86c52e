// SPDX-License-Identifier: GPL-2.0
/*
 * The toy version (shape/toy_version.h) on the engine's machine. It is linked with core, object,
 * exchange, auth, settle and what tells them from outside, and with no object of ike/v2/:
 * tests/Makefile has its link line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "fake/fake.h"
#include "ike/exchange/exchange.h"
#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/peer.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"
#include "ike/settle.h"
#include "unit/ike/shape/toy_version.h"

#define CHILDREN	6
#define LETTERS_MAX	32

struct letter {
	struct endpoint local, remote;
	uint8_t msg[MSG_HEADER_LEN + TOY_BODY_MAX];
	size_t len;
};

struct end {
	struct fake fake;
	struct ike *ike;
	uint32_t tunnel;
	struct letter letter[LETTERS_MAX];
	unsigned int count, down;
};

static uint64_t now;
static struct end ends[2];

void fake_broken(const char *what)
{
	fail_msg("%s", what);
	abort();
}

static void end_send(struct fake *f, const struct endpoint *local, const struct endpoint *remote,
		     uint32_t mark, const uint8_t *msg, size_t len)
{
	struct end *e = container_of(f, struct end, fake);
	struct letter *l = &e->letter[e->count++];

	assert_true(e->count <= LETTERS_MAX && len <= sizeof(l->msg));
	*l = (struct letter){ .local = *local, .remote = *remote, .len = len };
	memcpy(l->msg, msg, len);
}

static void end_event(struct fake *f, const struct ike_event *ev)
{
	struct end *e = container_of(f, struct end, fake);

	e->down += ev->type == IKE_EV_DOWN || ev->type == IKE_EV_CHILD_DOWN ||
		   ev->type == IKE_EV_FAILED || ev->type == IKE_EV_CHILD_FAILED;
}

/* The @i-th letter of an end's arrives; it is gone then. */
static void carry(struct end *e, unsigned int i)
{
	struct letter l = e->letter[i];
	struct end *to = &ends[e == &ends[0]];

	assert_true(i < e->count--);
	memmove(&e->letter[i], &e->letter[i + 1], (e->count - i) * sizeof(l));
	ike_input(to->ike, &l.remote, &l.local, l.msg, l.len);
}

static void carry_all(void)
{
	while (ends[0].count || ends[1].count)
		for (int i = 0; i < 2; i++)
			while (ends[i].count)
				carry(&ends[i], 0);
}

static struct ts_list *end_ts(int net, unsigned int i)
{
	char text[32];
	const char *why;
	struct ts ts;

	snprintf(text, sizeof(text), "10.%d.%u.0/24", net, i);
	assert_true(ts_parse(&ts, text, &why));
	return ts_list_new(&ts, 1);
}

static void end_start(int i)
{
	static const struct ike_version *const versions[] = { &toy_version };
	struct tunnel_conf conf = { .name = "t", .child_count = CHILDREN };
	struct end *e = &ends[i];
	struct ike_env env;
	char why[256];

	*e = (struct end){0};
	fake_init(&e->fake, &now, i + 1);
	e->fake.send = end_send;
	e->fake.event = end_event;
	addr_parse(&e->fake.addr, i ? "192.0.2.2" : "192.0.2.1");
	addr_parse(&conf.remote, i ? "192.0.2.1" : "192.0.2.2");
	ike_id_parse(&conf.local_id, i ? "b.example.org" : "a.example.org");
	conf.child = calloc(CHILDREN, sizeof(*conf.child));
	for (unsigned int c = 0; c < CHILDREN; c++) {
		struct child_conf *child = &conf.child[c];

		snprintf(child->name, sizeof(child->name), "child%u", c);
		child->esp.count = 1;
		assert_true(proposal_parse(&child->esp.p[0], PROTO_ESP, "aes128gcm16-esn", why,
					   sizeof(why)));
		child->local_ts = end_ts(i, c);
		child->remote_ts = end_ts(!i, c);
	}
	env = fake_env(&e->fake);
	e->ike = ike_new_with(&env, versions, 1);
	assert_non_null(e->ike);
	assert_int_equal(ike_tunnel_add(e->ike, &conf, &e->tunnel), 0);
	tunnel_conf_clear(&conf);
}

static void ends_stop(void)
{
	for (int i = 0; i < 2; i++) {
		ike_free(ends[i].ike);
		fake_clear(&ends[i].fake);
	}
}

static struct peer *peer_of(struct end *e)
{
	return tunnel_only_peer(tunnel_find(e->ike, e->tunnel));
}

/* A's first request is ready. */
static void ends_start(void)
{
	now = 100000;
	toy_long_requests = toy_long_responses = 0;
	end_start(0);
	end_start(1);
	assert_int_equal(ike_up(ends[0].ike, ends[0].tunnel), 0);
	ike_tick(ends[0].ike);
	assert_int_equal(ends[0].count, 1);
}

static void ends_up(void)
{
	ends_start();
	carry_all();
}

/* Each child is up, its two ends meet, and @sa carries all of them. */
static void assert_all_up(struct ike_sa *sa)
{
	for (int i = 0; i < 2; i++) {
		struct fake *f = &ends[i].fake, *other = &ends[!i].fake;

		assert_int_equal(peer_of(&ends[i])->state, PEER_UP);
		assert_int_equal(f->policy_count, CHILDREN);
		assert_int_equal(f->in_count, CHILDREN);
		assert_int_equal(f->reserved, 0);
		for (unsigned int c = 0; c < CHILDREN; c++) {
			const struct fake_sa *in = fake_in(other, f->policy[c].out.sa.spi);

			assert_non_null(in);
			assert_memory_equal(in->key, f->policy[c].out.key, sizeof(in->key));
		}
	}
	for (struct child *c = TAILQ_FIRST(&peer_of(&ends[0])->children); c;
	     c = TAILQ_NEXT(c, link))
		assert_ptr_equal(pair_active(c)->sa, sa);
}

/* Requests are under way four at once; their answers find them in whatever order they come. */
static void test_several_at_once(void **state)
{
	struct ike_sa *sa;
	unsigned int i;

	ends_start();
	carry(&ends[0], 0);
	carry(&ends[1], 0);
	sa = peer_of(&ends[0])->sa;
	assert_int_equal(sa->state, SA_ESTABLISHED);
	assert_int_equal(sa->exchange_count, TOY_WINDOW);
	assert_int_equal(ends[0].count, TOY_WINDOW);
	for (i = 0; i < TOY_WINDOW; i++)
		carry(&ends[0], 0);
	assert_int_equal(ends[1].count, TOY_WINDOW);
	/* the last answer first; each place that it frees is taken by the next child */
	for (i = 0; i < CHILDREN; i++) {
		carry(&ends[1], ends[1].count - 1);
		assert_true(sa->exchange_count <= TOY_WINDOW);
		if (ends[0].count)
			carry(&ends[0], 0);
	}
	assert_int_equal(sa->exchange_count, 0);
	carry_all();
	assert_all_up(sa);
	ends_stop();
}

/* A lost answer: the copy of the request gets it again, from among several that are kept. */
static void test_answers_are_kept(void **state)
{
	struct letter copies[TOY_WINDOW];

	ends_start();
	carry(&ends[0], 0);
	carry(&ends[1], 0);
	memcpy(copies, ends[0].letter, sizeof(copies));
	for (unsigned int i = 0; i < TOY_WINDOW; i++)
		carry(&ends[0], 0);
	for (unsigned int i = 0; i < TOY_WINDOW; i++) {
		const struct letter *l = &copies[i], *first = &ends[1].letter[i], *again;

		ike_input(ends[1].ike, &l->remote, &l->local, l->msg, l->len);
		again = &ends[1].letter[TOY_WINDOW + i];
		assert_int_equal(again->len, first->len);
		assert_memory_equal(again->msg, first->msg, first->len);
	}
	assert_int_equal(ends[1].fake.in_count, TOY_WINDOW);
	carry_all();
	assert_all_up(peer_of(&ends[0])->sa);
	ends_stop();
}

/* A request of three datagrams goes out whole again and again, octet by octet the same. */
static void test_three_datagrams(void **state)
{
	struct letter first[TOY_PARTS];
	struct ike_sa *sa;

	ends_up();
	sa = peer_of(&ends[0])->sa;
	sa->want_liveness = true;
	sa_touch(sa);
	ike_settle(ends[0].ike);
	assert_int_equal(ends[0].count, TOY_PARTS);
	memcpy(first, ends[0].letter, sizeof(first));
	carry(&ends[0], 0);
	ends[0].count = 0;		/* two of them are lost */
	assert_int_equal(toy_long_requests, 0);
	for (int i = 0; i < 2; i++) {
		now += EXCHANGE_LAST_WAIT_MS;
		ike_tick(ends[0].ike);
		assert_int_equal(ends[0].count, TOY_PARTS);
		assert_memory_equal(ends[0].letter, first, sizeof(first));
		if (!i)
			ends[0].count = 0;
	}
	carry_all();
	assert_int_equal(toy_long_requests, 1);
	assert_int_equal(toy_long_responses, 1);
	assert_int_equal(sa->exchange_count, 0);
	ends_stop();
}

/* Another IKE SA of the same peer, beside the one that is there. */
static struct ike_sa *reauthenticate(struct end *e)
{
	struct peer *peer = peer_of(e);
	struct ike_sa *old = peer->sa, *sa;

	sa = sa_new(e->ike, old->version, old->window, true, 0);
	assert_non_null(sa);
	sa->peer = peer;
	sa->local = old->local;
	sa->remote = old->remote;
	assert_true(fsm_command(sa, COMMAND_START, "reauthentication"));
	ike_settle(e->ike);
	return sa;
}

static unsigned int sas_of(struct end *e)
{
	unsigned int count = 0;
	struct ike_sa *sa;

	TAILQ_FOREACH(sa, &e->ike->sas, link)
		count += sa->peer == peer_of(e);
	return count;
}

/*
 * A peer has two IKE SAs at once. The new one takes over the children, the old one ends, and of all
 * that the kernel and the host hear nothing; then the new one carries what follows.
 */
static void test_children_outlive_their_ike_sa(void **state)
{
	struct ike_sa *old, *new;
	struct child *child;

	ends_up();
	old = peer_of(&ends[0])->sa;
	new = reauthenticate(&ends[0]);
	assert_int_equal(sas_of(&ends[0]), 2);
	assert_ptr_equal(peer_of(&ends[0])->sa, old);
	assert_all_up(old);
	/* the old one still works meanwhile */
	old->want_liveness = true;
	sa_touch(old);
	ike_settle(ends[0].ike);
	assert_int_equal(ends[0].count, 1 + TOY_PARTS);
	for (unsigned int i = 0; i < TOY_PARTS; i++)
		carry(&ends[0], 1);
	carry(&ends[1], 0);
	assert_int_equal(toy_long_responses, 1);

	carry_all();
	assert_ptr_equal(peer_of(&ends[0])->sa, new);
	assert_int_equal(sas_of(&ends[0]), 1);
	assert_int_equal(sas_of(&ends[1]), 1);
	assert_all_up(new);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ends[i].down, 0);
		assert_int_equal(ends[i].fake.links, CHILDREN);
		assert_int_equal(ends[i].fake.unlinks, 0);
	}

	child = TAILQ_FIRST(&peer_of(&ends[0])->children);
	assert_int_equal(ike_down(ends[0].ike, child->id, "test"), 0);
	fake_policy_gone(&ends[1].fake, TAILQ_FIRST(&peer_of(&ends[1])->children)->id);
	ike_kern_event(ends[1].ike, &(struct ike_kern_event){
		.type = IKE_KERN_GONE, .policy = TAILQ_FIRST(&peer_of(&ends[1])->children)->id });
	assert_int_equal(ike_up(ends[0].ike, child->id), 0);
	ike_tick(ends[0].ike);
	carry_all();
	assert_ptr_equal(pair_active(child)->sa, new);
	ends_stop();
}

/* Its time is over, and no other IKE SA is there. */
static void expire(struct end *e)
{
	struct ike_sa *sa = peer_of(e)->sa;

	sa->time_is_over = true;
	sa_touch(sa);
	ike_settle(e->ike);
	assert_true(TAILQ_EMPTY(&e->ike->sas));
}

static void assert_orphans(struct end *e)
{
	struct child *child;

	assert_null(peer_of(e)->sa);
	assert_int_equal(peer_of(e)->state, PEER_UP);
	assert_int_equal(e->fake.in_count, CHILDREN);
	assert_int_equal(e->fake.policy_count, CHILDREN);
	assert_int_equal(e->fake.unlinks, 0);
	assert_int_equal(e->down, 0);
	TAILQ_FOREACH(child, &peer_of(e)->children, link) {
		assert_int_equal(child->state, CHILD_UP);
		assert_null(pair_active(child)->sa);
	}
}

static void soft_limit(struct end *e)
{
	struct child *child = TAILQ_FIRST(&peer_of(e)->children);
	struct ike_kern_event ev = { .type = IKE_KERN_EXPIRE, .policy = child->id,
				     .spi = pair_active(child)->spi_in };

	ike_kern_event(e->ike, &ev);
}

/* IKEv1: Phase 2 SAs outlive Phase 1, as a row says; the next IKE SA carries them. */
static void test_children_without_an_ike_sa(void **state)
{
	ends_up();
	for (int i = 0; i < 2; i++)
		expire(&ends[i]);
	for (int i = 0; i < 2; i++)
		assert_orphans(&ends[i]);
	/* what needs an IKE SA begins one */
	soft_limit(&ends[0]);
	assert_int_equal(ends[0].count, 1);
	carry_all();
	assert_all_up(peer_of(&ends[0])->sa);
	for (int i = 0; i < 2; i++)
		assert_int_equal(ends[i].down, 0);
	ends_stop();
}

/* An attempt that fails takes nothing from them; a person's word does. */
static void test_the_end_of_orphans(void **state)
{
	struct end *e = &ends[0];

	ends_up();
	expire(e);
	soft_limit(e);
	assert_int_equal(peer_of(e)->attempt->state, SA_INIT_SENT);
	sa_end(peer_of(e)->attempt, SA_DROP, IKE_FAIL_TIMEOUT, "no answer");
	ike_settle(e->ike);
	assert_orphans(e);
	assert_int_equal(ike_down(e->ike, e->tunnel, "test"), 0);
	assert_true(fake_is_empty(&e->fake));
	assert_int_equal(peer_of(e)->state, PEER_DOWN);
	assert_int_equal(e->down, CHILDREN + 1);
	assert_int_equal(e->fake.links, e->fake.unlinks);
	ends_stop();
}

/* One after the other reaches its hard limit: with the last the peer is down. */
static void test_orphans_grow_old(void **state)
{
	struct end *e = &ends[0];
	struct child *child;

	ends_up();
	expire(e);
	TAILQ_FOREACH(child, &peer_of(e)->children, link) {
		struct ike_kern_event ev = { .type = IKE_KERN_EXPIRE, .hard = true,
					     .policy = child->id,
					     .spi = pair_active(child)->spi_in };

		assert_int_equal(peer_of(e)->state, PEER_UP);
		ike_kern_event(e->ike, &ev);
	}
	assert_int_equal(peer_of(e)->state, PEER_DOWN);
	assert_true(fake_is_empty(&e->fake));
	assert_int_equal(e->down, CHILDREN + 1);
	ends_stop();
}

/* The last IKE SA goes by another row: then its children go too. */
static void test_the_end(void **state)
{
	ends_up();
	assert_int_equal(ike_down(ends[0].ike, ends[0].tunnel, "test"), 0);
	assert_true(fake_is_empty(&ends[0].fake));
	assert_true(TAILQ_EMPTY(&ends[0].ike->sas));
	assert_int_equal(ends[0].fake.links, ends[0].fake.unlinks);
	ends_stop();
}

/* The engine speaks no version but its own. */
static void test_no_other_version(void **state)
{
	uint8_t msg[MSG_HEADER_LEN] = { [0] = 1, [17] = 0x20, [18] = 34, [19] = MSG_INITIATOR,
					[27] = MSG_HEADER_LEN };
	struct endpoint e = { .addr = { .family = AF_INET }, .port = 500 };

	ends_up();
	ike_input(ends[1].ike, &e, &e, msg, sizeof(msg));
	assert_int_equal(ike_counters(ends[1].ike)->bad_version, 1);
	assert_int_equal(ends[1].count, 0);
	ends_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_answers_are_kept),
		cmocka_unit_test(test_three_datagrams),
		cmocka_unit_test(test_children_outlive_their_ike_sa),
		cmocka_unit_test(test_children_without_an_ike_sa),
		cmocka_unit_test(test_the_end_of_orphans),
		cmocka_unit_test(test_orphans_grow_old),
		cmocka_unit_test(test_the_end),
		cmocka_unit_test(test_no_other_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
