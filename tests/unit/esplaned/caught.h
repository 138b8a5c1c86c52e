/* SPDX-License-Identifier: GPL-2.0 */
/* What is logged while a test does something. To be included once in a program. */
#ifndef CAUGHT_H
#define CAUGHT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static int caught_instead;	/* where standard error leads otherwise */

static void catch_log(void)
{
	int fd = memfd_create("log", 0);

	caught_instead = dup(STDERR_FILENO);
	assert_true(fd >= 0 && caught_instead >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	close(fd);
}

/* Since catch_log(), and no more from now on; valid until the next. */
static const char *caught_log(void)
{
	static char text[1024];
	ssize_t n = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	assert_true(dup2(caught_instead, STDERR_FILENO) >= 0);
	close(caught_instead);
	return text;
}

#endif
