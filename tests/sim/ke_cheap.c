// SPDX-License-Identifier: GPL-2.0
/*
 * A key exchange that costs little and protects nothing: Diffie and Hellman's modulo 2^61 - 1, with
 * the lengths of the real groups and as many random octets drawn, so that histories are the same
 * with both. As with the real ones a value that is no point of its curve is refused, and any other
 * that was altered leads to other keys.
 */
#include "sim/ke.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "sim/sim.h"

#define PRIME		((UINT64_C(1) << 61) - 1)
#define PRIVATE_MOST	128	/* octets that a real group draws */
#define VALUE_LEN	8	/* of a public value what counts; the others follow from it */

struct cheap_group {
	uint16_t id;			/* 0: free */
	size_t private_len, public_len, answer_len, secret_len;
};

struct ke {
	const struct cheap_group *group;
	uint64_t private;
	size_t public_len;
	uint8_t public[KE_PUBLIC_MAX];
};

/* What it draws first: more, if that is no good. */
static void cheap_measure(void *ctx, void *buf, size_t len)
{
	size_t *first = ctx;

	memset(buf, 0x42, len);
	if (!*first)
		*first = len;
}

/* How long the secret is: it agrees with its own value, or with an answer if that differs. */
static void cheap_learn_secret(struct cheap_group *g, uint16_t id, const struct ke *ke)
{
	uint8_t secret[KE_SECRET_MAX];
	const uint8_t *public;
	size_t len, drawn = 0;
	struct ke *answer;

	public = __real_ke_public(ke, &len);
	if (g->answer_len == g->public_len) {
		if (!__real_ke_derive(ke, public, len, secret, &g->secret_len))
			abort();
		return;
	}
	answer = __real_ke_answer(id, public, len, cheap_measure, &drawn, secret, &g->secret_len);
	if (!answer)
		abort();
	__real_ke_free(answer);
}

/*
 * Asks the real group, once. Some linkers wrap also what crypto/ke.c calls of itself: so nothing is
 * called here that would come back.
 */
static bool cheap_learn(struct cheap_group *g, uint16_t id)
{
	struct ke *ke = __real_ke_new(id, cheap_measure, &g->private_len);

	if (!ke)
		return false;
	g->public_len = ke_public_len(id);
	g->answer_len = ke_answer_len(id);
	if (g->private_len > PRIVATE_MOST || g->public_len < VALUE_LEN)
		abort();
	cheap_learn_secret(g, id, ke);
	__real_ke_free(ke);
	g->id = id;
	return true;
}

/* NULL: unknown. */
static const struct cheap_group *cheap_group(uint16_t id)
{
	static struct cheap_group groups[32];
	unsigned int one_in;
	size_t i = 0;
	bool known;

	while (i < ARRAY_SIZE(groups) && groups[i].id && groups[i].id != id)
		i++;
	if (i == ARRAY_SIZE(groups))
		abort();
	if (groups[i].id)
		return &groups[i];
	one_in = hooks_feed();		/* GMP has no way to fail */
	known = cheap_learn(&groups[i], id);
	hooks_hunger(one_in);
	return known ? &groups[i] : NULL;
}

static uint64_t cheap_mul(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	uint64_t sum = (uint64_t)(product & PRIME) + (uint64_t)(product >> 61);

	return sum >= PRIME ? sum - PRIME : sum;
}

static uint64_t cheap_power(uint64_t base, uint64_t exponent)
{
	uint64_t result = 1;

	for (base %= PRIME; exponent; exponent >>= 1) {
		if (exponent & 1)
			result = cheap_mul(result, base);
		base = cheap_mul(base, base);
	}
	return result;
}

/* @len octets that follow from @from. */
static void cheap_spread(uint64_t from, uint8_t *to, size_t len)
{
	struct rng r = { .s = from };

	for (size_t i = 0; i < len; i += sizeof(from)) {
		uint64_t next = rng_next(&r);

		memcpy(to + i, &next, len - i < sizeof(next) ? len - i : sizeof(next));
	}
}

static void cheap_publish(struct ke *ke, size_t len)
{
	uint64_t value = cheap_power(3, ke->private);

	ke->public_len = len;
	memcpy(ke->public, &value, VALUE_LEN);
	cheap_spread(value ^ ke->group->id, ke->public + VALUE_LEN, len - VALUE_LEN);
}

/* Of a curve with two coordinates: is it on that? */
static bool cheap_is_point(const struct cheap_group *g, uint64_t value, const uint8_t *public)
{
	uint8_t others[KE_PUBLIC_MAX];
	size_t len = g->public_len - VALUE_LEN;

	if (g->public_len != 2 * g->secret_len)
		return true;
	cheap_spread(value ^ g->id, others, len);
	return !memcmp(public + VALUE_LEN, others, len);
}

/* @len is right. False: the peer's value is unsound. */
static bool cheap_derive(const struct ke *ke, const uint8_t *peer, size_t len, uint8_t *secret,
			 size_t *secret_len)
{
	uint64_t value, shared;

	memcpy(&value, peer, VALUE_LEN);
	if (value % PRIME < 2 || !cheap_is_point(ke->group, value, peer)) {
		memset(secret, 0, KE_SECRET_MAX);
		return false;
	}
	/* both ends add up the same, unless something else has arrived */
	shared = cheap_power(value, ke->private) + ke->group->id +
		 hash_octets(0, ke->public, ke->public_len) + hash_octets(0, peer, len);
	*secret_len = ke->group->secret_len;
	cheap_spread(shared, secret, *secret_len);
	return true;
}

/* Draws; its public value is still to be made. */
static struct ke *cheap_new(const struct cheap_group *g,
			    void (*random)(void *ctx, void *buf, size_t len), void *ctx)
{
	struct ke *ke = hooks_alloc(sizeof(*ke));
	uint8_t drawn[PRIVATE_MOST];

	if (!ke)
		abort();
	random(ctx, drawn, g->private_len);
	ke->group = g;
	ke->private = hash_octets(1, drawn, g->private_len) % (PRIME - 3) + 2;
	return ke;
}

struct ke *__wrap_ke_new(uint16_t group, void (*random)(void *ctx, void *buf, size_t len),
			 void *ctx)
{
	const struct cheap_group *g = cheap_group(group);
	struct ke *ke = g ? cheap_new(g, random, ctx) : NULL;

	if (ke)
		cheap_publish(ke, g->public_len);
	return ke;
}

bool __wrap_ke_derive(const struct ke *ke, const uint8_t *peer, size_t peer_len,
		      uint8_t *secret, size_t *secret_len)
{
	return peer_len == ke->group->answer_len &&
	       cheap_derive(ke, peer, peer_len, secret, secret_len);
}

struct ke *__wrap_ke_answer(uint16_t group, const uint8_t *peer, size_t peer_len,
			    void (*random)(void *ctx, void *buf, size_t len), void *ctx,
			    uint8_t *secret, size_t *secret_len)
{
	const struct cheap_group *g = cheap_group(group);
	struct ke *ke = g ? cheap_new(g, random, ctx) : NULL;

	if (!ke)
		return NULL;
	cheap_publish(ke, g->answer_len);
	if (peer_len == g->public_len && cheap_derive(ke, peer, peer_len, secret, secret_len))
		return ke;
	__wrap_ke_free(ke);
	return NULL;
}

uint16_t __wrap_ke_group(const struct ke *ke)
{
	return ke->group->id;
}

const uint8_t *__wrap_ke_public(const struct ke *ke, size_t *len)
{
	*len = ke->public_len;
	return ke->public;
}

void __wrap_ke_free(struct ke *ke)
{
	free(ke);
}
