// SPDX-License-Identifier: GPL-2.0
/* Defects that a review has found, each with its number there. */
#include "ike/exchange/exchange.h"
#include "ike/object/stranger.h"
#include "ike/v2/v2.h"
#include "lib/array.h"
#include "unit/ike/ike_ends.h"

/* Another tunnel of a side's: its configuration with another name. */
static uint32_t add_tunnel(struct side *s, const char *name, const char *psk)
{
	struct tunnel_conf conf = s->conf;
	uint32_t id;

	snprintf(conf.name, sizeof(conf.name), "%s", name);
	assert_int_equal(ike_tunnel_add(s->ike, &conf, &id), 0);
	fake_secret(&s->fake, id, psk);
	return id;
}

static enum peer_state state_of(struct side *s, uint32_t tunnel)
{
	const struct peer *peer = TAILQ_FIRST(&tunnel_find(s->ike, tunnel)->peers);

	return peer ? peer->state : PEER_DOWN;
}

/*
 * E4 (a): a tunnel with a suite in common is not refused because another one for the same
 * addresses comes first; of several suites the one that all of them accept is chosen.
 */
static void test_suite_of_any_tunnel(void **state)
{
	for (int first = 0; first < 2; first++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0], *b = &p->s[1];
		uint32_t right;

		set_ike(a, "aes128gcm16-prfsha256-ecp256 aes256gcm16-prfsha256-x25519");
		ike_id_parse(&a->conf.local_id, "alice@example.org");
		ike_id_parse(&b->conf.remote_id, first ? "alice@example.org" : "bob@example.org");
		set_ike(b, first ? "aes256gcm16-prfsha256-x25519" :
				   "aes128gcm16-prfsha256-ecp256 aes256gcm16-prfsha256-x25519");
		ends_start(p);
		ike_id_parse(&b->conf.remote_id, first ? "bob@example.org" : "alice@example.org");
		set_ike(b, first ? "aes128gcm16-prfsha256-ecp256 aes256gcm16-prfsha256-x25519" :
				   "aes256gcm16-prfsha256-x25519");
		right = add_tunnel(b, "u", "secret");
		if (first)
			right = b->tunnel;
		attempt(p, 0);
		assert_int_equal(peer_of(a)->state, PEER_UP);
		assert_int_equal(state_of(b, right), PEER_UP);
		ends_free(p);
	}
}

/* E4 (b): encap = udp of the second tunnel counts too. */
static void test_udp_of_any_tunnel(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	ike_id_parse(&a->conf.local_id, "alice@example.org");
	ike_id_parse(&b->conf.remote_id, "bob@example.org");
	ends_start(p);
	ike_id_parse(&b->conf.remote_id, "alice@example.org");
	b->conf.force_udp = true;
	add_tunnel(b, "u", "secret");
	attempt(p, 0);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_true(a->fake.policy[0].udp && b->fake.policy[0].udp);
	ends_free(p);
}

/* E4 (c): the tunnel with the peer's own address and identity beats a wildcard of the same PSK. */
static void test_the_most_special_tunnel(void **state)
{
	for (int special_first = 0; special_first < 2; special_first++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0], *b = &p->s[1];
		uint32_t second;

		ike_id_parse(&a->conf.local_id, "alice@example.org");
		set_remote(b, special_first ? "192.0.2.1" : "any");
		if (special_first)
			ike_id_parse(&b->conf.remote_id, "alice@example.org");
		ends_start(p);
		set_remote(b, special_first ? "any" : "192.0.2.1");
		if (special_first)
			b->conf.remote_id.type = 0;
		else
			ike_id_parse(&b->conf.remote_id, "alice@example.org");
		second = add_tunnel(b, "u", "secret");
		attempt(p, 0);
		assert_int_equal(state_of(b, special_first ? b->tunnel : second), PEER_UP);
		assert_int_equal(state_of(b, special_first ? second : b->tunnel), PEER_DOWN);
		ends_free(p);
	}
}

