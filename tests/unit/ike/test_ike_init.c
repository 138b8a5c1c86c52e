// SPDX-License-Identifier: GPL-2.0
/* IKE_SA_INIT: cookies, groups, proposals, NAT, retransmission, and what strangers can do. */
#include "unit/ike/ike_pair.h"

/* What anybody can say to A as soon as it has begun. */
static void forge_refusal(struct pair *p, uint16_t notify, const void *data, size_t len)
{
	struct side *a = &p->s[0];
	struct letter l = { .local = { p->s[1].addr, 500 }, .remote = { a->addr, 500 } };
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
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_status st;

	pair_start(p);
	bring_up(p, 0);
	assert_int_equal(a->sent, 2);
	assert_int_equal(b->sent, 2);
	assert_int_equal(a->steps, 1 << IKE_STEP_INIT | 1 << IKE_STEP_AUTH | 1 << IKE_STEP_KERNEL);
	assert_int_equal(ike_up(a->ike, "t"), -EALREADY);
	assert_int_equal(ike_up(a->ike, "u"), -ENOENT);
	assert_true(ike_status(a->ike, "t", &st));
	assert_int_equal(st.state, TUNNEL_UP);
	assert_true(st.initiator);
	assert_false(st.udp || st.nat_local || st.nat_remote);
	assert_string_equal(st.ike_suite, "aes128gcm16-prfsha256-x25519");
	assert_string_equal(st.esp_suite, "aes128gcm16-esn");
	assert_string_equal(st.remote_id, "192.0.2.2");
	assert_int_equal(st.spi_in, a->in[0]);
	assert_int_equal(st.spi_out, a->out_spi);
	assert_int_equal(st.remote.port, 500);
	assert_true(st.rekey_ms > p->now + 3240000 - 1 && st.rekey_ms <= p->now + 3600000);
	assert_int_equal(b->ike->counters.half_open, 0);
	pair_free(p);
}

/* Our attempts go round a name's addresses: the peer may begin from the first one all the same. */
static void test_another_address(void **state)
{
	for (int known = 0; known < 2; known++) {
		struct pair *p = pair_new();
		struct addr dead, peer = p->s[1].addr;

		addr_parse(&dead, "198.51.100.7");
		if (!known)
			memset(&p->s[0].conf.remote, 0, sizeof(peer));
		pair_start(p);
		assert_int_equal(ike_tunnel_set_towards(p->s[0].ike, "t", &peer), 0);
		assert_int_equal(ike_tunnel_set_towards(p->s[0].ike, "t", &dead), 0);
		start(p, 0);
		assert_true(addr_equal(&oldest(&p->s[0])->remote.addr, &dead));
		assert_true(drop(&p->s[0]));
		bring_up(p, 1);
		pair_free(p);
	}
}

/* And from the one that they went to last. */
static void test_the_address_tried(void **state)
{
	struct pair *p = pair_new();
	struct addr peer = p->s[1].addr;

	addr_parse(&p->s[0].conf.remote, "198.51.100.7");
	pair_start(p);
	assert_int_equal(ike_tunnel_set_towards(p->s[0].ike, "t", &peer), 0);
	bring_up(p, 1);
	pair_free(p);
}

static void test_answer_only(void **state)
{
	struct pair *p = pair_new();
	struct side *b = &p->s[1];

	b->conf.answer_only = true;
	memset(&b->conf.remote, 0, sizeof(b->conf.remote));
	pair_start(p);
	assert_int_equal(ike_up(b->ike, "t"), -EDESTADDRREQ);
	bring_up(p, 0);
	pair_free(p);
}

static void test_group_of_the_peer(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_ike(a, "aes128gcm16-prfsha256-x25519-ecp256");
	set_ike(b, "aes128gcm16-prfsha256-ecp256");
	pair_start(p);
	bring_up(p, 0);
	assert_int_equal(a->sent, 3);
	assert_int_equal(proposal_find(&only_sa(a)->suite, TRANSFORM_KE)->id, KE_ECP_256);
	pair_free(p);
}

