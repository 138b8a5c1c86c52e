// SPDX-License-Identifier: GPL-2.0
/* EAP packet by packet: what the other end says is written here by hand. */
#include <stdlib.h>

#include "ike/auth/eap.h"
#include "unit/ike/ike_ends.h"

struct talk {
	struct ends *p;
	struct auth_session *s;
};

/* A conversation of A's, as client or server; nothing is sent. */
static struct talk talk_new(bool client, const char *types)
{
	struct talk t = { .p = ends_new() };
	struct side *a = &t.p->s[0];
	struct octets covered = {0};

	memcpy(a->conf.eap, types, strlen(types));
	assert_true(ike_id_parse(&a->conf.eap_id, "alice"));
	fake_password(&a->fake, client ? "" : "alice", "wonderland");
	ends_start(t.p);
	start(t.p, 0);
	t.s = auth_begin(only_sa(a), a->tunnel, &auth_eap_ops, client, &covered);
	return t;
}

static void talk_free(struct talk *t)
{
	ends_free(t->p);
}

/* One packet of the other end's: its jobs end at once. */
static enum auth_state say(struct talk *t, const void *packet, size_t len)
{
	struct side *a = &t->p->s[0];
	struct chunk input = { packet, len };
	enum auth_state state = auth_step(t->s, input);

	while (state == AUTH_PENDING) {
		assert_true(fake_job_end(&a->fake, a->ike));
		state = auth_step(t->s, input);
	}
	return state;
}

/* A request or response with its length. */
static enum auth_state packet(struct talk *t, uint8_t code, uint8_t id, uint8_t type,
			      const void *data, size_t len)
{
	uint8_t out[2048] = { code, id, (5 + len) >> 8, (5 + len) & 0xff, type };

	memcpy(out + 5, data, len);
	return say(t, out, 5 + len);
}

static enum auth_state verdict(struct talk *t, uint8_t code)
{
	const uint8_t out[] = { code, 9, 0, 4 };

	return say(t, out, sizeof(out));
}

/* @want: code, identifier, length, type and what follows. */
static void answered(const struct talk *t, const void *want, size_t len)
{
	assert_int_equal(t->s->out_len, len);
	assert_memory_equal(t->s->out, want, len);
}

static void failed(struct talk *t, enum auth_state state, const char *why)
{
	assert_int_equal(state, AUTH_FAILED);
	if (!strstr(t->s->why, why))
		fail_msg("\"%s\" does not say \"%s\"", t->s->why, why);
	talk_free(t);
}

static void test_parse(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		bool sound;
		uint8_t type;
		size_t data;
	} rows[] = {
		{ "", 0, false }, { "\1\2\0", 3, false }, { "\1\2\0\4", 4, false },
		{ "\1\2\0\5\1", 5, true, 1, 0 }, { "\2\2\0\5\1", 5, true, 1, 0 },
		{ "\1\2\0\7\1ab", 7, true, 1, 2 },
		{ "\1\2\0\6\1ab", 7, true, 1, 1 },	/* padding */
		{ "\1\2\0\10\1ab", 7, false },		/* longer than it is */
		{ "\1\2\0\3\1", 5, false }, { "\1\2\0\0\1", 5, false },
		{ "\1\2\0\5\0", 5, false },		/* no such type */
		{ "\3\2\0\4", 4, true }, { "\4\2\0\4", 4, true }, { "\3\2\0\5x", 5, false },
		{ "\3\2\0\4x", 5, true }, { "\0\2\0\4", 4, false }, { "\5\2\0\5\1", 5, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct chunk octets = { (const uint8_t *)rows[i].octets, rows[i].len };
		struct eap_packet p;

		assert_int_equal(eap_packet_parse(octets, &p), rows[i].sound);
		if (!rows[i].sound)
			continue;
		assert_int_equal(p.id, 2);
		assert_int_equal(p.type, rows[i].type);
		assert_int_equal(p.data.len, rows[i].data);
	}
}

/* ---- client */

