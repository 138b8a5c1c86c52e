// SPDX-License-Identifier: GPL-2.0
/*
 * Two proofs of who begins without EAP, RFC 4739 2.3: A's machine, then its user, by certificate or
 * pre-shared key.
 */
#include "fake/fake_sign.h"
#include "ike/auth/auth.h"
#include "suite/ikev2.h"
#include "unit/ike/ike_ends.h"

#define LAPTOP	"laptop.example.org"
#define B_ID	"192.0.2.2"
#define ALICE	"alice@example.org"

/* CERT_CERT: by certificates of two CAs; PSK_PSK: by two keys. */
enum twice { CERT_PSK, PSK_CERT, CERT_CERT, PSK_PSK, TWICE_COUNT };

static bool twice_first_cert(enum twice how)
{
	return how == CERT_PSK || how == CERT_CERT;
}

static bool twice_second_cert(enum twice how)
{
	return how == PSK_CERT || how == CERT_CERT;
}

static const struct auth_ops *twice_method(bool cert)
{
	return cert ? &auth_signature_ops : &auth_psk_ops;
}

/* Configured; twice_start() has their secrets. */
static struct ends *twice_ends(enum twice how)
{
	const struct auth_ops *first = twice_method(twice_first_cert(how));
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		struct tunnel_conf *c = &p->s[i].conf;

		c->local_auth = c->remote_auth = first;
		if (first->certs) {
			c->certs = fake_certs(i ? B_ID : LAPTOP, i ? "b's key" : "a's key", "CA",
					      24);
			c->ca_hashes = fake_ca_hashes("CA");
		}
	}
	p->s[0].conf.local_second = p->s[1].conf.remote_second =
		twice_method(twice_second_cert(how));
	if (twice_second_cert(how))
		p->s[0].conf.second_certs = fake_certs(ALICE, "alice's key", "users", 2);
	assert_true(ike_id_parse(&p->s[0].conf.local_id, LAPTOP));
	assert_true(ike_id_parse(&p->s[1].conf.remote_id, LAPTOP));
	if (twice_second_cert(how))
		assert_true(ike_id_parse(&p->s[0].conf.second_id, ALICE));
	return p;
}

static void twice_start(struct ends *p)
{
	ends_start(p);
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->s[i];

		fake_keys(&s->fake, s->tunnel, i ? "b's key" : "a's key", "CA");
		fake_keys(&s->fake, s->tunnel | FAKE_SECOND, i ? "" : "alice's key", "users");
		fake_secret(&s->fake, s->tunnel | FAKE_SECOND, "the users' secret");
	}
}

static void twice_free(struct ends *p)
{
	for (int i = 0; i < 2; i++) {
		struct tunnel_conf *c = &p->s[i].conf;

		chunk_list_put(c->certs);
		chunk_list_put(c->ca_hashes);
		chunk_list_put(c->second_certs);
		c->certs = c->ca_hashes = c->second_certs = NULL;
	}
	ends_free(p);
}

static void twice_is(const struct ike_id *id, const char *text)
{
	struct ike_id want;

	assert_true(ike_id_parse(&want, text));
	assert_true(ike_id_equal(id, &want));
}

/* Three messages each way. A key that is shared does not change whom the first has proved. */
static void test_two_proofs(void **state)
{
	for (enum twice how = 0; how < TWICE_COUNT; how++) {
		struct ends *p = twice_ends(how);
		struct side *a = &p->s[0], *b = &p->s[1];

		twice_start(p);
		bring_up(p, 0);
		assert_int_equal(a->sent, 3);
		assert_int_equal(b->sent, 3);
		assert_int_equal(b->fake.jobs_begun, 3);	/* A's two proofs, and its own */
		twice_is(&peer_of(b)->sa->remote_id, twice_second_cert(how) ? ALICE : LAPTOP);
		twice_is(&peer_of(a)->sa->local_id, LAPTOP);
		soft_limit(b);
		carry_all(p);
		assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
		twice_free(p);
	}
}

