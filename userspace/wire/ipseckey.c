// SPDX-License-Identifier: GPL-2.0
#include "wire/ipseckey.h"

#define IPSECKEY_NAME_MAX	255	/* octets of a domain name, RFC 1035 3.1 */
#define IPSECKEY_LABEL_MAX	63

/* A domain name, which is not compressed (RFC 4025 2.5). */
static bool ipseckey_skip_name(struct cursor *c)
{
	size_t before = c->left;
	struct cursor label;
	uint8_t len;

	do {
		if (!cursor_u8(c, &len) || len > IPSECKEY_LABEL_MAX || !cursor_sub(c, len, &label))
			return false;
	} while (len);
	return before - c->left <= IPSECKEY_NAME_MAX;
}

bool ipseckey_parse(struct chunk rdata, struct ipseckey *key)
{
	struct cursor c = cursor_of(rdata.p, rdata.len), address;
	bool ok;

	if (!cursor_u8(&c, &key->precedence) || !cursor_u8(&c, &key->gateway_type) ||
	    !cursor_u8(&c, &key->algorithm))
		return false;
	switch (key->gateway_type) {
	case 0:		/* none */
		ok = true;
		break;
	case 1:
		ok = cursor_sub(&c, 4, &address);
		break;
	case 2:
		ok = cursor_sub(&c, 16, &address);
		break;
	case 3:
		ok = ipseckey_skip_name(&c);
		break;
	default:
		ok = false;
	}
	key->key = (struct chunk){ c.at, c.left };
	return ok && c.left;
}

static struct chunk ipseckey_number(struct cursor c)
{
	while (c.left && !*c.at) {
		c.at++;
		c.left--;
	}
	return (struct chunk){ c.at, c.left };
}

bool ipseckey_parse_rsa(struct chunk key, struct ipseckey_rsa *rsa)
{
	struct cursor c = cursor_of(key.p, key.len), exponent;
	uint16_t len;
	uint8_t first;

	if (!cursor_u8(&c, &first))
		return false;
	len = first;
	if ((!first && !cursor_u16(&c, &len)) || !cursor_sub(&c, len, &exponent))
		return false;
	rsa->exponent = ipseckey_number(exponent);
	rsa->modulus = ipseckey_number(c);
	return rsa->exponent.len && rsa->modulus.len;
}
