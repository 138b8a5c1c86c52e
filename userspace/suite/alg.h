/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registry of algorithms: each is said once, in suite/alg.c. What proposals are read, printed,
 * chosen and checked by, and what crypto/ takes its lengths from.
 */
#ifndef SUITE_ALG_H
#define SUITE_ALG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum alg_use {
	ALG_IKE = 1,	/* crypto/ does it */
	ALG_ESP = 2,	/* the kernel module does it (kernel/pure/suite.c); groups: as IKE */
	ALG_LEGACY = 4,	/* broken or nearly so: only where allow-legacy says so */
	ALG_AEAD = 8,
	ALG_THEIRS = 16, /* how some peers write it: read and answered, never configured */
	ALG_USUAL = 32,	/* what a hint names first; the defaults are of these */
	ALG_LACKING = 64, /* this build has not: its library was missing */
};

#define ALG_STRONG	128	/* bits; beyond them more are no better */

/* Without ALG_IKE and ALG_ESP: named so that a peer's offer can be read. Lengths in octets. */
struct alg {
	const char *name;	/* as it is printed, and written in the configuration */
	const char *also;	/* other names that strongSwan has, blanks between; or NULL */
	uint8_t type;		/* TRANSFORM_..., IANA "Transform Type Values" */
	uint16_t id;		/* IANA */
	uint16_t key_bits;	/* the Key Length attribute, 0: the transform has none */
	uint8_t use;		/* enum alg_use, or-ed */
	uint16_t strength;	/* bits: what it costs to break it is two to the power of that */
	uint8_t key_len, salt_len, iv_len;
	uint8_t icv_len;	/* of an AEAD, and of an integrity algorithm */
	uint8_t block;		/* ENCR: the text is padded to a multiple of it; 1: it is not */
	uint16_t prf;		/* INTEG: the PRF that goes with it */
};

/* NULL: not registered here. An additional key exchange is the KE of its id. */
const struct alg *alg_find(uint8_t type, uint16_t id, uint16_t key_bits);
/* By name or other name, of @len octets, in small or capital letters. NULL: there is none. */
const struct alg *alg_named(const char *text, size_t len);
/* The table in its order, from NULL on; NULL: that was the last. */
const struct alg *alg_next(const struct alg *alg);

#endif
