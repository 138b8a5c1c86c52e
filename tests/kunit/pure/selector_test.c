// SPDX-License-Identifier: GPL-2.0
#include <linux/completion.h>
#include <linux/in.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/socket.h>
#include "pure/compat.h"
#include "pure/selector.h"
#include "pure/steps.h"
#include "suites.h"

/* Policies are opaque: any pointer will do. */
#define POLICY(n)	((struct espl_policy *)(unsigned long)(n))


static struct espl_ts ts4(u32 start, u32 end, u8 proto, u16 port_start, u16 port_end)
{
	return (struct espl_ts) {
		.start.v4 = htonl(start), .end.v4 = htonl(end), .family = AF_INET,
		.proto = proto, .port_start = port_start, .port_end = port_end,
	};
}

static struct espl_ts net4(u32 addr, unsigned int len)
{
	u32 host = len == 32 ? 0 : ~0U >> len;

	return ts4(addr & ~host, addr | host, 0, 0, 65535);
}

static struct espl_flow flow4(u32 local, u32 remote, u8 proto, u16 local_port, u16 remote_port)
{
	return (struct espl_flow) {
		.local.v4 = htonl(local), .remote.v4 = htonl(remote), .family = AF_INET,
		.proto = proto, .local_port = local_port, .remote_port = remote_port,
	};
}

static struct espl_ts_set *set_of(struct kunit *test, unsigned long policy, struct espl_ts local,
				  struct espl_ts remote)
{
	struct espl_ts_set *set = espl_ts_set_alloc(POLICY(policy), 1, 1);

	KUNIT_ASSERT_NOT_NULL(test, set);
	set->ts[0] = local;
	set->ts[1] = remote;
	return set;
}

static struct espl_ts_set *add(struct kunit *test, struct espl_selectors *sel,
			       unsigned long policy, struct espl_ts local, struct espl_ts remote)
{
	struct espl_ts_set *set = set_of(test, policy, local, remote);

	KUNIT_ASSERT_EQ(test, 0, espl_selectors_insert(sel, set));
	return set;
}

static void drop(struct espl_selectors *sel, struct espl_ts_set *set)
{
	espl_selectors_remove(sel, set);
	espl_ts_set_free(set);
}

static unsigned long lookup(const struct espl_selectors *sel, struct espl_flow flow)
{
	unsigned long policy;

	rcu_read_lock();
	policy = (unsigned long)espl_selectors_lookup(sel, &flow);
	rcu_read_unlock();
	return policy;
}

static void expect_empty(struct kunit *test, const struct espl_selectors *sel)
{
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(sel->remote[0].root));
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(sel->remote[1].root));
}

#define L	0x0a010001	/* 10.1.0.1 */
#define R	0x0a020001	/* 10.2.0.1 */

/* Remote prefix before local prefix before protocol before ports before age. */
static void priorities(struct kunit *test)
{
	struct espl_ts any = net4(0, 0), tcp = any, http = any, low = any;
	struct espl_ts_set *set[8];
	struct espl_selectors sel;
	unsigned int i;

	tcp.proto = http.proto = low.proto = IPPROTO_TCP;
	http.port_start = http.port_end = 80;
	low.port_end = 1023;
	espl_selectors_init(&sel);
	set[0] = add(test, &sel, 1, any, any);
	set[1] = add(test, &sel, 2, net4(L, 16), any);
	set[2] = add(test, &sel, 3, any, net4(R, 16));
	set[3] = add(test, &sel, 4, net4(L, 32), net4(R, 8));
	set[4] = add(test, &sel, 5, any, http);
	set[5] = add(test, &sel, 6, any, tcp);
	set[6] = add(test, &sel, 7, any, low);
	set[7] = add(test, &sel, 8, any, any);

	KUNIT_EXPECT_EQ(test, 3, lookup(&sel, flow4(L, R, IPPROTO_TCP, 1, 80)));
	KUNIT_EXPECT_EQ(test, 4, lookup(&sel, flow4(L, 0x0aff0000, IPPROTO_TCP, 1, 80)));
	KUNIT_EXPECT_EQ(test, 2, lookup(&sel, flow4(L, 0x0bff0000, IPPROTO_TCP, 1, 80)));
	KUNIT_EXPECT_EQ(test, 5, lookup(&sel, flow4(1, 2, IPPROTO_TCP, 1, 80)));
	KUNIT_EXPECT_EQ(test, 7, lookup(&sel, flow4(1, 2, IPPROTO_TCP, 1, 81)));
	KUNIT_EXPECT_EQ(test, 6, lookup(&sel, flow4(1, 2, IPPROTO_TCP, 1, 1024)));
	KUNIT_EXPECT_EQ(test, 8, lookup(&sel, flow4(1, 2, IPPROTO_UDP, 1, 80)));

	drop(&sel, set[7]);
	KUNIT_EXPECT_EQ(test, 1, lookup(&sel, flow4(1, 2, IPPROTO_UDP, 1, 80)));
	drop(&sel, set[2]);
	KUNIT_EXPECT_EQ(test, 4, lookup(&sel, flow4(L, R, IPPROTO_TCP, 1, 80)));
	for (i = 0; i < 7; i++) {
		if (i != 2)
			drop(&sel, set[i]);
	}
	KUNIT_EXPECT_EQ(test, 0, lookup(&sel, flow4(L, R, IPPROTO_TCP, 1, 80)));
	expect_empty(test, &sel);
}

