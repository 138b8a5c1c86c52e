// SPDX-License-Identifier: GPL-2.0
/* Proofs by signature and certificate through IKE_SA_INIT and IKE_AUTH, RFC 7296 2.15, RFC 7427. */
#include <stdlib.h>

#include "fake/fake_sign.h"
#include "ike/auth/auth.h"
#include "unit/ike/ike_ends.h"

#define A_ID	"a.example.org"
#define B_ID	"b.example.org"

static void set_id(struct ike_id *id, const char *text)
{
	assert_true(ike_id_parse(id, text));
}

/* Both ends have a certificate of CA "ca", and say it. */
static struct ends *signing_ends(void)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		struct tunnel_conf *c = &p->s[i].conf;

		set_id(&c->local_id, i ? B_ID : A_ID);
		set_id(&c->remote_id, i ? A_ID : B_ID);
		c->local_auth = c->remote_auth = &auth_signature_ops;
		c->certs = fake_certs(i ? B_ID : A_ID, i ? "b's key" : "a's key", "ca", 24);
		c->ca_hashes = fake_ca_hashes("ca");
	}
	return p;
}

static void signing_start(struct ends *p)
{
	ends_start(p);
	fake_keys(&p->s[0].fake, p->s[0].tunnel, "a's key", "ca");
	fake_keys(&p->s[1].fake, p->s[1].tunnel, "b's key", "ca");
}

static void signing_free(struct ends *p)
{
	struct chunk_list *lists[] = { p->s[0].conf.certs, p->s[0].conf.ca_hashes,
				       p->s[1].conf.certs, p->s[1].conf.ca_hashes };

	ends_free(p);
	for (int i = 0; i < 4; i++) {
		assert_true(!lists[i] || lists[i]->refs == 1);
		chunk_list_put(lists[i]);
	}
}

/* The certificate of end @whose becomes this one. */
static void set_cert(struct ends *p, int whose, const char *id, const char *key, const char *ca,
		     unsigned int hours)
{
	struct tunnel_conf *c = &p->s[whose].conf;

	chunk_list_put(c->certs);
	c->certs = fake_certs(id, key, ca, hours);
}

static void test_both_sign(void **state)
{
	struct ends *p = signing_ends();
	struct side *a = &p->s[0], *b = &p->s[1];

	signing_start(p);
	bring_up(p, 0);
	assert_int_equal(a->fake.jobs_begun, 2);
	assert_int_equal(b->fake.jobs_begun, 2);
	soft_limit(b);
	carry_all(p);
	assert_int_equal(a->ev[IKE_EV_CHILD_REKEYED].count, 1);
	signing_free(p);
}

/* One end with the pre-shared key, the other with a certificate. */
static void test_another_method_each_way(void **state)
{
	for (int signs = 0; signs < 2; signs++) {
		struct ends *p = signing_ends();

		p->s[signs].conf.remote_auth = p->s[!signs].conf.local_auth = NULL;
		signing_start(p);
		bring_up(p, 0);
		signing_free(p);
	}
}

/* ---- what is wrong with it */

static void assert_over(struct ends *p)
{
	for (int i = 0; i < 10; i++) {
		carry_all(p);
		pass(p, 20000);
	}
	for (int i = 0; i < 2; i++) {
		assert_true(TAILQ_EMPTY(&p->s[i].ike->sas));
		assert_true(fake_is_empty(&p->s[i].fake));
	}
	assert_int_equal(p->s[0].ev[IKE_EV_UP].count, 0);
}

/* A begins; the end @whose has a certificate that the other one does not believe. */
static void refused(struct ends *p, int whose, const char *why)
{
	const char *who = whose ? "the peer " B_ID " does not prove who it is" :
				  "the peer " A_ID " at 192.0.2.1:500 does not prove who it is";
	struct side *judge = &p->s[!whose];

	signing_start(p);
	attempt(p, 0);
	ended_in(judge, whose ? IKE_EV_FAILED : IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, who);
	said(judge, whose ? IKE_EV_FAILED : IKE_EV_REFUSED, why);
	if (!whose)
		ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE,
			 "wrong certificate, local-id or remote-id");
	assert_over(p);
	signing_free(p);
}

