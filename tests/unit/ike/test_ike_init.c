// SPDX-License-Identifier: GPL-2.0
/* IKE_SA_INIT: cookies, groups, proposals, retransmission, and what strangers can do. */
#include "ike/exchange/exchange.h"
#include "ike/object/stranger.h"
#include "lib/array.h"
#include "unit/ike/ike_ends.h"

#define COOKIE_ROTATE_MS	60000
#define FIRST_LEN_MAX		4096

/* What anybody can say to A as soon as it has begun. */
static void forge_refusal(struct ends *p, uint16_t notify, const void *data, size_t len)
{
	struct side *a = &p->s[0];
	struct letter l = { .local = { p->s[1].fake.addr, 500 }, .remote = { a->fake.addr, 500 } };
	struct msg_header h = { .spi_i = only_sa(a)->spi_i, .exchange = EXCHANGE_IKE_SA_INIT,
				.flags = MSG_RESPONSE };
	struct builder m;

	build_begin(&m, l.msg, sizeof(l.msg), &h);
	build_notify(&m, notify, 0, 0, 0, data, len);
	l.len = build_end(&m);
	give(a, &l);
}

static void test_handshake(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_child_status child;
	struct ike_peer_status st;

	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(a->sent, 2);
	assert_int_equal(b->sent, 2);
	assert_int_equal(a->steps, 1 << IKE_STEP_RESOLVE | 1 << IKE_STEP_INIT |
				   1 << IKE_STEP_AUTH | 1 << IKE_STEP_CHILD);
	assert_int_equal(side_up(a), -EALREADY);
	assert_int_equal(ike_up(a->ike, 77777), -ENOENT);
	st = peer_status(a);
	assert_int_equal(st.state, PEER_UP);
	assert_true(st.initiator);
	assert_false(st.udp || st.nat_local || st.nat_remote);
	assert_string_equal(st.ike_suite, "aes128gcm16-prfsha256-x25519");
	assert_string_equal(st.remote_id, "192.0.2.2");
	assert_int_equal(st.remote.port, 500);
	child = child_status(a);
	assert_int_equal(child.state, CHILD_UP);
	assert_string_equal(child.esp_suite, "aes128gcm16-esn");
	assert_int_equal(child.spi_in, a->fake.in[0].sa.spi);
	assert_int_equal(child.spi_out, fake_out_spi(&a->fake));
	assert_true(child.rekey_ms > p->now + 3240000 - 1 && child.rekey_ms <= p->now + 3600000);
	assert_false(child.narrowed);
	assert_int_equal(b->ike->counters.half_open, 0);
	ends_free(p);
}

/* A tunnel's mark is on its packets of both kinds, and decides what they come from. */
static void test_mark(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	a->conf.mark = 42;
	ends_start(p);
	bring_up(p, 0);		/* each datagram's mark is looked at */
	assert_int_equal(a->fake.source_mark, 42);
	assert_int_equal(a->fake.policy[0].mark, 42);
	ends_free(p);
}

/* What one end encrypts with the other decrypts with, in both directions: RFC 7296 2.17. */
static void test_keys_meet(void **state)
{
	static const char *const suites[] = { "aes128gcm16-esn", "aes256-sha256-noesn" };

	for (size_t i = 0; i < ARRAY_SIZE(suites); i++) {
		struct ends *p = ends_new();
		const struct fake_sa *out[2];

		for (int s = 0; s < 2; s++)
			set_esp(&p->s[s], suites[i]);
		ends_start(p);
		bring_up(p, 0);
		for (int s = 0; s < 2; s++) {
			const struct fake_sa *in;

			out[s] = &p->s[s].fake.policy[0].out;
			in = fake_in(&p->s[!s].fake, out[s]->sa.spi);
			assert_non_null(in);
			assert_int_equal(in->sa.encr_key_len, out[s]->sa.encr_key_len);
			assert_memory_equal(in->key, out[s]->key, sizeof(in->key));
		}
		assert_memory_not_equal(out[0]->key, out[1]->key, sizeof(out[0]->key));
		ends_free(p);
	}
}

