// SPDX-License-Identifier: GPL-2.0
/* Lists of traffic selectors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ts.h"

struct ts_list *ts_list_new(const struct ts *ts, unsigned int count)
{
	struct ts_list *list;

	if (!count)
		return NULL;
	list = malloc(sizeof(*list) + count * sizeof(*ts));
	if (!list)
		return NULL;
	list->refs = 1;
	list->count = count;
	memcpy(list->ts, ts, count * sizeof(*ts));
	return list;
}

struct ts_list *ts_list_get(struct ts_list *list)
{
	if (list)
		list->refs++;
	return list;
}

void ts_list_put(struct ts_list *list)
{
	if (list && !--list->refs)
		free(list);
}

unsigned int ts_list_count(const struct ts_list *list)
{
	return list ? list->count : 0;
}

bool ts_list_equal(const struct ts_list *a, const struct ts_list *b)
{
	unsigned int count = ts_list_count(a);

	if (a == b)
		return true;
	if (count != ts_list_count(b))
		return false;
	for (unsigned int i = 0; i < count; i++)
		if (!ts_equal(&a->ts[i], &b->ts[i]))
			return false;
	return true;
}

bool ts_list_contains_addr(const struct ts_list *list, const struct addr *a)
{
	for (unsigned int i = 0; i < ts_list_count(list); i++)
		if (ts_contains_addr(&list->ts[i], a))
			return true;
	return false;
}

/* Is @ts within one of the first @count of @list? */
static bool ts_list_has(const struct ts *list, unsigned int count, const struct ts *ts)
{
	for (unsigned int i = 0; i < count; i++)
		if (ts_contains(&list[i], ts))
			return true;
	return false;
}

bool ts_list_contains(const struct ts_list *list, const struct ts *ts)
{
	return list && ts_list_has(list->ts, list->count, ts);
}

bool ts_list_within(const struct ts_list *inner, const struct ts_list *outer)
{
	for (unsigned int i = 0; i < ts_list_count(inner); i++)
		if (!ts_list_has(outer ? outer->ts : NULL, ts_list_count(outer), &inner->ts[i]))
			return false;
	return true;
}

bool ts_list_same(const struct ts_list *a, const struct ts_list *b)
{
	return ts_list_within(a, b) && ts_list_within(b, a);
}

bool ts_list_overlap(const struct ts_list *a, const struct ts_list *b)
{
	struct ts common;

	for (unsigned int i = 0; i < ts_list_count(a); i++)
		for (unsigned int j = 0; j < ts_list_count(b); j++)
			if (ts_intersect(&a->ts[i], &b->ts[j], &common))
				return true;
	return false;
}

bool ts_list_can_pair(const struct ts_list *local, const struct ts_list *remote)
{
	for (unsigned int i = 0; i < ts_list_count(local); i++)
		for (unsigned int j = 0; j < ts_list_count(remote); j++)
			if (ts_can_pair(&local->ts[i], &remote->ts[j]))
				return true;
	return false;
}

struct ts_list *ts_list_pairable(const struct ts_list *list, const struct ts_list *other)
{
	struct ts some[TS_LIST_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < ts_list_count(list); i++)
		for (unsigned int j = 0; j < ts_list_count(other); j++) {
			if (!ts_can_pair(&list->ts[i], &other->ts[j]))
				continue;
			some[count++] = list->ts[i];
			break;
		}
	return ts_list_new(some, count);
}

size_t ts_octets(const struct ts *ts)
{
	return 8 + 2 * addr_len(&ts->start);
}

size_t ts_list_octets(const struct ts_list *list)
{
	size_t octets = 0;

	for (unsigned int i = 0; i < ts_list_count(list); i++)
		octets += ts_octets(&list->ts[i]);
	return octets;
}

/* Adds @ts, for which there is room, unless it is within one there; throws out those within it. */
static unsigned int ts_list_add(struct ts *list, unsigned int count, const struct ts *ts)
{
	unsigned int kept = 0;

	if (ts_list_has(list, count, ts))
		return count;
	for (unsigned int i = 0; i < count; i++)
		if (!ts_contains(ts, &list[i]))
			list[kept++] = list[i];
	list[kept++] = *ts;
	return kept;
}

/* How many of @all fit a payload. */
static unsigned int ts_list_fitting(const struct ts *all, unsigned int count)
{
	size_t octets = 0;

	for (unsigned int i = 0; i < count; i++) {
		octets += ts_octets(&all[i]);
		if (octets > TS_LIST_OCTETS_MAX)
			return i;
	}
	return count;
}

/* Ends where there is no room: what a peer offers must not keep us busy for long. */
static unsigned int ts_list_cut(const struct ts_list *a, const struct ts_list *b,
				struct ts all[TS_LIST_MAX])
{
	unsigned int count = 0;
	struct ts common;

	for (unsigned int i = 0; i < ts_list_count(a); i++) {
		for (unsigned int j = 0; j < ts_list_count(b); j++) {
			if (!ts_intersect(&a->ts[i], &b->ts[j], &common))
				continue;
			count = ts_list_add(all, count, &common);
			if (count == TS_LIST_MAX)
				return count;
		}
	}
	return count;
}

struct ts_list *ts_list_narrow(const struct ts_list *a, const struct ts_list *b)
{
	struct ts *all = malloc(TS_LIST_MAX * sizeof(*all));
	struct ts_list *narrowed;

	if (!all)
		return NULL;
	narrowed = ts_list_new(all, ts_list_fitting(all, ts_list_cut(a, b, all)));
	free(all);
	return narrowed;
}

const char *ts_list_str(const struct ts_list *list, char *buf, size_t len)
{
	char item[TS_STRLEN];
	size_t at = 0;

	snprintf(buf, len, "none");
	for (unsigned int i = 0; i < ts_list_count(list); i++) {
		const char *comma = i ? ", " : "";

		ts_str(&list->ts[i], item);
		if (at + strlen(comma) + strlen(item) + sizeof(", ...") > len) {
			snprintf(buf + at, len - at, "%s...", comma);
			return buf;
		}
		at += snprintf(buf + at, len - at, "%s%s", comma, item);
	}
	return buf;
}

struct ts_list *ts_list_whole(const struct ts_list *other)
{
	struct ts ts[ADDR_FAMILIES];
	bool has[ADDR_FAMILIES] = { false };
	unsigned int count = 0;

	for (unsigned int i = 0; i < ts_list_count(other); i++)
		has[addr_index(&other->ts[i].start)] = true;
	for (unsigned int f = 0; f < ADDR_FAMILIES; f++) {
		struct ts *all = &ts[count];

		if (!has[f])
			continue;
		*all = (struct ts){ .port_end = UINT16_MAX };
		all->start.family = all->end.family = f ? AF_INET6 : AF_INET;
		memset(all->end.b, 0xff, addr_len(&all->end));
		count++;
	}
	return ts_list_new(ts, count);
}