static void test_client_identity_and_copy(void **state)
{
	struct talk t = talk_new(true, "\4");

	assert_int_equal(packet(&t, EAP_REQUEST, 7, EAP_TYPE_IDENTITY, "who?", 4), AUTH_MORE);
	answered(&t, "\2\7\0\12\1alice", 10);
	/* the same again: the same answer, and no other one to it */
	assert_int_equal(packet(&t, EAP_REQUEST, 7, EAP_TYPE_IDENTITY, "who?", 4), AUTH_MORE);
	answered(&t, "\2\7\0\12\1alice", 10);
	assert_int_equal(packet(&t, EAP_REQUEST, 8, EAP_TYPE_MD5, "\1x", 2), AUTH_MORE);
	assert_int_equal(t.p->s[0].fake.jobs_begun, 1);
	assert_int_equal(packet(&t, EAP_REQUEST, 8, EAP_TYPE_MD5, "\1x", 2), AUTH_MORE);
	assert_int_equal(t.p->s[0].fake.jobs_begun, 1);
	assert_int_equal(t.s->out_len, 22);
	assert_int_equal(verdict(&t, EAP_SUCCESS), AUTH_DONE);
	assert_int_equal(t.s->key_len, 0);
	talk_free(&t);
}

static void test_client_notification(void **state)
{
	struct talk t = talk_new(true, "\4");
	unsigned int before = t.p->s[0].ev[IKE_EV_LOG].count;

	assert_int_equal(packet(&t, EAP_REQUEST, 1, EAP_TYPE_NOTIFICATION, "hello", 5), AUTH_MORE);
	answered(&t, "\2\1\0\5\2", 5);
	said(&t.p->s[0], IKE_EV_LOG, "the EAP server says: hello");
	assert_int_equal(t.p->s[0].ev[IKE_EV_LOG].count, before + 1);
	assert_int_equal(packet(&t, EAP_REQUEST, 2, EAP_TYPE_NOTIFICATION, "again", 5), AUTH_MORE);
	assert_int_equal(t.p->s[0].ev[IKE_EV_LOG].count, before + 1);
	talk_free(&t);
}

/* A method that nobody asked for: what we have instead; not for ever. */
static void test_client_nak(void **state)
{
	struct talk t = talk_new(true, "\32\4");
	enum auth_state last = AUTH_MORE;
	unsigned int i;

	assert_int_equal(packet(&t, EAP_REQUEST, 1, 13, "\40", 1), AUTH_MORE);
	answered(&t, "\2\1\0\7\3\32\4", 7);
	for (i = 0; i < 200 && last == AUTH_MORE; i++)
		last = packet(&t, EAP_REQUEST, i + 2, 21, "\40", 1);
	assert_int_equal(i, EAP_ROUNDS_MAX);
	failed(&t, last, "EAP has no end");
	t = talk_new(true, "\32");
	assert_int_equal(packet(&t, EAP_REQUEST, 1, 254, "\0\0\0\0\0\0\1", 7), AUTH_MORE);
	failed(&t, verdict(&t, EAP_FAILURE), "asks for method 254, eap has mschapv2");
}

static void test_client_octets_are_bounded(void **state)
{
	static uint8_t zeros[2000];
	struct talk t = talk_new(true, "\4");
	enum auth_state last = AUTH_MORE;
	unsigned int i;

	for (i = 0; i < 200 && last == AUTH_MORE; i++)
		last = packet(&t, EAP_REQUEST, i, EAP_TYPE_NOTIFICATION, zeros, sizeof(zeros));
	assert_true(i < 34);
	failed(&t, last, "EAP has no end");
}

/* What must not be taken for a success, and what comes at the wrong time. */
static void test_client_is_not_led_astray(void **state)
{
	struct talk t = talk_new(true, "\4\32");

	failed(&t, verdict(&t, EAP_SUCCESS), "before the end of a method");
	t = talk_new(true, "\4\32");
	assert_int_equal(packet(&t, EAP_REQUEST, 1, EAP_TYPE_IDENTITY, "", 0), AUTH_MORE);
	failed(&t, verdict(&t, EAP_SUCCESS), "before the end of a method");
	t = talk_new(true, "\4\32");
	assert_int_equal(packet(&t, EAP_REQUEST, 1, EAP_TYPE_MD5, "\1x", 2), AUTH_MORE);
	failed(&t, packet(&t, EAP_REQUEST, 2, EAP_TYPE_IDENTITY, "", 0), "in the midst of md5");
	t = talk_new(true, "\4\32");
	assert_int_equal(packet(&t, EAP_REQUEST, 1, EAP_TYPE_MD5, "\1x", 2), AUTH_MORE);
	failed(&t, packet(&t, EAP_REQUEST, 2, EAP_TYPE_MSCHAPV2, "\1", 1),
	       "another method in the midst of md5");
	t = talk_new(true, "\4\32");
	failed(&t, packet(&t, EAP_RESPONSE, 1, EAP_TYPE_IDENTITY, "x", 1), "malformed");
	t = talk_new(true, "\4");
	failed(&t, packet(&t, EAP_REQUEST, 1, EAP_TYPE_MD5, "\2x", 2), "challenge is malformed");
	t = talk_new(true, "\4");
	failed(&t, packet(&t, EAP_REQUEST, 1, EAP_TYPE_MD5, "\0", 1), "challenge is malformed");
}

