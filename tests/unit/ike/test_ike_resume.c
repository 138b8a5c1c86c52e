// SPDX-License-Identifier: GPL-2.0
/* Session resumption, RFC 5723: who resumes what, how often, and what a ticket does not do. */
#include "ike/object/ticket.h"
#include "ike/v2/v2.h"
#include "unit/ike/ike_lost.h"

#define THREE	"aes128gcm16-prfsha256-x25519-ke1_ecp256"
#define PPK	"0123456789abcdef0123456789abcdef"

/* The one that waits for IKE_AUTH. */
static struct ike_sa *half_open(struct side *s)
{
	assert_non_null(TAILQ_FIRST(&s->ike->strangers));
	return TAILQ_FIRST(&s->ike->strangers);
}

static void read_letter(const struct letter *l, struct msg *m)
{
	struct msg_header h;

	memset(m, 0, sizeof(*m));
	assert_int_equal(msg_parse(l->msg, l->len, &h, m), MSG_OK);
}

/* Who shows @ticket with a request of his own; false: it is refused, without any state. */
static bool shown(struct side *to, const uint8_t *ticket, size_t len, uint64_t spi)
{
	struct msg_header h = { .spi_i = spi, .exchange = EXCHANGE_IKE_SESSION_RESUME,
				.flags = MSG_INITIATOR };
	unsigned int before = to->ike->counters.half_open;
	uint8_t nonce[32] = { 7 };
	struct letter l = {0};
	struct builder b;
	struct msg m;

	assert_true(addr_parse(&l.local.addr, "192.0.2.1"));
	l.local.port = l.remote.port = IKE_PORT;
	l.remote.addr = to->fake.addr;
	build_begin(&b, l.msg, sizeof(l.msg), &h);
	build_nonce(&b, nonce, sizeof(nonce));
	build_notify(&b, NOTIFY_TICKET_OPAQUE, 0, 0, 0, ticket, len);
	l.len = build_end(&b);
	give(to, &l);
	assert_int_equal(to->count, 1);
	assert_true(oldest(to)->len <= l.len + 64);
	read_letter(oldest(to), &m);
	drop(to);
	if (msg_notify(&m, NOTIFY_TICKET_NACK)) {
		assert_int_equal(to->ike->counters.half_open, before);
		return false;
	}
	assert_true(m.nonce.left >= 16);
	assert_int_equal(to->ike->counters.half_open, before + 1);
	return true;
}

/* ---- what it is for */

/* Two messages each way, no key exchange, other keys; again and again. The gateway had it still. */
static void test_resume(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int sent;
	uint8_t before[PRF_LEN_MAX], name[TICKET_NAME_LEN];
	struct msg m;

	for (int i = 0; i < 3; i++) {
		memcpy(before, peer_of(a)->sa->sk_d, sizeof(before));
		memcpy(name, peer_of(b)->sa->ticket->name.p, sizeof(name));
		lose(a);
		sent = a->sent;
		assert_non_null(peer_of(b)->sa);
		read_letter(oldest(a), &m);
		assert_false(m.seen[PAYLOAD_KE] || m.seen[PAYLOAD_SA]);
		carry(a);
		carry(b);
		carry(a);
		carry(b);
		assert_int_equal(peer_of(a)->state, PEER_UP);
		assert_int_equal(a->sent, sent + 1);	/* IKE_AUTH */
		resume_on(p);
		assert_memory_not_equal(only_sa(a)->sk_d, before, PRF_LEN_MAX);
		assert_int_equal(granted(b), 1);
		assert_memory_not_equal(only_sa(b)->ticket->name.p, name, sizeof(name));
	}
	ends_free(p);
}

/* The gateway has lost it too, and has its ticket alone. */
static void test_both_have_lost(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];

	peer_of(b)->tunnel->conf->dpd_action = DPD_CLEAR;
	ike_probe(b->ike);
	lose(a);
	assert_null(peer_of(b)->sa);
	assert_int_equal(b->ike->lost_ticket_count, 1);
	resume(p);
	assert_int_equal(b->ike->lost_ticket_count, 0);
	assert_int_equal(granted(b), 1);
	ends_free(p);
}

