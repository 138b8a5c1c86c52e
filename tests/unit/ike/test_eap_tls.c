// SPDX-License-Identifier: GPL-2.0
/* EAP-TLS: flights in packets, through IKE_AUTH and one by one. TLS itself is fake/fake_tls.h. */
#include <stdlib.h>

#include "ike/auth/eap.h"
#include "suite/ikev2.h"
#include "unit/ike/ike_ends.h"

#define CERT_A	"alice|a|ca|24"
#define CERT_B	"192.0.2.2|b|ca|48"

/* A is the client alice, B the server, each with a certificate. */
static struct ends *tls_ends_with(const char *client, const char *server, const char *cert_a,
				  const char *cert_b)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.local_auth = &auth_eap_ops;
	b->conf.remote_auth = &auth_eap_ops;
	memcpy(a->conf.eap, client, strlen(client));
	memcpy(b->conf.eap, server, strlen(server));
	assert_true(ike_id_parse(&a->conf.eap_id, "alice"));
	ends_start(p);
	fake_tls_keys(&a->fake, a->tunnel, cert_a, "ca");
	fake_tls_keys(&b->fake, b->tunnel, cert_b, "ca");
	fake_password(&a->fake, "", "wonderland");
	fake_password(&b->fake, "alice", "wonderland");
	return p;
}

static struct ends *tls_ends_only(const char *client, const char *server, bool a, bool b)
{
	struct ends *p = tls_ends_with(client, server, CERT_A, CERT_B);
	bool only[] = { a, b };

	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		ike_tunnel_del(s->ike, s->tunnel);
		s->conf.eap_only = only[i];
		assert_int_equal(ike_tunnel_add(s->ike, &s->conf, &s->tunnel), 0);
		fake_secret(&s->fake, s->tunnel, "secret");
		fake_tls_keys(&s->fake, s->tunnel, i ? CERT_B : CERT_A, "ca");
	}
	return p;
}

static struct ends *tls_ends(void)
{
	return tls_ends_with("\15", "\15", CERT_A, CERT_B);
}

/* INIT, the beginning, identity, hello, two acknowledgements, three parts, one, the proof. */
static void test_up(void **state)
{
	struct ends *p = tls_ends();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_id alice;

	bring_up(p, 0);
	assert_int_equal(a->sent, 11);
	assert_int_equal(b->sent, 11);
	assert_int_equal(a->fake.jobs_begun, 4);	/* three steps of TLS, B's proof */
	assert_int_equal(b->fake.jobs_begun, 3);
	assert_true(ike_id_parse(&alice, "alice"));
	assert_true(ike_id_equal(&peer_of(b)->sa->remote_id, &alice));
	/* each knows how long the other's certificate is valid: A by B's proof, B by TLS */
	assert_int_equal(peer_of(a)->sa->certified_ms, 0);
	assert_int_equal(peer_of(b)->sa->certified_ms, p->now + UINT64_C(24) * 3600000);
	/* nothing is left of the conversations */
	assert_int_equal(fake_tls_count(&a->fake.tls), 0);
	assert_int_equal(fake_tls_count(&b->fake.tls), 0);
	ends_free(p);
}

static void refused(const char *cert_a, const char *cert_b, const char *of_a, const char *of_b)
{
	struct ends *p = tls_ends_with("\15", "\15", cert_a, cert_b);

	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE, of_a);
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, of_b);
	assert_given_up(p);
	ends_free(p);
}

/* Each end's certificate is looked at, and the other end hears that it is no good. */
static void test_refused(void **state)
{
	refused("alice|a|another ca|24", CERT_B, "the other end of TLS says: alert",
		"user alice: its certificate is of an unknown CA");
	refused("bob|a|ca|24", CERT_B, "the other end of TLS says: alert",
		"user alice: its certificate does not speak for it");
	refused("alice|a|ca|0", CERT_B, "the other end of TLS says: alert",
		"user alice: its certificate has expired");
	refused(CERT_A, "192.0.2.2|b|another ca|24",
		"the server refuses alice: its certificate is of an unknown CA",
		"user alice: the other end of TLS says: alert");
	/* the certificate is another's than the gateway that has proved itself */
	refused(CERT_A, "192.0.2.3|b|ca|24",
		"the server refuses alice: its certificate does not speak for it",
		"user alice: the other end of TLS says: alert");
}

/* The server of EAP stands behind the gateway, and has a name of its own. */
static void test_aaa_id(void **state)
{
	struct ends *p = tls_ends_with("\15", "\15", CERT_A, "aaa.example.org|b|ca|24");
	struct side *a = &p->s[0];

	ike_tunnel_del(a->ike, a->tunnel);
	assert_true(ike_id_parse(&a->conf.aaa_id, "aaa.example.org"));
	assert_int_equal(ike_tunnel_add(a->ike, &a->conf, &a->tunnel), 0);
	fake_secret(&a->fake, a->tunnel, "secret");
	fake_tls_keys(&a->fake, a->tunnel, CERT_A, "ca");
	bring_up(p, 0);
	ends_free(p);
}

