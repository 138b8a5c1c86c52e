// SPDX-License-Identifier: GPL-2.0
#include "wire/radius.h"

#include <string.h>

#define RADIUS_MICROSOFT	311	/* RFC 2548 */
#define RADIUS_MPPE_SEND	16
#define RADIUS_MPPE_RECV	17

/* False: there is one already. */
static bool radius_once(struct chunk *to, struct cursor value)
{
	if (to->len || !value.left)
		return false;
	*to = (struct chunk){ value.at, value.left };
	return true;
}

static bool radius_four(struct chunk *to, struct cursor value)
{
	return value.left == 4 && radius_once(to, value);
}

/* Attributes of Microsoft's; those of others are skipped. */
static bool radius_parse_vendor(struct cursor c, struct radius_answer *a)
{
	struct cursor value;
	uint32_t vendor;
	uint8_t type, len;

	if (!cursor_u32(&c, &vendor))
		return false;
	if (vendor != RADIUS_MICROSOFT)
		return true;
	while (c.left) {
		if (!cursor_u8(&c, &type) || !cursor_u8(&c, &len) || len < 2 ||
		    !cursor_sub(&c, len - 2u, &value))
			return false;
		if (type == RADIUS_MPPE_SEND && !radius_once(&a->send_key, value))
			return false;
		if (type == RADIUS_MPPE_RECV && !radius_once(&a->recv_key, value))
			return false;
	}
	return true;
}

static bool radius_parse_attribute(uint8_t type, struct cursor value, struct radius_answer *a)
{
	switch (type) {
	case RADIUS_USER_NAME:
		return radius_once(&a->user, value);
	case RADIUS_EAP_MESSAGE:
		/* together they are shorter than the packet */
		memcpy(a->eap + a->eap_len, value.at, value.left);
		a->eap_len += value.left;
		return true;
	case RADIUS_STATE:
		return radius_once(&a->state, value);
	case RADIUS_FRAMED_IP_ADDRESS:
		return radius_four(&a->framed, value);
	case RADIUS_SESSION_TIMEOUT:
		return radius_four(&a->timeout, value);
	case RADIUS_MESSAGE_AUTHENTICATOR:
		if (a->proof || value.left != RADIUS_AUTHENTICATOR_LEN)
			return false;
		a->proof = (size_t)(value.at - a->packet.p);
		return true;
	case RADIUS_VENDOR_SPECIFIC:
		return radius_parse_vendor(value, a);
	default:
		return true;
	}
}

bool radius_parse(struct chunk octets, struct radius_answer *a)
{
	struct cursor c = cursor_of(octets.p, octets.len), value;
	uint8_t type, attribute;
	uint16_t len;

	*a = (struct radius_answer){ 0 };
	if (!cursor_u8(&c, &a->code) || !cursor_u8(&c, &a->id) || !cursor_u16(&c, &len) ||
	    len < RADIUS_HEADER_LEN || len > RADIUS_PACKET_MAX || len > octets.len ||
	    !cursor_sub(&c, len - 4u, &c) || !cursor_sub(&c, RADIUS_AUTHENTICATOR_LEN, &value))
		return false;
	a->packet = (struct chunk){ octets.p, len };
	a->authenticator = (struct chunk){ value.at, value.left };
	while (c.left) {
		if (!cursor_u8(&c, &type) || !cursor_u8(&c, &attribute) || attribute < 2 ||
		    !cursor_sub(&c, attribute - 2u, &value) ||
		    !radius_parse_attribute(type, value, a))
			return false;
	}
	return true;
}

struct writer radius_begin(uint8_t *buf, uint8_t id,
			   const uint8_t authenticator[RADIUS_AUTHENTICATOR_LEN])
{
	static const uint8_t none[RADIUS_AUTHENTICATOR_LEN];
	struct writer w = writer_of(buf, RADIUS_PACKET_MAX);

	writer_u8(&w, RADIUS_ACCESS_REQUEST);
	writer_u8(&w, id);
	writer_u16(&w, 0);
	writer_bytes(&w, authenticator, RADIUS_AUTHENTICATOR_LEN);
	radius_add(&w, RADIUS_MESSAGE_AUTHENTICATOR, (struct chunk){ none, sizeof(none) });
	return w;
}

void radius_add(struct writer *w, enum radius_type type, struct chunk value)
{
	for (size_t at = 0; at < value.len; at += RADIUS_VALUE_MAX) {
		size_t left = value.len - at;
		size_t len = left < RADIUS_VALUE_MAX ? left : RADIUS_VALUE_MAX;

		writer_u8(w, (uint8_t)type);
		writer_u8(w, (uint8_t)(len + 2));
		writer_bytes(w, value.p + at, len);
	}
}

void radius_add_u32(struct writer *w, enum radius_type type, uint32_t value)
{
	writer_u8(w, (uint8_t)type);
	writer_u8(w, 6);
	writer_u32(w, value);
}

size_t radius_end(struct writer *w)
{
	if (w->overflow)
		return 0;
	writer_patch_u16(w, 2, (uint16_t)w->len);
	return w->len;
}
