// SPDX-License-Identifier: GPL-2.0
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/minmax.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include "selector.h"

/*
 * remote trie -> struct remote -> local trie -> struct leaf -> rules, best
 * first. Every level is freed by RCU after it was unlinked.
 */
struct remote {
	struct espl_trie local;
	unsigned int leaves;		/* writer only */
	struct rcu_head rcu;
};

struct leaf {
	struct list_head rules;		/* struct rule, RCU */
	struct rcu_head rcu;
};

/* One remote prefix, one local prefix, and what else must match. */
struct rule {
	struct list_head on_leaf;	/* RCU */
	struct list_head on_set;	/* writer only */
	struct espl_ts_set *set;
	const struct espl_ts *local;	/* in set */
	const struct espl_ts *remote;
	struct espl_trie_key local_key;
	struct espl_trie_key remote_key;
	u8 local_len;			/* bits */
	u8 remote_len;
	struct rcu_head rcu;
};

struct prefix {
	union espl_addr addr;
	unsigned int len;		/* bits */
};

static unsigned int selector_family_bits(u8 family)
{
	return family == AF_INET ? 32 : 128;
}

static struct espl_trie *selector_remote_trie(const struct espl_selectors *sel, u8 family)
{
	return (struct espl_trie *)&sel->remote[family == AF_INET ? 0 : 1];
}

void espl_selectors_init(struct espl_selectors *sel)
{
	memset(sel, 0, sizeof(*sel));
}

struct espl_ts_set *espl_ts_set_alloc(struct espl_policy *policy, unsigned int nlocal,
				      unsigned int nremote)
{
	struct espl_ts_set *set = kzalloc(struct_size(set, ts, nlocal + nremote), GFP_KERNEL);

	if (!set)
		return NULL;
	set->policy = policy;
	INIT_LIST_HEAD(&set->rules);
	set->nlocal = nlocal;
	set->nremote = nremote;
	return set;
}

void espl_ts_set_free(struct espl_ts_set *set)
{
	if (set)
		kfree_rcu(set, rcu);
}

/*** ranges to prefixes ***/

static bool selector_address_bit(const union espl_addr *addr, unsigned int pos)
{
	return addr->b[pos / 8] >> (7 - pos % 8) & 1;
}

/*
 * Cuts the largest aligned block off the front of *from to end. Returns false
 * when it was the last one; else *from has moved behind it.
 */
static bool selector_next_prefix(union espl_addr *from, const struct espl_ts *ts,
				 struct prefix *prefix)
{
	unsigned int bits = selector_family_bits(ts->family);
	union espl_addr last = *from, wider = *from;
	unsigned int len = bits;
	int i;

	while (len && !selector_address_bit(from, len - 1)) {
		wider.b[(len - 1) / 8] |= 0x80 >> (len - 1) % 8;
		if (memcmp(&wider, &ts->end, bits / 8) > 0)
			break;
		last = wider;
		len--;
	}
	prefix->addr = *from;
	prefix->len = len;
	if (!memcmp(&last, &ts->end, bits / 8))
		return false;

	for (i = bits / 8 - 1; i >= 0 && ++last.b[i] == 0; i--)
		;
	*from = last;
	return true;
}

static unsigned int selector_count_prefixes(const struct espl_ts *ts)
{
	union espl_addr from = ts->start;
	struct prefix prefix;
	unsigned int n = 1;

	while (selector_next_prefix(&from, ts, &prefix))
		n++;
	return n;
}

/*** matching ***/

static bool selector_any_port(const struct espl_ts *ts)
{
	return ts->port_start == 0 && ts->port_end == U16_MAX;
}

static bool selector_port_matches(const struct espl_ts *ts, u16 port, bool opaque)
{
	if (selector_any_port(ts))
		return true;
	if (ts->port_start > ts->port_end || opaque)
		return opaque && ts->port_start > ts->port_end;
	return port >= ts->port_start && port <= ts->port_end;
}

static bool selector_proto_matches(const struct espl_ts *ts, u8 proto)
{
	return !ts->proto || ts->proto == proto;
}

static bool selector_rule_matches(const struct rule *rule, const struct espl_flow *flow)
{
	return selector_proto_matches(rule->local, flow->proto) &&
	       selector_proto_matches(rule->remote, flow->proto) &&
	       selector_port_matches(rule->remote, flow->remote_port, flow->opaque) &&
	       selector_port_matches(rule->local, flow->local_port, flow->opaque);
}

