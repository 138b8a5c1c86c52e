// SPDX-License-Identifier: GPL-2.0
/* EAP through IKE_AUTH, RFC 7296 2.16: A is the client, B the server. */
#include <stdlib.h>

#include "ike/auth/eap.h"
#include "suite/ikev2.h"
#include "unit/ike/ike_ends.h"

/* @client, @server: types of methods as octets of a string. */
static struct ends *eap_ends(const char *client, const char *server)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.local_auth = &auth_eap_ops;
	b->conf.remote_auth = &auth_eap_ops;
	memcpy(a->conf.eap, client, strlen(client));
	memcpy(b->conf.eap, server, strlen(server));
	assert_true(ike_id_parse(&a->conf.eap_id, "alice"));
	fake_password(&a->fake, "", "wonderland");
	fake_password(&b->fake, "alice", "wonderland");
	fake_password(&b->fake, "bob@example.org", "builder");
	ends_start(p);
	return p;
}

/* How many messages of A's each method takes: INIT, the beginning, identity, method, proof. */
static void test_methods(void **state)
{
	static const struct {
		const char *types;
		unsigned int messages;
	} rows[] = { { "\4", 5 }, { "\32", 6 } };

	for (int i = 0; i < 2; i++) {
		struct ends *p = eap_ends(rows[i].types, rows[i].types);
		struct side *a = &p->s[0], *b = &p->s[1];
		struct ike_id alice;

		bring_up(p, 0);
		assert_int_equal(a->sent, rows[i].messages);
		assert_int_equal(b->sent, rows[i].messages);
		assert_int_equal(a->fake.jobs_begun, 2);	/* its own password, B's proof */
		assert_int_equal(b->fake.jobs_begun, 2);
		/* B knows it by the name that it has proved, A knows B by its own */
		assert_true(ike_id_parse(&alice, "alice"));
		assert_true(ike_id_equal(&peer_of(b)->sa->remote_id, &alice));
		assert_int_equal(peer_of(a)->sa->remote_id.type, ID_IPV4_ADDR);
		soft_limit(b);
		carry_all(p);
		assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
		ends_free(p);
	}
}

/* The key of mschapv2 makes both proofs at the end; with md5 it is SK_pi and SK_pr. */
static void test_the_key_is_used(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct ends *p = eap_ends(i ? "\4" : "\32", i ? "\4" : "\32");
		struct side *a = &p->s[0], *b = &p->s[1];
		uint8_t want[PRF_LEN_MAX], key[64] = { 0 };
		const struct auth_session *s;
		struct ike_sa *sa;
		struct chunk with, covered;
		struct letter l;
		struct msg m;

		start(p, 0);
		for (int step = 0; step < (i ? 4 : 5); step++) {
			carry(a);
			carry(b);
		}
		sa = only_sa(b);
		s = sa->auth[false];
		l = *oldest(a);
		open_letter(sa, &l, &m);
		assert_true(m.seen[PAYLOAD_AUTH] && !m.seen[PAYLOAD_EAP]);
		assert_int_equal(s->key_len, i ? 0 : 64);
		assert_int_equal(!memcmp(s->key, key, 32), i);
		assert_memory_equal(s->key, only_sa(a)->auth[true]->key, 64);
		with = i ? (struct chunk){ sa->sk_pi, prf_len(sa->prf) } :
			   (struct chunk){ s->key, 64 };
		covered = (struct chunk){ s->covered.p, s->covered.len };
		assert_true(auth_psk(sa->prf, with, &covered, 1, want));
		assert_int_equal(m.auth.data.left, prf_len(sa->prf));
		assert_memory_equal(m.auth.data.at, want, prf_len(sa->prf));
		carry_all(p);
		assert_int_equal(peer_of(b)->state, PEER_UP);
		ends_free(p);
	}
}

static void wrong_proof(struct builder *b)
{
	uint8_t zeros[32] = { 0 };

	build_auth(b, AUTH_PSK, zeros, sizeof(zeros));
}

