// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "esplaned/command/reload.h"
#include "esplaned/control/control.h"
#include "esplaned/daemon.h"
#include "esplaned/engine/hooks.h"
#include "esplaned/engine/jobs.h"
#include "esplaned/engine/radius.h"
#include "esplaned/engine/talks.h"
#include "esplaned/keys/fetch.h"
#include "esplaned/keys/keys.h"
#include "esplaned/keys/sandbox.h"
#include "lib/log.h"

#define SIGNALS	4	/* that the process that speaks IKE hears */

struct settings {
	const char *config, *control, *pid_file, *state;
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
	"  --state DIR         what is kept over restarts, the leases of pools (default "
	KEYS_STATE ")\n"
	"  --pid-file FILE     write the process id there\n"
	"  --log-level LEVEL   err, warning, notice, info or debug (default info); the log goes "
	"to stderr\n"
	"  --check-config      read the configuration, say what is wrong with it, and end\n"
	"  --version, --help\n"
	"\n"
	"Signals: TERM and INT take the tunnels down and end; USR1 too, for a restart: routes of\n"
	"when-down = block stay; HUP reads the configuration again.\n"
	"See esplaned(8), esplane.conf(5), ikectl(8).\n";

enum {
	OPT_CONFIG = 256,
	OPT_CONTROL,
	OPT_FOREGROUND,
	OPT_PID_FILE,
	OPT_STATE,
	OPT_LOG_LEVEL,
	OPT_CHECK,
	OPT_VERSION,
	OPT_HELP
};

static int main_level(const char *text)
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

static int main_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int main_wrong(const char *fmt, ...)
{
	va_list ap;

	fputs("esplaned: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return 2;
}

static int main_print(const char *text)
{
	return fputs(text, stdout) < 0;
}

/* -1: go on; else the exit status. */
static int main_settings(struct settings *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "control", required_argument, NULL, OPT_CONTROL },
		{ "foreground", no_argument, NULL, OPT_FOREGROUND },
		{ "pid-file", required_argument, NULL, OPT_PID_FILE },
		{ "state", required_argument, NULL, OPT_STATE },
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
		else if (c == OPT_STATE)
			s->state = optarg;
		else if (c == OPT_FOREGROUND)
			s->foreground = true;
		else if (c == OPT_CHECK)
			s->check = true;
		else if (c == OPT_LOG_LEVEL)
			s->level = main_level(optarg);
		else if (c == OPT_VERSION)
			return main_print("esplaned " ESPLANE_VERSION "\n");
		else if (c == OPT_HELP)
			return main_print(help);
		else
			return main_wrong("see esplaned --help");
		if (s->level < 0)
			return main_wrong("unknown log level %s: use err, warning, notice, "
				     "info or debug", optarg);
	}
	if (optind < argc)
		return main_wrong("unknown argument \"%s\": see esplaned --help", argv[optind]);
	return -1;
}

/* Goes on in a child; the parent ends when the child writes to the returned descriptor, or dies. */
static int main_detach(void)
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

static void main_on_stop(evutil_socket_t sig, short what, void *arg)
{
	log_notice("signal %d: taking the tunnels down", (int)sig);
	daemon_stop(arg, sig == SIGUSR1);
}

static void main_on_reload(evutil_socket_t sig, short what, void *arg)
{
	char why[CONFIG_WHY_MAX];
	json_t *changes = NULL;

	if (reload(arg, &changes, why))
		json_decref(changes);
}

static bool main_signals(struct daemon *d, struct event *events[SIGNALS])
{
	events[0] = evsignal_new(d->base, SIGTERM, main_on_stop, d);
	events[1] = evsignal_new(d->base, SIGINT, main_on_stop, d);
	events[2] = evsignal_new(d->base, SIGUSR1, main_on_stop, d);
	events[3] = evsignal_new(d->base, SIGHUP, main_on_reload, d);
	for (int i = 0; i < SIGNALS; i++) {
		if (!events[i] || event_add(events[i], NULL))
			return false;
	}
	signal(SIGPIPE, SIG_IGN);
	return true;
}

/* The directory of a path given by default is ours to make. */
static void main_directory(const char *path)
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

static void main_on_keys(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	if (keys_read(d->keys))
		return;
	d->orphan = true;
	event_base_loopbreak(d->base);
}

static void main_on_fetched(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	if (fetch_read(keys_fetch(d->keys)))
		return;
	event_free(d->fetched);
	d->fetched = NULL;
}

static void main_on_named(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	if (fetch_read(keys_dnssec(d->keys)))
		return;
	event_free(d->named);
	d->named = NULL;
}

