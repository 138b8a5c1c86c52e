// SPDX-License-Identifier: GPL-2.0
/* What happens before, and when, the certificate expires with which a peer has proved itself. */
#include "fake/fake_sign.h"
#include "ike/auth/auth.h"
#include "unit/ike/ike_ends.h"

#define A_ID	"a.example.org"
#define B_ID	"b.example.org"

/* That of end @brief is valid for an hour, the other's for a day. */
static struct ends *signing_ends(int brief)
{
	struct ends *p = ends_new();

	for (int i = 0; i < 2; i++) {
		struct tunnel_conf *c = &p->s[i].conf;

		assert_true(ike_id_parse(&c->local_id, i ? B_ID : A_ID));
		assert_true(ike_id_parse(&c->remote_id, i ? A_ID : B_ID));
		c->local_auth = c->remote_auth = &auth_signature_ops;
		c->certs = fake_certs(i ? B_ID : A_ID, i ? "b's key" : "a's key", "ca",
				      i == brief ? 1 : 24);
		c->ca_hashes = fake_ca_hashes("ca");
		c->dpd_s = 0;
		c->rekey_s = 0;
	}
	return p;
}

static void signing_start(struct ends *p)
{
	ends_start(p);
	fake_keys(&p->s[0].fake, p->s[0].tunnel, "a's key", "ca");
	fake_keys(&p->s[1].fake, p->s[1].tunnel, "b's key", "ca");
	bring_up(p, 0);
}

static void signing_free(struct ends *p)
{
	struct chunk_list *lists[] = { p->s[0].conf.certs, p->s[0].conf.ca_hashes,
				       p->s[1].conf.certs, p->s[1].conf.ca_hashes };

	ends_free(p);
	for (int i = 0; i < 4; i++)
		chunk_list_put(lists[i]);
}

static void wait_minutes(struct ends *p, unsigned int minutes)
{
	for (unsigned int s = 0; s < 60 * minutes; s++) {
		pass(p, 1000);
		carry_all(p);
	}
}

/* The end that has begun has another IKE SA before the other's certificate expires. */
static void test_before_the_certificate_expires(void **state)
{
	struct ends *p = signing_ends(1);
	struct side *a = &p->s[0], *b = &p->s[1];

	signing_start(p);
	wait_minutes(p, 47);
	assert_int_equal(a->ev[IKE_EV_REAUTHENTICATED].count, 0);
	wait_minutes(p, 8);
	assert_int_equal(a->ev[IKE_EV_REAUTHENTICATED].count, 1);
	/* a rekey proves nothing: the time goes on */
	assert_int_equal(ike_rekey(a->ike, peer_of(a)->id), 0);
	wait_minutes(p, 55);
	assert_int_equal(a->ev[IKE_EV_REAUTHENTICATED].count, 2);
	assert_true(peer_of(a)->sa->began);
	assert_int_equal(b->ev[IKE_EV_DOWN].count, 0);
	signing_free(p);
}

/* remote = any: a peer whose certificate has expired is a peer no more. */
static void test_certificate_of_many_expires(void **state)
{
	struct ends *p = signing_ends(0);
	struct side *b = &p->s[1];

	set_remote(b, "any");
	signing_start(p);
	wait_minutes(p, 60);
	assert_int_equal(peer_of(b)->state, PEER_UP);
	wait_minutes(p, 2);
	ended_in(b, IKE_EV_DOWN, IKE_FAIL_DOWN, "anew in time");
	signing_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_the_certificate_expires),
		cmocka_unit_test(test_certificate_of_many_expires),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
