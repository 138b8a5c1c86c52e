/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses for peers that ask for one, RFC 7296 2.19. A lease binds an address to an identity. It
 * is held by one peer at a time; given back, it stays the identity's as long as nobody needs the
 * address more: others get it after POOL_GRACE_MS, when no address is left that nobody has had.
 * The outer world keeps what is bound to whom (env.lease), so that it survives the daemon.
 *
 * A lease takes about 400 octets; a pool has at most POOL_LEASES_MAX of them.
 */
#ifndef IKE_POOL_H
#define IKE_POOL_H

#include "ike/core/engine.h"
#include "lib/hash.h"

#define POOL_GRACE_MS	300000	/* nobody else gets an address so soon after its peer's end */
#define POOL_LEASES_MAX	65536
#define POOL_BUCKETS	1024	/* identities are found by */

TAILQ_HEAD(lease_list, lease);

struct lease {
	TAILQ_ENTRY(lease) by_id;	/* in pool->bucket[] */
	TAILQ_ENTRY(lease) ended;	/* in pool->ended[], while nobody holds it */
	UT_hash_handle by_addr;
	struct pool *pool;
	struct addr addr;
	struct ike_id id;
	uint32_t peer;			/* who holds it; 0: nobody */
	bool stale;			/* not of the pool any more: goes when it is given back */
	uint64_t free_ms;		/* given back: others may have it from then on */
};

struct pool {
	TAILQ_ENTRY(pool) link;		/* in ike->pools */
	struct ike *ike;
	struct pool_conf *conf;
	struct lease *leases;		/* by address (uthash) */
	unsigned int lease_count;
	struct lease_list bucket[POOL_BUCKETS];
	/* By family, lib/addr.h. */
	struct lease_list ended[ADDR_FAMILIES];	/* the first given back first */
	struct pool_fresh {
		unsigned int range;
		struct addr next;	/* family 0: the first of the range */
	} fresh[ADDR_FAMILIES];		/* behind what was given for the first time */
};

struct pool *pool_find(const struct ike *ike, const char *name);
/* Makes or changes it. What it had leased and has no more goes. -ENOMEM */
int pool_set(struct ike *ike, const struct pool_conf *conf);
/* As pool_free(), and the outer world forgets them too. */
void pool_forget(struct pool *pool);
/* With all leases: no peer may know one any more. */
void pool_free(struct pool *pool);

/*
 * An address of that family for @peer, whose identity is @id, in this order: what the peer holds
 * already; what is reserved for the identity; @wanted (NULL: none), if it is bound to it; another
 * one that is; one that nobody has had; the one that was given back first, after its grace. NULL:
 * none is left.
 */
struct lease *pool_take(struct pool *pool, unsigned int family, const struct ike_id *id,
			uint32_t peer, const struct addr *wanted);
/*
 * @addr for @peer, because somebody says so who may. NULL: the pool has it not, keeps it for
 * another identity, or another peer holds it.
 */
struct lease *pool_assign(struct pool *pool, const struct ike_id *id, uint32_t peer,
			  const struct addr *addr);
void pool_give_back(struct lease *lease);
/* Has the pool addresses of that family at all? */
bool pool_has_family(const struct pool_conf *conf, unsigned int family);
/*
 * Bound before the daemon began; nobody holds it. -EINVAL: the pool has no such address for this
 * identity; -EEXIST: it is bound; -ENOMEM
 */
int pool_restore(struct pool *pool, const struct ike_id *id, const struct addr *addr);

#endif
