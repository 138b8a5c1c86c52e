// SPDX-License-Identifier: GPL-2.0
/* Quick crash detection, RFC 6290. */
#include "fake/fake_rounds.h"
#include "ike/v2/crash.h"
#include "unit/ike/ike_ends.h"

static void know(struct side *s)
{
	uint8_t secret[IKE_CRASH_SECRET];

	memset(secret, 'a' + s->index, sizeof(secret));
	ike_crash_secret(s->ike, secret);
}

static struct ends *up(void)
{
	struct ends *p = ends_new();

	ends_start(p);
	know(&p->s[0]);
	know(&p->s[1]);
	bring_up(p, 0);
	return p;
}

static void restart(struct side *s)
{
	side_restart(s);
	know(s);
}

/* What @to answers to @l, which is for no IKE SA of its; @m: views into @answer. */
static void ask(struct side *to, const struct letter *l, struct letter *answer, struct msg *m)
{
	struct msg_header h;

	give(to, l);
	assert_int_equal(to->count, 1);
	*answer = *oldest(to);
	drop(to);
	memset(m, 0, sizeof(*m));
	assert_int_equal(msg_parse(answer->msg, answer->len, &h, m), MSG_OK);
	assert_non_null(msg_notify(m, NOTIFY_INVALID_IKE_SPI));
}

static bool shows(const struct msg *m, const struct ike_sa *holder)
{
	return crash_proved(holder, m);
}

/* The peer has been restarted: what is left of the IKE SA ends at once, and another one follows. */
static void test_restart_of_responder(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];

	assert_int_equal(only_sa(a)->token_len, CRASH_TOKEN_LEN);
	assert_int_equal(only_sa(b)->token_len, CRASH_TOKEN_LEN);
	assert_memory_not_equal(only_sa(a)->token, only_sa(b)->token, CRASH_TOKEN_LEN);
	restart(b);
	ike_probe(a->ike);
	carry(a);
	carry(b);
	ended_in(a, IKE_EV_DOWN, IKE_FAIL_PEER, "the peer was restarted");
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	assert_int_equal(a->count, 0);	/* no DELETE */
	pass(p, 2000);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

static void test_restart_of_initiator(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];

	restart(a);
	ike_probe(b->ike);
	carry(b);
	carry(a);
	ended_in(b, IKE_EV_DOWN, IKE_FAIL_PEER, "QCD_TOKEN");
	assert_true(TAILQ_EMPTY(&b->ike->sas));
	ends_free(p);
}

/* Likewise where its token came with the last AUTH: after rounds, alone or as a second proof. */
static void test_restart_after_rounds(void **state)
{
	for (int second = 0; second < 2; second++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0], *b = &p->s[1];

		if (second) {
			a->conf.local_second = &fake_rounds;
			b->conf.remote_second = &fake_rounds;
		} else {
			a->conf.local_auth = &fake_rounds;
			b->conf.remote_auth = &fake_rounds;
		}
		ends_start(p);
		know(a);
		know(b);
		bring_up(p, 0);
		assert_int_equal(only_sa(a)->token_len, CRASH_TOKEN_LEN);
		assert_int_equal(only_sa(b)->token_len, CRASH_TOKEN_LEN);
		restart(a);
		ike_probe(b->ike);
		carry(b);
		carry(a);
		ended_in(b, IKE_EV_DOWN, IKE_FAIL_PEER, "QCD_TOKEN");
		assert_true(TAILQ_EMPTY(&b->ike->sas));
		ends_free(p);
	}
}

static size_t forge_token(const struct ike_sa *sa, uint32_t id, const uint8_t *token, size_t len,
			  struct letter *l)
{
	struct msg_header h = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = EXCHANGE_INFORMATIONAL,
		.id = id, .flags = MSG_RESPONSE | (sa->initiator ? 0 : MSG_INITIATOR),
	};
	struct builder b;

	build_begin(&b, l->msg, sizeof(l->msg), &h);
	build_notify(&b, NOTIFY_INVALID_IKE_SPI, 0, 0, 0, NULL, 0);
	build_notify(&b, NOTIFY_QCD_TOKEN, 0, 0, 0, token, len);
	l->len = build_end(&b);
	return l->len;
}

