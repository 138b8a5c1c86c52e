// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include "steps.h"
#include "trie.h"

/* The writer is alone by contract, so a plain load will do. */
#define trie_deref(p)	rcu_dereference_protected(p, true)

static unsigned int trie_bit_at(struct espl_trie_key key, unsigned int pos)
{
	return pos < 64 ? key.hi >> (63 - pos) & 1 : key.lo >> (127 - pos) & 1;
}

static unsigned int trie_common_bits(struct espl_trie_key a, struct espl_trie_key b)
{
	if (a.hi != b.hi)
		return 64 - fls64(a.hi ^ b.hi);
	return 128 - fls64(a.lo ^ b.lo);
}

static bool trie_covers(const struct espl_trie_node *node, struct espl_trie_key key)
{
	return !(((node->key.hi ^ key.hi) & node->mask.hi) |
		 ((node->key.lo ^ key.lo) & node->mask.lo));
}

/* n ones from the left, 0 to 64. */
static u64 trie_ones(unsigned int n)
{
	return n ? ~0ULL << (64 - n) : 0;
}

static struct espl_trie_node *trie_new_node(struct espl_trie_key key, unsigned int len, void *value)
{
	struct espl_trie_node *node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);

	if (!node)
		return NULL;
	node->mask.hi = trie_ones(min(len, 64U));
	node->mask.lo = len > 64 ? trie_ones(len - 64) : 0;
	node->key.hi = key.hi & node->mask.hi;
	node->key.lo = key.lo & node->mask.lo;
	node->len = len;
	RCU_INIT_POINTER(node->value, value);
	return node;
}

void *espl_trie_get(const struct espl_trie *trie, struct espl_trie_key key, unsigned int len)
{
	struct espl_trie_node *node = trie_deref(trie->root);

	while (node && node->len < len && trie_covers(node, key))
		node = trie_deref(node->kid[trie_bit_at(key, node->len)]);
	if (!node || node->len != len || !trie_covers(node, key))
		return NULL;
	return trie_deref(node->value);
}

int espl_trie_set(struct espl_trie *trie, struct espl_trie_key key, unsigned int len, void *value)
{
	struct espl_trie_node __rcu **link = &trie->root;
	struct espl_trie_node *node, *leaf, *fork;
	unsigned int common = 0;

	while ((node = trie_deref(*link))) {
		common = min3(trie_common_bits(node->key, key), (unsigned int)node->len, len);
		if (common < node->len)
			break;
		if (node->len == len) {
			rcu_assign_pointer(node->value, value);
			return 0;
		}
		link = &node->kid[trie_bit_at(key, node->len)];
	}

	leaf = trie_new_node(key, len, value);
	if (!leaf)
		return -ENOMEM;
	if (!node) {
		rcu_assign_pointer(*link, leaf);
		return 0;
	}
	if (common == len) {
		RCU_INIT_POINTER(leaf->kid[trie_bit_at(node->key, len)], node);
		rcu_assign_pointer(*link, leaf);
		return 0;
	}

	fork = trie_new_node(key, common, NULL);
	if (!fork) {
		kfree(leaf);
		return -ENOMEM;
	}
	RCU_INIT_POINTER(fork->kid[trie_bit_at(key, common)], leaf);
	RCU_INIT_POINTER(fork->kid[!trie_bit_at(key, common)], node);
	rcu_assign_pointer(*link, fork);
	return 0;
}

/*
 * Takes out a node without a value if it has at most one kid. Readers that
 * stand on it still find that kid. Returns whether nothing took its place.
 */
static bool trie_prune(struct espl_trie_node __rcu **link)
{
	struct espl_trie_node *node = trie_deref(*link);
	struct espl_trie_node *kid0 = trie_deref(node->kid[0]);
	struct espl_trie_node *kid1 = trie_deref(node->kid[1]);

	if (rcu_access_pointer(node->value) || (kid0 && kid1))
		return false;
	rcu_assign_pointer(*link, kid0 ?: kid1);
	kfree_rcu(node, rcu);
	return !kid0 && !kid1;
}

void espl_trie_del(struct espl_trie *trie, struct espl_trie_key key, unsigned int len)
{
	struct espl_trie_node __rcu **link = &trie->root, **above = NULL;
	struct espl_trie_node *node;

	while ((node = trie_deref(*link)) && node->len < len) {
		above = link;
		link = &node->kid[trie_bit_at(key, node->len)];
	}
	if (WARN_ON_ONCE(!node || node->len != len || !trie_covers(node, key)))
		return;

	RCU_INIT_POINTER(node->value, NULL);
	if (trie_prune(link) && above)
		trie_prune(above);
}

void *espl_trie_next(const struct espl_trie *trie, const struct espl_trie_node **at,
		     struct espl_trie_key key)
{
	const struct espl_trie_node *node = *at;
	void *value;

	do {
		espl_step();
		if (!node)
			node = rcu_dereference(trie->root);
		else if (node->len < 128)
			node = rcu_dereference(node->kid[trie_bit_at(key, node->len)]);
		else
			return NULL;
		if (!node || !trie_covers(node, key))
			return NULL;
		value = rcu_dereference(node->value);
	} while (!value);
	*at = node;
	return value;
}
