// SPDX-License-Identifier: GPL-2.0
/* EAP that is passed through to a RADIUS server: A is the client, B asks the server. */
#include <stdlib.h>

#include "ike/auth/eap.h"
#include "ike/object/guess.h"
#include "ike/object/pool.h"
#include "suite/ikev2.h"
#include "unit/ike/ike_ends.h"

static struct ends *radius_ends_new(const char *password)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	a->conf.local_auth = &auth_eap_ops;
	b->conf.remote_auth = &auth_eap_ops;
	a->conf.eap[0] = EAP_TYPE_MSCHAPV2;
	b->conf.eap[0] = EAP_TYPE_RADIUS;
	assert_true(ike_id_parse(&a->conf.eap_id, "alice"));
	fake_password(&a->fake, "", password);
	fake_password(&b->fake, "alice", "wonderland");
	return p;
}

static struct ends *radius_ends(const char *password)
{
	struct ends *p = radius_ends_new(password);

	ends_start(p);
	return p;
}

/* The key that the server gives makes the proofs; the user's name is the peer's. */
static void test_up(void **state)
{
	struct ends *p = radius_ends("wonderland");
	struct side *a = &p->s[0], *b = &p->s[1];
	const struct auth_session *s;
	uint8_t none[64] = { 0 };
	struct ike_id alice;

	start(p, 0);
	for (int step = 0; step < 5; step++) {
		carry(a);
		carry(b);
	}
	s = only_sa(b)->auth[false];
	assert_int_equal(s->key_len, 64);
	assert_memory_not_equal(s->key, none, 32);
	assert_memory_equal(s->key, only_sa(a)->auth[true]->key, 64);
	carry_all(p);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(a->sent, 6);
	assert_int_equal(b->fake.jobs_begun, 4);	/* three of RADIUS, B's proof */
	assert_int_equal(fake_radius_count(&b->fake.radius), 0);
	assert_true(ike_id_parse(&alice, "alice"));
	assert_true(ike_id_equal(&peer_of(b)->sa->remote_id, &alice));
	ends_free(p);
}

/* Wrong passwords until no more are listened to: so many. */
static unsigned int guess_on(struct side *side, const char *user)
{
	struct addr from = { 0 };
	unsigned int count = 0;
	bool name;

	addr_parse(&from, "203.0.113.9");
	while (count < GUESSES_OF_NAME + 1 &&
	       !guess_begin(side->ike, (struct chunk){ (const uint8_t *)user, strlen(user) },
			    &from, &name))
		count++;
	return count;
}

/* Who the server says that it is counts, not who it said itself. */
static void test_another_name(void **state)
{
	struct ends *p = radius_ends("wonderland");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_id bob;

	strcpy(b->fake.radius_user, "bob@example.org");
	assert_int_equal(guess_on(b, "bob@example.org"), GUESSES_OF_NAME);
	pass(p, GUESS_FORGOTTEN_MS);
	start(p, 0);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_true(ike_id_parse(&bob, "bob@example.org"));
	assert_true(ike_id_equal(&peer_of(b)->sa->remote_id, &bob));
	/* what the server says clears nobody of guesses at passwords that we know ourselves */
	assert_int_equal(guess_on(b, "bob@example.org"), 1);
	assert_int_equal(guess_on(b, "alice"), GUESSES_OF_NAME);
	ends_free(p);
}

/* The name outside may be that of many: whoever breaks conversations off keeps none of them out. */
static void test_the_claimed_name_of_many(void **state)
{
	struct ends *p = radius_ends("wonder");
	struct side *a = &p->s[0], *b = &p->s[1];

	for (int i = 0; i < GUESSES_OF_NAME + 2; i++) {
		attempt(p, 0);
		assert_int_equal(a->ev[IKE_EV_FAILED].count, i + 1);
		pass(p, 1000);
	}
	said(b, IKE_EV_REFUSED, "the RADIUS server refuses the user");
	assert_int_equal(guess_on(b, "alice"), GUESSES_OF_NAME);
	fake_password(&a->fake, "", "wonderland");
	bring_up(p, 0);
	ends_free(p);
}

static void side_pool(struct side *s, const char *range)
{
	struct pool_conf conf = { .name = "road", .range_count = 1 };
	const char *why;

	assert_true(ts_parse(&conf.range[0], range, &why));
	assert_int_equal(ike_pool_set(s->ike, &conf), 0);
}

static struct ends *granted_ends(uint32_t session_s, const char *framed)
{
	struct ends *p = radius_ends_new("wonderland");
	struct side *b = &p->s[1];

