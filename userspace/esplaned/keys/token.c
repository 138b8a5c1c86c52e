// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "lib/log.h"

#define TOKEN_PATH_MAX	256

/* Of nobody else's making or reading. */
static bool token_read(const char *path, uint8_t secret[IKE_CRASH_SECRET])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	uint8_t more[IKE_CRASH_SECRET + 1];
	struct stat st;
	bool ok;

	if (fd < 0) {
		if (errno != ENOENT)
			log_warn("%s cannot be read: %s; it is made anew", path, strerror(errno));
		return false;
	}
	ok = !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	     !(st.st_mode & 077) && read(fd, more, sizeof(more)) == IKE_CRASH_SECRET;
	if (ok)
		memcpy(secret, more, IKE_CRASH_SECRET);
	else
		log_warn("%s is not 32 octets that only its owner can read: it is made anew", path);
	mem_wipe(more, sizeof(more));
	close(fd);
	return ok;
}

/* All or nothing. */
static bool token_write(const char *path, const uint8_t secret[IKE_CRASH_SECRET])
{
	char fresh[TOKEN_PATH_MAX + 8];
	bool ok;
	int fd;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	ok = write(fd, secret, IKE_CRASH_SECRET) == IKE_CRASH_SECRET && !fsync(fd);
	close(fd);
	ok = ok && !rename(fresh, path);
	if (!ok)
		unlink(fresh);
	return ok;
}

void token_secret(const char *folder, uint8_t secret[IKE_CRASH_SECRET])
{
	char path[TOKEN_PATH_MAX];

	snprintf(path, sizeof(path), "%s/crash-secret", folder);
	if (token_read(path, secret))
		return;
	crypto_random(secret, IKE_CRASH_SECRET);
	mkdir(folder, 0755);		/* where it fails, token_write() does too */
	if (!token_write(path, secret))
		log_warn("%s cannot be written: %s; after a restart peers will be slow to notice it",
			 path, strerror(errno));
}
