// SPDX-License-Identifier: GPL-2.0
#include <gnutls/crypto.h>
#include <stdlib.h>
#include "crypto/crypto.h"
#include "lib/log.h"

void crypto_random(void *buf, size_t len)
{
	int rc = len ? gnutls_rnd(GNUTLS_RND_KEY, buf, len) : 0;

	if (rc < 0) {
		log_err("the system gives no randomness (%s): ending, nothing is secure without it",
			gnutls_strerror(rc));
		abort();
	}
}

static bool util_hash(gnutls_digest_algorithm_t algorithm, const struct chunk *parts, size_t count,
		      uint8_t *out)
{
	gnutls_hash_hd_t hash;
	bool ok = true;
	size_t i;

	if (gnutls_hash_init(&hash, algorithm) < 0)
		return false;
	for (i = 0; ok && i < count; i++)
		ok = !parts[i].len || gnutls_hash(hash, parts[i].p, parts[i].len) == 0;
	gnutls_hash_deinit(hash, ok ? out : NULL);
	return ok;
}

bool sha1(const struct chunk *parts, size_t count, uint8_t out[20])
{
	return util_hash(GNUTLS_DIG_SHA1, parts, count, out);
}

bool sha256(const struct chunk *parts, size_t count, uint8_t out[32])
{
	return util_hash(GNUTLS_DIG_SHA256, parts, count, out);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	return !len || gnutls_memcmp(a, b, len) == 0;
}
