/* SPDX-License-Identifier: GPL-2.0 */
/* Distinguished names, X.501 in DER: what ID_DER_ASN1_DN and certificates have. */
#ifndef CRYPTO_DN_H
#define CRYPTO_DN_H

#include <stdbool.h>
#include "lib/mem.h"

/*
 * "C=DE, O=Example, CN=gw.example.org", in the order of the name itself. A value's octets that
 * part names, that end a line or a terminal, and "/" come out as \xNN. Always terminated; cut
 * where it does not fit. False: @der is no name, @buf has it as hexadecimal digits.
 */
bool dn_str(struct chunk der, char *buf, size_t len);
/*
 * The reverse; \ takes the meaning off the next character, or stands before two hexadecimal digits
 * (also as \xNN). At most @max octets into @der. 0: it is no name, or too long.
 */
size_t dn_parse(const char *text, uint8_t *der, size_t max);
/*
 * RFC 5280 7.1: strings without regard to their type, the case of ASCII and the number of blanks.
 * Two that are no names are equal when their octets are.
 */
bool dn_equal(struct chunk a, struct chunk b);
/* The same for two that are equal. */
uint32_t dn_hash(struct chunk der);

#endif