	set_ts(&p->s[0], "0.0.0.0/0", "10.2.0.0/24");
	p->s[0].conf.ask_address = true;
	set_ts(b, "10.2.0.0/24", "10.9.0.0/24");
	set_remote(b, "any");
	snprintf(b->conf.pool, sizeof(b->conf.pool), "road");
	b->fake.radius_session_s = session_s;
	assert_true(addr_parse(&b->fake.radius_framed, framed));
	ends_start(p);
	side_pool(b, "10.9.0.0/24");
	return p;
}

/* The peer gets the address that the server has for it. */
static void test_framed(void **state)
{
	struct ends *p = granted_ends(0, "10.9.0.77");
	char text[ADDR_STRLEN];

	bring_up(p, 0);
	assert_non_null(peer_of(&p->s[1])->lease[0]);
	assert_string_equal(addr_str(&peer_of(&p->s[1])->lease[0]->addr, text), "10.9.0.77");
	ends_free(p);
}

/* And no other: rules about who may go where may rest on it. */
static void test_framed_refused(void **state)
{
	static const char *const framed[] = { "10.8.0.77", "10.9.0.0", "10.9.0.255" };

	for (size_t i = 0; i < sizeof(framed) / sizeof(*framed); i++) {
		struct ends *p = granted_ends(0, framed[i]);

		start(p, 0);
		carry_all(p);
		said(&p->s[1], IKE_EV_REFUSED, "the RADIUS server says ");
		assert_int_equal(p->s[1].fake.in_count, 0);
		let_time_pass(p, 10);
		ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_ADDRESS, "INTERNAL_ADDRESS_FAILURE");
		assert_null(p->s[1].ike->pools.tqh_first->leases);
		ends_free(p);
	}
}

/* Reauthenticated, the server has another one for it. */
static void test_framed_changes(void **state)
{
	struct ends *p = granted_ends(0, "10.9.0.77");
	struct side *a = &p->s[0], *b = &p->s[1];

	bring_up(p, 0);
	assert_true(addr_parse(&b->fake.radius_framed, "10.9.0.78"));
	reauthenticate(a);
	let_time_pass(p, 10);
	said(b, IKE_EV_REFUSED, "has 10.9.0.77 already");
	ends_free(p);
}

/* Its proof is good for so long: the client hears it and comes again, who does not is let go. */
static void test_session(void **state)
{
	struct ends *p = granted_ends(3600, "10.9.0.77");
	struct side *a = &p->s[0], *b = &p->s[1];

	bring_up(p, 0);
	assert_int_equal(peer_of(b)->sa->certified_ms, p->now + UINT64_C(3600000));
	let_time_pass(p, 3590);
	assert_int_equal(reauthentications(a), 1);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	ends_free(p);
	p = granted_ends(3600, "10.9.0.77");
	a = &p->s[0];
	b = &p->s[1];
	bring_up(p, 0);
	sa_term_never(peer_of(a)->sa);
	let_time_pass(p, 3600 + 50);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 0);
	let_time_pass(p, 60);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 1);
	ends_free(p);
}

/* remote-id is about the name that the server has proved. */
static void test_remote_id(void **state)
{
	static const char *const names[] = { "bob", "alice" };

	for (int i = 0; i < 2; i++) {
		struct ends *p = radius_ends_new("wonderland");
		struct side *b = &p->s[1];

		assert_true(ike_id_parse(&b->conf.remote_id, "alice"));
		strcpy(b->fake.radius_user, names[i]);
		ends_start(p);
		start(p, 0);
		carry_all(p);
		if (i)
			assert_int_equal(peer_of(b)->state, PEER_UP);
		else
			said(b, IKE_EV_REFUSED, "it is bob, but remote-id is alice");
		ends_free(p);
	}
}

static void test_wrong_password(void **state)
{
	struct ends *p = radius_ends("looking glass");
	struct side *a = &p->s[0], *b = &p->s[1];

	start(p, 0);
	carry_all(p);
	said(b, IKE_EV_REFUSED, "user alice: the RADIUS server refuses the user");
	said(a, IKE_EV_FAILED, "the server refuses alice");
	pass(p, 60000);
	assert_true(TAILQ_EMPTY(&b->ike->sas));
	assert_true(fake_is_empty(&b->fake));
	ends_free(p);
}

/* ---- packet by packet: B's conversation, whose client and server are written here by hand */

struct talk {
	struct ends *p;
	struct auth_session *s;
};

static struct talk talk_new(void)
{
	struct talk t = { .p = radius_ends("wonderland") };
	struct side *b = &t.p->s[1];
	struct octets covered = {0};

