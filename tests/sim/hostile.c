// SPDX-License-Identifier: GPL-2.0
/*
 * A peer that has the right secret and means ill: an engine whose messages are altered before they
 * are sealed, with requests of its own between them that make no sense, contradict each other, come
 * twice, or rekey without an end. What it makes of its own state is its own affair; the other end
 * has to keep to all rules.
 */
#include "sim/sim.h"

#include <assert.h>

#include "ike/exchange/inbound.h"
#include "ike/object/touch.h"
#include "ike/settle.h"
#include "ike/v2/offer.h"
#include "ike/v2/v2.h"
#include "lib/array.h"

#define ROWS_MAX	128
#define KINDS_MAX	32
#define PIECES_MOST	6
#define DELETES_MOST	70

static struct world *hostile_world;	/* in which messages are altered */

static struct node *node_of(const struct ike_sa *sa)
{
	return sa->ike->env.ctx;
}

static struct rng *chance_of(const struct node *n)
{
	return &n->w->net;
}

/* ---- before it is sealed */

/* Is it the key of an IKE SA of the hostile node, whose messages are altered? */
static bool hostile_key(const struct world *w, const struct sk *sk)
{
	const struct ike_sa *sa;

	for (int i = 0; i < w->nodes; i++) {
		if (!w->n[i].hostile || !w->n[i].ike)
			continue;
		TAILQ_FOREACH(sa, &w->n[i].ike->sas, link)
			if (&sa->sk_out == sk)	/* whom it claims to be is not altered for many */
				return sa->state >= SA_ESTABLISHED || !w->any;
	}
	return false;
}

void hostile_alter(const struct sk *sk, uint8_t *plain, size_t len)
{
	struct world *w = hostile_world;
	struct rng *r;

	if (!w || w->calm || !len || !hostile_key(w, sk))
		return;
	r = &w->net;
	if (!rng_chance(r, w->alter))
		return;
	for (uint64_t i = 0, count = 1 + rng_below(r, 3); i < count; i++) {
		uint8_t *p = &plain[rng_below(r, len)];

		*p ^= rng_chance(r, 50) ? UINT64_C(1) << rng_below(r, 8) : rng_next(r);
	}
}

/* ---- payloads */

static uint32_t some_spi(struct node *n, const struct ike_sa *sa)
{
	struct rng *r = chance_of(n);
	const struct child_sa *pair;
	const struct child *child;

	TAILQ_FOREACH(child, &sa->peer->children, link)
		TAILQ_FOREACH(pair, &child->pairs, link)
			if (rng_chance(r, 60))
				return rng_chance(r, 80) ? pair->spi_in : pair->spi_out;
	return rng_chance(r, 10) ? 0 : rng_next(r) >> 32;
}

static void some_octets(struct node *n, uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = rng_next(chance_of(n));
}

static void piece_notify(struct node *n, struct ike_sa *sa, struct builder *b)
{
	static const uint16_t known[] = {
		NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD, NOTIFY_INVALID_SYNTAX,
		NOTIFY_NO_PROPOSAL_CHOSEN, NOTIFY_INVALID_KE_PAYLOAD,
		NOTIFY_AUTHENTICATION_FAILED, NOTIFY_NO_ADDITIONAL_SAS, NOTIFY_TS_UNACCEPTABLE,
		NOTIFY_TEMPORARY_FAILURE, NOTIFY_CHILD_SA_NOT_FOUND, NOTIFY_INITIAL_CONTACT,
		NOTIFY_COOKIE, NOTIFY_REKEY_SA, NOTIFY_ADDITIONAL_IP4_ADDRESS,
		NOTIFY_NO_ADDITIONAL_ADDRESSES, NOTIFY_UPDATE_SA_ADDRESSES, NOTIFY_COOKIE2,
		NOTIFY_NO_NATS_ALLOWED, NOTIFY_UNACCEPTABLE_ADDRESSES,
		NOTIFY_UNEXPECTED_NAT_DETECTED, NOTIFY_ADDITIONAL_KEY_EXCHANGE,
		NOTIFY_STATE_NOT_FOUND,
	};
	static const uint8_t lengths[] = { 0, 4, 8 };
	struct rng *r = chance_of(n);
	uint16_t type = rng_chance(r, 80) ? known[rng_below(r, ARRAY_SIZE(known))] :
					    (uint16_t)rng_next(r);
	uint8_t data[40];
	size_t len = rng_below(r, sizeof(data));

	some_octets(n, data, len);
	build_notify(b, type, rng_below(r, 4), some_spi(n, sa), lengths[rng_below(r, 3)], data,
		     len);
}

