// SPDX-License-Identifier: GPL-2.0
/* IKE_AUTH: pre-shared keys, identities, the first CHILD_SA, and both ends beginning at once. */
#include "unit/ike/ike_pair.h"

static void assert_failed(struct side *s, enum ike_failure failure, const char *part)
{
	assert_int_equal(s->ev[IKE_EV_FAILED].count, 1);
	assert_int_equal(s->ev[IKE_EV_FAILED].failure, failure);
	if (!strstr(s->ev[IKE_EV_FAILED].detail, part))
		fail_msg("\"%s\" does not say \"%s\"", s->ev[IKE_EV_FAILED].detail, part);
	assert_int_equal(tunnel_of(s)->state, TUNNEL_DOWN);
}

/* Nothing is left in kernel or engine once the aftermath is over. */
static void assert_clean(struct pair *p)
{
	carry_all(p);
	pass(p, 60000);
	for (int i = 0; i < 2; i++) {
		assert_true(TAILQ_EMPTY(&p->s[i].ike->sas));
		assert_int_equal(p->s[i].in_count, 0);
		assert_int_equal(p->s[i].reserved, 0);
		assert_int_equal(p->s[i].out_spi, 0);
		assert_false(p->s[i].has_child);
		assert_int_equal(p->s[i].ev[IKE_EV_UP].count, 0);
	}
}

static void test_wrong_psk(void **state)
{
	struct pair *p = pair_new();

	p->s[1].conf.psk[0] = 'x';
	pair_start(p);
	attempt(p, 0);
	assert_failed(&p->s[0], IKE_FAIL_AUTH_REMOTE, "pre-shared key");
	assert_failed(&p->s[1], IKE_FAIL_AUTH_LOCAL, "192.0.2.1");
	/* remembered for its retransmissions, and counted among the strangers until then */
	assert_int_equal(only_sa(&p->s[1])->state, SA_CLOSED);
	assert_int_equal(p->s[1].ike->counters.half_open, 1);
	assert_clean(p);
	assert_int_equal(p->s[1].ike->counters.half_open, 0);
	pair_free(p);
}

/* A responder that does not know the key but lets us in must not get in here. */
static void test_responder_without_psk(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0];

	pair_start(p);
	start(p, 0);
	carry(a);
	carry(&p->s[1]);
	carry(a);		/* the responder is up */
	tunnel_of(a)->conf.psk[0] = 'x';
	carry_all(p);
	assert_failed(a, IKE_FAIL_AUTH_LOCAL, "does not prove");
	assert_int_equal(p->s[1].ev[IKE_EV_DOWN].count, 1);
	p->s[1].ev[IKE_EV_UP].count = 0;
	assert_clean(p);
	pair_free(p);
}

static void test_identities(void **state)
{
	struct pair *p = pair_new();

	ike_id_parse(&p->s[0].conf.local_id, "paris@example.org");
	ike_id_parse(&p->s[0].conf.remote_id, "gw.example.org");
	ike_id_parse(&p->s[1].conf.local_id, "GW.example.org");
	ike_id_parse(&p->s[1].conf.remote_id, "paris@example.org");
	pair_start(p);
	bring_up(p, 0);
	pair_free(p);
}

static void test_responder_refuses_identity(void **state)
{
	struct pair *p = pair_new();

	ike_id_parse(&p->s[0].conf.local_id, "rome@example.org");
	ike_id_parse(&p->s[1].conf.remote_id, "paris@example.org");
	pair_start(p);
	attempt(p, 0);
	assert_failed(&p->s[0], IKE_FAIL_AUTH_REMOTE, "rome@example.org");
	assert_failed(&p->s[1], IKE_FAIL_ID, "rome@example.org");
	assert_non_null(strstr(p->s[1].ev[IKE_EV_FAILED].detail, "paris@example.org"));
	assert_clean(p);
	pair_free(p);
}

static void test_responder_is_not_the_one_asked_for(void **state)
{
	struct pair *p = pair_new();

	ike_id_parse(&p->s[0].conf.remote_id, "gw.example.org");
	pair_start(p);
	attempt(p, 0);
	assert_failed(&p->s[1], IKE_FAIL_ID, "gw.example.org");
	assert_clean(p);
	pair_free(p);
}

