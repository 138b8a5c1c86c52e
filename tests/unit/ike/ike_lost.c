// SPDX-License-Identifier: GPL-2.0
#include "unit/ike/ike_lost.h"

uint8_t exchange_of(struct side *s)
{
	return oldest(s)->msg[18];
}

struct ends *ends_that(bool a_resumes, bool b_resumes)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		p->s[i].conf.dpd_s = 0;
		p->s[i].conf.dpd_action = DPD_RESTART;
	}
	p->s[0].conf.resume = a_resumes;
	p->s[1].conf.resume = b_resumes;
	return p;
}

struct ends *resume_up(void)
{
	struct ends *p = ends_that(true, true);

	ends_start(p);
	bring_up(p, 0);
	assert_non_null(peer_of(&p->s[0])->sa->ticket);
	return p;
}

void lose(struct side *s)
{
	struct ends *p = s->ends;

	s->ev[IKE_EV_DOWN].count = 0;
	ike_probe(s->ike);
	while (peer_of(s)->sa) {
		while (drop(&p->s[0]) || drop(&p->s[1]))
			;
		pass(p, 1000);
	}
	ended_in(s, IKE_EV_DOWN, IKE_FAIL_TIMEOUT, "");
	while (!s->count)
		pass(p, 1000);
}

unsigned int granted(const struct side *s)
{
	return HASH_CNT(by_name, s->ike->ticket_by_name);
}

void assert_up(struct ends *p)
{
	const struct ike_sa *a, *b;

	let_time_pass(p, 65);		/* what was before it is over */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
		assert_int_equal(p->s[i].fake.in_count, 1);
		assert_int_equal(p->s[i].fake.reserved, 0);
	}
	a = only_sa(&p->s[0]);
	b = only_sa(&p->s[1]);
	assert_memory_equal(a->sk_d, b->sk_d, prf_len(a->prf));
	assert_non_null(fake_in(&p->s[1].fake, fake_out_spi(&p->s[0].fake)));
	assert_null(a->from);
	assert_null(b->presented.p);
}

void resume_on(struct ends *p)
{
	struct side *a = &p->s[0];

	carry_all(p);
	assert_up(p);
	assert_true(only_sa(a)->resumed && only_sa(&p->s[1])->resumed);
}

void resume(struct ends *p)
{
	assert_int_equal(exchange_of(&p->s[0]), EXCHANGE_IKE_SESSION_RESUME);
	resume_on(p);
}

void begins_in_full(struct ends *p)
{
	struct side *a = &p->s[0];

	assert_int_equal(exchange_of(a), EXCHANGE_IKE_SA_INIT);
	carry_all(p);
	assert_up(p);
	assert_false(only_sa(a)->resumed);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
}

void begins_anew(struct ends *p)
{
	carry_all(p);
	pass(p, 0);
	begins_in_full(p);
}
