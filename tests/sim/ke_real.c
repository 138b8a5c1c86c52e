// SPDX-License-Identifier: GPL-2.0
/*
 * The key exchange as it is: of the sanitized simulator. GMP has no way to fail: what it lacks ends
 * the process, crypto/ke.c. So it is not starved.
 */
#include "sim/ke.h"

#include "sim/sim.h"

struct ke *__wrap_ke_new(uint16_t group, void (*random)(void *ctx, void *buf, size_t len),
			 void *ctx)
{
	unsigned int one_in = hooks_feed();
	struct ke *ke = __real_ke_new(group, random, ctx);

	hooks_hunger(one_in);
	return ke;
}

bool __wrap_ke_derive(const struct ke *ke, const uint8_t *peer, size_t peer_len,
		      uint8_t *secret, size_t *secret_len)
{
	unsigned int one_in = hooks_feed();
	bool ok = __real_ke_derive(ke, peer, peer_len, secret, secret_len);

	hooks_hunger(one_in);
	return ok;
}

struct ke *__wrap_ke_answer(uint16_t group, const uint8_t *peer, size_t peer_len,
			    void (*random)(void *ctx, void *buf, size_t len), void *ctx,
			    uint8_t *secret, size_t *secret_len)
{
	unsigned int one_in = hooks_feed();
	struct ke *ke = __real_ke_answer(group, peer, peer_len, random, ctx, secret, secret_len);

	hooks_hunger(one_in);
	return ke;
}

uint16_t __wrap_ke_group(const struct ke *ke)
{
	return __real_ke_group(ke);
}

const uint8_t *__wrap_ke_public(const struct ke *ke, size_t *len)
{
	return __real_ke_public(ke, len);
}

void __wrap_ke_free(struct ke *ke)
{
	__real_ke_free(ke);
}
