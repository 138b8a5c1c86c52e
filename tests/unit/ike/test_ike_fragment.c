// SPDX-License-Identifier: GPL-2.0
/* Messages in fragments, RFC 7383. */
#include "unit/ike/ike_ends.h"

#include "ike/exchange/exchange.h"
#include "ike/object/partial.h"
#include "ike/object/stranger.h"

#define SMALL		150	/* octets of a packet: IKE_AUTH takes several */
#define PACKET_REST	32	/* IPv4, UDP, non-ESP marker */

static struct ends *ends_of(uint32_t size)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++)
		p->s[i].conf.fragment_size = size;
	ends_start(p);
	return p;
}

/* IKE_SA_INIT is done, the request of IKE_AUTH is ready to be carried. */
static struct ends *half_open(uint32_t size)
{
	struct ends *p = ends_of(size);

	start(p, 0);
	assert_int_equal(p->s[0].count, 1);
	carry(&p->s[0]);
	assert_int_equal(p->s[1].count, 1);
	carry(&p->s[1]);
	return p;
}

static struct letter *letter(struct side *s, unsigned int i)
{
	assert_true(i < s->count);
	return &s->queue[(s->head + i) % QUEUE_MAX];
}

static void drop_all(struct side *s)
{
	while (drop(s))
		;
}

/* Those of the oldest message of @s: numbers and totals are right, none is too large. */
static unsigned int fragments(struct side *s, size_t most)
{
	unsigned int total = s->count;
	struct msg_header h;
	struct msg m;

	for (unsigned int i = 0; i < total; i++) {
		struct letter *l = letter(s, i);

		assert_true(l->len <= most);
		assert_int_equal(msg_parse(l->msg, l->len, &h, &m), MSG_OK);
		assert_true(m.fragment);
		assert_int_equal(m.number, i + 1);
		assert_int_equal(m.total, total);
		assert_true(i ? !m.sk_first : m.sk_first);
	}
	return total;
}

static void assert_up(struct ends *p)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
		assert_null(peer_of(&p->s[i])->sa->partial[0]);
		assert_null(peer_of(&p->s[i])->sa->partial[1]);
	}
}

/* ---- the two of them */

static void test_in_fragments(void **state)
{
	struct ends *p = half_open(SMALL);
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int count = fragments(a, SMALL - PACKET_REST);

	assert_true(count > 2);
	for (unsigned int i = 0; i < count; i++) {
		assert_int_equal(b->count, 0);
		carry(a);
	}
	assert_true(fragments(b, SMALL - PACKET_REST) > 1);
	carry_all(p);
	assert_up(p);
	/* the IKE SA of a rekey knows it too, and a small message is whole */
	assert_int_equal(ike_rekey(a->ike, peer_of(a)->id), 0);
	carry_all(p);
	assert_int_equal(a->ev[IKE_EV_IKE_REKEYED].count, 1);
	assert_true(peer_of(a)->sa->fragments && peer_of(b)->sa->fragments);
	side_down(a);
	assert_int_equal(a->count, 1);
	carry_all(p);
	ends_free(p);
}

static void test_in_any_order(void **state)
{
	struct ends *p = half_open(SMALL);
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int count = a->count;

	for (unsigned int i = count; i--;) {
		assert_int_equal(b->count, 0);
		give(b, letter(a, i));
		if (i)		/* a copy changes nothing */
			give(b, letter(a, i));
	}
	assert_int_equal(b->ike->counters.replayed, count - 1);
	drop_all(a);
	carry_all(p);
	assert_up(p);
	ends_free(p);
}

static void test_never(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.fragment_size = FRAGMENT_NEVER;
	b->conf.fragment_size = SMALL;
	ends_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	assert_int_equal(a->count, 1);		/* IKE_AUTH, whole */
	carry(a);
	assert_true(b->count > 1);		/* its answer is not, and is taken */
	carry_all(p);
	assert_up(p);
	pass(p, 3600 * 1000);
	ends_free(p);
}

static void test_peer_without(void **state)
{
	struct ends *p = half_open(SMALL);
	struct side *a = &p->s[0], *b = &p->s[1];

	only_sa(b)->fragments = false;
	for (unsigned int i = 0; i < a->count; i++)
		give(b, letter(a, i));
	assert_int_equal(b->ike->counters.malformed, a->count);
	assert_null(only_sa(b)->partial[0]);
	assert_int_equal(b->count, 0);
	ends_free(p);
}

