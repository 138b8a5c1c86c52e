// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/beside.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/conf/check.h"
#include "ike/core/id.h"
#include "lib/hash.h"

/* What can be in common. */
enum beside_kind { BESIDE_NAME = 1, BESIDE_INTERFACE, BESIDE_PEER, BESIDE_ROUTE };

/* Different things may have one key: it only says what is worth a comparison. */
struct beside_row {
	UT_hash_handle hh;
	uint64_t key;
	size_t index;
	struct beside_row *more;	/* others of the same key: not in the hash */
};

typedef bool (*beside_fn)(void *ctx, uint64_t key);

/* FNV-1a */
static uint64_t beside_mix(uint64_t key, const void *octets, size_t len)
{
	const uint8_t *b = octets;

	while (len--)
		key = (key ^ *b++) * 0x100000001b3;
	return key;
}

static uint64_t beside_begin(enum beside_kind kind)
{
	const uint8_t octet = (uint8_t)kind;

	return beside_mix(0xcbf29ce484222325, &octet, 1);
}

static uint64_t beside_mix_text(uint64_t key, const char *text)
{
	return beside_mix(key, text, strlen(text));
}

/* Equal where they differ in case. */
static uint64_t beside_mix_folded(uint64_t key, const char *text)
{
	for (; *text; text++) {
		const uint8_t folded = (uint8_t)tolower((unsigned char)*text);

		key = beside_mix(key, &folded, 1);
	}
	return key;
}

static uint64_t beside_mix_id(uint64_t key, const struct ike_id *id)
{
	const uint32_t hash = ike_id_hash(id);

	return beside_mix(key, &hash, sizeof(hash));
}

/* Its own, and what its children could be mistaken for. */
static bool beside_names(const struct tunnel_conf *t, beside_fn fn, void *ctx)
{
	const uint64_t own = beside_mix_text(beside_begin(BESIDE_NAME), t->name);
	bool ok = fn(ctx, own);

	for (unsigned int i = 0; i < t->child_count && ok; i++)
		ok = fn(ctx, beside_mix_text(beside_mix(own, "/", 1), t->child[i].name));
	return ok;
}

static bool beside_peers(const struct tunnel_conf *t, beside_fn fn, void *ctx)
{
	const struct ike_id local_id = check_local_id(t);
	uint64_t whole = beside_begin(BESIDE_PEER), key;
	bool ok = true;

	whole = beside_mix(whole, &t->any, sizeof(t->any));
	whole = beside_mix(whole, &t->local, sizeof(t->local));
	whole = beside_mix_id(beside_mix_id(whole, &local_id), &t->remote_id);
	for (unsigned int i = 0; i <= t->more_count && ok; i++) {
		const struct addr *addr = i ? &t->more[i - 1].addr : &t->remote;
		const char *name = i ? t->more[i - 1].name : t->remote_name;

		key = beside_mix(whole, addr, sizeof(*addr));
		ok = fn(ctx, beside_mix_folded(key, name));
	}
	return ok;
}

static bool beside_routes(const struct tunnel_options *t, const struct ts_list *ts, beside_fn fn,
			  void *ctx)
{
	struct prefix list[PREFIXES_MAX];
	uint64_t whole = beside_begin(BESIDE_ROUTE);
	bool ok = true;

	whole = beside_mix(whole, &t->table, sizeof(t->table));
	whole = beside_mix(whole, &t->metric, sizeof(t->metric));
	for (unsigned int i = 0; i < ts->count; i++) {
		unsigned int count = prefix_list(&ts->ts[i], list);

		for (unsigned int p = 0; p < count && ok; p++)
			ok = fn(ctx, beside_mix(whole, &list[p], sizeof(list[p])));
	}
	return ok;
}

/* False: @fn has said so. */
static bool beside_each(const struct tunnel_options *t, beside_fn fn, void *ctx)
{
	bool nowhere = t->ike.any || tunnel_conf_has_name(&t->ike);
	bool ok = beside_names(&t->ike, fn, ctx) && beside_peers(&t->ike, fn, ctx) &&
		  fn(ctx, beside_mix_text(beside_begin(BESIDE_INTERFACE), t->interface));

	/* of transport mode the route is one to the peer, wherever that will be */
	for (unsigned int i = 0; i < t->ike.child_count && !t->no_routes && ok; i++)
		ok = (t->ike.child[i].transport && nowhere) ||
		     beside_routes(t, t->ike.child[i].remote_ts, fn, ctx);
	return ok;
}

struct beside_adding {
	struct beside *beside;
	size_t index;
};

static bool beside_on_add(void *ctx, uint64_t key)
{
	const struct beside_adding *adding = ctx;
	struct beside_row *row = calloc(1, sizeof(*row)), *first;

	if (!row)
		return false;
	row->key = key;
	row->index = adding->index;
	HASH_FIND(hh, adding->beside->rows, &key, sizeof(key), first);
	if (first) {
		row->more = first->more;
		first->more = row;
		return true;
	}
	HASH_ADD(hh, adding->beside->rows, key, sizeof(row->key), row);
	if (hash_added(hh, row))
		return true;
	free(row);
	return false;
}

bool beside_add(struct beside *beside, const struct tunnel_options *t, size_t index)
{
	struct beside_adding adding = { beside, index };

	return beside_each(t, beside_on_add, &adding);
}

/* Tunnels that have something in common with one. */
struct beside_list {
	size_t *index;
	size_t count, room;
};

struct beside_finding {
	const struct beside *beside;
	struct beside_list *list;
};

static bool beside_on_find(void *ctx, uint64_t key)
{
	struct beside_finding *finding = ctx;
	struct beside_list *list = finding->list;
	const struct beside_row *row;

	HASH_FIND(hh, finding->beside->rows, &key, sizeof(key), row);
	for (; row; row = row->more) {
		if (list->count == list->room) {
			size_t room = list->room ? 2 * list->room : 4;
			size_t *more = reallocarray(list->index, room, sizeof(*more));

			if (!more)
				return false;
			list->index = more;
			list->room = room;
		}
		list->index[list->count++] = row->index;
	}
	return true;
}

static int beside_order(const void *left, const void *right)
{
	const size_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* In order, each once. @list->index: free() it. False: no memory. */
static bool beside_find(const struct beside *beside, const struct tunnel_options *t,
			struct beside_list *list)
{
	struct beside_finding finding = { .beside = beside, .list = list };
	size_t kept = 0;

	if (!beside_each(t, beside_on_find, &finding))
		return false;
	if (list->count)
		qsort(list->index, list->count, sizeof(*list->index), beside_order);
	for (size_t i = 0; i < list->count; i++) {
		if (!kept || list->index[i] != list->index[kept - 1])
			list->index[kept++] = list->index[i];
	}
	list->count = kept;
	return true;
}

bool beside_check(const struct beside *beside, const struct config *config,
		  const struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	struct beside_list list = { .count = 0 };
	bool ok = beside_find(beside, t, &list) || value_refuse(why, "no memory");

	for (size_t i = 0; i < list.count && ok; i++)
		ok = check_beside(t, &config->tunnels[list.index[i]], why);
	free(list.index);
	return ok;
}

void beside_clear(struct beside *beside)
{
	struct beside_row *row, *next, *more;

	HASH_ITER(hh, beside->rows, row, next) {
		HASH_DEL(beside->rows, row);
		for (; row; row = more) {
			more = row->more;
			free(row);
		}
	}
}
