/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A list of octet strings that never changes, shared by counting its references (one thread). NULL
 * is the empty list for all functions.
 */
#ifndef LIB_CHUNK_LIST_H
#define LIB_CHUNK_LIST_H

#include <stdbool.h>
#include "lib/mem.h"

struct chunk_list {
	unsigned int refs, count;
	struct chunk chunk[];		/* the octets are behind it, in the same allocation */
};

/* Copies them; the caller has the reference. NULL: no memory, or @count is 0. */
struct chunk_list *chunk_list_new(const struct chunk *chunk, unsigned int count);
struct chunk_list *chunk_list_get(struct chunk_list *list);	/* returns @list */
void chunk_list_put(struct chunk_list *list);
unsigned int chunk_list_count(const struct chunk_list *list);
bool chunk_list_equal(const struct chunk_list *a, const struct chunk_list *b);

#endif
