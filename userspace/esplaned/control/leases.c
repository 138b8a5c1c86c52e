// SPDX-License-Identifier: GPL-2.0
#include "esplaned/control/leases.h"

#include <stdlib.h>
#include <string.h>

#include "esplaned/control/failure.h"
#include "esplaned/host/clock.h"
#include "ike/ike.h"

struct leases_row {
	struct addr addr;
	json_t *json;
};

struct leases_list {
	struct leases_row *rows;
	size_t count;
};

static void leases_add(void *ctx, const struct ike_lease_status *st)
{
	struct leases_list *all = ctx;
	struct leases_row *more = reallocarray(all->rows, all->count + 1, sizeof(*more));
	uint64_t now = clock_now();
	char text[ADDR_STRLEN];
	json_t *lease;

	if (!more)
		return;
	all->rows = more;
	lease = json_pack("{ss ss so ss}", "pool", st->pool, "address", addr_str(st->addr, text),
			  "identity", failure_text(st->id), "state", st->peer ? "used" : "kept");
	if (st->free_ms > now)
		json_object_set_new(lease, "free_in_s",
				    json_integer((json_int_t)(st->free_ms - now + 999) / 1000));
	more[all->count++] = (struct leases_row){ *st->addr, lease };
}

static int leases_compare(const void *left, const void *right)
{
	const struct leases_row *a = left, *b = right;
	int rc = strcmp(json_string_value(json_object_get(a->json, "pool")),
			json_string_value(json_object_get(b->json, "pool")));

	if (!rc)
		rc = (int)a->addr.family - (int)b->addr.family;
	return rc ? rc : addr_cmp(&a->addr, &b->addr);
}

json_t *leases_json(const struct ike *ike)
{
	struct leases_list all = { .count = 0 };
	json_t *array = json_array();

	ike_leases(ike, leases_add, &all);
	if (all.count)
		qsort(all.rows, all.count, sizeof(*all.rows), leases_compare);
	for (size_t i = 0; i < all.count; i++)
		json_array_append_new(array, all.rows[i].json);
	free(all.rows);
	return array;
}
