// SPDX-License-Identifier: GPL-2.0
/* INFORMATIONAL: DELETE, liveness; and what a protected exchange makes of nonsense. */
#include "unit/ike/ike_pair.h"

static struct pair *up(uint32_t dpd_s)
{
	struct pair *p = pair_new();

	p->s[0].conf.dpd_s = dpd_s;
	pair_start(p);
	bring_up(p, 0);
	return p;
}

/* A request from the peer's hand: @fill writes the payloads. */
static void forge_request(struct side *from, uint8_t exchange, void (*fill)(struct builder *b),
			  struct letter *l)
{
	struct ike_sa *sa = tunnel_of(from)->sa;
	struct msg_header h = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = exchange,
		.flags = sa->initiator ? MSG_INITIATOR : 0, .id = sa->next_out++,
	};
	struct builder b;

	build_begin(&b, l->msg, sizeof(l->msg), &h);
	build_sk_begin(&b, sk_iv_len(&sa->sk_out));
	fill(&b);
	l->len = build_sk_end(&b, sk_sealed_len(&sa->sk_out, build_sk_plain(&b)));
	assert_true(l->len && sk_seal(&sa->sk_out, l->msg, b.sk_body, b.sk_plain));
	l->local = sa->local;
	l->remote = sa->remote;
}

/* The first error notify in the answer to such a request; 0: none. */
static uint16_t error_in_answer(struct side *to, struct side *answering)
{
	struct ike_sa *sa = tunnel_of(to)->sa;
	struct letter l = *oldest(answering);
	struct cursor chain = cursor_of(l.msg, l.len);
	size_t plain, len;
	struct msg_header h;
	struct msg m;

	drop(answering);
	assert_int_equal(msg_parse(l.msg, l.len, &h, &m), MSG_OK);
	assert_true(sk_open(&sa->sk_in, l.msg, l.len, m.sk_offset, &plain, &len));
	assert_true(cursor_skip(&chain, plain) && cursor_sub(&chain, len, &chain));
	assert_int_equal(msg_parse_payloads(chain, m.sk_first, &m), MSG_OK);
	return msg_error(&m) ? msg_error(&m)->type : 0;
}

static void assert_gone(struct side *s)
{
	assert_int_equal(tunnel_of(s)->state, TUNNEL_DOWN);
	assert_int_equal(s->ev[IKE_EV_DOWN].count, 1);
	assert_int_equal(s->in_count, 0);
	assert_int_equal(s->out_spi, 0);
	assert_int_equal(s->reserved, 0);
	assert_false(s->has_child);
}

static void test_down(void **state)
{
	struct pair *p = up(0);
	struct ike_status st;

	assert_int_equal(ike_down(p->s[1].ike, "t"), 0);
	assert_gone(&p->s[1]);		/* at once */
	assert_true(ike_status(p->s[1].ike, "t", &st));
	assert_int_equal(st.state, TUNNEL_CLOSING);
	assert_int_equal(st.failure, IKE_FAIL_DOWN);
	assert_int_equal(ike_down(p->s[1].ike, "t"), -EALREADY);
	carry_all(p);
	assert_gone(&p->s[0]);
	assert_non_null(strstr(p->s[0].ev[IKE_EV_DOWN].detail, "the peer has deleted the IKE SA"));
	assert_true(TAILQ_EMPTY(&p->s[1].ike->sas));
	pair_free(p);
}

static void test_both_down(void **state)
{
	struct pair *p = up(0);

	assert_int_equal(ike_down(p->s[0].ike, "t"), 0);
	assert_int_equal(ike_down(p->s[1].ike, "t"), 0);
	carry_all(p);
	assert_gone(&p->s[0]);
	assert_gone(&p->s[1]);
	pass(p, 31000);
	assert_true(TAILQ_EMPTY(&p->s[0].ike->sas));
	assert_true(TAILQ_EMPTY(&p->s[1].ike->sas));
	pair_free(p);
}

