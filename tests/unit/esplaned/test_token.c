// SPDX-License-Identifier: GPL-2.0
/* The secret of crash detection comes back as it was; one that others may know is made anew. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "esplaned/keys/token.h"
#include "unit/esplaned/config_file.h"

static char folder[160], path[192];

static int folder_make(void **state)
{
	int rc = config_dir_make(state);

	snprintf(folder, sizeof(folder), "%s/state", config_dir);
	snprintf(path, sizeof(path), "%s/crash-secret", folder);
	return rc;
}

static int folder_remove(void **state)
{
	unlink(path);
	rmdir(folder);
	return config_dir_remove(state);
}

static void test_comes_back(void **state)
{
	uint8_t first[IKE_CRASH_SECRET], again[IKE_CRASH_SECRET] = { 0 };
	struct stat st;

	token_secret(folder, first);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, IKE_CRASH_SECRET);
	token_secret(folder, again);
	assert_memory_equal(first, again, sizeof(first));
}

static void test_others_could_read(void **state)
{
	uint8_t first[IKE_CRASH_SECRET], again[IKE_CRASH_SECRET];
	struct stat st;

	token_secret(folder, first);
	assert_int_equal(chmod(path, 0640), 0);
	token_secret(folder, again);
	assert_memory_not_equal(first, again, sizeof(first));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_of_another_length(void **state)
{
	static const uint8_t octets[IKE_CRASH_SECRET + 1];
	uint8_t got[IKE_CRASH_SECRET];

	for (size_t len = IKE_CRASH_SECRET - 1; len <= IKE_CRASH_SECRET + 1; len += 2) {
		int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);
		struct stat st;

		assert_int_equal(write(fd, octets, len), len);
		close(fd);
		token_secret(folder, got);
		assert_memory_not_equal(got, octets, sizeof(got));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, IKE_CRASH_SECRET);
	}
}

/* It serves all the same. */
static void test_cannot_be_kept(void **state)
{
	static const uint8_t nothing[IKE_CRASH_SECRET];
	uint8_t got[IKE_CRASH_SECRET] = { 0 };

	token_secret("/proc/self/nowhere", got);
	assert_memory_not_equal(got, nothing, sizeof(got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_others_could_read),
		cmocka_unit_test(test_of_another_length),
		cmocka_unit_test(test_cannot_be_kept),
	};

	return cmocka_run_group_tests_name("token", tests, folder_make, folder_remove);
}
