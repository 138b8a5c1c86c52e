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

static bool text_refuse(struct text *s, int line, const char *why)
{
	s->fault_line = line;
	s->fault = why;
	return false;
}

/* What follows a backslash in double quotes: octal and hexadecimal numbers of one octet, not 0. */
static bool text_escape_valid(const char *digits)
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
static bool text_variable_skip(struct text *s, const char *stop)
{
	char *end = strpbrk(s->at + 2, stop);

	if (!end || *end != '}')
		return text_refuse(s, s->line,
			      "the ${ in this line has no }: where no variable is meant, write it "
			      "in single quotes");
	s->at = end;
	return true;
}

static bool text_string_skip(struct text *s)
{
	char quote = *s->at++;

	for (; *s->at != quote; s->at++) {
		const char *at = s->at;

		if (!*at || *at == '\n' || (*at == '\\' && (!at[1] || at[1] == '\n')))
			return text_refuse(s, s->line,
				      "a string that starts in this line does not end in it: a "
				      "quote is missing, or one inside the string needs a "
				      "backslash before it");
		if (*at == '\\' && quote == '"' && !text_escape_valid(at + 1))
			return text_refuse(s, s->line,
				      "a backslash in double quotes begins an escape: write \\\\ "
				      "where one is meant, or single quotes");
		if (*at == '\\')
			s->at++;
		else if (quote == '"' && at[0] == '$' && at[1] == '{' &&
			 !text_variable_skip(s, "}\"\n"))
			return false;
	}
	s->at++;
	return true;
}

static bool text_comment_blank(struct text *s)
{
	bool block = !strncmp(s->at, "/*", 2);
	char *end = block ? strstr(s->at + 2, "*/") : s->at + strcspn(s->at, "\n");

	if (!end)
		return text_refuse(s, s->line, "a comment that starts here has no end");
	end += block ? 2 : 0;
	for (; s->at < end; s->at++) {
		s->line += *s->at == '\n';
		if (*s->at != '\n')
			*s->at = ' ';
	}
	return true;
}

/* A # or two slashes where a word could begin are a comment, and so is a slash with a star. */
static bool text_is_comment(const struct text *s, bool word)
{
	return !word && (*s->at == '#' || !strncmp(s->at, "//", 2) || !strncmp(s->at, "/*", 2));
}

/* No part of a word, and nothing that could stand beside one. */
static bool text_stray(struct text *s)
{
	if (*s->at == '#')
		return text_refuse(s, s->line,
				   "a # right after a word: in quotes it is part of it, after a "
				   "blank it begins a comment");
	if (*s->at == '*' || (*s->at == '+' && s->at[1] != '='))
		return text_refuse(s, s->line, "a word with * or + has to stand in quotes");
	return true;
}

/* What is open where. */
struct text_depth {
	int depth, brace;
	bool word;			/* does @s->at go on with a word? */
	char last; /* the last character that is not a blank; of a string its quote */
};

/* One character outside of strings, comments and variables. */
static void text_step(struct text *s, struct text_depth *d, struct text_section *sec)
{
	char c = *s->at;

	if (c == '{' && !d->depth)
		sec->brace = d->brace = s->line;
	if (c == '{' && d->depth == 1 && d->last != '=' && sec->child_count < TEXT_CHILDREN_MAX)
		sec->child[sec->child_count++] = s->line;
	d->depth += c == '{';
	d->depth -= c == '}' && d->depth > 0;
	s->line += c == '\n';
	d->word = !strchr(" \t\r\n={}()+,", c);
	if (!strchr(" \t\r\n", c))
		d->last = c;
	s->at++;
}

/* A string or a variable, as a whole. False: it has no end. */
static bool text_value(struct text *s, struct text_depth *d, bool *skipped)
{
	char c = *s->at;

	*skipped = true;
	if (c == '"' || c == '\'') {
		d->word = false;
		d->last = c;
		return text_string_skip(s);
	}
	if (!d->word && c == '$' && s->at[1] == '{') {
		d->last = c;
		if (!text_variable_skip(s, "}\n"))
			return false;
		s->at++;
		return true;
	}
	*skipped = false;
	return text_stray(s);
}

void text_begin(struct text *s, char *text)
{
	*s = (struct text){ .at = text, .line = 1 };
	if (!strncmp(text, "\xef\xbb\xbf", 3))
		memset(text, ' ', 3);
}

bool text_next(struct text *s, struct text_section *sec)
{
	struct text_depth d = { 0 };
	bool skipped;

	*sec = (struct text_section){ .begin = s->at, .line = s->line };
	while (*s->at) {
		if (text_is_comment(s, d.word)) {
			if (!text_comment_blank(s))
				return false;
			continue;
		}
		if (!text_value(s, &d, &skipped))
			return false;
		if (skipped)
			continue;
		text_step(s, &d, sec);
		if (sec->brace && !d.depth)
			break;
	}
	if (d.depth)
		return text_refuse(s, d.brace, "the { in this line has no }");
	sec->len = (size_t)(s->at - sec->begin);
	return sec->begin[strspn(sec->begin, " \t\r\n")];
}

/* Does the option @name stand in the line that begins there? */
static bool text_has_option(const char *begin, const char *name)
{
	const char *end = begin + strcspn(begin, "\n"), *at;
	size_t len = strlen(name);

	for (at = strstr(begin, name); at && at < end; at = strstr(at + len, name)) {
		if ((at == begin || strchr(" \t{}", at[-1])) && strchr(" \t\r\n=\"'+", at[len]))
			return true;
	}
	return false;
}

const char *text_secret(const char *text, int line)
{
	const char *begin = text;

	while (--line > 0 && begin)
		begin = strchr(begin, '\n') ? strchr(begin, '\n') + 1 : NULL;
	if (!begin)
		return NULL;
	if (text_has_option(begin, "psk"))
		return "psk";
	if (text_has_option(begin, "ppk"))
		return "ppk";
	if (text_has_option(begin, "key-password"))
		return "key-password";
	return text_has_option(begin, "password") ? "password" : NULL;
}