/* What the second request and its answer have in them, and nothing else. */
static void test_messages(void **state)
{
	for (enum twice how = 0; how < TWICE_COUNT; how++) {
		struct ends *p = twice_ends(how);
		struct side *a = &p->s[0], *b = &p->s[1];
		struct letter l;
		struct msg m;

		twice_start(p);
		start(p, 0);
		for (int i = 0; i < 4; i++)
			carry(&p->s[i & 1]);
		assert_int_equal(only_sa(b)->state, SA_INIT_ANSWERED);
		l = *oldest(a);
		open_letter(only_sa(b), &l, &m);
		assert_int_equal(m.seen[PAYLOAD_IDI] + m.seen[PAYLOAD_AUTH], 2);
		assert_int_equal(m.cert_count, twice_second_cert(how) ? 2 : 0);
		assert_int_equal(m.seen[PAYLOAD_SA] + m.seen[PAYLOAD_TSI] + m.seen[PAYLOAD_IDR], 0);
		assert_null(msg_notify(&m, NOTIFY_ANOTHER_AUTH_FOLLOWS));
		carry(a);
		assert_int_equal(only_sa(b)->state, SA_ESTABLISHED);
		l = *oldest(b);
		open_letter(only_sa(a), &l, &m);
		assert_int_equal(m.seen[PAYLOAD_SA] + m.seen[PAYLOAD_TSI] + m.seen[PAYLOAD_TSR], 3);
		assert_int_equal(m.seen[PAYLOAD_IDR] + m.seen[PAYLOAD_AUTH] + m.cert_count, 0);
		carry(b);
		assert_int_equal(peer_of(a)->state, PEER_UP);
		twice_free(p);
	}
}

/* A second proof with another secret, of another CA, or of a name that its certificate has not. */
static void test_second_is_wrong(void **state)
{
	for (enum twice how = 0; how < TWICE_COUNT; how++) {
		struct ends *p = twice_ends(how);
		struct side *a = &p->s[0], *b = &p->s[1];
		bool cert = twice_second_cert(how);

		twice_start(p);
		fake_secret(&b->fake, b->tunnel | FAKE_SECOND, "another");
		fake_keys(&b->fake, b->tunnel | FAKE_SECOND, "", how == CERT_CERT ? "CA" : "others");
		attempt(p, 0);
		ended_in(a, IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE, cert ?
			 "refused the second one, of " ALICE ": wrong second-id or second-cert" :
			 "refused the second one, of " LAPTOP ": wrong second-id or second-psk-file");
		ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, cert ? "unknown CA" :
			 "compare second-psk-file");
		assert_given_up(p);
		twice_free(p);
	}
}

/* The secret of the first proof is no use for the second, nor the other way round. */
static void test_each_has_its_secret(void **state)
{
	for (int second = 0; second < 2; second++) {
		struct ends *p = twice_ends(PSK_PSK);
		struct side *a = &p->s[0], *b = &p->s[1];

		twice_start(p);
		if (second)
			fake_secret(&a->fake, a->tunnel | FAKE_SECOND, a->psk);
		else
			fake_secret(&a->fake, a->tunnel, "the users' secret");
		attempt(p, 0);
		ended_in(a, IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE, second ?
			 "refused the second one" : "the peer refused: wrong psk");
		assert_int_equal(b->ev[IKE_EV_REFUSED].count, 1);
		assert_given_up(p);
		twice_free(p);
	}
}

/* second-id: whose the second proof has to be; with a shared key else the machine's own name. */
static void test_second_id(void **state)
{
	static const struct {
		enum twice how;
		const char *claims, *wanted;
		bool ok;
	} rows[] = {
		{ PSK_CERT, ALICE, ALICE, true },
		{ PSK_CERT, ALICE, "bob@example.org", false },
		{ CERT_PSK, ALICE, NULL, false },
		{ CERT_PSK, ALICE, ALICE, true },
		{ CERT_PSK, ALICE, LAPTOP, false },
		{ CERT_PSK, LAPTOP, NULL, true },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ends *p = twice_ends(rows[i].how);
		struct side *a = &p->s[0], *b = &p->s[1];

		assert_true(ike_id_parse(&a->conf.second_id, rows[i].claims));
		if (rows[i].wanted)
			assert_true(ike_id_parse(&b->conf.second_id, rows[i].wanted));
		twice_start(p);
		attempt(p, 0);
		assert_int_equal(peer_of(a)->state == PEER_UP, rows[i].ok);
		assert_int_equal(peer_of(b)->state == PEER_UP, rows[i].ok);
		if (!rows[i].ok)
			ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, rows[i].wanted ?
				 "but second-id is" : "without second-id it has to be");
		twice_free(p);
	}
}

/* One end wants two proofs, the other one, or each another second one. */
static void test_ends_differ(void **state)
{
	static const struct {
		const struct auth_ops *a, *b;
		const char *at_a, *at_b;
	} rows[] = {
		{ &auth_psk_ops, NULL, "the peer takes one proof only", NULL },
		{ NULL, &auth_psk_ops, "the peer refused", "it announces no second proof" },
		{ &auth_psk_ops, &auth_signature_ops, "refused the second one",
		  "second-auth wants" },
		{ &auth_psk_ops, &auth_eap_ops, "refused the second one", "second-auth wants" },
		{ &auth_eap_ops, &auth_psk_ops, "refused the second one", "it begins EAP" },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ends *p = twice_ends(CERT_PSK);
		struct side *a = &p->s[0], *b = &p->s[1];

		a->conf.local_second = rows[i].a;
		b->conf.remote_second = rows[i].b;
		a->conf.eap[0] = b->conf.eap[0] = 4;
		twice_start(p);
		attempt(p, 0);
		ended_in(a, IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE, rows[i].at_a);
		if (rows[i].at_b)
			ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, rows[i].at_b);
		assert_given_up(p);
		twice_free(p);
	}
}

