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

/* As the daemon that runs has it; and ends. */
static void secret_of_one(uint8_t secret[IKE_CRASH_SECRET])
{
	int fd = token_secret(folder, secret);

	assert_true(fd >= 0);
	close(fd);
}

static void test_comes_back(void **state)
{
	uint8_t first[IKE_CRASH_SECRET], again[IKE_CRASH_SECRET] = { 0 };
	struct stat st;

	secret_of_one(first);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, IKE_CRASH_SECRET);
	secret_of_one(again);
	assert_memory_equal(first, again, sizeof(first));
}

static void test_others_could_read(void **state)
{
	uint8_t first[IKE_CRASH_SECRET], again[IKE_CRASH_SECRET];
	struct stat st;

	secret_of_one(first);
	assert_int_equal(chmod(path, 0640), 0);
	secret_of_one(again);
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
		secret_of_one(got);
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

	assert_int_equal(token_secret("/proc/self/nowhere", got), -1);
	assert_memory_not_equal(got, nothing, sizeof(got));
}

/* Two that run have not the same secret, or one shows the tokens of the other's IKE SAs. */
static void test_of_another_daemon(void **state)
{
	uint8_t first[IKE_CRASH_SECRET], second[IKE_CRASH_SECRET], again[IKE_CRASH_SECRET];

	for (int made = 0; made < 2; made++) {
		int fd;

		if (!made)
			unlink(path);
		fd = token_secret(folder, first);
		assert_true(fd >= 0);
		assert_int_equal(token_secret(folder, second), -1);
		assert_memory_not_equal(first, second, sizeof(first));
		close(fd);
		secret_of_one(again);
		assert_memory_equal(first, again, sizeof(first));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_others_could_read),
		cmocka_unit_test(test_of_another_length),
		cmocka_unit_test(test_cannot_be_kept),
		cmocka_unit_test(test_of_another_daemon),
	};

	return cmocka_run_group_tests_name("token", tests, folder_make, folder_remove);
}