/* Not what is to follow an IKE SA that stands, RFC 5723 4.3: that is there for new proofs. */
static void test_reauthentication(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0];

	reauthenticate(a);
	pass(p, 0);
	assert_int_equal(exchange_of(a), EXCHANGE_IKE_SA_INIT);
	carry_all(p);
	let_time_pass(p, 70);
	assert_int_equal(granted(&p->s[1]), 1);
	lose(a);
	resume(p);
	ends_free(p);
}

/* Of the one that took the place, by whomever; the one before it has gone with its IKE SA. */
static void test_rekey(void **state)
{
	for (int by = 0; by < 2; by++) {
		struct ends *p = resume_up();
		struct side *a = &p->s[0], *b = &p->s[1];
		uint8_t name[TICKET_NAME_LEN];

		memcpy(name, peer_of(b)->sa->ticket->name.p, sizeof(name));
		assert_int_equal(ike_rekey(p->s[by].ike, peer_of(&p->s[by])->id), 0);
		carry_all(p);
		let_time_pass(p, 70);
		assert_int_equal(granted(b), 1);
		assert_false(shown(b, name, sizeof(name), 99));
		assert_memory_equal(only_sa(a)->ticket->name.p, only_sa(b)->ticket->name.p,
				    TICKET_NAME_LEN);
		lose(a);
		resume(p);
		ends_free(p);
	}
}

/* Without additional key exchanges and the PPK: those of the session are in its keys. */
static void test_further_secrets(void **state)
{
	struct ends *p = ends_that(true, true);

	for (int i = 0; i < 2; i++) {
		set_ike(&p->s[i], THREE);
		p->s[i].ppk = PPK;
		snprintf(p->s[i].conf.ppk_id, sizeof(p->s[i].conf.ppk_id), "ppk-1");
		p->s[i].conf.ppk_required = true;
	}
	ends_start(p);
	bring_up(p, 0);
	lose(&p->s[0]);
	resume(p);
	assert_int_equal(ike_rekey(p->s[0].ike, peer_of(&p->s[0])->id), 0);
	let_time_pass(p, 70);		/* the ticket is not in the answer to the first message */
	assert_int_equal(granted(&p->s[1]), 1);
	assert_non_null(only_sa(&p->s[0])->ticket);
	lose(&p->s[0]);
	resume(p);
	ends_free(p);
}

/* Before it expires another one is asked for. */
static void test_renewed(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint8_t name[TICKET_NAME_LEN];

	memcpy(name, only_sa(b)->ticket->name.p, sizeof(name));
	let_time_pass(p, TICKET_LIFE_MOST_S / 4 * 3 - 1);
	assert_memory_equal(only_sa(a)->ticket->name.p, name, sizeof(name));
	let_time_pass(p, 2);
	assert_memory_not_equal(only_sa(a)->ticket->name.p, name, sizeof(name));
	assert_memory_equal(only_sa(a)->ticket->name.p, only_sa(b)->ticket->name.p, sizeof(name));
	assert_int_equal(granted(b), 1);
	ends_free(p);
}

/* ---- without one */

static void test_not_configured(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = ends_that(who == 0, who == 1);

		ends_start(p);
		bring_up(p, 0);
		assert_null(only_sa(&p->s[0])->ticket);
		assert_int_equal(granted(&p->s[1]), 0);
		assert_int_equal(p->s[0].count + p->s[1].count, 0);
		lose(&p->s[0]);
		begins_in_full(p);
		ends_free(p);
	}
}

/* TICKET_NACK: the full handshake follows at once, of a gateway that was restarted. */
static void test_gateway_restarted(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct msg m;

	lose(a);
	side_restart(b);
	carry(a);
	read_letter(oldest(b), &m);
	assert_non_null(msg_notify(&m, NOTIFY_TICKET_NACK));
	assert_true(TAILQ_EMPTY(&b->ike->sas));
	begins_anew(p);
	ends_free(p);
}

/* Not after a DELETE of either end: neither has a ticket then. */
static void test_deleted(void **state)
{
	for (int by = 0; by < 2; by++) {
		struct ends *p = resume_up();
		struct side *a = &p->s[0], *b = &p->s[1];

		assert_int_equal(side_down(&p->s[by]), 0);
		carry_all(p);
		assert_null(peer_of(a)->ticket);
		assert_int_equal(granted(b), 0);
		pass(p, 60000);
		carry_all(p);
		ends_free(p);
	}
}

