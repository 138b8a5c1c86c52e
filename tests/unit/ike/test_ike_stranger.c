// SPDX-License-Identifier: GPL-2.0
/* What those can do who have proved nothing yet, or who sit between the two ends. */
#include "ike/object/stranger.h"
#include "unit/ike/ike_ends.h"

/* The key exchange payload of an IKE_SA_INIT, which follows the proposals. */
static uint8_t *ke_payload(struct letter *l)
{
	return l->msg + MSG_HEADER_LEN + (l->msg[30] << 8 | l->msg[31]);
}

/* To find out that a value is unsound costs as much as a sound one: it counts like one. */
static void test_unsound_ke_in_request(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	ends_start(p);
	start(p, 0);
	l = *oldest(a);
	memset(ke_payload(&l) + 8, 0, 32);	/* X25519: a point of small order */
	for (unsigned int i = 0; i < STRANGERS_COOKIE; i++) {
		l.msg[0] = i + 1;
		give(b, &l);
		assert_int_equal(b->ike->counters.half_open, i + 1);
		assert_int_equal(oldest(b)->len, MSG_HEADER_LEN + 8);	/* INVALID_SYNTAX */
		drop(b);
	}
	l.msg[0]++;
	give(b, &l);
	assert_int_equal(b->ike->counters.cookies_sent, 1);
	pass(p, 31000);
	assert_int_equal(b->ike->counters.half_open, 0);
	ends_free(p);
}

/* One of another group's length is not even tried. */
static void test_ke_of_another_length(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	set_ike(a, "aes128gcm16-prfsha256-x25519-ecp256");
	set_ike(b, "aes128gcm16-prfsha256-ecp256");
	ends_start(p);
	start(p, 0);
	l = *oldest(a);
	ke_payload(&l)[5] = KE_ECP_256;		/* but 32 octets of X25519 follow */
	give(b, &l);
	assert_int_equal(b->ike->counters.malformed, 1);
	assert_int_equal(b->ike->counters.half_open, 0);
	assert_int_equal(b->count, 0);
	ends_free(p);
}

/* Whoever sees our request can answer it, as often as he likes: nothing lasting comes of that. */
static void test_unsound_answers(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter good, l;
	unsigned int before;

	ends_start(p);
	start(p, 0);
	carry(a);
	good = *oldest(b);
	l = good;
	memset(ke_payload(&l) + 8, 0, 32);	/* X25519: a point of small order */
	before = a->ev[IKE_EV_LOG].count;
	for (int i = 0; i < 50; i++)
		give(a, &l);
	l = good;
	memset(l.msg + 8, 0, 8);		/* no SPI */
	for (int i = 0; i < 50; i++)
		give(a, &l);
	assert_int_equal(a->ev[IKE_EV_LOG].count, before + 1);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	ends_free(p);
}

static void put_in_front(struct letter *l, uint8_t type, uint8_t flags)
{
	uint8_t *payload = l->msg + MSG_HEADER_LEN;

	memmove(payload + 4, payload, l->len - MSG_HEADER_LEN);
	memcpy(payload, (uint8_t[]){ l->msg[16], flags, 0, 4 }, 4);
	l->msg[16] = type;
	l->len += 4;
	l->msg[26] = l->len >> 8;
	l->msg[27] = l->len;
}

/* RFC 7296 2.5: what we do not know and must not pass over is named, before any state. */
static void test_critical_payload_in_request(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l, *answer;

	ends_start(p);
	start(p, 0);
	l = *oldest(a);
	put_in_front(&l, 200, 0x80);
	give(b, &l);
	assert_int_equal(b->ike->counters.malformed, 1);
	assert_int_equal(b->ike->counters.half_open, 0);
	assert_int_equal(b->count, 1);
	answer = oldest(b);
	assert_int_equal(answer->len, MSG_HEADER_LEN + 8 + 1);
	assert_int_equal(answer->msg[35], NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD);
	assert_int_equal(answer->msg[36], 200);
	drop(b);

	/* the answer is no longer than the question */
	l.len = MSG_HEADER_LEN + 4;
	l.msg[26] = 0;
	l.msg[27] = l.len;
	l.msg[MSG_HEADER_LEN] = PAYLOAD_NONE;
	give(b, &l);
	assert_int_equal(b->ike->counters.malformed, 2);
	assert_int_equal(b->count, 0);

	l = *oldest(a);
	put_in_front(&l, 200, 0);
	give(b, &l);
	assert_int_equal(b->ike->counters.half_open, 1);
	ends_free(p);
}

