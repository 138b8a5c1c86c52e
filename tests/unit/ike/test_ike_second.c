// SPDX-License-Identifier: GPL-2.0
/* Two proofs of who begins, RFC 4739: A's machine by pre-shared key, then its user by EAP. */
#include <stdlib.h>

#include "fake/fake_rounds.h"
#include "fake/fake_sign.h"
#include "ike/auth/eap.h"
#include "ike/object/stranger.h"
#include "suite/ikev2.h"
#include "unit/ike/ike_ends.h"

static void second_eap(struct side *s, bool client, const char *types)
{
	if (client)
		s->conf.local_second = &auth_eap_ops;
	else
		s->conf.remote_second = &auth_eap_ops;
	memcpy(s->conf.eap, types, strlen(types));
}

/* Configured; the machine is "laptop.example.org", the user alice. */
static struct ends *second_ends(const char *types)
{
	struct ends *p = ends_new();
	struct side *a = &p->s[0], *b = &p->s[1];

	second_eap(a, true, types);
	second_eap(b, false, types);
	assert_true(ike_id_parse(&a->conf.local_id, "laptop.example.org"));
	assert_true(ike_id_parse(&a->conf.eap_id, "alice"));
	assert_true(ike_id_parse(&b->conf.remote_id, "laptop.example.org"));
	fake_password(&a->fake, "", "wonderland");
	fake_password(&b->fake, "alice", "wonderland");
	return p;
}

/* remote-id is about the machine; the peer is called as EAP has proved. */
static void test_two_proofs(void **state)
{
	static const struct {
		const char *types;
		unsigned int messages;	/* INIT, the first proof, IDi, the rounds, the last AUTH */
	} rows[] = { { "\4", 6 }, { "\32", 7 } };

	for (int i = 0; i < 2; i++) {
		struct ends *p = second_ends(rows[i].types);
		struct side *a = &p->s[0], *b = &p->s[1];
		struct ike_id alice, laptop;

		ends_start(p);
		bring_up(p, 0);
		assert_int_equal(a->sent, rows[i].messages);
		assert_int_equal(b->sent, rows[i].messages);
		assert_int_equal(a->fake.jobs_begun, 3);	/* psk, B's proof, the password */
		assert_int_equal(b->fake.jobs_begun, 3);
		assert_true(ike_id_parse(&alice, "alice"));
		assert_true(ike_id_parse(&laptop, "laptop.example.org"));
		assert_true(ike_id_equal(&peer_of(b)->sa->remote_id, &alice));
		assert_true(ike_id_equal(&peer_of(a)->sa->local_id, &laptop));
		soft_limit(b);
		carry_all(p);
		assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
		ends_free(p);
	}
}

/* How often B answers @times copies of @l. */
static unsigned int answers_to(struct side *b, const struct letter *l, unsigned int times)
{
	unsigned int count = 0;

	while (times--) {
		give(b, l);
		while (drop(b))
			count++;
	}
	return count;
}

/*
 * Who has proved nothing yet replays its own request, as if it came from another: that one hears
 * nothing. Nor is its own address sent one answer after the other.
 */
static void test_replays_of_a_stranger(void **state)
{
	struct ends *p = second_ends("\4");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter init, auth, forged;

	ends_start(p);
	start(p, 0);
	init = *oldest(a);
	carry(a);
	assert_int_equal(answers_to(b, &init, 1000), 1 + 4);
	pass(p, 499);
	assert_int_equal(answers_to(b, &init, 10), 0);
	pass(p, 1);
	give(b, &init);
	assert_int_equal(b->count, 1);		/* the peer's own that is late is answered */
	assert_int_equal(answers_to(b, &init, 10), 1);
	while (drop(a))
		;
	pass(p, 2000);
	assert_true(carry(a));
	assert_true(carry(b));
	auth = *oldest(a);
	assert_int_equal(auth.msg[18], EXCHANGE_IKE_AUTH);
	carry(a);
	assert_true(only_sa(b)->stranger);
	assert_int_equal(b->count, 1);
	while (drop(b))
		;
	forged = auth;
	forged.local.addr.b[3] ^= 0x40;
	assert_int_equal(answers_to(b, &forged, 1000), 0);
	assert_int_equal(answers_to(b, &auth, 1000), 4);
	ends_free(p);
}