static void piece_delete(struct node *n, struct ike_sa *sa, struct builder *b)
{
	struct rng *r = chance_of(n);
	uint32_t spi[DELETES_MOST];
	size_t count = 1 + (rng_chance(r, 20) ? rng_below(r, DELETES_MOST) : rng_below(r, 3));

	if (rng_chance(r, 5)) {
		build_delete(b, PROTO_IKE, NULL, 0);
		return;
	}
	for (size_t i = 0; i < count; i++)
		spi[i] = i && rng_chance(r, 30) ? spi[0] : some_spi(n, sa);
	build_delete(b, rng_chance(r, 90) ? PROTO_ESP : PROTO_IKE + 1, spi, count);
}

static void piece_nonce(struct node *n, struct ike_sa *sa, struct builder *b)
{
	uint8_t nonce[SA_NONCE_MAX];
	size_t len = rng_chance(chance_of(n), 80) ? IKE_NONCE_LEN :
						    rng_below(chance_of(n), sizeof(nonce) + 1);

	some_octets(n, nonce, len);
	build_nonce(b, nonce, len);
}

static void piece_ke(struct node *n, struct ike_sa *sa, struct builder *b)
{
	uint16_t group = suite_group(&sa->suite);
	uint8_t value[KE_PUBLIC_MAX];
	size_t len = rng_chance(chance_of(n), 80) ? ke_public_len(group) :
						    rng_below(chance_of(n), sizeof(value));

	some_octets(n, value, len);
	build_ke(b, group, value, len);
}

static void piece_ts(struct node *n, struct ike_sa *sa, struct builder *b)
{
	const struct child_conf *conf = &n->child[rng_below(chance_of(n), n->w->children)];
	bool mine = rng_chance(chance_of(n), 80);

	build_ts(b, PAYLOAD_TSI, (mine ? conf->local_ts : conf->remote_ts)->ts, 1);
	build_ts(b, PAYLOAD_TSR, (mine ? conf->remote_ts : conf->local_ts)->ts, 1);
}

static void piece_sa(struct node *n, struct ike_sa *sa, struct builder *b)
{
	const struct child_conf *conf = &n->child[rng_below(chance_of(n), n->w->children)];

	offer_build(b, &conf->esp, rng_chance(chance_of(n), 50), some_spi(n, sa));
}

static void piece_raw(struct node *n, struct ike_sa *sa, struct builder *b)
{
	uint8_t body[64];
	size_t len = rng_below(chance_of(n), sizeof(body));

	some_octets(n, body, len);
	build_payload(b, 30 + rng_below(chance_of(n), 30));
	writer_bytes(&b->w, body, len);
	build_payload_end(b);
}

static void fill_any(struct node *n, struct ike_sa *sa, struct builder *b)
{
	static void (*const pieces[])(struct node *n, struct ike_sa *sa, struct builder *b) = {
		piece_notify, piece_notify, piece_delete, piece_delete, piece_nonce, piece_ke,
		piece_ts, piece_sa, piece_raw,
	};

	for (uint64_t i = rng_below(chance_of(n), PIECES_MOST + 1); i; i--)
		pieces[rng_below(chance_of(n), ARRAY_SIZE(pieces))](n, sa, b);
}

static void fill_delete(struct node *n, struct ike_sa *sa, struct builder *b)
{
	piece_delete(n, sa, b);
}

static void fill_ke(struct node *n, struct builder *b, uint16_t group)
{
	struct ke *ke = group ? ke_new(group, n->ike->env.random, n) : NULL;
	const uint8_t *public;
	size_t len;

	if (!ke)
		return;
	public = ke_public(ke, &len);
	build_ke(b, group, public, len);
	ke_free(ke);
}

