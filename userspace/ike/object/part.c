// SPDX-License-Identifier: GPL-2.0
#include "ike/object/part.h"

#include <string.h>

#include "ike/object/peer.h"
#include "ike/object/report.h"
#include "ike/object/touch.h"
#include "ike/object/tunnel.h"

/* Where the peer gives us our address, that is ours in every pair: what is local is not split. */
static unsigned int part_numbers(const struct child *child)
{
	unsigned int remotes = ts_list_count(child->conf->remote_ts);

	return child->peer->conf->ask_address ? remotes :
						remotes * ts_list_count(child->conf->local_ts);
}

/* Is number @number, from 0, a pair? Two families are none, nor are two protocols. */
static bool part_is_pair(const struct child *child, unsigned int number)
{
	const struct ts_list *local = child->conf->local_ts, *remote = child->conf->remote_ts;
	const struct ts *to = &remote->ts[number % ts_list_count(remote)];

	if (!child->peer->conf->ask_address)
		return ts_can_pair(&local->ts[number / ts_list_count(remote)], to);
	for (unsigned int i = 0; i < ts_list_count(local); i++)
		if (ts_can_pair(&local->ts[i], to))
			return true;
	return false;
}

static unsigned int part_pairs(const struct child *child)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < part_numbers(child); i++)
		count += part_is_pair(child, i);
	return count;
}

/* Number @number, which is a pair. False: no memory. */
static bool part_pair_of(const struct child *child, unsigned int number, struct ts_pair *pair)
{
	const struct child_conf *conf = child->conf;
	unsigned int remotes = ts_list_count(conf->remote_ts);

	pair->remote = ts_list_new(&conf->remote_ts->ts[number % remotes], 1);
	pair->local = child->peer->conf->ask_address ?
			      ts_list_pairable(conf->local_ts, pair->remote) :
			      ts_list_new(&conf->local_ts->ts[number / remotes], 1);
	if (pair->local && pair->remote)
		return true;
	ts_pair_clear(pair);
	return false;
}

static struct ts_pair part_has(const struct child *child)
{
	return (struct ts_pair){ child->local_ts, child->remote_ts };
}

/* Has @has nothing of it? */
static bool part_is_left(const struct child *child, const struct ts_pair *pair,
			 const struct ts_pair *has)
{
	return !ts_list_overlap(pair->remote, has->remote) ||
	       (!child->peer->conf->ask_address && !ts_list_overlap(pair->local, has->local));
}

/* Is it another than @has, which is a pair? */
static bool part_is_further(const struct child *child, const struct ts_pair *pair,
			    const struct ts_pair *has)
{
	return !ts_equal(&pair->remote->ts[0], &has->remote->ts[0]) ||
	       (!child->peer->conf->ask_address &&
		!ts_equal(&pair->local->ts[0], &has->local->ts[0]));
}

static unsigned int part_children(const struct peer *peer)
{
	const struct child *child;
	unsigned int count = 0;

	TAILQ_FOREACH(child, &peer->children, link)
		count += !child->left;
	return count;
}

static bool part_name_is_free(const struct peer *peer, const char *name)
{
	const struct child *child;

	TAILQ_FOREACH(child, &peer->children, link)
		if (!child->left && !strcmp(child->conf->name, name))
			return false;
	return true;
}

/* Unless a reload has added many, a peer has fewer children than there are numbers. */
static void part_name(const struct child *child, char name[TUNNEL_NAME_MAX])
{
	unsigned int number = 2;

	_Static_assert(TUNNEL_CHILDREN_MAX + 1 < TUNNEL_PARTS_MAX, "one of them is free");
	while (!part_name_is_free(child->peer,
				  child_part_name(name, child->whole->name, number)) &&
	       number < TUNNEL_PARTS_MAX)
		number++;
}

void part_make_way(struct peer *peer, const char *name)
{
	char other[TUNNEL_NAME_MAX];
	struct child *part;

	TAILQ_FOREACH(part, &peer->children, link) {
		if (part->left || !part->part || strcmp(part->conf->name, name))
			continue;
		part_name(part, other);
		memcpy(part->part->name, other, sizeof(other));
	}
}

static bool part_make(const struct child *child, const struct ts_pair *pair, bool wanted)
{
	struct peer *peer = child->peer;
	char name[TUNNEL_NAME_MAX];
	struct child_conf *conf;
	struct child *part;

	part_name(child, name);
	conf = child_conf_part(child->conf, name, pair->local, pair->remote);
	part = conf ? child_new(peer, conf) : NULL;
	if (!part) {
		child_conf_free(conf);
		return false;
	}
	part->part = conf;
	part->whole = child->whole;
	part->wanted = wanted;
	part->single = child->single;
	return true;
}

/* From now on these of its selectors are all that it is about. False: no memory. */
static bool part_keep(struct child *child, const struct ts_pair *ts)
{
	struct child_conf *conf = child_conf_part(child->conf, child->conf->name, ts->local,
						  ts->remote);

	if (!conf)
		return false;
	child_conf_free(child->part);
	child->part = conf;
	child->conf = conf;
	return true;
}