/* Does the IKE_AUTH that @from has ready say INITIAL_CONTACT? The other end is half open. */
static bool says_initial_contact(struct side *from, struct side *to)
{
	struct letter l = *oldest(from);
	struct msg m;

	assert_int_equal(l.msg[18], EXCHANGE_IKE_AUTH);
	open_letter(stranger_oldest(to->ike), &l, &m);
	return msg_notify(&m, NOTIFY_INITIAL_CONTACT);
}

/*
 * E8: both begin. An IKE_AUTH that may be sent again and again while the peer's attempt is open
 * must not say INITIAL_CONTACT: the peer would drop the IKE SA that has just won.
 */
static void test_no_initial_contact_in_a_race(void **state)
{
	for (int race = 0; race < 2; race++) {
		struct ends *p = ends_new();
		struct side *a = &p->s[0], *b = &p->s[1];

		ends_start(p);
		assert_int_equal(side_up(a), 0);
		if (race)
			assert_int_equal(side_up(b), 0);
		pass(p, 0);
		if (race)
			carry(b);	/* B's IKE_SA_INIT is at A: half open there */
		carry(a);		/* A's at B */
		carry(b);		/* B's answer */
		if (race)
			drop(a);	/* A's answer to B is lost, A's IKE_AUTH is next */
		assert_int_equal(says_initial_contact(a, b), !race);
		carry_all(p);
		pass(p, 60000);
		carry_all(p);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
			assert_int_equal(p->s[i].ev[IKE_EV_DOWN].count, 0);
			assert_int_equal(p->s[i].ev[IKE_EV_CHILD_DOWN].count, 0);
		}
		assert_int_equal(only_sa(a)->spi_i, only_sa(b)->spi_i);
		assert_int_equal(fake_out_spi(&a->fake), b->fake.in[0].sa.spi);
		ends_free(p);
	}
}

/* E9: a refusal costs a comparison of proposals: beyond some a second they cost a cookie first. */
static void test_refusals_cost_cookies(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int refused, sent = 0;
	struct letter l;

	set_ike(a, "aes256-sha512-modp2048");
	ends_start(p);
	start(p, 0);
	l = *oldest(a);
	for (unsigned int i = 0; i < 100; i++) {
		l.msg[0] = i + 1;
		give(b, &l);
		sent += oldest(b)->msg[MSG_HEADER_LEN + 7] == NOTIFY_NO_PROPOSAL_CHOSEN;
		drop(b);
	}
	refused = sent;
	assert_true(refused && refused < 50);
	assert_int_equal(b->ike->counters.cookies_sent, 100 - refused);
	assert_int_equal(b->ike->counters.half_open, 0);
	p->now += 1000;			/* quiet again */
	l.msg[0] = 200;
	give(b, &l);
	assert_int_equal(b->ike->counters.cookies_sent, 100 - refused);
	ends_free(p);
}

static void nothing(struct builder *b)
{
}

/* E11: an authentic request of an exchange type that nobody knows is answered, and is the last. */
static void test_unknown_exchange(void **state)
{
	static const uint8_t unknown[] = { 0, 33, 99, 255 };
	struct letter l;

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct ends *p = ends_new();

		ends_start(p);
		bring_up(p, 0);
		forge_request(&p->s[0], unknown[i], nothing, &l);
		give(&p->s[1], &l);
		assert_int_equal(error_in_answer(&p->s[0], &p->s[1]), NOTIFY_INVALID_SYNTAX);
		assert_int_not_equal(peer_of(&p->s[1])->state, PEER_UP);
		ends_free(p);
	}
}

/* The transform of a type in the only proposal of an IKE_SA_INIT. */
static uint8_t *transform_of(struct letter *l, uint8_t type)
{
	uint8_t *sa = l->msg + MSG_HEADER_LEN, *t = sa + 12;

	while (t[4] != type)
		t += t[2] << 8 | t[3];
	return t;
}

/* E12: the answer names one group in its SA payload and sends the value of another. */
static void test_group_of_the_answer(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter good, l;

	set_ike(a, "aes128gcm16-prfsha256-x25519-ecp256");
	ends_start(p);
	start(p, 0);
	carry(a);
	good = l = *oldest(b);
	transform_of(&l, TRANSFORM_KE)[7] = KE_ECP_256;
	give(a, &l);
	assert_int_equal(only_sa(a)->state, SA_INIT_SENT);
	assert_int_equal(a->ike->counters.malformed, 1);
	give(a, &good);
	assert_int_equal(only_sa(a)->state, SA_AUTH_SENT);
	ends_free(p);
}