/* Our attempts go round a name's addresses: the peer may begin from the first one all the same. */
static void test_another_address(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];
	struct addr dead;

	set_remote(a, "any");
	a->conf.any = false;
	snprintf(a->conf.remote_name, sizeof(a->conf.remote_name), "gw.example.org");
	fake_resolves(&a->fake, "gw.example.org", "192.0.2.2 198.51.100.7");
	addr_parse(&dead, "198.51.100.7");
	ends_start(p);
	start(p, 0);
	assert_string_equal(a->ev[IKE_EV_STEP].detail, "gw.example.org is 192.0.2.2, and 1 more");
	assert_true(drop(a));
	pass(p, 500);
	assert_true(addr_equal(&oldest(a)->remote.addr, &dead));
	while (drop(a))
		;
	for (unsigned int i = 0; i < 60; i++) {	/* nobody answers */
		pass(p, 1000);
		while (drop(a))
			;
	}
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_TIMEOUT);
	bring_up(p, 1);
	ends_free(p);
}

/* Nor is the last one forgotten when the name cannot be resolved any more. */
static void test_name_is_gone(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	set_remote(a, "any");
	a->conf.any = false;
	snprintf(a->conf.remote_name, sizeof(a->conf.remote_name), "gw.example.org");
	ends_start(p);
	start(p, 0);
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_RESOLVE, "gw.example.org cannot be resolved: the name");
	fake_resolves(&a->fake, "gw.example.org", "192.0.2.2");
	bring_up(p, 0);
	assert_int_equal(side_down(a), 0);
	carry_all(p);
	fake_resolves(&a->fake, "gw.example.org", "");
	attempt(p, 0);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

static void test_answer_only(void **state)
{
	struct ends *p = ends_new();
	struct side *b = &p->s[1];

	set_remote(b, "any");
	ends_start(p);
	assert_int_equal(side_up(b), -EDESTADDRREQ);
	bring_up(p, 0);
	/* each peer by its name */
	assert_string_equal(b->ev[IKE_EV_UP].who, "t/192.0.2.1");
	ends_free(p);
}

static void test_group_of_the_peer(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_ike(a, "aes128gcm16-prfsha256-x25519-ecp256");
	set_ike(b, "aes128gcm16-prfsha256-ecp256");
	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(a->sent, 3);
	assert_int_equal(suite_find(&only_sa(a)->suite, TRANSFORM_KE)->id, KE_ECP_256);
	ends_free(p);
}

/* The responder takes the strongest that both accept, or goes by the peer's order. */
static void test_what_the_responder_prefers(void **state)
{
	static const char *const ike = "aes128gcm16-prfsha256-ecp224 aes128gcm16-prfsha256-x25519";

	for (int by_peer = 0; by_peer < 2; by_peer++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0], *b = &p->s[1];

		set_ike(a, ike);
		set_ike(b, ike);
		set_esp(a, "aes128-sha256-noesn aes128gcm16-noesn");
		set_esp(b, "aes128gcm16-noesn aes128-sha256-noesn");
		b->conf.ike.by_peer = b->child[0].esp.by_peer = by_peer;
		ends_start(p);
		bring_up(p, 0);
		/* the initiator sends the value of its first group, which may not be wanted */
		assert_int_equal(a->sent, by_peer ? 2 : 3);
		assert_int_equal(suite_find(&only_sa(a)->suite, TRANSFORM_KE)->id,
				 by_peer ? KE_ECP_224 : KE_X25519);
		assert_int_equal(suite_find(&child_of(a)->out->suite, TRANSFORM_ENCR)->id,
				 by_peer ? ENCR_AES_CBC : ENCR_AES_GCM_16);
		ends_free(p);
	}
}

