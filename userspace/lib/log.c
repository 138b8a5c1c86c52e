// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lib/log.h"

#define LOG_PREFIX_OCTETS	64
/* The worst case, each octet escaped: a pipe takes it whole or not at all. */
#define LOG_LINE_OCTETS		(LOG_PREFIX_OCTETS + 4 * LOG_LINE_MAX + 2)
_Static_assert(LOG_LINE_OCTETS <= PIPE_BUF, "a line may block");

static const char *log_name = "esplane";
static enum log_style log_style = LOG_STYLE_PLAIN;
static int log_level = LOG_INFO;
static unsigned long log_lost;	/* entries since the last one that was written */

void log_init(const char *name, enum log_style style, int level)
{
	log_name = name;
	log_style = style;
	log_level = level;
}

void log_set_level(int level)
{
	log_level = level;
}

bool log_enabled(int level)
{
	return level <= log_level;
}

/* systemd.exec(5): children inherit the variable even where their standard error is another. */
bool log_to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char self[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st))
		return false;
	snprintf(self, sizeof(self), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return !strcmp(stream, self);
}

/*
 * Octets of the UTF-8 sequence at @p that may be shown as it is; 0: control character (C0, DEL,
 * C1), overlong form, surrogate, beyond Unicode, or broken.
 */
static size_t log_printable(const uint8_t *p, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0xa0, 0x800, 0x10000 };
	uint32_t code;
	size_t len, i;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	if ((p[0] & 0xe0) == 0xc0)
		len = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		len = 3;
	else if ((p[0] & 0xf8) == 0xf0)
		len = 4;
	else
		return 0;
	if (len > left)
		return 0;
	code = p[0] & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	/*
	 * line separators, and marks that turn the direction of writing: they would forge what a
	 * reader sees
	 */
	if ((code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
		return 0;
	return len;
}

/* Octets at @p that are ASCII and may be shown: nearly all of nearly all texts. */
static size_t log_plain(const uint8_t *p, size_t left)
{
	size_t n = 0;

	while (n < left && p[n] >= 0x20 && p[n] < 0x7f)
		n++;
	return n;
}

const char *log_escape(const char *text, size_t text_len, char *buf, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *p = (const uint8_t *)text;
	size_t out = 0, n;

	if (!len)
		return "";
	while (text_len) {
		n = log_plain(p, text_len < len - out - 1 ? text_len : len - out - 1);
		if (!n)
			n = log_printable(p, text_len);
		if (len - out <= (n ? n : 4))
			break;
		if (n) {
			memcpy(buf + out, p, n);
			out += n;
		} else {
			n = 1;
			buf[out++] = '\\';
			buf[out++] = 'x';
			buf[out++] = hex[*p >> 4];
			buf[out++] = hex[*p & 15];
		}
		p += n;
		text_len -= n;
	}
	buf[out] = '\0';
	return buf;
}

/* Date and time but for the fraction, formatted anew where the second is another. */
static const char *log_stamp(time_t second)
{
	static _Thread_local char stamp[32];
	static _Thread_local time_t of;
	struct tm tm;

	if (!stamp[0] || of != second) {
		gmtime_r(&second, &tm);
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
		of = second;
	}
	return stamp;
}

/* What stands in front of the text; always shorter than @len. */
static size_t log_prefix(int level, char *buf, size_t len)
{
	struct timespec now;
	int n;

	switch (log_style) {
	case LOG_STYLE_JOURNAL:
		n = snprintf(buf, len, "<%d>", level);
		break;
	case LOG_STYLE_TIME:
		clock_gettime(CLOCK_REALTIME, &now);
		n = snprintf(buf, len, "%s.%03ldZ %s: ", log_stamp(now.tv_sec),
			     now.tv_nsec / 1000000, log_name);
		break;
	default:
		n = snprintf(buf, len, "%s: ", log_name);
	}
	return n < 0 ? 0 : (size_t)n < len ? (size_t)n : len - 1;
}

/*
 * False: it would block. Standard error may be a pipe or a socket that others share, so it is not
 * made non-blocking itself; a pipe that is ready takes PIPE_BUF octets at once (pipe(7)).
 */
static bool log_put(const char *line, size_t len)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t rc;

	do
		rc = send(STDERR_FILENO, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (rc < 0 && errno == EINTR);
	if (rc >= 0 || errno != ENOTSOCK)
		return rc >= 0;
	if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
		return false;
	do
		rc = write(STDERR_FILENO, line, len);
	while (rc < 0 && errno == EINTR);
	return rc >= 0;
}

/* A whole line in @line, which has LOG_LINE_OCTETS. Returns its length. */
static size_t log_line(int level, const char *text, char *line)
{
	size_t len = log_prefix(level, line, LOG_PREFIX_OCTETS);

	log_escape(text, strlen(text), line + len, LOG_LINE_OCTETS - len - 1);
	len += strlen(line + len);
	line[len++] = '\n';
	return len;
}

/* Logs how many entries were lost. False: that cannot be written yet either. */
static bool log_confess(void)
{
	char text[128], line[LOG_LINE_OCTETS];

	if (!log_lost)
		return true;
	snprintf(text, sizeof(text),
		 "%lu log entr%s lost: what reads standard error was too slow", log_lost,
		 log_lost == 1 ? "y is" : "ies are");
	if (!log_put(line, log_line(LOG_WARNING, text, line)))
		return false;
	log_lost = 0;
	return true;
}

static void log_entry(int level, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX + 1], line[LOG_LINE_OCTETS];
	int error = errno;
	int n;

	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		return;
	if (n > LOG_LINE_MAX)
		memcpy(text + LOG_LINE_MAX - 3, "...", 3);
	/* One call a line, so that lines of several programs do not mix. */
	if (!log_confess() || !log_put(line, log_line(level, text, line)))
		log_lost++;
	errno = error;
}

void log_write(int level, const char *fmt, ...)
{
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	log_entry(level, fmt, ap);
	va_end(ap);
}

void log_write_to(int level, int also, const char *fmt, ...)
{
	va_list ap;

	if (level > also && !log_enabled(level))
		return;
	va_start(ap, fmt);
	log_entry(level, fmt, ap);
	va_end(ap);
}
