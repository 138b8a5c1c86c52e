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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_sign),
		cmocka_unit_test(test_another_method_each_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
