// SPDX-License-Identifier: GPL-2.0
/* Numbers, lists and lines as a person reads them. */
#include "ikectl/ikectl.h"

#include <string.h>

#define TEXT_WORDS_MIN	16	/* columns that a line of words has at least */

const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *text_join(const json_t *array, const char *separator, char *buf, size_t len)
{
	const json_t *item;
	size_t at = 0, i;

	buf[0] = '\0';
	json_array_foreach(array, i, item) {
		const char *text = json_string_value(item);

		if (at < len)
			at += (size_t)snprintf(buf + at, len - at, "%s%s", i ? separator : "",
					       text ? text : "?");
	}
	return buf;
}

const char *text_selectors(const json_t *object, char *buf, size_t len)
{
	char here[1024], there[1024];

	snprintf(buf, len, "%s <-> %s",
		 text_join(json_object_get(object, "local_ts"), " ", here, sizeof(here)),
		 text_join(json_object_get(object, "remote_ts"), " ", there, sizeof(there)));
	return buf;
}

/* Is @word, of @len octets, one of the words of @suite between hyphens? */
static bool text_suite_has(const char *suite, const char *word, size_t len)
{
	size_t n;

	for (;; suite += n + 1) {
		n = strcspn(suite, "-");
		if (n == len && !memcmp(suite, word, n))
			return true;
		if (!suite[n])
			return false;
	}
}

/*
 * aes128-prfsha256-sha256-x25519: the PRF is that of the integrity algorithm unless it is said; not
 * to use ESN is the rule.
 */
static bool text_suite_is_implied(const char *suite, const char *word, size_t len)
{
	return (len == 5 && !memcmp(word, "noesn", 5)) ||
	       (len > 3 && !memcmp(word, "prf", 3) && text_suite_has(suite, word + 3, len - 3));
}

const char *text_suite(const char *suite, char *buf, size_t len)
{
	const char *word = suite;
	size_t at = 0, n;

	buf[0] = '\0';
	for (;; word += n + 1) {
		n = strcspn(word, "-");
		if (!text_suite_is_implied(suite, word, n) && at < len)
			at += (size_t)snprintf(buf + at, len - at, "%s%.*s", at ? "-" : "", (int)n,
					       word);
		if (!word[n])
			return buf;
	}
}

const char *text_bytes(long long bytes, char *buf, size_t len)
{
	static const char units[] = "BKMGTPE";
	double value = (double)bytes;
	unsigned int unit = 0;

	for (; value >= 1024 && unit + 1 < sizeof(units) - 1; unit++)
		value /= 1024;
	if (unit)
		snprintf(buf, len, "%.1f %ciB", value, units[unit]);
	else
		snprintf(buf, len, "%lld B", bytes);
	return buf;
}

const char *text_seconds(long long s, char *buf, size_t len)
{
	if (s < 120)
		snprintf(buf, len, "%lld s", s);
	else if (s < 7200)
		snprintf(buf, len, "%lld min", s / 60);
	else if (s < 172800)
		snprintf(buf, len, "%lld h", s / 3600);
	else
		snprintf(buf, len, "%lld days", s / 86400);
	return buf;
}

static bool text_is_continued(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;	/* of a character of several octets */
}

unsigned int text_width(const char *text)
{
	unsigned int width = 0;

	for (; *text; text++)
		width += !text_is_continued(*text);
	return width;
}

void text_shorten(char *text, unsigned int width)
{
	unsigned int seen = 0;
	char *at = text;

	if (text_width(text) <= width)
		return;
	while (seen < width - 3 || text_is_continued(*at))
		seen += !text_is_continued(*at++);
	strcpy(at, "...");	/* at least four characters were there */
}

void text_wrap(FILE *f, const char *first, const char *text, unsigned int width)
{
	unsigned int indent = text_width(first), at = indent, room;
	bool begun = false;

	room = width > indent + TEXT_WORDS_MIN ? width : width ? indent + TEXT_WORDS_MIN : 0;
	fputs(first, f);
	while (*text) {
		size_t len = strcspn(text, " ");
		char word[512];

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (begun && room && at + 1 + text_width(word) > room) {
			fprintf(f, "\n%*s", (int)indent, "");
			at = indent;
			begun = false;
		}
		fprintf(f, "%s%s", begun ? " " : "", word);
		at += text_width(word) + begun;
		begun = true;
		text += len + strspn(text + len, " ");
	}
	fputc('\n', f);
}