/* One that is lost goes when the tunnel is taken down, or may have changed. */
static void test_forgotten(void **state)
{
	for (int how = 0; how < 3; how++) {
		struct ends *p = resume_up();
		struct side *a = &p->s[0], *b = &p->s[1];

		ike_probe(b->ike);
		lose(a);
		assert_int_equal(granted(b), 1);
		if (how == 0) {
			side_down(b);
			side_up(b);
		} else if (how == 1) {
			ike_forget_tickets(b->ike);
		} else {
			assert_int_equal(ike_tunnel_del(b->ike, b->tunnel), 0);
			assert_int_equal(ike_tunnel_add(b->ike, &b->conf, &b->tunnel), 0);
			fake_secret(&b->fake, b->tunnel, b->psk);
		}
		assert_int_equal(granted(b), 0);
		while (drop(b))
			;
		begins_anew(p);
		ends_free(p);
	}
}

/* A client that is taken down has it no more. */
static void test_client_forgets(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0];

	peer_of(a)->tunnel->conf->dpd_action = DPD_CLEAR;
	ike_probe(a->ike);
	while (peer_of(a)->sa) {
		drop(a);
		pass(p, 1000);
	}
	assert_non_null(peer_of(a)->ticket);
	side_down(a);
	assert_null(peer_of(a)->ticket);
	ends_free(p);
}

/* Nor one whose reload may know that the gateway is to be trusted no more, also in an attempt. */
static void test_client_reloaded(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0];

	lose(a);
	assert_int_equal(exchange_of(a), EXCHANGE_IKE_SESSION_RESUME);
	ike_forget_tickets(a->ike);
	begins_anew(p);
	peer_of(a)->tunnel->conf->dpd_action = DPD_CLEAR;
	ike_probe(a->ike);
	while (peer_of(a)->sa) {
		drop(a);
		pass(p, 1000);
	}
	assert_non_null(peer_of(a)->ticket);
	ike_forget_tickets(a->ike);
	assert_null(peer_of(a)->ticket);
	start(p, 0);
	begins_in_full(p);
	ends_free(p);
}

static void test_expired(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint8_t name[TICKET_NAME_LEN];

	memcpy(name, only_sa(b)->ticket->name.p, sizeof(name));
	ike_probe(b->ike);
	peer_of(a)->tunnel->conf->dpd_action = DPD_CLEAR;
	peer_of(b)->tunnel->conf->dpd_action = DPD_CLEAR;
	ike_probe(a->ike);
	while (peer_of(a)->sa || peer_of(b)->sa) {
		while (drop(a) || drop(b))
			;
		pass(p, 1000);
	}
	assert_non_null(peer_of(a)->ticket);
	pass(p, TICKET_LIFE_MOST_S * UINT64_C(1000));
	assert_null(peer_of(a)->ticket);
	assert_int_equal(granted(b), 0);
	assert_false(shown(b, name, sizeof(name), 99));
	start(p, 0);
	begins_in_full(p);
	ends_free(p);
}

/* ---- what it does not do */

/* Shown by somebody who has seen it, it is not used up; by its owner it is, once and for all. */
static void test_used_once(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint8_t name[TICKET_NAME_LEN];
	struct letter seen;

	lose(a);
	seen = *oldest(a);
	memcpy(name, only_sa(b)->ticket->name.p, sizeof(name));
	for (uint64_t i = 1; i < 5; i++)
		assert_true(shown(b, name, sizeof(name), i));
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_true(peer_of(a)->sa->resumed);
	assert_false(shown(b, name, sizeof(name), 77));
	seen.msg[0] ^= 1;		/* another SPI */
	give(b, &seen);
	assert_int_equal(b->count, 1);
	drop(b);
	assert_int_equal(granted(b), 1);
	ends_free(p);
}

/* Nor is one that no other takes the place of, of an IKE SA that the gateway has lost too. */
static void test_used_once_by_itself(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint8_t name[TICKET_NAME_LEN];

	memcpy(name, only_sa(b)->ticket->name.p, sizeof(name));
	peer_of(b)->tunnel->conf->dpd_action = DPD_CLEAR;
	ike_probe(b->ike);
	lose(a);
	assert_int_equal(exchange_of(a), EXCHANGE_IKE_SESSION_RESUME);
	peer_of(a)->tunnel->conf->resume = false;	/* it asks for none */
	resume_on(p);
	assert_int_equal(granted(b), 0);
	assert_false(shown(b, name, sizeof(name), 77));
	ends_free(p);
}

