// SPDX-License-Identifier: GPL-2.0
/* What there is, for people: ike.h. */
#include "ike/ike.h"
#include "ike/object/child.h"
#include "ike/object/child_sa.h"
#include "ike/object/ike_sa.h"
#include "ike/object/peer.h"
#include "ike/object/pool.h"
#include "ike/object/tunnel.h"

uint32_t ike_tunnel_next(const struct ike *ike, uint32_t after)
{
	const struct tunnel *t;

	TAILQ_FOREACH(t, &ike->tunnels, link)
		if (t->id > after)
			return t->id;
	return 0;
}

uint32_t ike_peer_next(const struct ike *ike, uint32_t tunnel, uint32_t after)
{
	const struct tunnel *t = tunnel_find(ike, tunnel);
	const struct peer *peer = peer_find(ike, after);

	if (peer && peer->tunnel == t) {	/* of thousands: the list is in the order of ids */
		peer = TAILQ_NEXT(peer, link);
		return peer ? peer->id : 0;
	}
	if (!t)
		return 0;
	TAILQ_FOREACH(peer, &t->peers, link)
		if (peer->id > after)
			return peer->id;
	return 0;
}

uint32_t ike_child_next(const struct ike *ike, uint32_t id, uint32_t after)
{
	const struct peer *peer = peer_find(ike, id);
	const struct child *child;

	if (!peer)
		return 0;
	TAILQ_FOREACH(child, &peer->children, link)
		if (child->id > after && !child->left)
			return child->id;
	return 0;
}

const struct tunnel_conf *ike_tunnel_conf(const struct ike *ike, uint32_t tunnel)
{
	const struct tunnel *t = tunnel_find(ike, tunnel);

	return t ? t->conf : NULL;
}

static bool query_is_closing(const struct peer *peer)
{
	const struct ike_sa *sa;

	TAILQ_FOREACH(sa, &peer->ike->sas, link)
		if (sa->peer == peer && sa->state == SA_CLOSING)
			return true;
	return false;
}

static void query_sa(const struct ike_sa *sa, struct ike_peer_status *st)
{
	st->local = sa->local;
	st->remote = sa->remote;
	st->spi_i = sa->spi_i;
	st->spi_r = sa->spi_r;
	st->initiator = sa->initiator;
	st->nat_local = sa->nat_local;
	st->nat_remote = sa->nat_remote;
	st->udp = sa->udp;
	st->mobike = sa->mobike.on;
	st->established_ms = sa->established_ms;
	if (sa->suite.count)
		suite_str(&sa->suite, st->ike_suite);
	if (sa->local_id.type)
		ike_id_str(&sa->local_id, st->local_id, sizeof(st->local_id));
	if (sa->remote_id.type)
		ike_id_str(&sa->remote_id, st->remote_id, sizeof(st->remote_id));
}

/* Who has asked the other for an address. */
static void query_internal(const struct peer *peer, struct ike_peer_status *st)
{
	const struct pool *pool = NULL;

	for (unsigned int f = 0; f < ADDR_FAMILIES; f++) {
		if (!peer->lease[f])
			continue;
		st->inner_remote[f] = peer->lease[f]->addr;
		pool = peer->lease[f]->pool;
	}
	st->net = pool ? &pool->conf->net : NULL;
	if (peer->state != PEER_UP || !peer->given)
		return;
	memcpy(st->inner_local, peer->given->addr, sizeof(st->inner_local));
	st->net = &peer->given->net;
}

bool ike_peer_is_up(const struct ike *ike, uint32_t id)
{
	const struct peer *peer = peer_find(ike, id);

	return peer && peer->state == PEER_UP;
}

bool ike_peer_status(const struct ike *ike, uint32_t id, struct ike_peer_status *st)
{
	const struct peer *peer = peer_find(ike, id);
	const struct tunnel_conf *conf;

	memset(st, 0, sizeof(*st));
	if (!peer)
		return false;
	conf = peer->tunnel->conf;
	st->id = peer->id;
	st->tunnel = peer->tunnel->id;
	st->state = peer->state == PEER_DOWN && query_is_closing(peer) ? PEER_CLOSING :
									  peer->state;
	st->wanted = peer->intent == INTENT_UP;
	st->held_down = peer->intent == INTENT_DOWN;
	st->on_demand = peer->demand;
	st->local.addr = conf->local;
	if (peer_towards(peer))
		st->remote.addr = *peer_towards(peer);
	if (conf->local_id.type)
		ike_id_str(&conf->local_id, st->local_id, sizeof(st->local_id));
	if (conf->remote_id.type || peer->remote_id.type)
		ike_id_str(conf->remote_id.type ? &conf->remote_id : &peer->remote_id,
			   st->remote_id, sizeof(st->remote_id));
	query_internal(peer, st);
	st->up_ms = peer->up_ms;
	st->retry_ms = timer_armed(&peer->retry) ? peer->retry.at : 0;
	st->failures = peer->failures;
	st->failure = peer->cause.failure;
	if (peer->cause.text)
		snprintf(st->detail, sizeof(st->detail), "%s", peer->cause.text);
	if (peer->sa || peer->attempt)
		query_sa(peer->sa ? peer->sa : peer->attempt, st);
	return true;
}

