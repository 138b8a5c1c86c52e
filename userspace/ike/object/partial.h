/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A message of the peer's of which fragments are there and others not, RFC 7383 2.6. Each was
 * authenticated before it came here. An IKE SA has at most one for each direction: one that belongs
 * to another message takes its place.
 */
#ifndef IKE_PARTIAL_H
#define IKE_PARTIAL_H

#include "ike/core/octets.h"
#include "wire/header.h"

#define PARTIAL_FRAGMENTS_MAX	128
#define PARTIAL_OCTETS_MAX	32768	/* of all of them: twice what we send */

struct partial {
	uint32_t id;
	uint8_t exchange;
	uint8_t first;			/* type of the first payload, once fragment 1 is there */
	uint16_t total, count;		/* fragments: of so many so many are there */
	size_t octets;			/* in those */
	size_t largest;			/* datagram in which one of them came */
	struct octets part[];		/* @total of them */
};

struct fragment {
	const struct msg_header *h;
	uint16_t number, total;		/* 1 to @total */
	uint8_t first;
	struct chunk text;		/* decrypted */
};

enum partial_result {
	PARTIAL_MORE,			/* it is kept, others are missing */
	PARTIAL_WHOLE,			/* with a copy: it could not be joined before */
	PARTIAL_KNOWN,			/* it is there already, or of a division given up */
	PARTIAL_TOO_MANY,		/* fragments */
	PARTIAL_TOO_LONG,		/* octets, all together */
	PARTIAL_NO_MEMORY,
};

/*
 * Keeps a copy. A fragment of a larger total means that the peer has divided the message anew into
 * smaller ones: those that are there are of no use any more. With PARTIAL_TOO_LONG all go.
 * @octets_max: at most PARTIAL_OCTETS_MAX.
 */
enum partial_result partial_add(struct partial **partial, const struct fragment *f,
				size_t octets_max);
/* All of them in a row; NULL: no memory. @len: octets; the caller wipes and frees them. */
uint8_t *partial_join(const struct partial *partial, size_t *len);
/* Wiped. @partial may point to NULL, and does afterwards. */
void partial_drop(struct partial **partial);

#endif
