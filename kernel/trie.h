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

struct espl_trie_node {
	struct espl_trie_node __rcu *kid[2];
	void __rcu *value;	/* NULL: only a fork */
	u8 key[16];		/* bits from len on are 0 */
	u8 len;			/* bits */
	struct rcu_head rcu;
};

struct espl_trie {
	struct espl_trie_node __rcu *root;
};

/* Writer. The value at exactly this prefix, or NULL. */
void *espl_trie_get(const struct espl_trie *trie, const u8 *key, unsigned int len);
/* Writer. Sets it; -ENOMEM. The prefix has none yet. */
int espl_trie_set(struct espl_trie *trie, const u8 *key, unsigned int len, void *value);
/* Writer. Takes it out; the value is the caller's to free, after a grace period. */
void espl_trie_del(struct espl_trie *trie, const u8 *key, unsigned int len);

/*
 * Reader. The next longer prefix of key (of bits bits) that has a value, below
 * node, or from the root when node is NULL; NULL at the end. From the shortest
 * to the longest:
 *
 *	for (n = espl_trie_next(t, NULL, key, bits); n; n = espl_trie_next(t, n, key, bits))
 *		value = rcu_dereference(n->value);
 */
struct espl_trie_node *espl_trie_next(const struct espl_trie *trie,
				      const struct espl_trie_node *node, const u8 *key,
				      unsigned int bits);

#endif /* _ESPL_TRIE_H */
