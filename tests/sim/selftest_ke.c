// SPDX-License-Identifier: GPL-2.0
/* Is the key exchange below the engine one? Of ke_cheap.c and of the real one. */
#include "sim/sim.h"

#include "lib/array.h"
#include "suite/proposal.h"

static void ke_random(void *ctx, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len--)
		*p++ = rng_next(ctx);
}

struct ke_secrets {
	uint8_t ours[KE_SECRET_MAX], theirs[KE_SECRET_MAX];
	size_t ours_len, theirs_len;
};

/* Does @ke agree by @value on what the other end has? */
static bool ke_agrees(const struct ke *ke, const uint8_t *value, size_t len, struct ke_secrets *s)
{
	return ke_derive(ke, value, len, s->ours, &s->ours_len) && s->ours_len == s->theirs_len &&
	       !memcmp(s->ours, s->theirs, s->ours_len);
}

/* Of @value, which both agree by, some bit is another. */
static bool ke_sees_change(const struct ke *ke, const uint8_t *value, size_t len,
			   struct ke_secrets *s)
{
	uint8_t altered[KE_PUBLIC_MAX];

	memcpy(altered, value, len);
	for (size_t i = 0; i < len; i += 7) {
		altered[i] ^= 4;
		if (ke_agrees(ke, altered, len, s))
			return false;
		altered[i] ^= 4;
	}
	memset(altered, 0, len);
	return ke_agrees(ke, value, len, s) &&
	       !ke_derive(ke, altered, len, s->ours, &s->ours_len);
}

static bool ke_is_sound(uint16_t group, struct rng *r)
{
	struct ke *a = ke_new(group, ke_random, r), *c = ke_new(group, ke_random, r), *b;
	const uint8_t *ours, *theirs;
	size_t ours_len, theirs_len;
	struct ke_secrets s;
	bool ok;

	ours = ke_public(a, &ours_len);
	b = ke_answer(group, ours, ours_len, ke_random, r, s.theirs, &s.theirs_len);
	theirs = ke_public(b, &theirs_len);
	ok = ke_group(a) == group && ours_len == ke_public_len(group) &&
	     theirs_len == ke_answer_len(group) && ke_agrees(a, theirs, theirs_len, &s) &&
	     !ke_agrees(c, theirs, theirs_len, &s) && !ke_agrees(a, ours, ours_len, &s) &&
	     !ke_derive(a, theirs, theirs_len - 1, s.ours, &s.ours_len) &&
	     ke_sees_change(a, theirs, theirs_len, &s);
	ke_free(a);
	ke_free(b);
	ke_free(c);
	return ok;
}

bool selftest_ke(void)
{
	static const uint16_t groups[] = { KE_X25519, KE_ECP_256, KE_ECP_384 };
	struct rng r = { .s = 1 };
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		ok &= ke_is_sound(groups[i], &r);
	printf("%s - both ends of a key exchange agree, and nobody else\n", ok ? "ok" : "not ok");
	return ok;
}
