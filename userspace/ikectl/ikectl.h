/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IKECTL_IKECTL_H
#define IKECTL_IKECTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define CONTROL_PATH	"/run/esplane/control"

/* Exit statuses: ikectl(8). */
enum status {
	STATUS_OK,
	STATUS_FAILED,
	STATUS_USAGE,
	STATUS_NO_DAEMON,
	STATUS_NO_TUNNEL,
	STATUS_NO_MODULE,
	STATUS_NO_ANSWER,
	STATUS_AUTH,
	STATUS_NO_MATCH,
};

#define CERTIFICATE_SOON_S	(30 * 86400)	/* before its end one is told */

struct view {
	FILE *out, *err;
	bool json;
	bool colour;		/* @out is a terminal and NO_COLOR is not set */
	unsigned int width;	/* columns of a line; 0: as many as it takes */
	const char *control;
	const char *command;
	const char *tunnel;	/* or child, or peer; NULL: none given */
	bool all;		/* --all */
	bool once;		/* --once */
	const char *sort;	/* --sort; NULL: none given */
	const char *level;	/* of the log; NULL: none given */
	const char *to;		/* another gateway's address; NULL: none given */
	const char *directory;	/* to write to; NULL: none given */
};

/*
 * talk.c: asks the daemon, calls @event for each event. The result, or NULL when the daemon is not
 * there (@why), or @interrupted by SIGINT, where that is not NULL.
 */
json_t *talk(const struct view *v, void (*event)(const struct view *v, const json_t *object),
	     bool *interrupted, char why[256]);

/* show.c: events, and the results of all commands but status. Each says its exit status. */
void show_event(const struct view *v, const json_t *event);		/* of up */
void show_monitor(const struct view *v, const json_t *event);
enum status show_up(const struct view *v, const json_t *result);
enum status show_down(const struct view *v, const json_t *result);
enum status show_rekey(const struct view *v, const json_t *result);
enum status show_reauth(const struct view *v, const json_t *result);
enum status show_reload(const struct view *v, const json_t *result);
enum status show_log(const struct view *v, const json_t *result);
enum status show_redirect(const struct view *v, const json_t *result);
enum status show_leases(const struct view *v, const json_t *result);
enum status show_names(const struct view *v, const json_t *result);
enum status show_version(const struct view *v, const json_t *result);
void show_json(const struct view *v, const json_t *object);

/* explain.c */
enum status show_explain(const struct view *v, const json_t *result);
/* keys.c */
enum status show_keys(const struct view *v, const json_t *result);
/* top.c */
enum status top_run(const struct view *v);
/* status.c: chooses between the two */
enum status show_status(const struct view *v, const json_t *result);
/* table.c */
void table_print(const struct view *v, const json_t *tunnels);
/* detail.c */
void detail_print(const struct view *v, const json_t *tunnel);

/* failure.c: one sentence what is wrong and one what to change, on @err. */
enum status show_failure(const struct view *v, const json_t *result);
/* The same without the advice, in one line on @out: of one of several. */
enum status failure_line(const struct view *v, const json_t *result, const char *name);
enum status failure_status(const char *error);
/* What went wrong: "timeout" and the detail to one sentence. Returns @buf. */
const char *failure_sentence(const char *error, const char *detail, char *buf, size_t len);
/* What to change; NULL: the sentence says it. */
const char *failure_advice(const char *error);
void show_no_daemon(const struct view *v, const char *why);
/* The one of @known that @name is most like, or NULL: none is near. */
const char *failure_nearest(const json_t *known, const char *name);

/* help.c */
void help_all(FILE *f);
bool help_command(FILE *f, const char *command);	/* false: there is none such */
const char *help_args(const char *command);		/* "NAME | --all" */

/* text.c */
const char *text_of(const json_t *object, const char *key);	/* "" when there is none */
long long number_of(const json_t *object, const char *key);	/* 0 likewise */
/* A suite as people write it: without what goes without saying. Returns @buf. */
const char *text_suite(const char *suite, char *buf, size_t len);
/* The texts of an array, with @separator between. */
const char *text_join(const json_t *array, const char *separator, char *buf, size_t len);
/* "10.1.0.0/24 <-> 10.2.0.0/24" of local_ts and remote_ts */
const char *text_selectors(const json_t *object, char *buf, size_t len);
const char *text_bytes(long long bytes, char *buf, size_t len);		/* "1.5 KiB" */
const char *text_seconds(long long s, char *buf, size_t len);		/* "16 min" */
/* Columns that @text takes on a terminal. */
unsigned int text_width(const char *text);
/* Ends @text with "..." so that it takes no more than @width columns, at least 4. */
void text_shorten(char *text, unsigned int width);
/*
 * Words of @text, in lines of at most @width columns (0: one line), the first behind @first
 * and the others behind as many blanks.
 */
void text_wrap(FILE *f, const char *first, const char *text, unsigned int width);

#endif