/* The same user comes with another machine, or has restarted this one: INITIAL_CONTACT. */
static void test_another_machine(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct ends *p = second_ends("\4");
		struct side *a = &p->s[0], *b = &p->s[1];
		bool other = i & 1, keep = i & 2;
		struct ike_sa *first;
		uint64_t spi;

		b->conf.remote_id.type = 0;
		b->conf.unique = keep ? UNIQUE_KEEP : UNIQUE_REPLACE;
		ends_start(p);
		bring_up(p, 0);
		first = only_sa(b);
		spi = sa_spi(first);
		if (other)
			assert_true(ike_id_parse(&a->conf.local_id, "desktop.example.org"));
		side_restart(a);
		start(p, 0);
		for (int n = 0; n < 6; n++) {
			carry(a);
			carry(b);
		}
		first = sa_find(b->ike, spi);
		assert_int_equal(!!first, other);
		if (other)
			assert_int_equal(peer_of(b)->before == first, !keep);
		assert_int_equal(peer_of(b)->sa == first, other && keep);
		ends_free(p);
	}
}

/* Without a name of its own the user is called as the machine; any method of rounds will do. */
static void test_a_method_nobody_knows(void **state)
{
	struct ends *p = ends_new();

	p->s[0].conf.local_second = &fake_rounds;
	p->s[1].conf.remote_second = &fake_rounds;
	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(p->s[0].sent, 6);
	assert_int_equal(fake_rounds_open, 0);
	ends_free(p);
}

/* What the first request and the second one have in them. */
static void test_messages(void **state)
{
	struct ends *p = second_ends("\4");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;
	struct msg m;

	ends_start(p);
	start(p, 0);
	carry(a);
	assert_int_equal(msg_parse_payloads(cursor_of(oldest(b)->msg + MSG_HEADER_LEN,
						      oldest(b)->len - MSG_HEADER_LEN),
					    oldest(b)->msg[16], &m), MSG_OK);
	assert_non_null(msg_notify(&m, NOTIFY_MULTIPLE_AUTH_SUPPORTED));
	carry(b);
	l = *oldest(a);
	open_letter(only_sa(b), &l, &m);
	assert_non_null(msg_notify(&m, NOTIFY_MULTIPLE_AUTH_SUPPORTED));
	assert_non_null(msg_notify(&m, NOTIFY_ANOTHER_AUTH_FOLLOWS));
	assert_null(msg_notify(&m, NOTIFY_QCD_TOKEN));
	carry(a);
	assert_int_equal(only_sa(b)->state, SA_INIT_ANSWERED);
	l = *oldest(b);
	open_letter(only_sa(a), &l, &m);
	assert_int_equal(m.seen[PAYLOAD_AUTH], 1);
	assert_int_equal(m.seen[PAYLOAD_SA] + m.seen[PAYLOAD_TSI] + m.seen[PAYLOAD_EAP], 0);
	carry(b);
	l = *oldest(a);
	open_letter(only_sa(b), &l, &m);
	for (int i = 0; i < 256; i++)
		assert_int_equal(m.seen[i], i == PAYLOAD_IDI);
	assert_int_equal(m.idi.type, ID_FQDN);
	assert_int_equal(m.idi.data.left, 5);
	carry_all(p);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	ends_free(p);
}

/* One end wants two proofs, the other one: it comes to nothing, and each says why. */
static void test_only_one_wants_it(void **state)
{
	struct ends *p = second_ends("\4");

	p->s[1].conf.remote_second = NULL;
	ends_start(p);
	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE, "the peer takes one proof only");
	assert_given_up(p);
	ends_free(p);

	p = second_ends("\4");
	p->s[0].conf.local_second = NULL;
	ends_start(p);
	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE, "the peer refused");
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "it announces no second proof");
	assert_given_up(p);
	ends_free(p);
}

/* Who answers cannot prove itself in rounds, and is told so before anything is sent or made. */
static void test_the_wrong_end(void **state)
{
	struct ends *p = second_ends("\4");

	ends_start(p);
	attempt(p, 1);
	ended_in(&p->s[1], IKE_EV_FAILED, IKE_FAIL_CONFIG, "let the peer begin");
	assert_given_up(p);
	ends_free(p);

	p = second_ends("\4");
	p->s[1].conf.remote_second = NULL;
	ends_start(p);
	attempt(p, 1);
	ended_in(&p->s[0], IKE_EV_REFUSED, IKE_FAIL_CONFIG, "let this end begin");
	assert_given_up(p);
	ends_free(p);
}

