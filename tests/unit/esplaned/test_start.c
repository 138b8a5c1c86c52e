// SPDX-License-Identifier: GPL-2.0
/* Five processes: what they give up, what they run, and how they end. As root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/keys.h"
#include "esplaned/keys/sandbox.h"
#include "lib/log.h"
#include "suite/proposal.h"
#include "unit/esplaned/config_file.h"

/* What the network process does in a test; its exit status is the daemon's. */
typedef int (*network_fn)(struct keys *keys);

static char config_path[128], pid_path[128], control_path[128], trace_path[128];
static int ready[2];

static unsigned int hooks_done;
static char hook_why[512];

static void on_hook(void *ctx, uint32_t id, const char *why)
{
	hooks_done++;
	snprintf(hook_why, sizeof(hook_why), "%s", why);
}

static void on_mac(void *ctx, uint32_t job, const char *why, struct chunk mac)
{
}

/* Returns the supervisor's pid. */
static pid_t daemon_begin(network_fn network, const char *pid_file)
{
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		const struct keys_setup setup = {
			.config = config_path, .control = control_path, .pid_file = pid_file,
			.state = config_dir,	/* removed in the end, with what is in it */
			.ready = ready[1],
		};
		const struct keys_calls calls = { .mac_done = on_mac, .hook_done = on_hook };
		struct keys *keys;

		close(ready[0]);
		log_init("daemon", LOG_STYLE_PLAIN, -1);
		keys = keys_start(&setup);
		if (!keys)
			_exit(99);
		keys_listen(keys, &calls);
		_exit(network(keys));
	}
	close(ready[1]);
	return pid;
}

static int daemon_end(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ready[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static bool ready_wait(void)
{
	char octet;

	return read(ready[0], &octet, 1) == 1;
}

static bool file_is(const char *path, const char *want)
{
	char text[4096] = "";
	int fd = open(path, O_RDONLY);

	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = '\0';
		close(fd);
	}
	if (!strcmp(text, want))
		return true;
	print_error("%s: \"%s\" instead of \"%s\"\n", path, text, want);
	return false;
}

static int until_stopped(struct keys *keys)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	keys_ready(keys);
	sigwait(&set, &sig);
	return sig;
}

static void signals_are_passed_on(void **state)
{
	static const int signals[] = { SIGTERM, SIGUSR1, SIGHUP };

	for (size_t i = 0; i < COUNT(signals); i++) {
		pid_t pid = daemon_begin(until_stopped, pid_path);
		char text[32];

		file_write("control", "", 0600);
		assert_true(ready_wait());
		snprintf(text, sizeof(text), "%d\n", (int)pid);
		assert_true(file_is(pid_path, text));
		assert_int_equal(kill(pid, signals[i]), 0);
		assert_int_equal(daemon_end(pid), signals[i]);
		assert_int_equal(access(pid_path, F_OK), -1);
		assert_int_equal(access(control_path, F_OK), -1);
	}
}

static int fails(struct keys *keys)
{
	return 7;
}

/* A start that fails leaves the pid file and the control socket of the daemon that is there. */
static void a_start_that_fails(void **state)
{
	file_write("pid", "1\n", 0644);
	file_write("control", "", 0600);
	assert_int_equal(daemon_end(daemon_begin(fails, pid_path)), 7);
	assert_true(file_is(pid_path, "1\n"));
	assert_int_equal(access(control_path, F_OK), 0);
	unlink(pid_path);
	assert_int_equal(daemon_end(daemon_begin(fails, pid_path)), 7);
	assert_int_equal(access(pid_path, F_OK), -1);
	assert_int_equal(daemon_end(daemon_begin(fails, "/nonexistent/pid")), 99);
}

/* Children of a process, from /proc. */
static unsigned int children_of(pid_t pid, pid_t child[8])
{
	char path[64], text[256] = "", *at = text;
	unsigned int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	while (n < 8 && (child[n] = (pid_t)strtol(at, &at, 10)))
		n++;
	return n;
}

static bool gone(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		if (kill(pid, 0) && errno == ESRCH)
			return true;
		usleep(10000);
	}
	return false;
}

static int until_lost(struct keys *keys)
{
	keys_ready(keys);
	while (keys_read(keys))
		poll(&(struct pollfd){ .fd = keys_fd(keys), .events = POLLIN }, 1, -1);
	return 3;
}