/* A longer remote prefix that fails on something else gives way to a shorter one. */
static void falls_back(struct kunit *test)
{
	struct espl_ts udp = net4(R, 32);
	struct espl_ts_set *a, *b;
	struct espl_selectors sel;

	udp.proto = IPPROTO_UDP;
	espl_selectors_init(&sel);
	a = add(test, &sel, 1, net4(L, 16), net4(R, 16));
	b = add(test, &sel, 2, net4(L, 16), udp);
	KUNIT_EXPECT_EQ(test, 2, lookup(&sel, flow4(L, R, IPPROTO_UDP, 1, 1)));
	KUNIT_EXPECT_EQ(test, 1, lookup(&sel, flow4(L, R, IPPROTO_TCP, 1, 1)));
	KUNIT_EXPECT_EQ(test, 1, lookup(&sel, flow4(L, R + 1, IPPROTO_UDP, 1, 1)));
	KUNIT_EXPECT_EQ(test, 0, lookup(&sel, flow4(R, R, IPPROTO_UDP, 1, 1)));
	drop(&sel, a);
	drop(&sel, b);
	expect_empty(test, &sel);
}

static void opaque_ports(struct kunit *test)
{
	struct espl_flow flow = flow4(L, R, IPPROTO_TCP, 0, 0);
	struct espl_ts some = net4(R, 16), opaque = net4(R, 16);
	struct espl_ts_set *a, *b, *c;
	struct espl_selectors sel;

	some.proto = opaque.proto = IPPROTO_TCP;
	some.port_start = 0;
	some.port_end = 65534;
	opaque.port_start = 65535;
	opaque.port_end = 0;
	flow.opaque = true;
	espl_selectors_init(&sel);
	a = add(test, &sel, 1, net4(L, 16), some);
	KUNIT_EXPECT_EQ(test, 0, lookup(&sel, flow));
	KUNIT_EXPECT_FALSE(test, espl_ts_set_match(a, &flow));
	b = add(test, &sel, 2, net4(L, 16), net4(R, 16));
	KUNIT_EXPECT_EQ(test, 2, lookup(&sel, flow));
	c = add(test, &sel, 3, net4(L, 16), opaque);
	KUNIT_EXPECT_EQ(test, 3, lookup(&sel, flow));
	KUNIT_EXPECT_TRUE(test, espl_ts_set_match(c, &flow));
	flow.opaque = false;
	KUNIT_EXPECT_EQ(test, 1, lookup(&sel, flow));
	KUNIT_EXPECT_FALSE(test, espl_ts_set_match(c, &flow));
	drop(&sel, a);
	drop(&sel, b);
	drop(&sel, c);
}