/* Who has no certificate says so, and gets another method. */
static void test_nak(void **state)
{
	struct ends *p = tls_ends_with("\32", "\15\32", CERT_A, CERT_B);

	bring_up(p, 0);
	assert_int_equal(fake_tls_count(&p->s[1].fake.tls), 0);
	ends_free(p);
}

/* RFC 5998: where both are content with that, B has no proof but TLS. */
static void test_eap_only(void **state)
{
	static const struct {
		bool a, b;
		const char *client, *server;
		unsigned int jobs_of_a, jobs_of_b;
	} rows[] = {
		{ true, true, "\15", "\15", 3, 2 },
		{ true, false, "\15", "\15", 4, 3 },
		{ false, true, "\15", "\15", 4, 3 },
		/* what proves too little is not tried */
		{ true, true, "\4\15", "\4\32\15", 3, 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ends *p = tls_ends_only(rows[i].client, rows[i].server, rows[i].a,
					       rows[i].b);
		struct side *a = &p->s[0], *b = &p->s[1];

		bring_up(p, 0);
		assert_int_equal(a->fake.jobs_begun, rows[i].jobs_of_a);
		assert_int_equal(b->fake.jobs_begun, rows[i].jobs_of_b);
		assert_int_equal(peer_of(a)->sa->remote_id.type, ID_IPV4_ADDR);
		assert_int_equal(peer_of(b)->sa->certified_ms,
				 p->now + UINT64_C(24) * 3600000);
		if (rows[i].jobs_of_a == 3)	/* B has no other proof */
			assert_int_equal(peer_of(a)->sa->certified_ms,
					 p->now + UINT64_C(48) * 3600000);
		ends_free(p);
	}
}

/* Neither end is content with a password, whatever the other offers. */
static void test_eap_only_with_too_little(void **state)
{
	struct ends *p = tls_ends_only("\15\4", "\4", true, true);

	attempt(p, 0);
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "it wants none of our EAP methods");
	assert_given_up(p);
	ends_free(p);
	p = tls_ends_only("\4", "\15\4", true, true);
	attempt(p, 0);
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "it wants none of our EAP methods");
	assert_given_up(p);
	ends_free(p);
}

/* B's certificate in TLS is another's: it has not proved that it is B. */
static void test_eap_only_impostor(void **state)
{
	struct ends *p = tls_ends_only("\15", "\15", true, true);

	fake_tls_keys(&p->s[1].fake, p->s[1].tunnel, "192.0.2.3|b|ca|24", "ca");
	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE,
		 "its certificate does not speak for it");
	assert_given_up(p);
	ends_free(p);
}

