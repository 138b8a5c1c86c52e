// SPDX-License-Identifier: GPL-2.0
#include "crypto/dn.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crypto/der.h"
#include "lib/array.h"
#include "lib/log.h"

#define DN_OID_MAX	32	/* octets */
#define DN_VALUE_MAX	200

/* RFC 4514 3 and what others write; the first of an identifier is what we write. */
static const struct dn_type {
	const char *name;
	uint8_t string, len;
	uint8_t oid[11];
} dn_types[] = {
	{ "CN", DER_UTF8, 3, { 0x55, 4, 3 } },
	{ "SN", DER_UTF8, 3, { 0x55, 4, 4 } },
	{ "serialNumber", DER_PRINTABLE, 3, { 0x55, 4, 5 } },
	{ "C", DER_PRINTABLE, 3, { 0x55, 4, 6 } },
	{ "L", DER_UTF8, 3, { 0x55, 4, 7 } },
	{ "ST", DER_UTF8, 3, { 0x55, 4, 8 } },
	{ "S", DER_UTF8, 3, { 0x55, 4, 8 } },
	{ "STREET", DER_UTF8, 3, { 0x55, 4, 9 } },
	{ "O", DER_UTF8, 3, { 0x55, 4, 10 } },
	{ "OU", DER_UTF8, 3, { 0x55, 4, 11 } },
	{ "title", DER_UTF8, 3, { 0x55, 4, 12 } },
	{ "T", DER_UTF8, 3, { 0x55, 4, 12 } },
	{ "GN", DER_UTF8, 3, { 0x55, 4, 42 } },
	{ "DC", DER_IA5, 10, { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25 } },
	{ "UID", DER_UTF8, 10, { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1 } },
	{ "E", DER_IA5, 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 } },
	{ "emailAddress", DER_IA5, 9, { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 } },
};

/* One attribute and its value; @joined: it is of the same RDN as the one before. */
struct dn_part {
	struct cursor oid, element, value;	/* @value is what is in @element */
	uint8_t tag;
	bool joined;
};

struct dn_reader {
	struct cursor names, set;	/* what is left of the name, and of the RDN */
	bool sound;
};

static struct dn_reader dn_begin(struct chunk der)
{
	struct cursor c = cursor_of(der.p, der.len);
	struct dn_reader r = { 0 };

	r.sound = der_take(&c, DER_SEQUENCE, &r.names) && !c.left;
	return r;
}

/* False: the end, or @r->sound is false. */
static bool dn_next(struct dn_reader *r, struct dn_part *part)
{
	struct cursor pair;

	if (!r->sound)
		return false;
	part->joined = r->set.left;
	if (!r->set.left) {
		if (!r->names.left)
			return false;
		r->sound = der_take(&r->names, DER_SET, &r->set) && r->set.left;
	}
	r->sound = r->sound && der_take(&r->set, DER_SEQUENCE, &pair) &&
		   der_take(&pair, DER_OID, &part->oid) && part->oid.left;
	if (r->sound) {
		part->element = pair;
		r->sound = der_next(&pair, &part->tag, &part->value) && !pair.left;
	}
	return r->sound;
}

static bool dn_is(struct chunk der)
{
	struct dn_reader r = dn_begin(der);
	struct dn_part part;

	while (dn_next(&r, &part))
		;
	return r.sound;
}

static bool dn_is_string(uint8_t tag)
{
	return tag == DER_UTF8 || tag == DER_PRINTABLE || tag == DER_IA5 || tag == DER_T61;
}

/* To text */

struct dn_text {
	char *buf;
	size_t len, cap;
};

static void dn_put(struct dn_text *t, const char *text)
{
	int n = snprintf(t->buf + t->len, t->cap - t->len, "%s", text);

	t->len = n < 0 ? t->len : t->len + (size_t)n;
	if (t->len >= t->cap)
		t->len = t->cap - 1;
}

static void dn_put_hex(struct dn_text *t, struct cursor c)
{
	char pair[3];
	uint8_t octet;

	while (t->len + 2 < t->cap && cursor_u8(&c, &octet)) {
		snprintf(pair, sizeof(pair), "%02x", octet);
		dn_put(t, pair);
	}
}

/*
 * As digits and points, X.690 8.19; as #hex what is longer than any in use, or not in the shortest
 * form: two that differ are not written alike.
 */
static void dn_put_oid(struct dn_text *t, struct cursor oid)
{
	bool first = true, begins = true;
	struct dn_text whole = *t;
	uint64_t arc = 0;
	char text[32];
	uint8_t octet;

	for (struct cursor c = oid; cursor_u8(&c, &octet);) {
		arc = arc << 7 | (octet & 0x7f);
		if (arc >> 32 || (octet & 0x80 && !c.left) || (begins && octet == 0x80)) {
			*t = whole;
			dn_put(t, "#");
			dn_put_hex(t, oid);
			return;
		}
		begins = !(octet & 0x80);
		if (!begins)
			continue;
		if (first)
			snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64,
				 arc < 80 ? arc / 40 : 2, arc < 80 ? arc % 40 : arc - 80);
		else
			snprintf(text, sizeof(text), ".%" PRIu64, arc);
		dn_put(t, text);
		first = false;
		arc = 0;
	}
}

