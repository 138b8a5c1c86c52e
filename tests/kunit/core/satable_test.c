// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/random.h>
#include "core/device.h"
#include "core/endpoint.h"
#include "core/net.h"
#include "core/outer.h"
#include "core/policy.h"
#include "core/sa.h"
#include "core/satable.h"
#include "pure/steps.h"
#include "suites.h"

/* A debug kernel pays a hundredfold for each allocation, and looks for other things. */
enum { MANY = IS_ENABLED(CONFIG_KASAN) ? 5000 : 100000 };

/* As much of an outbound SA, of its policy and of its endpoint as the table reads. */
struct fake {
	struct espl_sa sa;
	struct espl_policy policy;
	struct espl_endpoint ep;
};

struct world {
	struct espl_net *en;
	struct espl_device *dev;
	struct fake *fakes;
	unsigned int count;
};

static struct espl_outer peer(u32 n)
{
	struct espl_outer outer;

	espl_outer_set_v4(&outer, cpu_to_be32(0x0a000000 + n), 0);
	return outer;
}

static void world_init(struct kunit *test, struct world *w)
{
	w->en = kunit_kzalloc(test, sizeof(*w->en), GFP_KERNEL);
	w->dev = kunit_kzalloc(test, sizeof(*w->dev), GFP_KERNEL);
	w->fakes = kvcalloc(MANY, sizeof(*w->fakes), GFP_KERNEL);
	w->count = 0;
	KUNIT_ASSERT_TRUE(test, w->en && w->dev && w->fakes);
	KUNIT_ASSERT_EQ(test, 0, espl_satable_init(w->en));
	mutex_init(&w->dev->lock);
	xa_init(&w->dev->policies);
	INIT_LIST_HEAD(&w->dev->spis);
}

/* Takes out what is there, which has to leave the tables empty: espl_satable_exit() warns. */
static void world_end(struct kunit *test, struct world *w)
{
	while (w->count)
		espl_sa_unindex_out(w->en, &w->fakes[--w->count].sa);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&w->en->outs.nelems));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&w->en->spis.nelems));
	espl_satable_exit(w->en);
	kvfree(w->fakes);
}

/* Another outbound SA of the SPI; its peer's address is its number. */
static void world_add(struct kunit *test, struct world *w, u32 spi)
{
	struct fake *fake = &w->fakes[w->count];

	fake->ep.remote = peer(w->count);
	RCU_INIT_POINTER(fake->policy.endpoint, &fake->ep);
	fake->policy.dev = w->dev;
	fake->sa.policy = &fake->policy;
	fake->sa.spi = cpu_to_be32(spi);
	KUNIT_ASSERT_EQ(test, 0, espl_sa_index_out(w->en, &fake->sa));
	w->count++;
}

/* What an ICMP error costs that quotes this SPI and this peer. */
static bool find(struct world *w, u32 spi, u32 n, unsigned long *steps)
{
	struct espl_outer outer = peer(n);
	bool found;

	espl_steps = 0;
	rcu_read_lock();
	found = espl_sa_find_out(w->en, cpu_to_be32(spi), &outer);
	rcu_read_unlock();
	*steps = max(*steps, espl_steps);
	return found;
}

static struct espl_sa *find_own(struct world *w, u32 spi)
{
	struct espl_sa *sa;

	mutex_lock(&w->dev->lock);
	sa = espl_sa_find_own_out(w->en, w->dev, cpu_to_be32(spi), 0);
	mutex_unlock(&w->dev->lock);
	return sa;
}

/* Counted: of 100,000 outbound SAs one is found as fast as of a few, and so is none. */
static void many_outbound(struct kunit *test)
{
	unsigned long hit = 0, miss = 0;
	struct world w;
	unsigned int i;
	u32 unused;

	world_init(test, &w);
	for (i = 0; i < MANY; i++)
		world_add(test, &w, 0x1000 + i);
	for (i = 0; i < MANY; i += MANY / 1000) {
		KUNIT_EXPECT_TRUE(test, find(&w, 0x1000 + i, i, &hit));
		KUNIT_EXPECT_FALSE(test, find(&w, 0x1000 + i, i + 1, &hit));
		KUNIT_EXPECT_PTR_EQ(test, find_own(&w, 0x1000 + i), &w.fakes[i].sa);
		unused = 0x1000 + MANY + get_random_u32() / 2;
		KUNIT_EXPECT_FALSE(test, find(&w, unused, i, &miss));
	}
	kunit_info(test, "steps among %u SAs: %lu to one, %lu to none\n", MANY, hit, miss);
	/* the table has more buckets than entries: so many in one would be no accident */
	KUNIT_EXPECT_LE(test, hit, 16);
	KUNIT_EXPECT_LE(test, miss, 16);
	world_end(test, &w);
}

