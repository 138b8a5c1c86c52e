// SPDX-License-Identifier: GPL-2.0
#include "ike/core/id.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "crypto/dn.h"
#include "lib/log.h"
#include "suite/ikev2.h"
#include "suite/names.h"

static bool id_set(struct ike_id *id, uint8_t type, const void *data, size_t len)
{
	if (!len || len > sizeof(id->data))
		return false;
	memset(id, 0, sizeof(*id));
	id->type = type;
	id->len = len;
	memcpy(id->data, data, len);
	return true;
}

static int id_nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool id_set_hex(struct ike_id *id, const char *hex)
{
	size_t len = strlen(hex);
	uint8_t data[TUNNEL_ID_MAX];

	if (len % 2 || len / 2 > sizeof(data))
		return false;
	for (size_t i = 0; i < len / 2; i++) {
		int high = id_nibble(hex[2 * i]), low = id_nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		data[i] = high << 4 | low;
	}
	return id_set(id, ID_KEY_ID, data, len / 2);
}

bool ike_id_parse(struct ike_id *id, const char *text)
{
	uint8_t dn[TUNNEL_ID_MAX];
	struct addr addr;
	size_t len;

	if (!strncmp(text, "@#", 2))
		return id_set_hex(id, text + 2);
	if (!strncmp(text, "keyid:", 6))
		return id_set(id, ID_KEY_ID, text + 6, strlen(text + 6));
	if (!strncmp(text, "email:", 6))
		return id_set(id, ID_RFC822_ADDR, text + 6, strlen(text + 6));
	if (addr_parse(&addr, text)) {
		*id = id_of_addr(&addr);
		return true;
	}
	if (text[0] == '@')
		return id_set(id, ID_FQDN, text + 1, strlen(text + 1));
	if (strchr(text, '=')) {
		len = dn_parse(text, dn, sizeof(dn));
		return id_set(id, ID_DER_ASN1_DN, dn, len);
	}
	return id_set(id, strchr(text, '@') ? ID_RFC822_ADDR : ID_FQDN, text, strlen(text));
}

struct ike_id id_of_addr(const struct addr *addr)
{
	struct ike_id id = {0};

	id_set(&id, addr->family == AF_INET6 ? ID_IPV6_ADDR : ID_IPV4_ADDR, addr->b,
	       addr_len(addr));
	return id;
}

struct ike_id id_of_octets(uint8_t type, struct chunk data)
{
	struct ike_id id = {0};

	id_set(&id, type, data.p, data.len);
	return id;
}

struct ike_id id_of_user(struct chunk name)
{
	return id_of_octets(memchr(name.p, '@', name.len) ? ID_RFC822_ADDR : ID_FQDN, name);
}

/*
 * A name as text. What parts names is escaped, "/" and the backslash itself: "office/alice/voice"
 * is always the child voice of alice's, whatever somebody else calls himself.
 */
static void id_name_str(const struct ike_id *id, char *buf, size_t len)
{
	const char *p = (const char *)id->data;
	size_t left = id->len, at = 0, n;

	buf[0] = '\0';
	while (left) {
		for (n = 0; n < left && p[n] != '/' && p[n] != '\\'; n++)
			;
		log_escape(p, n, buf + at, len - at);
		at += strlen(buf + at);
		if (n == left || len - at <= 4)
			break;
		at += snprintf(buf + at, len - at, "\\x%02x", p[n]);
		p += n + 1;
		left -= n + 1;
	}
}

/* Has a name of this type to say so? Else it would be read as one of another type. */
static bool id_needs_prefix(const struct ike_id *id)
{
	const uint8_t *at = memchr(id->data, '@', id->len);
	char text[ADDR_STRLEN] = "";
	struct addr addr;

	if (id->len < sizeof(text))
		memcpy(text, id->data, id->len);
	return memchr(id->data, ':', id->len) || memchr(id->data, '=', id->len) ||
	       addr_parse(&addr, text) ||
	       (id->type == ID_RFC822_ADDR ? !at || at == id->data : !!at);
}

const char *ike_id_str(const struct ike_id *id, char *buf, size_t len)
{
	char name[NAME_STRLEN], text[ADDR_STRLEN];
	const char *prefix;
	struct addr addr;
	size_t at;

	switch (id->type) {
	case 0:
		snprintf(buf, len, "(any)");
		break;
	case ID_IPV4_ADDR:
	case ID_IPV6_ADDR:
		if (addr_from_bytes(&addr, id->data, id->len))
			snprintf(buf, len, "%s", addr_str(&addr, text));
		else
			snprintf(buf, len, "(address of %u octets)", id->len);
		break;
	case ID_FQDN:
	case ID_RFC822_ADDR:
		prefix = !id_needs_prefix(id) ? "" : id->type == ID_FQDN ? "@" : "email:";
		at = snprintf(buf, len, "%s", prefix);
		if (at < len)
			id_name_str(id, buf + at, len - at);
		break;
	case ID_DER_ASN1_DN:
		if (dn_str((struct chunk){ id->data, id->len }, buf, len))
			break;
		/* octets that are no name: as those of an unknown type */
		/* fall through */
	default:
		at = id->type == ID_KEY_ID ? snprintf(buf, len, "@#") :
		     snprintf(buf, len, "%s:", name_str(NAME_ID, id->type, name));
		for (unsigned int i = 0; i < id->len && at + 3 < len; i++)
			at += snprintf(buf + at, len - at, "%02x", id->data[i]);
	}
	return buf;
}

uint32_t ike_id_hash(const struct ike_id *id)
{
	uint32_t hash = 2166136261u ^ id->type;	/* FNV-1a */

	if (id->type == ID_DER_ASN1_DN)
		return dn_hash((struct chunk){ id->data, id->len });
	for (unsigned int i = 0; i < id->len; i++)
		hash = (hash ^ (uint32_t)tolower(id->data[i])) * 16777619u;
	return hash;
}

/* Names without regard to case, RFC 4343 and RFC 5280 7.1; all others octet by octet. */
bool ike_id_equal(const struct ike_id *a, const struct ike_id *b)
{
	bool is_name = a->type == ID_FQDN || a->type == ID_RFC822_ADDR;

	if (a->type == ID_DER_ASN1_DN && b->type == ID_DER_ASN1_DN)
		return dn_equal((struct chunk){ a->data, a->len },
				(struct chunk){ b->data, b->len });
	if (a->type != b->type || a->len != b->len)
		return false;
	for (unsigned int i = 0; i < a->len; i++)
		if (is_name ? tolower(a->data[i]) != tolower(b->data[i]) : a->data[i] != b->data[i])
			return false;
	return true;
}
