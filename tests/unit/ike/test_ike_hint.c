// SPDX-License-Identifier: GPL-2.0
/* INVALID_IKE_SPI, INVALID_SPI, INVALID_SELECTORS: what is lost, and who says so. */
#include "ike/v2/hint.h"
#include "unit/ike/ike_ends.h"

static struct ends *up(void)
{
	struct ends *p = ends_new();

	ends_start(p);
	bring_up(p, 0);
	return p;
}

static uint16_t notify_of(const struct letter *l)
{
	struct msg_header h;
	struct msg m = {0};

	assert_int_equal(msg_parse(l->msg, l->len, &h, &m), MSG_OK);
	assert_int_equal(m.notify_count, 1);
	return m.notify[0].type;
}

static void stray(struct side *s, uint32_t spi, const struct endpoint *from)
{
	const struct ike_kern_event ev = { .type = IKE_KERN_STRAY, .spi = spi, .peer = *from };

	ike_kern_event(s->ike, &ev);
}

/* Where @s's peer is, as its kernel sees raw ESP. */
static struct endpoint esp_from(struct side *s)
{
	return (struct endpoint){ .addr = only_sa(s)->remote.addr };
}

/* One that was restarted says so; the request of the other goes on until it is given up. */
static void test_unknown_ike_sa(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter question;

	side_restart(b);
	ike_probe(a->ike);
	question = *oldest(a);
	carry(a);
	assert_int_equal(b->ike->counters.unknown_spi, 1);
	assert_int_equal(b->count, 1);
	assert_true(oldest(b)->len <= question.len);
	assert_memory_equal(oldest(b)->msg, question.msg, 16);
	assert_memory_equal(oldest(b)->msg + 20, question.msg + 20, 4);
	assert_int_equal(oldest(b)->msg[19], MSG_RESPONSE);
	assert_int_equal(notify_of(oldest(b)), NOTIFY_INVALID_IKE_SPI);
	carry(b);
	assert_int_equal(a->count, 0);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_true(only_sa(a)->denied);
	pass(p, 60000);
	ended_in(a, IKE_EV_DOWN, IKE_FAIL_TIMEOUT, "does not know the IKE SA (INVALID_IKE_SPI)");
	ends_free(p);
}

/* Neither an answer nor another hint is answered: nothing goes round. */
static void test_no_loop(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	side_restart(b);
	ike_probe(a->ike);
	carry(a);
	l = *oldest(b);
	drop(b);
	l.msg[0] ^= 1;			/* an answer for an IKE SA that nobody has */
	give(a, &l);
	give(b, &l);
	l.msg[19] = MSG_INITIATOR;	/* unprotected, and no INVALID_SPI */
	give(a, &l);
	give(b, &l);
	assert_int_equal(b->count, 0);
	assert_int_equal(a->ike->counters.unknown_spi, 2);
	ends_free(p);
}

static void test_many_requests(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	ike_probe(a->ike);
	l = *oldest(a);
	side_restart(b);
	for (unsigned int i = 0; i < 5 * HINTS_MAX; i++)
		give(b, &l);
	assert_int_equal(b->count, HINTS_MAX);
	while (drop(b))
		;
	pass(p, 1000);
	give(b, &l);
	assert_true(b->count >= 1);
	ends_free(p);
}

