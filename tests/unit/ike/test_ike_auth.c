// SPDX-License-Identifier: GPL-2.0
/* IKE_AUTH: pre-shared keys, identities, the first CHILD_SA, and both ends beginning at once. */
#include "unit/ike/ike_ends.h"

static void assert_failed(struct side *s, enum ike_failure failure, const char *part)
{
	ended_in(s, IKE_EV_FAILED, failure, part);
	assert_int_equal(peer_of(s)->state, PEER_DOWN);
}

/* An attempt of the peer's was refused: a word to people, and nothing else has changed. */
static void assert_refused(struct side *s, enum ike_failure failure, const char *part)
{
	ended_in(s, IKE_EV_REFUSED, failure, part);
	assert_int_equal(s->ev[IKE_EV_FAILED].count, 0);
	assert_int_equal(peer_of(s)->state, PEER_DOWN);
}

/* Nothing is left in kernel or engine once the aftermath is over. */
static void assert_clean(struct ends *p)
{
	carry_all(p);
	pass(p, 60000);
	for (int i = 0; i < 2; i++) {
		assert_true(TAILQ_EMPTY(&p->s[i].ike->sas));
		assert_true(fake_is_empty(&p->s[i].fake));
		assert_int_equal(p->s[i].ev[IKE_EV_UP].count, 0);
	}
}

static void test_wrong_psk(void **state)
{
	struct ends *p = ends_new();

	p->s[1].psk = "xecret";
	ends_start(p);
	attempt(p, 0);
	assert_failed(&p->s[0], IKE_FAIL_AUTH_REMOTE, "wrong psk, local-id or remote-id");
	assert_refused(&p->s[1], IKE_FAIL_AUTH_LOCAL, "192.0.2.1");
	/* remembered for its retransmissions, and counted among the strangers until then */
	assert_int_equal(only_sa(&p->s[1])->state, SA_CLOSED);
	assert_int_equal(p->s[1].ike->counters.half_open, 1);
	assert_clean(p);
	assert_int_equal(p->s[1].ike->counters.half_open, 0);
	ends_free(p);
}

/* A responder that does not know the key but lets us in must not get in here. */
static void test_responder_without_psk(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0];

	ends_start(p);
	start(p, 0);
	carry(a);
	carry(&p->s[1]);
	carry(a);		/* the responder is up */
	fake_secret(&a->fake, a->tunnel, "xecret");
	carry_all(p);
	assert_failed(a, IKE_FAIL_AUTH_LOCAL, "does not prove");
	assert_int_equal(p->s[1].ev[IKE_EV_DOWN].count, 1);
	p->s[1].ev[IKE_EV_UP].count = 0;
	assert_clean(p);
	ends_free(p);
}

static void test_identities(void **state)
{
	struct ends *p = ends_new();

	ike_id_parse(&p->s[0].conf.local_id, "paris@example.org");
	ike_id_parse(&p->s[0].conf.remote_id, "gw.example.org");
	ike_id_parse(&p->s[1].conf.local_id, "GW.example.org");
	ike_id_parse(&p->s[1].conf.remote_id, "paris@example.org");
	ends_start(p);
	bring_up(p, 0);
	ends_free(p);
}

static void test_responder_refuses_identity(void **state)
{
	struct ends *p = ends_new();

	ike_id_parse(&p->s[0].conf.local_id, "rome@example.org");
	ike_id_parse(&p->s[1].conf.remote_id, "paris@example.org");
	ends_start(p);
	attempt(p, 0);
	assert_failed(&p->s[0], IKE_FAIL_AUTH_REMOTE, "rome@example.org");
	assert_refused(&p->s[1], IKE_FAIL_ID, "rome@example.org");
	said(&p->s[1], IKE_EV_REFUSED, "remote-id is paris@example.org");
	assert_clean(p);
	ends_free(p);
}

/* It proves that it has the secret, and says IDr of another: some do, whatever was asked for. */
static void test_initiator_refuses_identity(void **state)
{
	struct ends *p = ends_new();

	ends_start(p);
	start(p, 0);
	carry(&p->s[0]);
	carry(&p->s[1]);
	carry(&p->s[0]);
	ike_id_parse(&tunnel_of(&p->s[0])->conf->remote_id, "gw.example.org");
	carry_all(p);
	assert_failed(&p->s[0], IKE_FAIL_ID, "remote-id is gw.example.org");
	assert_true(fake_is_empty(&p->s[0].fake));
	ends_free(p);
}

static void test_responder_is_not_the_one_asked_for(void **state)
{
	struct ends *p = ends_new();

	ike_id_parse(&p->s[0].conf.remote_id, "gw.example.org");
	ends_start(p);
	attempt(p, 0);
	/* U12: each end says what was asked for and what it is, once */
	assert_failed(&p->s[0], IKE_FAIL_AUTH_REMOTE, "and asked for gw.example.org");
	assert_refused(&p->s[1], IKE_FAIL_ID, "asks for gw.example.org");
	said(&p->s[1], IKE_EV_REFUSED, "local-id is 192.0.2.2");
	assert_clean(p);
	ends_free(p);
}

