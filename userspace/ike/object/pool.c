// SPDX-License-Identifier: GPL-2.0
#include "ike/object/pool.h"

#include <stdlib.h>

/* ---- which addresses there are */

static void pool_addr_step(struct addr *a, int by)
{
	for (size_t i = addr_len(a); i-- > 0;) {
		a->b[i] = (uint8_t)(a->b[i] + by);
		if (a->b[i] != (by > 0 ? 0 : 0xff))
			return;
	}
}

/*
 * The first and last of a range that a host may have: of a prefix neither its network's own address
 * (IPv6: that of its routers, RFC 4291 2.6.1), nor, in IPv4, its broadcast address.
 */
static void pool_range(const struct ts *range, struct addr *first, struct addr *last)
{
	int bits = ts_prefix(range), whole = (int)addr_len(&range->start) * 8;

	*first = range->start;
	*last = range->end;
	if (bits < 0 || bits > whole - 2)
		return;
	pool_addr_step(first, 1);
	if (whole == 32)
		pool_addr_step(last, -1);
}

static bool pool_contains(const struct pool_conf *conf, const struct addr *addr)
{
	struct addr first, last;

	for (unsigned int i = 0; i < conf->range_count; i++) {
		pool_range(&conf->range[i], &first, &last);
		if (first.family == addr->family && addr_cmp(&first, addr) <= 0 &&
		    addr_cmp(addr, &last) <= 0)
			return true;
	}
	return false;
}

bool pool_has_family(const struct pool_conf *conf, unsigned int family)
{
	for (unsigned int i = 0; i < conf->range_count; i++)
		if (addr_index(&conf->range[i].start) == family)
			return true;
	return false;
}

/* For whom an address is reserved; NULL: for nobody. */
static const struct ike_id *pool_reserved_for(const struct pool_conf *conf, const struct addr *addr)
{
	for (unsigned int i = 0; i < conf->static_count; i++)
		if (addr_equal(&conf->statics[i].addr[addr_index(addr)], addr))
			return &conf->statics[i].id;
	return NULL;
}

/* May @id have it? */
static bool pool_allows(const struct pool_conf *conf, const struct addr *addr,
			const struct ike_id *id)
{
	const struct ike_id *owner = pool_reserved_for(conf, addr);

	return pool_contains(conf, addr) && (!owner || ike_id_equal(owner, id));
}

/* ---- leases */

static struct lease_list *pool_bucket(struct pool *pool, const struct ike_id *id)
{
	uint32_t hash = ike_id_hash(id);

	return &pool->bucket[(hash ^ hash >> 16) % POOL_BUCKETS];
}

static struct lease *pool_leased(const struct pool *pool, const struct addr *addr)
{
	struct lease *lease;

	HASH_FIND(by_addr, pool->leases, addr, sizeof(*addr), lease);
	return lease;
}

/* The outer world keeps it. */
static void pool_tell(const struct lease *lease, bool bound)
{
	const struct ike_env *env = &lease->pool->ike->env;

	env->lease(env->ctx, lease->pool->conf->name, &lease->addr, bound ? &lease->id : NULL);
}

static struct lease *pool_lease_new(struct pool *pool, const struct ike_id *id,
				    const struct addr *addr)
{
	struct lease *lease;

	if (pool->lease_count == POOL_LEASES_MAX)
		return NULL;
	lease = calloc(1, sizeof(*lease));
	if (!lease)
		return NULL;
	lease->pool = pool;
	lease->addr = *addr;
	lease->id = *id;
	HASH_ADD(by_addr, pool->leases, addr, sizeof(lease->addr), lease);
	if (!hash_added(by_addr, lease)) {
		free(lease);
		return NULL;
	}
	TAILQ_INSERT_TAIL(pool_bucket(pool, id), lease, by_id);
	pool->lease_count++;
	return lease;
}

/* Nobody holds it: it is in ended[]. */
static void pool_lease_free(struct lease *lease)
{
	struct pool *pool = lease->pool;

	TAILQ_REMOVE(&pool->ended[addr_index(&lease->addr)], lease, ended);
	TAILQ_REMOVE(pool_bucket(pool, &lease->id), lease, by_id);
	HASH_DELETE(by_addr, pool->leases, lease);
	pool->lease_count--;
	free(lease);
}

