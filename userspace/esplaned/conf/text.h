/* SPDX-License-Identifier: GPL-2.0 */
/* The text of a configuration file, before libConfuse 3.3 reads it. */
#ifndef ESPLANED_CONFTEXT_H
#define ESPLANED_CONFTEXT_H

#include <stdbool.h>
#include <stddef.h>

struct conftext_fault {
	int line;
	const char *why;
};

/*
 * Comments and a byte order mark become blanks. @sections gets the lines in which the outermost
 * braces open, the first @max of them. False: @fault says what libConfuse would not, or not well.
 */
bool conftext_check(char *text, int *sections, size_t max, struct conftext_fault *fault);

/* Does the option psk stand in this line? */
bool conftext_has_secret(const char *text, int line);

#endif