/* Those that have been made since @last was the last child: all or none. */
static void part_undo(struct peer *peer, const struct child *last)
{
	struct child *child;

	while ((child = TAILQ_LAST(&peer->children, child_list)) != last)
		child_free(child);
}

/* Settle looks at them: they are to be made, or to wait for packets. */
static void part_settle(struct peer *peer)
{
	peer_touch(peer);
	if (peer->sa)
		sa_touch(peer->sa);
}

/*
 * All pairs of @child that @left says become parts. How many; 0: there are none, too many, or no
 * memory, and nothing has changed.
 */
static unsigned int part_make_all(struct child *child, bool wanted, const struct ts_pair *has,
				  bool (*left)(const struct child *child,
					       const struct ts_pair *pair,
					       const struct ts_pair *has))
{
	struct peer *peer = child->peer;
	const struct child *last = TAILQ_LAST(&peer->children, child_list);
	unsigned int made = 0;
	bool ok = true;

	for (unsigned int i = 0; i < part_numbers(child) && ok; i++) {
		struct ts_pair pair;

		if (!part_is_pair(child, i))
			continue;
		ok = part_pair_of(child, i, &pair);
		if (ok && left(child, &pair, has)) {
			ok = part_children(peer) < TUNNEL_CHILDREN_MAX &&
			     part_make(child, &pair, wanted);
			made += ok;
		}
		ts_pair_clear(&pair);
	}
	if (ok)
		return made;
	part_undo(peer, last);
	return 0;
}

/* The pair that a packet waits for, or the first. False: no memory. */
static bool part_first(const struct child *child, struct ts_pair *pair)
{
	unsigned int first = part_numbers(child);

	for (unsigned int i = part_numbers(child); i-- > 0;) {
		bool asked;

		if (!part_is_pair(child, i))
			continue;
		if (!part_pair_of(child, i, pair))
			return false;
		asked = child->asked_local.start.family &&
			ts_list_contains(pair->local, &child->asked_local) &&
			ts_list_contains(pair->remote, &child->asked_remote);
		if (asked)
			return true;
		ts_pair_clear(pair);
		first = i;
	}
	return part_pair_of(child, first, pair);
}

/* The child keeps one pair, and the others become parts. How many; 0: as part_make_all. */
static unsigned int part_divide(struct child *child)
{
	struct peer *peer = child->peer;
	const struct child *last = TAILQ_LAST(&peer->children, child_list);
	struct ts_pair first;
	unsigned int made;

	if (!part_first(child, &first))
		return 0;
	made = part_make_all(child, true, &first, part_is_further);
	if (made && !part_keep(child, &first)) {
		part_undo(peer, last);
		made = 0;
	}
	ts_pair_clear(&first);
	return made;
}

bool part_single(struct child *child)
{
	struct peer *peer = child->peer;
	enum child_single was = child->single;

	if (peer->conf->any || child->held_down || was == CHILD_HOSTS ||
	    (was == CHILD_PAIR && !child->asked_local.start.family))
		return false;
	child->single++;
	if (child->single == CHILD_HOSTS) {
		report_log(peer->ike, peer, LOG_INFO,
			   "the peer takes one pair of hosts in a child: %s is asked for with "
			   "those of the packet that waits", child->conf->name);
	} else if (part_pairs(child) > 1) {
		unsigned int made = part_divide(child);

		if (!made) {
			child->single = was;
			return false;
		}
		report_log(peer->ike, peer, LOG_INFO,
			   "the peer takes one pair of selectors in a child: %s is asked for in %u",
			   child->conf->name, made + 1);
	}
	child->wanted = true;
	part_settle(peer);
	return true;
}

static bool part_meets(const struct ts *ts, const struct ts_list *list)
{
	struct ts common;

	for (unsigned int i = 0; i < ts_list_count(list); i++)
		if (ts_intersect(ts, &list->ts[i], &common))
			return true;
	return false;
}

/* Of the configured selectors those that overlap what it has. NULL: none, or no memory. */
static struct ts_list *part_had(const struct ts_list *conf, const struct ts_list *has)
{
	struct ts had[TS_LIST_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < ts_list_count(conf); i++)
		if (part_meets(&conf->ts[i], has))
			had[count++] = conf->ts[i];
	return ts_list_new(had, count);
}

/* It keeps of its selectors what it has, as far as one of them pairs with another. */
static bool part_shrink(struct child *child, const struct ts_pair *has)
{
	const struct child_conf *conf = child->conf;
	struct ts_pair all, kept;
	bool ok;

	all.local = child->peer->conf->ask_address ? ts_list_get(conf->local_ts) :
						     part_had(conf->local_ts, has->local);
	all.remote = part_had(conf->remote_ts, has->remote);
	kept.local = ts_list_pairable(all.local, all.remote);
	kept.remote = ts_list_pairable(all.remote, all.local);
	ok = kept.local && kept.remote && part_keep(child, &kept);
	ts_pair_clear(&all);
	ts_pair_clear(&kept);
	return ok;
}