/* ESP for nobody, from where a tunnel leads: its peer is told, and asks at once. */
static void test_lost_spi_unprotected(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct endpoint from = esp_from(b), elsewhere = from;
	uint32_t spi = pair_active(child_of(a))->spi_out;
	struct letter hint;

	side_restart(b);
	addr_parse(&elsewhere.addr, "203.0.113.77");
	stray(b, spi, &elsewhere);
	assert_int_equal(b->count, 0);	/* no tunnel leads there */
	stray(b, spi, &from);
	assert_int_equal(b->count, 1);
	assert_int_equal(notify_of(oldest(b)), NOTIFY_INVALID_SPI);
	assert_int_equal(oldest(b)->local.port, IKE_PORT);
	hint = *oldest(b);
	carry(b);
	assert_int_equal(a->count, 1);	/* the liveness check */
	assert_int_equal(a->ike->counters.unknown_spi, 1);
	carry(a);
	assert_int_equal(notify_of(oldest(b)), NOTIFY_INVALID_IKE_SPI);
	drop(b);
	give(a, &hint);
	assert_int_equal(a->count, 0);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/* What anybody can say, that SPI or address are not ours to use, asks for nothing. */
static void test_lost_spi_of_others(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct endpoint from = esp_from(b);
	uint32_t spi = pair_active(child_of(a))->spi_out;
	struct letter hint;

	side_restart(b);
	stray(b, spi ^ 1, &from);
	carry(b);
	assert_int_equal(a->count, 0);	/* another SPI */
	stray(b, spi, &from);
	hint = *oldest(b);
	drop(b);
	addr_parse(&hint.local.addr, "203.0.113.77");
	give(a, &hint);
	assert_int_equal(a->count, 0);	/* another address */
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/* A liveness check in ten seconds, however many hints there are. */
static void test_hints_pause(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct endpoint from = esp_from(b);
	struct letter hint;
	unsigned int sent;

	stray(b, 1, &from);		/* in the IKE SA, of an SPI that a has not either */
	carry_all(p);
	side_restart(b);
	stray(b, pair_active(child_of(a))->spi_out, &from);
	hint = *oldest(b);
	drop(b);
	sent = a->sent;
	for (int i = 0; i < 20; i++)
		give(a, &hint);
	assert_int_equal(a->sent, sent + 1);
	drop(a);
	pass(p, HINT_PAUSE_MS - 1);
	while (drop(a))
		;			/* retransmissions */
	sent = a->sent;
	give(a, &hint);
	assert_int_equal(a->sent, sent);
	ends_free(p);
}

/* In the IKE SA it is the peer who says it: the pair is rekeyed, once. */
static void test_lost_spi_protected(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct endpoint from = esp_from(b);
	uint32_t spi = pair_active(child_of(a))->spi_out;

	stray(b, spi, &from);
	assert_int_equal(b->count, 1);
	assert_int_equal(oldest(b)->msg[16], PAYLOAD_SK);
	stray(b, spi, &from);		/* not while that is under way, nor soon after */
	carry_all(p);
	stray(b, spi, &from);
	assert_int_equal(b->count, 0);
	assert_int_equal(child_status(a).rekeys, 1);
	assert_int_equal(child_status(b).rekeys, 1);
	assert_int_not_equal(pair_active(child_of(a))->spi_out, spi);
	pass(p, HINT_PAUSE_MS);
	stray(b, spi, &from);		/* that one is gone: nothing follows */
	carry_all(p);
	assert_int_equal(child_status(a).rekeys, 1);
	ends_free(p);
}

static void fill_selectors(struct builder *b)
{
	static const uint8_t packet[20] = { 0x45, [12] = 10, 1, 0, 5, 10, 2, 0, 9 };

	build_notify(b, NOTIFY_INVALID_SELECTORS, PROTO_ESP, 0x1234, 4, packet, sizeof(packet));
}

static void fill_no_packet(struct builder *b)
{
	static const uint8_t packet[19] = { 0x45, [12] = 10, 1, 0, 5, 10, 2, 0 };

	build_notify(b, NOTIFY_INVALID_SELECTORS, PROTO_ESP, 0x1234, 4, packet, sizeof(packet));
}

static void test_selectors(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	forge_request(b, EXCHANGE_INFORMATIONAL, fill_no_packet, &l);
	give(a, &l);
	assert_int_equal(a->ev[IKE_EV_NOTE].count, 0);
	for (int i = 0; i < 3; i++) {
		forge_request(b, EXCHANGE_INFORMATIONAL, fill_selectors, &l);
		give(a, &l);
	}
	assert_int_equal(a->ev[IKE_EV_NOTE].count, 1);
	said(a, IKE_EV_NOTE, "from 10.1.0.5 to 10.2.0.9 (INVALID_SELECTORS)");
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_ike_sa),
		cmocka_unit_test(test_no_loop),
		cmocka_unit_test(test_many_requests),
		cmocka_unit_test(test_lost_spi_unprotected),
		cmocka_unit_test(test_lost_spi_of_others),
		cmocka_unit_test(test_hints_pause),
		cmocka_unit_test(test_lost_spi_protected),
		cmocka_unit_test(test_selectors),
	};

	return cmocka_run_group_tests_name("ike: hints", tests, NULL, NULL);
}
