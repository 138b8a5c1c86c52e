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

struct view {
	FILE *out, *err;
	bool json;
	bool colour;		/* @out is a terminal and NO_COLOR is not set */
	const char *control;
	const char *command;
	const char *tunnel;	/* NULL: none given */
};

/*
 * talk.c: asks the daemon, calls @event for each event. The result, or NULL when the daemon is not
 * there (@why).
 */
json_t *talk(const struct view *v, void (*event)(const struct view *v, const json_t *object),
	     char why[256]);

/* show.c */
void show_event(const struct view *v, const json_t *event);		/* of up */
void show_monitor(const struct view *v, const json_t *event);
void show_up(const struct view *v, const json_t *result);
void show_down(const struct view *v, const json_t *result);
void show_rekey(const struct view *v, const json_t *result);
void show_reload(const struct view *v, const json_t *result);
void show_version(const struct view *v, const json_t *result);
void show_json(const struct view *v, const json_t *object);

/* table.c */
void show_status(const struct view *v, const json_t *result);

/* failure.c: one sentence what is wrong and one what to change, on @err. */
enum status show_failure(const struct view *v, const json_t *result);
enum status failure_status(const char *error);
void show_no_daemon(const struct view *v, const char *why);

const char *text_of(const json_t *object, const char *key);	/* "" when there is none */
long long number_of(const json_t *object, const char *key);	/* 0 likewise */
/* "AES-128-GCM-16 with ESN" for "aes128gcm16-esn"; what cannot be parsed stays as it is. */
const char *suite_text(const char *suite, char *buf, size_t len);
/* The texts of an array, with @separator between. */
const char *join(const json_t *array, const char *separator, char *buf, size_t len);

#endif
