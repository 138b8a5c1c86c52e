// SPDX-License-Identifier: GPL-2.0
#include <gmp.h>
#include <stdlib.h>
#include <string.h>
#include "crypto/group.h"
#include "lib/array.h"
#include "lib/mem.h"

#define DRAWS_MAX	64	/* one fails with a chance below 2^-30 */

struct ke {
	const struct group *group;
	uint8_t private[KE_PRIVATE_MAX];
	uint8_t public[KE_PUBLIC_MAX];
	size_t public_len;
};

static const struct group *const groups[] = {
	&group_x25519, &group_x448, &group_ecp192, &group_ecp224, &group_ecp256, &group_ecp384,
	&group_ecp521, &group_ecp224bp, &group_ecp256bp, &group_ecp384bp, &group_ecp512bp,
	&group_modp768, &group_modp1024, &group_modp1536, &group_modp2048, &group_modp3072,
	&group_modp4096, &group_modp6144, &group_modp8192,
#ifdef HAVE_BOTAN
	&group_mlkem512, &group_mlkem768, &group_mlkem1024,
#endif
};

static const struct group *find_group(uint16_t id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i]->id == id)
			return groups[i];
	return NULL;
}

static void *wiping_realloc(void *old, size_t old_len, size_t len)
{
	void *p = malloc(len);

	if (!p)
		abort();	/* GMP knows no failure either */
	memcpy(p, old, old_len < len ? old_len : len);
	mem_free_wiped(old, old_len);
	return p;
}

/*
 * GMP and nettle leave limbs of secrets in freed memory. The memory under both is malloc's, before
 * and after this call, so it may come at any time and as often as one likes.
 */
static void wipe_limbs(void)
{
	mp_set_memory_functions(NULL, wiping_realloc, mem_free_wiped);
}

/* GMP works on the stack as well: its tables of powers are as much a secret as the limbs. */
static void __attribute__((noinline)) wipe_deep_stack(void)
{
	uint8_t dead[KE_STACK_MAX];

	mem_wipe(dead, sizeof(dead));
}

static void __attribute__((noinline)) wipe_shallow_stack(void)
{
	uint8_t dead[KE_STACK_SHALLOW];

	mem_wipe(dead, sizeof(dead));
}

static void wipe_stack(const struct group *g)
{
	if (g->shallow)
		wipe_shallow_stack();
	else
		wipe_deep_stack();
}

static bool make(struct ke *ke)
{
	bool ok = ke->group->make(ke->group, ke->private, ke->public);

	wipe_stack(ke->group);
	return ok;
}

size_t ke_public_len(uint16_t id)
{
	const struct group *g = find_group(id);

	return g ? g->public_len : 0;
}

static size_t answer_len(const struct group *g)
{
	return g->answer ? g->answer_len : g->public_len;
}

size_t ke_answer_len(uint16_t id)
{
	const struct group *g = find_group(id);

	return g ? answer_len(g) : 0;
}

struct ke *ke_new(uint16_t id, void (*random)(void *ctx, void *buf, size_t len), void *ctx)
{
	const struct group *g = find_group(id);
	struct ke *ke;
	int i;

	if (!g)
		return NULL;
	ke = calloc(1, sizeof(*ke));
	if (!ke)
		return NULL;
	wipe_limbs();
	ke->group = g;
	ke->public_len = g->public_len;
	/* as often as it takes: more only with a broken source */
	for (i = 0; i < DRAWS_MAX; i++) {
		random(ctx, ke->private, g->private_len);
		if (make(ke))
			return ke;
	}
	ke_free(ke);
	return NULL;
}

uint16_t ke_group(const struct ke *ke)
{
	return ke->group->id;
}

const uint8_t *ke_public(const struct ke *ke, size_t *len)
{
	*len = ke->public_len;
	return ke->public;
}

bool ke_derive(const struct ke *ke, const uint8_t *peer, size_t peer_len, uint8_t *secret,
	       size_t *secret_len)
{
	bool ok;

	if (peer_len != answer_len(ke->group))
		return false;
	ok = ke->group->derive(ke->group, ke->private, peer, secret);
	wipe_stack(ke->group);
	if (!ok) {
		mem_wipe(secret, KE_SECRET_MAX);
		return false;
	}
	*secret_len = ke->group->secret_len;
	return true;
}

/* Of a group where who answers does not do what who begins does. */
static struct ke *encapsulate(const struct group *g, const uint8_t *peer, size_t peer_len,
			      void (*random)(void *ctx, void *buf, size_t len), void *ctx,
			      uint8_t *secret, size_t *secret_len)
{
	struct ke *ke = peer_len == g->public_len ? calloc(1, sizeof(*ke)) : NULL;
	bool ok;

	if (!ke)
		return NULL;
	ke->group = g;
	ke->public_len = g->answer_len;
	random(ctx, ke->private, g->private_len);
	ok = g->answer(g, ke->private, peer, ke->public, secret);
	wipe_stack(g);
	if (ok) {
		*secret_len = g->secret_len;
		return ke;
	}
	mem_wipe(secret, KE_SECRET_MAX);
	ke_free(ke);
	return NULL;
}

struct ke *ke_answer(uint16_t group, const uint8_t *peer, size_t peer_len,
		     void (*random)(void *ctx, void *buf, size_t len), void *ctx, uint8_t *secret,
		     size_t *secret_len)
{
	const struct group *g = find_group(group);
	struct ke *ke;

	if (g && g->answer)
		return encapsulate(g, peer, peer_len, random, ctx, secret, secret_len);
	ke = ke_new(group, random, ctx);
	if (ke && ke_derive(ke, peer, peer_len, secret, secret_len))
		return ke;
	mem_wipe(secret, KE_SECRET_MAX);
	ke_free(ke);
	return NULL;
}

void ke_free(struct ke *ke)
{
	mem_free_wiped(ke, sizeof(*ke));
}
