// SPDX-License-Identifier: GPL-2.0
#include "crypto/proven.h"

#include <stdlib.h>
#include <string.h>

#define PROVEN_ROOM	8	/* at first: most tunnels have one peer */

_Static_assert(!(PROVEN_MAX >> 16) && !(PROVEN_MAX & (PROVEN_MAX - 1)) &&
	       !(PROVEN_ROOM & (PROVEN_ROOM - 1)), "numbers of 16 bits, lists by the last bits");

/* Of those in it; the digest is as good as random. */
static uint16_t *proven_list(const struct proven *proven, const uint8_t *digest)
{
	uint32_t number;

	memcpy(&number, digest, sizeof(number));
	return &proven->list[number & (proven->room - 1)];
}

static struct proven_path *proven_of(const struct proven *proven, const uint8_t *digest)
{
	uint16_t at = proven->room ? *proven_list(proven, digest) : 0;

	while (at && memcmp(proven->path[at - 1].digest, digest, PROVEN_DIGEST))
		at = proven->path[at - 1].next;
	return at ? &proven->path[at - 1] : NULL;
}

static void proven_link(struct proven *proven, struct proven_path *path)
{
	uint16_t *list = proven_list(proven, path->digest);

	path->next = *list;
	*list = (uint16_t)(path - proven->path + 1);
}

static void proven_unlink(struct proven *proven, const struct proven_path *path)
{
	uint16_t *at = proven_list(proven, path->digest);

	while (&proven->path[*at - 1] != path)
		at = &proven->path[*at - 1].next;
	*at = path->next;
}

const struct proven_path *proven_find(const struct proven *proven,
				      const uint8_t digest[PROVEN_DIGEST], time_t now)
{
	const struct proven_path *path = proven_of(proven, digest);

	return path && now >= path->from && now <= path->until ? path : NULL;
}

static bool proven_grow(struct proven *proven)
{
	unsigned int room = proven->room ? 2 * proven->room : PROVEN_ROOM;
	uint16_t *list = calloc(room, sizeof(*list));
	struct proven_path *path = NULL;

	if (list)
		path = realloc(proven->path, room * sizeof(*path));
	if (!path) {
		free(list);
		return false;
	}
	free(proven->list);
	proven->list = list;
	proven->path = path;
	proven->room = room;
	for (unsigned int i = 0; i < proven->count; i++)
		proven_link(proven, &path[i]);
	return true;
}

/* A place for one that is not there. NULL: there is no memory for any. */
static struct proven_path *proven_place(struct proven *proven)
{
	struct proven_path *at;

	if (proven->count < PROVEN_MAX && (proven->count < proven->room || proven_grow(proven)))
		return &proven->path[proven->count++];
	if (!proven->count)
		return NULL;
	at = &proven->path[proven->next % proven->count];
	proven->next = (unsigned int)(at - proven->path) + 1;
	proven_unlink(proven, at);
	return at;
}

void proven_add(struct proven *proven, const struct proven_path *path)
{
	struct proven_path *at = proven_of(proven, path->digest);

	if (at)
		proven_unlink(proven, at);
	else
		at = proven_place(proven);
	if (!at)
		return;
	*at = *path;
	proven_link(proven, at);
}

void proven_free(struct proven *proven)
{
	free(proven->path);
	free(proven->list);
	*proven = (struct proven){ 0 };
}