/* The deepest hit of both descents wins: longest remote, then longest local prefix. */
struct espl_policy *espl_selectors_lookup(const struct espl_selectors *sel,
					  const struct espl_flow *flow)
{
	struct espl_trie_key remote_key = espl_trie_key(flow->remote.b);
	struct espl_trie_key local_key = espl_trie_key(flow->local.b);
	const struct espl_trie *remotes = selector_remote_trie(sel, flow->family);
	const struct espl_trie_node *r = NULL, *l;
	struct espl_policy *policy = NULL;
	const struct remote *remote;
	const struct leaf *leaf;
	const struct rule *rule;

	while ((remote = espl_trie_next(remotes, &r, remote_key))) {
		l = NULL;
		while ((leaf = espl_trie_next(&remote->local, &l, local_key))) {
			list_for_each_entry_rcu(rule, &leaf->rules, on_leaf) {
				if (selector_rule_matches(rule, flow)) {
					policy = rule->set->policy;
					break;
				}
			}
		}
	}
	return policy;
}

/* Network order compares as numbers do; IPv4 addresses have zeroes behind. */
static bool selector_not_above(struct espl_trie_key a, struct espl_trie_key b)
{
	return a.hi < b.hi || (a.hi == b.hi && a.lo <= b.lo);
}

static bool selector_ts_matches(const struct espl_ts *ts, const struct espl_flow *flow,
				struct espl_trie_key addr, u16 port)
{
	return ts->family == flow->family && selector_proto_matches(ts, flow->proto) &&
	       selector_not_above(espl_trie_key(ts->start.b), addr) &&
	       selector_not_above(addr, espl_trie_key(ts->end.b)) &&
	       selector_port_matches(ts, port, flow->opaque);
}

bool espl_ts_set_match(const struct espl_ts_set *set, const struct espl_flow *flow)
{
	struct espl_trie_key remote_key = espl_trie_key(flow->remote.b);
	struct espl_trie_key local_key = espl_trie_key(flow->local.b);
	const struct espl_ts *remote = set->ts + set->nlocal;
	unsigned int l, r;

	for (l = 0; l < set->nlocal; l++) {
		if (selector_ts_matches(&set->ts[l], flow, local_key, flow->local_port))
			break;
	}
	if (l == set->nlocal)
		return false;
	for (r = 0; r < set->nremote; r++) {
		if (selector_ts_matches(&remote[r], flow, remote_key, flow->remote_port))
			return true;
	}
	return false;
}

/*** the writer ***/

static bool selector_can_pair(const struct espl_ts *local, const struct espl_ts *remote)
{
	return local->family == remote->family &&
	       (!local->proto || !remote->proto || local->proto == remote->proto);
}

/* Opaque (start over end) is the narrowest. */
static unsigned int selector_port_width(const struct espl_ts *ts)
{
	return ts->port_start > ts->port_end ? 0 : ts->port_end - ts->port_start + 1;
}

/* Is a to be asked before b? Not if they are equals. */
static bool selector_more_specific(const struct rule *a, const struct rule *b)
{
	bool a_proto = a->local->proto || a->remote->proto;
	bool b_proto = b->local->proto || b->remote->proto;

	if (a_proto != b_proto)
		return a_proto;
	if (selector_port_width(a->remote) != selector_port_width(b->remote))
		return selector_port_width(a->remote) < selector_port_width(b->remote);
	return selector_port_width(a->local) < selector_port_width(b->local);
}

static struct remote *selector_get_remote(struct espl_trie *trie, const struct rule *rule)
{
	struct remote *remote = espl_trie_get(trie, rule->remote_key, rule->remote_len);

	if (remote)
		return remote;
	remote = kzalloc(sizeof(*remote), GFP_KERNEL);
	if (remote && espl_trie_set(trie, rule->remote_key, rule->remote_len, remote)) {
		kfree(remote);
		remote = NULL;
	}
	return remote;
}

static struct leaf *selector_get_leaf(struct remote *remote, const struct rule *rule)
{
	struct leaf *leaf = espl_trie_get(&remote->local, rule->local_key, rule->local_len);

	if (leaf)
		return leaf;
	leaf = kzalloc(sizeof(*leaf), GFP_KERNEL);
	if (!leaf)
		return NULL;
	INIT_LIST_HEAD(&leaf->rules);
	if (espl_trie_set(&remote->local, rule->local_key, rule->local_len, leaf)) {
		kfree(leaf);
		return NULL;
	}
	remote->leaves++;
	return leaf;
}

static void selector_put_remote(struct espl_trie *trie, struct remote *remote,
				const struct rule *rule)
{
	if (remote->leaves)
		return;
	espl_trie_del(trie, rule->remote_key, rule->remote_len);
	kfree_rcu(remote, rcu);
}