static void assert_ts(const struct ts_list *list, const char *want)
{
	char text[512];

	assert_string_equal(ts_list_str(list, text, sizeof(text)), want);
}

static void test_narrowing(void **state)
{
	struct ends *p = ends_new();
	const struct fake_policy *a = &p->s[0].fake.policy[0], *b = &p->s[1].fake.policy[0];

	set_ts(&p->s[0], "10.1.0.0/16 172.16.0.0/12", "0.0.0.0/0");
	set_ts(&p->s[1], "10.2.0.0/24 10.9.0.0/24", "10.1.5.0/24");
	ends_start(p);
	bring_up(p, 0);
	assert_ts(a->local_ts, "10.1.5.0/24");
	assert_ts(a->remote_ts, "10.2.0.0/24, 10.9.0.0/24");
	assert_true(ts_list_equal(a->remote_ts, b->local_ts));
	assert_true(ts_list_equal(a->local_ts, b->remote_ts));
	ends_free(p);
}

static void test_no_selectors_in_common(void **state)
{
	struct ends *p = ends_new();

	set_ts(&p->s[1], "10.3.0.0/24", "10.1.0.0/24");
	ends_start(p);
	attempt(p, 0);
	assert_failed(&p->s[0], IKE_FAIL_TS, "10.2.0.0/24");
	said(&p->s[1], IKE_EV_REFUSED, "ours: 10.3.0.0/24");
	said(&p->s[1], IKE_EV_REFUSED, "the peer's: 10.2.0.0/24");
	assert_int_equal(p->s[1].ev[IKE_EV_REFUSED].failure, IKE_FAIL_TS);
	assert_clean(p);
	ends_free(p);
}

static void test_no_esp_proposal(void **state)
{
	struct ends *p = ends_new();

	set_esp(&p->s[1], "aes256-sha256-noesn");
	ends_start(p);
	attempt(p, 0);
	assert_failed(&p->s[0], IKE_FAIL_NO_PROPOSAL_CHILD, "aes128gcm16-esn");
	assert_int_equal(p->s[1].ev[IKE_EV_REFUSED].failure, IKE_FAIL_NO_PROPOSAL_CHILD);
	said(&p->s[1], IKE_EV_REFUSED, "the peer's: aes128gcm16-esn");
	said(&p->s[1], IKE_EV_REFUSED, "ours: aes256-sha256");
	assert_clean(p);
	ends_free(p);
}

static void test_kernel_refuses(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = ends_new();
		struct side *s = &p->s[who];

		ends_start(p);
		start(p, 0);
		carry(&p->s[0]);
		s->fake.kernel_refuses = "no such cipher here";
		carry_all(p);
		if (who)
			said(s, IKE_EV_REFUSED, "no such cipher here");
		else
			assert_failed(s, IKE_FAIL_KERNEL, "no such cipher here");
		assert_int_equal(peer_of(&p->s[!who])->state, PEER_DOWN);
		s->fake.kernel_refuses = NULL;
		p->s[1].ev[IKE_EV_UP].count = 0;
		assert_clean(p);
		ends_free(p);
	}
}

/* A copy of a request is answered with the same octets; nothing else happens. */
static void test_answered_from_cache(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter request, answer;

	ends_start(p);
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
	assert_int_equal(b->fake.in_count, 1);
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
	ends_free(p);
}

/* The responder believes it is up, we do not: time must tell it. */
static void test_answer_lost_for_ever(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	b->conf.dpd_s = 10;
	ends_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	carry(a);
	while (drop(b))
		;
	pass(p, 120000);
	assert_failed(a, IKE_FAIL_TIMEOUT, "IKE_AUTH");
	assert_int_equal(b->ev[IKE_EV_DOWN].failure, IKE_FAIL_TIMEOUT);
	assert_int_equal(b->fake.in_count, 0);
	ends_free(p);
}

static void test_taken_back(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	ends_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	carry(a);
	assert_int_equal(side_down(a), 0);
	assert_failed(a, IKE_FAIL_DOWN, "taken down");
	carry_all(p);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 1);
	b->ev[IKE_EV_UP].count = 0;
	assert_clean(p);
	ends_free(p);
}

static void assert_one_pair(struct ends *p)
{
	pass(p, 60000);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
		assert_int_equal(p->s[i].fake.in_count, 1);
		assert_int_equal(p->s[i].fake.reserved, 0);
		assert_int_equal(fake_out_spi(&p->s[i].fake), p->s[!i].fake.in[0].sa.spi);
		assert_int_equal(p->s[i].ev[IKE_EV_FAILED].count, 0);
	}
	assert_int_equal(only_sa(&p->s[0])->spi_i, only_sa(&p->s[1])->spi_i);
}