/* With what everybody has IKE_AUTH of a pre-shared key is small enough. */
static void test_default_size(void **state)
{
	struct ends *p = half_open(0);

	assert_int_equal(p->s[0].count, 1);
	carry_all(p);
	assert_up(p);
	ends_free(p);
}

/* ---- lost ones */

static void test_lost(void **state)
{
	struct ends *p = half_open(SMALL);
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int count = a->count, answers;
	struct letter second;

	drop(a);			/* the first is lost */
	while (a->count)
		carry(a);
	assert_int_equal(only_sa(b)->partial[0]->count, count - 1);
	pass(p, 1000);
	assert_int_equal(a->count, count);	/* all of them go out again */
	second = *letter(a, 1);
	carry(a);
	answers = b->count;
	assert_true(answers > 1);
	drop_all(b);			/* the answer is lost */
	while (a->count)		/* none of the others asks again, RFC 7383 2.6.1 */
		carry(a);
	assert_int_equal(b->count, 0);
	pass(p, 2000);
	give(b, &second);
	assert_int_equal(b->count, 0);
	give(b, oldest(a));
	assert_int_equal(b->count, answers);
	drop_all(a);
	carry_all(p);
	assert_up(p);
	ends_free(p);
}

/* What the third try does is said with what came of it. */
static void test_divided_anew(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_esp(a, "aes128gcm16-esn aes256gcm16-esn chacha20poly1305-esn aes128-sha256-esn "
		   "aes256-sha256-esn aes128gcm16-noesn aes256gcm16-noesn chacha20poly1305-noesn "
		   "aes128-sha256-noesn aes256-sha256-noesn aes128gcm16-esn-noesn "
		   "aes256gcm16-esn-noesn aes128-aes256-sha256-esn");
	ends_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	assert_int_equal(a->count, 1);		/* whole: 1280 octets are enough */
	assert_true(oldest(a)->len > FRAGMENT_SIZE_MIN);
	drop_all(a);
	pass(p, 1000);
	assert_int_equal(a->count, 1);
	drop_all(a);
	assert_false(only_sa(a)->fragment_small);
	pass(p, 2000);
	assert_int_equal(fragments(a, FRAGMENT_SIZE_MIN - PACKET_REST), 2);
	assert_true(only_sa(a)->fragment_small);
	assert_null(TAILQ_FIRST(&only_sa(a)->exchanges)->text.p);
	drop_all(a);
	pass(p, 4000);
	assert_int_equal(fragments(a, FRAGMENT_SIZE_MIN - PACKET_REST), 2);
	carry(a);
	carry(a);
	assert_true(peer_of(b)->sa->fragment_small);	/* the way back is as narrow */
	carry_all(p);
	assert_up(p);
	ends_free(p);
}

/* A division into as many as before could be mixed up with it. */
static void test_not_divided_alike(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	a->conf.fragment_size = FRAGMENT_SIZE_MIN + 4;
	set_esp(a, "aes128gcm16-esn aes256gcm16-esn chacha20poly1305-esn aes128-sha256-esn "
		   "aes256-sha256-esn aes128gcm16-noesn aes256gcm16-noesn chacha20poly1305-noesn "
		   "aes128-sha256-noesn aes256-sha256-noesn aes128gcm16-esn-noesn "
		   "aes256gcm16-esn-noesn aes128-aes256-sha256-esn");
	ends_start(p);
	start(p, 0);
	carry(a);
	carry(&p->s[1]);
	assert_int_equal(fragments(a, FRAGMENT_SIZE_MIN + 4 - PACKET_REST), 2);
	drop_all(a);
	pass(p, 1000);
	drop_all(a);
	pass(p, 2000);
	assert_int_equal(fragments(a, FRAGMENT_SIZE_MIN + 4 - PACKET_REST), 2);
	carry_all(p);
	assert_up(p);
	ends_free(p);
}

/* ---- by hand */

