// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "lib/ts.h"

#include "lib/array.h"

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{ "any", 0 },
	{ "icmp", IPPROTO_ICMP },
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "gre", IPPROTO_GRE },
	{ "ipv6-icmp", IPPROTO_ICMPV6 },
	{ "icmpv6", IPPROTO_ICMPV6 },
	{ "sctp", IPPROTO_SCTP },
};

/* A decimal number up to @max at the start of *@text, which then points behind it. */
static bool number(const char **text, unsigned long max, unsigned long *v)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	*v = strtoul(*text, &end, 10);
	if (*v > max)
		return false;
	*text = end;
	return true;
}

static bool is_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

/* RFC 7296 3.13.1 */
bool ts_is_opaque(const struct ts *ts)
{
	return ts->port_start == 65535 && ts->port_end == 0;
}

bool ts_any_port(const struct ts *ts)
{
	return ts->port_start == 0 && ts->port_end == 65535;
}

/* @first: the value of a type without a code, the lowest or the highest of that type. */
static bool parse_icmp(const char **text, bool first, uint16_t *port)
{
	unsigned long type, code = first ? 0 : 255;

	if (!number(text, 255, &type))
		return false;
	if (**text == '(') {
		++*text;
		if (!number(text, 255, &code) || **text != ')')
			return false;
		++*text;
	}
	*port = (uint16_t)(type << 8 | code);
	return true;
}

static bool parse_port(uint8_t proto, const char **text, bool first, uint16_t *port)
{
	unsigned long v;

	if (is_icmp(proto))
		return parse_icmp(text, first, port);
	if (!number(text, 65535, &v))
		return false;
	*port = (uint16_t)v;
	return true;
}

/* "80", "1000-2000", "any", "opaque", for ICMP "8", "8(0)", "8-10" */
static bool parse_ports(struct ts *ts, const char *text)
{
	const char *second = text;

	if (!strcasecmp(text, "any"))
		return true;
	if (!strcasecmp(text, "opaque")) {
		ts->port_start = 65535;
		ts->port_end = 0;
		return true;
	}
	if (!parse_port(ts->proto, &text, true, &ts->port_start))
		return false;
	if (*text == '-')
		second = ++text;
	if (!parse_port(ts->proto, &second, false, &ts->port_end))
		return false;
	return !*second && ts->port_start <= ts->port_end;
}

static bool parse_proto(uint8_t *proto, const char *text)
{
	unsigned long v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (!strcasecmp(text, protocols[i].name)) {
			*proto = protocols[i].number;
			return true;
		}
	}
	if (!number(&text, 255, &v) || *text)
		return false;
	*proto = (uint8_t)v;
	return true;
}

/* @text: "[tcp/80]", the brackets included */
static bool parse_upper(struct ts *ts, char *text, const char **why)
{
	size_t len = strlen(text);
	char *slash;

	if (text[len - 1] != ']') {
		*why = "the closing bracket after the protocol is missing";
		return false;
	}
	text[len - 1] = '\0';
	text++;
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (!parse_proto(&ts->proto, text)) {
		*why = "the protocol must be any, tcp, udp, icmp, icmpv6, sctp, gre or a number";
		return false;
	}
	if (slash && !parse_ports(ts, slash)) {
		*why = is_icmp(ts->proto) ?
			"the ICMP type must be as in 8, 3(1), where the code follows, or 3-5" :
			"the port must be as in 80, 1000-2000, any or opaque";
		return false;
	}
	return true;
}

/* Sets the bits of @end behind the prefix, clears those of @start. */
static void apply_prefix(struct ts *ts, unsigned int prefix)
{
	size_t len = addr_len(&ts->start), i;
	uint8_t host;

	for (i = 0; i < len; i++) {
		if (prefix >= 8 * (i + 1))
			host = 0;
		else
			host = prefix <= 8 * i ? 0xff : 0xff >> (prefix - 8 * i);
		ts->start.b[i] &= (uint8_t)~host;
		ts->end.b[i] |= host;
	}
}

static bool parse_range(struct ts *ts, char *text, const char **why)
{
	char *slash = strchr(text, '/'), *dash = strchr(text, '-');
	unsigned long prefix;
	const char *tail;

	if (slash)
		*slash = '\0';
	else if (dash)
		*dash = '\0';
	if (!addr_parse(&ts->start, text)) {
		*why = "it must begin with a numeric IPv4 or IPv6 address";
		return false;
	}
	ts->end = ts->start;
	if (slash) {
		tail = slash + 1;
		if (!number(&tail, 8 * addr_len(&ts->start), &prefix) || *tail) {
			*why = ts->start.family == AF_INET
				       ? "the prefix length must be a number from 0 to 32"
				       : "the prefix length must be a number from 0 to 128";
			return false;
		}
		apply_prefix(ts, (unsigned int)prefix);
	} else if (dash) {
		if (!addr_parse(&ts->end, dash + 1) || ts->end.family != ts->start.family) {
			*why = "the range must end with a numeric address of the same family";
			return false;
		}
		if (addr_cmp(&ts->start, &ts->end) > 0) {
			*why = "the range ends before it begins";
			return false;
		}
	}
	return true;
}

bool ts_parse(struct ts *ts, const char *text, const char **why)
{
	struct ts out = { .port_end = 65535 };
	char copy[TS_STRLEN], *bracket;
	size_t len = strlen(text);

	if (len >= sizeof(copy)) {
		*why = "it is too long";
		return false;
	}
	memcpy(copy, text, len + 1);
	bracket = strchr(copy, '[');
	if (bracket && !parse_upper(&out, bracket, why))
		return false;
	if (bracket)
		*bracket = '\0';
	if (!parse_range(&out, copy, why))
		return false;
	*ts = out;
	return true;
}

