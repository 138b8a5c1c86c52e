// SPDX-License-Identifier: GPL-2.0
/* Post-quantum pre-shared keys, RFC 8784. */
#include "unit/ike/ike_ends.h"
#include "ike/v2/ppk.h"

#define PPK	"0123456789abcdef0123456789abcdef"

/* @a and @b: the PPK of either end, NULL: it has none. Not started. */
static struct ends *ends_with(const char *a, const char *b)
{
	struct ends *p = ends_new();

	p->s[0].ppk = a;
	p->s[1].ppk = b;
	for (int i = 0; i < 2; i++)
		if (p->s[i].ppk)
			snprintf(p->s[i].conf.ppk_id, sizeof(p->s[i].conf.ppk_id), "ppk-1");
	return p;
}

/* Where IKE_AUTH is about to be carried, what SK_d would be without the PPK. */
static void to_auth(struct ends *p, uint8_t sk_d[PRF_LEN_MAX])
{
	ends_start(p);
	start(p, 0);
	carry(&p->s[0]);
	memcpy(sk_d, only_sa(&p->s[1])->sk_d, PRF_LEN_MAX);
	carry(&p->s[1]);
}

static void assert_up(struct ends *p, const uint8_t *sk_d, bool mixed)
{
	const struct ike_sa *a = only_sa(&p->s[0]), *b = only_sa(&p->s[1]);
	uint8_t want[PRF_LEN_MAX];
	struct chunk key = { sk_d, prf_len(a->prf) };

	for (int i = 0; i < 2; i++)
		assert_int_equal(peer_of(&p->s[i])->state, PEER_UP);
	assert_memory_equal(a->sk_d, b->sk_d, prf_len(a->prf));
	memcpy(want, sk_d, sizeof(want));
	if (mixed)
		assert_true(prf_plus(a->prf, (struct chunk){ (const uint8_t *)PPK, strlen(PPK) },
				     &key, 1, want, key.len));
	assert_memory_equal(a->sk_d, want, key.len);
}

static void assert_notify(struct side *from, struct side *to, uint16_t type, bool there)
{
	struct letter l = *oldest(from);
	struct msg m;

	open_letter(only_sa(to), &l, &m);
	assert_int_equal(!!msg_notify(&m, type), there);
}

/* Both have it: it is in the keys, and either end says so. */
static void test_both(void **state)
{
	for (int required = 0; required < 3; required++) {
		struct ends *p = ends_with(PPK, PPK);
		uint8_t sk_d[PRF_LEN_MAX];

		p->s[0].conf.ppk_required = required == 1;
		p->s[1].conf.ppk_required = required == 2;
		to_auth(p, sk_d);
		assert_notify(&p->s[0], &p->s[1], NOTIFY_PPK_IDENTITY, true);
		/* who may go without sends another proof for that */
		assert_notify(&p->s[0], &p->s[1], NOTIFY_NO_PPK_AUTH, required != 1);
		carry(&p->s[0]);
		assert_notify(&p->s[1], &p->s[0], NOTIFY_PPK_IDENTITY, true);
		carry_all(p);
		assert_up(p, sk_d, true);
		ends_free(p);
	}
}

/* The responder has none: what both may do without goes on without. */
static void test_one(void **state)
{
	struct ends *p = ends_with(PPK, NULL);
	uint8_t sk_d[PRF_LEN_MAX];

	to_auth(p, sk_d);
	assert_notify(&p->s[0], &p->s[1], NOTIFY_PPK_IDENTITY, false);
	carry_all(p);
	assert_up(p, sk_d, false);
	ends_free(p);
	p = ends_with(NULL, PPK);
	to_auth(p, sk_d);
	carry_all(p);
	assert_up(p, sk_d, false);
	ends_free(p);
}

