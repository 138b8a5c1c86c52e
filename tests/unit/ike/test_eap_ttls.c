// SPDX-License-Identifier: GPL-2.0
/*
 * EAP-TTLS: through IKE_AUTH and packet by packet. TLS itself is fake/fake_tls.h, in the order of
 * TLS 1.3 where the server's conversation has an odd number, else of TLS 1.2.
 */
#include <stdlib.h>

#include "ike/auth/eap.h"
#include "ike/object/guess.h"
#include "suite/ikev2.h"
#include "unit/ike/ike_ends.h"
#include "wire/avp.h"

#define CERT_B	"192.0.2.2|b|ca|48"

/* A is the client alice, B the server with a certificate. @new: as TLS 1.3. */
static struct ends *ttls_ends(enum tunnel_ttls way, bool new, const char *cert_b,
			      const char *password)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.local_auth = &auth_eap_ops;
	b->conf.remote_auth = &auth_eap_ops;
	a->conf.eap[0] = b->conf.eap[0] = EAP_TYPE_TTLS;
	a->conf.ttls = way;
	assert_true(ike_id_parse(&a->conf.eap_id, "alice"));
	ends_start(p);
	fake_tls_keys(&a->fake, a->tunnel, "", "ca");
	fake_tls_keys(&b->fake, b->tunnel, cert_b, "ca");
	fake_password(&a->fake, "", password);
	fake_password(&b->fake, "alice", "wonderland");
	b->ike->last_conversation = !new;
	return p;
}

/* In each way, in the order of each version; the key is that of TLS at both ends. */
static void test_up(void **state)
{
	for (int i = 0; i < 6; i++) {
		struct ends *p = ttls_ends((enum tunnel_ttls)(i / 2), i % 2, CERT_B, "wonderland");
		struct side *b = &p->s[1];
		struct ike_id alice;

		bring_up(p, 0);
		assert_true(ike_id_parse(&alice, "alice"));
		assert_true(ike_id_equal(&peer_of(b)->sa->remote_id, &alice));
		for (int end = 0; end < 2; end++)
			assert_int_equal(fake_tls_count(&p->s[end].fake.tls), 0);
		ends_free(p);
	}
}

static void refused(enum tunnel_ttls way, const char *cert_b, const char *password,
		    const char *of_a, const char *of_b)
{
	for (int new = 0; new < 2; new++) {
		struct ends *p = ttls_ends(way, new, cert_b, password);

		attempt(p, 0);
		ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE, of_a);
		ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, of_b);
		assert_given_up(p);
		ends_free(p);
	}
}

static void test_wrong_password(void **state)
{
	static const char why[] = "user alice: a wrong password";

	refused(TTLS_PAP, CERT_B, "wonder", "the server refuses alice", why);
	refused(TTLS_MSCHAPV2, CERT_B, "wonder", "the server refuses alice", why);
	refused(TTLS_EAP, CERT_B, "wonder", "wrong password or user name", why);
}

/* The server is another's, or of an unknown CA: nothing is said inside, fake.c would break. */
static void test_wrong_server(void **state)
{
	for (int way = 0; way < 3; way++) {
		refused((enum tunnel_ttls)way, "192.0.2.2|b|another ca|24", "wonderland",
			"the server refuses alice: its certificate is of an unknown CA",
			"user alice: the other end of TLS says: alert");
		refused((enum tunnel_ttls)way, "192.0.2.3|b|ca|24", "wonderland",
			"the server refuses alice: its certificate does not speak for it",
			"user alice: the other end of TLS says: alert");
		refused((enum tunnel_ttls)way, "192.0.2.2|b|ca|0", "wonderland",
			"the server refuses alice: its certificate has expired",
			"user alice: the other end of TLS says: alert");
	}
}

