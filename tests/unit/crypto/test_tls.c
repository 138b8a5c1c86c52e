// SPDX-License-Identifier: GPL-2.0
/* Two ends of TLS in one process: certificates of every kind, and what each says of a wrong one. */
#include <gnutls/gnutls.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/cert.h"
#include "crypto/key.h"
#include "crypto/tls.h"
#include "lib/array.h"
#include "pki.h"

struct end {
	struct tls *tls;
	const struct key *key;
	struct chunk_list *certs;
	const char *believes;		/* the peer's certificate, NAME.der; "": none */
	bool holds_back;		/* there is no signature */
	const char *verdict;		/* found after the handshake; NULL: at once */
	unsigned int signatures, judged;
};

/* Read once, for ever. */
static struct kept {
	char name[16];
	struct chunk cert;
	struct key *key;
} kept[16];

static const struct kept *keep(const char *name)
{
	char why[256], file[64];
	struct kept *k = kept;

	while (k->name[0] && strcmp(k->name, name) != 0)
		k++;
	if (k->name[0])
		return k;
	snprintf(k->name, sizeof(k->name), "%s", name);
	snprintf(file, sizeof(file), "%s.key", name);
	k->cert = pki_cert(name);
	k->key = key_load(pki_file(file), NULL, why);
	assert_non_null(k->key);
	return k;
}

static enum tls_verdict end_verify(void *ctx, const struct chunk *certs, unsigned int count,
		       char why[TLS_WHY_MAX])
{
	const struct end *e = ctx;
	struct chunk want = e->believes[0] ? keep(e->believes)->cert : (struct chunk){ 0 };

	if (certs[0].len == want.len && !memcmp(certs[0].p, want.p, want.len))
		return e->verdict ? TLS_OPEN : TLS_BELIEVED;
	snprintf(why, TLS_WHY_MAX, "%u certificates of a stranger", count);
	return TLS_REFUSED;
}

static void end_open_as(struct end *e, bool server, bool old, const char *name,
			const char *believes)
{
	struct tls_setup setup = {
		.server = server, .old = old, .type = 13, .verify = end_verify, .ctx = e,
	};

	*e = (struct end){ .believes = believes, .key = keep(name)->key };
	e->certs = chunk_list_new(&keep(name)->cert, 1);
	setup.certs = setup.ca = e->certs;
	e->tls = tls_new(&setup);
	assert_non_null(e->tls);
}

static void end_open(struct end *e, bool server, const char *name, const char *believes)
{
	end_open_as(e, server, false, name, believes);
}

static void end_close(struct end *e)
{
	tls_free(e->tls);
	chunk_list_put(e->certs);
}

static enum tls_state end_judge(struct end *e)
{
	struct chunk certs[CERT_CHAIN_MAX], want = keep(e->believes)->cert;

	assert_int_equal(tls_peer(e->tls, certs), 1);
	assert_int_equal(certs[0].len, want.len);
	assert_memory_equal(certs[0].p, want.p, want.len);
	e->judged++;
	return tls_judged(e->tls, e->verdict);
}

/* With each signature that it asks for; what it says is in @out. */
static enum tls_state end_step(struct end *e, struct chunk in, uint8_t *out, size_t *len)
{
	uint8_t *copy = mem_dup(in.p, in.len), made[TLS_SIGNATURE_MAX];
	enum tls_state state = tls_step(e->tls, (struct chunk){ copy, in.len });
	char why[TLS_WHY_MAX];
	struct chunk octets;
	uint16_t scheme;
	size_t made_len;

	while (state == TLS_SIGN || state == TLS_JUDGE) {
		if (state == TLS_JUDGE) {
			state = end_judge(e);
			continue;
		}
		octets = tls_to_sign(e->tls, &scheme);
		if (!tls_sign(e->key, scheme, octets, made, &made_len, why))
			fail_msg("%s", why);
		e->signatures++;
		state = tls_signed(e->tls, (struct chunk){ made, e->holds_back ? 0 : made_len });
	}
	free(copy);
	*len = tls_out(e->tls).len;
	memcpy(out, tls_out(e->tls).p, *len);
	return state;
}