/* Who has the password but not the key, a man in the middle, is not let in. */
static void test_a_wrong_proof_at_the_end(void **state)
{
	struct ends *p = eap_ends("\32", "\32");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	start(p, 0);
	for (int step = 0; step < 5; step++) {
		carry(a);
		carry(b);
	}
	assert_true(drop(a));
	forge(only_sa(a), EXCHANGE_IKE_AUTH, 0, 5, wrong_proof, &l);
	give(b, &l);
	ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "its proof with the key is wrong");
	assert_int_equal(only_sa(b)->state, SA_CLOSED);
	assert_given_up(p);
	ends_free(p);
}

static void proof_of_a_stranger(struct builder *b)
{
	uint8_t zeros[32] = { 0 };

	build_auth(b, AUTH_PSK, zeros, sizeof(zeros));
}

/* The server's, likewise. */
static void test_a_wrong_proof_of_the_server(void **state)
{
	struct ends *p = eap_ends("\32", "\32");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	start(p, 0);
	for (int step = 0; step < 5; step++) {
		carry(a);
		carry(b);
	}
	forge(only_sa(b), EXCHANGE_IKE_AUTH, MSG_RESPONSE, 5, proof_of_a_stranger, &l);
	give(a, &l);
	assert_int_equal(a->ev[IKE_EV_UP].count, 0);
	said(a, IKE_EV_FAILED, "");
	ends_free(p);
}

static void test_wrong_password(void **state)
{
	static const char *const types[] = { "\4", "\32" };

	for (int i = 0; i < 2; i++) {
		struct ends *p = eap_ends(types[i], types[i]);

		fake_password(&p->s[0].fake, "", "looking-glass");
		attempt(p, 0);
		ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL,
			 "user alice: a wrong password");
		ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE,
			 i ? "the server refuses alice: wrong password or user name (E=691 R=0" :
			     "the server refuses alice");
		/* the server has forgotten it: nothing is sent to it any more */
		assert_int_equal(p->s[0].count, 0);
		assert_true(TAILQ_EMPTY(&p->s[0].ike->sas));
		assert_given_up(p);
		ends_free(p);
	}
}

/* One that hears of E=691 may never come back for EAP-Failure: it is told at once, and once. */
static void test_wrong_password_and_gone(void **state)
{
	struct ends *p = eap_ends("\32", "\32");
	struct side *a = &p->s[0], *b = &p->s[1];

	fake_password(&a->fake, "", "looking-glass");
	start(p, 0);
	for (int step = 0; step < 4; step++) {
		carry(a);
		carry(b);
	}
	ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "user alice: a wrong password");
	assert_int_equal(only_sa(b)->state, SA_INIT_ANSWERED);
	carry(a);
	assert_int_equal(only_sa(b)->state, SA_CLOSED);
	ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "user alice: a wrong password");
	assert_given_up(p);
	ends_free(p);
}

/* It looks the same to the client as a wrong password. */
static void test_unknown_user(void **state)
{
	struct ends *p = eap_ends("\32", "\32");
	struct side *a = &p->s[0];

	ike_tunnel_del(a->ike, a->tunnel);
	assert_true(ike_id_parse(&a->conf.eap_id, "mal\\x/ory"));
	assert_int_equal(ike_tunnel_add(a->ike, &a->conf, &a->tunnel), 0);
	fake_secret(&a->fake, a->tunnel, "secret");
	attempt(p, 0);
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL,
		 "user mal\\x5cx\\x2fory: no such user");
	said(a, IKE_EV_FAILED, "wrong password or user name (E=691 R=0");
	assert_given_up(p);
	ends_free(p);
}

/* The server's best first, and what the client wants instead. */
static void test_nak(void **state)
{
	struct ends *p = eap_ends("\4", "\32\4");

	bring_up(p, 0);
	assert_int_equal(p->s[0].sent, 6);
	ends_free(p);
	p = eap_ends("\4\32", "\32\4");
	bring_up(p, 0);
	assert_int_equal(p->s[0].sent, 6);
	ends_free(p);
}

static void test_no_method_in_common(void **state)
{
	struct ends *p = eap_ends("\4", "\32");

	attempt(p, 0);
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL,
		 "user alice: it wants none of our EAP methods: mschapv2");
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE,
		 "the server asks for mschapv2, eap has md5");
	assert_given_up(p);
	ends_free(p);
}