static void test_unknown_ca(void **state)
{
	for (int whose = 0; whose < 2; whose++) {
		struct ends *p = signing_ends();

		set_cert(p, whose, whose ? B_ID : A_ID, whose ? "b's key" : "a's key", "other", 24);
		refused(p, whose, "is of an unknown CA");
	}
}

static void test_of_another(void **state)
{
	for (int whose = 0; whose < 2; whose++) {
		struct ends *p = signing_ends();

		set_cert(p, whose, "c.example.org", whose ? "b's key" : "a's key", "ca", 24);
		refused(p, whose, "does not speak for it");
	}
}

static void test_expired(void **state)
{
	for (int whose = 0; whose < 2; whose++) {
		struct ends *p = signing_ends();

		set_cert(p, whose, whose ? B_ID : A_ID, whose ? "b's key" : "a's key", "ca", 0);
		refused(p, whose, "has expired");
	}
}

/* The certificate is right, but whoever shows it has not its key. */
static void test_wrong_key(void **state)
{
	for (int whose = 0; whose < 2; whose++) {
		struct ends *p = signing_ends();

		set_cert(p, whose, whose ? B_ID : A_ID, "the key", "ca", 24);
		refused(p, whose, "its signature is wrong");
	}
}

static void test_no_certificate(void **state)
{
	struct ends *p = signing_ends();

	chunk_list_put(p->s[0].conf.certs);
	p->s[0].conf.certs = NULL;
	refused(p, 0, "it sent no certificate");
}

/* Who it is has to be the configured one, whatever its certificate says. */
static void test_not_the_configured_one(void **state)
{
	struct ends *p = signing_ends();

	set_id(&p->s[1].conf.local_id, "c.example.org");
	set_id(&p->s[0].conf.remote_id, "c.example.org");
	set_id(&p->s[1].conf.remote_id, "d.example.org");
	signing_start(p);
	attempt(p, 0);
	ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_ID, "the peer calls itself " A_ID);
	assert_int_equal(p->s[1].fake.jobs_begun, 0);
	assert_over(p);
	signing_free(p);
}

/* The two are not configured alike: each side's way is named. */
static void test_another_way(void **state)
{
	for (int signs = 0; signs < 2; signs++) {
		struct ends *p = signing_ends();

		p->s[signs ? 1 : 0].conf.remote_auth = NULL;
		if (!signs)
			p->s[1].conf.remote_auth = p->s[0].conf.local_auth = NULL;
		signing_start(p);
		attempt(p, 0);
		if (signs)
			ended_in(&p->s[1], IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL,
				 "proves itself by digital signature (AUTH method 14), but is "
				 "configured to do it by pre-shared key");
		else
			ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_LOCAL,
				 "the peer " B_ID " proves itself by ECDSA with SHA-256 on P-256 "
				 "(AUTH method 9), but is configured to do it by pre-shared key");
		assert_over(p);
		signing_free(p);
	}
}

static unsigned int keyless;

static void count_keyless(struct fake *f, const struct ike_event *ev)
{
	keyless += ev->type == IKE_EV_LOG && ev->level == LOG_ERR &&
		   strstr(ev->detail, "we cannot prove who we are: there is no private key");
}