/* A group that we did not offer is not taken, whoever asks. */
static void test_group_not_offered(void **state)
{
	struct ends *p = ends_new();
	static const uint8_t modp[] = { 0, 14 };
	struct side *a = &p->s[0];

	ends_start(p);
	start(p, 0);
	forge_refusal(p, NOTIFY_INVALID_KE_PAYLOAD, modp, sizeof(modp));
	assert_int_equal(a->sent, 1);
	/* and the true answer is still welcome */
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/*
 * An answer that is not accepted leaves nothing behind, not in the status either: its KE is of
 * another group, or no public value.
 */
static void test_answer_leaves_nothing(void **state)
{
	for (int what = 0; what < 2; what++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0], *b = &p->s[1];
		struct letter l;
		uint8_t *at = l.msg + MSG_HEADER_LEN, next;

		ends_start(p);
		start(p, 0);
		carry(a);
		l = *oldest(b);
		for (next = l.msg[16]; next != PAYLOAD_KE; at += at[2] << 8 | at[3])
			next = at[0];
		if (what)
			memset(at + 8, 0, 32);
		else
			at[5] = KE_ECP_256;
		give(a, &l);
		assert_string_equal(peer_status(a).ike_suite, "");
		assert_int_equal(peer_status(a).spi_r, 0);
		carry_all(p);
		assert_int_equal(peer_of(a)->state, PEER_UP);
		ends_free(p);
	}
}

/* Strangers fill the responder with requests under SPIs they make up. */
static void flood(struct side *to, const struct letter *l, unsigned int count)
{
	struct letter copy = *l;

	for (unsigned int i = 0; i < count; i++) {
		copy.msg[0] = i;
		copy.msg[1] = i >> 8;
		copy.msg[2] = 0xf1;
		give(to, &copy);
		while (drop(to))
			;
	}
}

static void test_cookie(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t expiry;

	ends_start(p);
	start(p, 0);
	flood(b, oldest(a), 1000);
	assert_int_equal(b->ike->counters.half_open, STRANGERS_COOKIE);
	assert_int_equal(b->ike->counters.cookies_sent, 1000 - STRANGERS_COOKIE);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->sent, 3);
	/* the strangers are forgotten */
	expiry = 31000;
	pass(p, expiry);
	assert_int_equal(b->ike->counters.half_open, 0);
	only_sa(b);
	ends_free(p);
}

static void test_cookie_is_bound_to_the_sender(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	ends_start(p);
	start(p, 0);
	flood(b, oldest(a), STRANGERS_COOKIE);
	carry(a);
	carry(b);			/* the cookie */
	l = *oldest(a);
	l.local.addr.b[3]++;		/* brought back from elsewhere */
	give(b, &l);
	assert_int_equal(b->ike->counters.half_open, STRANGERS_COOKIE);
	assert_int_equal(b->ike->counters.cookies_sent, 2);
	ends_free(p);
}

/* The secret changes each minute; a cookie lives through one change. */
static void test_cookie_grows_old(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	ends_start(p);
	start(p, 0);
	flood(b, oldest(a), STRANGERS_COOKIE);
	carry(a);
	carry(b);
	l = *oldest(a);
	/* no timer fires: still under load */
	p->now += 2 * COOKIE_ROTATE_MS;
	give(b, &l);
	assert_int_equal(b->ike->counters.cookies_sent, 2);
	carry(b);
	p->now += COOKIE_ROTATE_MS;
	drop(a);
	carry(a);
	assert_int_equal(b->ike->counters.cookies_sent, 2);
	assert_int_equal(b->ike->counters.half_open, STRANGERS_COOKIE + 1);
	ends_free(p);
}

/* As if they had brought cookies: from addresses of their own, one for each of @nets /24s. */
static void strangers(struct side *s, unsigned int count, unsigned int nets)
{
	for (unsigned int i = 0; i < count; i++) {
		struct ike_sa *sa = sa_new(s->ike, s->ike->version[0], 1, false, i + 1);
		struct addr addr = { .family = AF_INET, .b = { 10, 0, i % nets, 1 + i / nets } };

		assert_non_null(sa);
		assert_true(sa_set_init(sa, &addr));
		sa->remote.addr = addr;
		sa_set_state(sa, SA_INIT_ANSWERED, "as if it had brought a cookie");
	}
}

