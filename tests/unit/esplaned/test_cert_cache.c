// SPDX-License-Identifier: GPL-2.0
/* Certificates that are known by their hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "esplaned/engine/cert_cache.h"

#define ROOM	256

static const uint8_t *hash_of(unsigned int n)
{
	static uint8_t hash[CERT_CACHE_HASH];

	hash[0] = (uint8_t)n;
	hash[CERT_CACHE_HASH - 1] = (uint8_t)(n >> 8);
	return hash;
}

static bool is_there(struct cert_cache *cache, unsigned int n)
{
	struct chunk_list *list = cert_cache_get(cache, hash_of(n));
	bool there = list;

	assert_true(!there || list->chunk[0].p[0] == (uint8_t)n);
	chunk_list_put(list);
	return there;
}

static void keep(struct cert_cache **cache, unsigned int n)
{
	const uint8_t octet = (uint8_t)n;
	struct chunk_list *list = chunk_list_new(&(struct chunk){ &octet, 1 }, 1);

	cert_cache_keep(cache, hash_of(n), list);
	chunk_list_put(list);
}

/* The one that was not used for longest gives way. */
static void the_oldest_goes(void **state)
{
	struct cert_cache *cache = NULL;

	assert_false(is_there(cache, 0));
	for (unsigned int n = 0; n < ROOM; n++) {
		keep(&cache, n);
		keep(&cache, n);	/* once is enough */
	}
	assert_true(is_there(cache, 0));
	for (unsigned int n = 0; n < 10; n++) {
		keep(&cache, ROOM + n);
		assert_true(is_there(cache, ROOM + n));
		assert_true(is_there(cache, 0));
		assert_false(is_there(cache, 1 + n));
		assert_true(is_there(cache, ROOM - 1));
	}
	cert_cache_free(cache);
	cert_cache_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_oldest_goes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