static void test_narrowing(void **state)
{
	struct pair *p = pair_new();
	char text[TS_STRLEN];

	set_ts(&p->s[0], "10.1.0.0/16 172.16.0.0/12", "0.0.0.0/0");
	set_ts(&p->s[1], "10.2.0.0/24 10.9.0.0/24", "10.1.5.0/24");
	pair_start(p);
	bring_up(p, 0);
	assert_int_equal(p->s[0].local_ts_count, 1);
	assert_string_equal(ts_str(&p->s[0].local_ts[0], text), "10.1.5.0/24");
	assert_int_equal(p->s[0].remote_ts_count, 2);
	assert_string_equal(ts_str(&p->s[0].remote_ts[0], text), "10.2.0.0/24");
	assert_string_equal(ts_str(&p->s[0].remote_ts[1], text), "10.9.0.0/24");
	assert_true(ts_equal(&p->s[1].local_ts[1], &p->s[0].remote_ts[1]));
	pair_free(p);
}

static void test_no_selectors_in_common(void **state)
{
	struct pair *p = pair_new();

	set_ts(&p->s[1], "10.3.0.0/24", "10.1.0.0/24");
	pair_start(p);
	attempt(p, 0);
	assert_failed(&p->s[0], IKE_FAIL_TS, "10.2.0.0/24");
	assert_failed(&p->s[1], IKE_FAIL_TS, "10.3.0.0/24");
	assert_non_null(strstr(p->s[1].ev[IKE_EV_FAILED].detail, "10.2.0.0/24"));
	assert_clean(p);
	pair_free(p);
}

static void test_no_esp_proposal(void **state)
{
	struct pair *p = pair_new();

	set_esp(&p->s[1], "aes256-sha256-noesn");
	pair_start(p);
	attempt(p, 0);
	assert_failed(&p->s[0], IKE_FAIL_NO_PROPOSAL_CHILD, "aes128gcm16-esn");
	assert_failed(&p->s[1], IKE_FAIL_NO_PROPOSAL_CHILD, "aes128gcm16-esn");
	assert_non_null(strstr(p->s[1].ev[IKE_EV_FAILED].detail, "aes256-sha256"));
	assert_clean(p);
	pair_free(p);
}

static void test_kernel_refuses(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct pair *p = pair_new();
		struct side *s = &p->s[who];

		pair_start(p);
		start(p, 0);
		carry(&p->s[0]);
		s->kernel_error = "no such cipher here";
		carry_all(p);
		assert_failed(s, IKE_FAIL_KERNEL, "no such cipher here");
		assert_int_equal(tunnel_of(&p->s[!who])->state, TUNNEL_DOWN);
		s->kernel_error = NULL;
		p->s[1].ev[IKE_EV_UP].count = 0;
		assert_clean(p);
		pair_free(p);
	}
}

/* A copy of a request is answered with the same octets; nothing else happens. */
static void test_answered_from_cache(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter request, answer;

	pair_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	request = *oldest(a);
	carry(a);
	answer = *oldest(b);
	drop(b);
	give(b, &request);
	assert_int_equal(b->count, 1);
	assert_memory_equal(oldest(b)->msg, answer.msg, answer.len);
	assert_int_equal(b->ev[IKE_EV_UP].count, 1);
	assert_int_equal(b->in_count, 1);
	/* changed, it is nothing */
	drop(b);
	request.msg[request.len - 1] ^= 1;
	give(b, &request);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->ike->counters.auth_failed, 1);
	/* nor is an answer without question */
	give(a, &answer);
	give(a, &answer);
	assert_int_equal(a->ev[IKE_EV_UP].count, 1);
	assert_int_equal(a->ike->counters.replayed, 1);
	pair_free(p);
}

/* The responder believes it is up, we do not: time must tell it. */
static void test_answer_lost_for_ever(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	b->conf.dpd_s = 10;
	pair_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	carry(a);
	while (drop(b))
		;
	pass(p, 120000);
	assert_failed(a, IKE_FAIL_TIMEOUT, "IKE_AUTH");
	assert_int_equal(b->ev[IKE_EV_DOWN].failure, IKE_FAIL_TIMEOUT);
	assert_int_equal(b->in_count, 0);
	pair_free(p);
}

static void test_taken_back(void **state)
{
	struct pair *p = pair_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	pair_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	carry(a);
	assert_int_equal(ike_down(a->ike, "t"), 0);
	assert_failed(a, IKE_FAIL_DOWN, "taken down");
	carry_all(p);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 1);
	b->ev[IKE_EV_UP].count = 0;
	assert_clean(p);
	pair_free(p);
}

static void assert_one_pair(struct pair *p)
{
	pass(p, 60000);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tunnel_of(&p->s[i])->state, TUNNEL_UP);
		assert_int_equal(p->s[i].in_count, 1);
		assert_int_equal(p->s[i].reserved, 0);
		assert_int_equal(p->s[i].out_spi, p->s[!i].in[0]);
		assert_int_equal(p->s[i].ev[IKE_EV_FAILED].count, 0);
	}
	assert_int_equal(only_sa(&p->s[0])->spi_i, only_sa(&p->s[1])->spi_i);
}