static struct lease *pool_hold(struct lease *lease, uint32_t peer)
{
	TAILQ_REMOVE(&lease->pool->ended[addr_index(&lease->addr)], lease, ended);
	lease->peer = peer;
	return lease;
}

static void pool_end(struct lease *lease)
{
	struct pool *pool = lease->pool;

	lease->peer = 0;
	lease->free_ms = ike_now(pool->ike) + POOL_GRACE_MS;
	TAILQ_INSERT_TAIL(&pool->ended[addr_index(&lease->addr)], lease, ended);
}

void pool_give_back(struct lease *lease)
{
	pool_end(lease);
	if (!lease->stale)
		return;
	pool_tell(lease, false);
	pool_lease_free(lease);
}

int pool_restore(struct pool *pool, const struct ike_id *id, const struct addr *addr)
{
	struct lease *lease;

	if (!pool_allows(pool->conf, addr, id))
		return -EINVAL;
	if (pool_leased(pool, addr))
		return -EEXIST;
	lease = pool_lease_new(pool, id, addr);
	if (!lease)
		return -ENOMEM;
	pool_end(lease);
	return 0;
}

/* ---- giving them out */

/* Of those bound to @id, the one that @peer holds; else one that nobody holds, @wanted first. */
static struct lease *pool_own(struct pool *pool, unsigned int family, const struct ike_id *id,
			      uint32_t peer, const struct addr *wanted)
{
	struct lease *lease, *own = NULL;

	TAILQ_FOREACH(lease, pool_bucket(pool, id), by_id) {
		if (addr_index(&lease->addr) != family || !ike_id_equal(&lease->id, id) ||
		    lease->stale)
			continue;
		if (lease->peer == peer)
			return lease;
		if (!lease->peer && (!own || (wanted && addr_equal(&lease->addr, wanted))))
			own = lease;
	}
	return own ? pool_hold(own, peer) : NULL;
}

static struct lease *pool_bind(struct pool *pool, const struct ike_id *id, const struct addr *addr,
			       uint32_t peer)
{
	struct lease *lease = pool_lease_new(pool, id, addr);

	if (!lease)
		return NULL;
	lease->peer = peer;
	pool_tell(lease, true);
	return lease;
}

/* What is reserved for @id and nobody has yet. */
static const struct addr *pool_static(const struct pool *pool, unsigned int family,
				      const struct ike_id *id)
{
	const struct pool_conf *conf = pool->conf;

	for (unsigned int i = 0; i < conf->static_count; i++) {
		const struct addr *addr = &conf->statics[i].addr[family];

		if (addr->family && ike_id_equal(&conf->statics[i].id, id) &&
		    !pool_leased(pool, addr))
			return addr;
	}
	return NULL;
}

static bool pool_is_fresh(const struct pool *pool, const struct addr *addr)
{
	return !pool_leased(pool, addr) && !pool_reserved_for(pool->conf, addr);
}

/* The next one that nobody has had: again, until it is leased. False: there is none. */
static bool pool_fresh(struct pool *pool, unsigned int family, struct addr *addr)
{
	const struct pool_conf *conf = pool->conf;
	struct pool_fresh *at = &pool->fresh[family];
	struct addr first, last;

	for (; at->range < conf->range_count; at->range++, at->next = (struct addr){0}) {
		if (addr_index(&conf->range[at->range].start) != family)
			continue;
		pool_range(&conf->range[at->range], &first, &last);
		if (!at->next.family)
			at->next = first;
		while (!pool_is_fresh(pool, &at->next) && !addr_equal(&at->next, &last))
			pool_addr_step(&at->next, 1);
		*addr = at->next;
		if (pool_is_fresh(pool, addr))
			return true;
	}
	return false;
}

/* One that nobody holds is another's from now on. */
static struct lease *pool_hand_over(struct lease *lease, const struct ike_id *id, uint32_t peer)
{
	struct pool *pool = lease->pool;

