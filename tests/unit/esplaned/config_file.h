/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration files in a directory of their own, for the tests of esplaned/conf. */
#ifndef TEST_CONFIG_FILE_H
#define TEST_CONFIG_FILE_H

#include <sys/stat.h>
#include "esplaned/conf/config.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define SHORT                                                                                      \
	"remote = \"198.51.100.1\"\npsk = \"a long secret: ok\"\nlocal-ts = { \"10.1.0.0/24\" }\n" \
	"remote-ts = { \"10.2.0.0/24\" }\n"
#define ONE(lines)	"tunnel \"office\" {\n" SHORT lines "}\n"
#define SAID_MAX	(16 * CONFIG_WHY_MAX)

extern char config_dir[64];		/* without a slash at its end */
void config_path_of(const char *name, char path[128]);
void file_write(const char *name, const char *text, mode_t mode);
/* @said: all mistakes, a line each; warnings begin with "warning: ". */
struct config *load_path(const char *path, char said[SAID_MAX]);
struct config *load(const char *text, char said[SAID_MAX]);	/* as t.conf */
struct config *load_good(const char *text);			/* or the test fails */
/*
 * Messages are compared whole; "@" at the start of a line stands for the file's path, "$/"
 * elsewhere for its directory.
 */
void expect_refusal(const char *text, const char *message);

int config_dir_make(void **state);
int config_dir_remove(void **state);

#endif