static void replacing(struct kunit *test)
{
	struct espl_ts_set *old, *new;
	struct espl_selectors sel;

	espl_selectors_init(&sel);
	old = add(test, &sel, 1, net4(L, 16), net4(R, 16));
	new = add(test, &sel, 1, net4(L, 16), net4(R, 24));
	KUNIT_EXPECT_EQ(test, 1, lookup(&sel, flow4(L, R, IPPROTO_UDP, 1, 1)));
	drop(&sel, old);
	KUNIT_EXPECT_EQ(test, 1, lookup(&sel, flow4(L, R, IPPROTO_UDP, 1, 1)));
	KUNIT_EXPECT_EQ(test, 0, lookup(&sel, flow4(L, R + 0x100, IPPROTO_UDP, 1, 1)));
	drop(&sel, new);
	expect_empty(test, &sel);
}

/* What cannot be inserted leaves nothing behind. */
static void refused(struct kunit *test)
{
	struct espl_ts udp = net4(R, 16), tcp = net4(L, 16);
	struct espl_selectors sel;
	struct espl_ts_set *set;
	unsigned int i;

	espl_selectors_init(&sel);
	udp.proto = IPPROTO_UDP;
	tcp.proto = IPPROTO_TCP;
	set = set_of(test, 1, tcp, udp);
	KUNIT_EXPECT_EQ(test, espl_selectors_insert(&sel, set), -EINVAL);
	drop(&sel, set);

	/* 62 prefixes each, times 64, both sides */
	set = espl_ts_set_alloc(POLICY(1), 64, 64);
	KUNIT_ASSERT_NOT_NULL(test, set);
	for (i = 0; i < 128; i++)
		set->ts[i] = ts4(1, 0xfffffffe, 0, 0, 65535);
	KUNIT_EXPECT_EQ(test, espl_selectors_insert(&sel, set), -E2BIG);
	drop(&sel, set);
	expect_empty(test, &sel);
	espl_ts_set_free(NULL);
}

/* The whole of IPv6 but its first and last address: 254 prefixes, the most a range can need. */
static void ipv6_ranges(struct kunit *test)
{
	struct espl_ts ts = { .family = AF_INET6, .port_end = 65535 }, all = ts;
	struct espl_flow flow = { .family = AF_INET6, .proto = IPPROTO_UDP };
	struct espl_selectors sel;
	struct espl_ts_set *set;

	espl_selectors_init(&sel);
	ts.start.b[15] = 1;
	memset(&ts.end, 0xff, 16);
	all.end = ts.end;
	ts.end.b[15] = 0xfe;
	/* 254 prefixes each, and a side has two of them */
	set = espl_ts_set_alloc(POLICY(9), 2, 1);
	KUNIT_ASSERT_NOT_NULL(test, set);
	set->ts[0] = set->ts[1] = set->ts[2] = ts;
	KUNIT_EXPECT_EQ(test, espl_selectors_insert(&sel, set), -E2BIG);
	drop(&sel, set);
	set = add(test, &sel, 9, all, ts);

	KUNIT_EXPECT_EQ(test, 0, lookup(&sel, flow));
	flow.local.b[15] = flow.remote.b[15] = 1;
	KUNIT_EXPECT_EQ(test, 9, lookup(&sel, flow));
	memset(&flow.remote, 0xff, 16);
	KUNIT_EXPECT_EQ(test, 0, lookup(&sel, flow));
	flow.remote.b[15] = 0xfe;
	KUNIT_EXPECT_EQ(test, 9, lookup(&sel, flow));
	flow.local.b[0] = 0x20;
	flow.remote.b[0] = 0x20;
	KUNIT_EXPECT_EQ(test, 9, lookup(&sel, flow));
	flow.family = AF_INET;
	KUNIT_EXPECT_EQ(test, 0, lookup(&sel, flow));
	drop(&sel, set);
	expect_empty(test, &sel);
}

