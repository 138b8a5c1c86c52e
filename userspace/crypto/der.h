/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DER, as much as AlgorithmIdentifiers and distinguished names need (X.690): tags of one octet,
 * lengths up to 65535, in the shortest form.
 */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include "lib/cursor.h"
#include "lib/mem.h"

#define DER_INTEGER	0x02
#define DER_NULL	0x05
#define DER_OID		0x06
#define DER_UTF8	0x0c
#define DER_PRINTABLE	0x13
#define DER_T61		0x14
#define DER_IA5		0x16
#define DER_SEQUENCE	0x30
#define DER_SET		0x31
#define DER_CONTEXT	0xa0	/* [n] EXPLICIT: | n */

/* The next element, whatever it is. False: it does not fit, @c stays where it was. */
bool der_next(struct cursor *c, uint8_t *tag, struct cursor *body);
/* The next element if it has this tag. False: @c stays where it was. */
bool der_take(struct cursor *c, uint8_t tag, struct cursor *body);
/* An INTEGER from 0 to 65535. */
bool der_small(struct cursor *c, uint16_t *value);

/*
 * Writing begins with what is inside: puts the head of an element around what has been written
 * since @from.
 */
void der_wrap(struct writer *w, size_t from, uint8_t tag);

#endif
