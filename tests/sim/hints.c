// SPDX-License-Identifier: GPL-2.0
/* Unprotected notifies that somebody on the way makes up: the engine may ask, and no more. */
#include "sim/sim.h"

#include "ike/object/child_sa.h"
#include "ike/v2/v2.h"

#define MIX(d, v)	((d) = ((d) ^ (uint64_t)(v)) * UINT64_C(0x100000001b3))

/* All but requests of ours under way. */
static uint64_t hint_digest(const struct node *n)
{
	const struct child_sa *pair;
	const struct child *child;
	const struct ike_sa *sa;
	struct peer *peer;
	struct tunnel *t;
	uint64_t d = 1;

	TAILQ_FOREACH(sa, &n->ike->sas, link) {
		MIX(d, sa->state);
		MIX(d, sa->spi_i ^ sa->spi_r);
		MIX(d, sa->next_in);
		MIX(d, sa->heard_ms);
		MIX(d, sa->remote.port);
		MIX(d, sa->end);
	}
	FOREACH_PEER(n, t, peer)
		TAILQ_FOREACH(child, &peer->children, link)
			TAILQ_FOREACH(pair, &child->pairs, link) {
				MIX(d, pair->state);
				MIX(d, pair->spi_in);
				MIX(d, pair->want_rekey);
			}
	return d;
}

static unsigned int hint_exchanges(const struct node *n)
{
	const struct ike_sa *sa;
	unsigned int sum = 0;

	TAILQ_FOREACH(sa, &n->ike->sas, link)
		sum += sa->exchange_count;
	return sum;
}

/* What tells that @sa is lost: for the request under way, or else of an SPI. 0: nothing to tell. */
static size_t hint_make(const struct ike_sa *sa, struct rng *r, uint8_t *msg, size_t cap)
{
	const struct exchange *ex = TAILQ_FIRST(&sa->exchanges);
	const struct child *child = TAILQ_FIRST(&sa->peer->children);
	const struct child_sa *pair = child ? pair_active(child) : NULL;
	struct msg_header h = { .spi_i = sa->spi_i, .spi_r = sa->spi_r };
	uint8_t data[4], token[SA_TOKEN_MAX];
	struct writer w = writer_of(data, sizeof(data));
	struct builder b;

	if (ex && ex->sent) {
		for (size_t i = 0; i < sizeof(token); i++)
			token[i] = rng_next(r);
		h.exchange = ex->exchange;
		h.id = ex->id;
		h.flags = MSG_RESPONSE | (sa->initiator ? 0 : MSG_INITIATOR);
		build_begin(&b, msg, cap, &h);
		build_notify(&b, NOTIFY_INVALID_IKE_SPI, 0, 0, 0, NULL, 0);
		if (rng_chance(r, 70))	/* of any length, and none of it known */
			build_notify(&b, NOTIFY_QCD_TOKEN, 0, 0, 0, token,
				     rng_chance(r, 50) ? sa->token_len : rng_below(r, 33));
	} else if (pair) {
		h = (struct msg_header){ .exchange = EXCHANGE_INFORMATIONAL,
					 .flags = MSG_INITIATOR };
		writer_u32(&w, pair->spi_out);
		build_begin(&b, msg, cap, &h);
		build_notify(&b, NOTIFY_INVALID_SPI, 0, 0, 0, data, sizeof(data));
	} else {
		return 0;
	}
	return build_end(&b);
}

void inject_hint(struct node *n)
{
	struct peer *peer = n->ike ? node_peer(n, n->index == HUB ? 0 : HUB) : NULL;
	struct ike_sa *sa = peer ? peer->sa : NULL;
	unsigned int before;
	uint8_t msg[256];
	uint64_t digest;
	size_t len;

	if (!sa || sa->state != SA_ESTABLISHED || n->hostile)
		return;
	len = hint_make(sa, &n->w->script, msg, sizeof(msg));
	if (!len)
		return;
	before = hint_exchanges(n);
	digest = hint_digest(n);
	trace(n->w, "%c: a forged hint", 'A' + n->index);
	for (int i = 0; i < 20; i++)
		ike_input(n->ike, &sa->local, &sa->remote, msg, len);
	if (hint_digest(n) != digest)
		violate(n->w, "a forged hint has changed what is established at %c",
			'A' + n->index);
	if (hint_exchanges(n) > before + 1)
		violate(n->w, "forged hints make %c begin %u exchanges", 'A' + n->index,
			hint_exchanges(n) - before);
}