#define CHALLENGE	"\1\5\0\33\020XXXXXXXXXXXXXXXXgate"

/* The server of mschapv2 has to prove itself too, and the key is good only after that. */
static void test_client_mschapv2(void **state)
{
	static const char proof[] = "\3\5\0\57S=407A5589115FD0D6209F510FE9C04566932CDA56 M=hi";
	static const struct {
		const char *octets;
		size_t len;
		const char *why;
	} rows[] = {
		{ proof, sizeof(proof) - 1, "does not prove that it knows the password of alice" },
		{ "\3\5\0\6S=", 6, "does not prove" },
		{ "\3\5\0", 3, "malformed" },
		{ "\4\5\0", 3, "malformed" },
		{ "", 0, "empty" },
		{ CHALLENGE, 25, "unexpected message of mschapv2: code 1" },
		{ "\7", 1, "unexpected message of mschapv2: code 7" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct talk t = talk_new(true, "\32");

		assert_int_equal(packet(&t, EAP_REQUEST, 1, EAP_TYPE_MSCHAPV2, CHALLENGE, 25),
				 AUTH_MORE);
		assert_int_equal(t.s->out_len, 5 + 4 + 1 + 49 + 5);
		assert_memory_equal(t.s->out + 5, "\2\5\0\73\61", 5);
		assert_memory_equal(t.s->out + 5 + 5 + 49, "alice", 5);
		assert_int_equal(t.s->key_len, 0);
		failed(&t, packet(&t, EAP_REQUEST, 2, EAP_TYPE_MSCHAPV2, rows[i].octets,
				  rows[i].len), rows[i].why);
	}
	struct talk t = talk_new(true, "\32");

	failed(&t, packet(&t, EAP_REQUEST, 1, EAP_TYPE_MSCHAPV2, proof, sizeof(proof) - 1),
	       "unexpected message of mschapv2: code 3");
	t = talk_new(true, "\32");
	failed(&t, packet(&t, EAP_REQUEST, 1, EAP_TYPE_MSCHAPV2, CHALLENGE, 12), "malformed");
}

/* An expired password: politely no, and the reason to a person. */
static void test_client_changes_no_password(void **state)
{
	static const char expired[] =
		"\4\5\0\60E=648 R=1 C=00112233445566778899aabbccddeeff V=3 M=";
	struct talk t = talk_new(true, "\32");

	assert_int_equal(packet(&t, EAP_REQUEST, 1, EAP_TYPE_MSCHAPV2, CHALLENGE, 25), AUTH_MORE);
	assert_int_equal(packet(&t, EAP_REQUEST, 2, EAP_TYPE_MSCHAPV2, expired,
				sizeof(expired) - 1), AUTH_MORE);
	answered(&t, "\2\2\0\6\32\4", 6);
	assert_int_equal(t.s->key_len, 0);
	failed(&t, verdict(&t, EAP_FAILURE), "the server refuses alice: the password has expired");
	t = talk_new(true, "\32");
	assert_int_equal(packet(&t, EAP_REQUEST, 1, EAP_TYPE_MSCHAPV2, CHALLENGE, 25), AUTH_MORE);
	assert_int_equal(packet(&t, EAP_REQUEST, 2, EAP_TYPE_MSCHAPV2, expired,
				sizeof(expired) - 1), AUTH_MORE);
	failed(&t, verdict(&t, EAP_SUCCESS), "before the end of a method");
}

/* ---- server */

static uint8_t last_id(const struct talk *t)
{
	return t->s->out[1];
}

static void begin_server(struct talk *t)
{
	uint8_t first;

	assert_int_equal(say(t, NULL, 0), AUTH_MORE);
	assert_int_equal(t->s->out_len, 5);
	assert_int_equal(t->s->out[0], EAP_REQUEST);
	assert_int_equal(t->s->out[4], EAP_TYPE_IDENTITY);
	first = last_id(t);
	assert_int_equal(packet(t, EAP_RESPONSE, first, EAP_TYPE_IDENTITY, "alice", 5), AUTH_MORE);
	assert_int_equal(last_id(t), (uint8_t)(first + 1));
}

/* The last word is EAP-Failure with the identifier of the request. */
static void refused(struct talk *t, enum auth_state state, const char *why)
{
	const uint8_t failure[] = { EAP_FAILURE, last_id(t), 0, 4 };

	answered(t, failure, sizeof(failure));
	failed(t, state, why);
}

static void test_server_is_not_led_astray(void **state)
{
	struct talk t = talk_new(false, "\4");

	begin_server(&t);
	assert_int_equal(t.s->out[4], EAP_TYPE_MD5);
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t) + 1, EAP_TYPE_MD5, "\20", 1),
		"an EAP response to request");
	t = talk_new(false, "\4");
	begin_server(&t);
	refused(&t, packet(&t, EAP_REQUEST, last_id(&t), EAP_TYPE_MD5, "\20", 1), "malformed");
	t = talk_new(false, "\4");
	begin_server(&t);
	refused(&t, verdict(&t, EAP_SUCCESS), "malformed");
	t = talk_new(false, "\4");
	begin_server(&t);
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_IDENTITY, "bob", 3),
		"an EAP response of method 1, we asked for md5");
	t = talk_new(false, "\4");
	begin_server(&t);
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_MD5, "\20short", 6),
		"malformed answer to the MD5");
	t = talk_new(false, "\4");
	assert_int_equal(say(&t, NULL, 0), AUTH_MORE);
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_IDENTITY, "", 0),
		"its EAP identity has 0 octets");
	t = talk_new(false, "\4");
	assert_int_equal(say(&t, NULL, 0), AUTH_MORE);
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_NAK, "\4", 1),
		"no EAP identity");
}