/* The answer to a DELETE is lost: the copy of the DELETE is answered still. */
static void test_delete_answered_twice(void **state)
{
	struct pair *p = up(0);
	struct side *a = &p->s[0], *b = &p->s[1];

	assert_int_equal(ike_down(a->ike, "t"), 0);
	carry(a);
	drop(b);
	pass(p, 1000);
	carry(a);
	assert_int_equal(b->count, 1);
	carry(b);
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	pair_free(p);
}

static void test_delete_to_nobody(void **state)
{
	struct pair *p = up(0);
	struct side *a = &p->s[0];
	unsigned int sent = a->sent;

	assert_int_equal(ike_down(a->ike, "t"), 0);
	pass(p, 60000);
	assert_true(a->sent - sent >= 3 && a->sent - sent <= 5);
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 1);
	pair_free(p);
}

static void test_forget_tunnel(void **state)
{
	struct pair *p = up(0);
	struct side *a = &p->s[0];

	soft_limit(a);			/* in the midst of a rekey */
	assert_int_equal(ike_tunnel_del(a->ike, "t"), 0);
	assert_int_equal(ike_tunnel_del(a->ike, "t"), -ENOENT);
	assert_int_equal(a->in_count, 0);
	assert_int_equal(a->reserved, 0);
	carry_all(p);
	assert_gone(&p->s[1]);
	pass(p, 60000);
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	pair_free(p);
}

static void test_liveness(void **state)
{
	struct pair *p = up(10);
	struct side *a = &p->s[0];
	unsigned int sent = a->sent;

	pass(p, 9999);
	assert_int_equal(a->sent, sent);
	pass(p, 1);
	assert_int_equal(a->sent, sent + 1);
	carry_all(p);
	/* traffic is a sign of life too */
	a->idle = 4;
	pass(p, 10000);
	assert_int_equal(a->sent, sent + 1);
	a->idle = UINT64_MAX;
	pass(p, 6000);
	assert_int_equal(a->sent, sent + 2);
	carry_all(p);
	assert_int_equal(tunnel_of(a)->state, TUNNEL_UP);
	pair_free(p);
}

static void test_peer_is_dead(void **state)
{
	struct pair *p = up(10);
	struct side *a = &p->s[0];

	pass(p, 10000 + 47000);
	assert_gone(a);
	assert_int_equal(a->ev[IKE_EV_DOWN].failure, IKE_FAIL_TIMEOUT);
	assert_non_null(strstr(a->ev[IKE_EV_DOWN].detail, "INFORMATIONAL: 6 tries in 47 s"));
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	pair_free(p);
}

static uint32_t child_spi;

static void delete_child(struct builder *b)
{
	build_delete(b, PROTO_ESP, &child_spi, 1);
}

static void test_peer_deletes_child(void **state)
{
	struct pair *p = up(0);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	child_spi = a->in[0];
	forge_request(a, EXCHANGE_INFORMATIONAL, delete_child, &l);
	give(b, &l);
	assert_gone(b);
	assert_non_null(strstr(b->ev[IKE_EV_DOWN].detail, "the peer has deleted the CHILD_SA"));
	assert_int_equal(b->count, 2);	/* the answer, and a DELETE for the IKE SA */
	drop(b);
	carry_all(p);
	assert_gone(a);
	pair_free(p);
}

