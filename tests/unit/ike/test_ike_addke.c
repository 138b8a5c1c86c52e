// SPDX-License-Identifier: GPL-2.0
/* Additional key exchanges: IKE_INTERMEDIATE, RFC 9242, and IKE_FOLLOWUP_KE, RFC 9370. */
#include "unit/ike/ike_ends.h"
#include "ike/v2/addke.h"
#include "ike/v2/awaited.h"
#include "ike/v2/offer.h"

#define ONE	"aes128gcm16-prfsha256-x25519-ke1_ecp256"
#define THREE	"aes128gcm16-prfsha256-x25519-ke1_ecp256-ke3_ecp384-ke7_x448"
#define CHILD	"aes128gcm16-x25519-ke1_ecp256-ke2_ecp384-esn"

static struct ends *ends_of(const char *ike_a, const char *ike_b, const char *esp)
{
	struct ends *p = ends_new();

	set_ike(&p->s[0], ike_a);
	set_ike(&p->s[1], ike_b);
	for (int i = 0; i < 2; i++)
		set_esp(&p->s[i], esp);
	ends_start(p);
	return p;
}

static uint8_t exchange_of(struct side *s)
{
	return oldest(s)->msg[18];
}

static void assert_up(struct ends *p)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
		assert_int_equal(p->s[i].fake.in_count, 1);
		assert_int_equal(p->s[i].fake.reserved, 0);
	}
}

/* The ends have the same keys, both ways. */
static void assert_same_keys(const struct ike_sa *a, const struct ike_sa *b)
{
	assert_memory_equal(a->sk_d, b->sk_d, prf_len(a->prf));
	assert_memory_equal(a->sk_out.key, b->sk_in.key, SK_KEY_MAX);
	assert_memory_equal(a->sk_in.key, b->sk_out.key, SK_KEY_MAX);
}

/* As many IKE_INTERMEDIATEs as the suite has, in order, then IKE_AUTH with the next number. */
static void test_intermediate(void **state)
{
	static const uint16_t groups[] = { KE_ECP_256, KE_ECP_384, KE_X448 };
	struct ends *p = ends_of(THREE, THREE, "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	uint8_t before[PRF_LEN_MAX];
	struct letter l;
	struct msg m;

	start(p, 0);
	carry(a);
	carry(b);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(exchange_of(a), EXCHANGE_IKE_INTERMEDIATE);
		memcpy(before, only_sa(b)->sk_d, sizeof(before));
		l = *oldest(a);
		open_letter(only_sa(b), &l, &m);
		assert_int_equal(m.ke.group, groups[i]);
		carry(a);
		assert_memory_not_equal(only_sa(b)->sk_d, before, 32);
		assert_int_equal(exchange_of(b), EXCHANGE_IKE_INTERMEDIATE);
		carry(b);
		assert_same_keys(only_sa(a), only_sa(b));
	}
	assert_int_equal(exchange_of(a), EXCHANGE_IKE_AUTH);
	assert_int_equal(oldest(a)->msg[23], 4);
	carry_all(p);
	assert_up(p);
	assert_int_equal(only_sa(a)->addke.done, 0);	/* with the proof it is forgotten */
	ends_free(p);
}

/* One who has none is met, where none is allowed, and not where one is demanded. */
static void test_optional(void **state)
{
	struct ends *p = ends_of(ONE "-ke1_none", "aes128gcm16-prfsha256-x25519", "aes128gcm16-esn");

	bring_up(p, 0);
	assert_up(p);
	ends_free(p);
	p = ends_of("aes128gcm16-prfsha256-x25519", ONE "-ke1_none", "aes128gcm16-esn");
	bring_up(p, 0);
	ends_free(p);
	/* NONE before the other keeps nobody from either */
	p = ends_of("aes128gcm16-prfsha256-x25519-ke1_none-ke1_ecp256", ONE, "aes128gcm16-esn");
	bring_up(p, 0);
	ends_free(p);
	p = ends_of(ONE, "aes128gcm16-prfsha256-x25519", "aes128gcm16-esn");
	attempt(p, 0);
	pass(p, 10000);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_NO_PROPOSAL_IKE, "ke1_ecp256");
	ends_free(p);
}