/* Half open, it may speak from elsewhere; but it is counted where it began. */
static void test_another_address_is_no_other_stranger(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	ends_start(p);
	fake_secret(&b->fake, b->tunnel, "another");
	start(p, 0);
	carry(a);
	carry(b);
	assert_int_equal(strangers_of_net(b->ike, &a->fake.addr), 1);
	addr_parse(&p->nat, "203.0.113.9");
	p->nat_port = 1024;
	carry(a);
	assert_true(addr_equal(&oldest(b)->remote.addr, &p->nat));
	assert_int_equal(strangers_of_net(b->ike, &a->fake.addr), 1);
	assert_int_equal(strangers_of_net(b->ike, &p->nat), 0);
	ends_free(p);
}

static void nothing(struct builder *b)
{
}

/* Its answer has given way to that of a later request, though the IKE SA is half open still. */
static void test_first_message_after_a_senseless_one(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter first, l;

	ends_start(p);
	start(p, 0);
	first = *oldest(a);
	carry(a);
	carry(b);
	forge(only_sa(a), EXCHANGE_IKE_AUTH, 0, 1, nothing, &l);
	give(b, &l);
	assert_int_equal(b->ike->counters.unexpected, 1);
	assert_int_equal(only_sa(b)->state, SA_INIT_ANSWERED);
	drop(b);
	give(b, &first);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->ike->counters.replayed, 1);
	ends_free(p);
}

/* The one message of a stranger that may have to wait for a job is not a long one. */
static void test_long_message_of_a_stranger(void **state)
{
	static uint8_t msg[STRANGER_MESSAGE_MAX + 256];
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_sa *sa;

	ends_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	sa = only_sa(a);
	for (int longer = 1; longer >= 0; longer--) {
		struct msg_header h = {
			.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = EXCHANGE_IKE_AUTH,
			.flags = MSG_INITIATOR, .id = 1,
		};
		size_t len = STRANGER_MESSAGE_MAX - MSG_HEADER_LEN - 4 - sk_iv_len(&sa->sk_out);
		struct builder b2;

		/* a Vendor ID payload of zeros, padding length and ICV follow */
		build_begin(&b2, msg, sizeof(msg), &h);
		build_sk_begin(&b2, sk_iv_len(&sa->sk_out));
		build_payload(&b2, PAYLOAD_VENDOR);
		assert_non_null(writer_room(&b2.w, len - 4 - 1 - 16 + longer));
		build_payload_end(&b2);
		len = build_sk_end(&b2, sk_sealed_len(&sa->sk_out, build_sk_plain(&b2)));
		assert_int_equal(len, STRANGER_MESSAGE_MAX + longer);
		assert_true(sk_seal(&sa->sk_out, msg, b2.sk_body, b2.sk_plain));
		side_input(b, &sa->remote, &sa->local, msg, len);
		assert_int_equal(b->ike->counters.malformed, 1);
		assert_int_equal(b->count, !longer);	/* the shorter one is answered */
	}
	ends_free(p);
}

/* The answer to IKE_SA_INIT is not for whoever can seal a message with the same number. */
static void test_no_reflection(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	ends_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	forge(only_sa(a), EXCHANGE_INFORMATIONAL, 0, 0, nothing, &l);
	l.local = (struct endpoint){ .port = 500 };
	addr_parse(&l.local.addr, "198.51.100.66");
	give(b, &l);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->ike->counters.replayed, 1);
	ends_free(p);
}

/* A NAT has another address for port 4500: the answer goes there again, but amplifies nothing. */
static void test_nat_with_two_addresses(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter request, shorter;

	ends_start(p);
	fake_secret(&b->fake, b->tunnel, "another");
	start(p, 0);
	carry(a);
	carry(b);
	request = *oldest(a);
	forge(only_sa(a), EXCHANGE_IKE_AUTH, 0, 1, nothing, &shorter);
	shorter.local = request.local;
	shorter.remote = request.remote;
	addr_parse(&p->nat, "203.0.113.9");
	p->nat_port = 1024;
	carry(a);
	assert_true(shorter.len < oldest(b)->len && oldest(b)->len <= request.len);
	assert_true(drop(b));
	give(b, &request);
	assert_true(addr_equal(&oldest(b)->remote.addr, &p->nat));
	assert_int_equal(oldest(b)->remote.port, 1024);
	assert_true(drop(b));
	give(b, &shorter);
	assert_int_equal(b->count, 0);
	/* nor is it answered at the address of somebody else */
	addr_parse(&p->nat, "203.0.113.10");
	give(b, &request);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->ike->counters.replayed, 2);
	/* where it began it is at any length */
	p->nat.family = AF_UNSPEC;
	give(b, &shorter);
	assert_true(addr_equal(&oldest(b)->remote.addr, &a->fake.addr));
	ends_free(p);
}