/* Somebody else removes the child from the kernel, perhaps in the midst of a rekey. */
static void child_is_removed(bool rekeying)
{
	struct pair *p = up(0);
	struct side *a = &p->s[0];
	struct ike_kern_event ev = {
		.type = IKE_KERN_GONE, .tunnel = "t", .child_id = tunnel_of(a)->child_id + 1,
	};

	ike_kern_event(a->ike, &ev);	/* another child */
	assert_int_equal(tunnel_of(a)->state, TUNNEL_UP);
	if (rekeying) {
		soft_limit(a);
		carry(a);
		carry(&p->s[1]);
	}
	ev.child_id--;
	a->has_child = false;
	a->in_count = 0;
	a->out_spi = 0;
	ike_kern_event(a->ike, &ev);
	assert_gone(a);
	assert_non_null(strstr(a->ev[IKE_EV_DOWN].detail, "removed from the kernel"));
	ike_kern_event(a->ike, &ev);
	carry_all(p);
	assert_gone(&p->s[1]);
	pass(p, 60000);
	for (int i = 0; i < 2; i++)
		p->s[i].ev[IKE_EV_UP].count = 0;
	bring_up(p, 0);
	pair_free(p);
}

static void test_child_is_removed(void **state)
{
	child_is_removed(false);
	child_is_removed(true);
}

static void test_peer_deletes_what_is_not(void **state)
{
	struct pair *p = up(0);
	struct letter l;

	child_spi = 0x77777777;
	forge_request(&p->s[0], EXCHANGE_INFORMATIONAL, delete_child, &l);
	give(&p->s[1], &l);
	assert_int_equal(error_in_answer(&p->s[0], &p->s[1]), 0);
	assert_int_equal(tunnel_of(&p->s[1])->state, TUNNEL_UP);
	pair_free(p);
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
	struct pair *p = up(0);
	struct letter l;

	forge_request(&p->s[0], EXCHANGE_INFORMATIONAL, unknown_things, &l);
	give(&p->s[1], &l);
	assert_int_equal(error_in_answer(&p->s[0], &p->s[1]), 0);
	assert_int_equal(tunnel_of(&p->s[1])->state, TUNNEL_UP);
	pair_free(p);
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

static void no_rekey(struct builder *b)
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
	no_rekey(b);
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
		{ EXCHANGE_INFORMATIONAL, nonsense, NOTIFY_INVALID_SYNTAX },
		{ EXCHANGE_CREATE_CHILD_SA, nonsense, NOTIFY_INVALID_SYNTAX },
		{ EXCHANGE_CREATE_CHILD_SA, no_rekey, NOTIFY_NO_ADDITIONAL_SAS },
		{ EXCHANGE_CREATE_CHILD_SA, rekey_of_nothing, NOTIFY_CHILD_SA_NOT_FOUND },
	};
	struct pair *p = up(0);
	struct letter l;

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		forge_request(&p->s[0], rows[i].exchange, rows[i].fill, &l);
		give(&p->s[1], &l);
		assert_int_equal(error_in_answer(&p->s[0], &p->s[1]), rows[i].error);
		assert_int_equal(tunnel_of(&p->s[1])->state, TUNNEL_UP);
		assert_int_equal(p->s[1].in_count, 1);
		assert_int_equal(p->s[1].reserved, 0);
	}
	/* and the two still understand each other */
	soft_limit(&p->s[1]);
	carry_all(p);
	assert_int_equal(p->s[1].ev[IKE_EV_CHILD_REKEYED].count, 1);
	pair_free(p);
}

/* A message with an id too far ahead or behind is not even opened. */
static void test_window(void **state)
{
	struct pair *p = up(0);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	tunnel_of(a)->sa->next_out += 1;
	forge_request(a, EXCHANGE_INFORMATIONAL, unknown_things, &l);
	give(b, &l);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->ike->counters.replayed, 1);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_down),
		cmocka_unit_test(test_both_down),
		cmocka_unit_test(test_delete_answered_twice),
		cmocka_unit_test(test_delete_to_nobody),
		cmocka_unit_test(test_forget_tunnel),
		cmocka_unit_test(test_liveness),
		cmocka_unit_test(test_peer_is_dead),
		cmocka_unit_test(test_peer_deletes_child),
		cmocka_unit_test(test_child_is_removed),
		cmocka_unit_test(test_peer_deletes_what_is_not),
		cmocka_unit_test(test_liberal),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