/* Both begin at once; every way in which the first eight messages can cross. */
static void test_both_begin(void **state)
{
	for (unsigned int order = 0; order < 256; order++) {
		struct ends *p = ends_new();

		ends_start(p);
		assert_int_equal(side_up(&p->s[0]), 0);
		assert_int_equal(side_up(&p->s[1]), 0);
		pass(p, 0);
		for (int i = 0; i < 8; i++)
			carry(&p->s[order >> i & 1]);
		carry_all(p);
		/* one may be told to come again: then the other's attempt is there by now */
		assert_one_pair(p);
		ends_free(p);
	}
}

/* The peer comes anew: its INITIAL_CONTACT ends what was. */
static void test_peer_restarts(void **state)
{
	struct ends *p = ends_new();
	struct side *b = &p->s[1];

	ends_start(p);
	bring_up(p, 0);
	side_restart(&p->s[0]);
	attempt(p, 0);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 0);
	assert_int_equal(b->ev[IKE_EV_CHILD_DOWN].count, 0);
	/* it was up all the time: that is said once */
	assert_int_equal(b->ev[IKE_EV_UP].count, 1);
	assert_int_equal(b->ev[IKE_EV_CHILD_UP].count, 1);
	assert_int_equal(b->ev[IKE_EV_CHILD_REKEYED].count, 1);
	assert_one_pair(p);
	ends_free(p);
}

static bool is_zero(const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		if (b[i])
			return false;
	return true;
}

/* What only the proofs need, RFC 7296 2.15, is wiped as soon as they are over, at either end. */
static void test_proof_is_forgotten(void **state)
{
	struct ends *p = ends_new();
	struct ike_sa *a, *b;

	ends_start(p);
	start(p, 0);
	carry(&p->s[0]);
	carry(&p->s[1]);
	a = only_sa(&p->s[0]);
	b = only_sa(&p->s[1]);
	assert_false(is_zero(b->sk_pi, sizeof(b->sk_pi)) || is_zero(b->sk_pr, sizeof(b->sk_pr)));
	assert_memory_equal(a->sk_pi, b->sk_pi, sizeof(a->sk_pi));
	carry(&p->s[0]);
	assert_true(is_zero(b->sk_pi, sizeof(b->sk_pi)) && is_zero(b->sk_pr, sizeof(b->sk_pr)));
	assert_false(is_zero(a->sk_pi, sizeof(a->sk_pi)));
	carry(&p->s[1]);
	assert_true(is_zero(a->sk_pi, sizeof(a->sk_pi)) && is_zero(a->sk_pr, sizeof(a->sk_pr)));
	assert_false(is_zero(a->sk_d, sizeof(a->sk_d)));
	assert_null(a->init_i.p);
	assert_null(b->init_r.p);
	ends_free(p);
}

/* Two tunnels between the same two, the second with a secret of its own. */
static struct ends *ends_with_second(uint32_t second[2])
{
	struct ends *p = ends_new();

	ends_start(p);
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		set_ts(s, i ? "10.4.0.0/24" : "10.3.0.0/24", i ? "10.3.0.0/24" : "10.4.0.0/24");
		snprintf(s->conf.name, sizeof(s->conf.name), "u");
		assert_int_equal(ike_tunnel_add(s->ike, &s->conf, &second[i]), 0);
		fake_secret(&s->fake, second[i], "uecret");
	}
	return p;
}

static void assert_is_up(struct side *s, uint32_t tunnel)
{
	assert_int_equal(tunnel_only_peer(tunnel_find(s->ike, tunnel))->state, PEER_UP);
}

/* The second must not end the first. */
static void second_tunnel(bool at_once)
{
	uint32_t second[2];
	struct ends *p = ends_with_second(second);

	if (at_once)
		assert_int_equal(side_up(&p->s[0]), 0);
	else
		bring_up(p, 0);
	assert_int_equal(ike_up(p->s[0].ike, second[0]), 0);
	pass(p, 0);
	carry_all(p);
	for (int i = 0; i < 2; i++) {
		assert_is_up(&p->s[i], p->s[i].tunnel);
		assert_is_up(&p->s[i], second[i]);
		assert_int_equal(p->s[i].ev[IKE_EV_DOWN].count, 0);
	}
	ends_free(p);
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
	uint32_t second[2];
	struct ends *p = ends_with_second(second);
	struct side *b = &p->s[1];

	assert_int_equal(side_up(&p->s[0]), 0);
	assert_int_equal(ike_up(p->s[0].ike, second[0]), 0);
	pass(p, 0);
	carry_all(p);
	side_restart(&p->s[0]);
	fake_secret(&p->s[0].fake, p->s[0].tunnel, "uecret");
	attempt(p, 0);
	assert_is_up(b, b->tunnel);
	assert_is_up(b, second[1]);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 0);
	ends_free(p);
}