/* E5: with all places taken the oldest gives way; one with a valid cookie always gets in. */
static void test_half_open_limit(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *first, *second;

	ends_start(p);
	start(p, 0);
	strangers(b, STRANGERS_MAX, 16);
	first = TAILQ_FIRST(&b->ike->strangers);
	assert_int_equal(first->spi_i, 1);
	second = TAILQ_NEXT(first, stranger_link);
	carry(a);
	assert_int_equal(b->ike->counters.cookies_sent, 1);
	carry(b);
	assert_ptr_equal(stranger_oldest(b->ike), first);	/* a cookie costs nobody a place */
	carry_all(p);
	assert_int_equal(b->ike->counters.half_open, STRANGERS_MAX - 1);
	assert_ptr_equal(stranger_oldest(b->ike), second);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/* E5: one network alone cannot fill the table, even if it brings cookies from all its addresses. */
static void test_limit_of_a_network(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct addr neighbour = a->fake.addr;
	struct ike_sa *sa = NULL;

	ends_start(p);
	start(p, 0);
	for (unsigned int i = 0; i < STRANGERS_NET_MAX; i++) {
		neighbour.b[3] = 10 + i;
		sa = sa_new(b->ike, b->ike->version[0], 1, false, i + 1);
		assert_true(sa_set_init(sa, &neighbour));
		sa_set_state(sa, SA_INIT_ANSWERED, "as if it had brought a cookie");
	}
	assert_int_equal(strangers_of_net(b->ike, &a->fake.addr), STRANGERS_NET_MAX);
	carry(a);
	carry(b);
	assert_int_equal(b->ike->counters.cookies_sent, 1);
	carry(a);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->ike->counters.half_open, STRANGERS_NET_MAX);
	sa_end(sa, SA_DROP, IKE_FAIL_NONE, "one of them has gone");
	pass(p, 2000);
	carry(a);
	assert_int_equal(b->count, 1);
	ends_free(p);
}

/* What strangers can make us keep is bounded in octets too. */
static void test_first_message_too_long(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	static uint8_t msg[FIRST_LEN_MAX + 1];
	const struct letter *l;

	ends_start(p);
	start(p, 0);
	l = oldest(a);
	memcpy(msg, l->msg, l->len);
	msg[26] = sizeof(msg) >> 8;
	msg[27] = sizeof(msg) & 0xff;
	side_input(b, &l->remote, &l->local, msg, sizeof(msg));
	assert_int_equal(b->ike->counters.malformed, 1);
	assert_int_equal(b->ike->counters.half_open, 0);
	assert_int_equal(b->count, 0);
	ends_free(p);
}

/* Anybody can send an answer with a bad KE payload: the true one still counts. */
static void test_unsound_ke_in_response(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;
	size_t ke;

	ends_start(p);
	start(p, 0);
	carry(a);
	l = *oldest(b);
	ke = MSG_HEADER_LEN + (l.msg[30] << 8 | l.msg[31]);
	memset(l.msg + ke + 8, 0, 32);		/* X25519: a point of small order */
	give(a, &l);
	assert_int_equal(only_sa(a)->state, SA_INIT_SENT);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

static void test_no_proposal(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_ike(a, "aes256-sha512-modp2048");
	ends_start(p);
	attempt(p, 0);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	pass(p, 4000);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 1);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_NO_PROPOSAL_IKE);
	assert_non_null(strstr(a->ev[IKE_EV_FAILED].detail, "aes256-sha512-"));
	assert_int_equal(peer_of(a)->state, PEER_DOWN);
	assert_int_equal(a->fake.reserved, 0);
	/* the other end knows both lists */
	said(b, IKE_EV_REFUSED, "modp2048");
	said(b, IKE_EV_REFUSED, "x25519");
	assert_int_equal(b->ev[IKE_EV_REFUSED].failure, IKE_FAIL_NO_PROPOSAL_IKE);
	assert_int_equal(b->ev[IKE_EV_FAILED].count, 0);
	ends_free(p);
}

