// SPDX-License-Identifier: GPL-2.0
/*
 * What holds for the datagrams themselves, RFC 7296 2.1 to 2.3, RFC 5282 and RFC 7383: under one
 * number one message, the same octets each time, unless it is divided into more fragments than
 * before; no IV twice under one key; one request outstanding.
 */
#include "sim/sim.h"
#include "suite/ikev2.h"

#define PROTECTED_MIN	(MSG_HEADER_LEN + 4 + 8)	/* header, Encrypted payload's, IV */
#define FRAGMENT_LEN	4	/* number and total of an Encrypted Fragment payload */
#define MESSAGES_MOST	40000				/* of a node in one history */

static uint64_t fold(uint64_t h, const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * UINT64_C(0x100000001b3);
	return h ? h : 1;
}

static uint64_t hash_of(const uint8_t *p, size_t len)
{
	return fold(UINT64_C(0xcbf29ce484222325), p, len);
}

/* The entry for @what; an older one gives way. */
static struct wire_message *entry(struct wire_message *table, uint64_t what)
{
	for (unsigned int i = 0; i < 8; i++) {
		struct wire_message *e = &table[(what + i) % WIRE_MAX];

		if (!e->what || e->what == what)
			return e;
	}
	table[what % WIRE_MAX].what = 0;
	return &table[what % WIRE_MAX];
}

/* False: @what stood for other octets before. */
static bool same_as_before(struct wire_message *table, uint64_t what, uint64_t hash)
{
	struct wire_message *e = entry(table, what);

	if (e->what == what && e->hash != hash)
		return false;
	*e = (struct wire_message){ .what = what, .hash = hash };
	return true;
}

/* NULL: none of ours has been sent there. */
static struct wire_window *window_find(struct wire *wire, const struct msg_header *h)
{
	for (unsigned int i = 0; i < WINDOWS_MAX; i++)
		if (wire->window[i].spi_i == h->spi_i && wire->window[i].spi_r == h->spi_r)
			return &wire->window[i];
	return NULL;
}

static struct wire_window *window(struct wire *wire, const struct msg_header *h)
{
	struct wire_window *win = window_find(wire, h);

	if (win)
		return win;
	win = &wire->window[wire->window_count++ % WINDOWS_MAX];
	*win = (struct wire_window){
		.spi_i = h->spi_i, .spi_r = h->spi_r, .id = h->id, .answered = true
	};
	return win;
}

static void request_sent(struct node *n, const struct msg_header *h)
{
	struct wire_window *win = window(&n->wire, h);

	if (h->id < win->id || (h->id > win->id && !win->answered))
		violate(n->w, "%c sends request %u while %u is not answered", 'A' + n->index, h->id,
			win->id);
	if (h->id > win->id || win->answered) {
		win->answered = win->answered && h->id == win->id && win->id;
		win->id = h->id;
	}
}

static bool wire_protected(const struct msg_header *h)
{
	return h->first == PAYLOAD_SK || h->first == PAYLOAD_SKF;
}

void wire_sent(struct node *n, const uint8_t *msg, size_t len)
{
	uint64_t hash = hash_of(msg, len), who, what;
	size_t iv_at;
	struct msg_header h;

	if (n->hostile)
		return;
	if (msg_parse_header(msg, len, &h) != MSG_OK) {
		violate(n->w, "%c sends a message without a sound header", 'A' + n->index);
		return;
	}
	if (!wire_protected(&h))	/* an IKE_SA_INIT, again with a cookie or another group */
		return;
	iv_at = PROTECTED_MIN - 8 + (h.first == PAYLOAD_SKF ? FRAGMENT_LEN : 0);
	if (++n->wire.sent == MESSAGES_MOST)
		violate(n->w, "%c has sent %d messages", 'A' + n->index, MESSAGES_MOST);
	who = hash_of(msg, 16);
	what = fold(who, msg + 18, 6);		/* exchange, flags, number */
	if (h.first == PAYLOAD_SKF && len >= iv_at)	/* its number and how many there are */
		what = fold(what, msg + iv_at - FRAGMENT_LEN, FRAGMENT_LEN);
	if (!same_as_before(n->wire.message, what, hash))
		violate(n->w, "%c sends two messages under number %u", 'A' + n->index, h.id);
	if (len < iv_at + 8 || !same_as_before(n->wire.iv, fold(who, msg + iv_at, 8), hash))
		violate(n->w, "%c uses an IV twice, in message %u", 'A' + n->index, h.id);
	if (!(h.flags & MSG_RESPONSE))
		request_sent(n, &h);
}

void wire_received(struct node *n, const uint8_t *msg, size_t len)
{
	struct wire_window *win;
	struct msg_header h;

	if (msg_parse_header(msg, len, &h) != MSG_OK || !wire_protected(&h) ||
	    !(h.flags & MSG_RESPONSE))
		return;
	win = window_find(&n->wire, &h);
	if (win && win->id == h.id)
		win->answered = true;
}
