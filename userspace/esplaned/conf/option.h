/* SPDX-License-Identifier: GPL-2.0 */
/* The options of a tunnel, of its children, of a pool: one row each, from text to what it means. */
#ifndef ESPLANED_OPTION_H
#define ESPLANED_OPTION_H

#include <sys/stat.h>
#include "esplaned/conf/config.h"
#include "esplaned/conf/value.h"

struct option_selectors {
	struct ts *ts;
	unsigned int count;		/* to CONFIG_TS_MAX */
};

/* A child that is being read. @conf has no lists of selectors yet. */
struct option_child {
	struct child_conf conf;
	struct option_selectors local, remote;
	bool split;			/* a child for each pair */
};

/* What options are written to. Options of a child that stand in the tunnel itself go to @child too.
 */
struct option_target {
	struct tunnel_options *tunnel;
	struct option_child *child;
	struct pool_conf *pool;
	const char *file;		/* the configuration file the option stands in */
	const struct stat *st;		/* of that file */
	bool when_down, dpd_action;	/* was it given? */
};

enum option_place { OPTION_TUNNEL = 1, OPTION_CHILD = 2, OPTION_BOTH = 3, OPTION_POOL = 4 };

struct option {
	const char *name;
	enum option_place place;
	bool list;
	/* False: @why as in conf/value.h. A list option appends. */
	bool (*set)(struct option_target *to, const char *value, char why[VALUE_WHY_MAX]);
};

extern const struct option option_table[];	/* ends with a row without name */

const struct option *option_find(const char *name);	/* NULL: there is none */
/* The option of that place whose name is nearest, or NULL when nothing is near. */
const char *option_nearest(const char *name, enum option_place place);

/* Gives up its selectors, not @child itself. */
void option_child_clear(struct option_child *child);

/* Defaults that follow from other options, once all of the tunnel are read. */
void option_follow(const struct option_target *to);

bool option_interface_valid(const char *name);
#define OPTION_INTERFACE_RULE                                                                      \
	"1 to 15 ASCII characters without space, slash, colon and percent sign, but not all, "     \
	"default, lo, . and .., and no - at the beginning"

#endif