static void the_death_of_one_ends_all(void **state)
{
	pid_t pid, child[8];

	/* secrets is made first, then network, the fetcher, and the one that asks DNSSEC */
	pid = daemon_begin(until_lost, NULL);
	assert_true(ready_wait());
	assert_int_equal(children_of(pid, child), 4);
	kill(child[0], SIGKILL);
	assert_int_equal(daemon_end(pid), 3);
	assert_true(gone(child[2]));
	assert_true(gone(child[3]));

	/* without the fetcher, and the one that asks DNSSEC, the others go on */
	pid = daemon_begin(until_lost, NULL);
	assert_true(ready_wait());
	assert_int_equal(children_of(pid, child), 4);
	for (int i = 2; i < 4; i++) {
		kill(child[i], SIGKILL);
		assert_true(gone(child[i]));
	}
	assert_int_equal(kill(child[1], 0), 0);
	kill(child[1], SIGKILL);
	assert_int_equal(daemon_end(pid), 1);
	assert_true(gone(child[0]));

	/* Without the supervisor there is nobody who could say how they ended. */
	pid = daemon_begin(until_lost, NULL);
	assert_true(ready_wait());
	assert_int_equal(children_of(pid, child), 4);
	kill(pid, SIGKILL);
	assert_int_equal(daemon_end(pid), 1000 + SIGKILL);
	for (int i = 0; i < 4; i++)
		assert_true(gone(child[i]));
}

static unsigned int looked_up;
static char look_why[FETCH_WHY_MAX];

static void on_looked_up(void *ctx, struct chunk octets, const char *why)
{
	looked_up++;
	snprintf(look_why, sizeof(look_why), "%s", why);
}

/* 0: somebody has said so within 5 s. */
static int look_up_says(struct fetch *f, const char *says)
{
	for (int i = 0; i < 500 && !looked_up; i++) {
		poll(&(struct pollfd){ .fd = fetch_fd(f), .events = POLLIN }, 1, 10);
		if (!fetch_read(f))
			return 1;
	}
	return !looked_up || !strstr(look_why, says);
}

/* Killed amid a look-up, the one that asks DNSSEC is begun again, and the look-up is told. */
static int looks_up(struct keys *keys)
{
	struct fetch *f = keys_dnssec(keys);
	pid_t child[8];

	for (int i = 0; i < 500 && children_of(getppid(), child) < 4; i++)
		usleep(10000);
	if (!fetch_start_key(f, "gw.example.org", "/nonexistent", on_looked_up, NULL) ||
	    look_up_says(f, "dns-anchor"))
		return 10;
	for (int turn = 0; turn < 2; turn++) {
		looked_up = 0;
		kill(child[3], SIGSTOP);
		if (!fetch_start_key(f, "gw.example.org", "/nonexistent", on_looked_up, NULL))
			return 20;
		kill(child[3], SIGKILL);
		if (look_up_says(f, "the process that looks up keys in DNS has ended") ||
		    fetch_start_key(f, "gw.example.org", "/nonexistent", on_looked_up, NULL))
			return 21;
		looked_up = 0;
		for (int i = 0; i < 500; i++) {
			if (fetch_start_key(f, "gw.example.org", "/nonexistent", on_looked_up,
					    NULL))
				break;
			usleep(10000);
			fetch_read(f);
		}
		if (look_up_says(f, "dns-anchor") || children_of(getppid(), child) != 4)
			return 22;
	}
	return 0;
}

static void helpers_are_begun_again(void **state)
{
	assert_int_equal(daemon_end(daemon_begin(looks_up, NULL)), 0);
}

static bool hook_wait(struct keys *keys, unsigned int count)
{
	while (hooks_done < count) {
		poll(&(struct pollfd){ .fd = keys_fd(keys), .events = POLLIN }, 1, -1);
		if (!keys_read(keys))
			return false;
	}
	return true;
}

/* Up and down of one tunnel, at once; the second waits for the first. */
static int runs_hooks(struct keys *keys)
{
	const struct facts f = { .child = "office", .peer = "it's \"me\"; $(reboot)" };
	char why[CONFIG_WHY_MAX];
	struct config *c = keys_load(keys, why);

	if (!c || !sandbox_network())
		return 10;
	if (!keys_hook(keys, 1, c->tunnels[0].secret, true, &f) ||
	    !keys_hook(keys, 2, c->tunnels[0].secret, false, &f) || !hook_wait(keys, 2))
		return 11;
	if (hook_why[0])
		return 12;
	/* The last is still under way when this process ends. */
	keys_hook(keys, 3, c->tunnels[0].secret, false, &f);
	config_free(c);
	return 0;
}

static void hooks_run_one_after_the_other(void **state)
{
	char script[512];

	snprintf(script, sizeof(script),
		 "#!/bin/sh\n[ \"$ESPLANE_EVENT\" = down ] || sleep 0.3\n"
		 "echo \"$ESPLANE_EVENT $ESPLANE_TUNNEL/$ESPLANE_CHILD $ESPLANE_PEER $HOME$(pwd) "
		 "$(id -u)\" >>%s\n",
		 trace_path);
	file_write("hook", script, 0700);
	file_write("t.conf", ONE("up-script = hook\ndown-script = hook\n"), 0600);
	unlink(trace_path);
	assert_int_equal(daemon_end(daemon_begin(runs_hooks, NULL)), 0);
	assert_true(file_is(trace_path,
			    "up office/office it's \"me\"; $(reboot) / 0\n"
			    "down office/office it's \"me\"; $(reboot) / 0\n"
			    "down office/office it's \"me\"; $(reboot) / 0\n"));
}