	start(t.p, 0);
	carry(&t.p->s[0]);
	t.s = auth_begin(only_sa(b), b->tunnel, &auth_eap_ops, false, &covered);
	b->fake.hold_jobs = true;
	assert_int_equal(auth_step(t.s, (struct chunk){ 0 }), AUTH_MORE);
	assert_int_equal(t.s->out[4], EAP_TYPE_IDENTITY);
	return t;
}

/* A response of the client's with the identifier that it has to have: a job begins. */
static struct chunk say(struct talk *t, const void *data, size_t len)
{
	static uint8_t out[4096];

	out[0] = EAP_RESPONSE;
	out[1] = t->s->out[1];
	out[2] = (uint8_t)((4 + len) >> 8);
	out[3] = (uint8_t)(4 + len);
	memcpy(out + 4, data, len);
	return (struct chunk){ out, 4 + len };
}

/* The server's answer to it. */
static enum auth_state answered(struct talk *t, struct chunk said_before,
				const struct ike_job_result *result)
{
	struct side *b = &t->p->s[1];

	free(b->fake.job[--b->fake.job_count].flight);
	ike_job_done(b->ike, t->s->job, result);
	return auth_step(t->s, said_before);
}

static void failed(struct talk *t, enum auth_state state, const char *why)
{
	assert_int_equal(state, AUTH_FAILED);
	if (!strstr(t->s->why, why))
		fail_msg("\"%s\" does not say \"%s\"", t->s->why, why);
	assert_int_equal(t->s->out[0], EAP_FAILURE);
	ends_free(t->p);
}

static struct ike_job_result request(const void *octets, size_t len)
{
	return (struct ike_job_result){ .round = IKE_ROUND_MORE, .eap = { octets, len } };
}

/* Any type, a NAK too, goes to the server, and what that asks comes back with its identifier. */
static void test_any_type(void **state)
{
	static const uint8_t asked[] = { 1, 99, 0, 7, 21, 0, 0x20 };
	static const uint8_t again[] = { 1, 7, 0, 6, 43, 1 };
	struct talk t = talk_new();
	struct ike_job_result r = request(asked, sizeof(asked));
	struct chunk c = say(&t, "\1alice", 6);

	assert_int_equal(auth_step(t.s, c), AUTH_PENDING);
	assert_int_equal(answered(&t, c, &r), AUTH_MORE);
	assert_int_equal(t.s->out_len, sizeof(asked));
	assert_memory_equal(t.s->out, asked, sizeof(asked));
	c = say(&t, "\3\53", 2);			/* NAK: it wants 43 */
	assert_int_equal(auth_step(t.s, c), AUTH_PENDING);
	r = request(again, sizeof(again));
	assert_int_equal(answered(&t, c, &r), AUTH_MORE);
	assert_memory_equal(t.s->out, again, sizeof(again));
	c = say(&t, "\53x", 2);
	assert_int_equal(auth_step(t.s, c), AUTH_PENDING);
	/* a method that gives no key */
	r = (struct ike_job_result){ .round = IKE_ROUND_DONE };
	assert_int_equal(answered(&t, c, &r), AUTH_DONE);
	assert_int_equal(t.s->key_len, 0);
	assert_int_equal(t.s->out[0], EAP_SUCCESS);
	assert_int_equal(t.s->out[1], 7);
	ends_free(t.p);
}

static void test_another_identifier(void **state)
{
	static const uint8_t asked[] = { 1, 99, 0, 6, 21, 0 };
	struct talk t = talk_new();
	struct ike_job_result r = request(asked, sizeof(asked));
	struct chunk c = say(&t, "\1alice", 6);
	uint8_t wrong[] = { 2, 98, 0, 6, 21, 0 };

	assert_int_equal(auth_step(t.s, c), AUTH_PENDING);
	assert_int_equal(answered(&t, c, &r), AUTH_MORE);
	failed(&t, auth_step(t.s, (struct chunk){ wrong, sizeof(wrong) }),
	       "an EAP response to request 98, we sent 99");
}