/* Until one of them fails or both are done, or nobody speaks any more. */
static void talk(struct end *client, struct end *server, enum tls_state state[2])
{
	static uint8_t out[TLS_FLIGHT_MAX], in[TLS_FLIGHT_MAX];
	struct end *e[2] = { client, server };
	size_t len = 0;

	state[0] = state[1] = TLS_MORE;
	for (unsigned int i = 0; i < 20; i++) {
		unsigned int who = i % 2;

		if ((i && !len) || state[who] == TLS_FAILED)
			return;
		memcpy(in, out, len);
		state[who] = end_step(e[who], (struct chunk){ in, len }, out, &len);
	}
	fail_msg("it does not end");
}

static void agreed(struct end *client, struct end *server, const char *version)
{
	uint8_t a[TLS_MSK_LEN], b[TLS_MSK_LEN];
	enum tls_state state[2];

	talk(client, server, state);
	if (state[0] != TLS_DONE || state[1] != TLS_DONE)
		fail_msg("client %d: %s; server %d: %s", state[0], tls_why(client->tls), state[1],
			 tls_why(server->tls));
	assert_string_equal(tls_version(client->tls), version);
	assert_true(tls_msk(client->tls, a) && tls_msk(server->tls, b));
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(client->signatures, 1);
	assert_int_equal(server->signatures, 1);
	end_close(client);
	end_close(server);
}

static void test_keys(void **state)
{
	static const char *const names[] = { "rsa2048", "pss", "p256", "p384", "p521", "ed25519",
					     "ed448" };
	struct end client, server;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		end_open(&client, false, names[i], "p384");
		end_open(&server, true, "p384", names[i]);
		agreed(&client, &server, "TLS1.3");
		end_open(&client, false, "p384", names[i]);
		end_open(&server, true, names[i], "p384");
		agreed(&client, &server, "TLS1.3");
	}
}

/* Peers that have TLS 1.2 only: most of today's. */
static void test_old(void **state)
{
	static const char *const names[] = { "rsa2048", "p256", "ed25519" };
	struct end client, server;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		end_open_as(&client, false, true, names[i], "p384");
		end_open(&server, true, "p384", names[i]);
		agreed(&client, &server, "TLS1.2");
		end_open(&client, false, "p384", names[i]);
		end_open_as(&server, true, true, names[i], "p384");
		agreed(&client, &server, "TLS1.2");
	}
}

/* Each end says what it does not like, and the other hears of it. */
static void refused(const char *client_believes, const char *server_believes, bool old,
		    const char *of_client, const char *of_server)
{
	struct end client, server;
	enum tls_state state[2];

	end_open_as(&client, false, old, "p256", client_believes);
	end_open(&server, true, "p384", server_believes);
	talk(&client, &server, state);
	assert_int_equal(state[1], TLS_FAILED);
	if (!strstr(tls_why(client.tls), of_client) || !strstr(tls_why(server.tls), of_server))
		fail_msg("\"%s\", \"%s\"", tls_why(client.tls), tls_why(server.tls));
	end_close(&client);
	end_close(&server);
}

static void test_refused(void **state)
{
	for (int old = 0; old <= 1; old++) {
		refused("", "p256", old, "1 certificates of a stranger",
			"the other end of TLS says: Certificate is bad");
		refused("p384", "", old, "the other end of TLS says: Certificate is bad",
			"1 certificates of a stranger");
	}
}