bool ike_child_status(const struct ike *ike, uint32_t id, struct ike_child_status *st)
{
	const struct child *child = child_find(ike, id);
	const struct child_sa *pair;

	memset(st, 0, sizeof(*st));
	if (!child || child->left)
		return false;
	st->id = child->id;
	st->peer = child->peer->id;
	st->tunnel = child->peer->tunnel->id;
	st->conf = child->conf;
	st->state = child->state;
	st->up_ms = child->up_ms;
	st->rekeys = child->rekeys;
	st->local_ts = child->waits ? NULL : child->local_ts;
	st->remote_ts = child->waits ? NULL : child->remote_ts;
	st->waits = child->waits;
	st->narrowed = child->state == CHILD_UP && child_is_narrowed(child);
	st->failure = child->cause.failure;
	if (child->cause.text)
		snprintf(st->detail, sizeof(st->detail), "%s", child->cause.text);
	pair = pair_active(child);
	if (!pair)
		return true;
	suite_str(&pair->suite, st->esp_suite);
	st->rekey_ms = pair->rekey_at_ms;
	st->spi_in = pair->spi_in;
	st->spi_out = pair->spi_out;
	return true;
}

const char *ike_pool_next(const struct ike *ike, const char *after)
{
	const struct pool *pool = after[0] ? pool_find(ike, after) : NULL;

	pool = pool ? TAILQ_NEXT(pool, link) : after[0] ? NULL : TAILQ_FIRST(&ike->pools);
	return pool ? pool->conf->name : NULL;
}

unsigned int ike_leases(const struct ike *ike, ike_lease_fn fn, void *ctx)
{
	struct ike_lease_status st;
	const struct pool *pool;
	struct lease *lease, *next;
	unsigned int count = 0;

	TAILQ_FOREACH(pool, &ike->pools, link) {
		HASH_ITER(by_addr, pool->leases, lease, next) {
			st = (struct ike_lease_status){
				.pool = pool->conf->name, .addr = &lease->addr, .peer = lease->peer,
				.free_ms = lease->peer ? 0 : lease->free_ms,
			};
			ike_id_str(&lease->id, st.id, sizeof(st.id));
			fn(ctx, &st);
			count++;
		}
	}
	return count;
}

static void query_pair_keys(const struct child_sa *pair, const struct ike_keys_to *to)
{
	const struct transform *encr = suite_find(&pair->suite, TRANSFORM_ENCR);
	const struct child *child = pair->child;

	if (!pair_has_keys(pair))	/* export was not allowed when it was made */
		return;
	for (int out = 0; out < 2; out++) {
		const struct kern_sa sa = pair_kern_sa(pair, out);
		const struct ike_esp_keys keys = {
			.source = out ? &child->local.addr : &child->remote.addr,
			.destination = out ? &child->remote.addr : &child->local.addr,
			.key_bits = encr->key_bits, .sa = &sa,
		};

		to->esp(to->ctx, &keys);
	}
}

static void query_sa_keys(const struct ike_sa *sa, const struct ike_keys_to *to)
{
	const struct ike_sa_keys keys = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r,
		.initiator = sa->initiator ? &sa->sk_out : &sa->sk_in,
		.responder = sa->initiator ? &sa->sk_in : &sa->sk_out,
	};

	to->ike(to->ctx, &keys);
}

int ike_keys(const struct ike *ike, uint32_t id, const struct ike_keys_to *to)
{
	const struct tunnel *t = tunnel_find(ike, id);
	const struct child_sa *pair;
	const struct child *child;
	const struct peer *peer;
	const struct ike_sa *sa;

	if (!t)
		return -ENOENT;
	if (!t->conf->export_keys)
		return -EACCES;
	TAILQ_FOREACH(sa, &ike->sas, link)
		if (sa->peer && sa->peer->tunnel == t && sa->keyed && !sa->hidden)
			query_sa_keys(sa, to);
	TAILQ_FOREACH(peer, &t->peers, link)
		TAILQ_FOREACH(child, &peer->children, link)
			TAILQ_FOREACH(pair, &child->pairs, link)
				if (pair->in_kernel)
					query_pair_keys(pair, to);
	return 0;
}