/* Ranges small and unaligned, checked address by address. */
static void ipv4_ranges(struct kunit *test)
{
	struct espl_selectors sel;
	struct espl_ts_set *set;
	u32 start, end, addr;
	int i;

	espl_selectors_init(&sel);
	for (i = 0; i < 100; i++) {
		start = 0x0a0000c0 + get_random_u32() % 128;
		end = start + get_random_u32() % 128;
		set = add(test, &sel, 3, net4(0, 0), ts4(start, end, 0, 0, 65535));
		for (addr = 0x0a000080; addr < 0x0a000280; addr++)
			KUNIT_ASSERT_EQ(test, addr >= start && addr <= end ? 3 : 0,
					lookup(&sel, flow4(L, addr, 0, 0, 0)));
		drop(&sel, set);
	}
	set = add(test, &sel, 3, ts4(0, U32_MAX, 0, 0, 65535), ts4(0, 0, 0, 0, 65535));
	KUNIT_EXPECT_EQ(test, 3, lookup(&sel, flow4(U32_MAX, 0, 0, 0, 0)));
	KUNIT_EXPECT_EQ(test, 0, lookup(&sel, flow4(U32_MAX, 1, 0, 0, 0)));
	drop(&sel, set);
	expect_empty(test, &sel);
}

static struct espl_ts random_ts(void)
{
	static const u8 protos[] = { 0, 0, IPPROTO_TCP, IPPROTO_UDP };
	u32 start = get_random_u32() % 64, len = get_random_u32() % 32;
	struct espl_ts ts = ts4(start, start + len, protos[get_random_u32() % 4], 0, 65535);

	if (ts.proto && get_random_u32() % 2) {
		ts.port_start = get_random_u32() % 4;
		ts.port_end = ts.port_start + get_random_u32() % 4;
	}
	return ts;
}

/* The look-up finds a policy exactly when some policy's own selectors match, and one that does. */
static void random_sets(struct kunit *test)
{
	enum { N = 24, ROUNDS = IS_ENABLED(CONFIG_KASAN) ? 5 : 20, FLOWS = 300 };
	struct espl_selectors sel;
	struct espl_ts_set *set[N];
	unsigned int round, i, j, matches;
	unsigned long got;

	espl_selectors_init(&sel);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < N; i++) {
			struct espl_ts local = random_ts(), remote = random_ts();

			if (local.proto && remote.proto)
				remote.proto = local.proto;
			set[i] = add(test, &sel, i + 1, local, remote);
		}
		for (j = 0; j < FLOWS; j++) {
			struct espl_flow flow =
				flow4(get_random_u32() % 100, get_random_u32() % 100,
				      get_random_u32() % 2 ? IPPROTO_TCP : IPPROTO_UDP,
				      get_random_u32() % 8, get_random_u32() % 8);

			flow.opaque = get_random_u32() % 8 == 0;
			got = lookup(&sel, flow);
			for (i = 0, matches = 0; i < N; i++)
				matches += espl_ts_set_match(set[i], &flow);
			KUNIT_ASSERT_EQ(test, !got, !matches);
			if (got)
				KUNIT_ASSERT_TRUE(test, espl_ts_set_match(set[got - 1], &flow));
		}
		for (i = 0; i < N; i++)
			drop(&sel, set[i]);
		expect_empty(test, &sel);
	}
}

/* Random prefixes that nest, so that every rule of precedence comes into play. */
static struct espl_ts random_prefix(u8 proto)
{
	struct espl_ts ts = net4(get_random_u32() % 4, 29 + get_random_u32() % 4);
	u16 a = get_random_u32() % 12, b = get_random_u32() % 12;

	ts.proto = proto;
	switch (proto ? get_random_u32() % 6 : 0) {
	case 0:
		break;
	case 1:
		ts.port_start = U16_MAX;
		ts.port_end = 0;
		break;
	case 2:
		ts.port_start = a;
		ts.port_end = a;
		break;
	case 3:
		ts.port_start = 65524 + min(a, b);
		ts.port_end = 65524 + max(a, b);
		break;
	default:
		ts.port_start = min(a, b);
		ts.port_end = max(a, b);
	}
	return ts;
}

/* The precedence that selector.h documents, as numbers, the first difference decides. */
static void precedence(const struct espl_ts_set *set, unsigned int age, u32 rank[6])
{
	const struct espl_ts *local = &set->ts[0], *remote = &set->ts[1];

	rank[0] = be32_to_cpu(remote->end.v4) - be32_to_cpu(remote->start.v4);
	rank[1] = be32_to_cpu(local->end.v4) - be32_to_cpu(local->start.v4);
	rank[2] = !(local->proto || remote->proto);
	rank[3] = remote->port_start > remote->port_end ? 0 :
		  remote->port_end - remote->port_start + 1;
	rank[4] = local->port_start > local->port_end ? 0 :
		  local->port_end - local->port_start + 1;
	rank[5] = U32_MAX - age;
}

