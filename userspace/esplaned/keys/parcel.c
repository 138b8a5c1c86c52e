// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/parcel.h"

#include <stdlib.h>
#include <string.h>

uint8_t *parcel_make(const struct chunk_list *list, size_t *len)
{
	struct writer w;
	uint8_t *octets;

	*len = 0;
	for (unsigned int i = 0; i < list->count; i++)
		*len += 4 + list->chunk[i].len;
	octets = malloc(*len);
	if (!octets)
		return NULL;
	w = writer_of(octets, *len);
	for (unsigned int i = 0; i < list->count; i++) {
		writer_u32(&w, (uint32_t)list->chunk[i].len);
		writer_bytes(&w, list->chunk[i].p, list->chunk[i].len);
	}
	return octets;
}

bool parcel_add(struct parcel *parcel, struct chunk part)
{
	uint8_t *grown;

	if (!part.len || parcel->len + part.len > 2 * (size_t)LISTS_OCTETS_MAX)
		return false;
	grown = realloc(parcel->octets, parcel->len + part.len);
	if (!grown)
		return false;
	memcpy(grown + parcel->len, part.p, part.len);
	parcel->octets = grown;
	parcel->len += part.len;
	return true;
}

/* How many are in @c; views of them into @chunk, where that is not NULL. */
static bool parcel_split(struct cursor c, struct chunk *chunk, unsigned int *count)
{
	struct cursor one;
	uint32_t len;

	for (*count = 0; c.left; (*count)++) {
		if (!cursor_u32(&c, &len) || !cursor_sub(&c, len, &one))
			return false;
		if (chunk)
			chunk[*count] = (struct chunk){ one.at, one.left };
	}
	return *count;
}

bool parcel_open(struct parcel *parcel, struct lists *lists)
{
	struct cursor c = cursor_of(parcel->octets, parcel->len);
	struct chunk_list *list = NULL;
	struct chunk *chunk = NULL;
	unsigned int count;
	bool fresh, ok;

	if (parcel_split(c, NULL, &count))
		chunk = calloc(count, sizeof(*chunk));
	if (chunk && parcel_split(c, chunk, &count))
		list = chunk_list_new(chunk, count);
	free(chunk);
	ok = list && lists_share(lists, &list, &fresh);
	chunk_list_put(list);	/* @lists has it */
	parcel_drop(parcel);
	return ok;
}

void parcel_drop(struct parcel *parcel)
{
	free(parcel->octets);
	*parcel = (struct parcel){ 0 };
}
