// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the laboratory's virtual machine, static, alone in the initramfs
 * with the modules it loads. It mounts the host's root (9p, read only) below a
 * tmpfs overlay, enters it, runs the command that tests/vm/run left in the job
 * directory (esplane.job=DIR on the kernel's command line) and reports its exit
 * status. In C, because each process costs a tenth of a second under the debug
 * kernel.
 *
 *   DIR/command       the arguments, each ended by a zero byte
 *   DIR/environment   NAME=VALUE, likewise; VM_CWD, VM_MODULES and VM_WRITABLE
 *                     are for us too
 *
 * The command's output goes to the virtio port "output", "exit N" to "status".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define P9_OPTIONS "trans=virtio,version=9p2000.L,msize=512000"

#define MAX_WORDS 1024

static void die(const char *what)
{
	fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
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

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
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

/* The value of esplane.job= on the kernel's command line. */
static char *job_path(void)
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
		if (!strncmp(word, "esplane.job=", 12))
			return word + 12;
	errno = ENOENT;
	die("esplane.job=");
	return NULL;
}

/* A file of zero-terminated words as a vector that ends in NULL. */
static char **read_words(const char *dir, const char *name)
{
	char path[4200], *data = NULL, *p;
	char **words;
	size_t size = 0, n = 0;
	ssize_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	words = calloc(MAX_WORDS + 1, sizeof(*words));
	if (!f || !words)
		die(path);
	while ((len = getdelim(&data, &size, '\0', f)) > 0 && n < MAX_WORDS) {
		p = strndup(data, len);
		if (!p)
			die(path);
		words[n++] = p;
	}
	free(data);
	fclose(f);
	return words;
}

static const char *lookup(char **environment, const char *name)
{
	size_t n = strlen(name);

	for (; *environment; environment++)
		if (!strncmp(*environment, name, n) && (*environment)[n] == '=')
			return *environment + n + 1;
	return "";
}

static void enter_root(void)
{
	make_mount("root", "/lower", "9p", MS_RDONLY, P9_OPTIONS ",cache=loose");
	make_mount("tmpfs", "/upper", "tmpfs", 0, "size=80%");
	if (mkdir("/upper/data", 0755) || mkdir("/upper/work", 0755))
		die("/upper");
	make_mount("overlay", "/root", "overlay", 0,
		   "lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work");
	make_mount("proc", "/root/proc", "proc", 0, NULL);
	make_mount("sysfs", "/root/sys", "sysfs", 0, NULL);
	make_mount("debugfs", "/root/sys/kernel/debug", "debugfs", 0, NULL);
	make_mount("devtmpfs", "/root/dev", "devtmpfs", 0, NULL);
	make_mount("devpts", "/root/dev/pts", "devpts", 0, "gid=5,mode=620,ptmxmode=666");
	make_mount("tmpfs", "/root/dev/shm", "tmpfs", 0, NULL);
	make_mount("tmpfs", "/root/run", "tmpfs", 0, "mode=0755");
	if (chdir("/root") || mount("/root", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		die("/root");
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") || symlink("/proc/self/fd/2", "/dev/stderr"))
		die("/dev/fd");
	if (mkdir("/run/netns", 0755) || mkdir("/run/lock", 01777))
		die("/run");
}

static int open_port(const char *name)
{
	const char *class = "/sys/class/virtio-ports";
	struct dirent *d;
	DIR *dir;
	int fd;

	dir = opendir(class);
	if (!dir)
		die(class);
	while ((d = readdir(dir))) {
		char path[512], found[64] = "";
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s/name", class, d->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (!fgets(found, sizeof(found), f))
			found[0] = '\0';
		fclose(f);
		found[strcspn(found, "\n")] = '\0';
		if (strcmp(found, name))
			continue;
		closedir(dir);
		snprintf(path, sizeof(path), "/dev/%s", d->d_name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			die(path);
		return fd;
	}
	errno = ENOENT;
	die(name);
	return -1;
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		die("lo");
	close(fd);
}

/*
 * As long as a socket asks for timestamps, the kernel's code for them stays on. Otherwise the first
 * ping patches it and the last one again, and QEMU may go on with a translation from the middle of
 * that where there is another CPU: Documentation/testing.md.
 */
static void hold_timestamps(void)
{
	int on = 1;
	int fd;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)))
		die("SO_TIMESTAMP");
}

static void prepare(char **environment)
{
	const char *modules = lookup(environment, "VM_MODULES");
	const char *writable = lookup(environment, "VM_WRITABLE");
	struct utsname name;
	char path[512];

	if (*modules) {
		uname(&name);
		snprintf(path, sizeof(path), "/lib/modules/%s", name.release);
		mkdir("/lib/modules", 0755);	/* a host without a kernel of its own has none */
		make_mount(modules, path, NULL, MS_BIND, NULL);
	}
	if (*writable)
		make_mount("writable", writable, "9p", 0, P9_OPTIONS ",cache=none");
	if (sethostname("lab", 3) || chdir(lookup(environment, "VM_CWD")))
		die(lookup(environment, "VM_CWD"));
	loopback_up();
	hold_timestamps();
}

/*
 * How slow this machine is beside an idle one with two cores, from the time that
 * the boot took: scenarios stretch their time limits by it.
 */
static void set_slowness(char **environment)
{
	struct timespec now;
	char text[16];
	int slow;

	clock_gettime(CLOCK_BOOTTIME, &now);
	slow = 1 + now.tv_sec / 8;
	if (slow < 4 && *lookup(environment, "VM_DEBUG"))
		slow = 4;
	snprintf(text, sizeof(text), "%d", slow);
	for (; *environment; environment++)
		putenv(*environment);
	setenv("VM_SLOW", text, 1);
}

/* Runs the command, and reaps every orphan until it ends; as a shell says it. */
static int run(char **command, char **environment, int output)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		setsid();
		if (dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
			die("dup2");
		set_slowness(environment);
		execvp(command[0], command);
		fprintf(stderr, "init: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	while (wait(&status) != pid)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(void)
{
	char **command, **environment, *job;
	int output, status;

	make_mount("proc", "/proc", "proc", 0, NULL);
	load_modules();
	job = job_path();
	enter_root();
	write_file("/proc/sys/kernel/printk", "7 4 1 7");
	environment = read_words(job, "environment");
	command = read_words(job, "command");
	output = open_port("output");
	status = open_port("status");
	prepare(environment);
	dprintf(status, "exit %d\n", run(command, environment, output));
	sync();
	reboot(RB_POWER_OFF);
	die("power off");
	return 1;
}
