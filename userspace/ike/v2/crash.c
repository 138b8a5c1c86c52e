// SPDX-License-Identifier: GPL-2.0
#include "ike/v2/crash.h"

#include "ike/object/peer.h"
#include "lib/array.h"

static bool crash_token(const struct ike *ike, bool initiator, uint64_t spi_i, uint64_t spi_r,
			uint8_t token[CRASH_TOKEN_LEN])
{
	static const char purpose[] = "esplane QCD_TOKEN";
	uint8_t mac[PRF_LEN_MAX], who[17];
	struct writer w = writer_of(who, sizeof(who));
	const struct chunk parts[] = {
		{ (const uint8_t *)purpose, sizeof(purpose) }, { who, sizeof(who) },
	};
	bool ok;

	writer_u8(&w, initiator);
	writer_u64(&w, spi_i);
	writer_u64(&w, spi_r);
	ok = ike->crash_known &&
	     prf(PRF_HMAC_SHA2_256, (struct chunk){ ike->crash_secret, sizeof(ike->crash_secret) },
		 parts, ARRAY_SIZE(parts), mac);
	if (ok)
		memcpy(token, mac, CRASH_TOKEN_LEN);
	mem_wipe(mac, sizeof(mac));
	return ok;
}

static void crash_notify(struct builder *b, const struct ike *ike, bool initiator, uint64_t spi_i,
			 uint64_t spi_r)
{
	uint8_t token[CRASH_TOKEN_LEN];

	if (crash_token(ike, initiator, spi_i, spi_r, token))
		build_notify(b, NOTIFY_QCD_TOKEN, 0, 0, 0, token, sizeof(token));
	mem_wipe(token, sizeof(token));
}

void crash_build(struct builder *b, const struct ike_sa *sa)
{
	crash_notify(b, sa->ike, sa->initiator, sa->spi_i, sa->spi_r);
}

void crash_show(struct builder *b, const struct ike *ike, const struct msg_header *h)
{
	crash_notify(b, ike, !(h->flags & MSG_INITIATOR), h->spi_i, h->spi_r);
}

void crash_take(struct ike_sa *sa, const struct msg *m)
{
	const struct msg_notify *n = msg_notify(m, NOTIFY_QCD_TOKEN);

	if (!n || n->data.left < SA_TOKEN_MIN || n->data.left > SA_TOKEN_MAX)
		return;
	sa->token_len = (uint8_t)n->data.left;
	memcpy(sa->token, n->data.at, sa->token_len);
}

bool crash_proved(const struct ike_sa *sa, const struct msg *m)
{
	for (unsigned int i = 0; i < m->notify_count; i++) {
		const struct msg_notify *n = &m->notify[i];

		if (n->type == NOTIFY_QCD_TOKEN && sa->token_len &&
		    n->data.left == sa->token_len &&
		    crypto_equal(n->data.at, sa->token, sa->token_len))
			return true;
	}
	return false;
}

/* ---- after a rekey that we began, RFC 6290 4.3 */

static bool crash_wanted(const struct ike_sa *sa)
{
	return sa->want_token && sa->peer && sa->peer->sa == sa;
}

static enum built crash_tell(struct exchange *ex, struct cause *cause)
{
	struct builder b;

	ex->sa->want_token = false;
	v2_request_begin(ex, &b);
	crash_build(&b, ex->sa);
	return v2_request_end(ex, &b, cause);
}

const struct exchange_kind v2_kind_token = {
	.name = "QCD_TOKEN",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_INFORMATIONAL,
	.wanted = crash_wanted,
	.build = crash_tell,
};
