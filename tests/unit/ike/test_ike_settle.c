// SPDX-License-Identifier: GPL-2.0
/*
 * Every entry point of the engine that has consequences settles once, and nothing that settling
 * calls settles again: so there is one place and one order of consequences. ike_settle() is wrapped
 * by the linker here.
 */
#include "unit/ike/ike_ends.h"
#include "ike/settle.h"

static unsigned int settles;	/* since the last look */
static bool settling;

void __real_ike_settle(struct ike *ike);
void __wrap_ike_settle(struct ike *ike);

void __wrap_ike_settle(struct ike *ike)
{
	assert_false(settling);
	settles++;
	settling = true;
	__real_ike_settle(ike);
	settling = false;
}

#define assert_settles_once(call) do {		\
	settles = 0;				\
	call;					\
	assert_int_equal(settles, 1);		\
} while (0)

/* All that is under way, each datagram and each job's end an entry of its own. */
static void carry_settling_once(struct ends *p, unsigned int *entries)
{
	bool moved;

	do {
		moved = false;
		for (int i = 0; i < 2; i++) {
			struct side *s = &p->s[i];

			if (s->fake.job_count) {
				assert_settles_once(fake_job_end(&s->fake, s->ike));
				moved = true;
				++*entries;
			}
			if (s->count) {
				assert_settles_once(carry(s));
				moved = true;
				++*entries;
			}
		}
	} while (moved);
}

/* From IKE_SA_INIT to the end: four datagrams, a job at each end for each AUTH; then commands. */
static void test_each_entry(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int entries = 0;

	a->fake.hold_jobs = true;
	b->fake.hold_jobs = true;
	ends_start(p);
	assert_int_equal(side_up(a), 0);	/* only arms a timer */
	assert_settles_once(ike_tick(a->ike));
	carry_settling_once(p, &entries);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_true(entries >= 4 + 4);
	assert_settles_once(ike_rekey(a->ike, child_of(a)->id));
	carry_settling_once(p, &entries);
	assert_settles_once(ike_probe(b->ike));
	carry_settling_once(p, &entries);
	assert_settles_once(side_down(a));
	carry_settling_once(p, &entries);
	assert_int_equal(peer_of(a)->state, PEER_DOWN);
	assert_int_equal(peer_of(b)->state, PEER_DOWN);
	ends_free(p);
}

/* What a stranger sends is no exception. */
static void test_strangers(void **state)
{
	static const uint8_t noise[40] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	ends_start(p);
	start(p, 0);
	l = *oldest(a);
	for (size_t len = 0; len <= sizeof(noise); len += 10)
		assert_settles_once(ike_input(b->ike, &l.remote, &l.local, noise, len));
	l.len--;
	assert_settles_once(give(b, &l));
	l.len++;
	l.msg[17] = 3 << 4;	/* a version that nobody speaks */
	assert_settles_once(give(b, &l));
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_entry),
		cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
