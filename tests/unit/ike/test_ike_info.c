// SPDX-License-Identifier: GPL-2.0
/* INFORMATIONAL: DELETE, liveness; and what a protected exchange makes of nonsense. */
#include "ike/object/pause.h"
#include "lib/array.h"
#include "unit/ike/ike_ends.h"

static struct ends *up(uint32_t dpd_s)
{
	struct ends *p = ends_new();

	p->s[0].conf.dpd_s = dpd_s;
	ends_start(p);
	bring_up(p, 0);
	return p;
}

static void assert_gone(struct side *s)
{
	assert_int_equal(peer_of(s)->state, PEER_DOWN);
	assert_int_equal(s->ev[IKE_EV_DOWN].count, 1);
	assert_int_equal(s->ev[IKE_EV_CHILD_DOWN].count, 1);
	assert_true(fake_is_empty(&s->fake));
	assert_int_equal(s->fake.links, s->fake.unlinks);
}

static void test_down(void **state)
{
	struct ends *p = up(0);
	struct ike_peer_status st;

	assert_int_equal(side_down(&p->s[1]), 0);
	assert_gone(&p->s[1]);		/* at once */
	st = peer_status(&p->s[1]);
	assert_int_equal(st.state, PEER_CLOSING);
	assert_int_equal(st.failure, IKE_FAIL_DOWN);
	assert_string_equal(st.detail, "taken down by the user");
	assert_true(st.held_down);
	assert_int_equal(side_down(&p->s[1]), -EALREADY);
	carry_all(p);
	assert_gone(&p->s[0]);
	assert_non_null(strstr(p->s[0].ev[IKE_EV_DOWN].detail, "the peer has deleted the IKE SA"));
	assert_true(TAILQ_EMPTY(&p->s[1].ike->sas));
	ends_free(p);
}

static void test_both_down(void **state)
{
	struct ends *p = up(0);

	assert_int_equal(side_down(&p->s[0]), 0);
	assert_int_equal(side_down(&p->s[1]), 0);
	carry_all(p);
	assert_gone(&p->s[0]);
	assert_gone(&p->s[1]);
	pass(p, 31000);
	assert_true(TAILQ_EMPTY(&p->s[0].ike->sas));
	assert_true(TAILQ_EMPTY(&p->s[1].ike->sas));
	ends_free(p);
}

/* The answer to a DELETE is lost: the copy of the DELETE is answered still. */
static void test_delete_answered_twice(void **state)
{
	struct ends *p = up(0);
	struct side *a = &p->s[0], *b = &p->s[1];

	assert_int_equal(side_down(a), 0);
	carry(a);
	drop(b);
	pass(p, 1000);
	carry(a);
	assert_int_equal(b->count, 1);
	carry(b);
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	ends_free(p);
}

static void test_delete_to_nobody(void **state)
{
	struct ends *p = up(0);
	struct side *a = &p->s[0];
	unsigned int sent = a->sent;

	assert_int_equal(side_down(a), 0);
	pass(p, 60000);
	assert_true(a->sent - sent >= 3 && a->sent - sent <= 5);
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 1);
	ends_free(p);
}

static void test_forget_tunnel(void **state)
{
	struct ends *p = up(0);
	struct side *a = &p->s[0];

	soft_limit(a);			/* in the midst of a rekey */
	assert_int_equal(ike_tunnel_del(a->ike, a->tunnel), 0);
	assert_int_equal(ike_tunnel_del(a->ike, a->tunnel), -ENOENT);
	assert_int_equal(a->fake.in_count, 0);
	assert_int_equal(a->fake.reserved, 0);
	carry_all(p);
	assert_gone(&p->s[1]);
	pass(p, 60000);
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	assert_int_equal(ike_tunnel_next(a->ike, 0), 0);
	ends_free(p);
}

