// SPDX-License-Identifier: GPL-2.0
/* What bash offers behind ikectl, with an ikectl that knows three names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char fake[] = { "/tmp/esplane-completion.XXXXXX" };

/* @words: all but the last are whole, that is being typed. What is offered, with blanks between. */
static void expect_offered(const char *words, const char *offered)
{
	char command[2048], got[512] = "";
	FILE *f;

	snprintf(command, sizeof(command),
		 "bash -c '. \"%s/../packaging/completion/ikectl.bash\"; COMP_WORDS=(%s %s); "
		 "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _ikectl; echo \"${COMPREPLY[*]}\"'",
		 TESTS_DIR, fake, words);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(got, sizeof(got), f));
	assert_int_equal(pclose(f), 0);
	got[strcspn(got, "\n")] = '\0';
	assert_string_equal(got, offered);
}

static void commands(void **state)
{
	expect_offered("re", "restart rekey reauth redirect reload");
	expect_offered("\"\"",
		       "up down restart rekey reauth status explain log redirect top export-keys "
		       "leases names monitor reload pki version help");
	expect_offered("--json st", "status");
	expect_offered("pki s", "server sign");
	expect_offered("help re", "restart rekey reauth redirect reload");
}

static void names(void **state)
{
	expect_offered("up \"\"", "office office/voice lab");
	expect_offered("status off", "office office/voice");
	expect_offered("down office/", "office/voice");
	expect_offered("reload \"\"", "");
	expect_offered("down office \"\"", "");
	/* The daemon that is asked is the one that was named. */
	expect_offered("--control /run/other up \"\"", "other");
}

static void options(void **state)
{
	expect_offered("up --a", "--all");
	expect_offered("status --a", "");
	expect_offered("--j", "--json");
}

static int setup(void **state)
{
	int fd = mkstemp(fake);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		return -1;
	fputs("#!/bin/sh\n"
	      "[ \"$*\" = names ] && printf 'office\\noffice/voice\\nlab\\n'\n"
	      "[ \"$*\" = '--control /run/other names' ] && echo other\n", f);
	return fclose(f) || chmod(fake, 0700);
}

static int teardown(void **state)
{
	return unlink(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(names),
		cmocka_unit_test(options),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
