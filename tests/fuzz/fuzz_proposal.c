// SPDX-License-Identifier: GPL-2.0
/*
 * A line of configuration as a proposal. What is accepted means the same when it is printed and
 * read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "suite/proposal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try(uint8_t protocol, const char *text)
{
	struct proposals list = { .count = 1 };
	char why[200], printed[PROPOSAL_STRLEN];
	struct proposal again, chosen;
	unsigned int index;

	if (!proposal_parse(&list.p[0], protocol, text, why, sizeof(why))) {
		if (!*why)
			abort();
		return;
	}
	proposal_str(&list.p[0], printed);
	if (!proposal_parse(&again, protocol, printed, why, sizeof(why)) ||
	    again.count != list.p[0].count ||
	    memcmp(again.t, list.p[0].t, again.count * sizeof(again.t[0])))
		abort();
	if (!proposal_select(&list, &list, false, &chosen, &index))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	try(PROTO_IKE, text);
	try(PROTO_ESP, text);
	free(text);
	return 0;
}
