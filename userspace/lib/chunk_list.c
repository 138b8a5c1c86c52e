// SPDX-License-Identifier: GPL-2.0
#include "lib/chunk_list.h"

#include <stdlib.h>
#include <string.h>

struct chunk_list *chunk_list_new(const struct chunk *chunk, unsigned int count)
{
	size_t len = sizeof(struct chunk_list) + count * sizeof(*chunk);
	struct chunk_list *list;
	uint8_t *at;

	if (!count)
		return NULL;
	for (unsigned int i = 0; i < count; i++)
		len += chunk[i].len;
	list = malloc(len);
	if (!list)
		return NULL;
	list->refs = 1;
	list->count = count;
	at = (uint8_t *)&list->chunk[count];
	for (unsigned int i = 0; i < count; i++) {
		list->chunk[i] = (struct chunk){ at, chunk[i].len };
		if (chunk[i].len)
			memcpy(at, chunk[i].p, chunk[i].len);
		at += chunk[i].len;
	}
	return list;
}

struct chunk_list *chunk_list_get(struct chunk_list *list)
{
	if (list)
		list->refs++;
	return list;
}

void chunk_list_put(struct chunk_list *list)
{
	if (list && !--list->refs)
		free(list);
}

unsigned int chunk_list_count(const struct chunk_list *list)
{
	return list ? list->count : 0;
}

bool chunk_list_equal(const struct chunk_list *a, const struct chunk_list *b)
{
	unsigned int count = chunk_list_count(a);

	if (a == b)
		return true;
	if (count != chunk_list_count(b))
		return false;
	for (unsigned int i = 0; i < count; i++)
		if (a->chunk[i].len != b->chunk[i].len ||
		    memcmp(a->chunk[i].p, b->chunk[i].p, a->chunk[i].len) != 0)
			return false;
	return true;
}
