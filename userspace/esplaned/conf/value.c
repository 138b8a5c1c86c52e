// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike/core/conf.h"

#define VALUE_HOST_CHARS                                                                           \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
#define VALUE_DURATION_MAX	(30 * 86400UL)	/* seconds */

bool value_refuse(char why[VALUE_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, VALUE_WHY_MAX, fmt, ap);
	va_end(ap);
	return false;
}

/* A decimal number and what follows it. */
static bool value_split(const char *text, uint64_t *number, const char **suffix)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	*suffix = end;
	return !errno;
}

bool value_number(const char *text, uint64_t least, uint64_t most, const char *what,
		  uint64_t *number, char why[VALUE_WHY_MAX])
{
	bool hex = !strncmp(text, "0x", 2);
	char *end;

	errno = 0;
	*number = strtoull(text, &end, hex ? 16 : 10);
	if (isxdigit((unsigned char)text[hex ? 2 : 0]) && !*end && !errno && *number >= least &&
	    *number <= most)
		return true;
	return value_refuse(why, "\"%s\" %s: use %" PRIu64 " to %" PRIu64, text, what, least, most);
}

bool value_u32(const char *text, uint64_t least, uint64_t most, const char *what,
	       uint32_t *number, char why[VALUE_WHY_MAX])
{
	uint64_t n;

	if (!value_number(text, least, most, what, &n, why))
		return false;
	*number = (uint32_t)n;
	return true;
}

bool value_duration(const char *text, uint32_t *seconds, char why[VALUE_WHY_MAX])
{
	static const struct {
		const char *suffix;
		uint32_t seconds;
	} units[] = {
		{ "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
	};
	const char *suffix;
	uint64_t n;

	for (size_t i = 0; value_split(text, &n, &suffix) && i < sizeof(units) / sizeof(*units);
	     i++) {
		if (strcmp(suffix, units[i].suffix))
			continue;
		if (n > VALUE_DURATION_MAX / units[i].seconds)
			return value_refuse(why, "\"%s\" is too long: use at most 30d", text);
		*seconds = (uint32_t)(n * units[i].seconds);
		return n || value_refuse(why, "\"%s\" is not a duration: use at least 1s", text);
	}
	return value_refuse(why,
			    "\"%s\" is not a duration; use a number with s, m, h or d, as 90s or "
			    "1h",
			    text);
}

bool value_duration_or_never(const char *text, uint32_t *seconds, char why[VALUE_WHY_MAX])
{
	size_t len;

	*seconds = 0;
	if (!strcmp(text, "never"))
		return true;
	if (value_duration(text, seconds, why))
		return true;
	len = strlen(why);
	snprintf(why + len, VALUE_WHY_MAX - len, ", or never");
	return false;
}

bool value_milliseconds(const char *text, uint32_t least, uint32_t most, uint32_t *ms,
			char why[VALUE_WHY_MAX])
{
	const char *suffix;
	uint64_t n;

	if (value_split(text, &n, &suffix)) {
		bool milli = !strcmp(suffix, "ms");

		if ((milli || !*suffix || !strcmp(suffix, "s")) && n <= most) {
			n *= milli ? 1 : 1000;
			*ms = (uint32_t)n;
			if (n >= least && n <= most)
				return true;
		}
	}
	return value_refuse(why, "\"%s\" is not a duration; use %ums to %us, as 500ms or 2s", text,
			    least, most / 1000);
}

/* The digits behind a point, in hundredths. */
static bool value_hundredths(const char *text, uint64_t *hundredths)
{
	const char *end = "";
	size_t len = strlen(text);

	if (len < 1 || len > 2 || !value_split(text, hundredths, &end) || *end)
		return false;
	if (len == 1)
		*hundredths *= 10;
	return true;
}

bool value_factor(const char *text, uint32_t least, uint32_t most, uint32_t *percent,
		  char why[VALUE_WHY_MAX])
{
	uint64_t whole, hundredths = 0;
	const char *point;

	if (value_split(text, &whole, &point) && whole <= most / 100 &&
	    (!*point || (*point == '.' && value_hundredths(point + 1, &hundredths)))) {
		*percent = (uint32_t)(whole * 100 + hundredths);
		if (*percent >= least && *percent <= most)
			return true;
	}
	return value_refuse(why, "\"%s\" is not a factor: use %u to %u, as 1.5", text, least / 100,
			    most / 100);
}

static bool value_amount(const char *text, uint64_t base, uint64_t *amount, char why[VALUE_WHY_MAX])
{
	const char *units = "kMGT", *unit = NULL, *suffix = "";
	uint64_t n, factor = 1;
	bool ok;

	ok = value_split(text, &n, &suffix) && (!suffix[0] || !suffix[1]);
	if (ok && suffix[0])
		unit = strchr(units, suffix[0] == 'K' ? 'k' : suffix[0]);
	if (!ok || (suffix[0] && !unit))
		return value_refuse(why,
				    "\"%s\" is not an amount; use a number with k, M, G or T, as "
				    "64G, or never",
				    text);
	for (; unit && unit >= units; unit--)
		factor *= base;
	if (n > INT64_MAX / factor)	/* the hard limit is a little more */
		return value_refuse(why, "\"%s\" is more than 63 bits hold", text);
	*amount = n * factor;
	return true;
}

bool value_lifetime(const char *text, uint64_t base, const char *least, uint64_t *amount,
		    char why[VALUE_WHY_MAX])
{
	uint64_t least_amount;

	if (!strcmp(text, "never")) {
		*amount = 0;
		return true;
	}
	if (!value_amount(text, base, amount, why) ||
	    !value_amount(least, base, &least_amount, why))
		return false;
	return *amount >= least_amount ||
	       value_refuse(why,
			    "\"%s\" would change keys all the time: use %s or more, or never", text,
			    least);
}

bool value_choice(const char *text, const char *no, const char *yes, bool *chosen,
		  char why[VALUE_WHY_MAX])
{
	*chosen = !strcmp(text, yes);
	return *chosen || !strcmp(text, no) ||
	       value_refuse(why, "\"%s\" is not known; use %s or %s", text, no, yes);
}

bool value_word(const char *text, const char *const *words, unsigned int count,
		unsigned int *which, char why[VALUE_WHY_MAX])
{
	char all[VALUE_WHY_MAX] = "";
	size_t at = 0;

	for (*which = 0; *which < count; ++*which) {
		if (!strcmp(text, words[*which]))
			return true;
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s",
				       !*which ? "" : *which + 1 == count ? " or " : ", ",
				       words[*which]);
	}
	return value_refuse(why, "\"%s\" is not known; use %s", text, all);
}

