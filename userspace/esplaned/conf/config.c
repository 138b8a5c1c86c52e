// SPDX-License-Identifier: GPL-2.0
/* Files and what they include. */
#include "esplaned/conf/config.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "esplaned/conf/section.h"
#include "lib/mem.h"

#define CONFIG_FILE_MAX		(1024 * 1024)	/* octets of one file */
#define CONFIG_DEPTH_MAX	8		/* of include */

#define config_fault(file, line, ...) section_note(file, LOG_ERR, line, __VA_ARGS__)

/* All of it, terminated, in CONFIG_FILE_MAX + 1 octets that the caller wipes. NULL: noted. */
static char *config_text_read(struct section_file *f, int fd, size_t *len)
{
	char *text = calloc(1, CONFIG_FILE_MAX + 1);
	ssize_t n = 1;

	*len = 0;
	if (!text) {
		config_fault(f, 0, "no memory");
		return NULL;
	}
	while (n > 0 && *len < CONFIG_FILE_MAX) {
		n = read(fd, text + *len, CONFIG_FILE_MAX - *len);
		*len += n > 0 ? (size_t)n : 0;
	}
	if (n >= 0 && strlen(text) == *len)
		return text;
	config_fault(f, 0, "%s", n < 0 ? strerror(errno) : "not a text file: it has a zero octet");
	mem_free_wiped(text, CONFIG_FILE_MAX + 1);
	return NULL;
}

static char *config_file_open(struct section_file *f)
{
	int fd = open(f->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text = NULL;
	size_t len;

	if (fd < 0 || fstat(fd, &f->st))
		config_fault(f, 0, "%s", strerror(errno));
	else if (!S_ISREG(f->st.st_mode))
		config_fault(f, 0, "not a regular file");
	else if (f->st.st_mode & 0002)
		config_fault(f, 0, "anybody can write it: chmod o-w %s", f->name);
	else if (f->st.st_size > CONFIG_FILE_MAX)
		config_fault(f, 0, "longer than %d octets", CONFIG_FILE_MAX);
	else
		text = config_text_read(f, fd, &len);
	if (fd >= 0)
		close(fd);
	return text;
}

static void config_file_load(struct section_load *load, const char *path, int depth);

static void config_include_load(struct section_file *f, const char *pattern, int line, int depth)
{
	const char *slash = strrchr(f->name, '/');
	bool relative = pattern[0] != '/' && slash;
	char path[4096];
	glob_t found;
	int rc;

	if (depth == CONFIG_DEPTH_MAX) {
		config_fault(f, line,
			     "include: more than %d files deep: does a file include itself?",
			     CONFIG_DEPTH_MAX);
		return;
	}
	snprintf(path, sizeof(path), "%.*s%s%s", relative ? (int)(slash - f->name) : 0, f->name,
		 relative ? "/" : "", pattern);
	rc = glob(path, 0, NULL, &found);
	if (rc == GLOB_NOMATCH) { /* an empty directory is fine, a missing file is not */
		if (!strpbrk(path, "*?["))
			config_fault(f, line, "include: %s: %s", path, strerror(ENOENT));
		return;
	}
	if (rc) {
		config_fault(f, line, "include: %s: cannot be read", path);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		config_file_load(f->load, found.gl_pathv[i], depth + 1);
	globfree(&found);
}

/*
 * Included files are read after the file that names them: the lexer of libConfuse is one for the
 * whole process.
 */
static void config_file_load(struct section_load *load, const char *path, int depth)
{
	struct section_file f = { .load = load, .name = path };
	struct text_section sec;
	struct text text;
	char *octets;

	octets = config_file_open(&f);
	f.text = octets;
	if (octets) {
		text_begin(&text, octets);
		while (text_next(&text, &sec))
			section_read(&f, &sec);
		if (text.fault)
			config_fault(&f, text.fault_line, "%s", text.fault);
		mem_free_wiped(octets, CONFIG_FILE_MAX + 1);
	}
	for (size_t i = 0; i < f.include_count; i++) {
		config_include_load(&f, f.includes[i], f.include_lines[i], depth);
		free(f.includes[i]);
	}
	free(f.includes);
	free(f.include_lines);
}

struct config *config_load(const char *path, config_say_fn say, void *ctx)
{
	struct section_load load = { .config = calloc(1, sizeof(*load.config)) };

	if (!load.config) {
		say(ctx, LOG_ERR, "no memory");
		return NULL;
	}
	config_file_load(&load, path, 0);
	beside_clear(&load.beside);
	if (fault_say(&load.faults, say, ctx))
		return load.config;
	config_free(load.config);
	return NULL;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->count; i++)
		tunnel_options_clear(&config->tunnels[i]);
	free(config->tunnels);
	lists_clear(&config->lists);
	for (size_t i = 0; i < config->pool_count; i++)
		free(config->pools[i].statics);
	free(config->pools);
	free(config);
}
