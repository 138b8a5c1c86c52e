/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of certificates and revocation lists, each once however many tunnels have it, and known by
 * the SHA-256 of what is in it: so they go from one process to the other, and are compared.
 */
#ifndef ESPLANED_LISTS_H
#define ESPLANED_LISTS_H

#include <stdbool.h>
#include "lib/chunk_list.h"

#define LISTS_DIGEST_LEN	32
#define LISTS_OCTETS_MAX	(64 * 1024 * 1024)	/* of all of them */

struct lists {
	struct lists_entry *entry;
	size_t count, octets;
};

/* Of zeros where @list is NULL. */
void lists_digest(const struct chunk_list *list, uint8_t digest[LISTS_DIGEST_LEN]);
/*
 * The list of that digest, a reference for the caller. False: it is not there. One of zeros is
 * NULL.
 */
bool lists_get(const struct lists *lists, const uint8_t digest[LISTS_DIGEST_LEN],
	       struct chunk_list **list);
/*
 * Makes @list the one that is there already, if there is one with the same octets. @fresh: there
 * was none. False: no memory, or there are more octets than there may be.
 */
bool lists_share(struct lists *lists, struct chunk_list **list, bool *fresh);
void lists_clear(struct lists *lists);

#endif
