// SPDX-License-Identifier: GPL-2.0
/*
 * Run a command in a network namespace: in-net NAMESPACE COMMAND...
 * No more than setns: no mounts, and linked statically, because scenarios begin
 * thousands of processes and the dynamic linker is most of what each costs there.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[256];
	int fd;

	if (argc < 3)
		errx(2, "usage: in-net NAMESPACE COMMAND...");
	if (snprintf(path, sizeof(path), "/run/netns/%s", argv[1]) >= (int)sizeof(path))
		errx(2, "the namespace's name is too long");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
