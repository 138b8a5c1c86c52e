/* SPDX-License-Identifier: GPL-2.0 */
/* The text of a configuration file, before libConfuse 3.3 reads it, section by section. */
#ifndef ESPLANED_TEXT_H
#define ESPLANED_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_CHILDREN_MAX	128

struct text {
	char *at;
	int line;
	const char *fault;		/* NULL: none */
	int fault_line;
};

/* From the end of the section before to the brace that closes this one. */
struct text_section {
	char *begin;
	size_t len;
	int line;			/* of @begin */
	int brace;			/* where it opens; 0: the rest of the file, without one */
	int child[TEXT_CHILDREN_MAX];	/* where the sections in it open */
	unsigned int child_count;
};

/* @text is terminated, stays the caller's, and is changed: comments become blanks. */
void text_begin(struct text *s, char *text);
/*
 * The next section. False: there is no more, or @s->fault says what libConfuse would not, or not
 * well; nothing can be read after that.
 */
bool text_next(struct text *s, struct text_section *sec);

/* The option with a secret that stands in this line, psk or key-password; NULL: none. */
const char *text_secret(const char *text, int line);

#endif