/* A sound request for a CHILD_SA, as often as not the rekey of one that was rekeyed before. */
static void fill_child(struct node *n, struct ike_sa *sa, struct builder *b)
{
	struct rng *r = chance_of(n);
	const struct child_conf *conf = &n->child[rng_below(r, n->w->children)];
	struct proposals one = { .count = 1, .p = { conf->esp.p[0] } };
	uint8_t nonce[IKE_NONCE_LEN];

	if (rng_chance(r, 70))
		build_notify(b, NOTIFY_REKEY_SA, PROTO_ESP, some_spi(n, sa), 4, NULL, 0);
	offer_build(b, &one, true, some_spi(n, sa));
	some_octets(n, nonce, sizeof(nonce));
	build_nonce(b, nonce, sizeof(nonce));
	fill_ke(n, b, offer_group(&one.p[0]));
	build_ts(b, PAYLOAD_TSI, conf->local_ts->ts, conf->local_ts->count);
	build_ts(b, PAYLOAD_TSR, conf->remote_ts->ts, conf->remote_ts->count);
}

/* A sound rekey of the IKE SA, after which the old one is used as before. */
static void fill_ike(struct node *n, struct ike_sa *sa, struct builder *b)
{
	struct proposals list = { .count = 1, .p = { suite_proposal(&sa->suite) } };
	struct msg_offer offer = { .number = 1, .spi_len = 8, .spi = rng_next(chance_of(n)) };
	uint8_t nonce[IKE_NONCE_LEN];

	build_sa(b, &list, &offer);
	some_octets(n, nonce, sizeof(nonce));
	build_nonce(b, nonce, sizeof(nonce));
	fill_ke(n, b, suite_group(&sa->suite));
}

/* Key exchanges that nobody has asked for, or not so. */
static void fill_further(struct node *n, struct ike_sa *sa, struct builder *b)
{
	piece_ke(n, sa, b);
	piece_notify(n, sa, b);
}

static void fill(struct node *n, struct ike_sa *sa, struct builder *b, uint8_t exchange)
{
	bool child = exchange == EXCHANGE_CREATE_CHILD_SA;
	uint64_t dice = rng_below(chance_of(n), 100);

	if (exchange >= EXCHANGE_IKE_INTERMEDIATE && dice < 80)
		fill_further(n, sa, b);
	else if (child && dice < 60)
		fill_child(n, sa, b);
	else if (child && dice < 70)
		fill_ike(n, sa, b);
	else if (!child && dice < 40)
		fill_delete(n, sa, b);
	else
		fill_any(n, sa, b);
}

/* ---- requests in their turn */

static bool wanted(const struct ike_sa *sa, enum malice malice)
{
	return node_of(sa)->malice == malice && sa->peer && sa->peer->sa == sa;
}

static bool malice_child_wanted(const struct ike_sa *sa)
{
	return wanted(sa, MALICE_CHILD) || wanted(sa, MALICE_IKE);
}

static bool malice_info_wanted(const struct ike_sa *sa)
{
	return wanted(sa, MALICE_INFO);
}

static enum built malice_build(struct exchange *ex, struct cause *cause)
{
	struct node *n = node_of(ex->sa);
	struct builder b;

	v2_request_begin(ex, &b);
	if (n->malice == MALICE_IKE)
		fill_ike(n, ex->sa, &b);
	else
		fill(n, ex->sa, &b, ex->exchange);
	n->malice = MALICE_NONE;
	return v2_request_end(ex, &b, cause);
}

static const struct exchange_kind hostile_kind_child = {
	.name = "malice",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_CREATE_CHILD_SA,
	.about_child = true,
	.wanted = malice_child_wanted,
	.build = malice_build,
};

static const struct exchange_kind hostile_kind_info = {
	.name = "malice",
	.state = SA_ESTABLISHED,
	.exchange = EXCHANGE_INFORMATIONAL,
	.wanted = malice_info_wanted,
	.build = malice_build,
};

/* ---- messages out of turn */

/* Sealed, as if from an address that it has not where @lies. */
static void send_as(struct node *n, struct ike_sa *sa, struct builder *b, bool lies)
{
	size_t len = build_sk_end(b, sk_sealed_len(&sa->sk_out, build_sk_plain(b)));
	struct endpoint from = sa->local;

	if (lies)
		addr_parse(&from.addr, THIEF);
	if (len && sk_seal(&sa->sk_out, b->w.buf, b->sk_body, b->sk_plain))
		net_send(n, &from, &sa->remote, 0, b->w.buf, len);
}

