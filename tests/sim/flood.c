// SPDX-License-Identifier: GPL-2.0
/* First messages from addresses that somebody made up, or has at his command. */
#include "sim/sim.h"

#include "ike/v2/v2.h"
#include "lib/cursor.h"

#define COOKIE_AT	(MSG_HEADER_LEN + 8)	/* in the answer that demands it */
#define FLOOD_MSG_MAX	2048

/* A first message that came; NULL: none. */
static const struct record *any_first(const struct node *n)
{
	const struct record *r = NULL;

	for (unsigned int i = 0; n->ike && i < RECORD_MAX; i++)
		if (n->seen[i].msg && n->seen[i].msg[18] == EXCHANGE_IKE_SA_INIT &&
		    !(n->seen[i].msg[19] & MSG_RESPONSE) && n->seen[i].len <= FLOOD_MSG_MAX)
			r = &n->seen[i];
	return r;
}

void inject_flood(struct node *n)
{
	const struct record *r = any_first(n);
	uint8_t msg[FLOOD_MSG_MAX];
	uint64_t before;

	if (!r)
		return;
	before = n->ike->counters.half_open;
	memcpy(msg, r->msg, r->len);
	for (int i = 0; i < 2 * STRANGERS_COOKIE; i++) {
		msg[i % 8] = rng_next(&n->w->script);
		inject(n, r, msg, r->len, "a flood");
	}
	if (n->ike->counters.half_open > before &&
	    n->ike->counters.half_open > STRANGERS_COOKIE + 1)
		violate(n->w, "%c lets a flood in: %llu half open", 'A' + n->index,
			(unsigned long long)n->ike->counters.half_open);
}

/* The message once more, with the cookie that its answer demands; 0: none was demanded. */
static size_t with_cookie(const struct world *w, const uint8_t *msg, size_t len, uint8_t *out)
{
	size_t cookie = w->stray_len > COOKIE_AT ? w->stray_len - COOKIE_AT : 0;
	struct msg_header h;
	struct msg m = {0};
	struct builder b;

	if (!cookie || msg_parse_header(w->stray, w->stray_len, &h) != MSG_OK ||
	    h.exchange != EXCHANGE_IKE_SA_INIT || h.first != PAYLOAD_NOTIFY ||
	    msg_parse_payloads(cursor_of(w->stray + MSG_HEADER_LEN,
					 w->stray_len - MSG_HEADER_LEN), h.first, &m) != MSG_OK ||
	    !msg_notify(&m, NOTIFY_COOKIE))
		return 0;
	msg_parse_header(msg, len, &h);
	build_begin(&b, out, 2 * FLOOD_MSG_MAX, &h);
	build_notify(&b, NOTIFY_COOKIE, 0, 0, 0, w->stray + COOKIE_AT, cookie);
	writer_bytes(&b.w, msg + MSG_HEADER_LEN, len - MSG_HEADER_LEN);
	writer_patch_u8(&b.w, b.next_at, h.first);
	return build_end(&b);
}

/* The value of the key exchange becomes one that no sound peer sends. */
static void spoil_ke(uint8_t *msg, size_t len)
{
	struct cursor chain = cursor_of(msg, len);
	struct msg_header h;
	struct msg m = {0};

	if (msg_parse_header(msg, len, &h) == MSG_OK && cursor_skip(&chain, MSG_HEADER_LEN) &&
	    msg_parse_payloads(chain, h.first, &m) == MSG_OK && m.ke.data.left)
		memset((uint8_t *)m.ke.data.at, 0, m.ke.data.left);
}

void inject_cookies(struct node *n)
{
	const struct record *r = any_first(n);
	uint8_t msg[FLOOD_MSG_MAX], again[2 * FLOOD_MSG_MAX];
	struct record from;
	size_t len;

	if (!r)
		return;
	from = *r;
	memcpy(msg, r->msg, r->len);
	for (unsigned int i = 0; i < STRANGERS_MAX + 2 * STRANGERS_COOKIE; i++) {
		for (int j = 0; j < 8; j++)
			msg[j] = rng_next(&n->w->script);
		if (i % 16 == 0)
			spoil_ke(msg, r->len);
		from.remote.addr.b[0] = 100;
		from.remote.addr.b[1] = i / STRANGERS_COOKIE;	/* few of each network */
		from.remote.addr.b[3] = i;
		n->w->stray_len = 0;
		inject(n, &from, msg, r->len, "a flood with cookies");
		len = with_cookie(n->w, msg, r->len, again);
		if (len)
			inject(n, &from, again, len, "a cookie");
		if (i % 16 == 0)
			memcpy(msg, r->msg, r->len);
	}
	if (n->ike->counters.half_open > STRANGERS_MAX)
		violate(n->w, "%c has %llu half open", 'A' + n->index,
			(unsigned long long)n->ike->counters.half_open);
}
