// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/block.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/hash.h"
#include "lib/log.h"

/* All of its octets count. */
struct block_key {
	uint32_t table;
	struct prefix dst;
	uint8_t zero[2];
};

_Static_assert(sizeof(struct block_key) == 24, "no octet is left to chance");

struct block {
	UT_hash_handle hh;
	struct block_key key;
	unsigned int refs;
};

struct blocks {
	struct nl_sock *sk;
	struct block *list;
	uint32_t metric[2];	/* of the routes: IPv4, IPv6 */
	bool keep;		/* the routes stay */
};

struct blocks *block_new(struct nl_sock *sk)
{
	struct blocks *blocks = calloc(1, sizeof(*blocks));

	if (!blocks)
		return NULL;
	blocks->sk = sk;
	block_raise(blocks, 0);
	return blocks;
}

void block_free(struct blocks *blocks)
{
	struct block *block, *next;

	if (!blocks)
		return;
	HASH_ITER(hh, blocks->list, block, next) {
		HASH_DEL(blocks->list, block);
		free(block);
	}
	free(blocks);
}

static uint32_t block_metric(const struct blocks *blocks, uint8_t family)
{
	return blocks->metric[family == AF_INET6];
}

static struct route block_route(const struct blocks *blocks, const struct block *block)
{
	return (struct route){
		.dst = block->key.dst, .table = block->key.table, .unreachable = true,
		.metric = block_metric(blocks, block->key.dst.addr.family),
	};
}

static bool block_is_ours(const struct route *route)
{
	return route->unreachable && route->protocol == ROUTE_PROTOCOL;
}

static int block_lay(struct blocks *blocks, const struct block *block, char *why)
{
	struct route route = block_route(blocks, block), there;
	int rc = route_add(blocks->sk, &route, false, why);
	char text[PREFIX_STRLEN];

	if (rc != -EEXIST)
		return rc;
	if (route_find(blocks->sk, &route, &there) && block_is_ours(&there))
		return 0;
	snprintf(why, NLTALK_WHY_MAX,
		 "%s cannot be blocked: there is a route to it already with metric %u: remove it, "
		 "or give the tunnel another metric (option metric)",
		 prefix_str(&route.dst, text), route.metric);
	return rc;
}

void block_raise(struct blocks *blocks, uint32_t metric)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	char why[NLTALK_WHY_MAX];

	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		uint32_t least = route_metric(families[f], metric);

		if (least < blocks->metric[f] || least == UINT32_MAX)
			continue;
		for (const struct block *block = blocks->list; block; block = block->hh.next) {
			struct route old = block_route(blocks, block), fresh = old;

			fresh.metric = least + 1;
			if (old.dst.addr.family == families[f] &&
			    !route_add(blocks->sk, &fresh, false, why))
				route_del(blocks->sk, &old, why);
		}
		blocks->metric[f] = least + 1;
	}
}

static struct block *block_find(const struct blocks *blocks, uint32_t table,
				const struct prefix *dst)
{
	const struct block_key key = { .table = table, .dst = *dst };
	struct block *block;

	HASH_FIND(hh, blocks->list, &key, sizeof(key), block);
	return block;
}

static int block_new_hold(struct blocks *blocks, uint32_t table, const struct prefix *dst,
			  char *why)
{
	struct block *block = calloc(1, sizeof(*block));
	int rc;

	snprintf(why, NLTALK_WHY_MAX, "no memory");
	if (!block)
		return -ENOMEM;
	block->key = (struct block_key){ .table = table, .dst = *dst };
	block->refs = 1;
	HASH_ADD(hh, blocks->list, key, sizeof(block->key), block);
	if (!hash_added(hh, block)) {
		free(block);
		return -ENOMEM;
	}
	rc = block_lay(blocks, block, why);
	if (rc) {
		HASH_DEL(blocks->list, block);
		free(block);
	}
	return rc;
}

int block_hold(struct blocks *blocks, uint32_t table, const struct prefix *dst, char *why)
{
	struct block *block = block_find(blocks, table, dst);

	if (!block)
		return block_new_hold(blocks, table, dst, why);
	block->refs++;
	return 0;
}

void block_drop(struct blocks *blocks, uint32_t table, const struct prefix *dst)
{
	struct block *block = block_find(blocks, table, dst);
	char why[NLTALK_WHY_MAX];
	struct route route;

	if (!block || --block->refs)
		return;
	route = block_route(blocks, block);
	if (!blocks->keep)
		route_del(blocks->sk, &route, why);
	HASH_DEL(blocks->list, block);
	free(block);
}

void block_keep(struct blocks *blocks)
{
	blocks->keep = true;
}

bool block_has(const struct blocks *blocks, const struct route *route)
{
	return block_is_ours(route) && block_find(blocks, route->table, &route->dst) &&
	       route->metric == block_metric(blocks, route->dst.addr.family);
}

void block_mend(struct blocks *blocks)
{
	char why[NLTALK_WHY_MAX], text[PREFIX_STRLEN];

	for (const struct block *block = blocks->list; block; block = block->hh.next) {
		struct route route = block_route(blocks, block);
		int rc = route_add(blocks->sk, &route, false, why);

		if (!rc)
			log_notice("%s is blocked again", prefix_str(&route.dst, text));
		else if (rc != -EEXIST)
			log_warn("%s cannot be blocked: %s", prefix_str(&route.dst, text), why);
	}
}