/* It says that it has moved to somebody else's address, and answers what it has not seen asked. */
static void lie(struct node *n, struct ike_sa *sa)
{
	struct msg_header h = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = EXCHANGE_INFORMATIONAL,
		.flags = sa->initiator ? MSG_INITIATOR : 0, .id = sa->next_out,
	};
	uint8_t msg[IKE_OUT_MAX], cookie[16];
	struct builder b;

	build_begin(&b, msg, sizeof(msg), &h);
	build_sk_begin(&b, sk_iv_len(&sa->sk_out));
	build_notify(&b, NOTIFY_UPDATE_SA_ADDRESSES, 0, 0, 0, NULL, 0);
	send_as(n, sa, &b, true);
	sa->next_out++;
	world_run(n->w, n->w->now + rng_below(chance_of(n), 200));
	h.flags |= MSG_RESPONSE;
	h.id = sa->next_in;
	build_begin(&b, msg, sizeof(msg), &h);
	build_sk_begin(&b, sk_iv_len(&sa->sk_out));
	some_octets(n, cookie, sizeof(cookie));
	build_notify(&b, NOTIFY_COOKIE2, 0, 0, 0, cookie, sizeof(cookie));
	send_as(n, sa, &b, true);
}

static void shout(struct node *n, struct ike_sa *sa)
{
	static const uint8_t exchanges[] = {
		EXCHANGE_IKE_AUTH, EXCHANGE_CREATE_CHILD_SA, EXCHANGE_CREATE_CHILD_SA,
		EXCHANGE_INFORMATIONAL, EXCHANGE_INFORMATIONAL, EXCHANGE_IKE_INTERMEDIATE,
		EXCHANGE_IKE_FOLLOWUP_KE, EXCHANGE_IKE_FOLLOWUP_KE, 99,
	};
	struct rng *r = chance_of(n);
	struct msg_header h = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r,
		.exchange = exchanges[rng_below(r, ARRAY_SIZE(exchanges))],
		.flags = (sa->initiator ? MSG_INITIATOR : 0) |
			 (rng_chance(r, 40) ? MSG_RESPONSE : 0),
	};
	uint8_t msg[IKE_OUT_MAX];
	struct builder b;

	/* an answer in place of the true one, before or after it */
	h.id = h.flags & MSG_RESPONSE ? sa->next_in - 1 + rng_below(r, 2) :
					sa->next_out - 2 + rng_below(r, 4);
	build_begin(&b, msg, sizeof(msg), &h);
	build_sk_begin(&b, sk_iv_len(&sa->sk_out));
	fill(n, sa, &b, h.exchange);
	/* its header says what it likes */
	send_as(n, sa, &b, sa->mobike.on && rng_chance(r, 30));
}

/* One fragment of what @chain has, sealed by itself. */
static void shout_fragment(struct node *n, struct ike_sa *sa, const struct msg_header *h,
			   uint16_t number, uint16_t total, uint8_t first, struct chunk piece)
{
	uint8_t msg[IKE_OUT_MAX];
	struct builder b;
	size_t len;

	build_begin(&b, msg, sizeof(msg), h);
	build_skf_begin(&b, number, total, first, sk_iv_len(&sa->sk_out));
	writer_bytes(&b.w, piece.p, piece.len);
	len = build_sk_end(&b, sk_sealed_len(&sa->sk_out, piece.len));
	if (len && sk_seal(&sa->sk_out, msg, b.sk_body, b.sk_plain))
		net_send(n, &sa->local, &sa->remote, 0, msg, len);
}

