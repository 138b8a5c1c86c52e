/* SPDX-License-Identifier: GPL-2.0 */
/* The options of a tunnel: one row each, from text to struct tunnel_options. */
#ifndef ESPLANED_OPTION_H
#define ESPLANED_OPTION_H

#include <sys/stat.h>
#include "esplaned/conf/config.h"

#define OPTION_WHY_MAX	768

struct option_source {
	const char *file;		/* the configuration file the option stands in */
	const struct stat *st;		/* of that file */
};

struct option {
	const char *name;
	bool list;
	/*
	 * False: @why says what is wrong and what would be accepted, without naming the option. A
	 * list option appends.
	 */
	bool (*set)(struct tunnel_options *t, const char *value, const struct option_source *src,
		    char why[OPTION_WHY_MAX]);
};

extern const struct option option_table[];	/* ends with a row without name */

/* Nearest option name, or NULL when nothing is near. */
const char *option_nearest(const char *name);

/* Is this a secret that only its owner reads? False: @why says how to mend it. */
bool option_file_private(const char *file, const struct stat *st, char why[OPTION_WHY_MAX]);
bool option_interface_valid(const char *name);
#define OPTION_INTERFACE_RULE                                                                      \
	"1 to 15 ASCII characters without space, slash, colon and percent sign, but not all, "     \
	"default, lo, . and .."

#endif
