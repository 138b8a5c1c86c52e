// SPDX-License-Identifier: GPL-2.0
/*
 * Cookies of a first message, RFC 7296 2.6: proof that the sender's address is its own, at no cost
 * in memory to us.
 */
#include "ike/v2/v2.h"
#include "lib/array.h"

#define COOKIE_ROTATE_MS	60000

static void cookie_rotate(struct ike *ike)
{
	struct cookie_jar *jar = &ike->cookies;
	uint64_t now = ike_now(ike);

	if (jar->version && now - jar->born_ms < COOKIE_ROTATE_MS)
		return;
	/* the predecessor has had its time too */
	if (!jar->version || now - jar->born_ms >= 2 * COOKIE_ROTATE_MS)
		ike_random(ike, jar->secret, sizeof(jar->secret));
	jar->version = jar->version % 254 + 1;
	ike_random(ike, jar->secret[jar->version & 1], sizeof(jar->secret[0]));
	jar->born_ms = now;
}

static void cookie_compute(const struct ike *ike, uint8_t version, const struct msg_header *h,
		    const struct msg *in, const struct endpoint *remote,
		    uint8_t cookie[V2_COOKIE_LEN])
{
	const uint8_t *secret = ike->cookies.secret[version & 1];
	uint8_t mac[PRF_LEN_MAX] = {0}, spi[8];
	struct writer w = writer_of(spi, sizeof(spi));
	struct chunk parts[] = {
		{ in->nonce.at, in->nonce.left },
		{ remote->addr.b, sizeof(remote->addr.b) },
		{ spi, sizeof(spi) },
		{ &version, 1 },
	};

	writer_u64(&w, h->spi_i);
	prf(PRF_HMAC_SHA2_256, (struct chunk){ secret, sizeof(ike->cookies.secret[0]) }, parts,
	    ARRAY_SIZE(parts), mac);
	cookie[0] = version;
	memcpy(cookie + 1, mac, V2_COOKIE_LEN - 1);
}

void cookie_make(struct ike *ike, const struct msg_header *h, const struct msg *in,
		 const struct endpoint *remote, uint8_t cookie[V2_COOKIE_LEN])
{
	cookie_rotate(ike);
	cookie_compute(ike, ike->cookies.version, h, in, remote, cookie);
}

bool cookie_take(struct v2_cookie *cookie, const struct msg *m)
{
	const struct msg_notify *n = msg_notify(m, NOTIFY_COOKIE);

	if (!n || !n->data.left || n->data.left > sizeof(cookie->b) ||
	    (n->data.left == cookie->len && !memcmp(n->data.at, cookie->b, n->data.left)))
		return false;
	memcpy(cookie->b, n->data.at, n->data.left);
	cookie->len = (uint8_t)n->data.left;
	return true;
}

void cookie_build(struct builder *b, const struct v2_cookie *cookie)
{
	if (cookie->len)
		build_notify(b, NOTIFY_COOKIE, 0, 0, 0, cookie->b, cookie->len);
}

bool cookie_valid(struct ike *ike, const struct msg_header *h, const struct msg *in,
		  const struct endpoint *remote)
{
	const struct msg_notify *n = msg_notify(in, NOTIFY_COOKIE);
	uint8_t want[V2_COOKIE_LEN], previous;

	if (!n || n->data.left != V2_COOKIE_LEN)
		return false;
	cookie_rotate(ike);
	previous = ike->cookies.version == 1 ? 254 : ike->cookies.version - 1;
	if (n->data.at[0] != ike->cookies.version && n->data.at[0] != previous)
		return false;
	cookie_compute(ike, n->data.at[0], h, in, remote, want);
	return crypto_equal(want, n->data.at, V2_COOKIE_LEN);
}