/* Nobody has the key, or who has it does not answer. */
static void test_we_cannot_sign(void **state)
{
	struct ends *p = signing_ends();
	struct side *a = &p->s[0], *b = &p->s[1];

	signing_start(p);
	fake_keys(&b->fake, b->tunnel, "", "ca");
	keyless = 0;
	b->fake.event = count_keyless;
	attempt(p, 0);
	assert_int_equal(keyless, 1);
	assert_int_equal(peer_of(a)->state, PEER_CONNECTING);	/* it will try again */
	fake_keys(&a->fake, a->tunnel, "", "ca");
	pass(p, 3000);
	carry_all(p);
	said(a, IKE_EV_FAILED, "we cannot prove who we are: there is no private key");
	a->fake.hold_jobs = true;
	start(p, 0);
	carry(a);
	carry(b);
	pass(p, 25000);
	said(a, IKE_EV_FAILED, "we cannot prove who we are: it was not done in 20 s");
	a->fake.hold_jobs = false;
	fake_jobs_run(&a->fake, a->ike);
	assert_over(p);
	signing_free(p);
}

/* ---- what the messages have */

static unsigned int hashes_in(const struct msg *m)
{
	const struct msg_notify *n = msg_notify(m, NOTIFY_SIGNATURE_HASH_ALGORITHMS);
	struct cursor data = n ? n->data : (struct cursor){0};
	unsigned int hashes = 0;
	uint16_t hash;

	while (cursor_u16(&data, &hash))
		hashes |= 1u << hash;
	return hashes;
}

static void parse_init(const struct letter *l, struct msg *m)
{
	struct msg_header h;

	assert_int_equal(msg_parse(l->msg, l->len, &h, m), MSG_OK);
	assert_int_equal(h.exchange, EXCHANGE_IKE_SA_INIT);
}

static void test_what_is_sent(void **state)
{
	struct ends *p = signing_ends();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;
	struct msg m;

	signing_start(p);
	start(p, 0);
	parse_init(oldest(a), &m);
	assert_int_equal(hashes_in(&m), 0x3c);	/* SHA2-256, -384, -512, Identity: no SHA-1 */
	carry(a);
	parse_init(oldest(b), &m);
	assert_int_equal(hashes_in(&m), 0x3c);
	assert_int_equal(m.certreq_count, 1);
	assert_int_equal(m.certreq[0].encoding, CERT_X509_SIGNATURE);
	assert_int_equal(m.certreq[0].data.left, 20);
	assert_memory_equal(m.certreq[0].data.at, b->conf.ca_hashes->chunk[0].p, 20);
	carry(b);
	l = *oldest(a);
	open_letter(only_sa(b), &l, &m);
	assert_int_equal(m.cert_count, 2);
	for (int i = 0; i < 2; i++) {
		const struct chunk *cert = &a->conf.certs->chunk[i];

		assert_int_equal(m.cert[i].encoding, CERT_X509_SIGNATURE);
		assert_int_equal(m.cert[i].data.left, cert->len);
		assert_memory_equal(m.cert[i].data.at, cert->p, cert->len);
	}
	assert_int_equal(m.certreq_count, 1);
	assert_int_equal(m.auth.method, AUTH_SIGNATURE);
	carry(a);
	l = *oldest(b);
	open_letter(only_sa(a), &l, &m);
	assert_int_equal(m.cert_count, 2);
	assert_int_equal(m.certreq_count, 0);
	assert_int_equal(m.auth.method, AUTH_SIGNATURE);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	signing_free(p);
}

/* Another tunnel of B's, with these CAs, for whoever comes from A's address. */
static void add_with_cas(struct side *b, const char *name, unsigned int first, unsigned int count)
{
	struct tunnel_conf conf = b->conf;
	struct chunk chunks[32];
	uint8_t hash[32][20];
	uint32_t id;

	for (unsigned int i = 0; i < count; i++) {
		memset(hash[i], first + i, sizeof(hash[i]));
		chunks[i] = (struct chunk){ hash[i], sizeof(hash[i]) };
	}
	snprintf(conf.name, sizeof(conf.name), "%s", name);
	conf.ca_hashes = chunk_list_new(chunks, count);
	assert_int_equal(ike_tunnel_add(b->ike, &conf, &id), 0);
	chunk_list_put(conf.ca_hashes);
}

