/* SPDX-License-Identifier: GPL-2.0 */
/* What is wrong with a configuration, sentence by sentence, kept until all of it was read. */
#ifndef ESPLANED_FAULT_H
#define ESPLANED_FAULT_H

#include <stdarg.h>
#include "esplaned/conf/config.h"

struct fault {
	int level;			/* LOG_ERR or LOG_WARNING */
	char *text;
};

struct fault_list {
	struct fault *list;
	size_t count, errors;
	bool no_memory;			/* some could not be kept */
};

void fault_add(struct fault_list *faults, int level, const char *file, int line, const char *fmt,
	       va_list ap);
/* Forgets those after the first @count. */
void fault_cut(struct fault_list *faults, size_t count);
/* Says all of them and frees the list. True: there was no error, and memory enough. */
bool fault_say(struct fault_list *faults, config_say_fn say, void *ctx);

#endif