bool value_path(const char *file, const char *text, char *path, size_t size,
		char why[VALUE_WHY_MAX])
{
	const char *slash = strrchr(file, '/');
	int n = text[0] == '/' || !slash ?
			snprintf(path, size, "%s", text) :
			snprintf(path, size, "%.*s/%s", (int)(slash - file), file, text);

	return (n > 0 && (size_t)n < size) ||
	       value_refuse(why, "the path is longer than %zu octets", size - 1);
}

bool value_is_host(const char *name)
{
	size_t len = strlen(name);

	return len && len < TUNNEL_HOST_MAX && strspn(name, VALUE_HOST_CHARS) == len &&
	       name[0] != '.' && name[0] != '-' && !strstr(name, "..") &&
	       name[strspn(name, "0123456789.")] != '\0';
}

bool value_id(struct ike_id *id, const char *value, const char *absent, char why[VALUE_WHY_MAX])
{
	struct addr addr;

	if (!strcmp(value, "any") || !strcmp(value, "%any"))
		return value_refuse(why, "\"%s\" is not an identity: leave the option out; %s",
				    value, absent);
	if ((value_is_host(value) || strchr(value, '@') || !strncmp(value, "keyid:", 6) ||
	     strchr(value, '=') || addr_parse(&addr, value)) &&
	    ike_id_parse(id, value))
		return true;
	return value_refuse(why,
			    "\"%s\" is not an identity; use an IPv4 or IPv6 address, a host name, "
			    "as gw.example.org, user@example.org, @ and any text for a name of "
			    "another form, @# and hexadecimal digits, keyid: and text, or a "
			    "distinguished name, as \"C=DE, O=Example, CN=gw\", of at most %d "
			    "octets",
			    value, TUNNEL_ID_MAX);
}
