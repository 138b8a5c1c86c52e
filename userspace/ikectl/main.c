// SPDX-License-Identifier: GPL-2.0
#include "ikectl/ikectl.h"

#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ikectl/pki.h"

static const struct command {
	const char *name;
	void (*event)(const struct view *v, const json_t *event);
	enum status (*show)(const struct view *v, const json_t *result);
	enum { ARG_NONE, ARG_MAY, ARG_MUST } arg;
	bool all;		/* takes --all */
	bool lasting;		/* goes on in the daemon when ikectl is interrupted */
	size_t more;		/* offset in struct view of what may follow the name; 0: nothing */
	enum status (*run)(const struct view *v);	/* does all of it; NULL: the daemon does */
} commands[] = {
	{ "up", show_event, show_up, ARG_MUST, true, true },
	{ "down", show_event, show_down, ARG_MUST, true, false },
	{ "restart", show_event, show_up, ARG_MUST, false, true },
	{ "rekey", show_event, show_rekey, ARG_MUST, false, false },
	{ "reauth", show_event, show_reauth, ARG_MUST, false, true },
	{ "status", show_event, show_status, ARG_MAY, false, false },
	{ "explain", show_event, show_explain, ARG_MUST, false, false },
	{ "log", show_event, show_log, ARG_MUST, .more = offsetof(struct view, level) },
	{ "redirect", show_event, show_redirect, ARG_MUST, .more = offsetof(struct view, to) },
	{ "top", NULL, NULL, ARG_MAY, .run = top_run },
	{ "export-keys", show_event, show_keys, ARG_MUST,
	  .more = offsetof(struct view, directory) },
	{ "leases", show_event, show_leases, ARG_NONE, false, false },
	{ "names", show_event, show_names, ARG_NONE, false, false },
	{ "monitor", show_monitor, NULL, ARG_NONE, false, false },
	{ "reload", show_event, show_reload, ARG_NONE, false, false },
	{ "version", show_event, show_version, ARG_NONE, false, false },
};

static const struct command *main_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static void main_json_event(const struct view *v, const json_t *event)
{
	show_json(v, event);
}

static enum status main_no_daemon(const struct view *v, const char *why)
{
	json_t *error;

	if (!v->json) {
		if (!strcmp(v->command, "version"))
			fputs("ikectl " ESPLANE_VERSION "\n", v->out);
		show_no_daemon(v, why);
		return STATUS_NO_DAEMON;
	}
	error = json_pack("{ss ss ss+}", "result", "error", "error", "no-daemon", "message",
			  "esplaned does not answer: ", why);
	show_json(v, error);
	json_decref(error);
	return STATUS_NO_DAEMON;
}

/* The shell that started us shall see what ended us. */
static enum status main_interrupted(const struct view *v)
{
	fprintf(v->err, "\nikectl: the attempt goes on: ikectl down %s ends it\n",
		v->all ? "--all" : v->tunnel);
	raise(SIGINT);
	return STATUS_FAILED;
}

/* --json: the exit status is that which the text would have. */
static enum status main_status(const struct view *v, const struct command *command,
			       const json_t *result)
{
	bool ok = !strcmp(text_of(result, "result"), "ok");
	struct view quiet = *v;
	enum status status;

	if (!v->json && !ok && !json_object_get(result, "tunnels"))
		return show_failure(v, result);
	if (!command->show)
		return ok ? STATUS_OK : failure_status(text_of(result, "error"));
	if (!v->json)
		return command->show(v, result);
	if (!ok && !json_object_get(result, "tunnels"))
		return failure_status(text_of(result, "error"));
	quiet.out = fopen("/dev/null", "we");
	if (!quiet.out)
		return ok ? STATUS_OK : STATUS_FAILED;
	status = command->show(&quiet, result);
	fclose(quiet.out);
	return status;
}

static enum status main_run(const struct view *v, const struct command *command)
{
	bool interrupted = false;
	enum status status;
	char why[256];
	json_t *result;

	if (command->run)
		return command->run(v);
	result = talk(v, v->json ? main_json_event : command->event,
		      command->lasting ? &interrupted : NULL, why);
	if (interrupted)
		return main_interrupted(v);
	if (!result)
		return main_no_daemon(v, why);
	status = main_status(v, command, result);
	if (v->json)
		show_json(v, result);
	json_decref(result);
	return status;
}

/* -1: go on; else the exit status. */
static int main_options(struct view *v, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, { "control", required_argument, NULL, 'c' },
		{ "all", no_argument, NULL, 'a' },  { "help", no_argument, NULL, 'h' },
		{ "once", no_argument, NULL, 'o' }, { "sort", required_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'V' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			v->json = true;
			break;
		case 'c':
			v->control = optarg;
			break;
		case 'a':
			v->all = true;
			break;
		case 'o':
			v->once = true;
			break;
		case 's':
			v->sort = optarg;
			break;
		case 'h':
			help_all(stdout);
			return STATUS_OK;
		case 'V':
			puts("ikectl " ESPLANE_VERSION);
			return STATUS_OK;
		default:
			fputs("see ikectl help\n", stderr);
			return STATUS_USAGE;
		}
	}
	return -1;
}

/* What COLUMNS says, else what the terminal has, else no limit. */
static unsigned int main_width(void)
{
	const char *columns = getenv("COLUMNS");
	long width = columns ? strtol(columns, NULL, 10) : 0;
	struct winsize ws;

	if (width > 0 && width < 100000)
		return (unsigned int)width;
	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) ? ws.ws_col : 0;
}

static int main_help(const char *command)
{
	if (!command) {
		help_all(stdout);
	} else if (!help_command(stdout, command)) {
		fprintf(stderr, "ikectl: there is no command \"%s\"\n", command);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

static bool main_fits(const struct view *v, const struct command *command, bool more)
{
	if (v->level && strcmp(v->level, "debug") && strcmp(v->level, "info"))
		return false;
	if (command->more == offsetof(struct view, to) && !v->to)
		return false;
	if (more || (v->all && (!command->all || v->tunnel)))
		return false;
	return v->all || (v->tunnel ? command->arg != ARG_NONE : command->arg != ARG_MUST);
}

int main(int argc, char **argv)
{
	struct view v = { .out = stdout, .err = stderr, .control = CONTROL_PATH };
	const char *no_color = getenv("NO_COLOR");
	const struct command *command;
	int status;

	if (argc > 1 && !strcmp(argv[1], "pki"))	/* it has options of its own */
		return pki_main(argc - 1, argv + 1);
	status = main_options(&v, argc, argv);
	if (status >= 0)
		return status;
	v.colour = isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
	v.width = main_width();
	v.command = optind < argc ? argv[optind++] : "status";
	v.tunnel = optind < argc ? argv[optind++] : NULL;
	if (!strcmp(v.command, "help") && optind == argc)
		return main_help(v.tunnel);
	command = main_command(v.command);
	if (command && command->more && optind < argc)
		*(const char **)((char *)&v + command->more) = argv[optind++];
	if (!command) {
		fprintf(stderr, "ikectl: there is no command \"%s\"\n", v.command);
		help_all(stderr);
		return STATUS_USAGE;
	}
	if (!main_fits(&v, command, optind < argc)) {
		fprintf(stderr, "ikectl: usage: ikectl %s %s\n", command->name,
			help_args(command->name));
		return STATUS_USAGE;
	}
	return (int)main_run(&v, command);
}