static void test_liveness(void **state)
{
	struct ends *p = up(10);
	struct side *a = &p->s[0];
	unsigned int sent = a->sent;

	pass(p, 9999);
	assert_int_equal(a->sent, sent);
	pass(p, 1);
	assert_int_equal(a->sent, sent + 1);
	carry_all(p);
	/* traffic is a sign of life too */
	a->fake.idle = 4;
	pass(p, 10000);
	assert_int_equal(a->sent, sent + 1);
	a->fake.idle = UINT64_MAX;
	pass(p, 6000);
	assert_int_equal(a->sent, sent + 2);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

static void test_peer_is_dead(void **state)
{
	struct ends *p = up(10);
	struct side *a = &p->s[0];

	pass(p, 10000 + 47000);
	assert_gone(a);
	assert_int_equal(a->ev[IKE_EV_DOWN].failure, IKE_FAIL_TIMEOUT);
	said(a, IKE_EV_DOWN, "liveness checks (DPD): 6 tries in 47 s");
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	ends_free(p);
}

/* What becomes of it then, and how long it is tried. */
static void test_action(void **state)
{
	static const struct {
		enum start_mode start;
		enum dpd_action action;
		bool initiator, again;
	} rows[] = {
		{ START_UP, DPD_RESTART, true, true },
		{ START_UP, DPD_CLEAR, true, false },
		{ START_MANUAL, DPD_CLEAR, true, false },
		{ START_MANUAL, DPD_RESTART, true, true },
		{ START_MANUAL, DPD_RESTART, false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0];

		a->conf.start = rows[i].start;
		a->conf.dpd_s = 10;
		a->conf.dpd_action = rows[i].action;
		ends_start(p);
		bring_up(p, rows[i].initiator ? 0 : 1);
		pass(p, 10000 + 47000);
		assert_int_equal(a->ev[IKE_EV_DOWN].failure, IKE_FAIL_TIMEOUT);
		assert_int_equal(peer_status(a).wanted, rows[i].again);
		assert_int_equal(timer_armed(&peer_of(a)->retry), rows[i].again);
		pass(p, 600000);	/* it does not weary */
		assert_int_equal(peer_status(a).wanted, rows[i].again);
		while (drop(a))
			;
		side_restart(&p->s[1]);
		pass(p, PAUSE_MAX_MS);
		for (int j = 0; j < 20; j++) {
			carry_all(p);
			pass(p, PAUSE_MAX_MS / 10);
		}
		assert_int_equal(peer_of(a)->state, rows[i].again ? PEER_UP : PEER_DOWN);
		/* a person has the last word, and a DELETE is no silence */
		side_down(&p->s[1]);
		carry_all(p);
		pass(p, 60000);
		carry_all(p);
		assert_int_equal(peer_status(a).wanted, rows[i].start == START_UP && rows[i].again);
		side_down(a);
		assert_false(peer_status(a).wanted);
		ends_free(p);
	}
}

static uint32_t child_spi;

static void delete_child(struct builder *b)
{
	build_delete(b, PROTO_ESP, &child_spi, 1);
}

static void test_peer_deletes_child(void **state)
{
	struct ends *p = up(0);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	child_spi = a->fake.in[0].sa.spi;
	forge_request(a, EXCHANGE_INFORMATIONAL, delete_child, &l);
	give(b, &l);
	assert_gone(b);
	assert_non_null(strstr(b->ev[IKE_EV_DOWN].detail, "the peer has deleted the CHILD_SA"));
	assert_int_equal(b->count, 2);	/* the answer, and a DELETE for the IKE SA */
	drop(b);
	carry_all(p);
	assert_gone(a);
	ends_free(p);
}

/* Somebody else removes the policy from the kernel, perhaps in the midst of a rekey. */
static void child_is_removed(bool rekeying)
{
	struct ends *p = up(0);
	struct side *a = &p->s[0];
	struct ike_kern_event ev = {
		.type = IKE_KERN_GONE, .policy = child_of(a)->id + 1,
	};

	ike_kern_event(a->ike, &ev);	/* another child */
	assert_int_equal(peer_of(a)->state, PEER_UP);
	if (rekeying) {
		soft_limit(a);
		carry(a);
		carry(&p->s[1]);
	}
	ev.policy--;
	fake_policy_gone(&a->fake, ev.policy);
	ike_kern_event(a->ike, &ev);
	assert_gone(a);
	said(a, IKE_EV_DOWN, "removed from the kernel");
	ike_kern_event(a->ike, &ev);
	carry_all(p);
	assert_gone(&p->s[1]);
	pass(p, 60000);
	for (int i = 0; i < 2; i++)
		p->s[i].ev[IKE_EV_UP].count = 0;
	bring_up(p, 0);
	ends_free(p);
}

static void test_child_is_removed(void **state)
{
	child_is_removed(false);
	child_is_removed(true);
}

/* And the event is lost: the next rekey of either end finds out, and does not fail for ever. */
static void test_child_is_removed_unheard(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = up(0);
		struct side *a = &p->s[0];

		fake_policy_gone(&a->fake, child_of(a)->id);
		soft_limit(&p->s[who]);
		carry_all(p);
		said(a, IKE_EV_DOWN, "removed from the kernel");
		pass(p, 60000);
		for (int i = 0; i < 2; i++) {
			assert_gone(&p->s[i]);
			p->s[i].ev[IKE_EV_UP].count = 0;
		}
		bring_up(p, 0);
		ends_free(p);
	}
}