/* Another one, or a part of it, proves nothing; nor does it where nothing was asked. */
static void test_wrong_tokens(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *sa = only_sa(a);
	uint8_t token[SA_TOKEN_MAX + 1] = { 0 };
	struct letter l = { .local = sa->remote, .remote = sa->local };

	memcpy(token, sa->token, sa->token_len);
	forge_token(sa, sa->next_out, token, sa->token_len, &l);
	give(a, &l);
	assert_int_equal(peer_of(a)->state, PEER_UP);	/* no request is under way */
	ike_probe(a->ike);
	drop(a);
	for (unsigned int i = 0; i < CRASH_TOKEN_LEN; i++) {
		token[i] ^= 1;
		forge_token(sa, sa->next_out - 1, token, sa->token_len, &l);
		give(a, &l);
		token[i] ^= 1;
		forge_token(sa, sa->next_out - 1, token, i, &l);
		give(a, &l);
	}
	forge_token(sa, sa->next_out - 1, token, sizeof(token), &l);
	give(a, &l);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(sa->state, SA_ESTABLISHED);
	forge_token(sa, sa->next_out - 1, token, sa->token_len, &l);
	give(a, &l);
	assert_int_not_equal(peer_of(a)->state, PEER_UP);
	(void)b;
	ends_free(p);
}

/* A peer that has given none is not proved gone by one of no octets. */
static void test_no_token(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];
	struct letter l;

	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(only_sa(a)->token_len, 0);
	ike_probe(a->ike);
	l = *oldest(a);
	forge_token(only_sa(a), only_sa(a)->next_out - 1, (const uint8_t *)"", 0, &l);
	give(a, &l);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/*
 * Who asks a living end for the token of an IKE SA by changing the role or an SPI gets none that
 * the other end would believe, nor does one that has it no more give one for another role.
 */
static void test_living_end_shows_nothing(void **state)
{
	struct ends *p = up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter question, l, answer;
	struct msg m;

	ike_probe(b->ike);
	question = *oldest(b);		/* to a, with the responder's flags */
	l = question;
	l.msg[19] ^= MSG_INITIATOR;
	give(a, &l);
	l = question;
	l.msg[15] ^= 1;
	give(a, &l);
	assert_int_equal(a->count, 0);	/* not even INVALID_IKE_SPI */
	l = question;
	l.msg[0] ^= 1;
	ask(a, &l, &answer, &m);
	assert_false(shows(&m, only_sa(b)));
	restart(a);
	l = question;
	l.msg[19] ^= MSG_INITIATOR;
	ask(a, &l, &answer, &m);
	assert_non_null(msg_notify(&m, NOTIFY_QCD_TOKEN));
	assert_false(shows(&m, only_sa(b)));
	ask(a, &question, &answer, &m);
	assert_true(shows(&m, only_sa(b)));
	ends_free(p);
}

/* After a rekey by either end there are other SPIs, and other tokens. */
static void test_rekey(void **state)
{
	for (int by = 0; by < 2; by++) {
		struct ends *p = up();
		struct side *a = &p->s[0], *b = &p->s[1];
		uint8_t before[CRASH_TOKEN_LEN];

		memcpy(before, only_sa(a)->token, sizeof(before));
		assert_int_equal(ike_rekey(p->s[by].ike, peer_of(&p->s[by])->id), 0);
		carry_all(p);
		pass(p, 70000);		/* the old one is forgotten */
		assert_memory_not_equal(only_sa(a)->token, before, sizeof(before));
		assert_int_equal(only_sa(b)->token_len, CRASH_TOKEN_LEN);
		restart(b);
		ike_probe(a->ike);
		carry(a);
		carry(b);
		ended_in(a, IKE_EV_DOWN, IKE_FAIL_PEER, "the peer was restarted");
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restart_of_responder),
		cmocka_unit_test(test_restart_of_initiator),
		cmocka_unit_test(test_restart_after_rounds),
		cmocka_unit_test(test_wrong_tokens),
		cmocka_unit_test(test_no_token),
		cmocka_unit_test(test_living_end_shows_nothing),
		cmocka_unit_test(test_rekey),
	};

	return cmocka_run_group_tests_name("ike: crash detection", tests, NULL, NULL);
}