static void dn_put_type(struct dn_text *t, struct cursor oid)
{
	for (size_t i = 0; i < ARRAY_SIZE(dn_types); i++) {
		if (dn_types[i].len == oid.left && !memcmp(dn_types[i].oid, oid.at, oid.left)) {
			dn_put(t, dn_types[i].name);
			return;
		}
	}
	dn_put_oid(t, oid);
}

static void dn_put_value(struct dn_text *t, const struct dn_part *part)
{
	const char *p = (const char *)part->value.at, *special = ",+=/\\\"#";
	size_t left = part->value.left, n;
	bool begun = false;
	char hex[5];

	if (!dn_is_string(part->tag)) {
		dn_put(t, "#");		/* with its tag, RFC 4514 2.4 */
		dn_put_hex(t, part->element);
		return;
	}
	while (left && t->len + 1 < t->cap) {
		/* nor blanks at either end */
		for (n = 0; n < left && (!p[n] || !strchr(special, p[n])); n++) {
			if (p[n] == ' ' && ((!begun && !n) || n + 1 == left))
				break;
		}
		begun = true;
		log_escape(p, n, t->buf + t->len, t->cap - t->len);
		t->len += strlen(t->buf + t->len);
		if (n == left)
			return;
		snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)p[n]);
		dn_put(t, hex);
		p += n + 1;
		left -= n + 1;
	}
}

bool dn_str(struct chunk der, char *buf, size_t len)
{
	struct dn_text t = { .buf = buf, .cap = len };
	struct dn_reader r = dn_begin(der);
	struct dn_part part;
	bool first = true;

	buf[0] = '\0';
	if (!dn_is(der)) {
		dn_put_hex(&t, cursor_of(der.p, der.len));
		return false;
	}
	while (dn_next(&r, &part)) {
		dn_put(&t, first ? "" : part.joined ? "+" : ", ");
		dn_put_type(&t, part.oid);
		dn_put(&t, "=");
		dn_put_value(&t, &part);
		first = false;
	}
	return true;
}

/* From text */

static int dn_hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' :
	       isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* One octet of a value after its backslash: @text goes on behind it. */
static char dn_unescape(const char **text)
{
	const char *at = *text + (**text == 'x' && dn_hex((*text)[1]) >= 0);

	if (dn_hex(at[0]) >= 0 && dn_hex(at[1]) >= 0) {
		*text = at + 2;
		return (char)(dn_hex(at[0]) << 4 | dn_hex(at[1]));
	}
	return *(*text)++;
}

/* Until a comma or a plus. Octets, without blanks at the end that nobody escaped; 0: none. */
static size_t dn_read_value(const char **text, char value[DN_VALUE_MAX])
{
	size_t len = 0, keep = 0;

	while (**text && **text != ',' && **text != '+') {
		char c = *(*text)++;
		bool escaped = c == '\\' && **text;

		if (len == DN_VALUE_MAX)
			return 0;
		value[len++] = escaped ? dn_unescape(text) : c;
		if (escaped || c != ' ')
			keep = len;
	}
	return keep;
}

/* "2.5.4.3" into octets; 0: it is none. */
static size_t dn_read_oid(const char *name, uint8_t oid[DN_OID_MAX])
{
	unsigned long arc, top = 0;
	size_t len = 0;
	char *end;

	for (unsigned int i = 0;; i++, name = end + 1) {
		if (!isdigit((unsigned char)*name))
			return 0;
		arc = strtoul(name, &end, 10);
		if (arc > UINT32_MAX - 80 || len + 5 > DN_OID_MAX || (*end && *end != '.') ||
		    (!i && (arc > 2 || !*end)) || (i == 1 && top < 2 && arc > 39))
			return 0;
		if (!i)
			top = arc;
		arc += i == 1 ? 40 * top : 0;
		for (int shift = 28; i && shift >= 0; shift -= 7) {
			if (arc >> shift || !shift)
				oid[len++] = (uint8_t)((arc >> shift & 0x7f) | (shift ? 0x80 : 0));
		}
		if (!*end)
			return len;
	}
}

