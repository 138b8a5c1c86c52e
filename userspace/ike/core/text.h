/* SPDX-License-Identifier: GPL-2.0 */
/* Lists as people read them, cut with "..." where they do not fit; and identities. */
#ifndef IKE_TEXT_H
#define IKE_TEXT_H

#include "ike/core/conf.h"
#include "suite/names.h"

/* Appends to a list at @at; what does not fit ends in "...". Where the next goes, or @len. */
size_t text_append(char *buf, size_t len, size_t at, const char *item);
const char *proposals_text(const struct proposals *list, char *buf, size_t len);
const char *notify_text(uint16_t type, char buf[NAME_STRLEN])
	__attribute__((warn_unused_result));

#endif
