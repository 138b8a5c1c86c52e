// SPDX-License-Identifier: GPL-2.0
#include "wire/stream.h"

#include <string.h>

#define STREAM_LENGTH_LEN	2
#define STREAM_KEEPALIVE_LEN	3	/* of a frame with one octet 0xff: RFC 9329 6.6 */

const uint8_t stream_prefix[STREAM_PREFIX_LEN] = { 'I', 'K', 'E', 'T', 'C', 'P' };

bool stream_take_prefix(struct cursor *c, bool *whole)
{
	size_t len = c->left < STREAM_PREFIX_LEN ? c->left : STREAM_PREFIX_LEN;

	*whole = len == STREAM_PREFIX_LEN;
	if (len && memcmp(c->at, stream_prefix, len))
		return false;
	if (*whole)
		cursor_skip(c, len);
	return true;
}

enum stream_result stream_take(struct cursor *c, size_t limit, struct cursor *msg)
{
	struct cursor rest = *c, frame;
	uint32_t marker;
	uint16_t len;

	if (!cursor_u16(&rest, &len))
		return STREAM_MORE;
	if (len < STREAM_LENGTH_LEN || len > limit)
		return STREAM_BROKEN;
	if (!cursor_sub(&rest, len - STREAM_LENGTH_LEN, &frame))
		return STREAM_MORE;
	if (!frame.left || (len == STREAM_KEEPALIVE_LEN && frame.at[0] == 0xff)) {
		*c = rest;
		return STREAM_OTHER;
	}
	/* the marker, or an SPI */
	if (!cursor_u32(&frame, &marker) || (!marker && !frame.left))
		return STREAM_BROKEN;
	*c = rest;
	*msg = frame;
	return marker ? STREAM_OTHER : STREAM_MESSAGE;
}

void stream_head(uint8_t head[STREAM_HEAD_LEN], size_t len)
{
	struct writer w = writer_of(head, STREAM_HEAD_LEN);

	writer_u16(&w, (uint16_t)(len + STREAM_HEAD_LEN));
	writer_u32(&w, 0);
}