bool part_rest(struct child *child, const struct ts_pair *has, bool wanted)
{
	struct peer *peer = child->peer;
	const struct child *last = TAILQ_LAST(&peer->children, child_list);
	unsigned int made;

	if (peer->conf->any)
		return false;
	made = part_make_all(child, wanted, has, part_is_left);
	if (!made || !part_shrink(child, has)) {
		part_undo(peer, last);
		return false;
	}
	report_log(peer->ike, peer, LOG_INFO,
		   "the peer takes what is left of %s in children of its own: %u more",
		   child->conf->name, made);
	part_settle(peer);
	return true;
}

/* Is one of the configured selectors about both? */
static bool part_shares(const struct ts_list *conf, const struct ts_list *ts,
			const struct ts_list *has)
{
	for (unsigned int i = 0; i < ts_list_count(conf); i++)
		if (part_meets(&conf->ts[i], ts) && part_meets(&conf->ts[i], has))
			return true;
	return false;
}

bool part_is_other(const struct child *child, const struct ts_pair *ts)
{
	const struct child_conf *conf = child->conf;

	if (!child_carries(child) || child->peer->conf->any)
		return false;
	return !part_shares(conf->remote_ts, ts->remote, child->remote_ts) ||
	       (!child->peer->conf->ask_address &&
		!part_shares(conf->local_ts, ts->local, child->local_ts));
}

bool part_is_beside(const struct child *child, const struct ts_pair *ts)
{
	struct ts_pair has = part_has(child);

	return child_carries(child) && part_is_left(child, ts, &has);
}

static bool part_same_in_both(const struct ts_list *a, const struct ts_list *b)
{
	for (unsigned int i = 0; i < ts_list_count(a); i++)
		for (unsigned int j = 0; j < ts_list_count(b); j++)
			if (ts_equal(&a->ts[i], &b->ts[j]))
				return true;
	return false;
}

bool part_is_another(const struct child *child, const struct ts_pair *ts)
{
	if (!child_carries(child) ||
	    (part_same_in_both(child->local_ts, ts->local) &&
	     part_same_in_both(child->remote_ts, ts->remote)))
		return false;
	return !ts_list_same(child->local_ts, ts->local) ||
	       !ts_list_same(child->remote_ts, ts->remote);
}

static void part_no_room(const struct child *child, struct cause *cause)
{
	cause_set(cause, IKE_FAIL_PROTOCOL,
		  "child %s is up with other selectors, and there is no room for one beside it",
		  child->conf->name);
}

bool part_make_room(struct child *child, struct cause *cause)
{
	struct ts_pair has = part_has(child);

	if (part_rest(child, &has, false))
		return true;
	part_no_room(child, cause);
	return false;
}

struct child *part_guest(struct child *child, const struct ts_pair *ts, struct cause *cause)
{
	struct peer *peer = child->peer;
	struct child *guest;

	if (part_children(peer) >= TUNNEL_CHILDREN_MAX || !part_make(child, ts, false)) {
		part_no_room(child, cause);
		return NULL;
	}
	guest = TAILQ_LAST(&peer->children, child_list);
	guest->guest = true;
	report_log(peer->ike, peer, LOG_INFO,
		   "the peer makes another CHILD_SA within the selectors of child %s: %s",
		   child->conf->name, guest->conf->name);
	peer_touch(peer);
	return guest;
}

bool part_is_over(const struct child *child)
{
	return child->guest && child->state == CHILD_DOWN && !child->wanted && !child->held_down &&
	       TAILQ_EMPTY(&child->pairs) && !child->peer->promised;
}

/* The child beside @child that has @ts, and no other. */
static struct child *part_that_has(const struct child *child, const struct ts_pair *ts)
{
	struct child *other;

	TAILQ_FOREACH(other, &child->peer->children, link)
		if (other != child && !other->held_down && child_carries(other) &&
		    ts_list_equal(other->local_ts, ts->local) &&
		    ts_list_equal(other->remote_ts, ts->remote))
			return other;
	return NULL;
}

/* The peer answers with what @other has, and so it would the next time. */
static void part_gets_nothing(struct child *child, const struct child *other)
{
	struct cause cause;

	cause_set(&cause, IKE_FAIL_TS,
		  "the peer answers with the selectors of child %s, which is up: it has no more for "
		  "this one now", other->conf->name);
	child_failed(child, &cause);
	child->vain = true;
}

struct child *part_for(struct child *child, const struct ts_pair *ts, struct cause *cause)
{
	struct child *part = part_that_has(child, ts);

	if (part) {
		part_gets_nothing(child, part);
		return part;
	}
	if (!part_is_beside(child, ts))
		return child;
	if (part_is_other(child, ts) && !part_make_room(child, cause))
		return NULL;
	TAILQ_FOREACH(part, &child->peer->children, link)
		if (part->part && part != child && !part->held_down &&
		    ts_list_within(ts->local, part->conf->local_ts) &&
		    ts_list_within(ts->remote, part->conf->remote_ts))
			return part;
	return part_guest(child, ts, cause);
}
