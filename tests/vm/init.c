// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the laboratory's virtual machine, static, alone in the initramfs
 * with the modules it loads: mounts the host's root (9p, read only) below a
 * tmpfs overlay, enters it and becomes tests/vm/init.sh, whose path the
 * kernel command line gives as esplane.init=PATH.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
	sync();
	_exit(1);	/* PID 1 gone: the kernel panics, the machine ends */
}

static void make_mount(const char *source, const char *target, const char *type,
		       unsigned long flags, const char *data)
{
	if (mkdir(target, 0755) && errno != EEXIST)
		die(target);
	if (mount(source, target, type, flags, data))
		die(target);
}

static void load_modules(void)
{
	FILE *list = fopen("/modules/list", "re");
	char name[256];

	while (list && fgets(name, sizeof(name), list)) {
		char path[300];
		int fd;

		name[strcspn(name, "\n")] = '\0';
		snprintf(path, sizeof(path), "/modules/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			die(name);
		close(fd);
	}
	if (list)
		fclose(list);
}

/* The value of esplane.init= on the kernel command line, or die. */
static char *init_path(void)
{
	static char line[4096];
	char *word;
	size_t n;
	FILE *f;

	f = fopen("/proc/cmdline", "re");
	if (!f)
		die("/proc/cmdline");
	n = fread(line, 1, sizeof(line) - 1, f);
	line[n] = '\0';
	fclose(f);
	for (word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
		if (!strncmp(word, "esplane.init=", 13))
			return word + 13;
	errno = ENOENT;
	die("esplane.init=");
	return NULL;
}

int main(void)
{
	char *argv[2] = { NULL, NULL };
	char *envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb", NULL };

	make_mount("proc", "/proc", "proc", 0, NULL);
	load_modules();
	argv[0] = init_path();
	make_mount("root", "/lower", "9p", MS_RDONLY,
		   "trans=virtio,version=9p2000.L,msize=512000,cache=loose");
	make_mount("tmpfs", "/upper", "tmpfs", 0, "size=80%");
	if (mkdir("/upper/data", 0755) || mkdir("/upper/work", 0755))
		die("/upper");
	make_mount("overlay", "/root", "overlay", 0,
		   "lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work");
	make_mount("proc", "/root/proc", "proc", 0, NULL);
	make_mount("sysfs", "/root/sys", "sysfs", 0, NULL);
	make_mount("devtmpfs", "/root/dev", "devtmpfs", 0, NULL);
	make_mount("tmpfs", "/root/run", "tmpfs", 0, "mode=0755");
	if (chdir("/root") || mount("/root", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		die("/root");
	execve(argv[0], argv, envp);
	die(argv[0]);
	return 1;
}
