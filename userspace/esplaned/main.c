// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "esplaned/daemon.h"
#include "esplaned/sandbox.h"
#include "lib/log.h"

struct settings {
	const char *config, *control, *pid_file;
	bool foreground, check;
	int level;
};

static const char help[] =
	"esplaned [OPTION]...: the IKE daemon of esplane\n"
	"\n"
	"  --config FILE       the configuration (default " CONFIG_PATH ")\n"
	"  --control PATH      the socket for ikectl (default " CONTROL_PATH ")\n"
	"  --foreground        stay in the foreground; else the command returns when the daemon "
	"is ready\n"
	"  --pid-file FILE     write the process id there\n"
	"  --log-level LEVEL   err, warning, notice, info or debug (default info); the log goes "
	"to stderr\n"
	"  --check-config      read the configuration, say what is wrong with it, and end\n"
	"  --version, --help\n"
	"\n"
	"Signals: TERM and INT take the tunnels down and end; HUP reads the configuration again.\n"
	"See esplaned(8), esplane.conf(5), ikectl(8).\n";

enum {
	OPT_CONFIG = 256,
	OPT_CONTROL,
	OPT_FOREGROUND,
	OPT_PID_FILE,
	OPT_LOG_LEVEL,
	OPT_CHECK,
	OPT_VERSION,
	OPT_HELP
};

static int level_parse(const char *text)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = {
		{ "err", LOG_ERR }, { "warning", LOG_WARNING }, { "notice", LOG_NOTICE },
		{ "info", LOG_INFO }, { "debug", LOG_DEBUG },
	};

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		if (!strcmp(levels[i].name, text))
			return levels[i].level;
	}
	return -1;
}

static int wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int wrong(const char *fmt, ...)
{
	va_list ap;

	fputs("esplaned: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return 2;
}

static int text_print(const char *text)
{
	return fputs(text, stdout) < 0;
}

/* -1: go on; else the exit status. */
static int settings_parse(struct settings *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "control", required_argument, NULL, OPT_CONTROL },
		{ "foreground", no_argument, NULL, OPT_FOREGROUND },
		{ "pid-file", required_argument, NULL, OPT_PID_FILE },
		{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
		{ "check-config", no_argument, NULL, OPT_CHECK },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, OPT_HELP },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == OPT_CONFIG)
			s->config = optarg;
		else if (c == OPT_CONTROL)
			s->control = optarg;
		else if (c == OPT_PID_FILE)
			s->pid_file = optarg;
		else if (c == OPT_FOREGROUND)
			s->foreground = true;
		else if (c == OPT_CHECK)
			s->check = true;
		else if (c == OPT_LOG_LEVEL)
			s->level = level_parse(optarg);
		else if (c == OPT_VERSION)
			return text_print("esplaned " ESPLANE_VERSION "\n");
		else if (c == OPT_HELP)
			return text_print(help);
		else
			return wrong("see esplaned --help");
		if (s->level < 0)
			return wrong("there is no log level %s: accepted are err, warning, notice, "
				     "info and debug", optarg);
	}
	if (optind < argc)
		return wrong("\"%s\" is no option: see esplaned --help", argv[optind]);
	return -1;
}

/* sd_notify(3), whose whole protocol is one datagram. */
static void manager_tell(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(sun.sun_path))
		return;
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sun,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_warn("cannot notify %s: %s", path, strerror(errno));
	close(fd);
}

/* Goes on in a child; the parent ends when the child writes to the returned descriptor, or dies. */
static int detach(void)
{
	char ready;
	int fds[2];
	pid_t pid;

	pid = pipe2(fds, O_CLOEXEC) ? -1 : fork();
	if (pid < 0) {
		log_err("cannot go to the background: %s", strerror(errno));
		exit(1);
	}
	if (pid) {
		close(fds[1]);
		_exit(read(fds[0], &ready, 1) == 1 ? 0 : 1);
	}
	close(fds[0]);
	setsid();
	if (!freopen("/dev/null", "r", stdin) || !freopen("/dev/null", "w", stdout))
		log_warn("cannot let go of the terminal: %s", strerror(errno));
	return fds[1];
}

