// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"

void mem_wipe(void *p, size_t len)
{
	if (len)
		explicit_bzero(p, len);
}

void *mem_dup(const void *p, size_t len)
{
	void *copy = malloc(len ? len : 1);

	if (copy && len)
		memcpy(copy, p, len);
	return copy;
}

void mem_free_wiped(void *p, size_t len)
{
	if (!p)
		return;
	mem_wipe(p, len);
	free(p);
}