/* Both begin at once; every way in which the first eight messages can cross. */
static void test_both_begin(void **state)
{
	for (unsigned int order = 0; order < 256; order++) {
		struct pair *p = pair_new();

		pair_start(p);
		assert_int_equal(ike_up(p->s[0].ike, "t"), 0);
		assert_int_equal(ike_up(p->s[1].ike, "t"), 0);
		pass(p, 0);
		for (int i = 0; i < 8; i++)
			carry(&p->s[order >> i & 1]);
		carry_all(p);
		/* one may be told to come again: then the other's attempt is there by now */
		assert_one_pair(p);
		pair_free(p);
	}
}

/* It has lost all memory. */
static void restart(struct side *s)
{
	struct ike_env env = s->ike->env;

	ike_free(s->ike);
	s->ike = ike_new(&env);
	s->in_count = 0;
	s->out_spi = 0;
	s->has_child = false;
	assert_int_equal(ike_tunnel_add(s->ike, &s->conf), 0);
}

/* The peer comes anew: its INITIAL_CONTACT ends what was. */
static void test_peer_restarts(void **state)
{
	struct pair *p = pair_new();
	struct side *b = &p->s[1];

	pair_start(p);
	bring_up(p, 0);
	restart(&p->s[0]);
	attempt(p, 0);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 0);
	assert_int_equal(b->ev[IKE_EV_UP].count, 2);
	assert_one_pair(p);
	pair_free(p);
}

/* Two tunnels between the same two, the second with a secret of its own. */
static struct pair *pair_with_second(void)
{
	struct pair *p = pair_new();

	pair_start(p);
	for (int i = 0; i < 2; i++) {
		struct side s = p->s[i];

		set_ts(&s, i ? "10.4.0.0/24" : "10.3.0.0/24", i ? "10.3.0.0/24" : "10.4.0.0/24");
		s.conf.psk[0] = 'u';
		snprintf(s.conf.name, sizeof(s.conf.name), "u");
		assert_int_equal(ike_tunnel_add(p->s[i].ike, &s.conf), 0);
	}
	return p;
}

/* The second must not end the first. */
static void second_tunnel(bool at_once)
{
	struct pair *p = pair_with_second();

	if (at_once)
		assert_int_equal(ike_up(p->s[0].ike, "t"), 0);
	else
		bring_up(p, 0);
	assert_int_equal(ike_up(p->s[0].ike, "u"), 0);
	pass(p, 0);
	carry_all(p);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tunnel_find(p->s[i].ike, "t")->state, TUNNEL_UP);
		assert_int_equal(tunnel_find(p->s[i].ike, "u")->state, TUNNEL_UP);
		assert_int_equal(p->s[i].ev[IKE_EV_DOWN].count, 0);
	}
	pair_free(p);
}

static void test_second_tunnel(void **state)
{
	second_tunnel(false);
}

static void test_two_tunnels_at_once(void **state)
{
	second_tunnel(true);
}

/* Who has the secret of one tunnel cannot end the other with an INITIAL_CONTACT. */
static void test_initial_contact_of_one(void **state)
{
	struct pair *p = pair_with_second();
	struct side *b = &p->s[1];

	assert_int_equal(ike_up(p->s[0].ike, "t"), 0);
	assert_int_equal(ike_up(p->s[0].ike, "u"), 0);
	pass(p, 0);
	carry_all(p);
	restart(&p->s[0]);
	attempt(p, 0);
	assert_int_equal(tunnel_find(b->ike, "t")->state, TUNNEL_UP);
	assert_int_equal(tunnel_find(b->ike, "u")->state, TUNNEL_UP);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 0);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_psk),
		cmocka_unit_test(test_responder_without_psk),
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_responder_refuses_identity),
		cmocka_unit_test(test_responder_is_not_the_one_asked_for),
		cmocka_unit_test(test_narrowing),
		cmocka_unit_test(test_no_selectors_in_common),
		cmocka_unit_test(test_no_esp_proposal),
		cmocka_unit_test(test_kernel_refuses),
		cmocka_unit_test(test_answered_from_cache),
		cmocka_unit_test(test_answer_lost_for_ever),
		cmocka_unit_test(test_taken_back),
		cmocka_unit_test(test_both_begin),
		cmocka_unit_test(test_peer_restarts),
		cmocka_unit_test(test_second_tunnel),
		cmocka_unit_test(test_two_tunnels_at_once),
		cmocka_unit_test(test_initial_contact_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