static bool pid_write(const char *path)
{
	FILE *f = path ? fopen(path, "we") : NULL;
	bool ok = !path;

	if (f) {
		ok = fprintf(f, "%ld\n", (long)getpid()) > 0;
		ok = !fclose(f) && ok;
	}
	if (!ok)
		log_err("cannot write %s: %s", path, strerror(errno));
	return ok;
}

static void on_stop(evutil_socket_t sig, short what, void *arg)
{
	log_notice("signal %d: taking the tunnels down", (int)sig);
	daemon_stop(arg);
}

static void on_reload(evutil_socket_t sig, short what, void *arg)
{
	char why[CONFIG_WHY_MAX];
	json_t *changes = NULL;

	if (daemon_reload(arg, &changes, why))
		json_decref(changes);
}

static bool signals_open(struct daemon *d, struct event *events[3])
{
	events[0] = evsignal_new(d->base, SIGTERM, on_stop, d);
	events[1] = evsignal_new(d->base, SIGINT, on_stop, d);
	events[2] = evsignal_new(d->base, SIGHUP, on_reload, d);
	for (int i = 0; i < 3; i++) {
		if (!events[i] || event_add(events[i], NULL))
			return false;
	}
	signal(SIGPIPE, SIG_IGN);
	return true;
}

/* The directory of a path given by default is ours to make. */
static void directory_make(const char *path)
{
	char dir[256];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return;
	*slash = '\0';
	if (mkdir(dir, 0755) && errno != EEXIST)
		log_warn("cannot make %s: %s", dir, strerror(errno));
}

static int run(struct daemon *d, const struct settings *s, struct config *config)
{
	struct event *signals[3] = { NULL };
	int ready = s->foreground ? -1 : detach();
	bool pid_written = false;
	int status = 1;

	directory_make(s->control);
	if (daemon_open(d, s->control) && signals_open(d, signals))
		pid_written = pid_write(s->pid_file);
	if (!pid_written || !daemon_take_over(d) || !sandbox_enter()) {
		config_free(config);
		goto close;
	}
	daemon_start(d, config);
	log_info("esplaned " ESPLANE_VERSION " is ready");
	manager_tell("READY=1");
	if (ready >= 0 && (write(ready, "", 1) != 1 || close(ready)))
		log_warn("cannot tell the caller that we are ready: %s", strerror(errno));
	event_base_dispatch(d->base);
	manager_tell("STOPPING=1");
	status = 0;
close:
	for (int i = 0; i < 3; i++) {
		if (signals[i])
			event_free(signals[i]);
	}
	if (s->pid_file && pid_written)
		unlink(s->pid_file);
	daemon_close(d);
	return status;
}

/* Its name server lookups say each time what goes wrong, which whoever asked says better. */
static void on_libevent(int severity, const char *text)
{
	log_write(severity >= EVENT_LOG_WARN ? LOG_WARNING : LOG_DEBUG, "libevent: %s", text);
}

int main(int argc, char **argv)
{
	struct settings s = { .config = CONFIG_PATH, .control = CONTROL_PATH, .level = LOG_INFO };
	char why[CONFIG_WHY_MAX];
	struct daemon d = { 0 };
	struct config *config;
	int rc;

	rc = settings_parse(&s, argc, argv);
	if (rc >= 0)
		return rc;
	log_init("esplaned", s.check ? LOG_STYLE_PLAIN :
			     log_to_journal() ? LOG_STYLE_JOURNAL : LOG_STYLE_TIME, s.level);
	event_set_log_callback(on_libevent);
	sandbox_memory();
	d.config_path = s.config;
	config = config_load(d.config_path, why);
	if (!config) {
		log_err("%s", why);
		return 1;
	}
	if (s.check) {
		printf("%s: %zu tunnel%s, no mistake\n", s.config, config->count,
		       config->count == 1 ? "" : "s");
		config_free(config);
		return 0;
	}
	return run(&d, &s, config);
}
