// SPDX-License-Identifier: GPL-2.0
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/minmax.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include "selector.h"

/*
 * Ranges of ports are cut into prefixes as those of addresses are, so that four
 * tries, one in the other, lead to the rules that match a packet:
 *
 *	remote address	-> struct remote
 *	local address	-> struct leaf; here rules without a protocol, too
 *	protocol and remote port -> struct ports
 *	local port	-> struct spot
 *
 * All rules of a spot match the same packets, so that the best of them is all
 * a reader needs. Every level is freed by RCU after it was unlinked.
 */
struct remote {
	struct espl_trie local;
	struct rcu_head rcu;
};

/* Rules of which only the best counts. */
struct choice {
	struct rule __rcu *best;
	struct rb_root rules;		/* writer only */
};

struct leaf {
	struct choice any;		/* of those without a protocol */
	struct espl_trie ports;
	struct rcu_head rcu;
};

struct ports {
	struct espl_trie local;
	struct rcu_head rcu;
};

struct spot {
	struct choice choice;
	struct rcu_head rcu;
};

/* A port has 17 bits: the first one is set for OPAQUE, which no port matches. */
enum { PORT_BITS = 17, PORT_OPAQUE = 1 << 16 };

struct prefix {
	struct espl_trie_key key;
	unsigned int len;		/* bits */
};

/* One prefix of each kind. */
struct rule {
	struct rb_node on_choice;	/* writer only, and so is the next */
	struct list_head on_set;
	struct espl_ts_set *set;
	struct prefix remote;
	struct prefix local;
	struct prefix remote_port;	/* the protocol goes before */
	struct prefix local_port;
	u64 rank;			/* by the width of port ranges: the lowest is the best */
	u64 age;			/* the highest is the newest */
	u8 family;
	u8 proto;			/* 0: any */
	struct rcu_head rcu;
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
	struct espl_ts_set *set = kzalloc(struct_size(set, ts, nlocal + nremote),
					  GFP_KERNEL_ACCOUNT);

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
	prefix->key = espl_trie_key(from->b);
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

static bool selector_any_port(const struct espl_ts *ts)
{
	return ts->port_start == 0 && ts->port_end == U16_MAX;
}

static bool selector_opaque(const struct espl_ts *ts)
{
	return ts->port_start > ts->port_end;
}

static struct espl_trie_key selector_port_key(u32 value, unsigned int bits)
{
	return (struct espl_trie_key) { .hi = (u64)value << (64 - bits) };
}

/* As selector_next_prefix(), of ports; any port is a prefix of no bits. */
static bool selector_next_ports(u32 *from, const struct espl_ts *ts, u32 *port, unsigned int *len)
{
	unsigned int order;

	*port = *from;
	if (selector_any_port(ts)) {
		*len = 0;
		return false;
	}
	if (selector_opaque(ts)) {
		*port = PORT_OPAQUE;
		*len = 1;
		return false;
	}
	order = *from ? __ffs(*from) : 16;
	while (*from + (1U << order) - 1 > ts->port_end)
		order--;
	*len = PORT_BITS - order;
	*from += 1U << order;
	return *from <= ts->port_end;
}

static unsigned int selector_count_ports(const struct espl_ts *ts)
{
	u32 from = ts->port_start, port;
	unsigned int n = 1, len;

	while (selector_next_ports(&from, ts, &port, &len))
		n++;
	return n;
}

/*** matching ***/

static bool selector_port_matches(const struct espl_ts *ts, u16 port, bool opaque)
{
	if (selector_any_port(ts))
		return true;
	if (selector_opaque(ts) || opaque)
		return opaque && selector_opaque(ts);
	return port >= ts->port_start && port <= ts->port_end;
}

static bool selector_proto_matches(const struct espl_ts *ts, u8 proto)
{
	return !ts->proto || ts->proto == proto;
}

/* Is a asked before b? Of one protocol, or of none. */
static bool selector_better(const struct rule *a, const struct rule *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->age > b->age;
}

/* NULL: no rule of this pair of prefixes matches. A protocol goes before any. */
static const struct rule *selector_find_rule(const struct leaf *leaf,
					     struct espl_trie_key remote_port,
					     struct espl_trie_key local_port)
{
	const struct espl_trie_node *r = NULL, *l;
	const struct rule *rule, *best = NULL;
	const struct ports *ports;
	const struct spot *spot;

