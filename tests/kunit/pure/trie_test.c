// SPDX-License-Identifier: GPL-2.0
#include <linux/random.h>
#include "pure/trie.h"
#include "suites.h"

static struct espl_trie_key key4(u32 addr)
{
	return (struct espl_trie_key) { .hi = (u64)addr << 32 };
}

static u64 mask(unsigned int len)
{
	return len ? ~0ULL << (64 - len) : 0;
}

/* All values on the way down to key, in order, end in a 0. */
static void expect_path(struct kunit *test, const struct espl_trie *trie, u32 key,
			const char *want)
{
	const struct espl_trie_node *at = NULL;
	const char *value;

	rcu_read_lock();
	while ((value = espl_trie_next(trie, &at, key4(key)))) {
		KUNIT_EXPECT_EQ(test, *value, *want);
		if (*want)
			want++;
	}
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, *want, 0);
}

static void nested(struct kunit *test)
{
	static char a = 'a', b = 'b', c = 'c', d = 'd', e = 'e';
	struct espl_trie trie = {};

	expect_path(test, &trie, 0x0a000001, "");
	KUNIT_ASSERT_EQ(test, 0, espl_trie_set(&trie, key4(0x0a010000), 16, &c));
	KUNIT_ASSERT_EQ(test, 0, espl_trie_set(&trie, key4(0x0a010101), 32, &e));
	KUNIT_ASSERT_EQ(test, 0, espl_trie_set(&trie, key4(0), 0, &a));
	KUNIT_ASSERT_EQ(test, 0, espl_trie_set(&trie, key4(0x0a000000), 8, &b));
	KUNIT_ASSERT_EQ(test, 0, espl_trie_set(&trie, key4(0x0a020000), 16, &d));

	expect_path(test, &trie, 0x0a010101, "abce");
	expect_path(test, &trie, 0x0a010102, "abc");
	expect_path(test, &trie, 0x0a02ffff, "abd");
	expect_path(test, &trie, 0x0a03ffff, "ab");
	expect_path(test, &trie, 0xffffffff, "a");
	KUNIT_EXPECT_PTR_EQ(test, espl_trie_get(&trie, key4(0x0a020000), 16), (void *)&d);
	KUNIT_EXPECT_NULL(test, espl_trie_get(&trie, key4(0x0a020000), 17));
	KUNIT_EXPECT_NULL(test, espl_trie_get(&trie, key4(0x0a000000), 15));

	espl_trie_del(&trie, key4(0x0a000000), 8);
	expect_path(test, &trie, 0x0a010101, "ace");
	espl_trie_del(&trie, key4(0x0a010000), 16);
	expect_path(test, &trie, 0x0a010101, "ae");
	expect_path(test, &trie, 0x0a020304, "ad");
	espl_trie_del(&trie, key4(0x0a010101), 32);
	espl_trie_del(&trie, key4(0), 0);
	expect_path(test, &trie, 0x0a010101, "");
	expect_path(test, &trie, 0x0a020304, "d");
	espl_trie_del(&trie, key4(0x0a020000), 16);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(trie.root));
}

struct entry {
	struct espl_trie_key key;
	unsigned int len;
	bool in;
};

static void expect_same(struct kunit *test, const struct espl_trie *trie,
			const struct entry *list, unsigned int n, struct espl_trie_key key)
{
	const struct espl_trie_node *at = NULL;
	unsigned int i, want = 0, got = 0, last = 0;
	const struct entry *e;

	for (i = 0; i < n; i++) {
		e = &list[i];
		if (e->in && !((e->key.hi ^ key.hi) & mask(min(e->len, 64u))) &&
		    (e->len <= 64 || !((e->key.lo ^ key.lo) & mask(e->len - 64))))
			want++;
	}
	rcu_read_lock();
	while ((e = espl_trie_next(trie, &at, key))) {
		KUNIT_EXPECT_TRUE(test, e->in);
		KUNIT_EXPECT_TRUE(test, got == 0 || e->len > last);
		last = e->len;
		got++;
	}
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, got, want);
}

/* Against a plain list, while prefixes come and go. */
static void random_prefixes(struct kunit *test)
{
	enum { N = 400, STEPS = 4000 };
	struct entry *list = kunit_kcalloc(test, N, sizeof(*list), GFP_KERNEL);
	struct espl_trie trie = {};
	struct espl_trie_key key;
	struct entry *e;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, list);
	for (i = 0; i < STEPS; i++) {
		e = &list[get_random_u32() % N];
		if (e->in) {
			KUNIT_ASSERT_PTR_EQ(test, espl_trie_get(&trie, e->key, e->len), (void *)e);
			e->in = false;
			espl_trie_del(&trie, e->key, e->len);
		} else {
			/* few bits vary, so that they nest and share */
			e->len = get_random_u32() % 129;
			e->key.hi = (get_random_u64() & 0x8000000180000001ULL) &
				    mask(min(e->len, 64u));
			e->key.lo = e->len > 64 ? (get_random_u64() & 0x8000000180000001ULL) &
						  mask(e->len - 64) : 0;
			if (espl_trie_get(&trie, e->key, e->len))
				continue;
			KUNIT_ASSERT_EQ(test, 0, espl_trie_set(&trie, e->key, e->len, e));
			e->in = true;
		}
		key.hi = get_random_u64() & 0x8000000180000001ULL;
		key.lo = get_random_u64() & 0x8000000180000001ULL;
		expect_same(test, &trie, list, N, key);
	}
	for (i = 0; i < N; i++) {
		if (list[i].in)
			espl_trie_del(&trie, list[i].key, list[i].len);
	}
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(trie.root));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(nested),
	KUNIT_CASE(random_prefixes),
	{}
};

struct kunit_suite espl_trie_suite = { .name = "espl_trie", .test_cases = cases };
