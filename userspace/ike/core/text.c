// SPDX-License-Identifier: GPL-2.0
#include "ike/core/text.h"

#include <stdio.h>
#include <string.h>

size_t text_append(char *buf, size_t len, size_t at, const char *item)
{
	size_t need = strlen(item) + (at ? 2 : 0);

	if (at + need + 6 > len) {
		if (at + 6 <= len)
			at += snprintf(buf + at, len - at, ", ...");
		return len;
	}
	return at + snprintf(buf + at, len - at, "%s%s", at ? ", " : "", item);
}

const char *proposals_text(const struct proposals *list, char *buf, size_t len)
{
	char item[PROPOSAL_STRLEN];
	size_t at = 0;

	snprintf(buf, len, "none");
	for (unsigned int i = 0; i < list->count && at < len; i++)
		at = text_append(buf, len, at, proposal_str(&list->p[i], item));
	return buf;
}

const char *notify_text(uint16_t type, char buf[NAME_STRLEN])
{
	return name_str(NAME_NOTIFY, type, buf);
}
