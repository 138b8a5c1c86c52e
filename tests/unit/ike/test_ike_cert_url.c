// SPDX-License-Identifier: GPL-2.0
/* Certificates by hash and address through IKE_SA_INIT and IKE_AUTH, RFC 7296 3.6 and 3.7. */
#include "fake/fake_sign.h"
#include "ike/auth/auth.h"
#include "unit/ike/ike_ends.h"

#define URL	"http://certs.example.org/"

static const char *const names[] = { "a.example.org", "b.example.org" };
static const char *const keys[] = { "a's key", "b's key" };

/* Both have a certificate of the same CA, and say where; @fetches: bit n: so does end n fetch. */
static struct ends *url_ends(unsigned int fetches)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		struct tunnel_conf *c = &p->s[i].conf;

		assert_true(ike_id_parse(&c->local_id, names[i]));
		assert_true(ike_id_parse(&c->remote_id, names[!i]));
		c->local_auth = c->remote_auth = &auth_signature_ops;
		c->certs = fake_certs(names[i], keys[i], "ca", 24);
		c->ca_hashes = fake_ca_hashes("ca");
		snprintf(c->cert_url, sizeof(c->cert_url), URL "%d.der", i);
		c->fetch_certs = fetches >> i & 1;
	}
	ends_start(p);
	for (int i = 0; i < 2; i++)
		fake_keys(&p->s[i].fake, p->s[i].tunnel, keys[i], "ca");
	return p;
}

static void url_free(struct ends *p)
{
	struct chunk_list *lists[] = { p->s[0].conf.certs, p->s[0].conf.ca_hashes,
				       p->s[1].conf.certs, p->s[1].conf.ca_hashes };

	fake_web = NULL;
	ends_free(p);
	for (int i = 0; i < 4; i++)
		chunk_list_put(lists[i]);
}

/* Each end fetches, or not; each sends where it is only to an end that does. */
static void test_who_fetches(void **state)
{
	for (unsigned int fetches = 0; fetches < 4; fetches++) {
		struct ends *p = url_ends(fetches);

		for (int i = 0; i < 2; i++) {
			struct side *from = &p->s[i], *to = &p->s[!i];
			struct letter l;
			struct msg m;

			if (!i) {
				start(p, 0);
				carry(from);
				carry(to);
			} else {
				carry(to);
			}
			l = *oldest(from);
			open_letter(only_sa(to), &l, &m);
			assert_int_equal(m.cert_count, 2);
			assert_int_equal(m.cert[0].encoding, fetches >> !i & 1 ? CERT_X509_URL :
					 CERT_X509_SIGNATURE);
			assert_int_equal(m.cert[1].encoding, CERT_X509_SIGNATURE);
			if (fetches >> !i & 1) {
				assert_int_equal(m.cert[0].data.left, 20 + strlen(URL "0.der"));
				assert_memory_equal(m.cert[0].data.at + 20, from->conf.cert_url,
						    strlen(URL "0.der"));
			}
			fake_web = from->conf.certs;
		}
		carry_all(p);
		assert_int_equal(p->s[0].ev[IKE_EV_UP].count, 1);
		url_free(p);
	}
}

static unsigned int hand_count, hand_len, hand_encoding;
static unsigned int hand_before;	/* octets of a CERT of no kind that is taken, in front */

static void by_hand(struct builder *b)
{
	static const uint8_t filler[IKE_CERTS_LEN_MAX + 1];
	const struct chunk cert = { filler, hand_len }, before = { filler, hand_before };

	build_id(b, PAYLOAD_IDI, ID_FQDN, names[0], strlen(names[0]));
	if (hand_before)
		build_cert(b, PAYLOAD_CERT, 1, &before, 1);	/* PKCS #7 */
	for (unsigned int i = 0; i < hand_count; i++)
		build_cert(b, PAYLOAD_CERT, (uint8_t)hand_encoding, &cert, 1);
	build_auth(b, AUTH_SIGNATURE, "signature", 9);
}

/* A sends B so many addresses by hand. */
static void give_by_hand(struct ends *p, unsigned int count, unsigned int len,
			 unsigned int encoding)
{
	struct side *a = &p->s[0], *b = &p->s[1];
	struct letter l;

	hand_count = count;
	hand_len = len;
	hand_encoding = encoding;
	start(p, 0);
	carry(a);
	carry(b);
	forge(only_sa(a), EXCHANGE_IKE_AUTH, 0, 1, by_hand, &l);
	drop(a);
	give(b, &l);
}

/* B refuses them with @why, after so many jobs. */
static void refused_by_hand(unsigned int fetches, unsigned int count, unsigned int len,
			    unsigned int encoding, const char *why, unsigned int jobs)
{
	struct ends *p = url_ends(fetches);
	struct side *b = &p->s[1];

	give_by_hand(p, count, len, encoding);
	ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, why);
	assert_int_equal(b->fake.jobs_begun, jobs);
	url_free(p);
}

/* Only who is configured to fetches; of many addresses four, of a short one none. */
static void test_odd_addresses(void **state)
{
	for (unsigned int encoding = CERT_X509_URL; encoding <= CERT_X509_BUNDLE_URL; encoding++) {
		refused_by_hand(0, 1, 60, encoding, "give fetch-certs", 0);
		refused_by_hand(1, 3, 60, encoding, "give fetch-certs", 0);
		refused_by_hand(2, 1, 60, encoding, "its certificate cannot be fetched", 1);
		refused_by_hand(2, 16, 60, encoding, "its certificate cannot be fetched", 1);
		refused_by_hand(2, 16, 20, encoding, "it sent no certificate", 1);
	}
}

/* What is passed over takes no place from what is not. */
static void test_other_kinds(void **state)
{
	hand_before = IKE_CERTS_LEN_MAX + 1;
	refused_by_hand(0, 1, 60, CERT_X509_SIGNATURE, "its certificate is no certificate", 1);
	refused_by_hand(2, 1, 60, CERT_X509_URL, "its certificate cannot be fetched", 1);
	hand_before = 0;
}

/* Eight tunnels may be meant by one address each; of four addresses only two. */
static void test_many_tunnels(void **state)
{
	for (unsigned int count = 1; count <= 4; count += 3) {
		struct ends *p = url_ends(2);
		struct side *b = &p->s[1];
		struct tunnel_conf conf = b->conf;
		uint32_t id[9];

		for (unsigned int i = 0; i < 9; i++) {
			snprintf(conf.name, sizeof(conf.name), "more %u", i);
			assert_int_equal(ike_tunnel_add(b->ike, &conf, &id[i]), 0);
			fake_keys(&b->fake, id[i], keys[1], "ca");
		}
		give_by_hand(p, count, 60, CERT_X509_URL);
		ended_in(b, IKE_EV_REFUSED, IKE_FAIL_AUTH_LOCAL, "cannot be fetched");
		assert_int_equal(b->fake.jobs_begun, 8 / count);
		url_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_fetches), cmocka_unit_test(test_odd_addresses),
		cmocka_unit_test(test_other_kinds), cmocka_unit_test(test_many_tunnels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
