// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

void fault_add(struct fault_list *faults, int level, const char *file, int line, const char *fmt,
	       va_list ap)
{
	struct fault *list = reallocarray(faults->list, faults->count + 1, sizeof(*list));
	char text[CONFIG_WHY_MAX];
	int n;

	n = line ? snprintf(text, sizeof(text), "%s:%d: ", file, line) :
		   snprintf(text, sizeof(text), "%s: ", file);
	if (n >= 0 && (size_t)n < sizeof(text))
		vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	if (list) {
		faults->list = list;
		list[faults->count] = (struct fault){ .level = level, .text = strdup(text) };
	}
	if (!list || !list[faults->count].text) {
		faults->no_memory = true;
		return;
	}
	faults->count++;
	faults->errors += level == LOG_ERR;
}

void fault_cut(struct fault_list *faults, size_t count)
{
	while (faults->count > count) {
		struct fault *f = &faults->list[--faults->count];

		faults->errors -= f->level == LOG_ERR;
		free(f->text);
	}
}

bool fault_say(struct fault_list *faults, config_say_fn say, void *ctx)
{
	bool sound = !faults->errors && !faults->no_memory;

	for (size_t i = 0; i < faults->count; i++)
		say(ctx, faults->list[i].level, faults->list[i].text);
	if (faults->no_memory)
		say(ctx, LOG_ERR, "no memory");
	fault_cut(faults, 0);
	free(faults->list);
	*faults = (struct fault_list){ 0 };
	return sound;
}
