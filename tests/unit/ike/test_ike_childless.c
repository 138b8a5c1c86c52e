// SPDX-License-Identifier: GPL-2.0
/* IKE SAs that begin without a child, RFC 6023. */
#include "unit/ike/ike_ends.h"

static struct ends *ends_of(bool childless, const char *esp)
{
	struct ends *p = ends_new();

	p->s[0].conf.childless = childless;
	for (int i = 0; i < 2; i++)
		set_esp(&p->s[i], esp);
	ends_start(p);
	return p;
}

/* IKE_AUTH is done, what follows is ready to be carried. */
static struct ends *authenticated(const char *esp)
{
	struct ends *p = ends_of(true, esp);

	start(p, 0);
	for (int i = 0; i < 2; i++) {
		carry(&p->s[0]);
		carry(&p->s[1]);
	}
	return p;
}

static void assert_has_child(const struct msg *m, bool has)
{
	assert_int_equal(m->seen[PAYLOAD_SA], has);
	assert_int_equal(m->seen[PAYLOAD_TSI], has);
	assert_int_equal(m->seen[PAYLOAD_TSR], has);
}

/* IKE_AUTH has none, either way; then it is made, with a key exchange of its own. */
static void test_childless(void **state)
{
	struct ends *p = ends_of(true, "aes128gcm16-x25519-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;
	struct msg m;

	start(p, 0);
	carry(a);
	carry(b);
	l = *oldest(a);
	open_letter(only_sa(b), &l, &m);
	assert_true(m.seen[PAYLOAD_AUTH]);
	assert_has_child(&m, false);
	carry(a);
	l = *oldest(b);
	open_letter(only_sa(a), &l, &m);
	assert_true(m.seen[PAYLOAD_AUTH]);
	assert_has_child(&m, false);
	assert_null(msg_error(&m));
	carry(b);
	assert_int_equal(b->fake.in_count, 0);
	l = *oldest(a);
	open_letter(only_sa(b), &l, &m);
	assert_has_child(&m, true);
	assert_true(m.seen[PAYLOAD_KE]);
	carry_all(p);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
		assert_int_equal(p->s[i].ev[IKE_EV_UP].count, 1);
		assert_int_equal(p->s[i].fake.in_count, 1);
		assert_int_equal(p->s[i].fake.reserved, 0);
		assert_int_equal(child_of(&p->s[i])->out->group, KE_X25519);
	}
	ends_free(p);
}

/* All of several. */
static void test_several_children(void **state)
{
	struct ends *p = ends_new();

	p->s[0].conf.childless = true;
	add_child(&p->s[0], "u", "10.1.1.0/24", "10.2.1.0/24");
	add_child(&p->s[1], "u", "10.2.1.0/24", "10.1.1.0/24");
	ends_start(p);
	bring_up(p, 0);
	ends_free(p);
}

/* Who is not asked for it makes the child with IKE_AUTH. */
static void test_not_configured(void **state)
{
	struct ends *p = ends_of(false, "aes128gcm16-esn");
	struct letter l;
	struct msg m;

	start(p, 0);
	carry(&p->s[0]);
	carry(&p->s[1]);
	l = *oldest(&p->s[0]);
	open_letter(only_sa(&p->s[1]), &l, &m);
	assert_has_child(&m, true);
	carry_all(p);
	assert_int_equal(p->s[1].fake.in_count, 1);
	ends_free(p);
}

/* Nor does one whose peer has not said that it can. */
static void test_peer_cannot(void **state)
{
	struct ends *p = ends_of(true, "aes128gcm16-esn");
	static const uint8_t notify[4] = { 0, 0, NOTIFY_CHILDLESS_SUPPORTED >> 8,
					   NOTIFY_CHILDLESS_SUPPORTED & 255 };
	struct letter *answer, request;
	uint8_t *at;
	struct msg m;

	start(p, 0);
	carry(&p->s[0]);
	answer = oldest(&p->s[1]);
	at = memmem(answer->msg, answer->len, notify, sizeof(notify));
	assert_non_null(at);
	at[2] = 0x9c;			/* one of private use */
	carry(&p->s[1]);
	request = *oldest(&p->s[0]);
	open_letter(only_sa(&p->s[1]), &request, &m);
	assert_has_child(&m, true);
	ends_free(p);
}

/* The responder waits for the first child as long as the initiator wants, and tells who is up. */
static void test_waits(void **state)
{
	struct ends *p = authenticated("aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];

	assert_int_equal(a->count, 1);		/* CREATE_CHILD_SA, under way for long */
	pass(p, 20000);
	assert_int_equal(peer_of(b)->sa->state, SA_ESTABLISHED);
	assert_int_equal(b->ev[IKE_EV_UP].count, 0);
	assert_int_equal(b->count, 0);
	carry_all(p);
	assert_int_equal(b->ev[IKE_EV_UP].count, 1);
	assert_int_equal(a->ev[IKE_EV_UP].count, 1);
	/* when the last one has gone it is as with any other */
	assert_int_equal(ike_down(a->ike, child_of(a)->id, "taken down"), 0);
	carry_all(p);
	pass(p, 60000);
	assert_true(TAILQ_EMPTY(&a->ike->sas) && TAILQ_EMPTY(&b->ike->sas));
	ends_free(p);
}

/* The child is refused: nobody keeps the IKE SA. */
static void test_refused(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.childless = true;
	set_ts(b, "10.3.0.0/24", "10.4.0.0/24");
	ends_start(p);
	attempt(p, 0);
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_TS, "10.1.0.0/24");
	pass(p, 60000);
	assert_true(TAILQ_EMPTY(&a->ike->sas) && TAILQ_EMPTY(&b->ike->sas));
	assert_int_equal(b->fake.in_count, 0);
	ends_free(p);
}

/* A rekey of the IKE SA before the first child leaves it what it is. */
static void test_rekeyed_before(void **state)
{
	struct ends *p = authenticated("aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];

	drop(a);
	peer_of(a)->sa->want_rekey = false;
	assert_true(peer_of(b)->sa->childless);
	assert_int_equal(ike_rekey(b->ike, peer_of(b)->id), 0);
	for (int i = 0; i < 60; i++) {
		carry_all(p);
		pass(p, 1000);
	}
	assert_true(peer_of(b)->sa && peer_of(b)->sa->childless);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_int_equal(a->fake.in_count, 1);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_childless),
		cmocka_unit_test(test_several_children),
		cmocka_unit_test(test_not_configured),
		cmocka_unit_test(test_peer_cannot),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_rekeyed_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