static int selector_insert_rule(struct espl_selectors *sel, struct rule *rule)
{
	struct espl_trie *trie = selector_remote_trie(sel, rule->remote->family);
	struct remote *remote = selector_get_remote(trie, rule);
	struct leaf *leaf;
	struct rule *at;

	if (!remote)
		return -ENOMEM;
	leaf = selector_get_leaf(remote, rule);
	if (!leaf) {
		selector_put_remote(trie, remote, rule);
		return -ENOMEM;
	}
	/* before its equals: the newest wins */
	list_for_each_entry(at, &leaf->rules, on_leaf) {
		if (!selector_more_specific(at, rule))
			break;
	}
	list_add_tail_rcu(&rule->on_leaf, &at->on_leaf);
	list_add_tail(&rule->on_set, &rule->set->rules);
	return 0;
}

static void selector_remove_rule(struct espl_selectors *sel, struct rule *rule)
{
	struct espl_trie *trie = selector_remote_trie(sel, rule->remote->family);
	struct remote *remote = espl_trie_get(trie, rule->remote_key, rule->remote_len);
	struct leaf *leaf = espl_trie_get(&remote->local, rule->local_key, rule->local_len);

	list_del(&rule->on_set);
	list_del_rcu(&rule->on_leaf);
	if (list_empty(&leaf->rules)) {
		espl_trie_del(&remote->local, rule->local_key, rule->local_len);
		kfree_rcu(leaf, rcu);
		remote->leaves--;
		selector_put_remote(trie, remote, rule);
	}
	kfree_rcu(rule, rcu);
}

static int selector_insert_prefixes(struct espl_selectors *sel, struct espl_ts_set *set,
				    const struct espl_ts *local, const struct espl_ts *remote,
				    const struct prefix *remote_prefix)
{
	union espl_addr from = local->start;
	struct prefix prefix;
	struct rule *rule;
	bool more;
	int err;

	do {
		more = selector_next_prefix(&from, local, &prefix);
		rule = kzalloc(sizeof(*rule), GFP_KERNEL);
		if (!rule)
			return -ENOMEM;
		rule->set = set;
		rule->local = local;
		rule->remote = remote;
		rule->local_key = espl_trie_key(prefix.addr.b);
		rule->local_len = prefix.len;
		rule->remote_key = espl_trie_key(remote_prefix->addr.b);
		rule->remote_len = remote_prefix->len;
		err = selector_insert_rule(sel, rule);
		if (err) {
			kfree(rule);
			return err;
		}
	} while (more);
	return 0;
}

static int selector_insert_pair(struct espl_selectors *sel, struct espl_ts_set *set,
				const struct espl_ts *local, const struct espl_ts *remote)
{
	union espl_addr from = remote->start;
	struct prefix prefix;
	bool more;
	int err;

	do {
		more = selector_next_prefix(&from, remote, &prefix);
		err = selector_insert_prefixes(sel, set, local, remote, &prefix);
		if (err)
			return err;
	} while (more);
	return 0;
}

/* How many rules the set will need; beyond ESPL_RULES_MAX it stops counting. */
static u64 selector_count_rules(const struct espl_ts_set *set)
{
	const struct espl_ts *remote = set->ts + set->nlocal;
	unsigned int l, r, remotes;
	u64 rules = 0;

	for (r = 0; r < set->nremote; r++) {
		remotes = selector_count_prefixes(&remote[r]);
		for (l = 0; l < set->nlocal && rules <= ESPL_RULES_MAX; l++) {
			if (selector_can_pair(&set->ts[l], &remote[r]))
				rules += (u64)remotes * selector_count_prefixes(&set->ts[l]);
		}
	}
	return rules;
}

int espl_selectors_insert(struct espl_selectors *sel, struct espl_ts_set *set)
{
	const struct espl_ts *remote = set->ts + set->nlocal;
	u64 rules = selector_count_rules(set);
	unsigned int l, r;
	int err;

	if (!rules)
		return -EINVAL;
	if (rules > ESPL_RULES_MAX)
		return -E2BIG;

	for (l = 0; l < set->nlocal; l++) {
		for (r = 0; r < set->nremote; r++) {
			if (!selector_can_pair(&set->ts[l], &remote[r]))
				continue;
			err = selector_insert_pair(sel, set, &set->ts[l], &remote[r]);
			if (err) {
				espl_selectors_remove(sel, set);
				return err;
			}
		}
	}
	return 0;
}

void espl_selectors_remove(struct espl_selectors *sel, struct espl_ts_set *set)
{
	struct rule *rule, *next;

	list_for_each_entry_safe(rule, next, &set->rules, on_set)
		selector_remove_rule(sel, rule);
}