/* At every moment one end's jobs cannot begin, or do not end. */
static void test_jobs_fail(void **state)
{
	for (int who = 0; who < 2; who++) {
		for (int steps = 0; steps < 22; steps++) {
			struct ends *p = tls_ends();
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

/* ---- packet by packet */

struct talk {
	struct ends *p;
	struct auth_session *s;
};

static struct talk talk_new(bool client)
{
	struct talk t = { .p = tls_ends() };
	struct side *a = &t.p->s[0];
	struct octets covered = {0};

	start(t.p, 0);
	t.s = auth_begin(only_sa(a), a->tunnel, &auth_eap_ops, client, &covered);
	/* as the peer of a client would be known by now */
	assert_true(ike_id_parse(&only_sa(a)->remote_id, "192.0.2.2"));
	return t;
}

static enum auth_state say(struct talk *t, uint8_t code, uint8_t id, uint8_t type,
			   const void *data, size_t len)
{
	struct side *a = &t->p->s[0];
	uint8_t out[8192] = { code, id, (5 + len) >> 8, (5 + len) & 0xff, type };
	struct chunk input = { out, 5 + len };
	enum auth_state state;

	memcpy(out + 5, data, len);
	while ((state = auth_step(t->s, input)) == AUTH_PENDING)
		assert_true(fake_job_end(&a->fake, a->ike));
	return state;
}

static enum auth_state request(struct talk *t, uint8_t id, const void *data, size_t len)
{
	return say(t, EAP_REQUEST, id, EAP_TYPE_TLS, data, len);
}

/* To the last request of the server's. */
static enum auth_state response(struct talk *t, const void *data, size_t len)
{
	return say(t, EAP_RESPONSE, t->s->out[1], EAP_TYPE_TLS, data, len);
}

static void failed(struct talk *t, enum auth_state state, const char *why)
{
	assert_int_equal(state, AUTH_FAILED);
	if (!strstr(t->s->why, why))
		fail_msg("\"%s\" does not say \"%s\"", t->s->why, why);
	assert_int_equal(t->s->key_len, 0);
	ends_free(t->p);
}

static struct talk client(void)
{
	struct talk t = talk_new(true);

	assert_int_equal(request(&t, 1, "\x20", 1), AUTH_MORE);
	assert_int_equal(t.s->out_len, 6 + 200);
	assert_int_equal(t.s->out[5], 0);
	return t;
}

static struct talk server(void)
{
	struct talk t = talk_new(false);

	assert_int_equal(auth_step(t.s, (struct chunk){ NULL, 0 }), AUTH_MORE);
	assert_int_equal(say(&t, EAP_RESPONSE, t.s->out[1], EAP_TYPE_IDENTITY, "alice", 5),
			 AUTH_MORE);
	assert_int_equal(t.s->out_len, 6);
	assert_int_equal(t.s->out[5], 0x20);
	return t;
}

static void test_client_parts(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *why;
	} rows[] = {
		{ "\x20", 1, "tls starts again" },
		{ "\x80", 1, "announces more than we take" },
		{ "\x80\0\0\x40\1", 5, "announces more than we take" },	/* 16385 */
		{ "\xff\xff\xff\xff\xff", 5, "starts again" },
		{ "\xc0\0\0\0\5hello", 10, "has not the length that was announced" },
		{ "\x80\0\0\0\5hell", 9, "has not the length that was announced" },
		{ "\x80\0\0\0\5hello!", 11, "has not the length that was announced" },
		{ "\x40", 1, "says that more comes, and has nothing" },
		{ "\xc0\0\0\0\5", 5, "says that more comes, and has nothing" },
		{ "\0what?", 6, "TLS: an unexpected flight" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct talk t = client();
		enum auth_state last = request(&t, 2, rows[i].octets, rows[i].len);
		uint8_t failure[] = { EAP_FAILURE, 3, 0, 4 };

		if (last == AUTH_MORE)	/* its alert; then the server ends it */
			last = auth_step(t.s, (struct chunk){ failure, 4 });
		failed(&t, last, rows[i].why);
	}
	struct talk t = talk_new(true);

	failed(&t, request(&t, 1, "\0hello", 6), "tls begins without its start");
	t = talk_new(true);
	failed(&t, request(&t, 1, "", 0), "tls begins without its start");
}

/* Neither a length that changes nor a flight without an end is held. */
static void test_client_bounds(void **state)
{
	static uint8_t part[1001];
	struct talk t = client();
	enum auth_state last = AUTH_MORE;
	unsigned int i;

	part[0] = 0x40;
	for (i = 0; i < 60 && last == AUTH_MORE; i++)
		last = request(&t, (uint8_t)(i + 2), part, sizeof(part));
	assert_int_equal(i, 17);
	failed(&t, last, "makes the flight longer than we take");
	t = client();
	assert_int_equal(request(&t, 2, "\xc0\0\0\0\x9hello", 10), AUTH_MORE);
	assert_int_equal(t.s->out_len, 6);
	failed(&t, request(&t, 3, "\xc0\0\0\0\xahell", 9), "announces another length");
	t = client();
	assert_int_equal(request(&t, 2, "\xc0\0\0\0\x9hello", 10), AUTH_MORE);
	failed(&t, request(&t, 3, "\0", 1), "has not the length that was announced");
}

/* EAP-Success counts after the end of TLS only. */
static void test_client_success(void **state)
{
	uint8_t success[] = { EAP_SUCCESS, 3, 0, 4 };
	struct talk t = client();

	failed(&t, auth_step(t.s, (struct chunk){ success, 4 }), "before the end of a method");
}

/* Our flight goes out part by part, each after its acknowledgement. */
static void test_server_parts(void **state)
{
	struct talk t = server();
	uint8_t hello[201] = "\0hello ";

	assert_int_equal(response(&t, hello, sizeof(hello)), AUTH_MORE);
	assert_int_equal(t.s->out_len, 5 + 5 + 1000);
	assert_memory_equal(t.s->out + 5, "\xc0\0\0\x09\xc4server ", 12);
	assert_int_equal(response(&t, "\0", 1), AUTH_MORE);
	assert_int_equal(t.s->out_len, 6 + 1000);
	assert_int_equal(t.s->out[5], 0x40);
	assert_int_equal(response(&t, "\0", 1), AUTH_MORE);
	assert_int_equal(t.s->out_len, 6 + 500);
	assert_int_equal(t.s->out[5], 0);
	failed(&t, response(&t, "\0", 1), "an empty packet of tls");
	t = server();
	assert_int_equal(response(&t, hello, sizeof(hello)), AUTH_MORE);
	failed(&t, response(&t, "\0more", 5), "it speaks before it has heard our flight");
	t = server();
	failed(&t, response(&t, "\0", 1), "an empty packet of tls");
	t = server();
	failed(&t, response(&t, "\x40", 1), "an empty packet of tls");
	t = server();
	assert_int_equal(response(&t, "\0rubbish", 8), AUTH_MORE);	/* our alert */
	assert_memory_equal(t.s->out + 6, "alert", 5);
	failed(&t, response(&t, "\0", 1), "TLS: an unexpected flight");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up),	       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_aaa_id),	       cmocka_unit_test(test_nak),
		cmocka_unit_test(test_eap_only),       cmocka_unit_test(test_eap_only_impostor),
		cmocka_unit_test(test_eap_only_with_too_little),
		cmocka_unit_test(test_jobs_fail),      cmocka_unit_test(test_client_parts),
		cmocka_unit_test(test_client_bounds),  cmocka_unit_test(test_client_success),
		cmocka_unit_test(test_server_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
