// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/words.h"

#include <stddef.h>
#include <string.h>

const char *words_better(const char *text)
{
	static const struct {
		const char *theirs, *ours;
	} rows[] = {
		{ "missing parenthesis for function 'include'",
		  "include needs parentheses, as include(\"conf.d/*.conf\")" },
		{ "missing title for section 'tunnel'",
		  "the tunnel has no name: write tunnel \"NAME\" {" },
		{ "missing opening brace for section 'tunnel'",
		  "after the tunnel's name comes {: write tunnel \"NAME\" {" },
		{ "missing title for section 'pool'",
		  "the pool has no name: write pool \"NAME\" {" },
		{ "missing opening brace for section 'pool'",
		  "after the pool's name comes {: write pool \"NAME\" {" },
		{ "missing title for section 'child'",
		  "the child has no name: write child \"NAME\" {" },
		{ "missing opening brace for section 'child'",
		  "after the child's name comes {: write child \"NAME\" {" },
		{ "unexpected token ','",
		  "a comma out of place: several values are a list, as { \"a\", \"b\" }" },
		{ "unexpected token '{'",
		  "a { out of place: this option takes one value, no list" },
		{ "unexpected token '}'", "a value is missing before the }" },
		{ "unexpected closing brace", "a } without its {" },
		{ "premature end of file", "the file ends too early: a } or a ) is missing" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!strcmp(rows[i].theirs, text))
			return rows[i].ours;
	}
	return text;
}

const char *words_quoted(char *text)
{
	char *name = strchr(text, '\''), *end = strrchr(text, '\'');

	if (!name || end <= name)
		return NULL;
	*end = '\0';
	return name + 1;
}
