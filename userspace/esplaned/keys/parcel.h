/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A list of certificates as octets, in parts that fit into messages (LINK_LIST): each certificate
 * with its length in four octets in front.
 */
#ifndef ESPLANED_PARCEL_H
#define ESPLANED_PARCEL_H

#include "esplaned/conf/lists.h"
#include "lib/cursor.h"

#define PARCEL_PART	(48 * 1024)	/* octets of a list in one message */

/* The whole of @list; to be freed. NULL: no memory. */
uint8_t *parcel_make(const struct chunk_list *list, size_t *len);

/* One that comes. */
struct parcel {
	uint8_t *octets;
	size_t len;
};

/* False: too long, or no memory. */
bool parcel_add(struct parcel *parcel, struct chunk part);
/* It is whole: into @lists. It is empty afterwards. False: it is not sound, or no memory. */
bool parcel_open(struct parcel *parcel, struct lists *lists);
void parcel_drop(struct parcel *parcel);

#endif