/* A proposal with them is not chosen from a peer that does not say that it does RFC 9242. */
static void test_peer_cannot(void **state)
{
	struct ends *p = ends_of(ONE " aes128gcm16-prfsha256-x25519",
				 ONE " aes128gcm16-prfsha256-x25519", "aes128gcm16-esn");
	static const uint8_t notify[4] = { 0, 0, NOTIFY_INTERMEDIATE_SUPPORTED >> 8,
					   NOTIFY_INTERMEDIATE_SUPPORTED & 255 };
	struct letter *l;
	uint8_t *at;

	start(p, 0);
	l = oldest(&p->s[0]);
	at = memmem(l->msg, l->len, notify, sizeof(notify));
	assert_non_null(at);
	at[2] = 0x9c;			/* one of private use */
	carry(&p->s[0]);
	assert_null(memmem(oldest(&p->s[1])->msg, oldest(&p->s[1])->len, notify, sizeof(notify)));
	assert_int_equal(addke_next(only_sa(&p->s[1])), KE_NONE);
	ends_free(p);
	/* nor is such an answer taken */
	p = ends_of(ONE, ONE, "aes128gcm16-esn");
	start(p, 0);
	carry(&p->s[0]);
	l = oldest(&p->s[1]);
	at = memmem(l->msg, l->len, notify, sizeof(notify));
	assert_non_null(at);
	at[2] = 0x9c;
	carry(&p->s[1]);
	assert_int_equal(only_sa(&p->s[0])->state, SA_INIT_SENT);
	ends_free(p);
}

/* The request comes again, sealed with the keys of before: the same answer goes out. */
static void test_answer_is_lost(void **state)
{
	struct ends *p = ends_of(THREE, THREE, "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter first, again;

	start(p, 0);
	carry(a);
	carry(b);
	for (int i = 0; i < 3; i++) {
		again = *oldest(a);
		carry(a);
		first = *oldest(b);
		drop(b);
		give(b, &again);
		assert_int_equal(oldest(b)->len, first.len);
		assert_memory_equal(oldest(b)->msg, first.msg, first.len);
		carry(b);
	}
	/* one of before the last is nobody's any more */
	give(b, &again);
	carry_all(p);
	assert_up(p);
	ends_free(p);
}

/* Requests and answers in fragments are covered like whole ones. */
static void test_fragments(void **state)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		set_ike(&p->s[i], "aes128-sha256-x25519-ke1_modp4096-ke2_ecp521");
		p->s[i].conf.fragment_size = i ? 0 : FRAGMENT_SIZE_MIN / 2;
	}
	ends_start(p);
	start(p, 0);
	carry(&p->s[0]);
	carry(&p->s[1]);
	assert_true(p->s[0].count > 1);
	carry_all(p);
	assert_up(p);
	ends_free(p);
}

/* AUTH does not fit where a message of IKE_INTERMEDIATE is not what was sent. */
static void test_auth_covers_it(void **state)
{
	for (int which = 0; which < 4; which++) {
		struct ends *p = ends_of(ONE, ONE, "aes128gcm16-esn");
		struct side *a = &p->s[0], *b = &p->s[1];
		struct ike_sa *sa;

		start(p, 0);
		carry(a);
		carry(b);
		carry(a);
		carry(b);
		sa = which < 2 ? only_sa(a) : only_sa(b);
		if (which & 1)
			sa->addke.covered_i[3] ^= 1;
		else
			sa->addke.covered_r[3] ^= 1;
		carry_all(p);
		assert_int_equal(a->ev[IKE_EV_UP].count, 0);
		ended_in(a, IKE_EV_FAILED,
			 which < 2 ? IKE_FAIL_AUTH_LOCAL : IKE_FAIL_AUTH_REMOTE, "");
		ends_free(p);
	}
}

static void nothing(struct builder *b)
{
}

static void wrong_group(struct builder *b)
{
	uint8_t value[32] = { 9 };

	build_ke(b, KE_X25519, value, sizeof(value));
}

static void off_the_curve(struct builder *b)
{
	uint8_t value[64] = { 9 };

	build_ke(b, KE_ECP_256, value, sizeof(value));
}

