// SPDX-License-Identifier: GPL-2.0
/* Signatures that wait for a token: what nobody waits for any more is not made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "esplaned/keys/signer.h"
#include "lib/monotonic.h"
#include "suite/ikev2.h"
#include "unit/esplaned/config_file.h"

static _Atomic uint64_t clock_ms, step_ms;	/* and how far it goes with each look at it */

uint64_t __wrap_monotonic_ms(void);

uint64_t __wrap_monotonic_ms(void)
{
	return atomic_fetch_add(&clock_ms, step_ms);
}

static struct key *key_made(void)
{
	char command[256], path[128], octets[4096], why[KEY_WHY_MAX];
	struct key *key;
	size_t len;
	FILE *f;

	config_path_of("sign.key", path);
	snprintf(command, sizeof(command),
		 "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out %s", path);
	assert_int_equal(system(command), 0);
	f = fopen(path, "r");
	assert_non_null(f);
	len = fread(octets, 1, sizeof(octets), f);
	fclose(f);
	key = key_load((struct chunk){ (const uint8_t *)octets, len }, NULL, why);
	assert_non_null(key);
	return key;
}

/* Puts it, and waits until it is done. */
static struct sign_order ordered(struct signer *s, struct key *key, uint32_t job)
{
	struct sign_order order = {
		.key = key, .job = job, .param = 1 << SIGNATURE_HASH_SHA2_256,
		.octets = { (const uint8_t *)"octets", 6 },
	};
	struct pollfd p = { .fd = signer_fd(s), .events = POLLIN };

	assert_true(signer_put(s, &order));
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_true(signer_take(s, &order));
	assert_int_equal(order.job, job);
	assert_null(order.key);
	while (signer_take(s, &order))
		;
	return order;
}

static void too_late(void **state)
{
	struct key *key = key_made();
	struct signer *s = signer_new();
	struct sign_order order;

	assert_non_null(s);
	step_ms = SIGNER_SPAN_MS - 1;
	order = ordered(s, key, 1);
	assert_true(order.ok);
	assert_int_equal(order.method, AUTH_SIGNATURE);
	step_ms = SIGNER_SPAN_MS;
	order = ordered(s, key, 2);
	assert_false(order.ok);
	assert_string_equal(order.why, "the token is slow, and too many wait for it");
	step_ms = 0;
	order = ordered(s, key, 3);
	assert_true(order.ok);
	assert_true(signer_free(s));
	key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_late),
	};

	return cmocka_run_group_tests(tests, config_dir_make, config_dir_remove);
}
