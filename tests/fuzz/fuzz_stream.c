// SPDX-License-Identifier: GPL-2.0
/*
 * A TCP connection that anybody has opened, RFC 9329: what is taken from it lies in it, and comes
 * out alike whether it comes in at once or octet by octet.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "wire/stream.h"

#define LIMIT	4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	size_t messages, octets, others;
	bool broken;
};

/* What @c has, as far as it is whole; what is left stays in it. */
static void take_all(struct cursor *c, struct sum *sum)
{
	struct cursor msg = { 0 }, before;
	enum stream_result result;

	while (!sum->broken) {
		before = *c;
		result = stream_take(c, LIMIT, &msg);
		if (result == STREAM_MORE || result == STREAM_BROKEN) {
			if (c->at != before.at || c->left != before.left)
				abort();
			sum->broken = result == STREAM_BROKEN;
			return;
		}
		if (c->at <= before.at || c->left >= before.left)
			abort();
		if (result == STREAM_OTHER) {
			sum->others++;
			continue;
		}
		if (!msg.left || msg.at < before.at + STREAM_HEAD_LEN || msg.at + msg.left != c->at)
			abort();
		sum->messages++;
		sum->octets += msg.left;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum once = { 0 }, slowly = { 0 };
	struct cursor c = cursor_of(data, size);
	const uint8_t *begin;
	bool whole;

	if (!stream_take_prefix(&c, &whole) || !whole)
		return 0;
	begin = c.at;
	take_all(&c, &once);
	c = cursor_of(begin, 0);
	while (!slowly.broken && c.at + c.left < data + size) {
		c.left++;
		take_all(&c, &slowly);
	}
	if (once.broken != slowly.broken || once.messages != slowly.messages ||
	    once.octets != slowly.octets || once.others != slowly.others)
		abort();
	return 0;
}
