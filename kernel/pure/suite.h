/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The algorithms of ESP, in two tables: one row is all that a new one needs. A suite is a row, or
 * one of each.
 */
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

/* Lengths in octets. */
struct espl_cipher {
	u16 id;			/* IKEv2 transform type 1, ENCR */
	u16 key_bits;		/* without salt */
	u8 salt_len;		/* of KEYMAT behind the key */
	u8 iv_kind;		/* enum espl_iv_kind */
	u8 iv_len;
	u8 icv_len;		/* 0: no AEAD, it needs an INTEG */
	u8 align;		/* of the ciphertext: the cipher's block, at least 4 */
	const char *name;	/* as strongSwan writes it */
	const char *alg;	/* crypto API: an AEAD, or what authenc() takes */
};

struct espl_integ {
	u16 id;			/* IKEv2 transform type 3, INTEG */
	u8 key_len;
	u8 icv_len;
	const char *name;
	const char *alg;
};

/* Rows are never freed. */
struct espl_suite {
	const struct espl_cipher *cipher;
	const struct espl_integ *integ;		/* NULL with an AEAD */
	struct espl_esp_shape shape;
};

/* Octets of ESPLANE_SA_A_ENCR_KEY: key, then salt. */
static inline unsigned int espl_suite_key_len(const struct espl_cipher *cipher)
{
	return cipher->key_bits / 8 + cipher->salt_len;
}

/*
 * The suite of transform @encr, whose key with its salt has @encr_key_len octets, and @integ, 0
 * with an AEAD. False: there is none; NULL encryption is never without integrity.
 */
bool espl_suite_find(struct espl_suite *suite, u16 encr, unsigned int encr_key_len, u16 integ);

/* Row i of each table, for i from 0 until NULL. */
const struct espl_cipher *espl_suite_cipher_at(unsigned int i);
const struct espl_integ *espl_suite_integ_at(unsigned int i);

/*
 * Its name in the crypto API, in as many octets as that allows; with @esn, extended sequence
 * numbers.
 */
void espl_suite_alg(const struct espl_suite *suite, bool esn, char *alg, size_t len);

/* Largest espl_esp_overhead_max() of any suite. */
unsigned int espl_suite_overhead_max(void);

#endif /* _ESPL_SUITE_H */
