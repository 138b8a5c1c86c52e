/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Certificates that have come by hash and address (RFC 7296 3.6), by their hash: what is here is
 * not fetched again. Only what a peer has proved itself with is put here, so that nobody else
 * drives it out: 256 of them, 16 KiB each at most.
 */
#ifndef ESPLANED_CERT_CACHE_H
#define ESPLANED_CERT_CACHE_H

#include <stdint.h>
#include "lib/chunk_list.h"

#define CERT_CACHE_HASH	20		/* SHA-1 of the octets */

struct cert_cache;

/* A list of one, a reference for the caller; NULL: it is not there. @cache NULL is empty. */
struct chunk_list *cert_cache_get(struct cert_cache *cache, const uint8_t hash[CERT_CACHE_HASH]);
/* Makes *@cache where it is NULL. Without memory nothing is kept. */
void cert_cache_keep(struct cert_cache **cache, const uint8_t hash[CERT_CACHE_HASH],
		     struct chunk_list *list);
void cert_cache_free(struct cert_cache *cache);	/* NULL is fine */

#endif
