// SPDX-License-Identifier: GPL-2.0
#include "wire/header.h"

#include "lib/cursor.h"
#include "suite/ikev2.h"

/*
 * RFC 7296 3.1. A higher minor version is read as 2.0, RFC 7296 2.5. Without an SPI of the
 * initiator may be what tells of an SPI that nobody knows, RFC 7296 1.5.
 */
enum msg_result msg_parse_header(const uint8_t *p, size_t len, struct msg_header *h)
{
	struct cursor c = cursor_of(p, len);
	uint8_t version;

	*h = (struct msg_header){};
	if (!cursor_u64(&c, &h->spi_i) || !cursor_u64(&c, &h->spi_r) || !cursor_u8(&c, &h->first) ||
	    !cursor_u8(&c, &version) || !cursor_u8(&c, &h->exchange) || !cursor_u8(&c, &h->flags) ||
	    !cursor_u32(&c, &h->id) || !cursor_u32(&c, &h->len))
		return MSG_MALFORMED;
	h->major = version >> 4;
	h->minor = version & 15;
	if (h->len != len || (!h->spi_i && h->exchange != EXCHANGE_INFORMATIONAL))
		return MSG_MALFORMED;
	return h->major == 2 ? MSG_OK : MSG_BAD_VERSION;
}
