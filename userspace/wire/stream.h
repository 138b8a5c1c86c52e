/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What goes through a TCP connection, RFC 9329 3 and 4: its originator's prefix, then frames behind
 * two octets of length, which count themselves. A frame is an IKE message behind four zeros, or
 * ESP.
 */
#ifndef WIRE_STREAM_H
#define WIRE_STREAM_H

#include "lib/cursor.h"

#define STREAM_PREFIX_LEN	6
#define STREAM_HEAD_LEN		6	/* octets before an IKE message: length and marker */
#define STREAM_FRAME_MAX	65535
#define STREAM_MESSAGE_MAX	(STREAM_FRAME_MAX - STREAM_HEAD_LEN)

enum stream_result {
	STREAM_MORE,			/* it is not whole: nothing has been taken */
	STREAM_MESSAGE,			/* an IKE message: a view */
	STREAM_OTHER,			/* ESP or a keepalive, taken and gone */
	STREAM_BROKEN,			/* no sense in it, nor in what follows */
};

extern const uint8_t stream_prefix[STREAM_PREFIX_LEN];

/* Takes the prefix. False: there is something else. @whole: all of it was there. */
bool stream_take_prefix(struct cursor *c, bool *whole);
/*
 * Takes a frame. @limit: octets of one, its length included, that the caller can wait for; a longer
 * one is BROKEN.
 */
enum stream_result stream_take(struct cursor *c, size_t limit, struct cursor *msg);
/* What stands before an IKE message of @len octets, STREAM_MESSAGE_MAX at most. */
void stream_head(uint8_t head[STREAM_HEAD_LEN], size_t len);

#endif