	while ((ports = espl_trie_next(&leaf->ports, &r, remote_port))) {
		l = NULL;
		while ((spot = espl_trie_next(&ports->local, &l, local_port))) {
			rule = rcu_dereference(spot->choice.best);
			if (rule && (!best || selector_better(rule, best)))
				best = rule;
		}
	}
	return best ?: rcu_dereference(leaf->any.best);
}

/* The deepest hit of both descents wins: longest remote, then longest local prefix. */
struct espl_policy *espl_selectors_lookup(const struct espl_selectors *sel,
					  const struct espl_flow *flow)
{
	u32 remote_port = flow->opaque ? PORT_OPAQUE : flow->remote_port;
	u32 local_port = flow->opaque ? PORT_OPAQUE : flow->local_port;
	struct espl_trie_key remote_port_key =
		selector_port_key(flow->proto << PORT_BITS | remote_port, 8 + PORT_BITS);
	struct espl_trie_key local_port_key = selector_port_key(local_port, PORT_BITS);
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
			rule = selector_find_rule(leaf, remote_port_key, local_port_key);
			if (rule)
				policy = rule->set->policy;
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

/* Opaque is the narrowest. */
static unsigned int selector_port_width(const struct espl_ts *ts)
{
	return selector_opaque(ts) ? 0 : ts->port_end - ts->port_start + 1;
}

static void selector_choice_add(struct choice *choice, struct rule *rule)
{
	struct rb_node **link = &choice->rules.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = selector_better(rule, rb_entry(parent, struct rule, on_choice)) ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&rule->on_choice, parent, link);
	rb_insert_color(&rule->on_choice, &choice->rules);
	rcu_assign_pointer(choice->best,
			   rb_entry(rb_first(&choice->rules), struct rule, on_choice));
}

static void selector_choice_del(struct choice *choice, struct rule *rule)
{
	struct rb_node *first;

	rb_erase(&rule->on_choice, &choice->rules);
	first = rb_first(&choice->rules);
	rcu_assign_pointer(choice->best,
			   first ? rb_entry(first, struct rule, on_choice) : NULL);
}

/* What the trie has at the prefix, else @size zero octets that are put there; NULL: no memory. */
static void *selector_get(struct espl_trie *trie, const struct prefix *prefix, size_t size)
{
	void *value = espl_trie_get(trie, prefix->key, prefix->len);

	if (value)
		return value;
	value = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (value && espl_trie_set(trie, prefix->key, prefix->len, value)) {
		kfree(value);
		value = NULL;
	}
	return value;
}

/* Where the rule is, or goes to: all levels are made. NULL: no memory. */
static struct choice *selector_get_choice(struct espl_selectors *sel, const struct rule *rule)
{
	struct remote *remote;
	struct ports *ports;
	struct leaf *leaf;
	struct spot *spot;

