// SPDX-License-Identifier: GPL-2.0
#include "esplaned/keys/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "lib/log.h"

#define TOKEN_PATH_MAX	256

enum token_found {
	TOKEN_NONE,
	TOKEN_READ,
	TOKEN_IN_USE,		/* by another daemon that runs */
};

/* Of nobody else's making or reading. Where it is read @fd keeps others from it. */
static enum token_found token_read(const char *path, uint8_t secret[IKE_CRASH_SECRET], int *fd)
{
	uint8_t more[IKE_CRASH_SECRET + 1];
	enum token_found found = TOKEN_NONE;
	struct stat st;

	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd < 0) {
		if (errno != ENOENT)
			log_warn("%s cannot be read: %s; it is made anew", path, strerror(errno));
		return TOKEN_NONE;
	}
	if (fstat(*fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_mode & 077 || read(*fd, more, sizeof(more)) != IKE_CRASH_SECRET)
		log_warn("%s is not 32 octets that only its owner can read: it is made anew", path);
	else
		found = flock(*fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK ? TOKEN_IN_USE :
										 TOKEN_READ;
	if (found == TOKEN_READ) {
		memcpy(secret, more, IKE_CRASH_SECRET);
	} else {
		close(*fd);
		*fd = -1;
	}
	mem_wipe(more, sizeof(more));
	return found;
}

/* All or nothing. The one that keeps others from it; -1: it cannot be, errno. */
static int token_write(const char *path, const uint8_t secret[IKE_CRASH_SECRET])
{
	char fresh[TOKEN_PATH_MAX + 8];
	int fd, error;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	flock(fd, LOCK_EX | LOCK_NB);	/* it is new: nobody has it */
	if (write(fd, secret, IKE_CRASH_SECRET) == IKE_CRASH_SECRET && !fsync(fd) &&
	    !rename(fresh, path))
		return fd;
	error = errno;
	unlink(fresh);
	close(fd);
	errno = error;
	return -1;
}

int token_secret(const char *folder, uint8_t secret[IKE_CRASH_SECRET])
{
	char path[TOKEN_PATH_MAX];
	enum token_found found;
	int fd;

	snprintf(path, sizeof(path), "%s/crash-secret", folder);
	found = token_read(path, secret, &fd);
	if (found == TOKEN_READ)
		return fd;
	crypto_random(secret, IKE_CRASH_SECRET);
	if (found == TOKEN_IN_USE) {
		log_warn("%s is in use by another daemon: after a restart peers will be slow to notice it; give each daemon a folder of its own (--state)",
			 path);
		return -1;
	}
	mkdir(folder, 0755);		/* where it fails, token_write() does too */
	fd = token_write(path, secret);
	if (fd < 0)
		log_warn("%s cannot be written: %s; after a restart peers will be slow to notice it",
			 path, strerror(errno));
	return fd;
}
