// SPDX-License-Identifier: GPL-2.0
#include "esplaned/host/wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "esplaned/host/carry.h"

static int wanted_compare(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;
	int rc = (int)a->addr.family - (int)b->addr.family;

	if (!rc)
		rc = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));
	return rc ? rc : (int)a->bits - (int)b->bits;
}

static bool wanted_add(struct wanted *wanted, const struct prefix *list, unsigned int count)
{
	struct prefix *more = reallocarray(wanted->list, wanted->count + count, sizeof(*more));

	if (!more)
		return false;
	wanted->list = more;
	memcpy(more + wanted->count, list, count * sizeof(*list));
	wanted->count += count;
	return true;
}

static bool wanted_add_pick(struct wanted *wanted, const struct pick_route *to)
{
	struct wanted_pick *more;

	for (size_t i = 0; i < wanted->picked_count; i++) {
		if (prefix_equal(&wanted->picked[i].to.dst, &to->dst) &&
		    pick_equal(&wanted->picked[i].to.pick, &to->pick))
			return true;
	}
	more = reallocarray(wanted->picked, wanted->picked_count + 1, sizeof(*more));
	if (!more)
		return false;
	wanted->picked = more;
	more[wanted->picked_count++] = (struct wanted_pick){ .to = *to };
	return true;
}

/* One within another stays: between the two there may be a route of somebody else's. */
static bool wanted_sort(struct wanted *wanted)
{
	size_t kept = 0;

	if (!wanted->count)
		return true;
	qsort(wanted->list, wanted->count, sizeof(*wanted->list), wanted_compare);
	for (size_t i = 0; i < wanted->count; i++) {
		if (!kept || !prefix_equal(&wanted->list[i], &wanted->list[kept - 1]))
			wanted->list[kept++] = wanted->list[i];
	}
	wanted->count = kept;
	wanted->blocked = calloc(kept, sizeof(*wanted->blocked));
	return wanted->blocked;
}

static void wanted_mark_covered(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->picked_count; i++) {
		struct wanted_pick *picked = &wanted->picked[i];

		for (size_t w = 0; w < wanted->count; w++)
			picked->covered |= prefix_equal(&picked->to.dst, &wanted->list[w]);
	}
}

/* All of it, whatever the protocol, and however much it is. */
static bool wanted_add_whole(struct wanted *wanted, const struct ts_list *ts)
{
	struct prefix list[PREFIXES_MAX];

	for (unsigned int i = 0; i < ts_list_count(ts); i++) {
		if (!wanted_add(wanted, list, prefix_list(&ts->ts[i], list)))
			return false;
	}
	return true;
}

static bool wanted_add_child(struct wanted *wanted, const struct tunnel_options *opt,
			     const struct child_conf *conf)
{
	const struct pick_child child = { conf->local_ts, conf->remote_ts };
	struct pick_routes routes;
	char why[IKE_WHY_MAX];
	bool ok = true;
	int rc;

	if (!opt->pass_others)
		return wanted_add_whole(wanted, conf->remote_ts);
	rc = carry_routes(opt, &child, &child, &routes, why);
	/* such a child never comes up */
	if (rc == -ENOSPC)
		return wanted_add_whole(wanted, conf->remote_ts);
	for (unsigned int i = 0; i < routes.count && ok && !rc; i++) {
		const struct pick_route *to = &routes.list[i];

		ok = to->pick.proto ? wanted_add_pick(wanted, to) :
				      wanted_add(wanted, &to->dst, 1);
	}
	free(routes.list);
	return ok && !rc;
}

bool wanted_fill(struct wanted *wanted, const struct tunnel_options *opt)
{
	bool ok = true;

	*wanted = (struct wanted){ 0 };
	for (unsigned int c = 0; c < opt->ike.child_count && ok; c++)
		ok = wanted_add_child(wanted, opt, &opt->ike.child[c]);
	if (!ok || !wanted_sort(wanted)) {
		wanted_clear(wanted);
		return false;
	}
	wanted_mark_covered(wanted);
	return true;
}

void wanted_clear(struct wanted *wanted)
{
	free(wanted->list);
	free(wanted->blocked);
	free(wanted->picked);
	*wanted = (struct wanted){ 0 };
}

bool wanted_has(const struct wanted *wanted, const struct addr *addr)
{
	for (size_t i = 0; i < wanted->count; i++) {
		if (prefix_contains(&wanted->list[i], addr))
			return true;
	}
	return false;
}

bool wanted_concerns(const struct wanted *wanted, const struct addr *addr)
{
	for (size_t i = 0; i < wanted->picked_count; i++) {
		if (prefix_contains(&wanted->picked[i].to.dst, addr))
			return true;
	}
	return wanted_has(wanted, addr);
}

bool wanted_covers(const struct wanted *wanted, const struct prefix *dst)
{
	for (size_t i = 0; i < wanted->count; i++) {
		if (prefix_within(dst, &wanted->list[i]))
			return true;
	}
	return false;
}

bool wanted_leads_everywhere(const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->count; i++) {
		if (wanted->list[i].bits <= 1)
			return true;
	}
	return false;
}
