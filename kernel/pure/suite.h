/* SPDX-License-Identifier: GPL-2.0 */
/* The algorithm table: one row is all that a new suite needs. */
#ifndef _ESPL_SUITE_H
#define _ESPL_SUITE_H

#include <linux/types.h>
#include "wire.h"

/* How the sender makes the IV. */
enum espl_iv_kind {
	ESPL_IV_NONE,
	ESPL_IV_COUNTER,	/* the 64-bit sequence number: never the same under one key */
	ESPL_IV_RANDOM,		/* CBC, RFC 3602 2: must not be predictable */
};

struct espl_suite {
	u16 encr;		/* IKEv2 transform type 1 */
	u16 integ;		/* IKEv2 transform type 3; 0 with an AEAD */
	u16 key_bits;		/* of the cipher, without salt */
	u8 salt_len;		/* octets of KEYMAT behind the key */
	u8 integ_key_len;	/* octets; 0 with an AEAD */
	u8 iv_kind;		/* enum espl_iv_kind */
	struct espl_esp_shape shape;
	const char *name;	/* as strongSwan writes it */
	const char *alg;	/* crypto API */
	const char *alg_esn;	/* likewise, with extended sequence numbers */
};

/* Octets of ESPLANE_SA_A_ENCR_KEY: key, then salt. */
static inline unsigned int espl_suite_encr_key_len(const struct espl_suite *suite)
{
	return suite->key_bits / 8 + suite->salt_len;
}

/* The row, by the length of the key with its salt; NULL if there is none. */
const struct espl_suite *espl_suite_find(u16 encr, unsigned int encr_key_len, u16 integ);

/* Row i, for i from 0 until NULL. */
const struct espl_suite *espl_suite_at(unsigned int i);

/* Largest espl_esp_overhead_max() of any suite. */
unsigned int espl_suite_overhead_max(void);

#endif /* _ESPL_SUITE_H */