/* Either proof is wrong, or the machine is another one: that of the user makes up for nothing. */
static void test_one_proof_is_wrong(void **state)
{
	for (int what = 0; what < 3; what++) {
		static const char *const said[] = {
			"wrong psk", "the server refuses alice", "wrong psk",
		};
		struct ends *p = second_ends("\32");
		struct side *a = &p->s[0], *b = &p->s[1];

		if (what == 1)
			fake_password(&a->fake, "", "looking glass");
		if (what == 2)
			assert_true(ike_id_parse(&b->conf.remote_id, "desktop.example.org"));
		ends_start(p);
		if (!what)
			fake_secret(&b->fake, b->tunnel, "wrong");
		attempt(p, 0);
		ended_in(a, IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE, said[what]);
		assert_int_equal(b->ev[IKE_EV_REFUSED].count, 1);
		assert_given_up(p);
		ends_free(p);
	}
}

/* Refused after the first proof: what is said is about the second, and names the user. */
static void test_second_is_refused(void **state)
{
	struct ends *p = second_ends("\32");
	struct side *a = &p->s[0], *b = &p->s[1];

	ends_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	carry(a);	/* B has A's first proof */
	ike_tunnel_del(b->ike, b->tunnel);
	carry_all(p);
	ended_in(a, IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE,
		 "the peer took the first proof, of laptop.example.org, and refused the second one, "
		 "of alice: wrong eap-identity or password");
	assert_given_up(p);
	ends_free(p);
}

/* The second proof has as long as the first had, and no more, however it goes on. */
static void test_each_has_its_time(void **state)
{
	for (int in_time = 0; in_time < 2; in_time++) {
		struct ends *p = second_ends("\32");
		struct side *a = &p->s[0], *b = &p->s[1];

		ends_start(p);
		start(p, 0);
		carry(a);
		carry(b);
		pass(p, 20000);
		carry(a);	/* B has A's first proof */
		pass(p, 20000);
		assert_int_equal(only_sa(b)->state, SA_INIT_ANSWERED);
		b->fake.hold_jobs = !in_time;
		carry_all(p);	/* as far as the password, which is judged late or at once */
		pass(p, 15000);
		assert_int_equal(TAILQ_EMPTY(&b->ike->sas), !in_time);
		assert_int_equal(peer_of(b)->state == PEER_UP, in_time);
		b->fake.hold_jobs = false;
		fake_jobs_run(&b->fake, b->ike);
		ends_free(p);
	}
}

/* Who has proved the machine and not the user stays a stranger: counted, and held by the limits. */
static void test_half_proved(void **state)
{
	struct ends *p = second_ends("\32");
	struct side *a = &p->s[0], *b = &p->s[1];

	fake_password(&a->fake, "", "looking glass");
	ends_start(p);
	for (unsigned int i = 0; i < STRANGERS_COOKIE; i++) {
		attempt(p, 0);
		assert_int_equal(b->ike->counters.half_open, i + 1);
		assert_int_equal(strangers_of_net(b->ike, &a->fake.addr), i + 1);
		assert_int_equal(b->ike->over_count, 0);
		side_down(a);
	}
	assert_int_equal(b->ike->counters.cookies_sent, 0);
	attempt(p, 0);
	assert_int_equal(b->ike->counters.cookies_sent, 1);
	side_down(a);
	assert_given_up(p);
	ends_free(p);
}

static void second_idi(struct builder *b)
{
	build_id(b, PAYLOAD_IDI, ID_FQDN, (const uint8_t *)"alice", 5);
}

static void second_another(struct builder *b)
{
	uint8_t mac[32] = { 0 };

	build_auth(b, AUTH_PSK, mac, sizeof(mac));
	build_notify(b, NOTIFY_ANOTHER_AUTH_FOLLOWS, 0, 0, 0, NULL, 0);
}

/* The second proof begins once, and nothing comes before it or in its place. */
static void test_out_of_order(void **state)
{
	for (int what = 0; what < 3; what++) {
		struct ends *p = second_ends("\4");
		struct side *a = &p->s[0], *b = &p->s[1];
		struct letter l;

		ends_start(p);
		start(p, 0);
		carry(a);
		carry(b);
		carry(a);	/* B has A's first proof */
		assert_int_equal(only_sa(b)->state, SA_INIT_ANSWERED);
		if (what) {
			carry(b);
			carry(a);	/* and has begun to ask */
		}
		forge(only_sa(a), EXCHANGE_IKE_AUTH, 0, 2 + !!what,
		      what == 1 ? second_idi : second_another, &l);
		give(b, &l);
		assert_int_equal(only_sa(b)->state, SA_CLOSED);
		assert_given_up(p);
		ends_free(p);
	}
}

