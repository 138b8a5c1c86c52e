// SPDX-License-Identifier: GPL-2.0
#include "ike/object/guess.h"

#include <stdlib.h>

#define GUESS_KEY_LEN	20

struct guess {
	uint8_t key[GUESS_KEY_LEN];	/* hash of a name or an address */
	unsigned int count;		/* wrong ones at @last_ms; 0: free */
	uint64_t last_ms;
};

/* False: no hash can be made. */
static bool guess_key_of_user(struct chunk user, uint8_t key[GUESS_KEY_LEN])
{
	const struct chunk parts[] = { { (const uint8_t *)"name ", 5 }, user };

	return sha1(parts, 2, key);
}

/* Of IPv6 a /64: one customer has that many. */
static bool guess_key_of_addr(const struct addr *addr, uint8_t key[GUESS_KEY_LEN])
{
	const struct chunk parts[] = {
		{ (const uint8_t *)"address ", 8 },
		{ addr->b, addr->family == AF_INET6 ? 8 : 4 },
	};

	return sha1(parts, 2, key);
}

static struct guess *guess_find(const struct ike *ike, const uint8_t key[GUESS_KEY_LEN])
{
	for (unsigned int i = 0; ike->guesses && i < GUESSED_MAX; i++)
		if (ike->guesses[i].count && !memcmp(ike->guesses[i].key, key, GUESS_KEY_LEN))
			return &ike->guesses[i];
	return NULL;
}

/* What time has left of them. */
static unsigned int guess_count(const struct guess *g, uint64_t now)
{
	uint64_t forgotten = (now - g->last_ms) / GUESS_FORGOTTEN_MS;

	return forgotten < g->count ? g->count - (unsigned int)forgotten : 0;
}

static uint64_t guess_wait(const struct ike *ike, const uint8_t key[GUESS_KEY_LEN],
			   unsigned int max)
{
	const struct guess *g = guess_find(ike, key);
	uint64_t now = ike_now(ike);

	if (!g || guess_count(g, now) < max)
		return 0;
	return GUESS_FORGOTTEN_MS - (now - g->last_ms) % GUESS_FORGOTTEN_MS;
}

/* A free place, or that of the one that was tried longest ago. */
static struct guess *guess_place(struct ike *ike)
{
	struct guess *oldest;

	if (!ike->guesses)
		ike->guesses = calloc(GUESSED_MAX, sizeof(*ike->guesses));
	oldest = ike->guesses;
	for (unsigned int i = 0; oldest && oldest->count && i < GUESSED_MAX; i++)
		if (!ike->guesses[i].count || ike->guesses[i].last_ms < oldest->last_ms)
			oldest = &ike->guesses[i];
	return oldest;
}

static void guess_add(struct ike *ike, const uint8_t key[GUESS_KEY_LEN])
{
	struct guess *g = guess_find(ike, key);
	uint64_t now = ike_now(ike);
	unsigned int count;

	if (!g) {
		g = guess_place(ike);
		if (!g)
			return;		/* no memory: it is just not counted */
		memcpy(g->key, key, GUESS_KEY_LEN);
		g->count = 0;
		g->last_ms = now;
	}
	count = guess_count(g, now);
	/* what is left of the time since the last one that was forgotten stays */
	g->last_ms = count ? now - (now - g->last_ms) % GUESS_FORGOTTEN_MS : now;
	g->count = count + 1;
}

uint64_t guess_begin(struct ike *ike, struct chunk user, const struct addr *addr, bool *name)
{
	uint8_t of_user[GUESS_KEY_LEN], of_addr[GUESS_KEY_LEN];
	uint64_t wait = 0;

	if (!guess_key_of_user(user, of_user) || !guess_key_of_addr(addr, of_addr))
		return 0;
	if (user.len)
		wait = guess_wait(ike, of_user, GUESSES_OF_NAME);
	*name = wait;
	if (!wait)
		wait = guess_wait(ike, of_addr, GUESSES_OF_ADDR);
	if (wait)
		return wait;
	if (user.len)
		guess_add(ike, of_user);
	guess_add(ike, of_addr);
	return 0;
}

void guess_right(struct ike *ike, struct chunk user, const struct addr *addr)
{
	uint8_t key[GUESS_KEY_LEN];
	struct guess *g = NULL;

	if (user.len && guess_key_of_user(user, key))
		g = guess_find(ike, key);
	if (g)
		g->count = 0;
	g = guess_key_of_addr(addr, key) ? guess_find(ike, key) : NULL;
	if (g)
		g->count--;
}

void guesses_free(struct ike *ike)
{
	free(ike->guesses);
	ike->guesses = NULL;
}
