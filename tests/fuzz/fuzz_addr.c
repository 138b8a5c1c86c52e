// SPDX-License-Identifier: GPL-2.0
/*
 * Text as an address and as a traffic selector. What is accepted means the same when it is printed
 * and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lib/ts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), printed[TS_STRLEN];
	const char *why = NULL;
	struct addr a, b;
	struct ts t, u;

	if (addr_parse(&a, text) && (!addr_parse(&b, addr_str(&a, printed)) || !addr_equal(&a, &b)))
		abort();
	if (!ts_parse(&t, text, &why)) {
		if (!why)
			abort();
	} else if (!ts_parse(&u, ts_str(&t, printed), &why) || !ts_equal(&t, &u) ||
		   !ts_contains(&t, &u) || !ts_intersect(&t, &u, &u) || !ts_equal(&t, &u)) {
		abort();
	}
	free(text);
	return 0;
}