	TAILQ_REMOVE(pool_bucket(pool, &lease->id), lease, by_id);
	lease->id = *id;
	TAILQ_INSERT_TAIL(pool_bucket(pool, id), lease, by_id);
	pool_hold(lease, peer);
	pool_tell(lease, true);
	return lease;
}

/* The one that was given back first, if its grace is over. */
static struct lease *pool_oldest(struct pool *pool, unsigned int family, const struct ike_id *id,
				 uint32_t peer)
{
	struct lease *lease;

	TAILQ_FOREACH(lease, &pool->ended[family], ended)
		if (!pool_reserved_for(pool->conf, &lease->addr))
			break;
	if (!lease || lease->free_ms > ike_now(pool->ike))
		return NULL;
	return pool_hand_over(lease, id, peer);
}

struct lease *pool_assign(struct pool *pool, const struct ike_id *id, uint32_t peer,
			  const struct addr *addr)
{
	struct lease *lease = pool_leased(pool, addr);

	if (!pool_allows(pool->conf, addr, id))
		return NULL;
	if (!lease)
		return pool_bind(pool, id, addr, peer);
	if (lease->peer)
		return lease->peer == peer ? lease : NULL;
	return ike_id_equal(&lease->id, id) ? pool_hold(lease, peer) :
					      pool_hand_over(lease, id, peer);
}

struct lease *pool_take(struct pool *pool, unsigned int family, const struct ike_id *id,
			uint32_t peer, const struct addr *wanted)
{
	const struct addr *reserved = pool_static(pool, family, id);
	struct lease *lease;
	struct addr fresh;

	lease = reserved ? pool_bind(pool, id, reserved, peer) :
			   pool_own(pool, family, id, peer, wanted);
	if (lease)
		return lease;
	if (pool->lease_count < POOL_LEASES_MAX && pool_fresh(pool, family, &fresh))
		return pool_bind(pool, id, &fresh, peer);
	return pool_oldest(pool, family, id, peer);
}

/* ---- pools */

struct pool *pool_find(const struct ike *ike, const char *name)
{
	struct pool *pool;

	TAILQ_FOREACH(pool, &ike->pools, link)
		if (!strcmp(pool->conf->name, name))
			return pool;
	return NULL;
}

static struct pool *pool_new(struct ike *ike)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->ike = ike;
	for (unsigned int i = 0; i < POOL_BUCKETS; i++)
		TAILQ_INIT(&pool->bucket[i]);
	for (unsigned int f = 0; f < ADDR_FAMILIES; f++)
		TAILQ_INIT(&pool->ended[f]);
	TAILQ_INSERT_TAIL(&ike->pools, pool, link);
	return pool;
}

/* What it has leased by an earlier configuration. */
static void pool_review(struct pool *pool)
{
	struct lease *lease, *next;

	HASH_ITER(by_addr, pool->leases, lease, next) {
		lease->stale = !pool_allows(pool->conf, &lease->addr, &lease->id);
		if (!lease->stale || lease->peer)
			continue;
		pool_tell(lease, false);
		pool_lease_free(lease);
	}
}

int pool_set(struct ike *ike, const struct pool_conf *conf)
{
	struct pool *pool = pool_find(ike, conf->name);
	struct pool_conf *copy = pool_conf_dup(conf);

	if (copy && !pool)
		pool = pool_new(ike);
	if (!copy || !pool) {
		pool_conf_free(copy);
		return -ENOMEM;
	}
	pool_conf_free(pool->conf);
	pool->conf = copy;
	memset(pool->fresh, 0, sizeof(pool->fresh));
	pool_review(pool);
	return 0;
}

void pool_forget(struct pool *pool)
{
	struct lease *lease, *next;

	HASH_ITER(by_addr, pool->leases, lease, next)
		pool_tell(lease, false);
	pool_free(pool);
}

void pool_free(struct pool *pool)
{
	struct lease *lease, *next;

	HASH_ITER(by_addr, pool->leases, lease, next) {
		if (lease->peer)
			pool_end(lease);
		pool_lease_free(lease);
	}
	TAILQ_REMOVE(&pool->ike->pools, pool, link);
	pool_conf_free(pool->conf);
	free(pool);
}
