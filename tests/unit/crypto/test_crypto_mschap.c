// SPDX-License-Identifier: GPL-2.0
/* MS-CHAP-V2 against the vectors of RFC 2759 9.2 and RFC 3079 3.5.3; CHAP. */
#include <nettle/md5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "crypto/mschap.h"
#include "lib/array.h"
#include "unit/wire/hex.h"

#define TEXT(text)	((struct chunk){ (const uint8_t *)(text), strlen(text) })

static const char server[] = "5B5D7C7D7B3F2F3E3C2C602132262628";
static const char peer[] = "21402324255E262A28295F2B3A337C7E";

static bool compute(const char *user, struct chunk password, struct mschap_result *r)
{
	uint8_t a[MSCHAP_CHALLENGE_LEN], b[MSCHAP_CHALLENGE_LEN];
	struct mschap m = { .server_challenge = a, .peer_challenge = b, .user = TEXT(user) };

	unhex(server, a, sizeof(a));
	unhex(peer, b, sizeof(b));
	memset(r, 0, sizeof(*r));
	return mschap_compute(&m, password, r);
}

static void is(const uint8_t *got, const char *want, size_t len)
{
	uint8_t octets[64];

	assert_int_equal(unhex(want, octets, sizeof(octets)), len);
	assert_memory_equal(got, octets, len);
}

static void test_rfc2759(void **state)
{
	struct mschap_result r, domain;

	assert_true(compute("User", TEXT("clientPass"), &r));
	is(r.response, "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF", 24);
	is(r.proof, "407A5589115FD0D6209F510FE9C04566932CDA56", 20);
	/* RFC 3079: the server's send key is the second of the MSK, zeros behind it */
	is(r.msk + 16, "8B7CDC149B993A1BA118CB153F56DCCB", 16);
	is(r.msk + 32, "0000000000000000000000000000000000000000000000000000000000000000", 32);
	/* a domain is not part of what is hashed */
	assert_true(compute("EXAMPLE\\User", TEXT("clientPass"), &domain));
	assert_memory_equal(&r, &domain, sizeof(r));
	assert_true(compute("Uzer", TEXT("clientPass"), &domain));
	assert_memory_not_equal(r.response, domain.response, sizeof(r.response));
}

/* By an independent implementation: what UTF-8 of 1 to 4 octets becomes in UTF-16. */
static void test_characters(void **state)
{
	struct mschap_result r;

	assert_true(compute("User", TEXT("p\xc3\xa4ss\xe2\x82\xac\xf0\x9f\x94\x91"), &r));
	is(r.response, "8435902b53427530df74cba6c8f919801bd22662602cda7f", 24);
	assert_true(compute("User", TEXT(""), &r));
	is(r.response, "27d3bf1874e1b27ce9585ca461711ea131290b097ab89651", 24);
}

static void test_not_utf8(void **state)
{
	static const char *const wrong[] = {
		"\xc3", "\xa4", "a\xe2\x82", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3(", "\xf0\x9f\x94",
	};
	char longer[MSCHAP_PASSWORD_MAX + 2];
	struct mschap_result r;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(compute("User", TEXT(wrong[i]), &r));
	memset(longer, 'a', sizeof(longer));
	assert_false(compute("User", (struct chunk){ (uint8_t *)longer, MSCHAP_PASSWORD_MAX + 1 },
			     &r));
	assert_true(compute("User", (struct chunk){ (uint8_t *)longer, MSCHAP_PASSWORD_MAX }, &r));
}

static void test_chap(void **state)
{
	uint8_t got[CHAP_MD5_LEN], want[CHAP_MD5_LEN];
	struct md5_ctx c;

	md5_init(&c);
	md5_update(&c, 10, (const uint8_t *)"\007secretabc");
	md5_digest(&c, sizeof(want), want);
	mschap_chap_md5(7, TEXT("secret"), TEXT("abc"), got);
	assert_memory_equal(got, want, sizeof(want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc2759),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_chap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