/* A group that we did not offer is not taken, whoever asks. */
static void test_group_not_offered(void **state)
{
	struct pair *p = pair_new();
	static const uint8_t modp[] = { 0, 14 };
	struct side *a = &p->s[0];

	pair_start(p);
	start(p, 0);
	forge_refusal(p, NOTIFY_INVALID_KE_PAYLOAD, modp, sizeof(modp));
	assert_int_equal(a->sent, 1);
	assert_int_equal(only_sa(a)->init.group, KE_X25519);
	/* and the true answer is still welcome */
	carry_all(p);
	assert_int_equal(tunnel_of(a)->state, TUNNEL_UP);
	pair_free(p);
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
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint64_t expiry;

	pair_start(p);
	start(p, 0);
	flood(b, oldest(a), 1000);
	assert_int_equal(b->ike->counters.half_open, IKE_COOKIE_THRESHOLD);
	assert_int_equal(b->ike->counters.cookies_sent, 1000 - IKE_COOKIE_THRESHOLD);
	carry_all(p);
	assert_int_equal(tunnel_of(a)->state, TUNNEL_UP);
	assert_int_equal(a->sent, 3);
	/* the strangers are forgotten */
	expiry = 31000;
	pass(p, expiry);
	assert_int_equal(b->ike->counters.half_open, 0);
	only_sa(b);
	pair_free(p);
}

static void test_cookie_is_bound_to_the_sender(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	pair_start(p);
	start(p, 0);
	flood(b, oldest(a), IKE_COOKIE_THRESHOLD);
	carry(a);
	carry(b);			/* the cookie */
	l = *oldest(a);
	l.local.addr.b[3]++;		/* brought back from elsewhere */
	give(b, &l);
	assert_int_equal(b->ike->counters.half_open, IKE_COOKIE_THRESHOLD);
	assert_int_equal(b->ike->counters.cookies_sent, 2);
	pair_free(p);
}

/* The secret changes each minute; a cookie lives through one change. */
static void test_cookie_grows_old(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	pair_start(p);
	start(p, 0);
	flood(b, oldest(a), IKE_COOKIE_THRESHOLD);
	carry(a);
	carry(b);
	l = *oldest(a);
	/* no timer fires: still under load */
	p->now += 2 * IKE_COOKIE_ROTATE_MS;
	give(b, &l);
	assert_int_equal(b->ike->counters.cookies_sent, 2);
	carry(b);
	p->now += IKE_COOKIE_ROTATE_MS;
	drop(a);
	carry(a);
	assert_int_equal(b->ike->counters.cookies_sent, 2);
	assert_int_equal(b->ike->counters.half_open, IKE_COOKIE_THRESHOLD + 1);
	pair_free(p);
}

static void test_half_open_limit(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	pair_start(p);
	start(p, 0);
	l = *oldest(a);
	b->ike->counters.half_open = 0;
	flood(b, &l, IKE_COOKIE_THRESHOLD);
	b->ike->counters.half_open = IKE_HALF_OPEN_MAX;	/* as if each had brought a cookie */
	carry(a);
	assert_int_equal(b->ike->counters.cookies_sent, 1);
	carry(b);
	carry(a);
	assert_int_equal(b->ike->counters.half_open, IKE_HALF_OPEN_MAX);
	assert_int_equal(b->count, 0);
	b->ike->counters.half_open = IKE_COOKIE_THRESHOLD;
	pair_free(p);
}

/* One address alone cannot fill the table, even if it brings cookies. */
static void test_limit_of_an_address(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *sa;

	pair_start(p);
	start(p, 0);
	for (unsigned int i = 0; i < IKE_PER_ADDRESS_MAX; i++) {
		sa = sa_new(b->ike, false, i + 1);
		sa->asked = a->addr;
		sa_set_state(sa, SA_INIT_ANSWERED, "as if it had brought a cookie");
	}
	carry(a);
	carry(b);
	assert_int_equal(b->ike->counters.cookies_sent, 1);
	carry(a);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->ike->counters.half_open, IKE_PER_ADDRESS_MAX);
	sa->asked.b[3]++;		/* one of them was somebody else */
	pass(p, 2000);
	carry(a);
	assert_int_equal(b->count, 1);
	pair_free(p);
}