/* remote-id is what EAP has proved, not what the first message says. */
static void test_remote_id(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct ends *p = eap_ends("\32", "\32");
		struct side *b = &p->s[1];

		ike_tunnel_del(b->ike, b->tunnel);
		assert_true(ike_id_parse(&b->conf.remote_id, i ? "192.0.2.1" : "ALICE"));
		assert_int_equal(ike_tunnel_add(b->ike, &b->conf, &b->tunnel), 0);
		fake_secret(&b->fake, b->tunnel, "secret");
		attempt(p, 0);
		if (!i)
			assert_int_equal(peer_of(b)->state, PEER_UP);
		else
			said(b, IKE_EV_REFUSED, "it is alice, but remote-id is 192.0.2.1");
		if (i)
			assert_given_up(p);
		ends_free(p);
	}
}

/* Of many peers each is who EAP says. */
static void test_many(void **state)
{
	struct ends *p = eap_ends("\32", "\32");
	struct side *b = &p->s[1];

	ike_tunnel_del(b->ike, b->tunnel);
	set_remote(b, "any");
	assert_int_equal(ike_tunnel_add(b->ike, &b->conf, &b->tunnel), 0);
	fake_secret(&b->fake, b->tunnel, "secret");
	attempt(p, 0);
	assert_int_equal(b->ev[IKE_EV_UP].count, 1);
	assert_string_equal(b->ev[IKE_EV_UP].who, "t/alice");
	ends_free(p);
}

/* Only who begins can prove himself by EAP: the other end says what to do. */
static void test_begun_by_the_wrong_end(void **state)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.remote_auth = &auth_eap_ops;
	b->conf.local_auth = &auth_eap_ops;
	b->conf.eap[0] = a->conf.eap[0] = EAP_TYPE_MD5;
	ends_start(p);
	attempt(p, 0);
	ended_in(b, IKE_EV_REFUSED, IKE_FAIL_CONFIG,
		 "the peer begins, but we are to prove ourselves by EAP, which only who begins can");
	assert_given_up(p);
	ends_free(p);
}

/* Jobs take their time: what is sent again meanwhile is swallowed, and each is answered once. */
static void test_jobs_take_time(void **state)
{
	struct ends *p = eap_ends("\32", "\32");
	struct side *a = &p->s[0], *b = &p->s[1];

	a->fake.hold_jobs = b->fake.hold_jobs = true;
	start(p, 0);
	for (int step = 0; step < 200 && peer_of(a)->state != PEER_UP; step++) {
		carry(a);
		carry(b);
		pass(p, 300);
		if (step % 3 == 0)
			fake_job_end(&b->fake, b->ike);
		if (step % 5 == 0)
			fake_job_end(&a->fake, a->ike);
	}
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->fake.jobs_begun, 2);
	assert_int_equal(b->fake.jobs_begun, 2);
	ends_free(p);
}

/* At every moment one end's jobs cannot begin, or do not end. */
static void test_jobs_fail(void **state)
{
	for (int who = 0; who < 2; who++) {
		for (int steps = 0; steps < 12; steps++) {
			struct ends *p = eap_ends("\32", "\32");
			struct side *s = &p->s[who];

			start(p, 0);
			for (int i = 0; i < steps; i++)
				carry(&p->s[i & 1]);
			if (steps & 2)
				s->fake.no_jobs = true;
			else
				s->fake.hold_jobs = true;
			for (int i = 0; i < 20; i++) {
				carry_all(p);
				pass(p, 5000);
			}
			s->fake.hold_jobs = s->fake.no_jobs = false;
			fake_jobs_run(&s->fake, s->ike);
			carry_all(p);
			assert_int_equal(peer_of(&p->s[0])->state == PEER_UP,
					 peer_of(&p->s[1])->state == PEER_UP);
			if (peer_of(&p->s[0])->state != PEER_UP)
				for (int i = 0; i < 2; i++)
					assert_true(fake_is_empty(&p->s[i].fake));
			ends_free(p);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_the_key_is_used),
		cmocka_unit_test(test_a_wrong_proof_at_the_end),
		cmocka_unit_test(test_a_wrong_proof_of_the_server),
		cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_wrong_password_and_gone),
		cmocka_unit_test(test_unknown_user),
		cmocka_unit_test(test_nak),
		cmocka_unit_test(test_no_method_in_common),
		cmocka_unit_test(test_remote_id),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_begun_by_the_wrong_end),
		cmocka_unit_test(test_jobs_take_time),
		cmocka_unit_test(test_jobs_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
