// SPDX-License-Identifier: GPL-2.0
#include "esplaned/engine/cert_cache.h"

#include <stdlib.h>
#include <string.h>

#define CERT_CACHE_MAX	256

struct cert_cache {
	struct cert_cache_entry {
		uint8_t hash[CERT_CACHE_HASH];
		struct chunk_list *list;
	} entry[CERT_CACHE_MAX];	/* the one used last first */
	unsigned int count;
};

/* To the first place; the one that stood there and those behind it give way. */
static void cert_cache_put_first(struct cert_cache *cache, unsigned int at,
				 struct cert_cache_entry entry)
{
	memmove(&cache->entry[1], &cache->entry[0], at * sizeof(cache->entry[0]));
	cache->entry[0] = entry;
}

struct chunk_list *cert_cache_get(struct cert_cache *cache, const uint8_t hash[CERT_CACHE_HASH])
{
	for (unsigned int i = 0; cache && i < cache->count; i++) {
		if (memcmp(cache->entry[i].hash, hash, CERT_CACHE_HASH) != 0)
			continue;
		cert_cache_put_first(cache, i, cache->entry[i]);
		return chunk_list_get(cache->entry[0].list);
	}
	return NULL;
}

void cert_cache_keep(struct cert_cache **cache, const uint8_t hash[CERT_CACHE_HASH],
		     struct chunk_list *list)
{
	struct chunk_list *there = cert_cache_get(*cache, hash);
	struct cert_cache_entry entry;

	chunk_list_put(there);
	if (!*cache)
		*cache = calloc(1, sizeof(**cache));
	if (there || !*cache)
		return;
	memcpy(entry.hash, hash, CERT_CACHE_HASH);
	entry.list = chunk_list_get(list);
	if ((*cache)->count < CERT_CACHE_MAX)
		(*cache)->count++;
	else
		chunk_list_put((*cache)->entry[CERT_CACHE_MAX - 1].list);
	cert_cache_put_first(*cache, (*cache)->count - 1, entry);
}

void cert_cache_free(struct cert_cache *cache)
{
	for (unsigned int i = 0; cache && i < cache->count; i++)
		chunk_list_put(cache->entry[i].list);
	free(cache);
}
