/* SPDX-License-Identifier: GPL-2.0 */
/* Published vectors as text. */
#ifndef UNIT_HEX_H
#define UNIT_HEX_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* Spaces are skipped. Ends the test program where the text does not fit or is not hexadecimal. */
static inline size_t unhex(const char *text, uint8_t *out, size_t cap)
{
	unsigned int v;
	size_t n = 0;

	for (;;) {
		while (isspace((unsigned char)*text))
			text++;
		if (!*text)
			return n;
		if (n == cap || !isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]) || sscanf(text, "%2x", &v) != 1)
			abort();
		out[n++] = (uint8_t)v;
		text += 2;
	}
}

#endif