static int icmp_str(uint16_t port, bool first, char *buf, size_t len)
{
	if ((port & 0xff) == (first ? 0 : 0xff))
		return snprintf(buf, len, "%d", port >> 8);
	return snprintf(buf, len, "%d(%d)", port >> 8, port & 0xff);
}

static void ports_str(const struct ts *ts, char *buf, size_t len)
{
	char start[16], end[16];

	if (ts_is_opaque(ts)) {
		snprintf(buf, len, "opaque");
		return;
	}
	if (is_icmp(ts->proto)) {
		/* one code of one type is shorter than the range it is */
		if (ts->port_start == ts->port_end) {
			snprintf(buf, len, "%d(%d)", ts->port_start >> 8, ts->port_start & 0xff);
			return;
		}
		icmp_str(ts->port_start, true, start, sizeof(start));
		icmp_str(ts->port_end, false, end, sizeof(end));
	} else {
		snprintf(start, sizeof(start), "%u", ts->port_start);
		snprintf(end, sizeof(end), "%u", ts->port_end);
	}
	snprintf(buf, len, strcmp(start, end) ? "%s-%s" : "%s", start, end);
}

static void proto_str(uint8_t proto, char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (protocols[i].number == proto) {
			snprintf(buf, len, "%s", protocols[i].name);
			return;
		}
	}
	snprintf(buf, len, "%u", proto);
}

const char *ts_str(const struct ts *ts, char buf[TS_STRLEN])
{
	char start[ADDR_STRLEN], end[ADDR_STRLEN], upper[64] = "", proto[16], ports[40];
	unsigned int bits = 8 * (unsigned int)addr_len(&ts->start);
	int prefix = ts_prefix(ts);

	addr_str(&ts->start, start);
	addr_str(&ts->end, end);
	if (ts->proto || !ts_any_port(ts)) {
		proto_str(ts->proto, proto, sizeof(proto));
		ports_str(ts, ports, sizeof(ports));
		snprintf(upper, sizeof(upper), ts_any_port(ts) ? "[%s]" : "[%s/%s]", proto, ports);
	}
	if (prefix < 0)
		snprintf(buf, TS_STRLEN, "%.45s-%.45s%s", start, end, upper);
	else if ((unsigned int)prefix == bits)
		snprintf(buf, TS_STRLEN, "%.45s%s", start, upper);
	else
		snprintf(buf, TS_STRLEN, "%.45s/%d%s", start, prefix, upper);
	return buf;
}

bool ts_equal(const struct ts *a, const struct ts *b)
{
	return addr_equal(&a->start, &b->start) && addr_equal(&a->end, &b->end) &&
	       a->proto == b->proto && a->port_start == b->port_start && a->port_end == b->port_end;
}

bool ts_contains_addr(const struct ts *ts, const struct addr *a)
{
	return ts->start.family == a->family && addr_cmp(&ts->start, a) <= 0 &&
	       addr_cmp(a, &ts->end) <= 0;
}

static bool ports_contain(const struct ts *outer, const struct ts *inner)
{
	if (ts_any_port(outer))
		return true;
	if (ts_is_opaque(outer) || ts_is_opaque(inner))
		return ts_is_opaque(outer) && ts_is_opaque(inner);
	return outer->port_start <= inner->port_start && inner->port_end <= outer->port_end;
}

bool ts_contains(const struct ts *outer, const struct ts *inner)
{
	return ts_contains_addr(outer, &inner->start) && ts_contains_addr(outer, &inner->end) &&
	       (!outer->proto || outer->proto == inner->proto) && ports_contain(outer, inner);
}

bool ts_can_pair(const struct ts *local, const struct ts *remote)
{
	return local->start.family == remote->start.family &&
	       (!local->proto || !remote->proto || local->proto == remote->proto);
}

bool ts_intersect(const struct ts *a, const struct ts *b, struct ts *out)
{
	struct ts r = *a;

	if (a->start.family != b->start.family)
		return false;
	if (addr_cmp(&b->start, &r.start) > 0)
		r.start = b->start;
	if (addr_cmp(&b->end, &r.end) < 0)
		r.end = b->end;
	if (addr_cmp(&r.start, &r.end) > 0)
		return false;
	if (a->proto && b->proto && a->proto != b->proto)
		return false;
	if (b->proto)
		r.proto = b->proto;
	if (ports_contain(a, b)) {
		r.port_start = b->port_start;
		r.port_end = b->port_end;
	} else if (!ports_contain(b, a)) {
		if (ts_is_opaque(a) || ts_is_opaque(b))
			return false;
		if (b->port_start > r.port_start)
			r.port_start = b->port_start;
		if (b->port_end < r.port_end)
			r.port_end = b->port_end;
		if (r.port_start > r.port_end)
			return false;
	}
	*out = r;
	return true;
}

int ts_prefix(const struct ts *ts)
{
	unsigned int bits = 8 * (unsigned int)addr_len(&ts->start), prefix = 0, i;
	bool s, e;

#define BIT_AT(a, n)	((a).b[(n) / 8] >> (7 - (n) % 8) & 1)
	while (prefix < bits && BIT_AT(ts->start, prefix) == BIT_AT(ts->end, prefix))
		prefix++;
	for (i = prefix; i < bits; i++) {
		s = BIT_AT(ts->start, i);
		e = BIT_AT(ts->end, i);
		if (s || !e)
			return -1;
	}
#undef BIT_AT
	return bits ? (int)prefix : -1;
}