/* Fragments that are missing, come twice, contradict each other, or are more than anybody needs. */
static void shout_fragments(struct node *n, struct ike_sa *sa)
{
	struct rng *r = chance_of(n);
	struct msg_header h = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .id = sa->next_out + rng_chance(r, 10),
		.exchange = rng_chance(r, 50) ? EXCHANGE_INFORMATIONAL : EXCHANGE_CREATE_CHILD_SA,
		.flags = sa->initiator ? MSG_INITIATOR : 0,
	};
	uint16_t total = rng_chance(r, 90) ? 1 + rng_below(r, 6) : 1 + rng_below(r, 10000);
	uint8_t chain[IKE_OUT_MAX];
	struct builder b;
	size_t room;

	build_begin(&b, chain, sizeof(chain), &h);
	build_sk_begin(&b, 0);
	fill(n, sa, &b, h.exchange);
	room = build_sk_plain(&b) / total + 1;
	for (unsigned int i = 0; i < 8; i++) {
		uint16_t number = rng_chance(r, 95) ? 1 + (i + rng_below(r, 2)) % total :
						      rng_below(r, 65536);
		size_t at = (number - 1U) * room, left = build_sk_plain(&b);

		left = at < left ? left - at : 0;
		shout_fragment(n, sa, &h, number, rng_chance(r, 90) ? total : total + 1,
			       chain[b.sk_at],
			       (struct chunk){ chain + b.sk_body + (left ? at : 0),
					       left < room ? left : room });
	}
}

void hostile_act(struct node *n)
{
	struct peer *peer = node_peer(n, HUB);
	struct rng *r = chance_of(n);

	if (!peer || !peer->sa)
		return;
	if (peer->sa->mobike.on && rng_chance(r, 5)) {
		lie(n, peer->sa);
		return;
	}
	if (rng_chance(r, 30)) {
		shout(n, peer->sa);
		return;
	}
	if (rng_chance(r, 10)) {
		shout_fragments(n, peer->sa);
		return;
	}
	/* its answer to a request of before comes when the IKE SA has been replaced */
	if (rng_chance(r, 5)) {
		ike_probe(n->w->n[HUB].ike);
		n->malice = MALICE_IKE;
	} else {
		n->malice = rng_chance(r, 60) ? MALICE_CHILD : MALICE_INFO;
	}
	sa_touch(peer->sa);
	ike_tick(n->ike);
}

void hostile_begin(struct world *w)
{
	w->n[0].hostile = w->malicious = true;
	w->alter = rng_below(&w->script, 20);
	hostile_world = w;
}

void hostile_end(struct world *w)
{
	w->n[0].hostile = false;
	w->n[0].malice = MALICE_NONE;
	w->hostile_until = w->now;
	for (int i = 0; i < w->nodes; i++)
		w->n[i].excused = w->now;	/* what it has sent is still under way */
	hostile_world = NULL;
}

/* ---- the engine of both */

/* The answers to requests that the engine does not know come to its rows for children. */
static enum verdict refused(struct inbound *in)
{
	return in->ex->kind == &hostile_kind_child ? VERDICT_STAY : v2_child_refused(in);
}

static enum verdict granted(struct inbound *in)
{
	return in->ex->kind == &hostile_kind_child ? VERDICT_STAY : v2_child_response(in);
}

static enum verdict rekeyed(struct inbound *in)
{
	return in->ex->kind == &hostile_kind_child ? VERDICT_STAY : v2_rekey_response(in);
}

struct ike *hostile_engine(const struct ike_env *env)
{
	static const struct exchange_kind *kinds[KINDS_MAX];
	static struct fsm_row rows[ROWS_MAX];
	static struct ike_version version;
	static const struct ike_version *const versions[] = { &version };

	version = ike_version_2;
	assert(version.row_count <= ROWS_MAX && version.kind_count + 2 <= KINDS_MAX);
	memcpy(rows, version.rows, version.row_count * sizeof(*rows));
	version.rows = rows;
	for (unsigned int i = 0; i < version.row_count; i++)
		if (rows[i].handler == v2_child_refused)
			rows[i].handler = refused;
		else if (rows[i].handler == v2_child_response)
			rows[i].handler = granted;
		else if (rows[i].handler == v2_rekey_response)
			rows[i].handler = rekeyed;
	memcpy(kinds, version.kinds, version.kind_count * sizeof(*kinds));
	kinds[version.kind_count++] = &hostile_kind_child;
	kinds[version.kind_count++] = &hostile_kind_info;
	version.kinds = kinds;
	return ike_new_with(env, versions, 1);
}