static unsigned int naive_lookup(struct espl_ts_set **set, const unsigned int *age, unsigned int n,
				 const struct espl_flow *flow)
{
	unsigned int i, j, found = 0;
	u32 best[6], rank[6];

	for (i = 0; i < n; i++) {
		if (!espl_ts_set_match(set[i], flow))
			continue;
		precedence(set[i], age[i], rank);
		for (j = 0; found && j < 5 && rank[j] == best[j]; j++)
			;
		if (!found || rank[j] < best[j]) {
			found = i + 1;
			memcpy(best, rank, sizeof(best));
		}
	}
	return found;
}

/* The very policy that a search through all of them finds, while they come and go. */
static void same_as_naive(struct kunit *test)
{
	enum { N = 200, ROUNDS = IS_ENABLED(CONFIG_KASAN) ? 300 : 3000, FLOWS = 20 };
	struct espl_ts_set **set = kunit_kcalloc(test, N, sizeof(*set), GFP_KERNEL);
	unsigned int *age = kunit_kcalloc(test, N, sizeof(*age), GFP_KERNEL);
	static const u8 protos[] = { 0, IPPROTO_TCP, IPPROTO_UDP };
	unsigned int round, i, hits = 0;
	struct espl_selectors sel;
	struct espl_flow flow;

	KUNIT_ASSERT_NOT_NULL(test, set);
	KUNIT_ASSERT_NOT_NULL(test, age);
	espl_selectors_init(&sel);
	for (round = 0; round < N + ROUNDS; round++) {
		u8 proto = protos[get_random_u32() % 3];

		i = round < N ? round : get_random_u32() % N;
		if (set[i])
			drop(&sel, set[i]);
		age[i] = round;
		set[i] = add(test, &sel, i + 1, random_prefix(get_random_u32() % 4 ? proto : 0),
			     random_prefix(proto));
		if (round < N)
			continue;
		for (i = 0; i < FLOWS; i++) {
			flow = flow4(get_random_u32() % 8, get_random_u32() % 8,
				     protos[get_random_u32() % 3] ?: IPPROTO_ICMP,
				     get_random_u32() % 2 ? get_random_u32() % 14 :
							    65522 + get_random_u32() % 14,
				     get_random_u32() % 2 ? get_random_u32() % 14 :
							    65522 + get_random_u32() % 14);
			flow.opaque = get_random_u32() % 8 == 0;
			KUNIT_ASSERT_EQ(test, lookup(&sel, flow),
					naive_lookup(set, age, N, &flow));
			hits += !!lookup(&sel, flow);
		}
	}
	KUNIT_EXPECT_GT(test, hits, ROUNDS);
	for (i = 0; i < N; i++)
		drop(&sel, set[i]);
	KUNIT_EXPECT_EQ(test, sel.rules, 0);
	expect_empty(test, &sel);
}

/* The most that any of some packets of one protocol costs, in visits to nodes. */
static unsigned long worst_cost(struct espl_selectors *sel)
{
	unsigned long worst = 0;
	unsigned int i;

	for (i = 0; i < 3000; i++) {
		espl_steps = 0;
		lookup(sel, flow4(L, R, IPPROTO_TCP, i < 1500 ? i % 128 : get_random_u32(),
				  i < 1500 ? i / 12 : get_random_u32()));
		worst = max(worst, espl_steps);
	}
	return worst;
}

