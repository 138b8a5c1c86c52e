/* SPDX-License-Identifier: GPL-2.0 */
/* What libConfuse says of a mistake. */
#ifndef ESPLANED_WORDS_H
#define ESPLANED_WORDS_H

/* Sentences that are ours to say better. */
const char *words_better(const char *text);
/* What stands in quotes, cut out of @text; NULL: nothing. */
const char *words_quoted(char *text);

#endif
