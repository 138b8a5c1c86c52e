// SPDX-License-Identifier: GPL-2.0
#include "wire/v2/cp.h"

#include <ctype.h>
#include <string.h>

#include "lib/array.h"
#include "wire/v2/payload.h"

#define CP_TYPE_BITS	0x7fff	/* the bit above is reserved */
#define CP_LABEL_MAX	63

/* Octets of a value that is not empty. */
static const struct cp_length {
	uint16_t type, least, most;
	uint8_t each;			/* in steps of so many */
} cp_lengths[] = {
	{ CP_IP4_ADDRESS, 4, 4, 1 },
	{ CP_IP4_NETMASK, 4, 4, 1 },
	{ CP_IP4_DNS, 4, 4, 1 },
	{ CP_IP4_NBNS, 4, 4, 1 },
	{ CP_IP4_DHCP, 4, 4, 1 },
	/* some send it without the prefix length */
	{ CP_IP6_ADDRESS, 16, 17, 1 },
	{ CP_IP6_DNS, 16, 16, 1 },
	{ CP_IP6_DHCP, 16, 16, 1 },
	{ CP_IP4_SUBNET, 8, 8, 1 },
	{ CP_SUPPORTED_ATTRIBUTES, 2, UINT16_MAX, 2 },
	{ CP_IP6_SUBNET, 17, 17, 1 },
	{ CP_IP6_LINK, 8, UINT16_MAX, 1 },
	{ CP_IP6_PREFIX, 17, 17, 1 },
	{ CP_DNS_DOMAIN, 1, CP_DOMAIN_MAX, 1 },
	{ CP_DNSSEC_TA, 5, UINT16_MAX, 1 },
};

static bool cp_length_ok(uint16_t type, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(cp_lengths); i++) {
		const struct cp_length *l = &cp_lengths[i];

		if (l->type == type && len)
			return len >= l->least && len <= l->most && len % l->each == 0;
	}
	return true;
}

const char *parse_cp(struct cursor *c, struct msg_cp *cp)
{
	struct msg_cp_attr a;
	uint16_t len;

	if (!cursor_u8(c, &cp->type) || !cursor_skip(c, 3))
		return "it is cut short";
	if (cp->type < CP_REQUEST || cp->type > CP_ACK)
		return "its type is not one of CFG_REQUEST, CFG_REPLY, CFG_SET and CFG_ACK";
	while (c->left) {
		if (!cursor_u16(c, &a.type) || !cursor_u16(c, &len) ||
		    !cursor_sub(c, len, &a.value))
			return "a configuration attribute's length is wrong";
		a.type &= CP_TYPE_BITS;
		if (cp->count < MSG_CP_MAX && cp_length_ok(a.type, len))
			cp->attr[cp->count++] = a;
		else
			cp->skipped++;
	}
	return NULL;
}

bool cp_has(const struct msg_cp *cp, uint16_t type)
{
	for (unsigned int i = 0; i < cp->count; i++)
		if (cp->attr[i].type == type)
			return true;
	return false;
}

bool cp_addr(const struct msg_cp_attr *a, struct addr *addr)
{
	size_t len = a->value.left == 17 ? 16 : a->value.left;

	*addr = (struct addr){0};
	return len && addr_from_bytes(addr, a->value.at, len);
}

/* RFC 4632: ones, then zeros. Returns how many ones; -1: another pattern. */
static int cp_mask_bits(uint32_t mask)
{
	int bits = 0;

	while (bits < 32 && mask & (UINT32_C(1) << (31 - bits)))
		bits++;
	return bits == 32 || !(mask << bits) ? bits : -1;
}

/* The bits behind the prefix are of no meaning. */
static void cp_clear_host_bits(struct prefix *p)
{
	for (size_t i = 0; i < addr_len(&p->addr); i++) {
		size_t kept = p->bits > 8 * i ? p->bits - 8 * i : 0;

		if (kept < 8)
			p->addr.b[i] &= (uint8_t)(0xff00 >> kept);
	}
}

bool cp_subnet(const struct msg_cp_attr *a, struct prefix *prefix)
{
	struct cursor c = a->value;
	size_t len = a->type == CP_IP4_SUBNET ? 4 : 16;
	uint8_t octets[16], bits;
	uint32_t mask;
	int ones;

	*prefix = (struct prefix){0};
	if (!cursor_copy(&c, octets, len) || !addr_from_bytes(&prefix->addr, octets, len))
		return false;
	if (len == 4) {
		if (!cursor_u32(&c, &mask))
			return false;
		ones = cp_mask_bits(mask);
		if (ones < 0)
			return false;
		prefix->bits = (uint8_t)ones;
	} else {
		if (!cursor_u8(&c, &bits) || bits > 128)
			return false;
		prefix->bits = bits;
	}
	cp_clear_host_bits(prefix);
	return !c.left;
}

bool cp_domain_valid(const char *name)
{
	size_t label = 0, len = strlen(name);

	if (!len || len >= CP_DOMAIN_MAX)
		return false;
	for (; *name; name++) {
		if (*name == '.') {
			if (!label || !name[1])
				return false;
			label = 0;
		} else if ((!isalnum((unsigned char)*name) && *name != '-' && *name != '_') ||
			   ++label > CP_LABEL_MAX) {
			return false;
		}
	}
	return true;
}

bool cp_domain(const struct msg_cp_attr *a, char name[CP_DOMAIN_MAX])
{
	size_t len = a->value.left;

	if (len && a->value.at[len - 1] == '.')	/* absolute, as all of them are */
		len--;
	if (!len || len >= CP_DOMAIN_MAX)
		return false;
	memcpy(name, a->value.at, len);
	name[len] = '\0';
	return strlen(name) == len && cp_domain_valid(name);
}

void build_cp(struct builder *b, enum cp_type type)
{
	build_payload(b, PAYLOAD_CP);
	writer_u8(&b->w, (uint8_t)type);
	writer_u8(&b->w, 0);
	writer_u16(&b->w, 0);
}

void build_cp_attr(struct builder *b, uint16_t type, const void *value, size_t len)
{
	if (len > UINT16_MAX)
		b->w.overflow = true;
	writer_u16(&b->w, type);
	writer_u16(&b->w, (uint16_t)len);
	writer_bytes(&b->w, value, len);
}

void build_cp_addr(struct builder *b, uint16_t type, const struct addr *addr)
{
	uint8_t octets[17];
	size_t len = addr_len(addr);

	memcpy(octets, addr->b, sizeof(addr->b));
	if (type == CP_IP6_ADDRESS && len)
		octets[len++] = 128;
	build_cp_attr(b, type, octets, len);
}

void build_cp_subnet(struct builder *b, const struct prefix *prefix)
{
	uint8_t octets[17];
	struct writer w = writer_of(octets, sizeof(octets));

	writer_bytes(&w, prefix->addr.b, addr_len(&prefix->addr));
	if (prefix->addr.family == AF_INET)
		writer_u32(&w, prefix->bits ? UINT32_MAX << (32 - prefix->bits) : 0);
	else
		writer_u8(&w, prefix->bits);
	build_cp_attr(b, prefix->addr.family == AF_INET ? CP_IP4_SUBNET : CP_IP6_SUBNET, octets,
		      w.len);
}