/* Anybody can say NO_PROPOSAL_CHOSEN: the true answer that follows is taken. */
static void test_forged_refusal(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	ends_start(p);
	start(p, 0);
	forge_refusal(p, NOTIFY_NO_PROPOSAL_CHOSEN, NULL, 0);
	drop(a);		/* our first request was lost */
	pass(p, 1500);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	pass(p, 10000);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

/* A refusal of the first request says nothing of the one with the cookie that follows. */
static void test_forged_refusal_before_a_cookie(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	ends_start(p);
	start(p, 0);
	forge_refusal(p, NOTIFY_NO_PROPOSAL_CHOSEN, NULL, 0);
	flood(&p->s[1], oldest(a), STRANGERS_COOKIE);
	carry(a);
	carry(&p->s[1]);		/* the cookie */
	drop(a);			/* our second request is lost, and its first copy */
	pass(p, 1000);
	drop(a);
	pass(p, 2500);
	assert_int_equal(peer_of(a)->state, PEER_CONNECTING);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

static void test_unknown_address(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_remote(b, "198.51.100.7");
	ends_start(p);
	attempt(p, 0);
	pass(p, 4000);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_NO_PROPOSAL_IKE);
	assert_true(TAILQ_EMPTY(&b->ike->sas));
	ends_free(p);
}

static void test_retransmission(void **state)
{
	static const uint64_t at[] = { 0, 1000, 3000, 7000, 15000, 31000 };
	struct ends *p = ends_new();
	struct side *a = &p->s[0];
	uint64_t begin;

	ends_start(p);
	begin = p->now;
	start(p, 0);
	pass(p, 60000);
	assert_int_equal(a->sent, EXCHANGE_TRIES);
	for (unsigned int i = 0; i < EXCHANGE_TRIES; i++) {
		assert_int_equal(a->queue[i].at - begin, at[i]);
		assert_int_equal(a->queue[i].len, a->queue[0].len);
		assert_memory_equal(a->queue[i].msg, a->queue[0].msg, a->queue[0].len);
	}
	assert_int_equal(a->ev[IKE_EV_RETRANSMIT].count, EXCHANGE_TRIES - 1);
	assert_string_equal(a->ev[IKE_EV_RETRANSMIT].detail, "IKE_SA_INIT, try 6 of 6");
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 1);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_TIMEOUT);
	assert_non_null(strstr(a->ev[IKE_EV_FAILED].detail,
			       "192.0.2.2:500 does not answer IKE_SA_INIT: 6 tries in 47 s"));
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	assert_int_equal(ike_deadline(a->ike), UINT64_MAX);
	ends_free(p);
}

/* A retransmitted request gets the same answer, and nothing more happens. */
static void test_init_answered_from_cache(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter request, first;

	ends_start(p);
	start(p, 0);
	request = *oldest(a);
	carry(a);
	first = *oldest(b);
	drop(b);
	give(b, &request);
	assert_int_equal(b->count, 1);
	assert_int_equal(oldest(b)->len, first.len);
	assert_memory_equal(oldest(b)->msg, first.msg, first.len);
	assert_int_equal(b->ike->counters.half_open, 1);
	/* the same SPI with other contents is somebody else's */
	request.msg[request.len - 1] ^= 1;
	give(b, &request);
	assert_int_equal(b->count, 1);
	assert_int_equal(b->ike->counters.half_open, 1);
	ends_free(p);
}