/* The nonce of an IKE_SA_INIT, cut to @len octets: it is followed by notifies, which go. */
static void cut_nonce(struct letter *l, unsigned int len)
{
	uint8_t *payload = l->msg + MSG_HEADER_LEN, type = l->msg[16];

	while (type != PAYLOAD_NONCE) {
		type = payload[0];
		payload += payload[2] << 8 | payload[3];
	}
	payload[0] = PAYLOAD_NONE;
	payload[2] = 0;
	payload[3] = 4 + len;
	l->len = payload + 4 + len - l->msg;
	l->msg[26] = l->len >> 8;
	l->msg[27] = l->len;
}

/* E13, RFC 7296 2.10: a nonce has at least half the length of the PRF's key. */
static void test_short_nonces(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter good, l;

	for (int i = 0; i < 2; i++)
		set_ike(&p->s[i], "aes128gcm16-prfsha512-x25519");
	ends_start(p);
	start(p, 0);
	good = l = *oldest(a);
	drop(a);
	cut_nonce(&l, 31);
	give(b, &l);
	assert_int_equal(b->ike->counters.malformed, 1);
	assert_int_equal(b->count, 0);
	give(b, &good);
	good = l = *oldest(b);
	cut_nonce(&l, 31);
	give(a, &l);
	assert_int_equal(only_sa(a)->state, SA_INIT_SENT);
	give(a, &good);
	assert_int_equal(only_sa(a)->state, SA_AUTH_SENT);
	ends_free(p);
}

/*
 * E16: whether it is the first contact is judged by identities: two tunnels to one gateway that has
 * two addresses are two contacts of the same two.
 */
static void test_two_addresses_of_one_gateway(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint32_t second, there;

	for (int i = 0; i < 2; i++) {
		ike_id_parse(&p->s[i].conf.local_id, i ? "gw.example.org" : "alice@example.org");
		ike_id_parse(&p->s[i].conf.remote_id, i ? "alice@example.org" : "gw.example.org");
	}
	ends_start(p);
	bring_up(p, 0);
	set_remote(a, "192.0.2.9");
	set_ts(a, "10.1.9.0/24", "10.2.9.0/24");
	second = add_tunnel(a, "u", "secret");
	/* as far as the gateway can tell the two tunnels apart, by what they carry */
	set_ts(b, "10.2.9.0/24", "10.1.9.0/24");
	there = add_tunnel(b, "u", "secret");
	assert_int_equal(ike_up(a->ike, second), 0);
	pass(p, 0);
	carry(a);
	carry(b);
	assert_false(says_initial_contact(a, b));
	carry_all(p);
	assert_int_equal(state_of(a, a->tunnel), PEER_UP);
	assert_int_equal(state_of(b, b->tunnel), PEER_UP);
	assert_int_equal(state_of(a, second), PEER_UP);
	assert_int_equal(state_of(b, there), PEER_UP);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 0);
	assert_int_equal(a->ev[IKE_EV_DOWN].count, 0);
	ends_free(p);
}

/* E17: a peer with a dynamic address goes down and begins again from another one. */
static void test_name_is_looked_up_on_down(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	unsigned int jobs;

	set_remote(b, "any");
	b->conf.any = false;
	snprintf(b->conf.remote_name, sizeof(b->conf.remote_name), "dyn.example.org");
	fake_resolves(&b->fake, "dyn.example.org", "192.0.2.1");
	ends_start(p);
	pass(p, 0);
	bring_up(p, 0);
	fake_resolves(&b->fake, "dyn.example.org", "198.51.100.7");
	jobs = b->fake.jobs_begun;
	assert_int_equal(side_down(a), 0);
	carry_all(p);
	assert_int_equal(b->fake.jobs_begun, jobs + 1);
	side_restart(a);
	addr_parse(&p->nat, "198.51.100.7");
	p->nat_port = 500;
	attempt(p, 0);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	ends_free(p);
}