/* What is found out once the other end has proved itself: asked for each time, and it counts. */
static void test_judged(void **state)
{
	struct end client, server;
	enum tls_state got[2];

	for (int i = 0; i < 8; i++) {
		bool of_server = i & 1, old = i & 2, refuses = i & 4;
		struct end *judge = of_server ? &server : &client;
		struct end *other = of_server ? &client : &server;

		end_open_as(&client, false, old, "p256", "p384");
		end_open(&server, true, "p384", "p256");
		judge->verdict = refuses ? "it was revoked" : "";
		if (!refuses) {
			agreed(&client, &server, old ? "TLS1.2" : "TLS1.3");
			assert_int_equal(judge->judged, 1);
			continue;
		}
		talk(&client, &server, got);
		assert_int_equal(judge->judged, 1);
		assert_int_equal(got[of_server], TLS_FAILED);
		assert_string_equal(tls_why(judge->tls), "it was revoked");
		if (!strstr(tls_why(other->tls), "Certificate is bad"))
			fail_msg("%d: \"%s\"", i, tls_why(other->tls));
		end_close(&client);
		end_close(&server);
	}
}

static void client_to_judge(struct end *client, struct chunk flight)
{
	uint8_t made[TLS_SIGNATURE_MAX];
	char why[TLS_WHY_MAX];
	struct chunk octets;
	uint16_t scheme;
	size_t len;

	assert_int_equal(tls_step(client->tls, flight), TLS_SIGN);
	octets = tls_to_sign(client->tls, &scheme);
	assert_true(tls_sign(client->key, scheme, octets, made, &len, why));
	assert_int_equal(tls_signed(client->tls, (struct chunk){ made, len }), TLS_JUDGE);
}

/* The keeper of the key does not answer, or the session goes while it is asked. */
static void test_no_signature(void **state)
{
	struct end client, server;
	enum tls_state got[2];
	uint8_t out[TLS_FLIGHT_MAX];
	size_t len;

	end_open(&client, false, "p256", "p384");
	end_open(&server, true, "p384", "p256");
	server.holds_back = true;
	talk(&client, &server, got);
	assert_int_equal(got[1], TLS_FAILED);
	assert_non_null(strstr(tls_why(server.tls), "TLS: "));
	end_close(&server);
	end_close(&client);

	end_open(&client, false, "p256", "p384");
	end_open(&server, true, "p384", "p256");
	assert_int_equal(end_step(&client, (struct chunk){ NULL, 0 }, out, &len), TLS_MORE);
	assert_int_equal(tls_step(server.tls, (struct chunk){ out, len }), TLS_SIGN);
	end_close(&server);
	end_close(&client);

	end_open(&client, false, "p256", "p384");
	end_open(&server, true, "p384", "p256");
	client.verdict = "";
	assert_int_equal(end_step(&client, (struct chunk){ NULL, 0 }, out, &len), TLS_MORE);
	assert_int_equal(end_step(&server, (struct chunk){ out, len }, out, &len), TLS_MORE);
	/* signs, and wants to know */
	client_to_judge(&client, (struct chunk){ out, len });
	end_close(&server);
	end_close(&client);
}

/* ---- EAP-TTLS: the server alone has a certificate, then both speak inside */

static void tunnel_open(struct end *e, bool server, bool old, const char *believes)
{
	struct tls_setup setup = {
		.server = server, .old = old, .type = TLS_TYPE_TTLS, .verify = end_verify,
		.ctx = e,
	};

	*e = (struct end){ .believes = believes, .key = keep("p384")->key };
	if (server)
		e->certs = chunk_list_new(&keep("p384")->cert, 1);
	setup.certs = e->certs;
	e->tls = tls_new(&setup);
	assert_non_null(e->tls);
}

static void says(struct end *from, struct end *to, const char *text)
{
	uint8_t out[TLS_FLIGHT_MAX];
	size_t len;

	assert_int_equal(tls_say(from->tls, (struct chunk){ (const uint8_t *)text,
							    strlen(text) }), TLS_DONE);
	assert_int_equal(end_step(to, tls_out(from->tls), out, &len), TLS_DONE);
	assert_int_equal(len, 0);
	assert_int_equal(tls_heard(to->tls).len, strlen(text));
	assert_memory_equal(tls_heard(to->tls).p, text, strlen(text));
}