static void twice_idi(struct builder *b)
{
	build_id(b, PAYLOAD_IDI, ID_FQDN, (const uint8_t *)LAPTOP, strlen(LAPTOP));
}

static void twice_third(struct builder *b)
{
	uint8_t mac[32] = { 0 };

	twice_idi(b);
	build_auth(b, AUTH_PSK, mac, sizeof(mac));
	build_notify(b, NOTIFY_ANOTHER_AUTH_FOLLOWS, 0, 0, 0, NULL, 0);
}

static void twice_bare(struct builder *b)
{
	uint8_t mac[32] = { 0 };

	build_auth(b, AUTH_PSK, mac, sizeof(mac));
}

static void twice_nothing(struct builder *b)
{
}

/* In place of the second proof: EAP, one that announces a third, an AUTH without IDi. */
static void test_out_of_order(void **state)
{
	static void (*const what[])(struct builder *b) = { twice_idi, twice_third, twice_bare };

	for (unsigned int i = 0; i < 3; i++) {
		struct ends *p = twice_ends(CERT_PSK);
		struct side *a = &p->s[0], *b = &p->s[1];
		struct letter l;

		twice_start(p);
		start(p, 0);
		carry(a);
		carry(b);
		carry(a);	/* B has A's first proof */
		assert_int_equal(only_sa(b)->state, SA_INIT_ANSWERED);
		forge(only_sa(a), EXCHANGE_IKE_AUTH, 0, 2, what[i], &l);
		give(b, &l);
		assert_int_equal(only_sa(b)->state, SA_CLOSED);
		assert_given_up(p);
		twice_free(p);
	}
}

/* The peer grants what it is not asked for yet: it has not proved itself, or wants a proof more. */
static void test_granted_too_early(void **state)
{
	struct ends *p = twice_ends(CERT_PSK);
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	twice_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	carry(a);
	forge(only_sa(b), EXCHANGE_IKE_AUTH, MSG_RESPONSE, 1, twice_nothing, &l);
	give(a, &l);
	assert_int_not_equal(peer_of(a)->state, PEER_UP);
	carry_all(p);
	assert_given_up(p);
	twice_free(p);
}

/* After both proofs the peer has said all of its own: an error is about the child alone. */
static void test_no_child(void **state)
{
	for (enum twice how = 0; how < TWICE_COUNT; how++) {
		struct ends *p = twice_ends(how);
		struct side *a = &p->s[0], *b = &p->s[1];

		set_ts(b, "10.3.0.0/24", "10.1.0.0/24");
		twice_start(p);
		attempt(p, 0);
		ended_in(a, IKE_EV_FAILED, IKE_FAIL_TS, "10.2.0.0/24");
		assert_int_equal(b->ev[IKE_EV_REFUSED].failure, IKE_FAIL_TS);
		assert_int_equal(a->sent, 4);	/* the last one tells B that the IKE SA goes */
		assert_given_up(p);
		twice_free(p);
	}
}

/* Without a child: the answer to the second proof has only notifies, or nothing. */
static void test_childless(void **state)
{
	struct ends *p = twice_ends(PSK_CERT);

	p->s[0].conf.childless = p->s[1].conf.childless = true;
	twice_start(p);
	bring_up(p, 0);
	assert_int_equal(p->s[0].sent, 4);	/* and the child */
	twice_free(p);
}

/* Of two certificates the one that ends first counts. */
static void test_the_certificate_counts(void **state)
{
	struct ends *p = twice_ends(CERT_CERT);

	twice_start(p);
	bring_up(p, 0);
	assert_true(peer_of(&p->s[1])->sa->certified_ms > p->now);
	assert_true(peer_of(&p->s[1])->sa->certified_ms <= p->now + 2 * 3600 * 1000);
	twice_free(p);
}

/* At every moment one end's tunnel is forgotten, or its jobs never end. */
static void test_it_ends_at_any_time(void **state)
{
	for (int what = 0; what < 4; what++) {
		for (int steps = 0; steps < 9; steps++) {
			struct ends *p = twice_ends(CERT_CERT);
			struct side *s = &p->s[what & 1];

			twice_start(p);
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
			twice_free(p);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_proofs),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_second_is_wrong),
		cmocka_unit_test(test_each_has_its_secret),
		cmocka_unit_test(test_second_id),
		cmocka_unit_test(test_ends_differ),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_granted_too_early),
		cmocka_unit_test(test_no_child),
		cmocka_unit_test(test_childless),
		cmocka_unit_test(test_the_certificate_counts),
		cmocka_unit_test(test_it_ends_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