/* E18: what a person has taken down stays down, whoever begins, until it is wanted again. */
static void test_down_sticks(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.start = START_UP;
	ends_start(p);
	pass(p, 0);
	carry_all(p);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_int_equal(side_down(b), 0);
	for (int i = 0; i < 20; i++) {		/* A tries, and is put off each time */
		carry_all(p);
		pass(p, 10000);
	}
	assert_int_equal(peer_of(b)->state, PEER_DOWN);
	assert_int_equal(b->ev[IKE_EV_UP].count, 1);
	assert_true(fake_is_empty(&b->fake));
	assert_true(a->ev[IKE_EV_FAILED].count);
	said(a, IKE_EV_FAILED, "TEMPORARY_FAILURE");
	assert_true(peer_status(b).held_down);
	carry_all(p);
	assert_int_equal(side_up(b), 0);
	for (int i = 0; i < 20 && peer_of(b)->state != PEER_UP; i++) {
		pass(p, 5000);
		carry_all(p);
	}
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_false(peer_status(b).held_down);
	ends_free(p);
}

/*
 * What was begun before with a peer that does not answer holds nothing up: a question whether it
 * lives, and the DELETE behind it.
 */
static void test_up_right_after_down(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.dpd_s = 10;
	ends_start(p);
	bring_up(p, 0);
	pass(p, 10000);
	assert_true(drop(a));
	side_restart(b);
	assert_int_equal(side_down(a), 0);
	assert_int_equal(side_up(a), 0);
	pass(p, 0);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	ends_free(p);
}

/* E20: a stranger's wrong PSK rewrites nothing of a tunnel that is down, or up. */
static void test_strangers_change_no_status(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_peer_status before, after;

	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(side_down(a), 0);
	carry_all(p);
	pass(p, 60000);
	before = peer_status(b);
	assert_string_equal(before.detail, "the peer has deleted the IKE SA");
	fake_secret(&a->fake, a->tunnel, "wrong");
	attempt(p, 0);
	after = peer_status(b);
	assert_memory_equal(&after, &before, sizeof(after));
	assert_int_equal(b->ev[IKE_EV_REFUSED].failure, IKE_FAIL_AUTH_LOCAL);
	assert_int_equal(b->ev[IKE_EV_FAILED].count, 0);
	ends_free(p);
}

static void nonce(struct builder *b)
{
	build_nonce(b, "0123456789abcdef", 16);
}

/* E21: what makes no sense is called by its name, a known exchange and an unknown one. */
static void test_senseless_has_a_name(void **state)
{
	static const struct {
		uint8_t exchange;
		const char *says;
	} rows[] = {
		{ EXCHANGE_INFORMATIONAL, "the peer's INFORMATIONAL request makes no sense" },
		{ EXCHANGE_CREATE_CHILD_SA, "the peer's CREATE_CHILD_SA request makes no sense" },
		{ 99, "the peer's exchange 99 request makes no sense" },
	};
	struct letter l;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ends *p = ends_new();

		ends_start(p);
		bring_up(p, 0);
		forge_request(&p->s[0], rows[i].exchange, nonce, &l);
		give(&p->s[1], &l);
		said(&p->s[1], IKE_EV_LOG, rows[i].says);
		ends_free(p);
	}
}

/* E22: the peer agrees to a half of what is configured: people hear of it, and the status tells. */
static void test_narrowed_is_said(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	set_ts(a, "10.1.0.0/24", "10.2.0.0/16");
	ends_start(p);
	bring_up(p, 0);
	said(a, IKE_EV_NOTE,
	     "the peer agreed to a part of child t only: 10.1.0.0/24 === 10.2.0.0/24");
	assert_true(child_status(a).narrowed);
	assert_int_equal(b->ev[IKE_EV_NOTE].count, 0);
	assert_false(child_status(b).narrowed);
	ends_free(p);
}

