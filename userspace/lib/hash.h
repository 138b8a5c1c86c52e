/* SPDX-License-Identifier: GPL-2.0 */
/* uthash, set so that a want of memory fails the one insertion and not the program. */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#define HASH_NONFATAL_OOM	1
#include <uthash.h>

/* Did the last HASH_ADD of @element by its handle @hh have memory enough? */
#define hash_added(hh, element)	((element)->hh.tbl)

#endif
