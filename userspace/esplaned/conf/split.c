// SPDX-License-Identifier: GPL-2.0
#include "esplaned/conf/split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPLIT_NUMBER_MAX	3	/* octets of "-64" */

bool split_leaves_room(const struct tunnel_conf *ike, const char *name, char why[VALUE_WHY_MAX])
{
	for (unsigned int i = 0; i < ike->child_count; i++)
		if (!strcmp(ike->child[i].name, name))
			return value_refuse(why, "child \"%s\" is there already, made by split: "
					    "give one of the two another name", name);
	return ike->child_count < TUNNEL_CHILDREN_MAX ||
	       value_refuse(why, "more than %d children, with those that split makes",
			    TUNNEL_CHILDREN_MAX);
}

/* Can the @i-th local and the @j-th remote selector be a child's? */
static bool split_is_pair(const struct child_conf *whole, unsigned int i, unsigned int j)
{
	return ts_can_pair(&whole->local_ts->ts[i], &whole->remote_ts->ts[j]);
}

static unsigned int split_pairs(const struct child_conf *whole)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < ts_list_count(whole->local_ts); i++)
		for (unsigned int j = 0; j < ts_list_count(whole->remote_ts); j++)
			count += split_is_pair(whole, i, j);
	return count;
}

/* Of the pair of the @i-th local and the @j-th remote selector. */
static bool split_make(struct child_conf *part, const struct child_conf *whole, unsigned int i,
		       unsigned int j, unsigned int number)
{
	*part = *whole;
	snprintf(part->name, sizeof(part->name), "%.*s-%u",
		 (int)(sizeof(part->name) - SPLIT_NUMBER_MAX - 1), whole->name, number);
	part->local_ts = ts_list_new(&whole->local_ts->ts[i], 1);
	part->remote_ts = ts_list_new(&whole->remote_ts->ts[j], 1);
	return part->local_ts && part->remote_ts;
}

bool split_last_child(struct tunnel_options *t, char why[VALUE_WHY_MAX])
{
	struct tunnel_conf *ike = &t->ike;
	unsigned int at = ike->child_count - 1;
	struct child_conf whole = ike->child[at], *children;
	unsigned int local = ts_list_count(whole.local_ts), remote = ts_list_count(whole.remote_ts);
	unsigned int pairs = split_pairs(&whole);
	bool esp_given = t->esp_given[at], ok = true;

	if (local * remote == 1 || !pairs)	/* check says so, where there are none */
		return true;
	if (at + pairs > TUNNEL_CHILDREN_MAX)
		return value_refuse(why, "split makes %u children of %s, and a tunnel has %d at "
				    "most", pairs, whole.name, TUNNEL_CHILDREN_MAX);
	if (strlen(whole.name) + SPLIT_NUMBER_MAX >= sizeof(whole.name))
		return value_refuse(why, "split puts a number behind the name %s, which is too "
				    "long for it", whole.name);
	children = reallocarray(ike->child, TUNNEL_CHILDREN_MAX, sizeof(*children));
	if (!children)
		return value_refuse(why, "no memory");
	ike->child = children;
	ike->child_count = at;
	for (unsigned int i = 0; i < local * remote; i++) {
		unsigned int n = ike->child_count;

		if (!split_is_pair(&whole, i / remote, i % remote))
			continue;
		ok &= split_make(&children[n], &whole, i / remote, i % remote, n - at + 1);
		t->esp_given[n] = esp_given;
		ike->child_count++;
	}
	ts_list_put(whole.local_ts);
	ts_list_put(whole.remote_ts);
	return ok || value_refuse(why, "no memory");
}