/* RFC 7296 2.11: an answer goes to where its request comes from, and moves nobody. */
static void test_answer_goes_where_the_request_comes_from(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	ends_start(p);
	bring_up(p, 0);
	soft_limit(a);
	l = *oldest(a);
	l.local.port = 7777;
	give(b, &l);
	assert_int_equal(oldest(b)->remote.port, 7777);
	assert_int_equal(only_sa(b)->remote.port, 500);
	ends_free(p);
}

/* RFC 7296 2.23: who began from behind a NAT knows where the peer is. */
static void test_mapping(void **state)
{
	struct ends *p = ends_new();
	struct ike_kern_event ev = {
		.type = IKE_KERN_MAPPING, .peer.port = 6666,
	};

	set_remote(&p->s[1], "any");
	addr_parse(&p->nat, "203.0.113.9");
	p->nat_port = 1024;
	ends_start(p);
	bring_up(p, 0);
	addr_parse(&ev.peer.addr, "203.0.113.9");
	ev.policy = child_of(&p->s[1])->id;
	ev.spi = 0xdeadbeef;			/* of an IKE SA before this one */
	ike_kern_event(p->s[1].ike, &ev);
	assert_int_equal(only_sa(&p->s[1])->remote.port, 1024);
	for (int i = 0; i < 2; i++) {
		ev.policy = child_of(&p->s[i])->id;
		ev.spi = child_of(&p->s[i])->out->spi_in;
		ike_kern_event(p->s[i].ike, &ev);
	}
	assert_int_equal(only_sa(&p->s[0])->remote.port, 4500);
	assert_int_equal(only_sa(&p->s[1])->remote.port, 6666);
	ends_free(p);
}

/* IKE SAs of a side, all in this state. */
static unsigned int count_sas(const struct side *s, enum sa_state state)
{
	unsigned int count = 0;
	struct ike_sa *sa;

	TAILQ_FOREACH(sa, &s->ike->sas, link) {
		assert_int_equal(sa->state, state);
		count++;
	}
	return count;
}

/* Each time that it comes and goes it leaves an IKE SA that answers its retransmissions. */
static void test_known_peer_comes_and_goes(void **state)
{
	struct ends *p = ends_new();

	ends_start(p);
	for (int i = 0; i < SA_OVER_MAX + 50; i++) {
		attempt(p, 0);
		assert_int_equal(peer_of(&p->s[1])->state, PEER_UP);
		assert_int_equal(side_down(&p->s[0]), 0);
		carry_all(p);
	}
	assert_int_equal(count_sas(&p->s[1], SA_CLOSED), SA_OVER_MAX);
	assert_int_equal(p->s[1].ike->over_count, SA_OVER_MAX);
	assert_int_equal(ike_counters(p->s[1].ike)->half_open, 0);
	pass(p, 31000);
	assert_int_equal(count_sas(&p->s[1], SA_DEAD), 0);
	assert_int_equal(p->s[1].ike->over_count, 0);
	ends_free(p);
}

/* It proves itself, never answers our DELETE, and comes anew. */
static void test_known_peer_comes_anew(void **state)
{
	struct ends *p = ends_new();

	set_remote(&p->s[1], "any");
	ends_start(p);
	for (int i = 0; i < SA_OVER_MAX + 50; i++) {
		start(p, 0);
		assert_true(carry(&p->s[0]) && carry(&p->s[1]) && carry(&p->s[0]));
		assert_int_equal(side_down(&p->s[1]), 0);
		assert_int_equal(side_up(&p->s[1]), -EDESTADDRREQ);	/* may come again */
		while (drop(&p->s[1]))
			;
		side_restart(&p->s[0]);
	}
	assert_int_equal(count_sas(&p->s[1], SA_CLOSING), SA_OVER_MAX);
	assert_int_equal(p->s[1].ike->over_count, SA_OVER_MAX);
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsound_ke_in_request),
		cmocka_unit_test(test_ke_of_another_length),
		cmocka_unit_test(test_unsound_answers),
		cmocka_unit_test(test_critical_payload_in_request),
		cmocka_unit_test(test_another_address_is_no_other_stranger),
		cmocka_unit_test(test_first_message_after_a_senseless_one),
		cmocka_unit_test(test_long_message_of_a_stranger),
		cmocka_unit_test(test_no_reflection),
		cmocka_unit_test(test_nat_with_two_addresses),
		cmocka_unit_test(test_answer_goes_where_the_request_comes_from),
		cmocka_unit_test(test_mapping),
		cmocka_unit_test(test_known_peer_comes_and_goes),
		cmocka_unit_test(test_known_peer_comes_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