static void test_server_nak(void **state)
{
	struct talk t = talk_new(false, "\32\4");

	begin_server(&t);
	assert_int_equal(t.s->out[4], EAP_TYPE_MSCHAPV2);
	assert_int_equal(packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_NAK, "\15\4", 2),
			 AUTH_MORE);
	assert_int_equal(t.s->out[4], EAP_TYPE_MD5);
	/* what it has refused is not asked for again */
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_NAK, "\32", 1),
		"user alice: it wants none of our EAP methods: mschapv2, md5");
	t = talk_new(false, "\32\4");
	begin_server(&t);
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_NAK, "\0", 1),
		"it wants none of our EAP methods");
}

/* The password of one, the name of another. */
static void test_server_mschapv2_names(void **state)
{
	uint8_t answer[4 + 1 + 49 + 3] = { 2, 1, 0, 57, 49 };
	struct talk t = talk_new(false, "\32");

	begin_server(&t);
	memcpy(answer + 54, "bob", 3);
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_MSCHAPV2, answer,
			   sizeof(answer)), "its name in mschapv2 is not its EAP identity");
}

/* After a refusal nothing that the client says lets it in; before its answer neither. */
static void test_server_mschapv2_order(void **state)
{
	uint8_t answer[4 + 1 + 49 + 5] = { 2, 1, 0, 59, 49 };
	struct talk t = talk_new(false, "\32");

	begin_server(&t);
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_MSCHAPV2, "\3", 1),
		"unexpected message of mschapv2: code 3");
	t = talk_new(false, "\32");
	begin_server(&t);
	memcpy(answer + 54, "alice", 5);
	assert_int_equal(packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_MSCHAPV2, answer,
				sizeof(answer)), AUTH_MORE);
	assert_memory_equal(t.s->out + 4, "\32\4\1", 3);
	assert_memory_equal(t.s->out + 9, "E=691 R=0 C=", 12);
	assert_int_equal(t.s->key_len, 0);
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_MSCHAPV2, "\3", 1),
		"user alice: a wrong password");
	t = talk_new(false, "\32");
	begin_server(&t);
	answer[4] = 48;
	refused(&t, packet(&t, EAP_RESPONSE, last_id(&t), EAP_TYPE_MSCHAPV2, answer,
			   sizeof(answer)), "malformed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_client_identity_and_copy),
		cmocka_unit_test(test_client_notification),
		cmocka_unit_test(test_client_nak),
		cmocka_unit_test(test_client_octets_are_bounded),
		cmocka_unit_test(test_client_is_not_led_astray),
		cmocka_unit_test(test_client_mschapv2),
		cmocka_unit_test(test_client_changes_no_password),
		cmocka_unit_test(test_server_is_not_led_astray),
		cmocka_unit_test(test_server_nak),
		cmocka_unit_test(test_server_mschapv2_names),
		cmocka_unit_test(test_server_mschapv2_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