/* ---- jobs: the pre-shared key is elsewhere */

/* Whoever waits for one, it ends late: the peer's retransmissions are swallowed meanwhile. */
static void test_slow_secrets(void **state)
{
	for (int who = 0; who < 2; who++) {
		struct ends *p = ends_new();
		struct side *s = &p->s[who], *other = &p->s[!who];

		ends_start(p);
		s->fake.hold_jobs = true;
		start(p, 0);
		for (int i = 0; i < 40 && peer_of(s)->state != PEER_UP; i++) {
			unsigned int jobs = s->fake.jobs_begun, done;

			carry_all(p);
			assert_true(s->fake.job_count <= 1);
			pass(p, 1500);		/* what waits for an answer is sent again */
			carry_all(p);
			done = s->fake.jobs_begun - jobs;
			assert_true(done <= 1);
			fake_job_end(&s->fake, s->ike);
		}
		carry_all(p);
		assert_int_equal(peer_of(s)->state, PEER_UP);
		assert_int_equal(peer_of(other)->state, PEER_UP);
		assert_int_equal(s->fake.jobs_begun, 2);
		for (int i = 0; i < 2; i++)
			assert_int_equal(p->s[i].ev[IKE_EV_UP].count, 1);
		ends_free(p);
	}
}

/*
 * One that never ends, or cannot begin, ends the attempt with a sentence. Nobody is told to compare
 * secrets that were never compared.
 */
static void test_no_secrets(void **state)
{
	for (int what = 0; what < 4; what++) {
		struct ends *p = ends_new();
		struct side *s = &p->s[what & 1];
		const char *why = what < 2 ? "it was not done in 20 s" : "its keeper is busy";

		ends_start(p);
		s->fake.hold_jobs = what < 2;
		s->fake.no_jobs = what >= 2;
		attempt(p, 0);
		pass(p, 21000);
		carry_all(p);
		pass(p, 60000);
		assert_int_equal(p->s[0].ev[IKE_EV_FAILED].count, 1);
		if (!(what & 1)) {
			assert_int_equal(s->ev[IKE_EV_FAILED].failure, IKE_FAIL_CONFIG);
			said(s, IKE_EV_FAILED, why);
		} else {
			ended_in(s, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, why);
			assert_null(strstr(s->ev[IKE_EV_REFUSED].detail, "compare psk"));
		}
		s->fake.hold_jobs = false;
		fake_jobs_run(&s->fake, s->ike);	/* too late */
		assert_clean(p);
		ends_free(p);
	}
}

/* Who has proved itself, but cannot be served, is not remembered: it may have many names. */
static void test_no_device_no_peer(void **state)
{
	struct ends *p = ends_new();
	struct side *b = &p->s[1];

	set_remote(b, "any");
	ends_start(p);
	b->fake.device_refuses = "no module";
	attempt(p, 0);
	ended_in(b, IKE_EV_REFUSED, IKE_FAIL_INTERFACE, "no module");
	assert_int_equal(ike_peer_next(b->ike, b->tunnel, 0), 0);
	assert_clean(p);
	ends_free(p);
}

/* A job that ends well without a MAC proves nothing: AUTH is not compared with zeros. */
static void test_no_mac_is_no_proof(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];
	const struct ike_job_result zeros = { .mac = { (const uint8_t[32]){0}, 32 } }, none = {0};

	ends_start(p);
	a->fake.hold_jobs = b->fake.hold_jobs = true;
	start(p, 0);
	carry(a);
	carry(b);
	ike_job_done(a->ike, a->fake.job[0].id, &zeros);
	carry(a);
	assert_int_equal(b->fake.job_count, 1);
	ike_job_done(b->ike, b->fake.job[0].id, &none);
	assert_int_equal(b->fake.job_count, 1);	/* none for a proof of its own */
	ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "wrong length");
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_psk),
		cmocka_unit_test(test_no_device_no_peer),
		cmocka_unit_test(test_no_mac_is_no_proof),
		cmocka_unit_test(test_responder_without_psk),
		cmocka_unit_test(test_identities),
		cmocka_unit_test(test_responder_refuses_identity),
		cmocka_unit_test(test_initiator_refuses_identity),
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
		cmocka_unit_test(test_proof_is_forgotten),
		cmocka_unit_test(test_second_tunnel),
		cmocka_unit_test(test_two_tunnels_at_once),
		cmocka_unit_test(test_initial_contact_of_one),
		cmocka_unit_test(test_slow_secrets),
		cmocka_unit_test(test_no_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
