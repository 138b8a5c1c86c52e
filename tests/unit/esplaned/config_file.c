// SPDX-License-Identifier: GPL-2.0
#include "unit/esplaned/config_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <cmocka.h>

char config_dir[64];

void config_path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", config_dir, name);
}

void file_write(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	config_path_of(name, path);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void on_say(void *ctx, int level, const char *text)
{
	char *said = ctx;
	size_t len = strlen(said);

	snprintf(said + len, SAID_MAX - len, "%s%s%s", len ? "\n" : "",
		 level == LOG_WARNING ? "warning: " : "", text);
}

struct config *load_path(const char *path, char said[SAID_MAX])
{
	said[0] = '\0';
	return config_load(path, on_say, said);
}

struct config *load(const char *text, char said[SAID_MAX])
{
	char path[128];

	file_write("t.conf", text, 0600);
	config_path_of("t.conf", path);
	return load_path(path, said);
}

struct config *load_good(const char *text)
{
	char said[SAID_MAX];
	struct config *c = load(text, said);

	if (!c)
		fail_msg("refused: %s\n%s", said, text);
	return c;
}

void expect_refusal(const char *text, const char *message)
{
	char said[SAID_MAX], want[SAID_MAX] = "";
	struct config *c = load(text, said);
	const char *begin = message;
	size_t n = 0;

	if (c)
		fail_msg("accepted, but should be refused with: %s\n%s", message, text);
	for (; *message && n < sizeof(want) - 80; message++) {
		if (*message == '@' && (message == begin || message[-1] == '\n'))
			n += (size_t)sprintf(want + n, "%s/t.conf", config_dir);
		else if (*message == '$' && message[1] == '/')
			n += (size_t)sprintf(want + n, "%s", config_dir);
		else
			want[n++] = *message;
	}
	assert_string_equal(said, want);
}

int config_dir_make(void **state)
{
	snprintf(config_dir, sizeof(config_dir), "/tmp/esplane-config.XXXXXX");
	return mkdtemp(config_dir) ? 0 : -1;
}

int config_dir_remove(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", config_dir);
	return system(command);
}