/* What strangers can make us keep is bounded in octets too. */
static void test_first_message_too_long(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	static uint8_t msg[IKE_FIRST_LEN_MAX + 1];
	const struct letter *l;

	pair_start(p);
	start(p, 0);
	l = oldest(a);
	memcpy(msg, l->msg, l->len);
	msg[26] = sizeof(msg) >> 8;
	msg[27] = sizeof(msg) & 0xff;
	ike_input(b->ike, &l->remote, &l->local, msg, sizeof(msg));
	assert_int_equal(b->ike->counters.malformed, 1);
	assert_int_equal(b->ike->counters.half_open, 0);
	assert_int_equal(b->count, 0);
	pair_free(p);
}

/* Anybody can send an answer with a bad KE payload: the true one still counts. */
static void test_unsound_ke_in_response(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;
	size_t ke;

	pair_start(p);
	start(p, 0);
	carry(a);
	l = *oldest(b);
	ke = MSG_HEADER_LEN + (l.msg[30] << 8 | l.msg[31]);
	memset(l.msg + ke + 8, 0, 32);		/* X25519: a point of small order */
	give(a, &l);
	assert_int_equal(only_sa(a)->state, SA_INIT_SENT);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	carry_all(p);
	assert_int_equal(tunnel_of(a)->state, TUNNEL_UP);
	pair_free(p);
}

static void test_no_proposal(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_ike(a, "aes256-sha512-modp2048");
	pair_start(p);
	attempt(p, 0);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 0);
	pass(p, 4000);
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 1);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_NO_PROPOSAL_IKE);
	assert_non_null(strstr(a->ev[IKE_EV_FAILED].detail, "aes256-sha512-"));
	assert_int_equal(tunnel_of(a)->state, TUNNEL_DOWN);
	assert_int_equal(a->reserved, 0);
	/* the other end knows both lists */
	assert_non_null(strstr(b->ev[IKE_EV_LOG].detail, "modp2048"));
	assert_non_null(strstr(b->ev[IKE_EV_LOG].detail, "x25519"));
	assert_int_equal(b->ev[IKE_EV_FAILED].count, 0);
	pair_free(p);
}

/* Anybody can say NO_PROPOSAL_CHOSEN: the true answer that follows is taken. */
static void test_forged_refusal(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0];

	pair_start(p);
	start(p, 0);
	forge_refusal(p, NOTIFY_NO_PROPOSAL_CHOSEN, NULL, 0);
	drop(a);		/* our first request was lost */
	pass(p, 1500);
	carry_all(p);
	assert_int_equal(tunnel_of(a)->state, TUNNEL_UP);
	pass(p, 10000);
	assert_int_equal(tunnel_of(a)->state, TUNNEL_UP);
	pair_free(p);
}

static void test_unknown_address(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	addr_parse(&b->conf.remote, "198.51.100.7");
	pair_start(p);
	attempt(p, 0);
	pass(p, 4000);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_NO_PROPOSAL_IKE);
	assert_true(TAILQ_EMPTY(&b->ike->sas));
	pair_free(p);
}

static void test_retransmission(void **state)
{
	static const uint64_t at[] = { 0, 1000, 3000, 7000, 15000, 31000 };
	struct pair *p = pair_new();
	struct side *a = &p->s[0];
	uint64_t begin;

	pair_start(p);
	begin = p->now;
	start(p, 0);
	pass(p, 60000);
	assert_int_equal(a->sent, XCHG_TRIES);
	for (unsigned int i = 0; i < XCHG_TRIES; i++) {
		assert_int_equal(a->queue[i].at - begin, at[i]);
		assert_int_equal(a->queue[i].len, a->queue[0].len);
		assert_memory_equal(a->queue[i].msg, a->queue[0].msg, a->queue[0].len);
	}
	assert_int_equal(a->ev[IKE_EV_RETRANSMIT].count, XCHG_TRIES - 1);
	assert_string_equal(a->ev[IKE_EV_RETRANSMIT].detail, "IKE_SA_INIT, try 6 of 6");
	assert_int_equal(a->ev[IKE_EV_FAILED].count, 1);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_TIMEOUT);
	assert_non_null(strstr(a->ev[IKE_EV_FAILED].detail,
			       "192.0.2.2:500 does not answer IKE_SA_INIT: 6 tries in 47 s"));
	assert_true(TAILQ_EMPTY(&a->ike->sas));
	assert_int_equal(ike_deadline(a->ike), UINT64_MAX);
	pair_free(p);
}