static void test_tunnel(void **state)
{
	uint8_t key[4][TLS_MSK_LEN], challenge[2][TLS_CHALLENGE_LEN], out[TLS_FLIGHT_MAX];
	struct end client, server;
	enum tls_state got[2];
	size_t len;

	for (int old = 0; old <= 1; old++) {
		tunnel_open(&client, false, old, "p384");
		tunnel_open(&server, true, false, "");
		talk(&client, &server, got);
		if (got[0] != TLS_DONE || got[1] != TLS_DONE)
			fail_msg("\"%s\", \"%s\"", tls_why(client.tls), tls_why(server.tls));
		assert_string_equal(tls_version(client.tls), old ? "TLS1.2" : "TLS1.3");
		assert_int_equal(client.signatures, 0);
		assert_true(tls_msk(client.tls, key[2 * old]) && tls_msk(server.tls, key[1]));
		assert_memory_equal(key[2 * old], key[1], TLS_MSK_LEN);
		assert_true(tls_challenge(client.tls, challenge[0]));
		assert_true(tls_challenge(server.tls, challenge[1]));
		assert_memory_equal(challenge[0], challenge[1], TLS_CHALLENGE_LEN);
		assert_memory_not_equal(challenge[0], key[1], TLS_CHALLENGE_LEN);
		says(&client, &server, "wonder land");
		says(&server, &client, "welcome");
		says(&client, &server, "again");
		/* nothing, which says nothing; then what was heard before, which TLS refuses */
		assert_int_equal(end_step(&server, (struct chunk){ 0 }, out, &len), TLS_DONE);
		assert_int_equal(tls_heard(server.tls).len, 0);
		assert_int_equal(end_step(&server, tls_out(client.tls), out, &len), TLS_FAILED);
		end_close(&client);
		end_close(&server);
	}
}

/* Nothing is said to a server that is not believed, or too much at once. */
static void test_tunnel_refused(void **state)
{
	static uint8_t much[TLS_INNER_MAX + 1];
	struct chunk secret = { (const uint8_t *)"secret", 6 };
	uint8_t out[TLS_FLIGHT_MAX];
	struct end client, server;
	enum tls_state got[2];
	size_t len;

	for (int old = 0; old <= 1; old++) {
		tunnel_open(&client, false, old, "p256");
		tunnel_open(&server, true, false, "");
		talk(&client, &server, got);
		assert_int_equal(got[0], TLS_FAILED);
		assert_int_equal(got[1], TLS_FAILED);
		assert_int_equal(tls_say(client.tls, secret), TLS_FAILED);
		end_close(&client);
		end_close(&server);
		/* before the handshake, and amid it */
		tunnel_open(&client, false, old, "p384");
		assert_int_equal(end_step(&client, (struct chunk){ 0 }, out, &len), TLS_MORE);
		assert_int_equal(tls_say(client.tls, secret), TLS_FAILED);
		assert_null(memmem(tls_out(client.tls).p, tls_out(client.tls).len, secret.p, 6));
		end_close(&client);
		tunnel_open(&client, false, old, "p384");
		tunnel_open(&server, true, false, "");
		talk(&client, &server, got);
		assert_int_equal(tls_say(client.tls, (struct chunk){ much, sizeof(much) }),
				 TLS_FAILED);
		end_close(&client);
		end_close(&server);
		/* from a peer that has no such limit */
		tunnel_open(&client, false, old, "p384");
		tunnel_open(&server, true, false, "");
		talk(&client, &server, got);
		assert_int_equal(tls_say(client.tls, (struct chunk){ much, TLS_INNER_MAX }),
				 TLS_DONE);
		assert_int_equal(end_step(&server, tls_out(client.tls), out, &len), TLS_FAILED);
		assert_non_null(strstr(tls_why(server.tls), "more inside of TLS than 4095 octets"));
		end_close(&client);
		end_close(&server);
	}
}

static const struct chunk noise = { (const uint8_t *)"\xff\xff\xff\xff\xff\xff", 6 };
static const struct chunk alert = { (const uint8_t *)"\x15\3\3\0\2\2\x2a", 7 };

