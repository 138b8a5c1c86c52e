// SPDX-License-Identifier: GPL-2.0
#include "crypto/proven.h"

#include <stdlib.h>
#include <string.h>

#define PROVEN_ROOM	8	/* at first: most tunnels have one peer */

static struct proven_path *proven_of(const struct proven *proven, const uint8_t *digest)
{
	for (unsigned int i = 0; i < proven->count; i++) {
		if (!memcmp(proven->path[i].digest, digest, PROVEN_DIGEST))
			return &proven->path[i];
	}
	return NULL;
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
	struct proven_path *path;

	path = realloc(proven->path, room * sizeof(*path));
	if (!path)
		return false;
	proven->path = path;
	proven->room = room;
	return true;
}

void proven_add(struct proven *proven, const struct proven_path *path)
{
	struct proven_path *at = proven_of(proven, path->digest);

	if (!at && proven->count < PROVEN_MAX &&
	    (proven->count < proven->room || proven_grow(proven)))
		at = &proven->path[proven->count++];
	if (!at && proven->count) {
		at = &proven->path[proven->next % proven->count];
		proven->next = (unsigned int)(at - proven->path) + 1;
	}
	if (at)
		*at = *path;
}

void proven_free(struct proven *proven)
{
	free(proven->path);
	*proven = (struct proven){ 0 };
}