/* A fragment of the peer's next request, or of another message. */
static void piece(struct ike_sa *sa, uint32_t id, uint8_t exchange, uint16_t number,
		  uint16_t total, uint8_t first, const void *text, size_t len, struct letter *l)
{
	struct msg_header h = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = exchange,
		.flags = sa->initiator ? MSG_INITIATOR : 0, .id = id,
	};
	struct builder b;

	build_begin(&b, l->msg, sizeof(l->msg), &h);
	build_skf_begin(&b, number, total, first, sk_iv_len(&sa->sk_out));
	writer_bytes(&b.w, text, len);
	l->len = build_sk_end(&b, sk_sealed_len(&sa->sk_out, len));
	assert_true(l->len && sk_seal(&sa->sk_out, l->msg, b.sk_body, b.sk_plain));
	l->local = sa->local;
	l->remote = sa->remote;
}

static uint8_t text[2048];

/* From the first side, which is up, to the second. */
static void send_piece(struct ends *p, uint16_t number, uint16_t total, const void *octets,
		       size_t len)
{
	struct ike_sa *sa = peer_of(&p->s[0])->sa;
	struct letter l;

	piece(sa, sa->next_out, EXCHANGE_INFORMATIONAL, number, total, PAYLOAD_NOTIFY, octets, len,
	      &l);
	give(&p->s[1], &l);
}

static struct ends *up(void)
{
	struct ends *p = ends_of(0);

	bring_up(p, 0);
	return p;
}

static const struct partial *partial_of(struct ends *p)
{
	return peer_of(&p->s[1])->sa->partial[0];
}

/* A notify that nobody knows, of 8 octets. */
static const uint8_t notify[8] = { 0, 0, 0, 8, 0, 0, 0x9c, 0x40 };

static void test_totals(void **state)
{
	struct ends *p = up();
	struct side *b = &p->s[1];

	send_piece(p, 2, 3, notify + 3, 3);
	assert_int_equal(partial_of(p)->count, 1);
	send_piece(p, 1, 2, notify, 4);		/* of a division that was given up */
	assert_int_equal(partial_of(p)->total, 3);
	assert_int_equal(partial_of(p)->count, 1);
	send_piece(p, 1, 4, notify, 2);		/* divided anew */
	assert_int_equal(partial_of(p)->total, 4);
	assert_int_equal(partial_of(p)->count, 1);
	send_piece(p, 3, 3, notify + 6, 2);
	send_piece(p, 4, 4, notify + 6, 2);
	send_piece(p, 3, 4, notify + 6, 0);	/* an empty one */
	assert_int_equal(b->count, 0);
	assert_int_equal(partial_of(p)->octets, 4);
	send_piece(p, 2, 4, notify + 2, 4);
	assert_null(partial_of(p));
	assert_int_equal(b->count, 1);
	assert_int_equal(error_in_answer(&p->s[0], b), 0);
	assert_int_equal(b->ike->counters.fragments_refused, 0);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	ends_free(p);
}

/* One alone is a whole message too. */
static void test_single(void **state)
{
	struct ends *p = up();

	send_piece(p, 1, 1, notify, sizeof(notify));
	assert_int_equal(p->s[1].count, 1);
	assert_int_equal(error_in_answer(&p->s[0], &p->s[1]), 0);
	ends_free(p);
}

/* Numbers that are none, and others' pieces: not even looked at. */
static void test_numbers(void **state)
{
	struct ends *p = up();
	struct ike_sa *sa = peer_of(&p->s[0])->sa;
	struct letter l;

	send_piece(p, 0, 3, notify, 4);
	send_piece(p, 4, 3, notify, 4);
	send_piece(p, 0, 0, notify, 4);
	assert_int_equal(p->s[1].ike->counters.malformed, 3);
	assert_null(partial_of(p));
	piece(sa, sa->next_out, EXCHANGE_INFORMATIONAL, 1, 2, PAYLOAD_NOTIFY, notify, 4, &l);
	l.msg[l.len - 1] ^= 1;
	give(&p->s[1], &l);
	piece(sa, sa->next_out, EXCHANGE_INFORMATIONAL, 1, 2, PAYLOAD_NOTIFY, notify, 4, &l);
	l.msg[MSG_HEADER_LEN + 7] ^= 1;		/* the total is authenticated */
	give(&p->s[1], &l);
	assert_int_equal(p->s[1].ike->counters.auth_failed, 2);
	assert_null(partial_of(p));
	ends_free(p);
}

