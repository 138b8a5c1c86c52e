/* SPDX-License-Identifier: GPL-2.0 */
/* One section of a file: a tunnel with its children, or what stands between. */
#ifndef ESPLANED_SECTION_H
#define ESPLANED_SECTION_H

#include <sys/stat.h>
#include "esplaned/conf/beside.h"
#include "esplaned/conf/fault.h"
#include "esplaned/conf/text.h"

/* All that is read for one configuration. */
struct section_load {
	struct config *config;
	size_t room;			/* for tunnels in @config */
	struct beside beside;		/* those in @config */
	struct fault_list faults;
};

/* The file that is being read. */
struct section_file {
	struct section_load *load;
	const char *name, *text;
	struct stat st;
	char **includes;		/* what it names: the caller's, to be read after it */
	int *include_lines;
	size_t include_count;
};

void section_note(struct section_file *file, int level, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds its tunnel to the configuration, or its errors to the faults. */
void section_read(struct section_file *file, const struct text_section *sec);

#endif
