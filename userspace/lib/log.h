/* SPDX-License-Identifier: GPL-2.0 */
/* The program's log: one line an entry, on stderr. Levels are those of syslog.h. */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

enum log_style {
	LOG_STYLE_PLAIN,	/* "esplaned: text" */
	LOG_STYLE_TIME,		/* "2026-01-31T12:00:00.123Z esplaned: text" */
	LOG_STYLE_JOURNAL,	/* "<6>text": journald reads the level */
};

#define LOG_LINE_MAX	1000	/* octets of text; what is longer ends in "..." */

/* @name is kept, not copied. Entries above @level (LOG_INFO, LOG_DEBUG) are not written. */
void log_init(const char *name, enum log_style style, int level);
void log_set_level(int level);
/* Does standard error go to systemd's journal? */
bool log_to_journal(void);
bool log_enabled(int level);

/*
 * Never blocks: an entry that standard error does not take at once is lost, and counted in the next
 * one that is written. Control characters and broken UTF-8 in the result come out as
 * \xNN: peers choose part of what is logged.
 */
void log_write(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Likewise, and entries up to the level @also whatever log_init() has said: of what is watched. */
void log_write_to(int level, int also, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_err(...)	log_write(LOG_ERR, __VA_ARGS__)
#define log_warn(...)	log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)	log_write(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	log_write(LOG_DEBUG, __VA_ARGS__)

/* @text as log_write would show it; always terminated. Returns @buf. */
const char *log_escape(const char *text, size_t text_len, char *buf, size_t len);

#endif