static void refusal(struct builder *b)
{
	build_notify(b, NOTIFY_INVALID_SYNTAX, 0, 0, 0, NULL, 0);
}

/* The error in the oldest message of @from, before there is a peer. */
static uint16_t early_error(struct side *to, struct side *from)
{
	struct letter l;
	struct msg m;

	assert_true(from->count);
	l = *oldest(from);
	open_letter(only_sa(to), &l, &m);
	assert_non_null(msg_error(&m));
	return msg_error(&m)->type;
}

/* What a responder does not take ends the attempt, IKE_AUTH before its time too. */
static void test_bad_request(void **state)
{
	static void (*const fill[])(struct builder *b) = { nothing, wrong_group, off_the_curve };

	for (unsigned int i = 0; i < 3; i++) {
		struct ends *p = ends_of(ONE, ONE, "aes128gcm16-esn");
		struct side *a = &p->s[0], *b = &p->s[1];
		struct letter l;

		start(p, 0);
		carry(a);
		carry(b);
		drop(a);
		forge(only_sa(a), EXCHANGE_IKE_INTERMEDIATE, 0, 1, fill[i], &l);
		give(b, &l);
		assert_int_equal(early_error(a, b), NOTIFY_INVALID_SYNTAX);
		ends_free(p);
	}
}

static void by_hand(struct builder *b)
{
	static const uint8_t proof[32];
	const struct ts any = { .start = { AF_INET }, .end = { AF_INET }, .port_end = 65535 };
	struct proposals esp;

	proposals_default(&esp, PROTO_ESP);
	build_id(b, PAYLOAD_IDI, ID_IPV4_ADDR, "\12\0\0\1", 4);
	build_auth(b, AUTH_PSK, proof, sizeof(proof));
	offer_build(b, &esp, false, 0x1234);
	build_ts(b, PAYLOAD_TSI, &any, 1);
	build_ts(b, PAYLOAD_TSR, &any, 1);
}

static void test_auth_too_early(void **state)
{
	struct ends *p = ends_of(ONE, ONE, "aes128gcm16-esn");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	start(p, 0);
	carry(a);
	carry(b);
	drop(a);
	forge(only_sa(a), EXCHANGE_IKE_AUTH, 0, 1, by_hand, &l);
	give(b, &l);
	assert_int_equal(early_error(a, b), NOTIFY_INVALID_SYNTAX);
	assert_int_equal(only_sa(b)->state, SA_CLOSED);
	ends_free(p);
}

/* One more than the suite has, and one where none was agreed on. */
static void test_too_many(void **state)
{
	struct ends *p = ends_of("aes128gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-x25519",
				 "aes128gcm16-esn");
	struct letter l;

	start(p, 0);
	carry(&p->s[0]);
	carry(&p->s[1]);
	drop(&p->s[0]);
	forge(only_sa(&p->s[0]), EXCHANGE_IKE_INTERMEDIATE, 0, 1, off_the_curve, &l);
	give(&p->s[1], &l);
	assert_int_equal(early_error(&p->s[0], &p->s[1]), NOTIFY_INVALID_SYNTAX);
	ends_free(p);
}

/* Likewise an initiator, with a sentence. */
static void test_bad_answer(void **state)
{
	static const struct {
		void (*fill)(struct builder *b);
		const char *said;
	} answers[] = {
		{ wrong_group, "group 31, in answer to one of group 19" },
		{ off_the_curve, "invalid key exchange value" },
		{ refusal, "INVALID_SYNTAX" },
	};

	for (unsigned int i = 0; i < 3; i++) {
		struct ends *p = ends_of(ONE, ONE, "aes128gcm16-esn");
		struct side *a = &p->s[0], *b = &p->s[1];
		struct letter l;

		start(p, 0);
		carry(a);
		carry(b);
		forge(only_sa(b), EXCHANGE_IKE_INTERMEDIATE, MSG_RESPONSE, 1, answers[i].fill, &l);
		give(a, &l);
		said(a, IKE_EV_FAILED, answers[i].said);
		assert_true(TAILQ_EMPTY(&a->ike->sas));
		ends_free(p);
	}
}

/* ---- IKE_FOLLOWUP_KE */

static struct ends *up(void)
{
	struct ends *p = ends_of(THREE, THREE, CHILD);

