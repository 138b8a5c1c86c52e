// SPDX-License-Identifier: GPL-2.0
/* Many tunnels to one gateway: how many begin at once, and who follows. */
#include <string.h>

#include "ike/object/pace.h"
#include "unit/ike/ike_ends.h"

#define TUNNELS	FAKE_TUNNELS_MAX

static uint32_t tunnel[TUNNELS];

/* More than may begin at once, to one address; the first is the side's own, which @b knows. */
static struct ends *many(void)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	ends_start(p);
	tunnel[0] = a->tunnel;
	for (int i = 1; i < TUNNELS; i++) {
		struct tunnel_conf conf = a->conf;

		snprintf(conf.name, sizeof(conf.name), "t%d", i);
		assert_int_equal(ike_tunnel_add(a->ike, &conf, &tunnel[i]), 0);
	}
	return p;
}

static void first_up(struct ends *p, int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(ike_up(p->s[0].ike, tunnel[i]), 0);
	pass(p, 0);
}

static struct peer *peer_at(struct side *s, int i)
{
	struct tunnel *t;

	TAILQ_FOREACH(t, &s->ike->tunnels, link)
		if (t->id == tunnel[i])
			return TAILQ_FIRST(&t->peers);
	return NULL;
}

static unsigned int under_way(struct side *s)
{
	unsigned int n = 0;

	for (int i = 0; i < TUNNELS; i++)
		n += !!peer_at(s, i)->attempt;
	return n;
}

/* What is answered, for good or ill, makes room at once. */
static void test_the_next_follows(void **state)
{
	struct ends *p = many();
	struct side *a = &p->s[0];

	first_up(p, TUNNELS);
	assert_int_equal(a->count, PACE_MAX);
	assert_int_equal(under_way(a), PACE_MAX);
	assert_int_equal(peer_at(a, TUNNELS - 1)->state, PEER_CONNECTING);
	assert_true(carry(a));			/* that of the first */
	assert_true(carry(&p->s[1]));
	assert_int_equal(under_way(a), PACE_MAX);
	while (drop(a) && a->count > 1)
		;
	assert_true(carry(a));			/* its IKE_AUTH */
	assert_true(carry(&p->s[1]));
	assert_int_equal(peer_at(a, 0)->state, PEER_UP);
	assert_non_null(peer_at(a, PACE_MAX)->attempt);
	assert_null(peer_at(a, PACE_MAX + 1)->attempt);
	assert_int_equal(under_way(a), PACE_MAX);
	ends_free(p);
}

/* Nobody answers: the others are not kept waiting for it, and none begins twice. */
static void test_a_gateway_that_is_away(void **state)
{
	struct ends *p = many();
	struct side *a = &p->s[0];

	first_up(p, TUNNELS);
	while (drop(a))
		;
	pass(p, PACE_MS - 1);
	assert_int_equal(under_way(a), PACE_MAX);
	pass(p, 1);
	assert_int_equal(under_way(a), 2 * PACE_MAX);
	while (drop(a))
		;
	pass(p, PACE_MS);
	assert_int_equal(under_way(a), TUNNELS);
	while (drop(a))
		;
	ends_free(p);
}

/* Who is not wanted any more gives its turn to the next; who is wanted again is asked anew. */
static void test_who_does_not_want_any_more(void **state)
{
	struct ends *p = many();
	struct side *a = &p->s[0];

	first_up(p, TUNNELS);
	assert_int_equal(ike_down(a->ike, tunnel[PACE_MAX], "by the test"), 0);
	assert_int_equal(ike_tunnel_del(a->ike, tunnel[PACE_MAX + 1]), 0);
	assert_int_equal(ike_down(a->ike, tunnel[0], "by the test"), 0);
	assert_null(peer_at(a, PACE_MAX)->attempt);
	assert_non_null(peer_at(a, PACE_MAX + 2)->attempt);
	assert_null(peer_at(a, PACE_MAX + 3)->attempt);
	assert_int_equal(ike_up(a->ike, tunnel[PACE_MAX]), 0);
	pass(p, 0);
	assert_null(peer_at(a, PACE_MAX)->attempt);
	assert_int_equal(ike_down(a->ike, tunnel[1], "by the test"), 0);
	assert_null(peer_at(a, PACE_MAX)->attempt);
	assert_non_null(peer_at(a, PACE_MAX + 3)->attempt);
	ends_free(p);
}

/* Another address is another gateway. */
static void test_elsewhere(void **state)
{
	struct ends *p = many();
	struct side *a = &p->s[0];
	struct tunnel_conf conf = a->conf;
	uint32_t id;

	snprintf(conf.name, sizeof(conf.name), "elsewhere");
	assert_true(addr_parse(&conf.remote, "192.0.2.9"));
	assert_int_equal(ike_tunnel_add(a->ike, &conf, &id), 0);
	first_up(p, PACE_MAX + 1);
	assert_int_equal(a->count, PACE_MAX);
	assert_int_equal(ike_up(a->ike, id), 0);
	pass(p, 0);
	assert_int_equal(a->count, PACE_MAX + 1);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_next_follows),
		cmocka_unit_test(test_a_gateway_that_is_away),
		cmocka_unit_test(test_who_does_not_want_any_more),
		cmocka_unit_test(test_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