/* All have one pair of prefixes and differ in their ports only: single ones, or nested ranges. */
static unsigned long cost_of(struct kunit *test, unsigned int n, bool nested)
{
	struct espl_ts_set **set = kunit_kcalloc(test, n * n, sizeof(*set), GFP_KERNEL);
	struct espl_ts local = net4(L, 16), remote = net4(R, 16);
	struct espl_selectors sel;
	unsigned long worst;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, set);
	espl_selectors_init(&sel);
	local.proto = remote.proto = IPPROTO_TCP;
	for (i = 0; i < n * n; i++) {
		local.port_start = nested ? 0 : i % n;
		local.port_end = nested ? (1 << i % 16) - 1 : i % n;
		remote.port_start = nested ? 0 : i / n;
		remote.port_end = nested ? (1 << i / 16 % 16) - 1 : i / n;
		set[i] = add(test, &sel, i + 1, local, remote);
	}
	worst = worst_cost(&sel);
	for (i = 0; i < n * n; i++)
		drop(&sel, set[i]);
	expect_empty(test, &sel);
	return worst;
}

/* Counted: 4096 selectors on one pair of prefixes cost no more than the bits of a port say. */
static void cost(struct kunit *test)
{
	unsigned long few = cost_of(test, 8, false), many = cost_of(test, 64, false);
	unsigned long nested = cost_of(test, 16, true), deep = cost_of(test, 64, true);

	kunit_info(test, "nodes visited: %lu of 64 selectors, %lu of 4096; nested %lu, %lu\n",
		   few, many, nested, deep);
	KUNIT_EXPECT_LE(test, many, 3 * few);
	KUNIT_EXPECT_LE(test, many, 64);
	/* 17 prefixes of the one port, and 17 of the other for each */
	KUNIT_EXPECT_EQ(test, deep, nested);
	KUNIT_EXPECT_LE(test, deep, 2 * 17 * 18);
}

/* A device has so many rules, and no more; what goes makes room. */
static void rules_of_a_device(struct kunit *test)
{
	struct espl_ts_set *set, *more;
	struct espl_selectors sel;

	espl_selectors_init(&sel);
	set = add(test, &sel, 1, net4(L, 16), net4(R, 16));
	KUNIT_EXPECT_EQ(test, sel.rules, 1);
	sel.rules = ESPL_RULES_ALL;
	more = set_of(test, 2, net4(L, 16), net4(R, 16));
	KUNIT_EXPECT_EQ(test, espl_selectors_insert(&sel, more), -ENOSPC);
	sel.rules--;
	KUNIT_EXPECT_EQ(test, espl_selectors_insert(&sel, more), 0);
	sel.rules = 2;
	drop(&sel, more);
	drop(&sel, set);
	KUNIT_EXPECT_EQ(test, sel.rules, 0);
	expect_empty(test, &sel);
}

/* A debug kernel pays a hundredfold for each allocation, and looks for other things. */
static void many_policies(struct kunit *test)
{
	enum { N = IS_ENABLED(CONFIG_KASAN) ? 1000 : 10000 };
	struct espl_ts_set **set = kunit_kcalloc(test, N, sizeof(*set), GFP_KERNEL);
	struct espl_selectors sel;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, set);
	espl_selectors_init(&sel);
	for (i = 0; i < N; i++)
		set[i] = add(test, &sel, i + 1, net4(L, 16), net4(0x0a000000 + (i << 8), 24));
	for (i = 0; i < N; i++)
		KUNIT_ASSERT_EQ(test, i + 1,
				lookup(&sel, flow4(L, 0x0a000007 + (i << 8), 6, 1, 2)));
	KUNIT_EXPECT_EQ(test, 0, lookup(&sel, flow4(L, 0x0a000007 + (N << 8), 6, 1, 2)));
	for (i = 0; i < N; i++)
		drop(&sel, set[i]);
	expect_empty(test, &sel);
}