/* A retransmitted request gets the same answer, and nothing more happens. */
static void test_init_answered_from_cache(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter request, first;

	pair_start(p);
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
	pair_free(p);
}

static void test_forced_udp(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.force_udp = true;
	pair_start(p);
	bring_up(p, 0);
	assert_true(a->udp && b->udp);
	assert_int_equal(a->child_local.port, 4500);
	assert_int_equal(a->child_remote.port, 4500);
	assert_int_equal(b->child_remote.port, 4500);
	pair_free(p);
}

static void test_forced_udp_by_the_responder(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	b->conf.force_udp = true;
	pair_start(p);
	bring_up(p, 0);
	assert_true(a->udp && b->udp);
	assert_true(only_sa(a)->nat_remote);
	pair_free(p);
}

static struct pair *up_through_nat(void)
{
	struct pair *p = pair_new();

	p->s[1].conf.answer_only = true;
	addr_parse(&p->nat, "203.0.113.9");
	p->nat_port = 1024;
	pair_start(p);
	bring_up(p, 0);
	return p;
}

static void test_nat(void **state)
{
	struct pair *p = up_through_nat();
	struct side *a = &p->s[0], *b = &p->s[1];

	assert_true(a->udp && b->udp);
	assert_true(only_sa(a)->nat_local);
	assert_true(only_sa(b)->nat_remote);
	assert_int_equal(b->child_remote.port, 1024);
	assert_true(addr_equal(&b->child_remote.addr, &p->nat));

	/*
	 * the NAT forgets: an authentic request from the new port is followed, a replay of an
	 * old one is not
	 */
	p->nat_port = 2048;
	soft_limit(a);
	carry_all(p);
	assert_int_equal(b->child_remote.port, 2048);
	assert_int_equal(only_sa(b)->remote.port, 2048);
	pair_free(p);
}

static void test_replay_moves_nobody(void **state)
{
	struct pair *p = up_through_nat();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter request;

	soft_limit(a);
	carry(a);
	carry(b);
	request = *oldest(a);
	carry_all(p);
	p->nat_port = 6666;
	give(b, &request);
	/* should it be the peer's own copy, through a new mapping: the answer finds it */
	assert_int_equal(oldest(b)->remote.port, 6666);
	assert_int_equal(b->child_remote.port, 1024);
	assert_int_equal(only_sa(b)->remote.port, 1024);
	pair_free(p);
}

static void test_strangers(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l = { .local = { a->addr, 500 }, .remote = { b->addr, 500 } };
	const struct ike_counters *c;

	pair_start(p);
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
	pair_free(p);
}

static void test_no_way_out(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0];

	a->no_route = true;
	pair_start(p);
	start(p, 0);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_CONFIG);
	assert_int_equal(tunnel_of(a)->state, TUNNEL_DOWN);
	a->no_route = false;
	a->kernel_error = "the module esplane is not loaded: modprobe esplane";
	start(p, 0);
	assert_int_equal(a->ev[IKE_EV_FAILED].failure, IKE_FAIL_KERNEL);
	assert_string_equal(a->ev[IKE_EV_FAILED].detail, a->kernel_error);
	assert_int_equal(a->sent, 0);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake), cmocka_unit_test(test_answer_only),
		cmocka_unit_test(test_another_address), cmocka_unit_test(test_the_address_tried),
		cmocka_unit_test(test_group_of_the_peer), cmocka_unit_test(test_group_not_offered),
		cmocka_unit_test(test_cookie), cmocka_unit_test(test_cookie_is_bound_to_the_sender),
		cmocka_unit_test(test_cookie_grows_old), cmocka_unit_test(test_half_open_limit),
		cmocka_unit_test(test_limit_of_an_address),
		cmocka_unit_test(test_first_message_too_long),
		cmocka_unit_test(test_unsound_ke_in_response),
		cmocka_unit_test(test_no_proposal), cmocka_unit_test(test_forged_refusal),
		cmocka_unit_test(test_unknown_address), cmocka_unit_test(test_retransmission),
		cmocka_unit_test(test_init_answered_from_cache), cmocka_unit_test(test_forced_udp),
		cmocka_unit_test(test_forced_udp_by_the_responder), cmocka_unit_test(test_nat),
		cmocka_unit_test(test_replay_moves_nobody), cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_no_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