	bring_up(p, 0);
	assert_up(p);
	return p;
}

/* Children are rekeyed with two more, by either end; neither SPI nor state is left behind. */
static void test_followup_child(void **state)
{
	for (int by = 0; by < 2; by++) {
		struct ends *p = up();
		struct side *a = &p->s[by], *b = &p->s[!by];
		uint32_t before = child_of(a)->out->spi_in;

		soft_limit(a);
		assert_int_equal(exchange_of(a), EXCHANGE_CREATE_CHILD_SA);
		carry(a);
		assert_int_equal(b->fake.reserved, 1);
		assert_int_equal(b->fake.in_count, 1);
		carry(b);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(exchange_of(a), EXCHANGE_IKE_FOLLOWUP_KE);
			assert_int_equal(a->fake.in_count, 1);
			carry(a);
			assert_int_equal(b->fake.in_count, 1 + i);
			carry(b);
		}
		assert_int_equal(b->fake.reserved, 0);
		assert_null(peer_of(b)->sa->awaited);
		carry_all(p);
		assert_int_not_equal(child_of(a)->out->spi_in, before);
		assert_int_equal(child_of(a)->out->spi_in, child_of(b)->out->spi_out);
		assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
		pass(p, 10000);
		carry_all(p);
		assert_up(p);
		ends_free(p);
	}
}

/* The keys of both ends, which the fake kernel has, are the same. */
static void test_followup_keys(void **state)
{
	struct ends *p = up();
	struct fake_sa *in, *out;

	soft_limit(&p->s[0]);
	carry_all(p);
	in = fake_in(&p->s[0].fake, child_of(&p->s[0])->out->spi_in);
	out = &fake_policy(&p->s[1].fake, child_of(&p->s[1])->id)->out;
	assert_non_null(in);
	assert_int_equal(in->sa.spi, out->sa.spi);
	assert_memory_equal(in->key, out->key, sizeof(in->key));
	ends_free(p);
}

static void test_followup_ike(void **state)
{
	for (int by = 0; by < 2; by++) {
		struct ends *p = up();
		struct side *a = &p->s[by], *b = &p->s[!by];
		struct ike_sa *old = peer_of(b)->sa;

		assert_int_equal(ike_rekey(a->ike, peer_of(a)->id), 0);
		carry(a);
		carry(b);
		for (int i = 0; i < 3; i++) {
			assert_ptr_equal(peer_of(b)->sa, old);
			assert_int_equal(exchange_of(a), EXCHANGE_IKE_FOLLOWUP_KE);
			carry(a);
			carry(b);
		}
		assert_ptr_not_equal(peer_of(b)->sa, old);
		assert_same_keys(peer_of(a)->sa, peer_of(b)->sa);
		carry_all(p);
		assert_int_equal(a->ev[IKE_EV_IKE_REKEYED].count, 1);
		assert_int_equal(b->ev[IKE_EV_IKE_REKEYED].count, 1);
		/* and with it children are rekeyed */
		soft_limit(b);
		carry_all(p);
		assert_int_equal(b->ev[IKE_EV_CHILD_REKEYED].count, 1);
		ends_free(p);
	}
}

/* A child of its own, after a childless beginning. */
static void test_followup_new_child(void **state)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++)
		set_esp(&p->s[i], CHILD);
	p->s[0].conf.childless = true;
	ends_start(p);
	bring_up(p, 0);
	assert_up(p);
	ends_free(p);
}

/* Both at once: one pair survives, and one IKE SA. */
static void test_followup_collide(void **state)
{
	struct ends *p = up();

	soft_limit(&p->s[0]);
	soft_limit(&p->s[1]);
	carry_all(p);
	for (int i = 0; i < 40; i++) {
		pass(p, 1000);
		carry_all(p);
	}
	assert_up(p);
	assert_int_equal(child_of(&p->s[0])->out->spi_in, child_of(&p->s[1])->out->spi_out);
	assert_int_equal(ike_rekey(p->s[0].ike, peer_of(&p->s[0])->id), 0);
	assert_int_equal(ike_rekey(p->s[1].ike, peer_of(&p->s[1])->id), 0);
	carry_all(p);
	for (int i = 0; i < 80; i++) {
		pass(p, 1000);
		carry_all(p);
	}
	assert_up(p);
	assert_same_keys(only_sa(&p->s[0]), only_sa(&p->s[1]));
	ends_free(p);
}

