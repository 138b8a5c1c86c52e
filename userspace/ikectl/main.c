// SPDX-License-Identifier: GPL-2.0
#include "ikectl/ikectl.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct command {
	const char *name;
	void (*event)(const struct view *v, const json_t *event);
	void (*show)(const struct view *v, const json_t *result);
	enum { ARG_NONE, ARG_MAY, ARG_MUST } arg;
	const char *args, *help;
};

static const struct command commands[] = {
	{ "up", show_event, show_up, ARG_MUST, "NAME", "bring a tunnel up, and show how" },
	{ "down", show_event, show_down, ARG_MUST, "NAME", "take a tunnel down" },
	{ "rekey", show_event, show_rekey, ARG_MUST, "NAME", "give a tunnel new keys now" },
	{ "status", show_event, show_status, ARG_MAY, "[NAME]",
	  "all tunnels in a table, or one in detail" },
	{ "monitor", show_monitor, NULL, ARG_NONE, "", "show what happens, until interrupted" },
	{ "reload", show_event, show_reload, ARG_NONE, "", "read the configuration again" },
	{ "version", show_event, show_version, ARG_NONE, "",
	  "of ikectl, the daemon and the module" },
};

#define COMMAND_COUNT	(sizeof(commands) / sizeof(*commands))

static void help_print(FILE *f)
{
	fputs("ikectl [--json] [--control PATH] [COMMAND [NAME]]: IPsec tunnels up and down\n\n",
	      f);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(f, "  %-8s%-7s  %s\n", commands[i].name, commands[i].args,
			commands[i].help);
	fputs("\nWithout a command: status.\n\n"
	      "  --json          one JSON object a line (Documentation/control.md)\n"
	      "  --control PATH  the daemon's socket (default " CONTROL_PATH ")\n"
	      "  --version, --help\n\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no daemon, 4 no such tunnel, 5 no "
	      "kernel module,\n"
	      "6 the peer does not answer, 7 authentication failed, 8 proposals or selectors do "
	      "not match.\n",
	      f);
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static void json_event(const struct view *v, const json_t *event)
{
	show_json(v, event);
}

static enum status no_daemon(const struct view *v, const char *why)
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

static enum status run(const struct view *v, const struct command *command)
{
	enum status status = STATUS_OK;
	char why[256];
	json_t *result;

	result = talk(v, v->json ? json_event : command->event, why);
	if (!result)
		return no_daemon(v, why);
	if (strcmp(text_of(result, "result"), "ok"))
		status = v->json ? failure_status(text_of(result, "error")) :
				   show_failure(v, result);
	else if (!v->json && command->show)
		command->show(v, result);
	if (v->json)
		show_json(v, result);
	json_decref(result);
	return status;
}

/* -1: go on; else the exit status. */
static int options_parse(struct view *v, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, { "control", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { 0 },
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
		case 'h':
			help_print(stdout);
			return STATUS_OK;
		case 'V':
			puts("ikectl " ESPLANE_VERSION);
			return STATUS_OK;
		default:
			fputs("see ikectl --help\n", stderr);
			return STATUS_USAGE;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct view v = { .out = stdout, .err = stderr, .control = CONTROL_PATH };
	const char *no_color = getenv("NO_COLOR");
	const struct command *command;
	int status = options_parse(&v, argc, argv);

	if (status >= 0)
		return status;
	v.colour = isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
	v.command = optind < argc ? argv[optind++] : "status";
	v.tunnel = optind < argc ? argv[optind++] : NULL;
	command = command_find(v.command);
	if (!command) {
		fprintf(stderr, "ikectl: there is no command \"%s\"\n", v.command);
		help_print(stderr);
		return STATUS_USAGE;
	}
	if (optind < argc || (v.tunnel && command->arg == ARG_NONE) ||
	    (!v.tunnel && command->arg == ARG_MUST)) {
		fprintf(stderr, "ikectl: usage: ikectl %s%s%s\n", command->name,
			command->args[0] ? " " : "", command->args);
		return STATUS_USAGE;
	}
	return (int)run(&v, command);
}