static int runs_one(struct keys *keys)
{
	const struct facts f = { .child = "office" };
	char why[CONFIG_WHY_MAX];
	struct config *c = keys_load(keys, why);
	int fd;

	if (!c || !keys_hook(keys, 1, c->tunnels[0].secret, true, &f) || !hook_wait(keys, 1))
		return 10;
	fd = open(trace_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, hook_why, strlen(hook_why)) < 0)
		return 11;
	close(fd);
	config_free(c);
	return 0;
}

static void hooks_that_fail(void **state)
{
	static const struct {
		const char *script, *says;
	} rows[] = {
		{ "#!/bin/sh\nexit 3\n", "ended with status 3" },
		{ "#!/bin/sh\nkill -9 $$\n", "killed by signal 9" },
		{ "#!/bin/sh\nsleep 60 & sleep 60\n",
		  "killed, it took longer than 1 s (script-timeout)" },
		{ "#!/nonexistent/interpreter\n", "No such file or directory" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char want[256], path[128];
		time_t begin = time(NULL);

		file_write("hook", rows[i].script, 0700);
		file_write("t.conf", ONE("up-script = hook\nscript-timeout = 1s\n"), 0600);
		config_path_of("hook", path);
		snprintf(want, sizeof(want), "%s: %s", path, rows[i].says);
		assert_int_equal(daemon_end(daemon_begin(runs_one, NULL)), 0);
		assert_true(file_is(trace_path, want));
		assert_true(time(NULL) - begin < 30);
	}
}

/* In a child of its own, since it cannot be undone. Returns the exit status. */
static int apart(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#define REFUSED(call, error)	((call) == -1 && errno == (error))

/* Is this a line of /proc/self/status? */
static bool status_has(const char *want)
{
	FILE *f = fopen("/proc/self/status", "r");
	bool found = false;
	char line[256];

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strcmp(line, want);
	if (f)
		fclose(f);
	return found;
}

static int as_network(void)
{
	struct rlimit files;
	char other[160];
	rlim_t want;
	int fd;

	log_init("sandbox", LOG_STYLE_PLAIN, LOG_ERR);
	getrlimit(RLIMIT_NOFILE, &files);
	want = files.rlim_max < SANDBOX_FILES ? files.rlim_max : SANDBOX_FILES;
	files.rlim_cur = want / 2;
	if (setrlimit(RLIMIT_NOFILE, &files) || !sandbox_network())
		return 1;
	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur != want)
		return 8;
	if (getuid() == 0 || geteuid() == 0 || getgid() == 0)
		return 2;
	/* A file that only root may read, and one that root has made. */
	if (!REFUSED(open(config_path, O_RDONLY), EACCES))
		return 3;
	snprintf(other, sizeof(other), "%s/made", config_dir);
	if (!REFUSED(open(other, O_WRONLY | O_CREAT, 0600), EACCES) ||
	    !REFUSED(unlink(config_path), EACCES) || !REFUSED(setuid(0), EPERM))
		return 4;
	if (prctl(PR_GET_DUMPABLE) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 5;
	/* CAP_NET_ADMIN */
	if (!status_has("CapEff:\t0000000000001000\n") ||
	    !status_has("CapPrm:\t0000000000001000\n") ||
	    !status_has("CapBnd:\t0000000000000000\n"))
		return 6;
	fd = socket(AF_NETLINK, SOCK_RAW, 0);
	return fd < 0 ? 7 : 0;
}

static int as_secrets(void)
{
	char octet;
	int fd;

	log_init("sandbox", LOG_STYLE_PLAIN, LOG_ERR);
	if (!sandbox_powerless() || !sandbox_secrets())
		return 1;
	if (!status_has("CapEff:\t0000000000000000\n") ||
	    !status_has("CapBnd:\t0000000000000000\n"))
		return 2;
	fd = open(config_path, O_RDONLY);
	return fd < 0 || read(fd, &octet, 1) != 1 ? 3 : 0;
}

static void what_the_processes_may(void **state)
{
	file_write("t.conf", ONE(""), 0600);
	assert_int_equal(apart(as_network), 0);
	assert_int_equal(apart(as_secrets), 0);
}

/* The filter alone, while still root: what holds even then. */
static int filter_of_network(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int another = socket(AF_UNIX, SOCK_SEQPACKET, 0), pair[2], fd;
	char octet;

	/* Another daemon of root's. */
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/rootd", config_dir);
	if (bind(another, (struct sockaddr *)&sun, sizeof(sun)) || listen(another, 1))
		return 9;
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
	if (!sandbox_filter(SANDBOX_NETWORK))
		return 1;
	if (!REFUSED(socket(AF_UNIX, SOCK_STREAM, 0), EAFNOSUPPORT) ||
	    !REFUSED(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), EAFNOSUPPORT) ||
	    !REFUSED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair + 0), ENOSYS) ||
	    !REFUSED(socket(AF_PACKET, SOCK_RAW, 0), ENOSYS))
		return 2;
	/* What is open leads nowhere else. */
	if (connect(pair[0], (struct sockaddr *)&sun, sizeof(sun)) != -1 ||
	    sendto(pair[0], "x", 1, 0, (struct sockaddr *)&sun, sizeof(sun)) != 1 ||
	    recv(pair[1], &octet, 1, MSG_DONTWAIT) != 1)
		return 3;
	if (!REFUSED(unlink(config_path), ENOSYS) ||
	    !REFUSED(open(config_path, O_WRONLY), ENOSYS) ||
	    !REFUSED(rename(config_path, trace_path), ENOSYS) ||
	    !REFUSED(chmod(config_path, 0777), ENOSYS) ||
	    !REFUSED(truncate(config_path, 0), ENOSYS) || !REFUSED(kill(1, 0), ENOSYS))
		return 4;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	return fd < 0 || !REFUSED(open("/nonexistent", O_RDONLY), ENOENT) ? 5 : 0;
}

