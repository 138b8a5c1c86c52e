// SPDX-License-Identifier: GPL-2.0
#include "pki.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define PKI_FILES_MAX	512

static char pki_dir[64];
static uint8_t *pki_kept[PKI_FILES_MAX];
static unsigned int pki_kept_count;

int pki_make(void **state)
{
	char command[512];

	strcpy(pki_dir, "/tmp/esplane-pki.XXXXXX");
	if (!mkdtemp(pki_dir))
		return -1;
	snprintf(command, sizeof(command), "%s/unit/crypto/pki.sh %s", TESTS_DIR, pki_dir);
	return system(command);
}

int pki_remove(void **state)
{
	char command[128];

	while (pki_kept_count)
		free(pki_kept[--pki_kept_count]);
	snprintf(command, sizeof(command), "rm -rf %s", pki_dir);
	return system(command);
}

const char *pki_path(const char *name)
{
	static char path[8][256];
	static unsigned int next;

	next = (next + 1) % 8;
	snprintf(path[next], sizeof(path[0]), "%s/%s", pki_dir, name);
	return path[next];
}

struct chunk pki_file(const char *name)
{
	FILE *f = fopen(pki_path(name), "r");
	struct chunk c = { 0 };
	uint8_t *octets;
	long len = f && !fseek(f, 0, SEEK_END) ? ftell(f) : -1;

	if (len < 0 || pki_kept_count == PKI_FILES_MAX) {
		fprintf(stderr, "no %s, or too many files\n", pki_path(name));
		abort();
	}
	rewind(f);
	octets = malloc((size_t)len + 1);
	c = (struct chunk){ octets, fread(octets, 1, (size_t)len, f) };
	fclose(f);
	pki_kept[pki_kept_count++] = octets;
	return c;
}

struct chunk pki_cert(const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "%s.der", name);
	return pki_file(file);
}

int pki_shell(const char *fmt, ...)
{
	char command[1024];
	va_list ap;
	int n, rc;

	n = snprintf(command, sizeof(command), "cd %s && { ", pki_dir);
	va_start(ap, fmt);
	vsnprintf(command + n, sizeof(command) - (size_t)n, fmt, ap);
	va_end(ap);
	strncat(command, "; } >/dev/null 2>&1", sizeof(command) - strlen(command) - 1);
	rc = system(command);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}
