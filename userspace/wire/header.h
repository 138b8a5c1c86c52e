/* SPDX-License-Identifier: GPL-2.0 */
/* The header of an IKE message, alike in both versions, RFC 7296 3.1. */
#ifndef WIRE_HEADER_H
#define WIRE_HEADER_H

#include <stddef.h>
#include <stdint.h>

#define MSG_HEADER_LEN		28
#define MSG_LEN_MAX		65535	/* octets */

enum { MSG_INITIATOR = 0x08, MSG_VERSION = 0x10, MSG_RESPONSE = 0x20 };	/* flags */

struct msg_header {
	uint64_t spi_i, spi_r;		/* as they lie on the wire, read big-endian */
	uint8_t first;			/* payload type */
	uint8_t major, minor;
	uint8_t exchange;
	uint8_t flags;
	uint32_t id;
	uint32_t len;			/* of the whole message; equal to the bytes given */
};

enum msg_result {
	MSG_OK,
	MSG_MALFORMED,			/* INVALID_SYNTAX */
	MSG_BAD_VERSION,		/* INVALID_MAJOR_VERSION; the header is filled in */
	MSG_CRITICAL,			/* UNSUPPORTED_CRITICAL_PAYLOAD: bad_payload is its type */
};

enum msg_result msg_parse_header(const uint8_t *p, size_t len, struct msg_header *h);

#endif