/* Another one, by its name: NO_PPK_AUTH counts. */
static void test_other_id(void **state)
{
	struct ends *p = ends_with(PPK, PPK);
	uint8_t sk_d[PRF_LEN_MAX];

	snprintf(p->s[1].conf.ppk_id, sizeof(p->s[1].conf.ppk_id), "ppk-2");
	to_auth(p, sk_d);
	carry(&p->s[0]);
	assert_notify(&p->s[1], &p->s[0], NOTIFY_PPK_IDENTITY, false);
	carry_all(p);
	assert_up(p, sk_d, false);
	said(&p->s[0], IKE_EV_UP, "");
	ends_free(p);
}

/* The same name, another secret: nobody is let in. */
static void test_wrong(void **state)
{
	struct ends *p = ends_with(PPK, "another");

	ends_start(p);
	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_AUTH_REMOTE, "wrong psk, ppk, ");
	assert_int_equal(p->s[1].fake.in_count, 0);
	ends_free(p);
}

/* Who demands one gets no IKE SA without. */
static void test_required(void **state)
{
	static const struct {
		const char *ppk[2];
		int required;		/* of whom */
		const char *id;		/* of the responder's */
		enum ike_failure failure;
		const char *said;	/* by the initiator, or "" */
	} cases[] = {
		{ { PPK, NULL }, 0, "", IKE_FAIL_AUTH_REMOTE, "uses no PPK" },
		{ { NULL, PPK }, 1, "ppk-1", IKE_FAIL_AUTH_REMOTE, "" },
		{ { PPK, PPK }, 0, "ppk-2", IKE_FAIL_AUTH_REMOTE, "" },
		{ { PPK, PPK }, 1, "ppk-2", IKE_FAIL_AUTH_REMOTE, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ends *p = ends_with(cases[i].ppk[0], cases[i].ppk[1]);

		snprintf(p->s[1].conf.ppk_id, sizeof(p->s[1].conf.ppk_id), "%s", cases[i].id);
		p->s[cases[i].required].conf.ppk_required = true;
		ends_start(p);
		attempt(p, 0);
		ended_in(&p->s[0], IKE_EV_FAILED, cases[i].failure, cases[i].said);
		for (int s = 0; s < 2; s++)
			assert_int_equal(p->s[s].fake.in_count, 0);
		ends_free(p);
	}
}

/* The process with the secrets has lost it: a sentence, and no IKE SA. */
static void test_lost(void **state)
{
	struct ends *p = ends_with("", PPK);

	ends_start(p);
	attempt(p, 0);
	ended_in(&p->s[0], IKE_EV_FAILED, IKE_FAIL_CONFIG, "our PPK cannot be used");
	ends_free(p);
}

/* With additional key exchanges before, and rekeys after. */
static void test_with_addke(void **state)
{
	struct ends *p = ends_with(PPK, PPK);

	for (int i = 0; i < 2; i++)
		set_ike(&p->s[i], "aes128gcm16-prfsha384-x25519-ke1_ecp256");
	ends_start(p);
	bring_up(p, 0);
	assert_int_equal(ike_rekey(p->s[1].ike, peer_of(&p->s[1])->id), 0);
	carry_all(p);
	assert_int_equal(p->s[0].ev[IKE_EV_IKE_REKEYED].count, 1);
	soft_limit(&p->s[0]);
	carry_all(p);
	assert_int_equal(p->s[0].ev[IKE_EV_CHILD_REKEYED].count, 1);
	ends_free(p);
}

/* The IKE SA ends while the job is under way. */
static void test_job_outlived(void **state)
{
	for (int by = 0; by < 2; by++) {
		struct ends *p = ends_with(PPK, PPK);

		ends_start(p);
		p->s[by].fake.hold_jobs = true;
		start(p, 0);
		carry_all(p);
		assert_true(p->s[by].fake.job_count);
		pass(p, 40000);
		p->s[by].fake.hold_jobs = false;
		fake_jobs_run(&p->s[by].fake, p->s[by].ike);
		assert_int_equal(p->s[0].ev[IKE_EV_UP].count, 0);
		ends_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_other_id),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_with_addke),
		cmocka_unit_test(test_job_outlived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