static void test_unknown(void **state)
{
	struct ends *p = resume_up();
	struct side *b = &p->s[1];
	uint8_t name[TICKET_NAME_LEN + 1] = {0};
	uint64_t spi = 1;

	memcpy(name, only_sa(b)->ticket->name.p, TICKET_NAME_LEN);
	for (unsigned int i = 0; i < TICKET_NAME_LEN; i++) {
		pass(p, 1000);		/* so many refusals at once cost a cookie */
		name[i] ^= 1;
		assert_false(shown(b, name, TICKET_NAME_LEN, spi++));
		name[i] ^= 1;
		assert_false(shown(b, name, i, spi++));
	}
	assert_false(shown(b, name, TICKET_NAME_LEN + 1, spi++));
	assert_true(shown(b, name, TICKET_NAME_LEN, spi++));
	ends_free(p);
}

/* Whoever has not the keys, or says that he is another, is refused; the ticket is its owner's. */
static void test_not_proved(void **state)
{
	for (int wrong = 0; wrong < 3; wrong++) {
		struct ends *p = resume_up();
		struct side *a = &p->s[0], *b = &p->s[1];
		struct ike_sa *sa;

		if (wrong == 2)
			assert_true(ike_id_parse(&peer_of(a)->tunnel->conf->remote_id,
						 "other.example.org"));
		lose(a);
		carry(a);
		sa = peer_of(a)->attempt;
		if (wrong == 0)		/* in place of SK_pi, once it is derived */
			half_open(b)->sk_pi[0] ^= 1;
		else if (wrong == 1)
			sa->from->local_id.data[0] ^= 1;
		carry(b);
		carry(a);
		assert_int_equal(granted(b), 1);
		carry(b);
		if (wrong == 2)
			peer_of(a)->tunnel->conf->remote_id = (struct ike_id){0};
		begins_anew(p);
		ends_free(p);
	}
}

/* A gateway that has not the keys is none. */
static void test_impostor(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];

	lose(a);
	carry(a);
	half_open(b)->sk_pr[0] ^= 1;
	carry(b);
	carry(a);
	carry(b);
	assert_int_not_equal(peer_of(a)->state, PEER_UP);
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_AUTH_LOCAL, "the keys of the session");
	ends_free(p);
}

/* From 32 refusals a second on who shows a ticket has to show a cookie too. */
static void test_cookie(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct msg m;

	lose(a);
	b->ike->refusals = 32;
	b->ike->refusals_ms = p->now;
	carry(a);
	read_letter(oldest(b), &m);
	assert_non_null(msg_notify(&m, NOTIFY_COOKIE));
	assert_int_equal(b->ike->counters.half_open, 0);
	carry(b);
	pass(p, 0);
	read_letter(oldest(a), &m);
	assert_int_equal(m.notify[0].type, NOTIFY_COOKIE);
	resume(p);
	assert_int_equal(b->ike->counters.cookies_sent, 1);
	ends_free(p);
}

/* A copy of the first message gets the same answer, and makes nothing. */
static void test_retransmitted(void **state)
{
	struct ends *p = resume_up();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter first, answer;

	lose(a);
	first = *oldest(a);
	carry(a);
	answer = *oldest(b);
	give(b, &first);
	assert_int_equal(b->count, 2);
	drop(b);
	assert_int_equal(oldest(b)->len, answer.len);
	assert_memory_equal(oldest(b)->msg, answer.msg, answer.len);
	resume_on(p);
	give(b, &first);
	assert_int_equal(b->count, 0);
	assert_up(p);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_both_have_lost),
		cmocka_unit_test(test_reauthentication),
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_further_secrets),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_not_configured),
		cmocka_unit_test(test_gateway_restarted),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_client_forgets),
		cmocka_unit_test(test_client_reloaded),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_used_once),
		cmocka_unit_test(test_used_once_by_itself),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_not_proved),
		cmocka_unit_test(test_impostor),
		cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_retransmitted),
	};

	return cmocka_run_group_tests_name("ike: session resumption", tests, NULL, NULL);
}
