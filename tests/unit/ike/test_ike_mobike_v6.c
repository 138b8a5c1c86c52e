// SPDX-License-Identifier: GPL-2.0
/* Ends that move over IPv6. Side 0 begins, and moves where nothing else is said. */
#include "unit/ike/ike_moves.h"

#define HOME	"2001:db8::1"
#define AWAY	"2001:db8:1::1"
#define PEER	"2001:db8::2"
#define SECOND	"2001:db8:1::2"	/* of side 1 */

/* @others: of side 1, as it says. */
static struct ends *up(const char *const *others, unsigned int count)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		p->s[i].conf.mobike = true;
		assert_true(addr_parse(&p->s[i].fake.addr, i ? PEER : HOME));
	}
	set_remote(&p->s[0], PEER);
	set_remote(&p->s[1], "any");
	for (unsigned int i = 0; i < count; i++)
		assert_true(addr_parse(&p->s[1].fake.others[i], others[i]));
	p->s[1].fake.other_count = count;
	ends_start(p);
	attempt(p, 0);
	assert_int_equal(peer_of(&p->s[0])->state, PEER_UP);
	return p;
}

/* Of what the peer says: where it is not to be found is not kept, and takes nobody's room. */
static void test_told(void **state)
{
	static const char *const others[] = {
		"fe80::2", "febf::2", "ff02::2", "::1", SECOND, "fd00::2",
	};
	struct ends *p = up(others, 6);
	const struct mobike *m = &peer_of(&p->s[0])->sa->mobike;

	assert_true(m->on);
	assert_int_equal(m->more_count, 2);
	assert_true(is(&m->more[0], SECOND));
	assert_true(is(&m->more[1], "fd00::2"));
	ends_free(p);
}

static void test_moves(void **state)
{
	struct ends *p = up(NULL, 0);
	struct side *a = &p->s[0], *b = &p->s[1];

	goes(a, HOME, PEER);
	goes(b, PEER, HOME);
	move(a, AWAY);
	goes(a, AWAY, PEER);
	carry_all(p);
	goes(b, PEER, AWAY);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 0);
	assert_true(is(&peer_of(b)->sa->remote.addr, AWAY));
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