static void test_peer_deletes_what_is_not(void **state)
{
	struct ends *p = up(0);
	struct letter l;

	child_spi = 0x77777777;
	forge_request(&p->s[0], EXCHANGE_INFORMATIONAL, delete_child, &l);
	give(&p->s[1], &l);
	assert_int_equal(error_in_answer(&p->s[0], &p->s[1]), 0);
	assert_int_equal(peer_of(&p->s[1])->state, PEER_UP);
	ends_free(p);
}

static void unknown_things(struct builder *b)
{
	build_notify(b, 40999, 0, 0, 0, "x", 1);		/* a status of the future */
	build_notify(b, NOTIFY_INVALID_SELECTORS, 0, 0, 0, NULL, 0);
	build_payload(b, PAYLOAD_VENDOR);
	writer_bytes(&b->w, "somebody", 8);
	build_payload_end(b);
	build_payload(b, 200);					/* not critical */
	build_payload_end(b);
}

static void test_liberal(void **state)
{
	struct ends *p = up(0);
	struct letter l;

	forge_request(&p->s[0], EXCHANGE_INFORMATIONAL, unknown_things, &l);
	give(&p->s[1], &l);
	assert_int_equal(error_in_answer(&p->s[0], &p->s[1]), 0);
	assert_int_equal(peer_of(&p->s[1])->state, PEER_UP);
	ends_free(p);
}

static void critical_payload(struct builder *b)
{
	build_payload(b, 200);
	b->w.buf[b->payload_at + 1] = 0x80;
	build_payload_end(b);
}

static void nonsense(struct builder *b)
{
	build_nonce(b, "0123456789abcdef", 16);
}

/* Selectors that no child of ours has. */
static void strange_child(struct builder *b)
{
	static const struct ts ts = { .start = { 2, { 10 } },
				      .end = { 2, { 10 } },
				      .port_end = 65535 };
	struct msg_offer offer = { .number = 1, .spi_len = 4, .spi = 0x12345678 };
	struct proposals list = { .count = 1 };
	char why[64];

	proposal_parse(&list.p[0], PROTO_ESP, "aes128gcm16-esn", why, sizeof(why));
	build_sa(b, &list, &offer);
	build_nonce(b, "0123456789abcdef", 16);
	build_ts(b, PAYLOAD_TSI, &ts, 1);
	build_ts(b, PAYLOAD_TSR, &ts, 1);
}

static void rekey_of_nothing(struct builder *b)
{
	build_notify(b, NOTIFY_REKEY_SA, PROTO_ESP, 0x99999999, 4, NULL, 0);
	strange_child(b);
}

/* Each is answered in its own words, and costs nothing. */
static void test_refusals(void **state)
{
	static const struct {
		uint8_t exchange;
		void (*fill)(struct builder *b);
		uint16_t error;
	} rows[] = {
		{ EXCHANGE_INFORMATIONAL, critical_payload, NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD },
		{ EXCHANGE_CREATE_CHILD_SA, strange_child, NOTIFY_TS_UNACCEPTABLE },
		{ EXCHANGE_CREATE_CHILD_SA, rekey_of_nothing, NOTIFY_CHILD_SA_NOT_FOUND },
	};
	struct ends *p = up(0);
	struct letter l;

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		forge_request(&p->s[0], rows[i].exchange, rows[i].fill, &l);
		give(&p->s[1], &l);
		assert_int_equal(error_in_answer(&p->s[0], &p->s[1]), rows[i].error);
		assert_int_equal(peer_of(&p->s[1])->state, PEER_UP);
		assert_int_equal(p->s[1].fake.in_count, 1);
		assert_int_equal(p->s[1].fake.reserved, 0);
	}
	/* and the two still understand each other */
	soft_limit(&p->s[1]);
	carry_all(p);
	assert_int_equal(p->s[1].ev[IKE_EV_CHILD_REKEYED].count, 1);
	ends_free(p);
}