/* A policy with as many selectors as it may have; one more prefix is refused. */
static void many_selectors(struct kunit *test)
{
	enum { LOCALS = IS_ENABLED(CONFIG_KASAN) ? 16 : 256, REMOTES = 256 };
	struct espl_ts_set *set = espl_ts_set_alloc(POLICY(1), LOCALS, REMOTES);
	struct espl_selectors sel;
	unsigned int i;

	espl_selectors_init(&sel);
	KUNIT_ASSERT_NOT_NULL(test, set);
	for (i = 0; i < LOCALS; i++)
		set->ts[i] = net4(0x0b000000 + (i << 8), 24);
	for (i = 0; i < REMOTES; i++)
		set->ts[LOCALS + i] = net4(0x0a000000 + (i << 9), 24);
	KUNIT_ASSERT_EQ(test, espl_selectors_insert(&sel, set), 0);
	KUNIT_EXPECT_EQ(test, sel.rules, LOCALS * REMOTES);
	for (i = 0; i < REMOTES; i++) {
		u32 local = 0x0b000001 + (i % LOCALS << 8), remote = 0x0a000007 + (i << 9);
		struct espl_flow in = flow4(local, remote, 6, 1, 2);
		struct espl_flow out = flow4(local, remote + 256, 6, 1, 2);

		KUNIT_ASSERT_EQ(test, 1, lookup(&sel, in));
		KUNIT_ASSERT_TRUE(test, espl_ts_set_match(set, &in));
		KUNIT_ASSERT_EQ(test, 0, lookup(&sel, out));
		KUNIT_ASSERT_FALSE(test, espl_ts_set_match(set, &out));
	}
	drop(&sel, set);
	expect_empty(test, &sel);

	/* the same, but one of them takes two prefixes */
	set = espl_ts_set_alloc(POLICY(1), 256, 256);
	KUNIT_ASSERT_NOT_NULL(test, set);
	for (i = 0; i < 512; i++)
		set->ts[i] = net4(0x0a000000 + (i << 8), 24);
	set->ts[0].end.v4 = htonl(0x0a0000fe);
	KUNIT_EXPECT_EQ(test, espl_selectors_insert(&sel, set), -E2BIG);
	drop(&sel, set);
	expect_empty(test, &sel);
}

struct reader {
	struct espl_selectors *sel;
	struct completion done;
	bool stop;
	unsigned long lookups;
	unsigned long wrong;
};

static int read_all_along(void *data)
{
	struct reader *r = data;
	unsigned long policy;

	while (!READ_ONCE(r->stop)) {
		policy = lookup(r->sel, flow4(L, R, IPPROTO_TCP, 1, get_random_u32() % 4));
		if (policy < 1 || policy > 8)
			r->wrong++;
		r->lookups++;
		cond_resched();
	}
	kthread_complete_and_exit(&r->done, 0);
}

/* A reader never loses the policy that stays while others come and go around it. */
static void readers_and_writer(struct kunit *test)
{
	struct reader *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct espl_selectors sel;
	struct espl_ts_set *base, *set[8] = {};
	unsigned int i, at;

	KUNIT_ASSERT_NOT_NULL(test, r);
	espl_selectors_init(&sel);
	base = add(test, &sel, 1, net4(0, 0), net4(0, 0));
	r->sel = &sel;
	init_completion(&r->done);
	KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(read_all_along, r, "espl_reader")));

	for (i = 0; i < (IS_ENABLED(CONFIG_KASAN) ? 1000 : 10000); i++) {
		at = 1 + get_random_u32() % 7;
		if (set[at]) {
			drop(&sel, set[at]);
			set[at] = NULL;
		} else {
			set[at] = add(test, &sel, at + 1, net4(L, get_random_u32() % 33),
				      net4(R, get_random_u32() % 33));
		}
		cond_resched();
	}
	WRITE_ONCE(r->stop, true);
	wait_for_completion(&r->done);
	KUNIT_EXPECT_GT(test, r->lookups, 0);
	KUNIT_EXPECT_EQ(test, r->wrong, 0);
	for (at = 1; at < 8; at++) {
		if (set[at])
			drop(&sel, set[at]);
	}
	drop(&sel, base);
	expect_empty(test, &sel);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(priorities),
	KUNIT_CASE(falls_back),
	KUNIT_CASE(opaque_ports),
	KUNIT_CASE(replacing),
	KUNIT_CASE(refused),
	KUNIT_CASE(ipv4_ranges),
	KUNIT_CASE(ipv6_ranges),
	KUNIT_CASE(random_sets),
	KUNIT_CASE(same_as_naive),
	KUNIT_CASE(cost),
	KUNIT_CASE(rules_of_a_device),
	KUNIT_CASE(many_policies),
	KUNIT_CASE(many_selectors),
	KUNIT_CASE(readers_and_writer),
	{}
};

struct kunit_suite espl_selector_suite = { .name = "espl_selector", .test_cases = cases };