/* The CAs of all tunnels that it can be for, each once; of very many some: it stays short. */
static void test_many_cas(void **state)
{
	struct ends *p = signing_ends();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct msg m;

	signing_start(p);
	add_with_cas(b, "one", 1, 3);
	add_with_cas(b, "two", 2, 3);
	start(p, 0);
	carry(a);
	parse_init(oldest(b), &m);
	assert_int_equal(m.certreq_count, 1);
	assert_int_equal(m.certreq[0].data.left, 20 * (1 + 4));
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	side_down(a);
	carry_all(p);
	pass(p, 60000);
	add_with_cas(b, "three", 10, 32);
	start(p, 0);
	carry(a);
	parse_init(oldest(b), &m);
	assert_int_equal(m.certreq[0].data.left, 20 * 16);
	carry_all(p);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	signing_free(p);
}

/* The longest chain that may be configured, and more CAs than are named. */
static void test_longest_messages(void **state)
{
	static uint8_t filler[IKE_CERTS_LEN_MAX], hashes[100][20];
	struct chunk certs[IKE_CERTS_MAX], cas[100];
	struct ends *p = signing_ends();

	for (int i = 0; i < 2; i++) {
		struct tunnel_conf *c = &p->s[i].conf;
		struct chunk_list *leaf = c->certs;
		size_t left = IKE_CERTS_LEN_MAX - leaf->chunk[0].len;

		certs[0] = leaf->chunk[0];
		for (unsigned int j = 1; j < IKE_CERTS_MAX; j++)
			certs[j] = (struct chunk){ filler, left / (IKE_CERTS_MAX - 1) };
		certs[1].len += left % (IKE_CERTS_MAX - 1);
		c->certs = chunk_list_new(certs, IKE_CERTS_MAX);
		chunk_list_put(leaf);
		for (unsigned int j = 0; j < 100; j++) {
			memset(hashes[j], j, sizeof(hashes[j]));
			cas[j] = (struct chunk){ hashes[j], sizeof(hashes[j]) };
		}
		chunk_list_put(c->ca_hashes);
		c->ca_hashes = chunk_list_new(cas, 100);
	}
	signing_start(p);
	bring_up(p, 0);
	signing_free(p);
}

/* With pre-shared keys nothing of it is said, and who asks for nothing hears of no hashes. */
static void test_what_is_not_sent(void **state)
{
	struct ends *p = signing_ends();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct msg m;

	a->conf.local_auth = a->conf.remote_auth = NULL;
	signing_start(p);
	start(p, 0);
	parse_init(oldest(a), &m);
	assert_int_equal(hashes_in(&m), 0);
	carry(a);
	parse_init(oldest(b), &m);
	assert_int_equal(hashes_in(&m), 0);
	assert_int_equal(m.certreq_count, 1);	/* B cannot know that A has no certificate */
	carry_all(p);
	assert_over(p);
	signing_free(p);
}

/* A peer that knows RFC 7296 only: no method 14. */
static void test_older_methods(void **state)
{
	for (int old = 0; old < 2; old++) {
		struct ends *p = signing_ends();
		struct side *a = &p->s[0], *b = &p->s[1];
		struct letter l;
		struct msg m;

		signing_start(p);
		start(p, 0);
		carry(a);
		if (old) {
			only_sa(b)->peer_hashes = 0;
			carry(b);
			carry(a);
			l = *oldest(b);
			open_letter(only_sa(a), &l, &m);
		} else {
			/* its IKE_AUTH is made once it may: the answer is still on its way */
			a->fake.hold_jobs = true;
			carry(b);
			a->fake.job[0].hashes = only_sa(a)->peer_hashes = 0;
			a->fake.hold_jobs = false;
			fake_jobs_run(&a->fake, a->ike);
			l = *oldest(a);
			open_letter(only_sa(b), &l, &m);
		}
		assert_int_equal(m.auth.method, AUTH_ECDSA_256);
		carry_all(p);
		assert_int_equal(peer_of(a)->state, PEER_UP);
		signing_free(p);
	}
}

/* ---- which tunnel */