/* At every moment one end's tunnel is forgotten, or its jobs never end. */
static void test_it_ends_at_any_time(void **state)
{
	for (int what = 0; what < 4; what++) {
		for (int steps = 0; steps < 14; steps++) {
			struct ends *p = second_ends("\32");
			struct side *s = &p->s[what & 1];

			ends_start(p);
			start(p, 0);
			s->fake.hold_jobs = true;
			for (int i = 0; i < steps; i++) {
				carry(&p->s[i & 1]);
				if (i < steps - 1)
					while (fake_job_end(&s->fake, s->ike))
						;
			}
			if (what < 2)
				ike_tunnel_del(s->ike, s->tunnel);
			else if (s->fake.job_count)
				pass(p, 21000);		/* the engine gives them up */
			s->fake.hold_jobs = false;
			fake_jobs_run(&s->fake, s->ike);
			for (int i = 0; i < 10; i++) {
				carry_all(p);
				pass(p, 20000);
			}
			assert_int_equal(peer_of(&p->s[what < 2 ? !what : 0])->state == PEER_UP,
					 what >= 2 && peer_of(&p->s[1])->state == PEER_UP);
			for (int i = 0; i < 2; i++)
				if (TAILQ_EMPTY(&p->s[i].ike->sas))
					assert_true(fake_is_empty(&p->s[i].fake));
			ends_free(p);
		}
	}
}

/* The machine's certificate ends before the session does: that counts, though EAP came after it. */
static void test_the_certificate_counts(void **state)
{
	struct ends *p = second_ends("\4");
	struct chunk_list *certs[2], *hashes = fake_ca_hashes("CA");

	certs[0] = fake_certs("laptop.example.org", "key 0", "CA", 2);
	certs[1] = fake_certs("192.0.2.2", "key 1", "CA", 24);
	for (int i = 0; i < 2; i++) {
		struct tunnel_conf *c = &p->s[i].conf;

		c->local_auth = c->remote_auth = &auth_signature_ops;
		c->certs = certs[i];
		c->ca_hashes = hashes;
	}
	ends_start(p);
	fake_keys(&p->s[0].fake, p->s[0].tunnel, "key 0", "CA");
	fake_keys(&p->s[1].fake, p->s[1].tunnel, "key 1", "CA");
	bring_up(p, 0);
	assert_true(peer_of(&p->s[1])->sa->certified_ms > p->now);
	assert_true(peer_of(&p->s[1])->sa->certified_ms <= p->now + 2 * 3600 * 1000);
	ends_free(p);
	for (int i = 0; i < 2; i++)
		chunk_list_put(certs[i]);
	chunk_list_put(hashes);
}

/* Who comes back with a ticket, RFC 5723, has given both: neither is asked for again. */
static void test_resumed(void **state)
{
	struct ends *p = second_ends("\4");
	struct side *a = &p->s[0], *b = &p->s[1];
	struct ike_id alice;
	unsigned int jobs;

	for (int i = 0; i < 2; i++) {
		p->s[i].conf.resume = true;
		p->s[i].conf.dpd_s = 0;
	}
	ends_start(p);
	bring_up(p, 0);
	jobs = a->fake.jobs_begun + b->fake.jobs_begun;
	ike_probe(a->ike);
	while (peer_of(a)->sa) {
		drop(a);
		pass(p, 1000);
	}
	start(p, 0);
	assert_int_equal(oldest(a)->msg[18], EXCHANGE_IKE_SESSION_RESUME);
	let_time_pass(p, 65);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_true(only_sa(a)->resumed && only_sa(b)->resumed);
	assert_int_equal(a->fake.jobs_begun + b->fake.jobs_begun, jobs);
	assert_true(ike_id_parse(&alice, "alice"));
	assert_true(ike_id_equal(&only_sa(b)->remote_id, &alice));
	ends_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_proofs),
		cmocka_unit_test(test_replays_of_a_stranger),
		cmocka_unit_test(test_another_machine),
		cmocka_unit_test(test_a_method_nobody_knows),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_only_one_wants_it),
		cmocka_unit_test(test_the_wrong_end),
		cmocka_unit_test(test_one_proof_is_wrong),
		cmocka_unit_test(test_second_is_refused),
		cmocka_unit_test(test_each_has_its_time),
		cmocka_unit_test(test_half_proved),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_it_ends_at_any_time),
		cmocka_unit_test(test_the_certificate_counts),
		cmocka_unit_test(test_resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
