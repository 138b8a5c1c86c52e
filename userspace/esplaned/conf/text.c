// SPDX-License-Identifier: GPL-2.0
/*
 * libConfuse 3.3 counts the line of a comment three times, so comments become blanks here. Its
 * lexer stays inside a string that has no end, or an escape that it does not know, for the rest of
 * the process, and lets a string go on in the next line, where it may hold half of a secret; it
 * skips characters that belong to no word, so that a secret would lose them; it takes a brace
 * without its twin to be closed by the end of the file. All of that is refused. It knows comments
 * only where a word could begin.
 */
#include "esplaned/conf/text.h"

#include <ctype.h>
#include <string.h>

struct scan {
	char *at;
	int line;
	struct conftext_fault *fault;
};

static bool refuse(struct scan *s, int line, const char *why)
{
	*s->fault = (struct conftext_fault){ .line = line, .why = why };
	return false;
}

/* What follows a backslash in double quotes: octal and hexadecimal numbers of one octet, not 0. */
static bool escape_valid(const char *digits)
{
	size_t len = strspn(digits, "01234567");

	if (digits[0] == 'x')
		return digits[1] != '0' || (isxdigit((unsigned char)digits[2]) && digits[2] != '0');
	if (!isdigit((unsigned char)digits[0]))
		return true;
	return len && len <= 3 && !isdigit((unsigned char)digits[len]) &&
	       (len < 3 || digits[0] < '4') && strspn(digits, "0") < len;
}

/* ${NAME}: from the dollar to the closing brace. */
static bool variable_skip(struct scan *s, const char *stop)
{
	char *end = strpbrk(s->at + 2, stop);

	if (!end || *end != '}')
		return refuse(s, s->line,
			      "the ${ in this line has no }: where no variable is meant, write it "
			      "in single quotes");
	s->at = end;
	return true;
}

static bool string_skip(struct scan *s)
{
	char quote = *s->at++;

	for (; *s->at != quote; s->at++) {
		const char *at = s->at;

		if (!*at || *at == '\n' || (*at == '\\' && (!at[1] || at[1] == '\n')))
			return refuse(s, s->line,
				      "a string that starts in this line does not end in it: a "
				      "quote is missing, or one inside the string needs a "
				      "backslash before it");
		if (*at == '\\' && quote == '"' && !escape_valid(at + 1))
			return refuse(s, s->line,
				      "a backslash in double quotes begins an escape: write \\\\ "
				      "where one is meant, or single quotes");
		if (*at == '\\')
			s->at++;
		else if (quote == '"' && at[0] == '$' && at[1] == '{' && !variable_skip(s, "}\"\n"))
			return false;
	}
	s->at++;
	return true;
}

static bool comment_blank(struct scan *s)
{
	bool block = !strncmp(s->at, "/*", 2);
	char *end = block ? strstr(s->at + 2, "*/") : s->at + strcspn(s->at, "\n");

	if (!end)
		return refuse(s, s->line, "a comment that starts here has no end");
	end += block ? 2 : 0;
	for (; s->at < end; s->at++) {
		s->line += *s->at == '\n';
		if (*s->at != '\n')
			*s->at = ' ';
	}
	return true;
}

/* A # or two slashes where a word could begin are a comment, and so is a slash with a star. */
static bool is_comment(const struct scan *s, bool word)
{
	return !word && (*s->at == '#' || !strncmp(s->at, "//", 2) || !strncmp(s->at, "/*", 2));
}

/* No part of a word, and nothing that could stand beside one. */
static bool stray(struct scan *s)
{
	if (*s->at == '#')
		return refuse(s, s->line,
			      "a # right after a word: in quotes it is part of it, after a blank it "
			      "begins a comment");
	if (*s->at == '*' || (*s->at == '+' && s->at[1] != '='))
		return refuse(s, s->line, "a word with * or + has to stand in quotes");
	return true;
}

bool conftext_check(char *text, int *sections, size_t max, struct conftext_fault *fault)
{
	struct scan s = { .at = text, .line = 1, .fault = fault };
	int depth = 0, brace = 0;
	bool word = false;
	size_t count = 0;

	if (!strncmp(text, "\xef\xbb\xbf", 3))
		memset(text, ' ', 3);
	while (*s.at) {
		char c = *s.at;

		if (is_comment(&s, word)) {
			if (!comment_blank(&s))
				return false;
			continue;
		}
		if (c == '"' || c == '\'') {
			if (!string_skip(&s))
				return false;
			word = false;
			continue;
		}
		if (!word && c == '$' && s.at[1] == '{') {
			if (!variable_skip(&s, "}\n"))
				return false;
			s.at++;
			continue;
		}
		if (!stray(&s))
			return false;
		if (c == '{' && !depth++) {
			brace = s.line;
			if (count < max)
				sections[count++] = brace;
		}
		depth -= c == '}' && depth > 0;
		s.line += c == '\n';
		word = !strchr(" \t\r\n={}()+,", c);
		s.at++;
	}
	return !depth || refuse(&s, brace, "the { in this line has no }");
}

bool conftext_has_secret(const char *text, int line)
{
	const char *begin = text, *end, *at;

	while (--line > 0 && begin)
		begin = strchr(begin, '\n') ? strchr(begin, '\n') + 1 : NULL;
	if (!begin)
		return false;
	end = begin + strcspn(begin, "\n");
	for (at = strstr(begin, "psk"); at && at < end; at = strstr(at + 3, "psk")) {
		if ((at == begin || strchr(" \t{}", at[-1])) && strchr(" \t\r\n=\"'+", at[3]))
			return true;
	}
	return false;
}