/* Counted: peers choose the SPI, and many may choose the same. */
static void one_spi_of_many(struct kunit *test)
{
	unsigned long steps = 0;
	struct world w;
	unsigned int i;

	world_init(test, &w);
	for (i = 0; i < MANY / 10; i++)
		world_add(test, &w, 0x1000);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&w.en->outs.nelems));
	KUNIT_EXPECT_TRUE(test, find(&w, 0x1000, w.count - 1, &steps));
	KUNIT_EXPECT_FALSE(test, find(&w, 0x1000, MANY, &steps));
	KUNIT_EXPECT_NOT_NULL(test, find_own(&w, 0x1000));
	kunit_info(test, "steps among %u SAs of one SPI: %lu\n", w.count, steps);
	KUNIT_EXPECT_LE(test, steps, ESPL_OUT_WALK_MAX + 1);	/* and the SPI */
	world_end(test, &w);
}

/* Some that share their SPI by accident are told apart by their peers. */
static void a_few_of_one_spi(struct kunit *test)
{
	unsigned long steps = 0;
	struct world w;
	unsigned int i;

	world_init(test, &w);
	for (i = 0; i < ESPL_OUT_WALK_MAX; i++)
		world_add(test, &w, 0x1000);
	for (i = 0; i < ESPL_OUT_WALK_MAX; i++)
		KUNIT_EXPECT_TRUE(test, find(&w, 0x1000, i, &steps));
	KUNIT_EXPECT_FALSE(test, find(&w, 0x1000, i, &steps));
	KUNIT_EXPECT_FALSE(test, find(&w, 0x1001, 0, &steps));
	world_end(test, &w);
	world_init(test, &w);
	world_add(test, &w, 0x1000);
	espl_sa_unindex_out(w.en, &w.fakes[--w.count].sa);
	KUNIT_EXPECT_FALSE(test, find(&w, 0x1000, 0, &steps));
	KUNIT_EXPECT_NULL(test, find_own(&w, 0x1000));
	world_end(test, &w);
}

/* Counted: inbound SPIs, which are looked up for each packet. */
static void many_inbound(struct kunit *test)
{
	enum { N = MANY / 2 };
	struct espl_spi *spi, *next;
	unsigned long worst = 0;
	struct world w;
	unsigned int i;

	world_init(test, &w);
	mutex_lock(&w.dev->lock);
	for (i = 0; i < N; i++)
		KUNIT_ASSERT_FALSE(test, IS_ERR(espl_spi_reserve(w.en, w.dev, 0)));
	spi = list_first_entry(&w.dev->spis, struct espl_spi, dev_node);
	KUNIT_EXPECT_EQ(test, -EEXIST, PTR_ERR(espl_spi_reserve(w.en, w.dev, spi->spi)));
	KUNIT_EXPECT_EQ(test, N, w.dev->spi_count);
	list_for_each_entry(spi, &w.dev->spis, dev_node) {
		espl_steps = 0;
		rcu_read_lock();
		if (espl_spi_find(w.en, spi->spi) != spi)
			KUNIT_FAIL(test, "SPI %#x is not found", be32_to_cpu(spi->spi));
		rcu_read_unlock();
		worst = max(worst, espl_steps);
	}
	kunit_info(test, "steps among %u inbound SPIs: %lu\n", N, worst);
	KUNIT_EXPECT_LE(test, worst, 16);
	list_for_each_entry_safe(spi, next, &w.dev->spis, dev_node)
		espl_spi_release(w.en, spi);
	KUNIT_EXPECT_EQ(test, 0, w.dev->spi_count);
	mutex_unlock(&w.dev->lock);
	world_end(test, &w);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(many_outbound),
	KUNIT_CASE(one_spi_of_many),
	KUNIT_CASE(a_few_of_one_spi),
	KUNIT_CASE(many_inbound),
	{}
};

struct kunit_suite espl_satable_suite = { .name = "espl_satable", .test_cases = cases };