/* A responder that waits in vain gives all back. */
static void test_followup_never_comes(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int sas = 0;
	struct ike_sa *sa;

	soft_limit(a);
	carry(a);
	assert_int_equal(b->fake.reserved, 1);
	while (drop(b))
		;
	pass(p, FOLLOWUP_WAIT_MS - 1000);
	assert_int_equal(b->fake.reserved, 1);
	pass(p, 2000);
	assert_int_equal(b->fake.reserved, 0);
	ends_free(p);
	p = up();
	assert_int_equal(ike_rekey(p->s[0].ike, peer_of(&p->s[0])->id), 0);
	carry(&p->s[0]);
	pass(p, FOLLOWUP_WAIT_MS + 1000);
	TAILQ_FOREACH(sa, &p->s[1].ike->sas, link)
		sas++;
	assert_int_equal(sas, 1);
	ends_free(p);
}

static uint8_t link_octets[FOLLOWUP_LINK_LEN];

static void with_link(struct builder *b)
{
	off_the_curve(b);
	build_notify(b, NOTIFY_ADDITIONAL_KEY_EXCHANGE, 0, 0, 0, link_octets, sizeof(link_octets));
}

/* One that belongs to nothing, whose link is another, whose value is unsound. */
static void test_followup_bad_request(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct awaited *waits;
	struct letter l;

	forge_request(a, EXCHANGE_IKE_FOLLOWUP_KE, with_link, &l);
	give(b, &l);
	assert_int_equal(error_in_answer(a, b), NOTIFY_STATE_NOT_FOUND);
	soft_limit(a);
	carry(a);
	drop(b);
	waits = peer_of(b)->sa->awaited;
	memcpy(link_octets, waits->link, sizeof(link_octets));
	link_octets[7] ^= 1;
	forge_request(a, EXCHANGE_IKE_FOLLOWUP_KE, with_link, &l);
	give(b, &l);
	assert_int_equal(error_in_answer(a, b), NOTIFY_STATE_NOT_FOUND);
	link_octets[7] ^= 1;
	forge_request(a, EXCHANGE_IKE_FOLLOWUP_KE, with_link, &l);
	give(b, &l);
	assert_int_equal(error_in_answer(a, b), NOTIFY_INVALID_SYNTAX);
	/* RFC 7296 2.21.3: that ends the IKE SA */
	assert_null(peer_of(b)->sa);
	assert_int_equal(b->fake.reserved, 0);
	assert_int_equal(b->fake.in_count, 0);
	ends_free(p);
}

/* The responder has forgotten: the child lives on, and the rekey is tried again. */
static void test_followup_forgotten(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];

	soft_limit(a);
	carry(a);
	carry(b);
	peer_of(b)->sa->awaited_free(peer_of(b)->sa);
	carry(a);
	carry(b);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 0);
	assert_up(p);
	pass(p, PAIR_RETRY_MAX_MS + 1000);
	carry_all(p);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
	ends_free(p);
}

/* The engine ends while what is awaited is not there: nothing of it is left. */
static void test_followup_at_the_end(void **state)
{
	struct ends *p = up();

	soft_limit(&p->s[0]);
	carry(&p->s[0]);
	assert_non_null(peer_of(&p->s[1])->sa->awaited);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intermediate),
		cmocka_unit_test(test_optional),
		cmocka_unit_test(test_peer_cannot),
		cmocka_unit_test(test_answer_is_lost),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_auth_covers_it),
		cmocka_unit_test(test_bad_request),
		cmocka_unit_test(test_auth_too_early),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_bad_answer),
		cmocka_unit_test(test_followup_child),
		cmocka_unit_test(test_followup_keys),
		cmocka_unit_test(test_followup_ike),
		cmocka_unit_test(test_followup_new_child),
		cmocka_unit_test(test_followup_collide),
		cmocka_unit_test(test_followup_never_comes),
		cmocka_unit_test(test_followup_bad_request),
		cmocka_unit_test(test_followup_forgotten),
		cmocka_unit_test(test_followup_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