/* E23: an answer of the peer's that is no good, by hand: nothing of the old pair is touched. */
static void other_suite(struct builder *b)
{
	static const struct ts a = { .start = { AF_INET, { 10, 1, 0, 0 } },
				     .end = { AF_INET, { 10, 1, 0, 255 } }, .port_end = 65535 };
	static const struct ts r = { .start = { AF_INET, { 10, 2, 0, 0 } },
				     .end = { AF_INET, { 10, 2, 0, 255 } }, .port_end = 65535 };
	struct msg_offer offer = { .number = 1, .spi_len = 4, .spi = 0x12345678 };
	struct proposals list = { .count = 1 };
	char why[64];

	proposal_parse(&list.p[0], PROTO_ESP, "aes256-sha256-noesn", why, sizeof(why));
	build_sa(b, &list, &offer);
	build_nonce(b, "0123456789abcdef0123456789abcdef", 32);
	build_ts(b, PAYLOAD_TSI, &a, 1);
	build_ts(b, PAYLOAD_TSR, &r, 1);
}

static void test_bad_answer_to_a_rekey(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint32_t in, out;
	struct letter l;
	struct msg m;

	ends_start(p);
	bring_up(p, 0);
	in = a->fake.in[0].sa.spi;
	out = fake_out_spi(&a->fake);
	soft_limit(a);
	drop(a);
	forge(only_sa(b), EXCHANGE_CREATE_CHILD_SA, MSG_RESPONSE, 2, other_suite, &l);
	give(a, &l);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_non_null(fake_in(&a->fake, in));
	assert_int_equal(fake_out_spi(&a->fake), out);
	assert_int_equal(a->fake.in_count, 1);
	/* what the peer has made is deleted: the message names our SPI */
	assert_int_equal(a->count, 1);
	l = *oldest(a);
	open_letter(only_sa(b), &l, &m);
	assert_int_equal(m.del_count, 1);
	assert_int_equal(m.del[0].protocol, PROTO_ESP);
	only_sa(b)->next_in = 3;
	carry_all(p);
	/* and tried again */
	pass(p, PAIR_RETRY_MAX_MS);
	carry_all(p);
	pass(p, 2 * PAIR_LINGER_MS);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
	assert_int_equal(a->ev[IKE_EV_CHILD_DOWN].count, 0);
	assert_int_equal(a->fake.in_count, 1);
	assert_int_equal(a->fake.reserved, 0);
	ends_free(p);
}

/* E24: how long a dead peer goes unnoticed is configured: its waits and its tries. */
static void test_schedule_is_configured(void **state)
{
	static const uint64_t at[] = { 0, 200, 600 };
	struct ends *p = ends_new();
	struct side *a = &p->s[0];
	uint64_t begin;

	a->conf.retry_first_ms = 200;
	a->conf.retry_tries = 3;
	a->conf.dpd_s = 5;
	ends_start(p);
	bring_up(p, 0);
	a->head = a->count = 0;
	begin = p->now + 5000;
	pass(p, 5000 + 1399);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->count, ARRAY_SIZE(at));
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		assert_int_equal(a->queue[i].at - begin, at[i]);
	pass(p, 1);
	ended_in(a, IKE_EV_DOWN, IKE_FAIL_TIMEOUT, "3 tries in 1 s");
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suite_of_any_tunnel),
		cmocka_unit_test(test_udp_of_any_tunnel),
		cmocka_unit_test(test_the_most_special_tunnel),
		cmocka_unit_test(test_no_initial_contact_in_a_race),
		cmocka_unit_test(test_refusals_cost_cookies),
		cmocka_unit_test(test_unknown_exchange),
		cmocka_unit_test(test_group_of_the_answer),
		cmocka_unit_test(test_short_nonces),
		cmocka_unit_test(test_two_addresses_of_one_gateway),
		cmocka_unit_test(test_name_is_looked_up_on_down),
		cmocka_unit_test(test_down_sticks),
		cmocka_unit_test(test_up_right_after_down),
		cmocka_unit_test(test_strangers_change_no_status),
		cmocka_unit_test(test_senseless_has_a_name),
		cmocka_unit_test(test_narrowed_is_said),
		cmocka_unit_test(test_bad_answer_to_a_rekey),
		cmocka_unit_test(test_schedule_is_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