/* At every moment one end's jobs cannot begin, or do not end. */
static void test_jobs_fail(void **state)
{
	for (int run = 0; run < 12 * 28; run++) {
		int steps = run % 28, who = run / 28 % 2;
		struct ends *p = ttls_ends((enum tunnel_ttls)(run / 56 % 3), run / 168, CERT_B,
					   "wonderland");
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

/* ---- packet by packet */

struct talk {
	struct ends *p;
	struct auth_session *s;
	uint8_t id;
	uint8_t inside[AVP_MESSAGE_MAX];	/* what is to be said next */
	struct writer w;
	bool new;
};

static struct talk *talk_new(bool client, enum tunnel_ttls way, bool new)
{
	struct talk *t = calloc(1, sizeof(*t));
	struct octets covered = {0};
	struct side *a;

	t->p = ttls_ends(way, true, CERT_B, "wonderland");
	a = &t->p->s[0];
	a->ike->last_conversation = !new;
	t->new = new;
	if (!client)
		fake_tls_keys(&a->fake, a->tunnel, CERT_B, "ca");
	fake_password(&a->fake, client ? "" : "alice", "wonderland");
	start(t->p, 0);
	t->s = auth_begin(only_sa(a), a->tunnel, &auth_eap_ops, client, &covered);
	assert_true(ike_id_parse(&only_sa(a)->remote_id, "192.0.2.2"));
	t->w = writer_of(t->inside, sizeof(t->inside));
	return t;
}

static void talk_free(struct talk *t)
{
	ends_free(t->p);
	free(t);
}

static enum auth_state say(struct talk *t, uint8_t type, const void *data, size_t len)
{
	struct side *a = &t->p->s[0];
	uint8_t code = t->s->prover ? EAP_REQUEST : EAP_RESPONSE;
	uint8_t id = t->s->prover ? ++t->id : t->s->out[1];
	uint8_t out[8192] = { code, id, (5 + len) >> 8, (5 + len) & 0xff, type };
	struct chunk input = { out, 5 + len };
	enum auth_state state;

	memcpy(out + 5, data, len);
	while ((state = auth_step(t->s, input)) == AUTH_PENDING)
		assert_true(fake_job_end(&a->fake, a->ike));
	return state;
}

/* A flight of handshake, @len octets of it, and what is to be said inside. */
static enum auth_state flight(struct talk *t, const char *name, size_t len)
{
	uint8_t out[8192] = { 0 };
	size_t at = 1 + len;

	if (len)
		strcpy((char *)out + 1, name);
	if (t->w.len) {
		memcpy(out + at, "inside", 6);
		out[at + 6] = (uint8_t)(t->w.len >> 8);
		out[at + 7] = (uint8_t)t->w.len;
		memcpy(out + at + 8, t->inside, t->w.len);
		at += 8 + t->w.len;
	}
	t->w.len = 0;
	return say(t, EAP_TYPE_TTLS, out, at);
}

/* What the subject has said inside, in its last packet behind @len octets of handshake. */
static void heard(struct talk *t, size_t len, struct avp_message *m)
{
	const uint8_t *at = t->s->out + 6 + len;

	assert_in_range(t->s->out_len, 6 + len + 9, AUTH_OUT_MAX);
	assert_memory_equal(at, "inside", 6);
	assert_true(avp_parse((struct chunk){ at + 8, t->s->out_len - 6 - len - 8 }, m));
	assert_false(m->is_unknown);
}

static void failed(struct talk *t, enum auth_state state, const char *why)
{
	assert_int_equal(state, AUTH_FAILED);
	if (!strstr(t->s->why, why))
		fail_msg("\"%s\" does not say \"%s\"", t->s->why, why);
	talk_free(t);
}

static void add(struct talk *t, uint32_t vendor, enum avp_code code, const void *p, size_t len)
{
	avp_add(&t->w, vendor, code, (struct chunk){ p, len });
}

static void add_password(struct talk *t, const char *user, const char *password)
{
	add(t, 0, AVP_USER_NAME, user, strlen(user));
	avp_add_password(&t->w, (struct chunk){ (const uint8_t *)password, strlen(password) });
}

/* A server that has asked for nothing inside yet; its client calls itself @outer. */
static struct talk *server_of(bool new, const char *outer)
{
	struct talk *t = talk_new(false, TTLS_EAP, new);

	assert_int_equal(auth_step(t->s, (struct chunk){ NULL, 0 }), AUTH_MORE);
	assert_int_equal(say(t, EAP_TYPE_IDENTITY, outer, strlen(outer)), AUTH_MORE);
	assert_int_equal(t->s->out[5], 0x20);
	assert_int_equal(flight(t, "hello", 200), AUTH_MORE);
	while (t->s->out[5] & 0x40)
		assert_int_equal(flight(t, "", 0), AUTH_MORE);
	return t;
}

/* Until both speak inside: with TLS 1.3 the client does that at once. */
static enum auth_state open_up(struct talk *t)
{
	size_t len = t->w.len;

	if (t->new)
		return flight(t, "client", 60);
	t->w.len = 0;
	assert_int_equal(flight(t, "client", 60), AUTH_MORE);
	assert_int_equal(t->s->out_len, 6 + 60);
	t->w.len = len;
	return flight(t, "", 0);
}

/* Who it is counts from inside, whatever it was called outside. */
static void test_server_name(void **state)
{
	for (int new = 0; new < 2; new++) {
		struct talk *t = server_of(new, "anonymous");

		add_password(t, "alice", "wonderland");
		assert_int_equal(open_up(t), AUTH_DONE);
		assert_int_equal(t->s->id.len, 5);
		assert_memory_equal(t->s->id.data, "alice", 5);
		assert_int_equal(t->s->key_len, IKE_MSK_LEN);
		assert_memory_equal(t->s->out, "\3", 1);
		talk_free(t);
		t = server_of(new, "alice");
		add_password(t, "mallory", "wonderland");
		failed(t, open_up(t), "user mallory: no such user");
		t = server_of(new, "anonymous");
		add_password(t, "alice", "wonderlane");
		failed(t, open_up(t), "user alice: a wrong password");
	}
}

/* Wrong passwords count against the name inside, and not against the one outside. */
static void test_server_guesses(void **state)
{
	struct talk *t = server_of(false, "anonymous");
	struct ike *ike = t->p->s[0].ike;
	struct endpoint from[12];
	bool name;

	for (int i = 0; i < 12; i++) {
		char text[32];

		snprintf(text, sizeof(text), "198.51.%d.1", i);
		assert_true(addr_parse(&from[i].addr, text));
		guess_begin(ike, (struct chunk){ (const uint8_t *)"alice", 5 }, &from[i].addr,
			    &name);
	}
	add_password(t, "alice", "wonderland");
	failed(t, open_up(t), "user alice: too many wrong passwords for this name");
	t = server_of(false, "anonymous");
	ike = t->p->s[0].ike;
	for (int i = 0; i < 12; i++)
		guess_begin(ike, (struct chunk){ (const uint8_t *)"anonymous", 9 },
			    &from[i].addr, &name);
	add_password(t, "alice", "wonderland");
	assert_int_equal(open_up(t), AUTH_DONE);
	talk_free(t);
}

/* Nobody gets in without a proof inside. */
static void test_server_without_proof(void **state)
{
	struct talk *t = server_of(false, "alice");

	assert_int_equal(flight(t, "client", 60), AUTH_MORE);
	failed(t, flight(t, "", 0), "an empty packet of ttls");
	t = server_of(true, "alice");
	assert_int_equal(flight(t, "client", 60), AUTH_MORE);	/* it waits */
	failed(t, flight(t, "", 0), "an empty packet of ttls");
	t = server_of(false, "alice");
	add(t, 0, AVP_USER_NAME, "alice", 5);
	failed(t, open_up(t), "in another way than EAP, MS-CHAP-V2 or PAP");
	/* amid EAP: neither success nor an acknowledgement of its own */
	t = server_of(false, "alice");
	add(t, 0, AVP_EAP_MESSAGE, "\2\0\0\12\1alice", 10);
	assert_int_equal(open_up(t), AUTH_MORE);
	failed(t, flight(t, "", 0), "an empty packet of ttls");
	t = server_of(false, "alice");
	add(t, 0, AVP_EAP_MESSAGE, "\3\0\0\4", 4);
	failed(t, open_up(t), "a malformed EAP response");
	/* what follows one way is not another */
	t = server_of(false, "alice");
	add(t, 0, AVP_EAP_MESSAGE, "\2\0\0\12\1alice", 10);
	assert_int_equal(open_up(t), AUTH_MORE);
	add_password(t, "alice", "wonderland");
	failed(t, flight(t, "", 0), "another way amid one");
}

static void test_server_malformed(void **state)
{
	struct talk *t = server_of(false, "alice");

	writer_bytes(&t->w, "\0\0\0\1\x40\0\0\xff", 8);
	failed(t, open_up(t), "what it says inside of TLS is malformed");
	t = server_of(false, "alice");
	add(t, 42, AVP_USER_NAME, "alice", 5);
	failed(t, open_up(t), "has to be understood, and is not: AVP 1");
	t = server_of(false, "alice");
	add(t, 0, AVP_EAP_MESSAGE, "\2", 1);
	failed(t, open_up(t), "a malformed EAP response");
}

/* MS-CHAP-V2 answers the challenge of this TLS and of no other. */
static void test_server_another_challenge(void **state)
{
	uint8_t response[50] = { 0 }, challenge[17];
	struct eap *e;

	for (int i = 0; i < 4; i++) {
		struct talk *t = server_of(false, "alice");

		assert_int_equal(flight(t, "client", 60), AUTH_MORE);
		e = t->s->priv;
		memcpy(challenge, eap_tls_challenge(e), sizeof(challenge));
		response[0] = challenge[16];
		if (i == 0)
			challenge[0] ^= 1;
		if (i == 1)
			response[0] ^= 1;
		add(t, 0, AVP_USER_NAME, "alice", 5);
		add(t, AVP_MICROSOFT, AVP_MS_CHAP_CHALLENGE, challenge, 16);
		add(t, AVP_MICROSOFT, AVP_MS_CHAP2_RESPONSE, response, i == 2 ? 49 : 50);
		failed(t, flight(t, "", 0), i < 3 ? "answers another challenge" :
						    "user alice: a wrong password");
	}
}

static struct talk *client_of(enum tunnel_ttls way)
{
	struct talk *t = talk_new(true, way, true);
	char server[2501] = "serve3 " CERT_B;

	assert_int_equal(say(t, EAP_TYPE_TTLS, "\x20", 1), AUTH_MORE);
	assert_int_equal(t->s->out_len, 6 + 200);
	assert_int_equal(flight(t, server, 2500), AUTH_MORE);
	return t;
}

static void test_client_pap(void **state)
{
	uint8_t success[] = { EAP_SUCCESS, 9, 0, 4 };
	struct talk *t = client_of(TTLS_PAP);
	struct avp_message m;

	heard(t, 60, &m);
	assert_int_equal(m.user.len, 5);
	assert_int_equal(m.password.len, 10);
	assert_memory_equal(m.password.p, "wonderland", 10);
	assert_int_equal(auth_step(t->s, (struct chunk){ success, 4 }), AUTH_DONE);
	assert_int_equal(t->s->key_len, IKE_MSK_LEN);
	talk_free(t);
	t = client_of(TTLS_PAP);
	add(t, 0, AVP_EAP_MESSAGE, "\1\7\0\5\1", 5);
	failed(t, flight(t, "", 0), "wants EAP inside of TLS, but ttls-inner is pap");
}

/* The server has to know the password too, before EAP-Success counts. */
static void test_client_mschapv2(void **state)
{
	uint8_t success[] = { EAP_SUCCESS, 9, 0, 4 };
	struct talk *t = client_of(TTLS_MSCHAPV2);
	struct avp_message m;

	heard(t, 60, &m);
	assert_int_equal(m.challenge.len, 16);
	assert_int_equal(m.response.len, 50);
	assert_int_equal(m.password.len, 0);
	failed(t, auth_step(t->s, (struct chunk){ success, 4 }), "EAP-Success before the end");
	t = client_of(TTLS_MSCHAPV2);
	add(t, AVP_MICROSOFT, AVP_MS_CHAP2_SUCCESS,
	    "xS=0123456789ABCDEF0123456789ABCDEF01234567", 43);
	failed(t, flight(t, "", 0), "does not prove that it knows the password of alice");
	t = client_of(TTLS_MSCHAPV2);
	add(t, AVP_MICROSOFT, AVP_MS_CHAP2_SUCCESS, "xS=", 3);
	failed(t, flight(t, "", 0), "does not prove that it knows the password of alice");
	t = client_of(TTLS_MSCHAPV2);
	add(t, AVP_MICROSOFT, AVP_MS_CHAP_ERROR, "xE=691 R=0", 10);
	failed(t, flight(t, "", 0), "wrong password or user name");
}

/* It says who it is unasked; strongSwan's servers ask nevertheless, with their end of TLS. */
static void test_client_eap(void **state)
{
	uint8_t success[] = { EAP_SUCCESS, 9, 0, 4 };
	struct talk *t = client_of(TTLS_EAP);
	struct avp_message m;

	heard(t, 60, &m);
	assert_int_equal(m.eap_len, 10);
	assert_memory_equal(m.eap, "\2\0\0\12\1alice", 10);
	add(t, 0, AVP_EAP_MESSAGE, "\1\7\0\5\1", 5);
	assert_int_equal(flight(t, "", 0), AUTH_MORE);
	heard(t, 0, &m);
	assert_memory_equal(m.eap, "\2\7\0\12\1alice", 10);
	/* no TTLS within TTLS, and no success before a method's end */
	add(t, 0, AVP_EAP_MESSAGE, "\1\10\0\6\25\40", 6);
	assert_int_equal(flight(t, "", 0), AUTH_MORE);
	heard(t, 0, &m);
	assert_memory_equal(m.eap, "\2\10\0\7\3\32\4", 7);
	failed(t, auth_step(t->s, (struct chunk){ success, 4 }), "EAP-Success before the end");
	t = client_of(TTLS_EAP);
	add(t, 0, AVP_EAP_MESSAGE, "\1\7\0\12\4\4aaaa", 10);
	assert_int_equal(flight(t, "", 0), AUTH_MORE);
	heard(t, 0, &m);
	assert_int_equal(m.eap_len, 5 + 17);
	assert_int_equal(auth_step(t->s, (struct chunk){ success, 4 }), AUTH_DONE);
	assert_int_equal(t->s->key_len, IKE_MSK_LEN);
	talk_free(t);
}

static void test_client_malformed(void **state)
{
	struct talk *t = client_of(TTLS_EAP);

	writer_bytes(&t->w, "\0\0\0\1\x40\0\0\xff", 8);
	failed(t, flight(t, "", 0), "what it says inside of TLS is malformed");
	t = client_of(TTLS_EAP);
	add(t, 42, AVP_USER_NAME, "alice", 5);
	failed(t, flight(t, "", 0), "has to be understood, and is not: AVP 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up),
		cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_wrong_server),
		cmocka_unit_test(test_jobs_fail),
		cmocka_unit_test(test_server_name),
		cmocka_unit_test(test_server_guesses),
		cmocka_unit_test(test_server_without_proof),
		cmocka_unit_test(test_server_malformed),
		cmocka_unit_test(test_server_another_challenge),
		cmocka_unit_test(test_client_pap),
		cmocka_unit_test(test_client_mschapv2),
		cmocka_unit_test(test_client_eap),
		cmocka_unit_test(test_client_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