/* The attribute's type, up to the equal sign. False: there is none of that name. */
static bool dn_read_type(const char **text, struct dn_type *type, uint8_t oid[DN_OID_MAX],
			 size_t *oid_len)
{
	const char *end = strchr(*text, '=');
	char name[64];

	while (**text == ' ')
		(*text)++;
	if (!end || end <= *text || (size_t)(end - *text) >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(end - *text), *text);
	for (size_t len = strlen(name); len && name[len - 1] == ' ';)
		name[--len] = '\0';
	*text = end + 1 + strspn(end + 1, " ");
	for (size_t i = 0; i < ARRAY_SIZE(dn_types); i++) {
		if (strcasecmp(dn_types[i].name, name))
			continue;
		*type = dn_types[i];
		*oid_len = type->len;
		memcpy(oid, type->oid, type->len);
		return true;
	}
	*type = (struct dn_type){ .string = DER_UTF8 };
	*oid_len = dn_read_oid(name, oid);
	return *oid_len;
}

static bool dn_write_part(struct writer *w, const char **text)
{
	size_t from = w->len, inner, oid_len, len;
	uint8_t oid[DN_OID_MAX];
	char value[DN_VALUE_MAX];
	struct dn_type type;

	if (!dn_read_type(text, &type, oid, &oid_len))
		return false;
	len = dn_read_value(text, value);
	if (!len)
		return false;
	writer_bytes(w, oid, oid_len);
	der_wrap(w, from, DER_OID);
	inner = w->len;
	writer_bytes(w, value, len);
	der_wrap(w, inner, type.string);
	der_wrap(w, from, DER_SEQUENCE);
	return !w->overflow;
}

size_t dn_parse(const char *text, uint8_t *der, size_t max)
{
	struct writer w = writer_of(der, max);
	size_t set = 0;

	for (;;) {
		if (!dn_write_part(&w, &text))
			return 0;
		if (*text == '+') {
			text++;
			continue;
		}
		der_wrap(&w, set, DER_SET);
		set = w.len;
		if (!*text)
			break;
		text++;
	}
	der_wrap(&w, 0, DER_SEQUENCE);
	return w.overflow ? 0 : w.len;
}

/* Equality */

/* The next character without regard to case, blanks as one; -1: the end. */
static int dn_fold(struct cursor *c)
{
	uint8_t octet;

	if (!cursor_u8(c, &octet))
		return -1;
	if (octet != ' ')
		return octet < 0x80 ? tolower(octet) : octet;
	while (c->left && *c->at == ' ')
		cursor_skip(c, 1);
	return c->left ? ' ' : -1;	/* those at the end do not count */
}

static bool dn_same_text(struct cursor a, struct cursor b)
{
	int x, y;

	while (a.left && *a.at == ' ')
		cursor_skip(&a, 1);
	while (b.left && *b.at == ' ')
		cursor_skip(&b, 1);
	do {
		x = dn_fold(&a);
		y = dn_fold(&b);
	} while (x == y && x >= 0);
	return x == y;
}

static bool dn_same_octets(struct cursor a, struct cursor b)
{
	return a.left == b.left && !memcmp(a.at, b.at, a.left);
}

static bool dn_same_part(const struct dn_part *a, const struct dn_part *b)
{
	if (a->joined != b->joined || !dn_same_octets(a->oid, b->oid))
		return false;
	if (dn_is_string(a->tag) && dn_is_string(b->tag))
		return dn_same_text(a->value, b->value);
	return a->tag == b->tag && dn_same_octets(a->value, b->value);
}

static uint32_t dn_mix(uint32_t hash, struct cursor c)
{
	uint8_t octet;

	while (cursor_u8(&c, &octet))
		hash = (hash ^ octet) * 16777619u;	/* FNV-1a */
	return hash;
}

static uint32_t dn_mix_text(uint32_t hash, struct cursor c)
{
	int x;

	while (c.left && *c.at == ' ')
		cursor_skip(&c, 1);
	while ((x = dn_fold(&c)) >= 0)
		hash = (hash ^ (uint32_t)x) * 16777619u;
	return hash;
}

uint32_t dn_hash(struct chunk der)
{
	struct dn_reader r = dn_begin(der);
	uint32_t hash = 2166136261u;
	struct dn_part part;

	if (!dn_is(der))
		return dn_mix(hash, cursor_of(der.p, der.len));
	while (dn_next(&r, &part)) {
		hash = dn_mix(hash, part.oid);
		hash = dn_is_string(part.tag) ? dn_mix_text(hash, part.value) :
						dn_mix(hash, part.value);
	}
	return hash;
}

bool dn_equal(struct chunk a, struct chunk b)
{
	struct dn_reader x = dn_begin(a), y = dn_begin(b);
	struct dn_part p, q;
	bool more, other;

	if (!dn_is(a) || !dn_is(b))
		return a.len == b.len && !memcmp(a.p, b.p, a.len);
	do {
		more = dn_next(&x, &p);
		other = dn_next(&y, &q);
		if (more != other || (more && !dn_same_part(&p, &q)))
			return false;
	} while (more);
	return true;
}
