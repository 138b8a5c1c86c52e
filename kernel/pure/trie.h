/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A path-compressed binary trie of prefixes under RCU. Each node that somebody
 * asked for carries one value. One writer at a time; readers hold
 * rcu_read_lock().
 */
#ifndef _ESPL_TRIE_H
#define _ESPL_TRIE_H

#include <linux/rcupdate.h>
#include <linux/types.h>
#include "compat.h"

/* Octets in network order, left-aligned, as two integers to compare fast. */
struct espl_trie_key {
	u64 hi;
	u64 lo;
};

struct espl_trie_node {
	struct espl_trie_node __rcu *kid[2];
	void __rcu *value;	/* NULL: only a fork */
	struct espl_trie_key key;	/* bits from len on are 0 */
	struct espl_trie_key mask;	/* len ones */
	u8 len;			/* bits */
	struct rcu_head rcu;
};

struct espl_trie {
	struct espl_trie_node __rcu *root;
};

/* addr has 16 octets; IPv4 is the first 4 of them and the rest is 0. */
static inline struct espl_trie_key espl_trie_key(const u8 *addr)
{
	return (struct espl_trie_key) {
		.hi = get_unaligned_be64(addr),
		.lo = get_unaligned_be64(addr + 8),
	};
}

/* Writer. The value at exactly this prefix, or NULL. */
void *espl_trie_get(const struct espl_trie *trie, struct espl_trie_key key, unsigned int len);
/* Writer. Sets the value of a prefix that has none; -ENOMEM. */
int espl_trie_set(struct espl_trie *trie, struct espl_trie_key key, unsigned int len, void *value);
/* Writer. The prefix has a value; it is the caller's to free after a grace period. */
void espl_trie_del(struct espl_trie *trie, struct espl_trie_key key, unsigned int len);

/*
 * Reader. The values of the prefixes of key, from the shortest to the longest;
 * NULL at the end. *at is the cursor, NULL to begin.
 */
void *espl_trie_next(const struct espl_trie *trie, const struct espl_trie_node **at,
		     struct espl_trie_key key);

#endif /* _ESPL_TRIE_H */
