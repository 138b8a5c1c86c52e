// SPDX-License-Identifier: GPL-2.0
#include "ike/object/guess.h"

#include <stdlib.h>

#define GUESS_KEY_LEN	20

struct guess_tally {
	uint8_t key[GUESS_KEY_LEN];	/* hash of a name or an address */
	unsigned int count;		/* wrong ones at @last_ms; of a try: 0, it is free */
	uint64_t last_ms;
};

/* A name has proved itself from an address. */
struct guess_home {
	uint8_t user[GUESS_KEY_LEN];
	struct guess_tally there;	/* the address; wrong ones for this name from it */
	uint64_t proved_ms;
};

/* All that is known. */
struct guess {
	struct guess_tally tries[GUESSED_MAX];
	struct guess_home homes[GUESS_HOMES_MAX];	/* a free one's hashes are zero */
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

static struct guess_tally *guess_find(const struct ike *ike, const uint8_t key[GUESS_KEY_LEN])
{
	for (unsigned int i = 0; ike->guesses && i < GUESSED_MAX; i++) {
		struct guess_tally *g = &ike->guesses->tries[i];

		if (g->count && !memcmp(g->key, key, GUESS_KEY_LEN))
			return g;
	}
	return NULL;
}

static struct guess_home *guess_home_find(const struct ike *ike, const uint8_t user[GUESS_KEY_LEN],
					  const uint8_t addr[GUESS_KEY_LEN])
{
	for (unsigned int i = 0; ike->guesses && i < GUESS_HOMES_MAX; i++) {
		struct guess_home *h = &ike->guesses->homes[i];

		if (!memcmp(h->user, user, GUESS_KEY_LEN) &&
		    !memcmp(h->there.key, addr, GUESS_KEY_LEN))
			return h;
	}
	return NULL;
}

/* What time has left of them. */
static unsigned int guess_count(const struct guess_tally *g, uint64_t now)
{
	uint64_t forgotten = (now - g->last_ms) / GUESS_FORGOTTEN_MS;

	return forgotten < g->count ? g->count - (unsigned int)forgotten : 0;
}

/* @g: NULL, there are none. */
static uint64_t guess_wait(const struct ike *ike, const struct guess_tally *g, unsigned int max)
{
	uint64_t now = ike_now(ike);

	if (!g || guess_count(g, now) < max)
		return 0;
	return GUESS_FORGOTTEN_MS - (now - g->last_ms) % GUESS_FORGOTTEN_MS;
}

/* A free place, or that of the one that was tried longest ago. */
static struct guess_tally *guess_place(struct ike *ike)
{
	struct guess_tally *tries, *oldest;

	if (!ike->guesses)
		ike->guesses = calloc(1, sizeof(*ike->guesses));
	if (!ike->guesses)
		return NULL;
	tries = oldest = ike->guesses->tries;
	for (unsigned int i = 0; oldest->count && i < GUESSED_MAX; i++)
		if (!tries[i].count || tries[i].last_ms < oldest->last_ms)
			oldest = &tries[i];
	return oldest;
}

static void guess_add(const struct ike *ike, struct guess_tally *g)
{
	uint64_t now = ike_now(ike);
	unsigned int count = guess_count(g, now);

	/* what is left of the time since the last one that was forgotten stays */
	g->last_ms = count ? now - (now - g->last_ms) % GUESS_FORGOTTEN_MS : now;
	g->count = count + 1;
}

static void guess_add_try(struct ike *ike, const uint8_t key[GUESS_KEY_LEN])
{
	struct guess_tally *g = guess_find(ike, key);

	if (!g) {
		g = guess_place(ike);
		if (!g)
			return;		/* no memory: it is just not counted */
		memcpy(g->key, key, GUESS_KEY_LEN);
		g->count = 0;
	}
	guess_add(ike, g);
}

uint64_t guess_begin(struct ike *ike, struct chunk user, const struct addr *addr, bool *name)
{
	uint8_t of_user[GUESS_KEY_LEN], of_addr[GUESS_KEY_LEN];
	struct guess_home *home = NULL;
	uint64_t wait = 0;

	if (!guess_key_of_user(user, of_user) || !guess_key_of_addr(addr, of_addr))
		return 0;
	if (user.len) {
		home = guess_home_find(ike, of_user, of_addr);
		wait = guess_wait(ike, home ? &home->there : guess_find(ike, of_user),
				  GUESSES_OF_NAME);
	}
	*name = wait;
	if (!wait)
		wait = guess_wait(ike, guess_find(ike, of_addr), GUESSES_OF_ADDR);
	if (wait)
		return wait;
	if (home)
		guess_add(ike, &home->there);
	else if (user.len)
		guess_add_try(ike, of_user);
	guess_add_try(ike, of_addr);
	return 0;
}

/* That of the name's that was proved longest ago, once it has its share, or of all. */
static struct guess_home *guess_home_place(struct ike *ike, const uint8_t user[GUESS_KEY_LEN])
{
	struct guess_home *homes = ike->guesses->homes, *oldest = homes, *own = NULL;
	unsigned int owns = 0;

	for (unsigned int i = 0; i < GUESS_HOMES_MAX; i++) {
		if (homes[i].proved_ms < oldest->proved_ms)
			oldest = &homes[i];
		if (memcmp(homes[i].user, user, GUESS_KEY_LEN))
			continue;
		owns++;
		if (!own || homes[i].proved_ms < own->proved_ms)
			own = &homes[i];
	}
	return owns < GUESS_HOMES_OF_NAME ? oldest : own;
}

static void guess_user_right(struct ike *ike, const uint8_t user[GUESS_KEY_LEN],
			     const uint8_t addr[GUESS_KEY_LEN])
{
	struct guess_home *home = guess_home_find(ike, user, addr);
	struct guess_tally *of_name = home ? NULL : guess_find(ike, user);

	if (of_name)
		of_name->count = 0;
	if (!home) {
		home = guess_home_place(ike, user);
		memcpy(home->user, user, GUESS_KEY_LEN);
		memcpy(home->there.key, addr, GUESS_KEY_LEN);
	}
	home->there.count = 0;
	home->proved_ms = ike_now(ike);
}

void guess_right(struct ike *ike, struct chunk user, const struct addr *addr)
{
	uint8_t of_user[GUESS_KEY_LEN], of_addr[GUESS_KEY_LEN];
	struct guess_tally *g;

	if (!ike->guesses || !guess_key_of_user(user, of_user) ||
	    !guess_key_of_addr(addr, of_addr))
		return;
	if (user.len)
		guess_user_right(ike, of_user, of_addr);
	g = guess_find(ike, of_addr);
	if (g)
		g->count--;
}

void guesses_free(struct ike *ike)
{
	free(ike->guesses);
	ike->guesses = NULL;
}
