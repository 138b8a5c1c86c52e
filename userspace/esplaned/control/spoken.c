// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/spoken.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "suite/names.h"
#include "wire/v2/msg.h"

#define SPOKEN_ERRORS	16384	/* notifies below report an error, RFC 7296 3.10.1 */

/* A line that is being written. */
struct spoken {
	char *buf;
	size_t at;
};

static void spoken_add(struct spoken *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void spoken_add(struct spoken *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(s->buf + s->at, SPOKEN_MAX - s->at, fmt, ap);
	va_end(ap);
	if (n > 0)
		s->at += (size_t)n < SPOKEN_MAX - s->at ? (size_t)n : SPOKEN_MAX - s->at - 1;
}

/* Without a format: a message has many of them. */
static void spoken_put(struct spoken *s, const char *text)
{
	size_t len = strlen(text), room = SPOKEN_MAX - 1 - s->at;

	if (len > room)
		len = room;
	memcpy(s->buf + s->at, text, len);
	s->at += len;
	s->buf[s->at] = '\0';
}

static void spoken_payload(struct spoken *s, unsigned int type)
{
	char number[NAME_STRLEN];

	spoken_put(s, " ");
	spoken_put(s, name_str(NAME_PAYLOAD, type, number));
}

static void spoken_notify(struct spoken *s, unsigned int type)
{
	char number[NAME_STRLEN];

	spoken_put(s, " N(");
	spoken_put(s, name_str(NAME_NOTIFY, type, number));
	spoken_put(s, ")");
}

static bool spoken_is_empty(const struct msg *m)
{
	for (unsigned int type = 0; type < 256; type++)
		if (m->seen[type] && type != PAYLOAD_SK && type != PAYLOAD_SKF)
			return false;
	return true;
}

/* What the peer says. The order in which it came is lost: payloads by type, then notifies. */
static void spoken_heard(struct spoken *s, const struct msg *m)
{
	if (spoken_is_empty(m))
		spoken_add(s, " nothing");
	for (unsigned int type = 1; type < 256; type++)
		if (m->seen[type] && type != PAYLOAD_SK && type != PAYLOAD_SKF &&
		    type != PAYLOAD_NOTIFY)
			spoken_payload(s, type);
	for (unsigned int i = 0; i < m->notify_count; i++)
		spoken_notify(s, m->notify[i].type);
}

/* One payload of a chain. False: it has no more. */
static bool spoken_next(struct cursor *chain, uint8_t *next, uint8_t *type, struct cursor *body)
{
	uint16_t len;
	uint8_t flags;

	*type = *next;
	return *type && cursor_u8(chain, next) && cursor_u8(chain, &flags) &&
	       cursor_u16(chain, &len) && len >= 4 && cursor_sub(chain, len - 4u, body);
}

/* 0: it is too short to have one. */
static uint16_t spoken_notify_type(struct cursor body)
{
	uint16_t type = 0;

	return cursor_skip(&body, 2) && cursor_u16(&body, &type) ? type : 0;
}

/* Our answer. */
static void spoken_said(struct spoken *s, const struct ike_exchange *x)
{
	struct cursor chain = cursor_of(x->said.p, x->said.len), body;
	uint8_t next = x->said_first, type;
	bool any = false;

	for (; spoken_next(&chain, &next, &type, &body); any = true) {
		if (type == PAYLOAD_NOTIFY)
			spoken_notify(s, spoken_notify_type(body));
		else
			spoken_payload(s, type);
	}
	if (!any)
		spoken_add(s, " nothing");
}

const char *spoken_line(const struct ike_exchange *x, char buf[SPOKEN_MAX])
{
	struct spoken s = { .buf = buf };
	char number[NAME_STRLEN];

	buf[0] = '\0';
	if (x->what) {
		spoken_add(&s, "%s (%u) answered in %llu ms:", x->what, x->id,
			   (unsigned long long)x->took_ms);
		spoken_heard(&s, x->heard);
		return buf;
	}
	spoken_add(&s, "%s (%u) from the peer:", name_str(NAME_EXCHANGE, x->type, number), x->id);
	spoken_heard(&s, x->heard);
	spoken_add(&s, "; we answered");
	spoken_said(&s, x);
	return buf;
}

int spoken_level(const struct ike_exchange *x)
{
	bool lives = x->type == EXCHANGE_INFORMATIONAL && !x->heard->del_count &&
		     !x->heard->cp.type;

	for (unsigned int i = 0; i < x->heard->notify_count; i++)
		lives = lives && (x->heard->notify[i].type == NOTIFY_NAT_DETECTION_SOURCE_IP ||
				  x->heard->notify[i].type == NOTIFY_NAT_DETECTION_DESTINATION_IP);
	return lives ? LOG_DEBUG : LOG_INFO;
}

uint16_t spoken_refusal(const struct ike_exchange *x)
{
	struct cursor chain = cursor_of(x->said.p, x->said.len), body;
	uint8_t next = x->said_first, type;
	uint16_t notify;

	while (spoken_next(&chain, &next, &type, &body)) {
		notify = type == PAYLOAD_NOTIFY ? spoken_notify_type(body) : 0;
		if (notify && notify < SPOKEN_ERRORS)
			return notify;
	}
	return 0;
}
