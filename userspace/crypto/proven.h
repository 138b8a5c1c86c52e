/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the files of this folder: paths to a CA that were verified before. The signatures of CAs are
 * half of what a handshake with certificates costs; who comes again costs none. Nothing is
 * remembered but what was right, and what changes with time (validity, revocation, the identity)
 * is looked at each time.
 */
#ifndef CRYPTO_PROVEN_H
#define CRYPTO_PROVEN_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define PROVEN_MAX		4096	/* paths; the oldest gives way */
#define PROVEN_STEPS_MAX	4	/* of a path; a longer one is not remembered */
#define PROVEN_DIGEST		32

/* Who has issued what: numbers of the claim's certificates, or of the tunnel's CAs. */
struct proven_step {
	uint8_t crt;
	bool by_ca;
	uint16_t issuer;
};

/* 72 octets. */
struct proven_path {
	uint8_t digest[PROVEN_DIGEST];	/* SHA-256 of all that was claimed */
	time_t from, until;		/* while all of its certificates are valid */
	uint8_t count;
	struct proven_step step[PROVEN_STEPS_MAX];
	uint16_t next;			/* in its list: a number from 1 on; 0: it is the last */
};

struct proven {
	struct proven_path *path;	/* as much room as was needed */
	uint16_t *list;			/* by digest; as many as there is room */
	unsigned int count, room, next;
};

/* NULL: not known, or not valid at @now. Good until the next proven_add(). */
const struct proven_path *proven_find(const struct proven *proven,
				      const uint8_t digest[PROVEN_DIGEST], time_t now);
/* Copied. Without memory it is just not remembered. */
void proven_add(struct proven *proven, const struct proven_path *path);
void proven_free(struct proven *proven);

#endif