/* RFC 7296 2.21.3: what is malformed ends the IKE SA at both ends, whoever made the mistake. */
static void test_malformed_is_fatal(void **state)
{
	static const uint8_t exchanges[] = { EXCHANGE_INFORMATIONAL, EXCHANGE_CREATE_CHILD_SA };
	struct letter l;

	for (unsigned int i = 0; i < ARRAY_SIZE(exchanges); i++) {
		struct ends *p = up(0);
		struct side *a = &p->s[0], *b = &p->s[1];

		forge_request(a, exchanges[i], nonsense, &l);
		give(b, &l);
		assert_int_equal(error_in_answer(a, b), NOTIFY_INVALID_SYNTAX);
		assert_int_equal(b->fake.in_count, 0);
		assert_int_not_equal(peer_of(b)->state, PEER_UP);
		ends_free(p);
	}
}

static void invalid_syntax(struct builder *b)
{
	build_notify(b, NOTIFY_INVALID_SYNTAX, 0, 0, 0, NULL, 0);
}

/* Likewise where the peer says it of a request of ours. */
static void test_called_malformed(void **state)
{
	struct ends *p = up(0);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	soft_limit(a);
	drop(a);
	forge(peer_of(b)->sa, EXCHANGE_CREATE_CHILD_SA, MSG_RESPONSE, peer_of(a)->sa->next_out - 1,
	      invalid_syntax, &l);
	give(a, &l);
	assert_int_equal(a->fake.in_count, 0);
	assert_int_equal(a->count, 0);
	assert_int_not_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/* A message with an id too far ahead or behind is not even opened. */
static void test_window(void **state)
{
	struct ends *p = up(0);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	peer_of(a)->sa->next_out += 1;
	forge_request(a, EXCHANGE_INFORMATIONAL, unknown_things, &l);
	give(b, &l);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->ike->counters.replayed, 1);
	ends_free(p);
}

/* Each wait is longer by the factor, up to 16 s. */
static void test_factor(void **state)
{
	static const struct {
		uint32_t percent, first_ms;
		uint64_t at[5];		/* of the tries after the first */
	} rows[] = {
		{ 100, 500, { 500, 1000, 1500, 2000, 2500 } },
		{ 150, 1000, { 1000, 2500, 4750, 8125, 13187 } },
		{ 400, 3000, { 3000, 15000, 31000, 47000, 63000 } },
		{ 0, 1000, { 1000, 3000, 7000, 15000, 31000 } },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0];
		uint64_t begin;

		a->conf.retry_percent = rows[i].percent;
		a->conf.retry_first_ms = rows[i].first_ms;
		ends_start(p);
		start(p, 0);
		begin = p->now;
		pass(p, rows[i].at[4]);
		assert_int_equal(a->count, 6);
		for (unsigned int j = 0; j < 5; j++)
			assert_int_equal(a->queue[j + 1].at - begin, rows[i].at[j]);
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_malformed_is_fatal),
		cmocka_unit_test(test_called_malformed),
		cmocka_unit_test(test_both_down),
		cmocka_unit_test(test_delete_answered_twice),
		cmocka_unit_test(test_delete_to_nobody),
		cmocka_unit_test(test_forget_tunnel),
		cmocka_unit_test(test_liveness),
		cmocka_unit_test(test_peer_is_dead),
		cmocka_unit_test(test_action),
		cmocka_unit_test(test_peer_deletes_child),
		cmocka_unit_test(test_child_is_removed),
		cmocka_unit_test(test_child_is_removed_unheard),
		cmocka_unit_test(test_peer_deletes_what_is_not),
		cmocka_unit_test(test_liberal),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_factor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