	remote = selector_get(selector_remote_trie(sel, rule->family), &rule->remote,
			      sizeof(*remote));
	leaf = remote ? selector_get(&remote->local, &rule->local, sizeof(*leaf)) : NULL;
	if (!leaf || !rule->proto)
		return leaf ? &leaf->any : NULL;
	ports = selector_get(&leaf->ports, &rule->remote_port, sizeof(*ports));
	spot = ports ? selector_get(&ports->local, &rule->local_port, sizeof(*spot)) : NULL;
	return spot ? &spot->choice : NULL;
}

static bool selector_trie_empty(const struct espl_trie *trie)
{
	return !rcu_access_pointer(trie->root);
}

/* Takes out what is empty on the way to the rule, which is not there (any more). */
static void selector_prune_ports(struct leaf *leaf, const struct rule *rule)
{
	struct ports *ports = espl_trie_get(&leaf->ports, rule->remote_port.key,
					    rule->remote_port.len);
	struct spot *spot;

	if (!ports)
		return;
	spot = espl_trie_get(&ports->local, rule->local_port.key, rule->local_port.len);
	if (spot && RB_EMPTY_ROOT(&spot->choice.rules)) {
		espl_trie_del(&ports->local, rule->local_port.key, rule->local_port.len);
		kfree_rcu(spot, rcu);
	}
	if (selector_trie_empty(&ports->local)) {
		espl_trie_del(&leaf->ports, rule->remote_port.key, rule->remote_port.len);
		kfree_rcu(ports, rcu);
	}
}

static void selector_prune(struct espl_selectors *sel, const struct rule *rule)
{
	struct espl_trie *remotes = selector_remote_trie(sel, rule->family);
	struct remote *remote = espl_trie_get(remotes, rule->remote.key, rule->remote.len);
	struct leaf *leaf;

	if (!remote)
		return;
	leaf = espl_trie_get(&remote->local, rule->local.key, rule->local.len);
	if (leaf && rule->proto)
		selector_prune_ports(leaf, rule);
	if (leaf && RB_EMPTY_ROOT(&leaf->any.rules) && selector_trie_empty(&leaf->ports)) {
		espl_trie_del(&remote->local, rule->local.key, rule->local.len);
		kfree_rcu(leaf, rcu);
	}
	if (selector_trie_empty(&remote->local)) {
		espl_trie_del(remotes, rule->remote.key, rule->remote.len);
		kfree_rcu(remote, rcu);
	}
}

/* A copy of the rule, whose prefixes are set. */
static int selector_insert_rule(struct espl_selectors *sel, const struct rule *from)
{
	struct rule *rule = kmemdup(from, sizeof(*rule), GFP_KERNEL_ACCOUNT);
	struct choice *choice;

	if (!rule)
		return -ENOMEM;
	choice = selector_get_choice(sel, rule);
	if (!choice) {
		selector_prune(sel, rule);
		kfree(rule);
		return -ENOMEM;
	}
	rule->age = ++sel->age;
	selector_choice_add(choice, rule);
	list_add_tail(&rule->on_set, &rule->set->rules);
	sel->rules++;
	return 0;
}

static void selector_remove_rule(struct espl_selectors *sel, struct rule *rule)
{
	list_del(&rule->on_set);
	/* It is there: nothing is made. */
	selector_choice_del(selector_get_choice(sel, rule), rule);
	selector_prune(sel, rule);
	kfree_rcu(rule, rcu);
	sel->rules--;
}

static int selector_insert_ports(struct espl_selectors *sel, struct rule *rule,
				 const struct espl_ts *local, const struct espl_ts *remote)
{
	u32 remote_from = remote->port_start, local_from, port;
	bool more_remote, more_local;
	int err;

	do {
		more_remote = selector_next_ports(&remote_from, remote, &port,
						  &rule->remote_port.len);
		rule->remote_port.key = selector_port_key(rule->proto << PORT_BITS | port,
							  8 + PORT_BITS);
		rule->remote_port.len += 8;
		local_from = local->port_start;
		do {
			more_local = selector_next_ports(&local_from, local, &port,
							 &rule->local_port.len);
			rule->local_port.key = selector_port_key(port, PORT_BITS);
			err = selector_insert_rule(sel, rule);
		} while (!err && more_local);
	} while (!err && more_remote);
	return err;
}

/* Every pair of an address prefix of the one with one of the other. */
static int selector_insert_pair(struct espl_selectors *sel, struct espl_ts_set *set,
				const struct espl_ts *local, const struct espl_ts *remote)
{
	union espl_addr remote_from = remote->start, local_from;
	struct rule rule = {
		.set = set,
		.family = remote->family,
		.proto = local->proto ?: remote->proto,
		.rank = (u64)selector_port_width(remote) << 32 | selector_port_width(local),
	};
	bool more_remote, more_local;
	int err;

	do {
		more_remote = selector_next_prefix(&remote_from, remote, &rule.remote);
		local_from = local->start;
		do {
			more_local = selector_next_prefix(&local_from, local, &rule.local);
			err = selector_insert_ports(sel, &rule, local, remote);
		} while (!err && more_local);
		cond_resched();
	} while (!err && more_remote);
	return err;
}

/* How many rules the set will need; beyond ESPL_RULES_MAX it stops counting. */
static u64 selector_count_rules(const struct espl_ts_set *set)
{
	const struct espl_ts *remote = set->ts + set->nlocal;
	unsigned int l, r, remotes;
	u64 rules = 0;

	for (r = 0; r < set->nremote; r++) {
		remotes = selector_count_prefixes(&remote[r]) * selector_count_ports(&remote[r]);
		for (l = 0; l < set->nlocal && rules <= ESPL_RULES_MAX; l++) {
			if (selector_can_pair(&set->ts[l], &remote[r]))
				rules += (u64)remotes * selector_count_prefixes(&set->ts[l]) *
					 selector_count_ports(&set->ts[l]);
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
	if (rules > ESPL_RULES_ALL - sel->rules)
		return -ENOSPC;

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

	list_for_each_entry_safe(rule, next, &set->rules, on_set) {
		selector_remove_rule(sel, rule);
		cond_resched();
	}
}