/* Octets that are no TLS, all that are cut short, and a flight changed in one place. */
static void test_hostile(void **state)
{
	uint8_t hello[TLS_FLIGHT_MAX], out[TLS_FLIGHT_MAX];
	struct end client, server;
	size_t len, said;

	end_open(&client, false, "p256", "p384");
	assert_int_equal(end_step(&client, (struct chunk){ NULL, 0 }, hello, &len), TLS_MORE);
	end_close(&client);
	for (size_t i = 0; i < len; i += 7) {
		end_open(&server, true, "p384", "p256");
		assert_int_equal(end_step(&server, (struct chunk){ hello, i }, out, &said),
				 TLS_MORE);
		assert_int_equal(said, 0);
		assert_int_not_equal(end_step(&server, noise, out, &said), TLS_DONE);
		end_close(&server);
		hello[i] ^= 0xff;
		end_open(&server, true, "p384", "p256");
		assert_int_not_equal(end_step(&server, (struct chunk){ hello, len }, out, &said),
				     TLS_DONE);
		end_close(&server);
		hello[i] ^= 0xff;
	}
}

/* After the end nothing but an alert is awaited. */
static void test_after(void **state)
{
	uint8_t out[TLS_FLIGHT_MAX];
	struct end client, server;
	enum tls_state got[2];
	size_t len;

	end_open(&client, false, "p256", "p384");
	end_open(&server, true, "p384", "p256");
	talk(&client, &server, got);
	assert_int_equal(got[1], TLS_DONE);
	assert_int_equal(end_step(&server, alert, out, &len), TLS_FAILED);
	end_close(&server);
	end_close(&client);
}

/* Libreswan's server, and others from before RFC 9190: they only wait for the client's turn. */
static void test_no_last_word(void **state)
{
	static uint8_t a[TLS_FLIGHT_MAX], b[TLS_FLIGHT_MAX];
	struct end client, server;
	size_t len;

	end_open(&client, false, "p256", "p384");
	end_open(&server, true, "p384", "p256");
	assert_int_equal(end_step(&client, (struct chunk){ 0 }, a, &len), TLS_MORE);
	assert_int_equal(end_step(&server, (struct chunk){ a, len }, b, &len), TLS_MORE);
	assert_int_equal(end_step(&client, (struct chunk){ b, len }, a, &len), TLS_MORE);
	assert_string_equal(tls_version(client.tls), "TLS1.3");
	assert_int_not_equal(len, 0);
	assert_int_equal(end_step(&client, (struct chunk){ 0 }, a, &len), TLS_FAILED);
	assert_non_null(strstr(tls_why(client.tls), "RFC 9190"));
	end_close(&client);
	end_close(&server);
}

static void test_scheme(void **state)
{
	uint8_t out[TLS_SIGNATURE_MAX];
	char why[TLS_WHY_MAX];
	const struct key *key = keep("p256")->key;
	struct chunk octets = { (const uint8_t *)"a hash of SHA-256 has 32 octets.", 32 };
	size_t len;

	assert_true(tls_sign(key, 0x0403, octets, out, &len, why));
	octets.len--;		/* no hash of SHA-256 */
	assert_false(tls_sign(key, 0x0403, octets, out, &len, why));
	octets.len++;
	/* of another kind of key; with SHA-1; unknown */
	assert_false(tls_sign(key, 0x0804, octets, out, &len, why));
	assert_non_null(strstr(why, "with 0x0804"));
	assert_false(tls_sign(key, 0x0203, octets, out, &len, why));
	assert_false(tls_sign(key, 0, octets, out, &len, why));
}

static int forget(void **state)
{
	for (struct kept *k = kept; k->name[0]; k++)
		key_free(k->key);
	return pki_remove(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),	   cmocka_unit_test(test_old),
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_no_signature),
		cmocka_unit_test(test_hostile),	   cmocka_unit_test(test_after),
		cmocka_unit_test(test_no_last_word),
		cmocka_unit_test(test_scheme),	   cmocka_unit_test(test_judged),
		cmocka_unit_test(test_tunnel),	   cmocka_unit_test(test_tunnel_refused),
	};

	return cmocka_run_group_tests(tests, pki_make, forget);
}