static void test_forced_udp(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.force_udp = true;
	ends_start(p);
	bring_up(p, 0);
	assert_true(a->fake.policy[0].udp && b->fake.policy[0].udp);
	assert_int_equal(a->fake.policy[0].local.port, 4500);
	assert_int_equal(a->fake.policy[0].remote.port, 4500);
	assert_int_equal(b->fake.policy[0].remote.port, 4500);
	ends_free(p);
}

static void test_forced_udp_by_the_responder(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	b->conf.force_udp = true;
	ends_start(p);
	bring_up(p, 0);
	assert_true(a->fake.policy[0].udp && b->fake.policy[0].udp);
	assert_true(only_sa(a)->nat_remote);
	ends_free(p);
}

static void test_strangers(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l = { .local = { a->fake.addr, 500 }, .remote = { b->fake.addr, 500 } };
	const struct ike_counters *c;

	ends_start(p);
	c = ike_counters(b->ike);
	give(b, &l);				/* nothing at all */
	l.len = 27;
	give(b, &l);
	assert_int_equal(c->malformed, 2);

	start(p, 0);
	l = *oldest(a);
	l.msg[17] = 0x10;			/* IKEv1 */
	give(b, &l);
	assert_int_equal(c->bad_version, 1);
	assert_int_equal(b->count, 0);
	l.msg[17] = 0x30;			/* IKEv3 */
	give(b, &l);
	assert_int_equal(c->bad_version, 2);
	assert_int_equal(b->count, 1);
	assert_int_equal(oldest(b)->msg[35], NOTIFY_INVALID_MAJOR_VERSION);
	assert_int_equal(oldest(b)->msg[36], 2);	/* what we speak */
	drop(b);

	l = *oldest(a);
	l.msg[15] = 1;				/* an SPI of ours, but there is none */
	give(b, &l);
	assert_int_equal(c->unknown_spi, 1);
	assert_int_equal(b->count, 0);
	assert_true(TAILQ_EMPTY(&b->ike->sas));
	ends_free(p);
}

static void test_no_way_out(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	a->fake.no_route = true;
	ends_start(p);
	start(p, 0);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_CONFIG);
	assert_int_equal(peer_of(a)->state, PEER_DOWN);
	a->fake.no_route = false;
	a->fake.device_refuses = "the module esplane is not loaded: modprobe esplane";
	a->fake.device_errno = -ENOENT;
	start(p, 0);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_MODULE);
	assert_string_equal(a->ev[IKE_EV_FAILED].detail, a->fake.device_refuses);
	assert_int_equal(a->sent, 0);
	a->fake.device_errno = -EEXIST;
	start(p, 0);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_INTERFACE);
	assert_true(fake_is_empty(&a->fake));
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake), cmocka_unit_test(test_mark),
		cmocka_unit_test(test_answer_only),
		cmocka_unit_test(test_keys_meet), cmocka_unit_test(test_another_address),
		cmocka_unit_test(test_name_is_gone),
		cmocka_unit_test(test_group_of_the_peer), cmocka_unit_test(test_group_not_offered),
		cmocka_unit_test(test_what_the_responder_prefers),
		cmocka_unit_test(test_answer_leaves_nothing),
		cmocka_unit_test(test_cookie), cmocka_unit_test(test_cookie_is_bound_to_the_sender),
		cmocka_unit_test(test_cookie_grows_old), cmocka_unit_test(test_half_open_limit),
		cmocka_unit_test(test_limit_of_a_network),
		cmocka_unit_test(test_first_message_too_long),
		cmocka_unit_test(test_unsound_ke_in_response),
		cmocka_unit_test(test_no_proposal), cmocka_unit_test(test_forged_refusal),
		cmocka_unit_test(test_forged_refusal_before_a_cookie),
		cmocka_unit_test(test_unknown_address), cmocka_unit_test(test_retransmission),
		cmocka_unit_test(test_init_answered_from_cache), cmocka_unit_test(test_forced_udp),
		cmocka_unit_test(test_forced_udp_by_the_responder),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_no_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