/* B has another tunnel in front, for whoever comes from the same address. */
static uint32_t add_in_front(struct side *b, const struct auth_ops *remote_auth, const char *ca)
{
	struct tunnel_conf conf = b->conf;
	uint32_t own;

	snprintf(conf.name, sizeof(conf.name), "front");
	conf.remote_auth = remote_auth;
	/* the configured order decides between equals */
	assert_int_equal(ike_tunnel_del(b->ike, b->tunnel), 0);
	assert_int_equal(ike_tunnel_add(b->ike, &conf, &own), 0);
	assert_int_equal(ike_tunnel_add(b->ike, &b->conf, &b->tunnel), 0);
	fake_keys(&b->fake, own, "b's key", ca);
	fake_keys(&b->fake, b->tunnel, "b's key", "ca");
	return own;
}

static void test_the_way_decides(void **state)
{
	struct ends *p = signing_ends();
	struct side *a = &p->s[0], *b = &p->s[1];
	uint32_t front;

	signing_start(p);
	front = add_in_front(b, NULL, "");
	attempt(p, 0);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_int_equal(TAILQ_FIRST(&tunnel_find(b->ike, front)->peers)->state, PEER_DOWN);
	assert_int_equal(b->fake.jobs_begun, 2);	/* not of the other one */
	signing_free(p);
}

/* Two that differ in nothing but the CA: it decides. */
static void test_the_ca_decides(void **state)
{
	struct ends *p = signing_ends();
	struct side *a = &p->s[0], *b = &p->s[1];

	signing_start(p);
	add_in_front(b, &auth_signature_ops, "other");
	attempt(p, 0);
	assert_int_equal(peer_of(a)->state, PEER_UP);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	assert_int_equal(b->fake.jobs_begun, 3);
	signing_free(p);
}

/* Of none it is: what the first has said of it counts. */
static void test_no_ca_fits(void **state)
{
	struct ends *p = signing_ends();
	struct side *b = &p->s[1];

	set_cert(p, 0, A_ID, "a's key", "third", 24);
	signing_start(p);
	add_in_front(b, &auth_signature_ops, "third");
	fake_keys(&p->s[0].fake, p->s[0].tunnel, "not its key", "ca");
	attempt(p, 0);
	ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "its signature is wrong");
	assert_string_equal(b->ev[IKE_EV_REFUSED].who, "front");
	assert_over(p);
	signing_free(p);
}

/* ---- certificates by hand */

static uint8_t hand_encoding;
static unsigned int hand_count, hand_len;

static void by_hand(struct builder *b)
{
	const struct ts all = { .start.family = AF_INET, .end = { AF_INET, { 255, 255, 255, 255 } },
				.port_end = 65535 };
	struct msg_offer offer = { .number = 1, .spi_len = 4, .spi = 0x12345678 };
	struct proposals esp = { .count = 1 };
	char why[256];

	assert_true(proposal_parse(&esp.p[0], PROTO_ESP, "aes128gcm16-noesn", why, sizeof(why)));
	build_id(b, PAYLOAD_IDI, ID_FQDN, A_ID, strlen(A_ID));
	for (unsigned int i = 0; i < hand_count; i++) {
		build_payload(b, PAYLOAD_CERT);
		writer_u8(&b->w, hand_encoding);
		assert_non_null(writer_room(&b->w, hand_len));
		build_payload_end(b);
	}
	build_auth(b, AUTH_SIGNATURE, "signature", 9);
	build_sa(b, &esp, &offer);
	build_ts(b, PAYLOAD_TSI, &all, 1);
	build_ts(b, PAYLOAD_TSR, &all, 1);
}