/* There is room for one message in fragments; of another one it is the later that counts. */
static void test_one_at_a_time(void **state)
{
	struct ends *p = up();
	struct ike_sa *sa = peer_of(&p->s[0])->sa;
	struct letter l;

	send_piece(p, 1, 3, notify, 4);
	send_piece(p, 2, 3, notify, 4);
	piece(sa, sa->next_out, EXCHANGE_CREATE_CHILD_SA, 1, 2, PAYLOAD_NOTIFY, notify, 4, &l);
	give(&p->s[1], &l);
	assert_int_equal(partial_of(p)->exchange, EXCHANGE_CREATE_CHILD_SA);
	assert_int_equal(partial_of(p)->count, 1);
	/* the same request, whole: what there is of it is of no use any more */
	ike_probe(p->s[0].ike);
	carry_all(p);
	assert_null(partial_of(p));
	assert_up(p);
	ends_free(p);
}

static void test_nonsense(void **state)
{
	struct ends *p = up();

	memset(text, 0xff, sizeof(text));
	send_piece(p, 1, 2, text, 100);
	send_piece(p, 2, 2, text, 100);
	assert_int_equal(error_in_answer(&p->s[0], &p->s[1]), NOTIFY_INVALID_SYNTAX);
	assert_int_equal(peer_of(&p->s[1])->state, PEER_DOWN);	/* as for a whole one */
	ends_free(p);
}

/* ---- a peer that means ill */

static void test_ten_thousand(void **state)
{
	struct ends *p = up();
	struct side *b = &p->s[1];
	unsigned int said_before = b->ev[IKE_EV_LOG].count;

	for (unsigned int i = 1; i <= 10000; i++)
		send_piece(p, (uint16_t)i, 10000, text, 100);
	assert_int_equal(b->ike->counters.fragments_refused, 10000);
	said(b, IKE_EV_LOG, "the peer's INFORMATIONAL request is not taken: it comes in 10000 "
			    "fragments, we take at most 128");
	assert_int_equal(b->ev[IKE_EV_LOG].count, said_before + 1);	/* once a second */
	assert_null(partial_of(p));
	assert_int_equal(b->count, 0);
	ends_free(p);
}

/* And one that stays below that number, with as much in each as fits. */
static void test_too_long(void **state)
{
	size_t most = PARTIAL_OCTETS_MAX;
	struct ends *p = up();
	struct side *b = &p->s[1];

	for (unsigned int round = 0; round < 3; round++)
		for (unsigned int i = 1; i <= PARTIAL_FRAGMENTS_MAX - 1; i++) {
			send_piece(p, (uint16_t)i, PARTIAL_FRAGMENTS_MAX, text, 1500);
			assert_true(!partial_of(p) || partial_of(p)->octets <= most);
		}
	said(b, IKE_EV_LOG, "its 128 fragments have more than 32768 octets");
	assert_true(b->ike->counters.fragments_refused > 3);
	assert_int_equal(b->count, 0);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	ends_free(p);
}

/* A stranger may have less. */
static void test_stranger(void **state)
{
	struct ends *p = half_open(0);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	for (unsigned int i = 1; i <= 32; i++) {
		piece(only_sa(a), 1, EXCHANGE_IKE_AUTH, (uint16_t)i, 32, PAYLOAD_IDI, text, 1500,
		      &l);
		give(b, &l);
		assert_true(!only_sa(b)->partial[0] ||
			    only_sa(b)->partial[0]->octets <= STRANGER_MESSAGE_MAX);
	}
	assert_true(b->ike->counters.fragments_refused > 1);
	said(b, IKE_EV_LOG, "its 32 fragments have more than 16384 octets");
	carry_all(p);			/* and is taken, once it behaves */
	assert_up(p);
	ends_free(p);
}

/* What there is of a message goes with its IKE SA: the sanitizer looks. */
static void test_gone_with_it(void **state)
{
	struct ends *p = up();

	send_piece(p, 1, 2, notify, 4);
	assert_non_null(partial_of(p));
	side_down(&p->s[1]);
	drop_all(&p->s[1]);
	pass(p, 200000);
	ends_free(p);

	p = up();
	send_piece(p, 1, 2, notify, 4);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_fragments),
		cmocka_unit_test(test_in_any_order),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_peer_without),
		cmocka_unit_test(test_default_size),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_divided_anew),
		cmocka_unit_test(test_not_divided_alike),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_ten_thousand),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_gone_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
