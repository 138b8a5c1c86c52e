// SPDX-License-Identifier: GPL-2.0
/* Traffic Selector payloads, RFC 7296 3.13. */
#include <sys/socket.h>
#include "wire/v2/payload.h"

enum { TS_IPV4_ADDR_RANGE = 7, TS_IPV6_ADDR_RANGE = 8 };

#define TS_FIXED	8	/* octets before the addresses */

static bool sound(const struct ts *ts)
{
	bool opaque = ts->port_start == 65535 && ts->port_end == 0;

	return addr_cmp(&ts->start, &ts->end) <= 0 && (opaque || ts->port_start <= ts->port_end);
}

/* NULL: @ts was read, or, with family 0, skipped: it is of unknown type. */
static const char *ts_read(struct cursor *c, struct ts *ts)
{
	uint8_t type, bytes[16];
	struct cursor body;
	size_t addr_len;
	uint16_t len;

	*ts = (struct ts){ .proto = 0 };
	if (!cursor_u8(c, &type) || !cursor_u8(c, &ts->proto) || !cursor_u16(c, &len) || len < 4 ||
	    !cursor_sub(c, len - 4, &body))
		return "a traffic selector's length is wrong";
	if (type != TS_IPV4_ADDR_RANGE && type != TS_IPV6_ADDR_RANGE)
		return NULL;
	addr_len = type == TS_IPV4_ADDR_RANGE ? 4 : 16;
	if (len != TS_FIXED + 2 * addr_len)
		return "a traffic selector's length does not fit its type";
	if (!cursor_u16(&body, &ts->port_start) || !cursor_u16(&body, &ts->port_end) ||
	    !cursor_copy(&body, bytes, addr_len) || !addr_from_bytes(&ts->start, bytes, addr_len) ||
	    !cursor_copy(&body, bytes, addr_len) || !addr_from_bytes(&ts->end, bytes, addr_len))
		return "a traffic selector is cut short";
	return sound(ts) ? NULL : "a traffic selector ends before it begins";
}

const char *parse_ts(struct cursor *c, struct msg_ts *list)
{
	const char *why = NULL;
	struct ts ts;
	uint8_t count;

	if (!cursor_u8(c, &count) || !cursor_skip(c, 3))
		return "it is cut short";
	if (!count)
		return "there is no traffic selector";
	list->selectors = *c;
	while (!why && count--) {
		why = ts_read(c, &ts);
		list->count += !why && ts.start.family;
		list->skipped += !why && !ts.start.family;
	}
	if (!why && c->left)
		why = "octets are left over behind the traffic selectors";
	return why;
}

bool msg_ts_next(struct cursor *selectors, struct ts *ts)
{
	while (selectors->left) {
		if (ts_read(selectors, ts))
			return false;
		if (ts->start.family)
			return true;
	}
	return false;
}

void build_ts(struct builder *b, uint8_t type, const struct ts *ts, size_t count)
{
	struct writer *w = &b->w;
	size_t i, addr;

	build_payload(b, type);
	if (count > 255)
		w->overflow = true;
	writer_u8(w, (uint8_t)count);
	writer_u8(w, 0);
	writer_u16(w, 0);
	for (i = 0; i < count; i++) {
		addr = addr_len(&ts[i].start);
		writer_u8(w, addr == 4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE);
		writer_u8(w, ts[i].proto);
		writer_u16(w, (uint16_t)(TS_FIXED + 2 * addr));
		writer_u16(w, ts[i].port_start);
		writer_u16(w, ts[i].port_end);
		writer_bytes(w, ts[i].start.b, addr);
		writer_bytes(w, ts[i].end.b, addr);
	}
	build_payload_end(b);
}