/* What is fetched, and found in DNS. False: no memory. */
static bool main_fetch(struct daemon *d)
{
	struct fetch *fetch = keys_fetch(d->keys), *dnssec = keys_dnssec(d->keys);

	if (!fetch || !dnssec)
		return true;
	d->fetched = event_new(d->base, fetch_fd(fetch), EV_READ | EV_PERSIST, main_on_fetched, d);
	d->named = event_new(d->base, fetch_fd(dnssec), EV_READ | EV_PERSIST, main_on_named, d);
	return d->fetched && !event_add(d->fetched, NULL) && d->named && !event_add(d->named, NULL);
}

/* Answers of the process with the secrets. */
static struct event *main_keys(struct daemon *d)
{
	const struct keys_calls calls = {
		.ctx = d, .mac_done = jobs_mac_done, .sign_done = jobs_sign_done,
		.eap_done = jobs_eap_done, .tls_done = talks_signed,
		.radius_done = radius_proved,
		.hook_done = hooks_done,
	};
	struct event *ev = event_new(d->base, keys_fd(d->keys), EV_READ | EV_PERSIST, main_on_keys,
				     d);

	keys_listen(d->keys, &calls);
	if (ev && !event_add(ev, NULL) && main_fetch(d))
		return ev;
	log_err("cannot start: no memory");
	return NULL;
}

/*
 * The process that speaks IKE. What may fail for reasons outside comes first, then what takes
 * over from a dead daemon, then the privileges go, and only then the first datagram is read.
 */
static int main_serve(struct daemon *d, const struct settings *s, struct config *config)
{
	struct event *signals[SIGNALS] = { NULL }, *answers = NULL;
	int status = 1;

	if (daemon_open(d, s->control) && main_signals(d, signals))
		answers = main_keys(d);
	if (!answers || !daemon_take_over(d) || !sandbox_network()) {
		config_free(config);
		goto close;
	}
	daemon_start(d, config);
	log_info("esplaned " ESPLANE_VERSION " is ready");
	keys_ready(d->keys);
	event_base_dispatch(d->base);
	/* Without secrets no peer can be answered. What the kernel has stays, for the next one. */
	if (d->orphan) {
		ike_free(d->ike);	/* wipes */
		_exit(1);
	}
	status = 0;
close:
	for (int i = 0; i < SIGNALS; i++) {
		if (signals[i])
			event_free(signals[i]);
	}
	if (answers)
		event_free(answers);
	if (d->fetched)
		event_free(d->fetched);
	if (d->named)
		event_free(d->named);
	daemon_close(d);
	return status;
}

static int main_run(struct daemon *d, const struct settings *s)
{
	const struct keys_setup setup = {
		.config = s->config, .control = s->control, .pid_file = s->pid_file,
		.state = s->state,
		.ready = s->foreground ? -1 : main_detach(),
	};
	char why[CONFIG_WHY_MAX];
	struct config *config;
	int status = 1;

	main_directory(s->control);
	d->keys = keys_start(&setup);
	if (!d->keys)
		return 1;
	config = keys_load(d->keys, why);
	if (config)	/* else what is wrong was logged */
		status = main_serve(d, s, config);
	keys_free(d->keys);
	return status;
}

static void main_on_mistake(void *ctx, int level, const char *text)
{
	unsigned int *mistakes = ctx;

	*mistakes += level == LOG_ERR;
	log_write(level, "%s%s", level == LOG_WARNING ? "warning: " : "", text);
}

static int main_check(const char *path)
{
	unsigned int mistakes = 0;
	struct config *config = config_load(path, main_on_mistake, &mistakes);

	if (config)
		printf("%s: sound, %zu tunnel%s\n", path, config->count,
		       config->count == 1 ? "" : "s");
	else
		printf("%s: %u mistake%s\n", path, mistakes, mistakes == 1 ? "" : "s");
	config_free(config);
	return config ? 0 : 1;
}

/* Its name server lookups say each time what goes wrong, which whoever asked says better. */
static void main_on_libevent(int severity, const char *text)
{
	log_write(severity >= EVENT_LOG_WARN ? LOG_WARNING : LOG_DEBUG, "libevent: %s", text);
}

int main(int argc, char **argv)
{
	struct settings s = { .config = CONFIG_PATH, .control = CONTROL_PATH,
			      .state = KEYS_STATE, .level = LOG_INFO };
	struct daemon d = { 0 };
	int rc;

	rc = main_settings(&s, argc, argv);
	if (rc >= 0)
		return rc;
	log_init("esplaned", s.check ? LOG_STYLE_PLAIN :
			     log_to_journal() ? LOG_STYLE_JOURNAL : LOG_STYLE_TIME, s.level);
	event_set_log_callback(main_on_libevent);
	sandbox_memory();
	return s.check ? main_check(s.config) : main_run(&d, &s);
}