/* A sends so many of this kind; B refuses it with @why. */
static void refused_by_hand(uint8_t encoding, unsigned int count, unsigned int len, const char *why,
			    unsigned int jobs)
{
	struct ends *p = signing_ends();
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	hand_encoding = encoding;
	hand_count = count;
	hand_len = len;
	signing_start(p);
	start(p, 0);
	carry(a);
	carry(b);
	forge(only_sa(a), EXCHANGE_IKE_AUTH, 0, 1, by_hand, &l);
	drop(a);
	give(b, &l);
	ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, why);
	assert_int_equal(b->fake.jobs_begun, jobs);
	signing_free(p);
}

static struct chunk_list *raw_key(const char *text)
{
	return chunk_list_new(&(struct chunk){ (const uint8_t *)text, strlen(text) }, 1);
}

/* RFC 7670: each end sends its raw public key in place of certificates, and knows the peer's. */
static void test_raw_public_keys(void **state)
{
	static const char *const keys[] = { "a's key", "b's key" };

	for (unsigned int wrong = 0; wrong < 2; wrong++) {
		struct ends *p = signing_ends();
		struct side *a = &p->s[0], *b = &p->s[1];

		for (int i = 0; i < 2; i++) {
			struct tunnel_conf *c = &p->s[i].conf;

			chunk_list_put(c->certs);
			chunk_list_put(c->ca_hashes);
			c->certs = raw_key(keys[i]);
			c->ca_hashes = NULL;
			c->local_raw = c->remote_raw = true;
		}
		ends_start(p);
		fake_keys(&a->fake, a->tunnel, keys[0], keys[1]);
		fake_keys(&b->fake, b->tunnel, keys[1], wrong ? keys[1] : keys[0]);
		if (!wrong) {
			bring_up(p, 0);
		} else {
			start(p, 0);
			for (int i = 0; i < 4; i++) {
				carry(a);
				carry(b);
			}
			ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL,
				 "its raw public key is another");
		}
		signing_free(p);
	}
}

static void test_odd_certificates(void **state)
{
	/* its address, RFC 7296 3.6: SHA-1 and URL */
	refused_by_hand(CERT_X509_URL, 1, 60, "the address of its certificate", 0);
	refused_by_hand(CERT_X509_BUNDLE_URL, 3, 60, "the address of its certificate", 0);
	refused_by_hand(200, 2, 60, "it sent no certificate", 1);
	refused_by_hand(CERT_X509_SIGNATURE, 1, 0, "it sent no certificate", 1);
	/* more than are looked at: the fake world aborts where it gets them */
	refused_by_hand(CERT_X509_SIGNATURE, 30, 30, "is no certificate", 1);
	refused_by_hand(CERT_X509_SIGNATURE, 1, 1500, "is no certificate", 1);
}

/* The proof covers what both have said: another first message, and the signature is wrong. */
static void test_it_covers_the_first_messages(void **state)
{
	struct ends *p = signing_ends();
	struct side *a = &p->s[0], *b = &p->s[1];

	signing_start(p);
	start(p, 0);
	carry(a);
	only_sa(b)->init_i.p[only_sa(b)->init_i.len - 1] ^= 1;
	carry_all(p);
	ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "its signature is wrong");
	assert_over(p);
	signing_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_sign),
		cmocka_unit_test(test_another_method_each_way),
		cmocka_unit_test(test_unknown_ca),
		cmocka_unit_test(test_of_another),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_wrong_key),
		cmocka_unit_test(test_no_certificate),
		cmocka_unit_test(test_not_the_configured_one),
		cmocka_unit_test(test_another_way),
		cmocka_unit_test(test_we_cannot_sign),
		cmocka_unit_test(test_what_is_sent),
		cmocka_unit_test(test_what_is_not_sent),
		cmocka_unit_test(test_many_cas),
		cmocka_unit_test(test_longest_messages),
		cmocka_unit_test(test_older_methods),
		cmocka_unit_test(test_the_way_decides),
		cmocka_unit_test(test_the_ca_decides),
		cmocka_unit_test(test_no_ca_fits),
		cmocka_unit_test(test_raw_public_keys),
		cmocka_unit_test(test_odd_certificates),
		cmocka_unit_test(test_it_covers_the_first_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
