/* SPDX-License-Identifier: GPL-2.0 */
/* Octets, and memory that held secrets. */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include <stddef.h>
#include <stdint.h>

/* A view of octets that it does not own. */
struct chunk {
	const uint8_t *p;
	size_t len;
};

void mem_wipe(void *p, size_t len);		/* never optimised away; NULL with 0 is fine */
/*
 * A copy of its own, to be given back with mem_free_wiped. NULL: no memory. A length of 0 gives a
 * valid pointer.
 */
void *mem_dup(const void *p, size_t len);
void mem_free_wiped(void *p, size_t len);	/* NULL is fine */

#endif