static int filter_of_secrets(void)
{
	char octet;
	int pair[2], fd;

	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
	if (!sandbox_filter(SANDBOX_SECRETS))
		return 1;
	if (!REFUSED(socket(AF_UNIX, SOCK_STREAM, 0), ENOSYS) ||
	    !REFUSED(socket(AF_INET, SOCK_DGRAM, 0), ENOSYS) ||
	    !REFUSED(socket(AF_NETLINK, SOCK_RAW, 0), ENOSYS) ||
	    !REFUSED(connect(pair[0], NULL, 0), ENOSYS) ||
	    !REFUSED(bind(pair[0], NULL, 0), ENOSYS))
		return 2;
	if (!REFUSED(unlink(config_path), ENOSYS) || !REFUSED(open(config_path, O_WRONLY), ENOSYS))
		return 3;
	fd = open(config_path, O_RDONLY);
	if (fd < 0 || read(fd, &octet, 1) != 1)
		return 4;
	return send(pair[0], "x", 1, 0) == 1 && recv(pair[1], &octet, 1, 0) == 1 ? 0 : 5;
}

static void *runs(void *ctx)
{
	return ctx;
}

/* It may have threads, and no processes. */
static int filter_of_fetcher(void)
{
	pthread_t thread;
	char octet;
	void *back;

	if (!sandbox_filter(SANDBOX_FETCHER))
		return 1;
	if (pthread_create(&thread, NULL, runs, &octet) || pthread_join(thread, &back) ||
	    back != &octet)
		return 2;
	if (!REFUSED(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0), ENOSYS) ||
	    !REFUSED(socket(AF_UNIX, SOCK_STREAM, 0), EAFNOSUPPORT) ||
	    !REFUSED(open(config_path, O_WRONLY), ENOSYS))
		return 3;
	return 0;
}

static int network_executes(void)
{
	if (!sandbox_filter(SANDBOX_NETWORK))
		return 1;
	execl("/bin/true", "true", NULL);
	return 2;
}

static void what_the_filters_refuse(void **state)
{
	file_write("t.conf", ONE(""), 0600);
	assert_int_equal(apart(filter_of_network), 0);
	assert_int_equal(apart(filter_of_secrets), 0);
	assert_int_equal(apart(filter_of_fetcher), 0);
	assert_int_equal(apart(network_executes), 1000 + SIGSYS);
}

static int make(void **state)
{
	if (config_dir_make(state))
		return -1;
	config_path_of("t.conf", config_path);
	config_path_of("pid", pid_path);
	config_path_of("control", control_path);
	config_path_of("trace", trace_path);
	unsetenv("NOTIFY_SOCKET");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_are_passed_on),
		cmocka_unit_test(a_start_that_fails),
		cmocka_unit_test(the_death_of_one_ends_all),
		cmocka_unit_test(helpers_are_begun_again),
		cmocka_unit_test(hooks_run_one_after_the_other),
		cmocka_unit_test(hooks_that_fail),
		cmocka_unit_test(what_the_processes_may),
		cmocka_unit_test(what_the_filters_refuse),
	};

	return cmocka_run_group_tests(tests, make, config_dir_remove);
}