/* Of what the server says nothing is taken that is no request, or does not fit. */
static void test_what_the_server_may_not_say(void **state)
{
	static uint8_t big[AUTH_OUT_MAX + 1] = { 1, 2, sizeof(big) >> 8, sizeof(big) & 0xff, 21 };
	static const struct {
		const uint8_t *octets;
		size_t len;
		const char *why;
	} rows[] = {
		{ (const uint8_t *)"\2\1\0\5\1", 5, "no sound EAP request" },
		{ (const uint8_t *)"\3\1\0\4", 4, "no sound EAP request" },
		{ (const uint8_t *)"\1\1\0\7\1", 5, "no sound EAP request" },
		{ (const uint8_t *)"", 0, "no sound EAP request" },
		{ big, sizeof(big), "an EAP request of 1153 octets: 1152 are allowed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct talk t = talk_new();
		struct ike_job_result r = request(rows[i].octets, rows[i].len);
		struct chunk c = say(&t, "\1alice", 6);

		assert_int_equal(auth_step(t.s, c), AUTH_PENDING);
		failed(&t, answered(&t, c, &r), rows[i].why);
	}
}

static void test_no_answer(void **state)
{
	const struct ike_job_result r = {
		.why = "the RADIUS server 192.0.2.9:1812 does not answer",
	};
	struct talk t = talk_new();
	struct chunk c = say(&t, "\1alice", 6);

	assert_int_equal(auth_step(t.s, c), AUTH_PENDING);
	failed(&t, answered(&t, c, &r),
	       "user alice: the RADIUS server 192.0.2.9:1812 does not answer");
}

static void test_name_too_long(void **state)
{
	static const uint8_t name[TUNNEL_ID_MAX + 1] = { 'a' };
	const struct ike_job_result r = {
		.round = IKE_ROUND_DONE, .user = { name, sizeof(name) },
	};
	struct talk t = talk_new();
	struct chunk c = say(&t, "\1alice", 6);

	assert_int_equal(auth_step(t.s, c), AUTH_PENDING);
	failed(&t, answered(&t, c, &r), "the RADIUS server names a user of 257 octets: 256 are");
}

static void test_too_long(void **state)
{
	static const uint8_t asked[] = { 1, 99, 0, 6, 21, 0 };
	static uint8_t data[3100] = { 21 };
	struct talk t = talk_new();
	struct ike_job_result r = request(asked, sizeof(asked));
	struct chunk c = say(&t, "\1alice", 6);

	assert_int_equal(auth_step(t.s, c), AUTH_PENDING);
	assert_int_equal(answered(&t, c, &r), AUTH_MORE);
	failed(&t, auth_step(t.s, say(&t, data, sizeof(data))),
	       "an EAP response of 3104 octets: a RADIUS server gets 3000 at most");
}

/* Conversations that end without success are guesses: the server is not asked for ever. */
static void test_guesses(void **state)
{
	struct talk t = talk_new();
	struct side *b = &t.p->s[1];
	unsigned int begun = 0;
	struct octets covered = {0};

	for (int i = 0; i < GUESSES_OF_ADDR + 1; i++) {
		struct chunk c = say(&t, "\1alice", 6);
		enum auth_state state_of = auth_step(t.s, c);

		begun += state_of == AUTH_PENDING;
		if (i < GUESSES_OF_ADDR) {
			assert_int_equal(state_of, AUTH_PENDING);
			b->fake.job_count = 0;
			free(b->fake.job[0].flight);
			t.s = auth_begin(only_sa(b), b->tunnel, &auth_eap_ops, false, &covered);
			assert_int_equal(auth_step(t.s, (struct chunk){ 0 }), AUTH_MORE);
			continue;
		}
		failed(&t, state_of, "too many wrong passwords from its address");
	}
	assert_int_equal(begun, GUESSES_OF_ADDR);
}

/* As all the proof that there is it is no use: nobody knows what the server's method proves. */
static void test_not_alone(void **state)
{
	struct ends *p = radius_ends("wonderland");
	struct side *b = &p->s[1];
	struct octets covered = {0};
	struct auth_session *s;
	struct talk t = { .p = p };

	start(p, 0);
	carry(&p->s[0]);
	s = t.s = auth_begin(only_sa(b), b->tunnel, &auth_eap_ops, false, &covered);
	s->alone = true;
	assert_int_equal(auth_step(s, (struct chunk){ 0 }), AUTH_MORE);
	failed(&t, auth_step(s, say(&t, "\1alice", 6)), "it wants none of our EAP methods");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up), cmocka_unit_test(test_another_name),
		cmocka_unit_test(test_the_claimed_name_of_many),
		cmocka_unit_test(test_framed), cmocka_unit_test(test_framed_refused),
		cmocka_unit_test(test_framed_changes), cmocka_unit_test(test_session),
		cmocka_unit_test(test_remote_id), cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_any_type), cmocka_unit_test(test_another_identifier),
		cmocka_unit_test(test_what_the_server_may_not_say),
		cmocka_unit_test(test_no_answer), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_name_too_long),
		cmocka_unit_test(test_guesses), cmocka_unit_test(test_not_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
